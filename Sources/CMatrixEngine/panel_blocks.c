#include "blocks.h"

#if defined(__x86_64__)
// Products with weights that stay in the blocks of a model file. A weight is rebuilt in registers as w = d q + m, rounded once,
// which is what reading the file into single precision gives; sums run along k in one chain of fused multiply-adds, as in the
// AVX-512 engine. So a product has the same bits as that engine's on the weights as floats, and reads a sixth of the memory.

/// `rows` rows of a by `panels` panels of sixteen columns, of a group whose panels alternate block by block.
SINGLE INLINE void block_product(const int kind, const int rows, const int panels, size_t k, const float *a,
                                 size_t stride, const uint8_t *packed, size_t columns, float *c, size_t c_stride,
                                 int accumulate) {
  const size_t next = block_bytes(kind);
  const __m512 numbers = four_bit_numbers(kind);
  __m512 sums[8][4], scale[4], least[4];
  __mmask16 lanes[4];
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++) {
    lanes[p] = panel_lanes(columns, p);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      sums[i][p] = accumulate ? _mm512_maskz_loadu_ps(lanes[p], c + i * c_stride + 16 * p) : _mm512_setzero_ps();
  }
  const float *at[3] = {a, a + 3 * stride, a + 6 * stride};
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
        words[p] = kind == BFPO_BLOCKS_Q8_SCALED ? _mm512_setzero_si512()
                                                 : _mm512_load_si512(packed + p * next + 64 + octet * 64);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < 8; i++) {
        __m512 weights[4];
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) {
          const uint8_t *bytes = packed + p * next + 32 + octet * 128;
          weights[p] = block_weights(kind, i, words[p], numbers, scale[p], least[p], bytes);
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
          __m512 value = _mm512_set1_ps(ROW(at, stride, row)[block * BFPO_BLOCK + octet * 8 + i]);
#pragma clang loop unroll(full)
          for (int p = 0; p < panels; p++) sums[row][p] = _mm512_fmadd_ps(value, weights[p], sums[row][p]);
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) _mm512_mask_storeu_ps(c + i * c_stride + 16 * p, lanes[p], sums[i][p]);
}

BLOCKS(SINGLE, block_product, float, BFPO_BLOCKS_Q4_SCALED, q4_scaled)
BLOCKS(SINGLE, block_product, float, BFPO_BLOCKS_Q4_AFFINE, q4_affine)
BLOCKS(SINGLE, block_product, float, BFPO_BLOCKS_Q8_SCALED, q8_scaled)

void bfpo_block_products(int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed, size_t column,
                         size_t columns, float *c, size_t c_stride, int accumulate) {
  FOR_EACH_GROUP(a, stride)
}

void bfpo_prefetch_blocks(int kind, size_t k, const void *packed, size_t column) {
  size_t bytes = block_group_bytes(kind, k);
  const char *start = (const char *)packed + column / BFPO_BLOCK_COLUMNS * bytes;
  for (size_t line = 0; line < smaller(BFPO_AHEAD, bytes); line += 64) _mm_prefetch(start + line, _MM_HINT_T0);
}
#else
void bfpo_prefetch_blocks(int kind, size_t k, const void *packed, size_t column) {}
void bfpo_block_products(int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed, size_t column,
                         size_t columns, float *c, size_t c_stride, int accumulate) {}
#endif
