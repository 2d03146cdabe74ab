// What products with blocks in single and in half precision share.
#pragma once
#include "engine.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define SINGLE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

/// Row i of up to eight: with offsets of one and two strides three registers reach all.
#define ROW(pointers, stride, i) ((pointers)[(i) / 3] + ((i) % 3) * (stride))

/// Asks for the memory that will be read soon, by this thread or another: processors do it too late by themselves. Asking for
/// memory beyond the matrix is allowed and does nothing.
SINGLE INLINE void prefetch(const char *from, size_t bytes) {
#pragma clang loop unroll(full)
  for (size_t line = 0; line < bytes; line += 64) _mm_prefetch(from + line, _MM_HINT_T0);
}

/// 0 ... 15, less the eight that scaled four-bit numbers are stored with.
SINGLE INLINE __m512 four_bit_numbers(int kind) {
  __m512 ascending = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return kind == BFPO_BLOCKS_Q4_SCALED ? _mm512_sub_ps(ascending, _mm512_set1_ps(8)) : ascending;
}

/// Lanes of the panel `p` that are among `columns`.
INLINE __mmask16 panel_lanes(size_t columns, int p) {
  size_t rest = columns > 16 * (size_t)p ? columns - 16 * (size_t)p : 0;
  return rest >= 16 ? 0xffff : (__mmask16)((1u << rest) - 1);
}

/// Weight i of an octet for each column of a panel. `words` are the octet's four-bit numbers.
SINGLE INLINE __m512 block_weights(const int kind, size_t i, __m512i words, __m512 numbers, __m512 scale, __m512 least,
                                   const uint8_t *bytes) {
  if (kind == BFPO_BLOCKS_Q8_SCALED) {
    __m128i own = _mm_load_si128((const __m128i *)(bytes + i * 16));
    return _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(own)));
  }
  __m512 number = _mm512_permutexvar_ps(_mm512_srli_epi32(words, 4 * (unsigned)i), numbers);
  return kind == BFPO_BLOCKS_Q4_SCALED ? _mm512_mul_ps(scale, number) : _mm512_fmadd_ps(scale, number, least);
}

/// Up to eight rows by 64 columns: few rows take more panels, so that enough sums run side by side.
#define BLOCKS(TARGET, block_product, element, kind, name)                                                                                             \
  TARGET static void name(size_t m, size_t k, const element *a, size_t stride, const uint8_t *packed, size_t columns,    \
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

/// Runs what a file made by BLOCKS, for groups of 64 columns and up to eight rows of a.
#define FOR_EACH_GROUP(a_, stride_)                                                                                    \
  const __typeof__(*(a_)) *first_ = (a_);                                                                              \
  for (size_t start = 0; start < columns; start += BFPO_BLOCK_COLUMNS) {                                               \
    size_t group = (column + start) / BFPO_BLOCK_COLUMNS, width = smaller(BFPO_BLOCK_COLUMNS, columns - start);        \
    const uint8_t *own = (const uint8_t *)packed + group * block_group_bytes(kind, k);                                 \
    for (size_t row = 0; row < m; row += 8) {                                                                          \
      const __typeof__(*first_) *left = first_ + row * (stride_);                                                      \
      float *result = c + row * c_stride + start;                                                                      \
      size_t rows = smaller(8, m - row);                                                                               \
      switch (kind) {                                                                                                  \
      case BFPO_BLOCKS_Q4_SCALED: q4_scaled(rows, k, left, stride_, own, width, result, c_stride, accumulate); break;  \
      case BFPO_BLOCKS_Q4_AFFINE: q4_affine(rows, k, left, stride_, own, width, result, c_stride, accumulate); break;  \
      default: q8_scaled(rows, k, left, stride_, own, width, result, c_stride, accumulate); break;                     \
      }                                                                                                                \
    }                                                                                                                  \
  }
#endif
