// What the files about blocks share.
#pragma once
#include "engine.h"

/// Some rows by some panels of one group: `run` of a kind.
///
/// - packed: of the first panel, which is number `first` of its group.
/// - a: of the first row, in the form of the precision; `a_row` is where the next row would be, if rows lay one after another.
typedef void block_function(size_t m, size_t k, const void *a, size_t a_row, const uint8_t *packed, size_t first,
                            size_t columns, float *c, size_t c_stride, int accumulate);

/// Functions of one precision, and how many rows they take at once.
struct block_functions {
  block_function *q4_scaled, *q4_affine, *q8_scaled;
  size_t rows;
};

/// In single precision.
extern const struct block_functions bfpo_blocks_avx2, bfpo_blocks_avx512;

/// A product, cut into groups of columns and into as many rows as the functions take.
///
/// - a_row: bytes from row to row.
void bfpo_each_group(const struct block_functions *functions, int kind, size_t m, size_t k, const void *a, size_t a_row,
                     const void *packed, size_t column, size_t columns, float *c, size_t c_stride, int accumulate);

#if defined(__x86_64__)
#include <immintrin.h>

/// Asks for the memory that will be read soon, by this thread or another: processors do it too late by themselves. Asking for
/// memory beyond the matrix is allowed and does nothing.
INLINE void prefetch(const void *from, size_t bytes) {
#pragma clang loop unroll(full)
  for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch((const char *)from + line);
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

/// Weights of sixteen lanes from the lowest four bits of their words.
SINGLE INLINE __m512 four_bit_weights(const int kind, __m512i words, __m512 numbers, __m512 scale, __m512 least) {
  __m512 number = _mm512_permutexvar_ps(words, numbers);
  return kind == BFPO_BLOCKS_Q4_SCALED ? _mm512_mul_ps(scale, number) : _mm512_fmadd_ps(scale, number, least);
}

SINGLE INLINE __m512 eight_bit_weights(const uint8_t *numbers, __m512 scale) {
  __m128i own = _mm_load_si128((const __m128i *)numbers);
  return _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(own)));
}
#endif
