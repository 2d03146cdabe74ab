#define _GNU_SOURCE
#include "CBenchmark.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// What the compiler must believe is needed, so that no loop is dropped.
static volatile float sink;

void bfpo_triad(float *restrict a, const float *restrict b, const float *restrict c, float scale, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] = b[i] + scale * c[i];
}

// As many independent sums as hide the latency of a fused multiply-add on every processor so far.
#define SUMS 24

#define FLOAT_LOOP(type, lanes, set, fma, add, store)                                                                  \
  type sums[SUMS], x = set(0.999f), y = set(1e-6f);                                                                    \
  for (int i = 0; i < SUMS; i++) sums[i] = set(1e-3f * (float)i);                                                      \
  for (int64_t n = 0; n < iterations; n++) {                                                                           \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = fma(sums[i], x, y);                    \
  }                                                                                                                    \
  for (int i = 1; i < SUMS; i++) sums[0] = add(sums[0], sums[i]);                                                      \
  float values[lanes];                                                                                                 \
  store(values, sums[0]);                                                                                              \
  sink = values[0];                                                                                                    \
  return 2.0 * lanes * SUMS * (double)iterations

static float plain_set(float x) { return x; }
static float plain_fma(float a, float x, float y) { return a * x + y; }
static float plain_add(float a, float b) { return a + b; }
static void plain_store(float *to, float x) { *to = x; }

static double float32_baseline(int64_t iterations) {
  FLOAT_LOOP(float, 1, plain_set, plain_fma, plain_add, plain_store);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double float32_avx2(int64_t iterations) {
  FLOAT_LOOP(__m256, 8, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps);
}

__attribute__((target("avx512f"))) static double float32_avx512(int64_t iterations) {
  FLOAT_LOOP(__m512, 16, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps);
}

__attribute__((target("avx512f,avx512bf16"))) static double bfloat16_avx512(int64_t iterations) {
  __m512 sums[SUMS];
  __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1e-3f), _mm512_set1_ps(1e-3f)), y = x;
  for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_ps(1e-3f * (float)i);
  for (int64_t n = 0; n < iterations; n++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], x, y);
  }
  for (int i = 1; i < SUMS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = _mm512_reduce_add_ps(sums[0]);
  return 4.0 * 16 * SUMS * (double)iterations;
}

struct tile_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} __attribute__((aligned(64)));

// Two tiles of each operand, four sums of [16, 16]: what registers allow.
__attribute__((target("amx-tile,amx-bf16"))) static double bfloat16_amx(int64_t iterations) {
  struct tile_configuration configuration = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    configuration.bytes[i] = 64;
    configuration.rows[i] = 16;
  }
  // A compiler may not see that the next instruction reads the structure.
  __asm__ volatile("" ::"r"(&configuration) : "memory");
  _tile_loadconfig(&configuration);
  _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
  _tile_zero(4), _tile_zero(5), _tile_zero(6), _tile_zero(7);
  for (int64_t n = 0; n < iterations; n++) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 32 * (double)iterations;
}

// CPUID says whether the processor has tiles; Linux gives them to a process that asks.
static int has_amx(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  int is_there = (d >> 22 & 1) && (d >> 24 & 1);
#if defined(__linux__)
  return is_there && syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return 0;
#endif
}

static int has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f");
}

static int has_avx512_bf16(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
}
#endif

struct peak {
  const char *instructions;
  double (*run)(int64_t);
};

static struct peak float32_peak(void) {
#if defined(__x86_64__)
  if (has_avx512()) return (struct peak){"avx512", float32_avx512};
  if (has_avx2()) return (struct peak){"avx2+fma", float32_avx2};
#endif
  return (struct peak){"baseline", float32_baseline};
}

static double nothing(int64_t iterations) {
  (void)iterations;
  return 0;
}

static struct peak bfloat16_peak(void) {
#if defined(__x86_64__)
  if (has_amx()) return (struct peak){"amx", bfloat16_amx};
  if (has_avx512_bf16()) return (struct peak){"avx512-bf16", bfloat16_avx512};
#endif
  return (struct peak){"none", nothing};
}

double bfpo_peak_float32(int64_t iterations) { return float32_peak().run(iterations); }
double bfpo_peak_bfloat16(int64_t iterations) { return bfloat16_peak().run(iterations); }
const char *bfpo_peak_float32_instructions(void) { return float32_peak().instructions; }
const char *bfpo_peak_bfloat16_instructions(void) { return bfloat16_peak().instructions; }
