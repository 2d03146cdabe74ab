"""SmolLM2 from its GGUF, in PyTorch and Transformers: the model in float32 or true float64, and its tokenizer and chat template.

Two things a plain `from_pretrained(gguf_file=...)` gets wrong for us are put right:
  * its tokenizer loses the digit splitting of the `smollm` pre-tokenizer;
  * a float64 Llama still computes RMSNorm and the rotary tables in float32.
"""

import os
import pathlib

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def find_gguf(given=None):
    """The named file, else $BFPO_MODEL, else the one that `./bfpo model fetch` put under Models/."""
    if given or os.environ.get("BFPO_MODEL"):
        return pathlib.Path(given or os.environ["BFPO_MODEL"])
    found = sorted((ROOT / "Models").rglob("*.gguf"))
    if not found:
        raise SystemExit("no model: run `./bfpo model fetch`, or name a GGUF file")
    return found[0]


def load_gguf(path, dtype=torch.float32):
    """The model, dequantised by Transformers, in evaluation mode (no dropout)."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    )
    return truly_double(model.double()).eval() if dtype == torch.float64 else model.eval()


def truly_double(model):
    """Replaces the parts of Transformers' Llama that compute in float32 whatever the model's type."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
    import transformers.models.llama.modeling_llama as llama

    def norm(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))

    def attention(module, q, k, v, attention_mask, scaling, dropout=0.0, **_):
        k, v = (llama.repeat_kv(t, module.num_key_value_groups) for t in (k, v))
        scores = q @ k.transpose(2, 3) * scaling
        future = torch.triu(torch.ones(scores.shape[-2:], dtype=torch.bool), 1)
        weights = torch.softmax(scores.masked_fill(future, float("-inf")), -1)
        return (weights @ v).transpose(1, 2).contiguous(), weights

    config = model.config
    size = config.hidden_size // config.num_attention_heads
    base = (getattr(config, "rope_parameters", None) or {}).get("rope_theta") or config.rope_theta

    def rotary(x, position_ids, **_):
        inverse = 1.0 / (base ** (torch.arange(0, size, 2, dtype=torch.float64) / size))
        angles = position_ids[..., None].double() * inverse
        return torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()

    for module in model.modules():
        if type(module).__name__ == "LlamaRMSNorm":
            module.forward = norm.__get__(module)
    model.model.rotary_emb.forward = rotary
    ALL_ATTENTION_FUNCTIONS["eager64"] = attention
    model.config._attn_implementation = "eager64"
    return model


def load_tokenizer(path):
    """The GGUF's vocabulary and merges with SmolLM2's real pre-tokenizer: single digits, then the byte-level GPT-2 split."""
    from tokenizers import Tokenizer, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    loaded = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    inner = Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True),
        ]
    )
    names = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, **names)
    tokenizer.chat_template = loaded.chat_template
    return tokenizer


def encode(tokenizer, messages, response):
    """Prompt ids (with the generation prompt) and response ids (with the end-of-turn token), tokenised apart.

    Special tokens come from the template only: `<|im_end|>` typed by a user is plain text. Where no text contains one, the
    result is checked against the tokenizer's own `apply_chat_template`.
    """

    def plain(text):
        return tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]

    start, end = (tokenizer.convert_tokens_to_ids(t) for t in ("<|im_start|>", "<|im_end|>"))
    turns = list(messages)
    if turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": SYSTEM})
    prompt = []
    for turn in turns:
        prompt += [start, *plain(turn["role"] + "\n" + turn["content"]), end, *plain("\n")]
    prompt += [start, *plain("assistant\n")]
    if not any(token in turn["content"] for turn in turns for token in tokenizer.all_special_tokens):
        whole = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert prompt == tokenizer(whole, add_special_tokens=False)["input_ids"], messages
    return prompt, plain(response) + [end]


def token_log_probabilities(model, prompt, response):
    """log pi of each response token given all before it, nats, [response tokens]; logits only where they are needed."""
    ids = torch.tensor([prompt + response])
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state[0, len(prompt) - 1 :]
    logits = model.lm_head(hidden)
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(response)[:, None])[:, 0]
