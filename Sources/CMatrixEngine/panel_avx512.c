#include "engine.h"

#if defined(__x86_64__)
#include <immintrin.h>

// A block of up to twelve rows by one panel keeps its sums in twenty-four registers. The two kernels differ in what one step
// along k is: one row of b and a broadcast float, or two rows interleaved and a broadcast pair of halves.

#define ROWS 12

/// Masks of the panel's two halves for `columns` columns.
#define MASKS(columns)                                                                                                 \
  __mmask16 low = (columns) >= 16 ? 0xffff : (__mmask16)((1u << (columns)) - 1);                                       \
  __mmask16 high = (columns) <= 16 ? 0 : (columns) >= 32 ? 0xffff : (__mmask16)((1u << ((columns) - 16)) - 1);

/// The sums of a block, from c or from zero.
#define BEGIN_SUMS                                                                                                     \
  MASKS(columns)                                                                                                       \
  __m512 sums[ROWS][2];                                                                                                \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                                                  \
    sums[i][0] = accumulate ? _mm512_maskz_loadu_ps(low, c + i * c_stride) : _mm512_setzero_ps();                      \
    sums[i][1] = accumulate ? _mm512_maskz_loadu_ps(high, c + i * c_stride + 16) : _mm512_setzero_ps();                \
  }

#define END_SUMS                                                                                                       \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                                                  \
    _mm512_mask_storeu_ps(c + i * c_stride, low, sums[i][0]);                                                          \
    _mm512_mask_storeu_ps(c + i * c_stride + 16, high, sums[i][1]);                                                    \
  }

/// What a block asks memory for while it computes.
struct requests {
  /// Bytes ahead in its own panel; 0 when that is there already.
  size_t ahead;
  /// The sums of the block below, or of the first one of the next panel.
  const float *sums;
  /// A part of the next panel, and how many cache lines of it for each of its own rows.
  const char *next;
  size_t lines;
};

/// Asks for one row's share: little at a time, lest the operands wait behind it.
#define ASK(wanted)                                                                                                    \
  if (accumulate) {                                                                                                    \
    __builtin_prefetch(wanted.sums, 1);                                                                                \
    __builtin_prefetch(wanted.sums + 16, 1);                                                                           \
    wanted.sums += c_stride;                                                                                           \
  }                                                                                                                    \
  for (size_t line = 0; line < wanted.lines; line++, wanted.next += 64) __builtin_prefetch(wanted.next);

#define ASK_AHEAD(b, wanted)                                                                                           \
  __builtin_prefetch((const char *)(b) + wanted.ahead);                                                                \
  __builtin_prefetch((const char *)(b) + wanted.ahead + 64);

SINGLE INLINE void single_block(const int rows, size_t k, const float *a, size_t stride, const float *b,
                                size_t columns, float *c, size_t c_stride, int accumulate, struct requests wanted) {
  BEGIN_SUMS
  const float *at[4] = {a, a + 3 * stride, a + 6 * stride, a + 9 * stride};
  for (size_t p = 0, part = k / ROWS + 1; p < k;) {
    ASK(wanted)
    for (size_t end = smaller(p + part, k); p < end; p++) {
      ASK_AHEAD(b + p * BFPO_PANEL, wanted)
      __m512 b0 = _mm512_load_ps(b + p * BFPO_PANEL), b1 = _mm512_load_ps(b + p * BFPO_PANEL + 16);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        __m512 value = _mm512_set1_ps(ROW(at, stride, i)[p]);
        sums[i][0] = _mm512_fmadd_ps(value, b0, sums[i][0]);
        sums[i][1] = _mm512_fmadd_ps(value, b1, sums[i][1]);
      }
    }
  }
  END_SUMS
}

