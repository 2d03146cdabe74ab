// Row functions of a table of double-precision logits, Adam, and random draws.
//
// Every function is compiled three times (AVX-512, AVX2, baseline) from table_functions.inc and chosen once by the
// processor's features. Nothing is fused and sums always run over eight lanes, so that a result does not depend on the
// instruction set, nor on the C library. NaN in, NaN out. Pointers need no alignment; buffers must not overlap.
#pragma once
#include <stddef.h>

/// The name of the instruction set in use: "avx512", "avx2" or "baseline".
const char *bfpo_table_instructions(void);

/// Uses another instruction set from now on, for tests; returns 0 and changes nothing when the processor lacks it.
int bfpo_use_table_instructions(const char *name);

/// normalisers[p] = log sum_y exp(table[p * width + y]) of the prompts p = prompts[0 ..< count]. Error of an
/// exponential at most 1.5 ulp; width at least 1.
void bfpo_log_normalisers(const double *table, size_t width, const long *prompts, size_t count, double *normalisers);

/// out[i] -= factor exp(x[i] - shift).
void bfpo_subtract_exponentials(const double *x, size_t count, double shift, double factor, double *out);

/// values[i] = floor(finalise(state + (i + 1) golden) bound / 2^64): draws of SplitMix64 from 0 ..< bound < 2^32 by Lemire's
/// method. Returns 0, and the values are void, when one of them may be among those that the method draws again.
int bfpo_random_below(unsigned long state, unsigned long bound, long *values, size_t count);

/// Of the first count, a multiple of 8, of block[5][stride]: writes sigmoid(x), sigmoid(-x), log(1 + exp x) and
/// log(1 + exp -x) over the other four rows, without overflow; below the smallest normal number they are 0.
void bfpo_logistic(double *block, size_t count, size_t stride);

/// One step of Adam: with g = scale gradient[i],
/// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g g,
/// x = decay x - stepSize m / (sqrt(v) / correction + epsilon).
struct bfpo_adam {
  double beta1, beta2, epsilon, scale, decay, stepSize, correction;
};
void bfpo_adam_step(const struct bfpo_adam *constants, const double *gradient, double *first, double *second,
                    double *parameters, size_t count);
