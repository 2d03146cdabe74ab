"""Statistics over seeds, by SciPy, NumPy and statsmodels.

Writes Tests/Golden/inference.json.

  * `iqm`: scipy.stats.trim_mean(x, 0.25), which rliable's aggregate_iqm is.
  * `stratified`: percentile intervals of the mean and the interquartile mean when seeds are resampled within each setting, 200,000
    resamples by NumPy.
  * `paired`: scipy.stats.bootstrap of the differences, 200,000 resamples.
  * `signs`: scipy.stats.permutation_test(permutation_type="samples"), exact.
  * `improvement`: scipy.stats.mannwhitneyu's U divided by mn, and the interval of independent resamples of both samples.
  * `holm`: statsmodels.stats.multitest.multipletests(method="holm").
  * `crc`: the check values of RFC 3720, B.4.
"""

import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from objectives import dump, versions

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESAMPLES = 200_000
STRATA = [
    [0.61, 0.58, 0.64, 0.6, 0.57], [0.42, 0.49, 0.44, 0.47, 0.4], [0.9, 0.12, 0.55, 0.31, 0.77], [0.66, 0.651, 0.655, 0.649, 0.66]]


def iqm():
    random = np.random.default_rng(5)
    rows = [random.normal(size=n).round(4).tolist() for n in (1, 2, 3, 4, 5, 7, 8, 20, 33)] + [[2.0, 2.0, 2.0, 9.0]]
    return [{"values": x, "value": float(stats.trim_mean(x, 0.25))} for x in rows]


def percentile(values):
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": float(low), "high": float(high)}


def stratified():
    random = np.random.default_rng(11)
    draws = np.concatenate([np.array(s)[random.integers(len(s), size=(RESAMPLES, len(s)))] for s in STRATA], axis=1)
    pooled = np.concatenate(STRATA)
    return [
        {"statistic": "mean", "strata": STRATA, "value": float(pooled.mean())} | percentile(draws.mean(axis=1)),
        {"statistic": "interquartileMean", "strata": STRATA, "value": float(stats.trim_mean(pooled, 0.25))}
        | percentile(stats.trim_mean(draws, 0.25, axis=1))]


def paired():
    x = np.array([0.613, 0.584, 0.647, 0.601, 0.578, 0.622, 0.595])
    y = np.array([0.601, 0.589, 0.611, 0.583, 0.571, 0.625, 0.560])
    result = stats.bootstrap((x - y,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=1).confidence_interval
    return [{"x": x.tolist(), "y": y.tolist(), "value": float((x - y).mean()), "low": float(result.low), "high": float(result.high)}]


def signs():
    rows = [
        [0.012, -0.005, 0.036, 0.018, 0.007, -0.003, 0.035], [0.5], [1.0, 1.0, 1.0, 1.0, 1.0], [0.25, -0.25, 0.5, 0.0],
        [-0.3, -0.1, -0.2, 0.05, -0.4, -0.15, -0.22, 0.01, -0.33, -0.07]]
    out = []
    for d in rows:
        if len(d) == 1:
            value = 1.0
        else:
            value = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        out.append({"differences": d, "value": float(value)})
    return out


def improvement():
    random = np.random.default_rng(7)
    rows = []
    for x, y in [([1.0, 2.0, 3.0], [0.0, 2.0, 2.5]), (STRATA[0], STRATA[2]), ([1.0, 1.0], [1.0, 1.0, 1.0]), (STRATA[0], STRATA[1])]:
        u = stats.mannwhitneyu(x, y).statistic / (len(x) * len(y))
        a = np.array(x)[random.integers(len(x), size=(20_000, len(x)))]
        b = np.array(y)[random.integers(len(y), size=(20_000, len(y)))]
        wins = (a[:, :, None] > b[:, None, :]) + 0.5 * (a[:, :, None] == b[:, None, :])
        rows.append({"x": x, "y": y, "value": float(u)} | percentile(wins.mean(axis=(1, 2))))
    return rows


def holm():
    rows = [[0.01, 0.04, 0.03, 0.005], [0.0625, 0.0625], [0.9, 0.8, 0.001], [0.2], [0.03, 0.03, 0.02, 0.5, 0.012]]
    return [{"values": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in rows]


def crc():
    return [
        {"bytes": [0] * 32, "value": 0x8A9136AA}, {"bytes": [255] * 32, "value": 0x62A8AB43},
        {"bytes": list(range(32)), "value": 0x46DD794E}, {"bytes": list(range(31, -1, -1)), "value": 0x113FDB5C},
        {"bytes": list(b"123456789"), "value": 0xE3069283}]


if __name__ == "__main__":
    head = {"about": "made by Tests/Peers/inference.py", "versions": versions("numpy", "scipy", "statsmodels")}
    rows = []
    for part in (iqm, stratified, paired, signs, improvement, holm, crc):
        rows += [{"kind": part.__name__} | row for row in part()]
    dump(ROOT / "Tests/Golden/inference.json", head, rows)
