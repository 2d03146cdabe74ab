// Elementwise transcendental functions, vectorised by the compiler for the widest instruction set
// the processor offers (chosen at load time). Inputs and outputs may be the same buffer.
#pragma once
#include <stddef.h>

/// y[i] = exp(x[i] - shift).
void bfpo_exp_shifted(const float *x, float *y, size_t count, float shift);
