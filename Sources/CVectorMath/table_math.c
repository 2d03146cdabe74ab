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

typedef double eight_doubles __attribute__((vector_size(64)));
typedef int64_t eight_longs __attribute__((vector_size(64)));
typedef uint64_t word __attribute__((vector_size(64)));
typedef double half __attribute__((vector_size(32)));
typedef double two_doubles __attribute__((vector_size(16)));
typedef int64_t two_longs __attribute__((vector_size(16)));
#define splat(value) ((vector){0} + (value))

#define PASTE(name, lanes, set) name##_##lanes##_##set
#define JOIN(name, lanes, set) PASTE(name, lanes, set)
#define QUOTE(set) #set
#define TEXT(set) QUOTE(set)

struct functions {
  const char *instructions;
  void (*log_normalisers)(const double *, size_t, const long *, size_t, double *);
  void (*subtract_exponentials)(const double *, size_t, double, double, double *);
  int (*random_below)(unsigned long, unsigned long, long *, size_t);
  void (*adam_step)(const struct bfpo_adam *, const double *, double *, double *, double *, size_t);
  void (*logistic)(double *, size_t, size_t);
  unsigned (*lane_counts)(const unsigned long *, const unsigned long *, unsigned long, size_t, double *);
  // Of eight runs, and of one.
  void (*lane_logits[2])(const struct bfpo_lane_batch *, const struct bfpo_lane_tables *);
  void (*lane_scores[2])(const struct bfpo_lane_batch *, const struct bfpo_lane_tables *);
  unsigned (*lane_gradients[2])(const struct bfpo_lane_batch *, const struct bfpo_lane_tables *, double *);
  unsigned (*lane_step[2])(const struct bfpo_adam *, double, const struct bfpo_lane_tables *, double *);
  void (*lane_watch)(const struct bfpo_lane_batch *, double *);
  void (*lane_window)(double, double *, double *);
};

// Partial sums, whatever the number of lanes, and the order of `sum()` of eight of them in Swift's standard library.
#define SUMS 8
#define SUM_OF_EIGHT(t) (((((((t[0] + t[1]) + t[2]) + t[3]) + t[4]) + t[5]) + t[6]) + t[7])

// A partial vector: lanes beyond count hold `fill`.
static INLINE eight_doubles load_first(const double *p, size_t count, double fill) {
  eight_doubles v = (eight_doubles){0} + fill;
  if (count == 8) {
    memcpy(&v, p, sizeof v);
  } else {
    for (size_t i = 0; i < count; i++) v[i] = p[i];
  }
  return v;
}

static INLINE void store_first(double *p, eight_doubles v, size_t count) {
  if (count == 8) {
    memcpy(p, &v, sizeof v);
  } else {
    for (size_t i = 0; i < count; i++) p[i] = v[i];
  }
}

#define LOAD_FIRST(p, count, fill) load_first(p, count, fill)
#define STORE_FIRST(p, v, count) store_first(p, v, count)
#define SET baseline
#include "instruction_set.inc"
#undef SET

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SET avx2
#include "instruction_set.inc"
#undef SET
#pragma clang attribute pop

#undef LOAD_FIRST
#undef STORE_FIRST
#define FIRST(count) (__mmask8)((1u << (count)) - 1)
#define LOAD_FIRST(p, count, fill) (vector) _mm512_mask_loadu_pd(_mm512_set1_pd(fill), FIRST(count), p)
#define STORE_FIRST(p, v, count) _mm512_mask_storeu_pd(p, FIRST(count), (__m512d)(v))
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), min_vector_width(512))), \
                             apply_to = function)
#define SET avx512
#include "instruction_set.inc"
#undef SET
#pragma clang attribute pop
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

void bfpo_lane_logits(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables) {
  active->lane_logits[tables->lanes == 1](batch, tables);
}

void bfpo_lane_scores(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables) {
  active->lane_scores[tables->lanes == 1](batch, tables);
}

unsigned bfpo_lane_gradients(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables, double *sums) {
  return active->lane_gradients[tables->lanes == 1](batch, tables, sums);
}

unsigned bfpo_lane_step(const struct bfpo_adam *constants, double limit, const struct bfpo_lane_tables *tables,
                        double *norms) {
  return active->lane_step[tables->lanes == 1](constants, limit, tables, norms);
}

void bfpo_lane_watch(const struct bfpo_lane_batch *batch, double *sums) { active->lane_watch(batch, sums); }

void bfpo_lane_window(double streams, double *sums, double *window) { active->lane_window(streams, sums, window); }
