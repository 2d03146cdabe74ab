#include "pack.h"
#include "transpose.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

float bfpo_rounded_to_half(float x) {
  uint32_t bits = (uint32_t)to_half(x) << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

/// out[i * stride + j] = in[j * in_stride + i] for 0 <= i < m, 0 <= j < k.
INLINE void transpose(const float *in, size_t in_stride, size_t m, size_t k, float *out, size_t stride) {
  for (size_t i = 0; i < m; i += 16)
    for (size_t j = 0; j < k; j += 16) {
      if (m - i >= 16 && k - j >= 16) {
        transpose_block(in + j * in_stride + i, in_stride, out + i * stride + j, stride);
        continue;
      }
      for (size_t x = i; x < smaller(i + 16, m); x++)
        for (size_t y = j; y < smaller(j + 16, k); y++) out[x * stride + y] = in[y * in_stride + x];
    }
}

/// Rows of one panel, BFPO_PANEL of them, as floats, zeros outside.
INLINE void gather(struct source s, size_t row, size_t column, size_t width, float *block) {
  size_t rows = smaller(BFPO_PANEL, s.k - row);
  size_t columns = column < s.n ? smaller(width, s.n - column) : 0;
  if (rows < BFPO_PANEL || columns < width) memset(block, 0, BFPO_PANEL * width * sizeof(float));
  if (s.transposed) {
    transpose(s.b + column * s.stride + row, s.stride, rows, columns, block, width);
  } else {
    for (size_t i = 0; i < rows; i++)
      memcpy(block + i * width, s.b + (row + i) * s.stride + column, columns * sizeof(float));
  }
  if (s.scale != 1)
    for (size_t i = 0; i < rows * width; i++) block[i] *= s.scale;
}

/// Two neighbouring rows of a half-precision panel: NULL for a row of zeros.
static void interleave_any(const float *even, const float *odd, size_t columns, float scale, uint16_t *out) {
  for (size_t j = 0; j < BFPO_PANEL; j++) {
    out[2 * j] = even && j < columns ? to_half(scale * even[j]) : 0;
    out[2 * j + 1] = odd && j < columns ? to_half(scale * odd[j]) : 0;
  }
}

static void halve_any(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride, size_t width) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j++) out[i * stride + j] = to_half(a[i * a_stride + j]);
    for (size_t j = k; j < width; j++) out[i * stride + j] = 0;
  }
}

#define SET baseline
#define INTERLEAVE interleave_any
#define HALVE halve_any
#include "pack_functions.inc"
#undef SET

#if defined(__x86_64__)
#define SET avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "pack_functions.inc"
#pragma clang attribute pop
#undef SET
#undef INTERLEAVE
#undef HALVE

/// Lanes of sixteen, from `at` on, that are below `end`.
INLINE __mmask16 lanes_below(size_t end, size_t at) {
  return at + 16 <= end ? 0xffff : at >= end ? 0 : (__mmask16)((1u << (end - at)) - 1);
}

/// The same by the processor's own conversion. It takes numbers below the smallest normal one for zero, as the products do.
HALF static void interleave_bf16(const float *even, const float *odd, size_t columns, float scale, uint16_t *out) {
  const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i pairs = _mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16));
  const __m512 factor = _mm512_set1_ps(scale);
  for (size_t j = 0; j < BFPO_PANEL; j += 16) {
    __mmask16 mask = lanes_below(columns, j);
    __m512 upper = odd ? _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(mask, odd + j)) : _mm512_setzero_ps();
    __m512 lower = even ? _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(mask, even + j)) : _mm512_setzero_ps();
    __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(upper, lower);
    _mm512_store_si512(out + 2 * j, _mm512_permutexvar_epi16(pairs, halves));
  }
}

HALF static void halve_bf16(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride,
                            size_t width) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < width; j += 16) {
      __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes_below(k, j), a + i * a_stride + j));
      _mm256_storeu_si256((__m256i_u *)(out + i * stride + j), (__m256i)half);
    }
}

#define SET avx512
#define INTERLEAVE interleave_bf16
#define HALVE halve_bf16
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), min_vector_width(512))),     \
                             apply_to = function)
#include "pack_functions.inc"
#pragma clang attribute pop
#endif

static const struct packing *packing_of(int engine) {
#if defined(__x86_64__)
  if (engine == BFPO_ENGINE_AVX2) return &packing_avx2;
  if (engine != BFPO_ENGINE_AMX_EMULATED) return &packing_avx512;
#endif
  return &packing_baseline;
}

size_t bfpo_packed_size(int engine, size_t k, size_t n) {
  return panel_bytes(engine, k) * (round_up(n, BFPO_PANEL) / panel_columns(engine));
}

void bfpo_pack(int engine, const float *b, size_t stride, int transposed, size_t k, size_t n, float scale,
               size_t first, size_t last, void *packed) {
  struct source s = {b, stride, k, n, transposed, scale};
  const struct packing *packing = packing_of(engine);
  size_t columns = panel_columns(engine), split = BFPO_PANEL / columns;
  if (element_size(engine) == 4) packing->single(s, columns, first * split, last * split, packed);
  else packing->half(s, first, last, packed);
}

const void *bfpo_operand(int engine, size_t m, size_t k, const float *a, size_t *stride, int transposed) {
  const struct packing *packing = packing_of(engine);
  if (element_size(engine) == 4) {
    if (!transposed) return a;
    float *out = bfpo_scratch(SCRATCH_A, m * k * sizeof(float));
    packing->transpose(a, *stride, m, k, out, k);
    *stride = k;
    return out;
  }
  size_t width = round_up(k, BFPO_PANEL);
  uint16_t *out = bfpo_scratch(SCRATCH_A, round_up(m, 16) * width * sizeof(uint16_t));
  (transposed ? packing->halve_columns : packing->halve)(a, *stride, m, k, out, width, width);
  *stride = width;
  return out;
}
