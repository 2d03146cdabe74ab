"""Lines of `bfpo score` from any model: `{"messages": [...], "response": "..."}` in, `{"logProbability": ...}` out."""

import argparse
import json
import sys

import torch

from smollm2 import encode, token_log_probabilities


def parser(about):
    result = argparse.ArgumentParser(description=about.splitlines()[0])
    result.add_argument("--model", required=True)
    result.add_argument("--data", required=True, help="JSON lines with `messages` and `response`; - is standard input")
    result.add_argument("--tokens", action="store_true", help="add ids and per-token log-probabilities")
    result.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    result.add_argument("--digits", type=int, help="round log-probabilities, so that two outputs can be compared by diff")
    result.add_argument("--threads", type=int, default=1)
    return result


def score_lines(model, tokenizer, options):
    def number(value):
        return value if options.digits is None else round(value, options.digits)

    with sys.stdin if options.data == "-" else open(options.data, encoding="utf-8") as lines:
        for line in lines:
            query = json.loads(line)
            prompt, response = encode(tokenizer, query["messages"], query["response"])
            with torch.no_grad():
                values = token_log_probabilities(model, prompt, response).double()
            output = {"logProbability": number(values.sum().item()), "tokenCount": len(response)}
            if options.tokens:
                output["promptTokenIds"] = prompt
                output["responseTokenIds"] = response
                output["tokenLogProbabilities"] = [number(v) for v in values.tolist()]
            print(json.dumps(output, separators=(",", ":"), sort_keys=True))
