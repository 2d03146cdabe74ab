// Also limits OpenBLAS to one thread when the program starts (blas_threads.c).
//
// Row functions of a language model that the standard library does not vectorise, in single precision.
//
// Every function is compiled three times (AVX-512, AVX2 with FMA, baseline) from vector_functions.inc and chosen once
// by the processor's features. Sums always run over sixteen lanes, so a result depends on the instruction set only
// through fused multiply-add. NaN in, NaN out. Pointers need no alignment; an output may be the same buffer as an input
// of the same call, but buffers must not overlap otherwise.
#pragma once
#include "CLaneMath.h"
#include "CTableMath.h"
#include <stddef.h>
#include <stdint.h>

/// The name of the instruction set in use: "avx512", "avx2" or "baseline".
const char *bfpo_vector_instructions(void);

/// Uses another instruction set from now on, for tests; returns 0 and changes nothing when the processor lacks it.
int bfpo_use_vector_instructions(const char *name);

/// y[i] = exp(x[i] - shift); returns the sum of y. Error of each exponential at most 1.5 ulp; results below the smallest
/// normal number are 0.
float bfpo_exp_shifted(const float *x, float *y, size_t count, float shift);

/// The largest x[i], -infinity when count is 0; NaN when any x[i] is NaN.
float bfpo_max(const float *x, size_t count);

/// sum x[i] y[i].
float bfpo_dot(const float *x, const float *y, size_t count);

/// out[i] = silu(gate[i]) up[i], with silu(g) = g / (1 + exp(-g)).
void bfpo_gated(const float *gate, const float *up, float *out, size_t count);

/// Given d = dLoss/dout of bfpo_gated: recomputes out, and writes dgate[i] = d[i] up[i] silu'(gate[i]) and
/// dup[i] = d[i] silu(gate[i]). `dgate` may be the buffer of `d`.
void bfpo_gated_backward(const float *gate, const float *up, const float *d, float *out, float *dgate, float *dup,
                         size_t count);

/// y[i] += factor x[i].
void bfpo_add_scaled(const float *x, float *y, size_t count, float factor);

/// bfpo_adam_step in single precision; the constants are rounded first, and nothing is fused.
void bfpo_adam_step_single(const struct bfpo_adam *constants, const float *gradient, float *first, float *second,
                           float *parameters, size_t count);

/// sum x[i] in double precision.
double bfpo_wide_sum(const float *x, size_t count);

/// Bytes of a key or a value of `size` elements in a cache: floats, or bfloat16 in pairs.
static inline size_t bfpo_cached_row_bytes(size_t size, int half) {
  return half ? (size + 31) / 32 * 64 : size * sizeof(float);
}

/// A row of a cache in bfloat16, rounded to nearest even: of each thirty-two elements, padded with zeros, the first sixteen are the
/// lower halves of words and the others the upper halves.
void bfpo_store_halves(const float *x, size_t size, uint32_t *out);

/// Keys and values of a sequence's tokens so far, [count, size], `stride` bytes from token to token.
struct bfpo_cache {
  const void *k, *v;
  size_t stride, count;
  /// Whether rows are as `bfpo_store_halves` leaves them, and not floats.
  int half;
};

/// The attention of one token of one sequence, for the query heads that share a key-value head.
///
/// - q: rotated queries, [heads, size].
/// - next: where the cache begins that this thread reads next, to bring it near: NULLs when there is none. Only its k and v are read:
///   it is taken to be as long as the own one.
/// - scores: memory for [heads, count].
/// - out: [heads, size], overwritten.
void bfpo_cached_attention(const float *q, size_t heads, size_t size, struct bfpo_cache own, struct bfpo_cache next,
                           float scale, float *scores, float *out);

/// Tells the processor that this thread waits in a loop.
void bfpo_pause(void);
