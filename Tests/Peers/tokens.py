"""Token ids by Hugging Face tokenizers, for invented strings.

Writes
  Golden/small-tokenizer.json   a byte-level BPE of 700 tokens trained on the sentences below (pre-tokenizer: digits + byte level)
  Golden/tokens.json            strings and their ids by that tokenizer, by the same with GPT-2's rule alone, and by SmolLM2's

With `--many COUNT --out FILE` it writes instead COUNT random strings with their ids by SmolLM2's, one JSON array a line; with
`--scalars --out FILE` one such line for every Unicode scalar, between letters, spaces and digits. The test that reads such a file
finds it in the environment variable BFPO_TOKEN_CASES.
"""

import argparse
import json
import pathlib
import random

from smollm2 import find_gguf

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "Golden"

SENTENCES = """The keeper of the lighthouse counts 12 ships, 7 gulls and 1 whale; he's sure they'll come back.
Don't you think we've seen this before? I'd say it's the 3rd time, and I'm tired.
Über den Dächern liegt Schnee. L'été à la plage, ça va. Пароход идёт домой. 今日は天気がいい。
def area(width, height):\n    return width * height  # in square metres\n
x = [1, 2, 3]; y = {'a': 0.5}\n\n\tif x: print(y)\n
A recipe needs 250 g of flour, 2 eggs and 1/2 litre of milk. Stir, rest, fry — enjoy… “quoted” words.
The quick answer is that nobody knows; the slow answer is longer and says the same.""".split("\n")

FIXED = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "a  b", "a \n b", "a\n\nb", "a\t\tb", " leading", "trailing ", "trailing  ",
    "a\u00a0b", "a\u00a0\u00a0b", "a \u00a0b", "a\u2009b\r\nc", "\r\n\r\n", "a\u3000b", "a\u0085b", "\ufeffbom", "a\u200bb",
    "I'm you're we'll they've he'd it's don't", "DON'T I'M 'S 'RE", "don\u2019t it\u2019s we\u2019ll", "'s", " 's", "'", "''s",
    "a's b 's c", "rock 'n' roll", "'ll've're", "x'r x'v x'l x'", "'rE 'Ve",
    "1", "12", "123 456", " 7", "  7", "a1b2", "3.14", "1,234,567", "٣٤٥ ①②", "½ x² Ⅻ 〇 一二三", "a  5", "a\n5", " ٣",
    "naïve café — ünïcode", "e\u0301 o\u0308\u0323", "क्षि नमस्ते", "日本語 テスト。", "한국어 시험", "שלום עולם", "مرحبا بالعالم",
    "😀", "👩‍👩‍👧‍👦 👍🏽 🇨🇭", "a😀b", " 😀 ", "𝔘𝔫𝔦 𝟘𝟙", "<|im_start|>user\nhi<|im_end|>\n", "<|endoftext|>", "<repo_name>x",
    "def f(x):\n    return x**2  # ok\n", "{\"a\": [1, 2.5e-3]}", "https://example.org/a?b=c&d=1", "a@b.c", "C++ & C#",
    "--------------------------------------------------------------------------", "=" * 100, "ab" * 60, " " * 70, "\n" * 60,
    "".join(chr(b) for b in range(128)), "".join(chr(b) for b in range(128, 256)), "\u0100\u0143\u0120 Ġ Ċ", "Ġthe", "\u2028x\u2029",
    "\U000f0000\U0010ffff", "\ufffd", "\u0378 unassigned", "a\x00b", "a\x04\x06b", "x\U00010940y \U000323b0 \U00011de0", "supercalifragilisticexpialidocious",
]

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", " ", " \n\t\r", "0123456789", "'\u2019", "'strevmlld",
    ".,;:!?-_()[]{}<>/\\|@#$%^&*+=~`\"", "éüñçøßæœ", "\u0301\u0308\u0327\u20dd", "日本語中文字的是不了", "あいうえおカキク",
    "\u00a0\u2009\u3000\u1680\u0085\u2028", "٣٤٥६७௧①②Ⅻ½²〇", "😀👍🏽🇨🇭👩\u200d", "абвгдежз", "שלום", "مرحبا", "\x00\x01\x04\x7f\x1b",
]
WORDS = "the a is of Paris can't you we're hello world return 2024 SmolLM don't  token <|im_end|> café 3.5 x=1 \n\n".split(" ")


def random_string(rng):
    parts = []
    for _ in range(rng.randrange(1, 9)):
        kind = rng.random()
        if kind < 0.35:
            parts.append(rng.choice(WORDS) + rng.choice(["", " ", "  ", "\n"]))
        elif kind < 0.9:
            alphabet = rng.choice(ALPHABETS)
            parts.append("".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 7))))
        else:
            code = rng.randrange(0x110000)
            parts.append(chr(code) if not 0xD800 <= code < 0xE000 else "?")
    return "".join(parts)


def byte_pair(vocabulary, merges, digits=True):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    steps = [pre_tokenizers.Digits(individual_digits=True), byte_level]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps) if digits else byte_level
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def smollm2():
    """SmolLM2's tokenizer without special tokens: `<|im_end|>` in text is text."""
    from gguf import GGUFReader

    fields = GGUFReader(find_gguf()).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    return byte_pair({token: i for i, token in enumerate(tokens)}, merges)


def train_small():
    from tokenizers import AddedToken, Tokenizer, models, trainers

    base = byte_pair({}, [])
    alphabet = [c for c in __import__("tokenizers").pre_tokenizers.ByteLevel.alphabet() if c not in "ĀāĂ"]
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=sorted(alphabet), show_progress=False, special_tokens=["<|end|>", "<|turn|>"]
    )
    base.train_from_iterator(SENTENCES * 3, trainer)
    base.add_tokens([AddedToken("<whole>", special=False, normalized=False)])
    return base


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--many", type=int)
    parser.add_argument("--scalars", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    if options.many or options.scalars:
        model = smollm2()
        codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000] if options.scalars else []
        strings = [f"a{chr(c)}b {chr(c)}'s{chr(c)} 1{chr(c)} " for c in codes]
        strings += [random_string(rng) for _ in range(options.many or 0)]
        with open(options.out, "w") as out:
            for text in strings:
                print(json.dumps({"text": text, "ids": model.encode(text).ids}), file=out)
        return
    small = train_small()
    (GOLDEN / "small-tokenizer.json").write_text(small.to_str() + "\n")
    parts = json.loads(small.to_str())
    vocabulary, merges = parts["model"]["vocab"], [tuple(m) for m in parts["model"]["merges"]]
    plain = {digits: byte_pair(vocabulary, merges, digits) for digits in (True, False)}
    model = smollm2()
    strings = FIXED + [random_string(rng) for _ in range(300)]
    lines = [
        json.dumps(
            {
                "text": text, "smollm": plain[True].encode(text).ids, "gpt2": plain[False].encode(text).ids,
                "smollm2": model.encode(text).ids,
            }
        )
        for text in strings
    ]
    about = '{"about": "written by Tests/Peers/tokens.py, tokenizers 0.23.3; special tokens in text are text",\n"cases": [\n'
    (GOLDEN / "tokens.json").write_text(about + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
