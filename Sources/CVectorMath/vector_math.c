#include "CVectorMath.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

// Vectors are passed between inlined functions only, so that no calling convention is involved.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE inline __attribute__((always_inline))

#define LANES 16

// Tokens of a cache that are asked for ahead of their use.
#define CACHE_AHEAD 24

// Bytes of keys up to which a whole next cache is asked for while one is read.
#define NEXT_CACHE_BYTES (64 << 10)

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t mask __attribute__((vector_size(4 * LANES)));
#define splat(value) ((vector){0} + (value))

struct functions {
  const char *instructions;
  float (*exp_shifted)(const float *, float *, size_t, float);
  float (*max)(const float *, size_t);
  float (*dot)(const float *, const float *, size_t);
  void (*gated)(const float *, const float *, float *, size_t);
  void (*gated_backward)(const float *, const float *, const float *, float *, float *, float *, size_t);
  void (*add_scaled)(const float *, float *, size_t, float);
  void (*adam_step)(const struct bfpo_adam *, const float *, float *, float *, float *, size_t);
  double (*wide_sum)(const float *, size_t);
  void (*cached_attention)(const float *, size_t, size_t, struct bfpo_cache, struct bfpo_cache, float, float *, float *);
  void (*store_halves)(const float *, size_t, uint32_t *);
};

#define TABLE(label, suffix)                                                                                           \
  {label,           exp_shifted_##suffix,    max_##suffix,       dot_##suffix,                                         \
   gated_##suffix, gated_backward_##suffix, add_scaled_##suffix, adam_step_##suffix,                                    \
   wide_sum_##suffix, cached_attention_##suffix, store_halves_##suffix}

#define FUSED(a, b, c) ((a) * (b) + (c))
#define NAME(x) x##_baseline
#include "vector_functions.inc"
#include "cached_attention.inc"
#undef NAME
static const struct functions baseline = TABLE("baseline", baseline);

#if defined(__x86_64__)
#undef FUSED
#define FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) x##_avx2
#include "vector_functions.inc"
#include "cached_attention.inc"
#undef NAME
#pragma clang attribute pop
static const struct functions avx2 = TABLE("avx2", avx2);

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"), min_vector_width(512))), \
                             apply_to = function)
#define NAME(x) x##_avx512
#include "vector_functions.inc"
#include "cached_attention.inc"
#undef NAME
#pragma clang attribute pop
static const struct functions avx512 = TABLE("avx512", avx512);
#endif

static const struct functions *active = &baseline;

#if defined(__x86_64__)
static int has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
}

static int has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

int bfpo_use_vector_instructions(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, avx512.instructions) == 0 && has_avx512()) {
    active = &avx512;
    return 1;
  }
  if (strcmp(name, avx2.instructions) == 0 && has_avx2()) {
    active = &avx2;
    return 1;
  }
#endif
  if (strcmp(name, baseline.instructions) != 0) return 0;
  active = &baseline;
  return 1;
}

__attribute__((constructor)) static void select_functions(void) {
  if (bfpo_use_vector_instructions("avx512") || bfpo_use_vector_instructions("avx2")) return;
}

const char *bfpo_vector_instructions(void) { return active->instructions; }

float bfpo_exp_shifted(const float *x, float *y, size_t count, float shift) {
  return active->exp_shifted(x, y, count, shift);
}

float bfpo_max(const float *x, size_t count) { return active->max(x, count); }

float bfpo_dot(const float *x, const float *y, size_t count) { return active->dot(x, y, count); }

void bfpo_gated(const float *gate, const float *up, float *out, size_t count) { active->gated(gate, up, out, count); }

void bfpo_gated_backward(const float *gate, const float *up, const float *d, float *out, float *dgate, float *dup,
                         size_t count) {
  active->gated_backward(gate, up, d, out, dgate, dup, count);
}

void bfpo_add_scaled(const float *x, float *y, size_t count, float factor) { active->add_scaled(x, y, count, factor); }

void bfpo_adam_step_single(const struct bfpo_adam *constants, const float *gradient, float *first, float *second,
                           float *parameters, size_t count) {
  active->adam_step(constants, gradient, first, second, parameters, count);
}

double bfpo_wide_sum(const float *x, size_t count) { return active->wide_sum(x, count); }

void bfpo_cached_attention(const float *q, size_t heads, size_t size, struct bfpo_cache own, struct bfpo_cache next,
                           float scale, float *scores, float *out) {
  active->cached_attention(q, heads, size, own, next, scale, scores, out);
}

void bfpo_store_halves(const float *x, size_t size, uint32_t *out) { active->store_halves(x, size, out); }
