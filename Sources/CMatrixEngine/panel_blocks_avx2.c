#include "blocks.h"

#if defined(__x86_64__)
// The products of panel_blocks.c on registers of eight numbers: the same weights, rounded once, and the same chains of sums. One
// row keeps its weights in registers; more rows share the weights of a panel, which are rebuilt in the first-level cache.

/// Rows of b that are rebuilt at a time, a multiple of a block.
#define DEPTH 256

/// The scales of eight columns, and their least values.
struct scales {
  __m256 scale, least;
};

WIDE INLINE struct scales scales_of(const int kind, const uint8_t *block, const int half) {
  struct scales s = {_mm256_cvtph_ps(_mm_load_si128((const __m128i *)block + half)), _mm256_setzero_ps()};
  if (kind == BFPO_BLOCKS_Q4_AFFINE) s.least = _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(block + 32) + half));
  return s;
}

/// The words of four-bit numbers of eight columns in an octet of k. Numbers that are stored with eight added become signed ones.
WIDE INLINE __m256i octet_words(const int kind, const uint8_t *block, size_t octet, const int half) {
  if (kind == BFPO_BLOCKS_Q8_SCALED) return _mm256_setzero_si256();
  __m256i words = _mm256_load_si256((const __m256i *)(block + 64 + octet * 64) + half);
  return kind == BFPO_BLOCKS_Q4_SCALED ? _mm256_xor_si256(words, _mm256_set1_epi32((int)0x88888888)) : words;
}

/// Weights of eight columns for number i of an octet of k.
WIDE INLINE __m256 wide_weights(const int kind, const uint8_t *block, __m256i words, struct scales s, size_t octet,
                                const int i, const int half) {
  if (kind == BFPO_BLOCKS_Q8_SCALED) {
    const uint8_t *bytes = block + 32 + (octet * 8 + (size_t)i) * 16 + 8 * half;
    return _mm256_mul_ps(s.scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)bytes))));
  }
  if (kind == BFPO_BLOCKS_Q4_SCALED)
    return _mm256_mul_ps(s.scale, _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(words, 28 - 4 * i), 28)));
  __m256i numbers = _mm256_and_si256(_mm256_srli_epi32(words, 4 * i), _mm256_set1_epi32(15));
  return _mm256_fmadd_ps(s.scale, _mm256_cvtepi32_ps(numbers), s.least);
}

/// One block of sixteen columns as floats, [32][16].
WIDE INLINE void rebuild_block(const int kind, const uint8_t *block, float *out) {
  struct scales s[2] = {scales_of(kind, block, 0), scales_of(kind, block, 1)};
  for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
    __m256i words[2] = {octet_words(kind, block, octet, 0), octet_words(kind, block, octet, 1)};
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++, out += BFPO_BLOCK_PANEL)
#pragma clang loop unroll(full)
      for (int half = 0; half < 2; half++)
        _mm256_store_ps(out + 8 * half, wide_weights(kind, block, words[half], s[half], octet, i, half));
  }
}

/// Several rows by up to a group of columns.
WIDE INLINE void shared_weights(const int kind, size_t m, size_t k, const float *a, size_t stride, const uint8_t *packed,
                                size_t columns, float *c, size_t c_stride, int accumulate) {
  const size_t size = block_bytes(kind);
  float weights[DEPTH * BFPO_BLOCK_PANEL] __attribute__((aligned(64)));
  for (size_t start = 0; start < k; start += DEPTH) {
    size_t depth = smaller(DEPTH, k - start);
    for (size_t column = 0; column < columns; column += BFPO_BLOCK_PANEL) {
      const uint8_t *block = packed + start / BFPO_BLOCK * BFPO_BLOCK_PANELS * size + column / BFPO_BLOCK_PANEL * size;
      for (size_t row = 0; row < depth; row += BFPO_BLOCK, block += BFPO_BLOCK_PANELS * size) {
        prefetch(block + BFPO_AHEAD, size);
        rebuild_block(kind, block, weights + row * BFPO_BLOCK_PANEL);
      }
      bfpo_panel_avx2(m, depth, a + start, stride, weights, smaller(BFPO_BLOCK_PANEL, columns - column), c + column,
                      c_stride, accumulate || start > 0, (struct panel_turn){NULL, 0});
    }
  }
}

/// One row by `panels` panels.
WIDE INLINE void one_row(const int kind, const int panels, size_t k, const float *a, const uint8_t *packed,
                         size_t columns, float *c, int accumulate) {
  const size_t size = block_bytes(kind);
  float whole[BFPO_BLOCK_COLUMNS] = {0};
  if (accumulate) memcpy(whole, c, smaller(columns, (size_t)panels * 16) * sizeof(float));
  __m256 sums[8];
#pragma clang loop unroll(full)
  for (int p = 0; p < 2 * panels; p++) sums[p] = _mm256_loadu_ps(whole + 8 * p);
  for (size_t row = 0; row < k; row += BFPO_BLOCK, packed += BFPO_BLOCK_PANELS * size, a += BFPO_BLOCK) {
    struct scales s[8];
#pragma clang loop unroll(full)
    for (int p = 0; p < 2 * panels; p++) s[p] = scales_of(kind, packed + p / 2 * size, p % 2);
    for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
      prefetch(packed + BFPO_AHEAD + octet * panels * size / 4, panels * size / 4);
      __m256i words[8];
#pragma clang loop unroll(full)
      for (int p = 0; p < 2 * panels; p++) words[p] = octet_words(kind, packed + p / 2 * size, octet, p % 2);
#pragma clang loop unroll(full)
      for (int i = 0; i < 8; i++) {
        __m256 value = _mm256_broadcast_ss(a + octet * 8 + i);
#pragma clang loop unroll(full)
        for (int p = 0; p < 2 * panels; p++)
          sums[p] = _mm256_fmadd_ps(
              value, wide_weights(kind, packed + p / 2 * size, words[p], s[p], octet, i, p % 2), sums[p]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < 2 * panels; p++) _mm256_storeu_ps(whole + 8 * p, sums[p]);
  memcpy(c, whole, smaller(columns, (size_t)panels * 16) * sizeof(float));
}

#define KIND(kind, name)                                                                                               \
  WIDE static void name(size_t m, size_t k, const void *a_, size_t a_row, const uint8_t *packed, size_t first,         \
                        size_t columns, float *c, size_t c_stride, int accumulate) {                                   \
    const float *a = a_;                                                                                               \
    if (m > 1) shared_weights(kind, m, k, a, a_row / sizeof(float), packed, columns, c, c_stride, accumulate);         \
    else if (columns > 32) one_row(kind, 4, k, a, packed, columns, c, accumulate);                                     \
    else one_row(kind, 2, k, a, packed, columns, c, accumulate);                                                       \
  }

KIND(BFPO_BLOCKS_Q4_SCALED, q4_scaled)
KIND(BFPO_BLOCKS_Q4_AFFINE, q4_affine)
KIND(BFPO_BLOCKS_Q8_SCALED, q8_scaled)

/// Rows of a product at once: as many as find their inputs in the second-level cache.
const struct block_functions bfpo_blocks_avx2 = {q4_scaled, q4_affine, q8_scaled, 48};
#endif
