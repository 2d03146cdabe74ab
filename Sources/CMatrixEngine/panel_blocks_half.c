#include "blocks.h"
#include "transpose.h"

#if defined(__x86_64__)
// Products with weights in blocks, in bfloat16: inputs are rounded, the numbers q of a block are small enough to be exact, and
// scales and sums stay in single precision:
//
//     sum over blocks of d (sum of q x) + m (sum of x)
//
// So a weight costs a table look-up and not a reconstruction, and is not rounded. Up to sixteen rows share the look-up.

/// Rows of a kernel that takes m rows: some kernels take a few more, which are zeros.
INLINE size_t kernel_rows(size_t m) { return m <= 8 ? m : m <= 12 ? 12 : 16; }

/// Rows of one call, and the most sums of sixteen columns that one runs side by side.
#define MOST_ROWS 16
#define MOST_SUMS 16

/// Pairs of a block, and words of a block of inputs for each row: its pairs and its sum.
#define PAIRS (BFPO_BLOCK / 2)
#define INPUT_WORDS (PAIRS + 1)

/// sum += the products of a's pair and of pairs of weights. By hand, because compilers load the pair by an instruction of its own.
HALF INLINE void add_products(__m512 *sum, __m512bh weights, const uint32_t *pair) {
  __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(weights), "m"(*pair));
}

/// bfloat16 of four-bit numbers, twice, for indices of five bits of which the highest is the next number's.
HALF INLINE __m512i half_numbers(int kind) {
  __m512 numbers = four_bit_numbers(kind);
  __m256i halves = (__m256i)_mm512_cvtneps_pbh(numbers);
  return _mm512_inserti64x4(_mm512_castsi256_si512(halves), halves, 1);
}

/// Pairs of eight-bit numbers from sixteen first and sixteen second ones.
HALF INLINE __m512bh eight_bit_pairs(const uint8_t *numbers) {
  __m512i first = (__m512i)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *)numbers)));
  __m512i second = (__m512i)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *)(numbers + 16))));
  // The lower halves are zero.
  return (__m512bh)_mm512_or_si512(_mm512_srli_epi32(first, 16), second);
}

/// `rows` rows of a, of which `m` are real, by `panels` panels of sixteen columns.
///
/// - follows: bytes from a block to the one that is read at this place in the next call, which it asks for; 0 for none.
/// - a: as `bfpo_half_operand` leaves it.
HALF INLINE void half_product(const int kind, const int rows, const int panels, size_t follows, size_t m, size_t k,
                              const uint32_t *a, const uint8_t *packed, size_t columns, float *c, size_t c_stride,
                              int accumulate) {
  const size_t next = block_bytes(kind), step = BFPO_BLOCK_PANELS * next;
  const __m512i numbers = half_numbers(kind);
  // In memory, because the sums of a block leave no registers for them.
  float totals[MOST_SUMS][16] __attribute__((aligned(64)));
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++)
      _mm512_store_ps(totals[i * panels + p],
                      accumulate && (size_t)i < m ? _mm512_maskz_loadu_ps(panel_lanes(columns, p), c + i * c_stride + 16 * p)
                                                  : _mm512_setzero_ps());
  for (size_t block = 0; block < k / BFPO_BLOCK; block++, packed += step) {
    if (follows) prefetch((const char *)packed + follows, panels * next);
    __m512 sums[MOST_ROWS][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) sums[i][p] = _mm512_setzero_ps();
    // A loop, because an unrolled one is reordered until its registers no longer suffice.
#pragma clang loop unroll(disable)
    for (size_t part = 0; part < PAIRS / 4; part++) {
      // Does nothing where the call before has asked.
      prefetch((const char *)packed + BFPO_AHEAD / step * step + part * panels * next / 4, panels * next / 4);
#pragma clang loop unroll(full)
      for (size_t pair = 0; pair < 4; pair++, a += rows) {
        __m512bh weights[4];
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) {
          const uint8_t *own = packed + p * next;
          if (kind == BFPO_BLOCKS_Q8_SCALED) {
            weights[p] = eight_bit_pairs(own + 32 + (part * 4 + pair) * 32);
          } else {
            __m512i words = _mm512_load_si512(own + 64 + part * 64);
            weights[p] = (__m512bh)_mm512_permutexvar_epi16(_mm512_srli_epi16(words, 4 * (unsigned)pair), numbers);
          }
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
          for (int p = 0; p < panels; p++) add_products(&sums[i][p], weights[p], a + i);
      }
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      const uint8_t *own = packed + p * next;
      __m512 scale = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)own));
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        __m512 total = _mm512_load_ps(totals[i * panels + p]);
        if (kind == BFPO_BLOCKS_Q4_AFFINE)
          total = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(own + 32))),
                                  (__m512)_mm512_set1_epi32((int)a[i]), total);
        _mm512_store_ps(totals[i * panels + p], _mm512_fmadd_ps(scale, sums[i][p], total));
      }
    }
    a += rows;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++)
      if ((size_t)i < m)
        _mm512_mask_storeu_ps(c + i * c_stride + 16 * p, panel_lanes(columns, p), _mm512_load_ps(totals[i * panels + p]));
}

