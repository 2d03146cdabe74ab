"""Checks a folder written by `./bfpo model export` (or by training) against the GGUF file it came from.

    ./bfpo model export --output saved && python Tests/Peers/saved_folder.py saved

Loads the folder as any user of Transformers would (`AutoModelForCausalLM`, `AutoTokenizer`) and compares, without trained changes,
every weight, the ids of `apply_chat_template` and of raw text, and log-probabilities of a conversation. Prints the largest
differences; ends with 1 unless all are zero. Versions: requirements.txt.
"""

import argparse
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from smollm2 import find_gguf, load_gguf, load_tokenizer
from tokens import FIXED

CONVERSATIONS = [
    [{"role": "user", "content": "Name three rivers of Europe."}],
    [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Is 7 > 5?\n\n"}],
    [
        {"role": "user", "content": "  hi"},
        {"role": "assistant", "content": "Hello! What can I do for you?"},
        {"role": "user", "content": "It's 12:30; don't say \"no\"."},
    ],
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--gguf")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = find_gguf(options.gguf)
    saved = AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32, attn_implementation="eager").eval()
    original = load_gguf(path)
    tokenizer, reference = AutoTokenizer.from_pretrained(options.folder), load_tokenizer(path)
    theirs = original.state_dict()
    ours = saved.state_dict()
    assert ours.keys() == theirs.keys()
    weights = max((ours[name] - theirs[name]).abs().max().item() for name in ours)
    wrong = [text for text in FIXED if tokenizer(text)["input_ids"] != reference(text)["input_ids"]]
    log_probabilities = 0.0
    for messages in CONVERSATIONS:
        ids = [t.apply_chat_template(messages, add_generation_prompt=True)["input_ids"] for t in (tokenizer, reference)]
        if ids[0] != ids[1]:
            wrong.append(messages)
        with torch.no_grad():
            a, b = (torch.log_softmax(m(input_ids=torch.tensor([ids[1]])).logits, -1) for m in (saved, original))
        log_probabilities = max(log_probabilities, (a - b).abs().max().item())
    print(f"weights differ by at most {weights}, log-probabilities by {log_probabilities}; texts with other ids: {wrong}")
    print(f"end of sequence: {tokenizer.eos_token}, generation stops at {saved.generation_config.eos_token_id}")
    sys.exit(0 if weights == 0 and log_probabilities == 0 and not wrong else 1)


if __name__ == "__main__":
    main()
