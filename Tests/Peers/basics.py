"""Random streams and statistics: SplitMix64 seed trees in plain Python, intervals by SciPy and NumPy.

Writes Tests/Golden/basics.json.

  * `streams`: a seed, a path of children, and the first words of its stream, from an implementation of the formulas in
    Sources/Basics/SeedTree.swift that is checked here against SplitMix64's published outputs for state 1234567.
  * `wilson`: scipy.stats.binomtest(...).proportion_ci(method="wilson").
  * `quantiles`: numpy.quantile, method "linear" (type 7).
  * `bootstrap`: the percentile interval of the mean. For few values it is exact, by enumerating all n^n resamples; the other row
    is scipy.stats.bootstrap(method="percentile") with 200,000 resamples.
"""

import itertools
import pathlib

import numpy as np
from scipy import stats

from objectives import dump, versions

ROOT = pathlib.Path(__file__).resolve().parents[2]
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def finalise(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def splitmix64(state, count):
    words = []
    for _ in range(count):
        state = (state + GAMMA) & MASK
        words.append(finalise(state))
    return words


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def key(seed, path):
    value = finalise((seed + GAMMA) & MASK)
    for part in path:
        if isinstance(part, str):
            value = finalise(value ^ finalise(fnv1a(part)))
        else:
            value = finalise((value + finalise((part + 0xD1B54A32D192ED03) & MASK)) & MASK)
    return value


def streams():
    assert splitmix64(1234567, 5) == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert fnv1a("a") == 0xAF63DC4C8601EC8C
    rows = []
    for seed, path in [(0, []), (1, []), (-7, []), (0, ["data"]), (42, ["batch", 17]), (42, ["batch", 18]), (3, ["Prüfung"])]:
        words = splitmix64(key(seed, path), 4)
        rows.append({
            "kind": "streams", "seed": seed, "path": [str(p) for p in path],
            "indexed": [isinstance(p, int) for p in path], "words": [str(w) for w in words],
            "uniforms": [(w >> 11) * 2.0**-53 for w in words]})
    return rows


def wilson():
    rows = []
    for successes, n in [(0, 1), (1, 1), (0, 20), (3, 7), (50, 100), (81, 263), (999, 1000), (20, 20)]:
        interval = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
        rows.append({"kind": "wilson", "successes": successes, "n": n, "low": interval.low, "high": interval.high})
    return rows


def quantiles():
    values = sorted([3.5, -1.25, 0.0, 8.0, 2.0, 2.0, 7.75])
    return [
        {"kind": "quantiles", "values": values[:n], "q": q, "value": float(np.quantile(values[:n], q))}
        for n in (1, 2, 7) for q in (0.0, 0.025, 0.31, 0.5, 0.975, 1.0)]


def bootstrap():
    rows = []
    for values in ([0.113, 0.437, 0.929, 0.3471, 0.2083, 0.611, 0.5512], [1.03, 2.11, 3.34, 4.57, 8.23, 16.91, 31.37]):
        means = np.sort([np.mean(pick) for pick in itertools.product(values, repeat=len(values))])
        for confidence in (0.9, 0.95):
            low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
            rows.append({"values": values, "confidence": confidence, "low": low, "high": high, "by": "enumeration"})
    values = [0.785, 0.787, 0.770, 0.732, 0.672, 0.593, 0.511, 0.526, 0.552, 0.598, 0.696, 0.760]
    result = stats.bootstrap((values,), np.mean, n_resamples=200_000, method="percentile", rng=1).confidence_interval
    rows.append({"values": values, "confidence": 0.95, "low": result.low, "high": result.high, "by": "scipy"})
    return [{"kind": "bootstrap"} | row for row in rows]


if __name__ == "__main__":
    head = {"about": "made by Tests/Peers/basics.py", "versions": versions("numpy", "scipy")}
    rows = streams() + wilson() + quantiles() + bootstrap()
    dump(ROOT / "Tests/Golden/basics.json", head, rows)
