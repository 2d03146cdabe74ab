#include "engine.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Products with weights that stay in the blocks of a model file. A weight is rebuilt in registers as w = d q + m, rounded once,
// which is what reading the file into single precision gives; sums run along k in one chain of fused multiply-adds, as in the
// AVX-512 engine. So a product has the same bits as that engine's on the weights as floats, and reads a sixth of the memory.

#define SINGLE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

/// Row i of up to eight: with offsets of one and two strides three registers reach all.
#define ROW(pointers, stride, i) ((pointers)[(i) / 3] + ((i) % 3) * (stride))

/// Sixteen weights of row `i` of an octet of four-bit numbers; the permutation looks at the low four bits of each lane only.
#define NIBBLES(word, i) _mm512_permutexvar_ps(_mm512_srli_epi32(word, 4 * (i)), numbers)

/// Asks for the memory that will be read soon, by this thread or another: processors do it too late by themselves. Asking for
/// memory beyond the matrix is allowed and does nothing.
SINGLE INLINE void prefetch(const char *from, size_t bytes) {
#pragma clang loop unroll(full)
  for (size_t line = 0; line < bytes; line += 64) _mm_prefetch(from + line, _MM_HINT_T0);
}

/// `rows` rows of a by `panels` panels of sixteen columns, of a group whose panels alternate block by block.
SINGLE INLINE void block_product(const int kind, const int rows, const int panels, size_t k, const float *a,
                                 size_t stride, const uint8_t *packed, size_t columns, float *c, size_t c_stride,
                                 int accumulate) {
  const size_t next = block_bytes(kind);
  const __m512 ascending = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512 numbers =
      kind == BFPO_BLOCKS_Q4_SCALED ? _mm512_sub_ps(ascending, _mm512_set1_ps(8)) : ascending;
  __m512 sums[8][4], scale[4], least[4];
  __mmask16 lanes[4];
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++) {
    size_t rest = columns > 16 * (size_t)p ? columns - 16 * (size_t)p : 0;
    lanes[p] = rest >= 16 ? 0xffff : (__mmask16)((1u << rest) - 1);
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
      if (kind == BFPO_BLOCKS_Q4_AFFINE) least[p] = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(own + 32)));
    }
    for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
      if (rows <= 4) prefetch((const char *)packed + BFPO_AHEAD + octet * panels * next / 4, panels * next / 4);
      __m512i words[4];
      if (kind != BFPO_BLOCKS_Q8_SCALED) {
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) words[p] = _mm512_load_si512(packed + p * next + 64 + octet * 64);
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < 8; i++) {
        __m512 weights[4];
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) {
          if (kind == BFPO_BLOCKS_Q8_SCALED) {
            const uint8_t *bytes = packed + p * next + 32 + (octet * 8 + (size_t)i) * 16;
            __m512 number = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *)bytes)));
            weights[p] = _mm512_mul_ps(scale[p], number);
          } else if (kind == BFPO_BLOCKS_Q4_SCALED) {
            weights[p] = _mm512_mul_ps(scale[p], NIBBLES(words[p], i));
          } else {
            weights[p] = _mm512_fmadd_ps(scale[p], NIBBLES(words[p], i), least[p]);
          }
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
          __m512 value = _mm512_set1_ps(ROW(at, stride, row)[block * BFPO_BLOCK + octet * 8 + (size_t)i]);
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

/// Up to eight rows by 64 columns: few rows take more panels, so that enough sums run side by side.
#define BLOCKS(kind, name)                                                                                             \
  SINGLE static void name(size_t m, size_t k, const float *a, size_t stride, const uint8_t *packed, size_t columns,    \
                          float *c, size_t c_stride, int accumulate) {                                \
    if (m <= 2) {                                                                                                      \
      if (m == 1) block_product(kind, 1, 4, k, a, stride, packed, columns, c, c_stride, accumulate);                   \
      else block_product(kind, 2, 4, k, a, stride, packed, columns, c, c_stride, accumulate);                          \
      return;                                                                                                          \
    }                                                                                                                  \
    for (size_t start = 0; start < columns; start += 32) {                                                             \
      const uint8_t *own = packed + start / BFPO_BLOCK_PANEL * block_bytes(kind);                                      \
      size_t width = smaller(32, columns - start);                                                                     \
      switch (m) {                                                                                                     \
      case 3: block_product(kind, 3, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 4: block_product(kind, 4, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 5: block_product(kind, 5, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 6: block_product(kind, 6, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      case 7: block_product(kind, 7, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;             \
      default: block_product(kind, 8, 2, k, a, stride, own, width, c + start, c_stride, accumulate); break;            \
      }                                                                                                                \
    }                                                                                                                  \
  }

BLOCKS(BFPO_BLOCKS_Q4_SCALED, q4_scaled)
BLOCKS(BFPO_BLOCKS_Q4_AFFINE, q4_affine)
BLOCKS(BFPO_BLOCKS_Q8_SCALED, q8_scaled)

void bfpo_block_products(int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed, size_t column,
                         size_t columns, float *c, size_t c_stride, int accumulate) {
  for (size_t start = 0; start < columns; start += BFPO_BLOCK_COLUMNS) {
    size_t group = (column + start) / BFPO_BLOCK_COLUMNS, width = smaller(BFPO_BLOCK_COLUMNS, columns - start);
    const uint8_t *own = (const uint8_t *)packed + group * block_group_bytes(kind, k);
    for (size_t row = 0; row < m; row += 8) {
      const float *left = a + row * stride;
      float *result = c + row * c_stride + start;
      size_t rows = smaller(8, m - row);
      switch (kind) {
      case BFPO_BLOCKS_Q4_SCALED: q4_scaled(rows, k, left, stride, own, width, result, c_stride, accumulate); break;
      case BFPO_BLOCKS_Q4_AFFINE: q4_affine(rows, k, left, stride, own, width, result, c_stride, accumulate); break;
      default: q8_scaled(rows, k, left, stride, own, width, result, c_stride, accumulate); break;
      }
    }
  }
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