/// All panels of a group, `panels` at a time. After those of a call come the next ones of the group, or the first of the next group.
#define PANELS(kind, rows, panels)                                                                                     \
  for (size_t start = 0; start < columns; start += 16 * panels) {                                                      \
    const size_t own = start / BFPO_BLOCK_PANEL, last = first + own + panels;                                          \
    const size_t follows = panels == 4                 ? 0                                                             \
                           : last < BFPO_BLOCK_PANELS ? panels * block_bytes(kind)                                     \
                                                       : block_group_bytes(kind, k) - (first + own) * block_bytes(kind); \
    half_product(kind, rows, panels, follows, m, k, a, packed + own * block_bytes(kind), columns - start, c + start,   \
                 c_stride, accumulate);                                                                                \
  }

/// Up to sixteen rows by up to 64 columns: few rows take more panels, so that enough sums run side by side.
#define KIND(kind, name)                                                                                               \
  HALF static void name(size_t m, size_t k, const void *a_, size_t a_row, const uint8_t *packed, size_t first,         \
                        size_t columns, float *c, size_t c_stride, int accumulate) {                                   \
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
  size_t a_row = k / BFPO_BLOCK * INPUT_WORDS * sizeof(uint32_t);
  bfpo_each_group(&functions, kind, m, k, a, a_row, packed, column, columns, c, c_stride, accumulate);
}

size_t bfpo_half_operand_size(size_t m, size_t k) {
  return round_up(m, MOST_ROWS) * (k / BFPO_BLOCK) * INPUT_WORDS * sizeof(uint32_t);
}

/// Sums of sixteen pairs, each in one row of `pairs` for all lanes; in the order of `_mm512_reduce_add_ps` on a row's pairs.
HALF INLINE __m512 pair_sums(const float pairs[PAIRS][MOST_ROWS], __m512bh ones) {
  __m512 sums[PAIRS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < PAIRS; i++) {
    __m512bh pair = (__m512bh)_mm512_loadu_ps(pairs[i]);
    sums[i] = _mm512_dpbf16_ps(_mm512_setzero_ps(), pair, ones);
  }
  for (size_t width = PAIRS / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < width; i++) sums[i] = _mm512_add_ps(sums[i], sums[i + width]);
  return sums[0];
}

/// Thirty-two inputs of a row as pairs.
HALF INLINE __m512bh row_pairs(const float *from) {
  return _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
}

HALF void bfpo_half_operand(size_t m, size_t k, const float *a, size_t stride, void *out) {
  const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
  for (size_t first = 0; first < m; first += MOST_ROWS) {
    size_t own = smaller(MOST_ROWS, m - first), rows = kernel_rows(own);
    uint32_t *to = (uint32_t *)out + first * (k / BFPO_BLOCK) * INPUT_WORDS;
    for (size_t block = 0; block < k; block += BFPO_BLOCK, to += rows * INPUT_WORDS) {
      const float *from = a + first * stride + block;
      if (rows == 1) {
        __m512bh pairs = row_pairs(from);
        float sum = _mm512_reduce_add_ps(_mm512_dpbf16_ps(_mm512_setzero_ps(), pairs, ones));
        memcpy(to, &pairs, sizeof pairs);
        memcpy(to + PAIRS, &sum, sizeof sum);
        continue;
      }
      float pairs[MOST_ROWS][PAIRS] = {{0}}, transposed[PAIRS][MOST_ROWS];
      for (size_t i = 0; i < own; i++) _mm512_storeu_ps(pairs[i], (__m512)row_pairs(from + i * stride));
      transpose_block(pairs[0], PAIRS, transposed[0], MOST_ROWS);
      for (size_t pair = 0; pair < PAIRS; pair++) memcpy(to + pair * rows, transposed[pair], rows * sizeof *to);
      __m512 sums = pair_sums(transposed, ones);
      memcpy(to + PAIRS * rows, &sums, rows * sizeof *to);
    }
  }
}
#else
void bfpo_half_block_products(int kind, size_t m, size_t k, const void *a, const void *packed, size_t column,
                              size_t columns, float *c, size_t c_stride, int accumulate) {}
size_t bfpo_half_operand_size(size_t m, size_t k) { return 0; }
void bfpo_half_operand(size_t m, size_t k, const float *a, size_t stride, void *out) {}
#endif
