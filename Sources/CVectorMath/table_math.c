#include "CLaneMath.h"
#include "CTableMath.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors are passed between inlined functions only, so that no calling convention is involved.
#pragma clang diagnostic ignored "-Wpsabi"
// No product is fused with a sum: results do not depend on the instruction set.
#pragma STDC FP_CONTRACT OFF
#define INLINE inline __attribute__((always_inline))

#define LANES 8
typedef double vector __attribute__((vector_size(8 * LANES)));
typedef double half __attribute__((vector_size(4 * LANES)));
typedef int64_t mask __attribute__((vector_size(8 * LANES)));
typedef uint64_t word __attribute__((vector_size(8 * LANES)));
#define splat(value) ((vector){0} + (value))

struct functions {
  const char *instructions;
  void (*log_normalisers)(const double *, size_t, const long *, size_t, double *);
  void (*subtract_exponentials)(const double *, size_t, double, double, double *);
  int (*random_below)(unsigned long, unsigned long, long *, size_t);
  void (*adam_step)(const struct bfpo_adam *, const double *, double *, double *, double *, size_t);
  void (*logistic)(double *, size_t, size_t);
  unsigned (*lane_counts)(const unsigned long *, const unsigned long *, unsigned long, size_t, double *);
  void (*lane_scores)(const struct bfpo_lane_batch *, const struct bfpo_lane_tables *);
  unsigned (*lane_gradients)(const struct bfpo_lane_batch *, const struct bfpo_lane_tables *, double *);
  unsigned (*lane_step)(const struct bfpo_adam *, double, double, const struct bfpo_lane_tables *, double *, double *);
};

#define TABLE(label, suffix)                                                                                           \
  {label,                                                                                                              \
   log_normalisers_##suffix,                                                                                           \
   subtract_exponentials_##suffix,                                                                                     \
   random_below_##suffix,                                                                                              \
   adam_step_##suffix,                                                                                                 \
   logistic_##suffix,                                                                                                  \
   lane_counts_##suffix,                                                                                               \
   lane_scores_##suffix,                                                                                               \
   lane_gradients_##suffix,                                                                                            \
   lane_step_##suffix}

// The order of `sum()` of eight lanes in Swift's standard library.
#define SUM_OF_EIGHT(t) (((((((t[0] + t[1]) + t[2]) + t[3]) + t[4]) + t[5]) + t[6]) + t[7])

// A partial vector: lanes beyond count hold `fill`.
static INLINE vector load_first(const double *p, size_t count, double fill) {
  vector v = splat(fill);
  if (count == LANES) {
    memcpy(&v, p, sizeof v);
  } else {
    for (size_t i = 0; i < count; i++) v[i] = p[i];
  }
  return v;
}

static INLINE void store_first(double *p, vector v, size_t count) {
  if (count == LANES) {
    memcpy(p, &v, sizeof v);
  } else {
    for (size_t i = 0; i < count; i++) p[i] = v[i];
  }
}

#define LOAD_FIRST(p, count, fill) load_first(p, count, fill)
#define STORE_FIRST(p, v, count) store_first(p, v, count)
#define NAME(x) x##_baseline
#include "table_functions.inc"
#include "lane_functions.inc"
#undef NAME
static const struct functions baseline = TABLE("baseline", baseline);

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define NAME(x) x##_avx2
#include "table_functions.inc"
#include "lane_functions.inc"
#undef NAME
#pragma clang attribute pop
static const struct functions avx2 = TABLE("avx2", avx2);

#undef LOAD_FIRST
#undef STORE_FIRST
#define FIRST(count) (__mmask8)((1u << (count)) - 1)
#define LOAD_FIRST(p, count, fill) (vector) _mm512_mask_loadu_pd(_mm512_set1_pd(fill), FIRST(count), p)
#define STORE_FIRST(p, v, count) _mm512_mask_storeu_pd(p, FIRST(count), (__m512d)(v))
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), min_vector_width(512))), \
                             apply_to = function)
#define NAME(x) x##_avx512
#include "table_functions.inc"
#include "lane_functions.inc"
#undef NAME
#pragma clang attribute pop
static const struct functions avx512 = TABLE("avx512", avx512);
#endif

static const struct functions *active = &baseline;

int bfpo_use_table_instructions(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
    active = &avx512;
    return 1;
  }
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2")) {
    active = &avx2;
    return 1;
  }
#endif
  if (strcmp(name, "baseline") != 0) return 0;
  active = &baseline;
  return 1;
}

__attribute__((constructor)) static void select_functions(void) {
  if (bfpo_use_table_instructions("avx512") || bfpo_use_table_instructions("avx2")) return;
}

const char *bfpo_table_instructions(void) { return active->instructions; }

void bfpo_log_normalisers(const double *table, size_t width, const long *prompts, size_t count, double *normalisers) {
  active->log_normalisers(table, width, prompts, count, normalisers);
}

void bfpo_subtract_exponentials(const double *x, size_t count, double shift, double factor, double *out) {
  active->subtract_exponentials(x, count, shift, factor, out);
}

int bfpo_random_below(unsigned long state, unsigned long bound, long *values, size_t count) {
  return active->random_below(state, bound, values, count);
}

void bfpo_adam_step(const struct bfpo_adam *constants, const double *gradient, double *first, double *second,
                    double *parameters, size_t count) {
  active->adam_step(constants, gradient, first, second, parameters, count);
}

void bfpo_logistic(double *block, size_t count, size_t stride) { active->logistic(block, count, stride); }

unsigned bfpo_lane_counts(const unsigned long *keys, const unsigned long *steps, unsigned long bound, size_t draws,
                          double *counts) {
  return active->lane_counts(keys, steps, bound, draws, counts);
}

void bfpo_lane_scores(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables) {
  active->lane_scores(batch, tables);
}

unsigned bfpo_lane_gradients(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables, double *sums) {
  return active->lane_gradients(batch, tables, sums);
}

unsigned bfpo_lane_step(const struct bfpo_adam *constants, double limit, double streams,
                        const struct bfpo_lane_tables *tables, double *sums, double *window) {
  return active->lane_step(constants, limit, streams, tables, sums, window);
}
