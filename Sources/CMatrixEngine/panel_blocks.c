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
          weights[p] = kind == BFPO_BLOCKS_Q8_SCALED
                           ? eight_bit_weights(bytes + i * 16, scale[p])
                           : four_bit_weights(kind, _mm512_srli_epi32(words[p], 4 * (unsigned)i), numbers, scale[p], least[p]);
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

/// Up to eight rows by up to 64 columns: few rows take more panels, so that enough sums run side by side.
#define KIND(kind, name)                                                                                               \
  SINGLE static void name(size_t m, size_t k, const void *a_, size_t a_row, const uint8_t *packed, size_t first,       \
                          size_t columns, float *c, size_t c_stride, int accumulate) {                                 \
    const float *a = a_;                                                                                               \
    const size_t stride = a_row / sizeof(float);                                                                       \
    if (m <= 2 && columns > 32) {                                                                                      \
      if (m == 1) block_product(kind, 1, 4, k, a, stride, packed, columns, c, c_stride, accumulate);                   \
      else block_product(kind, 2, 4, k, a, stride, packed, columns, c, c_stride, accumulate);                          \
      return;                                                                                                          \
    }                                                                                                                  \
    for (size_t start = 0; start < columns; start += 32) {                                                             \
      const uint8_t *own = packed + start / BFPO_BLOCK_PANEL * block_bytes(kind);                                      \
      size_t width = smaller(32, columns - start);                                                                     \
      switch (m) {                                                                                                     \
      case 1: block_product(kind, 1, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 2: block_product(kind, 2, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 3: block_product(kind, 3, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 4: block_product(kind, 4, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 5: block_product(kind, 5, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 6: block_product(kind, 6, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 7: block_product(kind, 7, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      default: block_product(kind, 8, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;            \
      }                                                                                                                \
    }                                                                                                                  \
  }

KIND(BFPO_BLOCKS_Q4_SCALED, q4_scaled)
KIND(BFPO_BLOCKS_Q4_AFFINE, q4_affine)
KIND(BFPO_BLOCKS_Q8_SCALED, q8_scaled)

const struct block_functions bfpo_blocks_avx512 = {q4_scaled, q4_affine, q8_scaled, 8};
#endif
