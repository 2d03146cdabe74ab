#include "blocks.h"
#include "transpose.h"

#if defined(__x86_64__)
// Products with weights in blocks, operands rounded to bfloat16: the weights as they are rebuilt, two neighbours at a time, as
// the AVX512-BF16 engine has them packed. The sums run in its order, so that the bits are the same.
//
// To unpack a weight costs as much as to multiply it by eight rows, so up to sixteen rows share it.

/// Rows of a kernel that takes m rows: some kernels take a few more, which are zeros.
INLINE size_t kernel_rows(size_t m) { return m <= 8 ? m : m <= 12 ? 12 : 16; }

/// Rows of one call.
#define MOST_ROWS 16

/// sum += the products of a's pair and of pairs of weights. By hand, because compilers load the pair by an instruction of its own.
HALF INLINE void add_products(__m512 *sum, __m512bh weights, const uint32_t *pair) {
  __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(weights), "m"(*pair));
}

/// `rows` rows of a, of which `m` are real, by `panels` panels of sixteen columns.
///
/// - lead: panels that it brings near for itself and those that come after it; 0 when they are near already.
/// - a: [k / 2][rows] pairs.
HALF INLINE void half_product(const int kind, const int rows, const int panels, const int lead, size_t m, size_t k,
                              const uint32_t *a, const uint8_t *packed, size_t columns, float *c, size_t c_stride,
                              int accumulate) {
  const size_t next = block_bytes(kind);
  const __m512 numbers = four_bit_numbers(kind);
  // A lane pair has one column: eight columns to a register.
  const __m512i lower = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512i upper = _mm512_add_epi32(lower, _mm512_set1_epi32(8));
  __m512 sums[MOST_ROWS][4];
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      sums[i][p] = accumulate && (size_t)i < m ? _mm512_maskz_loadu_ps(panel_lanes(columns, p), c + i * c_stride + 16 * p)
                                               : _mm512_setzero_ps();
  for (size_t block = 0; block < k / BFPO_BLOCK; block++, packed += BFPO_BLOCK_PANELS * next) {
    __m512 scale[4][2], least[4][2];
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      const uint8_t *own = packed + p * next;
      __m512 scales = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)own)), leasts = _mm512_setzero_ps();
      if (kind == BFPO_BLOCKS_Q4_AFFINE) leasts = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(own + 32)));
      scale[p][0] = _mm512_permutexvar_ps(lower, scales), scale[p][1] = _mm512_permutexvar_ps(upper, scales);
      least[p][0] = _mm512_permutexvar_ps(lower, leasts), least[p][1] = _mm512_permutexvar_ps(upper, leasts);
    }
    for (size_t part = 0; part < 2; part++) {
      prefetch((const char *)packed + BFPO_AHEAD + part * lead * next / 2, lead * next / 2);
      // A loop, because an unrolled one is reordered until its registers no longer suffice.
#pragma clang loop unroll(disable)
      for (size_t byte = 0; byte < 4; byte++) {
#pragma clang loop unroll(full)
        for (size_t nibble = 0; nibble < 2; nibble++, a += rows) {
          __m512bh weights[4];
#pragma clang loop unroll(full)
          for (int p = 0; p < panels; p++) {
            const uint8_t *own = packed + p * next;
            __m512 side[2];
#pragma clang loop unroll(full)
            for (int s = 0; s < 2; s++) {
              if (kind == BFPO_BLOCKS_Q8_SCALED) {
                side[s] = eight_bit_weights(own + 32 + (part * 8 + byte * 2 + nibble) * 32 + s * 16, scale[p][s]);
              } else {
                // Memory from a later byte on is words shifted by it.
                __m512i words = _mm512_loadu_si512(own + 64 + part * 128 + s * 64 + byte);
                if (nibble > 0) words = _mm512_srli_epi32(words, 4);
                side[s] = four_bit_weights(kind, words, numbers, scale[p][s], least[p][s]);
              }
            }
            weights[p] = _mm512_cvtne2ps_pbh(side[1], side[0]);
          }
#pragma clang loop unroll(full)
          for (int row = 0; row < rows; row++)
#pragma clang loop unroll(full)
            for (int p = 0; p < panels; p++) add_products(&sums[row][p], weights[p], a + row);
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < panels; p++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      if ((size_t)i < m) _mm512_mask_storeu_ps(c + i * c_stride + 16 * p, panel_lanes(columns, p), sums[i][p]);
}

/// All panels of a group, `panels` at a time; the first call brings the others' memory near.
#define PANELS(kind, rows, panels)                                                                                     \
  {                                                                                                                    \
    half_product(kind, rows, panels, 4, m, k, a, packed, columns, c, c_stride, accumulate);                            \
    for (size_t start = 16 * panels; start < columns; start += 16 * panels)                                            \
      half_product(kind, rows, panels, 0, m, k, a, packed + start / BFPO_BLOCK_PANEL * block_bytes(kind),              \
                   columns - start, c + start, c_stride, accumulate);                                                  \
  }

/// Up to sixteen rows by up to 64 columns: few rows take more panels, so that enough sums run side by side.
#define KIND(kind, name)                                                                                               \
  HALF static void name(size_t m, size_t k, const void *a_, size_t a_row, const uint8_t *packed, size_t columns,       \
                        float *c, size_t c_stride, int accumulate) {                                                   \
    const uint32_t *a = a_;                                                                                            \
    switch (kernel_rows(m)) {                                                                                          \
    case 1:                                                                                                            \
      if (columns > 32) PANELS(kind, 1, 4) else PANELS(kind, 1, 2)                                                     \
      break;                                                                                                           \
    case 2:                                                                                                            \
      if (columns > 32) PANELS(kind, 2, 4) else PANELS(kind, 2, 2)                                                     \
      break;                                                                                                           \
    case 3: PANELS(kind, 3, 2) break;                                                                                  \
    case 4: PANELS(kind, 4, 2) break;                                                                                  \
    case 5: PANELS(kind, 5, 2) break;                                                                                  \
    case 6: PANELS(kind, 6, 2) break;                                                                                  \
    case 7: PANELS(kind, 7, 2) break;                                                                                  \
    case 8: PANELS(kind, 8, 2) break;                                                                                  \
    case 12: PANELS(kind, 12, 1) break;                                                                                \
    default: PANELS(kind, 16, 1)                                                                                       \
    }                                                                                                                  \
  }

KIND(BFPO_BLOCKS_Q4_SCALED, q4_scaled)
KIND(BFPO_BLOCKS_Q4_AFFINE, q4_affine)
KIND(BFPO_BLOCKS_Q8_SCALED, q8_scaled)

void bfpo_half_block_products(int kind, size_t m, size_t k, const void *a, const void *packed, size_t column,
                              size_t columns, float *c, size_t c_stride, int accumulate) {
  static const struct block_functions functions = {q4_scaled, q4_affine, q8_scaled, MOST_ROWS};
  bfpo_each_group(&functions, kind, m, k, a, k * sizeof(uint16_t), packed, column, columns, c, c_stride, accumulate);
}

size_t bfpo_half_operand_size(size_t m, size_t k) { return round_up(m, MOST_ROWS) * k * sizeof(uint16_t); }

HALF void bfpo_half_operand(size_t m, size_t k, const float *a, size_t stride, void *out) {
  for (size_t first = 0; first < m; first += MOST_ROWS) {
    size_t own = smaller(MOST_ROWS, m - first), rows = kernel_rows(own);
    uint32_t *to = (uint32_t *)out + first * k / 2;
    for (size_t block = 0; block < k; block += BFPO_BLOCK, to += rows * BFPO_BLOCK / 2) {
      float pairs[MOST_ROWS][16] = {{0}}, transposed[16][MOST_ROWS];
      for (size_t i = 0; i < own; i++) {
        const float *from = a + (first + i) * stride + block;
        __m512bh half = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
        _mm512_storeu_ps(pairs[i], (__m512)half);
      }
      if (rows == 1) {
        memcpy(to, pairs[0], sizeof pairs[0]);
        continue;
      }
      transpose_block(pairs[0], 16, transposed[0], MOST_ROWS);
      for (size_t pair = 0; pair < BFPO_BLOCK / 2; pair++) memcpy(to + pair * rows, transposed[pair], rows * sizeof *to);
    }
  }
}
#else
void bfpo_half_block_products(int kind, size_t m, size_t k, const void *a, const void *packed, size_t column,
                              size_t columns, float *c, size_t c_stride, int accumulate) {}
size_t bfpo_half_operand_size(size_t m, size_t k) { return 0; }
void bfpo_half_operand(size_t m, size_t k, const float *a, size_t stride, void *out) {}
#endif
