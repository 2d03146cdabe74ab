"""Log-probabilities of responses from a folder that `bfpo` saved, loaded as any user of Transformers would load it."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from scoring import parser, score_lines
from smollm2 import truly_double


def main():
    options = parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    dtype = getattr(torch, options.dtype)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype, attn_implementation="eager").eval()
    if dtype == torch.float64:
        truly_double(model)
    score_lines(model, AutoTokenizer.from_pretrained(options.model), options)


if __name__ == "__main__":
    main()
