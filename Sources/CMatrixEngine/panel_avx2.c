#include "engine.h"

#if defined(__x86_64__)
#include <immintrin.h>

// A block of up to six rows by one panel keeps its sums in twelve registers. Sums are the same chains of fused multiply-adds
// as in the AVX-512 engine, so that results have the same bits.

#define ROWS 6
#define COLUMNS 16

WIDE INLINE void wide_block(const int rows, size_t k, const float *a, size_t stride, const float *b, float *c,
                            size_t c_stride, int accumulate, const float *next) {
  __m256 sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    sums[i][0] = accumulate ? _mm256_loadu_ps(c + i * c_stride) : _mm256_setzero_ps();
    sums[i][1] = accumulate ? _mm256_loadu_ps(c + i * c_stride + 8) : _mm256_setzero_ps();
    __builtin_prefetch(next + i * c_stride, 1);
    __builtin_prefetch(next + i * c_stride + COLUMNS - 1, 1);
  }
  const float *at[2] = {a, a + 3 * stride};
  for (size_t p = 0; p < k; p++, b += COLUMNS) {
    __m256 b0 = _mm256_load_ps(b), b1 = _mm256_load_ps(b + 8);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m256 value = _mm256_broadcast_ss(&ROW(at, stride, i)[p]);
      sums[i][0] = _mm256_fmadd_ps(value, b0, sums[i][0]);
      sums[i][1] = _mm256_fmadd_ps(value, b1, sums[i][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    _mm256_storeu_ps(c + i * c_stride, sums[i][0]);
    _mm256_storeu_ps(c + i * c_stride + 8, sums[i][1]);
  }
}

/// All rows by a whole panel.
WIDE static void whole_panel(size_t m, size_t k, const float *a, size_t stride, const float *b, float *c,
                             size_t c_stride, int accumulate) {
  for (size_t row = 0; row < m; row += ROWS, a += ROWS * stride, c += ROWS * c_stride) {
    const float *next = row + ROWS < m ? c + ROWS * c_stride : c;
    switch (m - row) {
    case 1: wide_block(1, k, a, stride, b, c, c_stride, accumulate, next); break;
    case 2: wide_block(2, k, a, stride, b, c, c_stride, accumulate, next); break;
    case 3: wide_block(3, k, a, stride, b, c, c_stride, accumulate, next); break;
    case 4: wide_block(4, k, a, stride, b, c, c_stride, accumulate, next); break;
    case 5: wide_block(5, k, a, stride, b, c, c_stride, accumulate, next); break;
    default: wide_block(6, k, a, stride, b, c, c_stride, accumulate, next); break;
    }
  }
}

void bfpo_panel_avx2(size_t m, size_t k, const void *a_, size_t a_stride, const void *panel, size_t columns, float *c,
                     size_t c_stride, int accumulate, struct panel_turn turn) {
  const float *a = a_;
  if (columns == COLUMNS) {
    whole_panel(m, k, a, a_stride, panel, c, c_stride, accumulate);
    return;
  }
  // At the right edge, through memory that has all columns.
  float whole[8 * ROWS][COLUMNS];
  for (size_t row = 0; row < m; row += 8 * ROWS) {
    size_t rows = smaller(8 * ROWS, m - row);
    float *own = c + row * c_stride;
    if (accumulate) {
      memset(whole, 0, sizeof whole);
      for (size_t i = 0; i < rows; i++) memcpy(whole[i], own + i * c_stride, columns * sizeof(float));
    }
    whole_panel(rows, k, a + row * a_stride, a_stride, panel, whole[0], COLUMNS, accumulate);
    for (size_t i = 0; i < rows; i++) memcpy(own + i * c_stride, whole[i], columns * sizeof(float));
  }
}
#endif
