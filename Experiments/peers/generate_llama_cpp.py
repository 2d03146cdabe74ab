"""Greedy decoding by llama.cpp on the GGUF file itself: generate_llama_cpp.py FILE.gguf

One prompt of 32 tokens extended by 128, prefill included. The low-level calls leave out everything but the model.
"""

import sys

import llama_cpp
import numpy

from common import THREADS, VOCABULARY, clocked, report, tokens

model = llama_cpp.Llama(
    sys.argv[1], n_ctx=512, n_threads=THREADS, n_threads_batch=THREADS, n_batch=512, verbose=False
)
prompt = tokens(32, 2000)


def generate(count):
    model.reset()
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(model.ctx), True)
    model.eval(prompt)
    for place in range(count):
        logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(model.ctx, -1), shape=(VOCABULARY,))
        token = int(logits.argmax())
        if place + 1 < count:
            model.eval([token])


generate(8)
report("generation.single.llama.cpp", [clocked(lambda: generate(128))[0] for _ in range(5)])