HALF INLINE void half_block(const int rows, size_t pairs, const uint32_t *a, size_t stride, const float *b,
                            size_t columns, float *c, size_t c_stride, int accumulate, struct requests wanted) {
  BEGIN_SUMS
  const uint32_t *at[4] = {a, a + 3 * stride, a + 6 * stride, a + 9 * stride};
  for (size_t p = 0, part = pairs / ROWS + 1; p < pairs;) {
    ASK(wanted)
    for (size_t end = smaller(p + part, pairs); p < end; p++) {
      ASK_AHEAD(b + p * BFPO_PANEL, wanted)
      __m512bh b0 = (__m512bh)_mm512_load_ps(b + p * BFPO_PANEL);
      __m512bh b1 = (__m512bh)_mm512_load_ps(b + p * BFPO_PANEL + 16);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        __m512bh value = (__m512bh)_mm512_set1_epi32((int)ROW(at, stride, i)[p]);
        sums[i][0] = _mm512_dpbf16_ps(sums[i][0], value, b0);
        sums[i][1] = _mm512_dpbf16_ps(sums[i][1], value, b1);
      }
    }
  }
  END_SUMS
}

/// Runs a block with its number of rows as a constant.
#define DISPATCH(block, rows, ...)                                                                                     \
  switch (rows) {                                                                                                      \
  case 1: block(1, __VA_ARGS__); break;                                                                                \
  case 2: block(2, __VA_ARGS__); break;                                                                                \
  case 3: block(3, __VA_ARGS__); break;                                                                                \
  case 4: block(4, __VA_ARGS__); break;                                                                                \
  case 5: block(5, __VA_ARGS__); break;                                                                                \
  case 6: block(6, __VA_ARGS__); break;                                                                                \
  case 7: block(7, __VA_ARGS__); break;                                                                                \
  case 8: block(8, __VA_ARGS__); break;                                                                                \
  case 9: block(9, __VA_ARGS__); break;                                                                                \
  case 10: block(10, __VA_ARGS__); break;                                                                              \
  case 11: block(11, __VA_ARGS__); break;                                                                              \
  default: block(12, __VA_ARGS__); break;                                                                              \
  }

/// Blocks among which the next panel's lines are shared out; with fewer, requests would come too thick, and each panel asks ahead.
#define FEWEST_BLOCKS 3

/// Runs `block` on every twelve rows.
///
/// - steps: along k; a panel has two cache lines a step.
#define EACH_BLOCK(block, type, steps, stride)                                                                         \
  size_t blocks = (m + ROWS - 1) / ROWS, shares = blocks * ROWS;                                                       \
  int is_shared = blocks >= FEWEST_BLOCKS;                                                                             \
  struct requests wanted = {turn.is_first || !is_shared ? BFPO_AHEAD : 0, c, turn.next, 0};                            \
  if (turn.next && is_shared) wanted.lines = (2 * (steps) + shares - 1) / shares;                                      \
  for (size_t row = 0; row < m; row += ROWS) {                                                                         \
    wanted.sums = c + (row + ROWS < m ? (row + ROWS) * c_stride : BFPO_PANEL);                                         \
    DISPATCH(block, m - row, steps, (const type *)a + row * (stride), stride, panel, columns, c + row * c_stride,      \
             c_stride, accumulate, wanted)                                                                             \
    wanted.ahead = 0;                                                                                                  \
    wanted.next += ROWS * wanted.lines * 64;                                                                           \
  }

SINGLE void bfpo_panel_avx512(size_t m, size_t k, const void *a, size_t a_stride, const void *panel, size_t columns,
                              float *c, size_t c_stride, int accumulate, struct panel_turn turn) {
  EACH_BLOCK(single_block, float, k, a_stride)
}

HALF void bfpo_panel_avx512_bf16(size_t m, size_t k, const void *a, size_t a_stride, const void *panel, size_t columns,
                                 float *c, size_t c_stride, int accumulate, struct panel_turn turn) {
  size_t stride = a_stride / 2, pairs = round_up(k, BFPO_PANEL) / 2;
  EACH_BLOCK(half_block, uint32_t, pairs, stride)
}
#endif
