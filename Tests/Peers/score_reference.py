"""Log-probabilities of responses from a GGUF, by Transformers: what `bfpo score --json` must print."""

import pathlib

import torch

from scoring import parser, score_lines
from smollm2 import load_gguf, load_tokenizer


def main():
    options = parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    path = pathlib.Path(options.model)
    score_lines(load_gguf(path, getattr(torch, options.dtype)), load_tokenizer(path), options)


if __name__ == "__main__":
    main()
