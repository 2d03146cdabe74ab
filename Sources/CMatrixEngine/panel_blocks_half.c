#include "blocks.h"

#if defined(__x86_64__)
// Products with weights in blocks, operands rounded to bfloat16: the weights as they are rebuilt, two neighbours at a time, as
// the AVX512-BF16 engine has them packed. The sums run in its order, so that the bits are the same.

#define HALF __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")))

HALF INLINE void half_product(const int kind, const int rows, const int panels, size_t k, const uint32_t *a,
                              size_t stride, const uint8_t *packed, size_t columns, float *c, size_t c_stride,
                              int accumulate) {
  const size_t next = block_bytes(kind);
  const __m512 numbers = four_bit_numbers(kind);
  // The halves of two registers one after another become pairs: 0, 16, 1, 17, ...
  const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i pairs = _mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16));
  __m512 sums[8][4], scale[4], least[4];
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      sums[i][p] = accumulate ? _mm512_maskz_loadu_ps(panel_lanes(columns, p), c + i * c_stride + 16 * p)
                              : _mm512_setzero_ps();
  const uint32_t *at[3] = {a, a + 3 * stride, a + 6 * stride};
  for (size_t block = 0; block < k / BFPO_BLOCK; block++, packed += BFPO_BLOCK_PANELS * next) {
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      const uint8_t *own = packed + p * next;
      scale[p] = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)own));
      least[p] = kind == BFPO_BLOCKS_Q4_AFFINE ? _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(own + 32)))
                                               : _mm512_setzero_ps();
    }
    for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
      if (rows <= 4) prefetch((const char *)packed + BFPO_AHEAD + octet * panels * next / 4, panels * next / 4);
      __m512i words[4];
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++)
        words[p] = kind == BFPO_BLOCKS_Q8_SCALED ? low : _mm512_load_si512(packed + p * next + 64 + octet * 64);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < 8; i += 2) {
        __m512bh weights[4];
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) {
          const uint8_t *bytes = packed + p * next + 32 + octet * 128;
          __m512 first = block_weights(kind, i, words[p], numbers, scale[p], least[p], bytes);
          __m512 second = block_weights(kind, i + 1, words[p], numbers, scale[p], least[p], bytes);
          weights[p] = (__m512bh)_mm512_permutexvar_epi16(pairs, (__m512i)_mm512_cvtne2ps_pbh(second, first));
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
          __m512bh value = (__m512bh)_mm512_set1_epi32((int)ROW(at, stride, row)[block * 16 + octet * 4 + i / 2]);
#pragma clang loop unroll(full)
          for (int p = 0; p < panels; p++) sums[row][p] = _mm512_dpbf16_ps(sums[row][p], value, weights[p]);
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      _mm512_mask_storeu_ps(c + i * c_stride + 16 * p, panel_lanes(columns, p), sums[i][p]);
}

BLOCKS(HALF, half_product, uint32_t, BFPO_BLOCKS_Q4_SCALED, q4_scaled)
BLOCKS(HALF, half_product, uint32_t, BFPO_BLOCKS_Q4_AFFINE, q4_affine)
BLOCKS(HALF, half_product, uint32_t, BFPO_BLOCKS_Q8_SCALED, q8_scaled)

/// a in half precision, [m, k]; k is even.
HALF static const uint32_t *halves(size_t m, size_t k, const float *a, size_t stride) {
  uint16_t *out = bfpo_scratch(SCRATCH_A, m * k * sizeof(uint16_t));
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < k; j += 16)
      _mm256_storeu_si256((__m256i *)(out + i * k + j), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(a + i * stride + j)));
  return (const uint32_t *)out;
}

void bfpo_half_block_products(int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed,
                              size_t column, size_t columns, float *c, size_t c_stride, int accumulate) {
  FOR_EACH_GROUP(halves(m, k, a, stride), k / 2)
}
#else
void bfpo_half_block_products(int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed,
                              size_t column, size_t columns, float *c, size_t c_stride, int accumulate) {}
#endif
