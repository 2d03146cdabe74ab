#include "blocks.h"

size_t bfpo_blocks_size(int kind, size_t k, size_t n) {
  return round_up(n, BFPO_BLOCK_COLUMNS) / BFPO_BLOCK_COLUMNS * block_group_bytes(kind, k);
}

/// Bytes of a block of thirty-two elements in a model file.
static size_t stored_bytes(int kind) {
  switch (kind) {
  case BFPO_BLOCKS_Q4_SCALED: return 18;
  case BFPO_BLOCKS_Q4_AFFINE: return 20;
  default: return 34;
  }
}

/// Element i of four-bit numbers: the low half of byte i, then the high half of byte i - 16.
static uint32_t nibble(const uint8_t *bytes, size_t i) { return i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4; }

/// One block of one column into the block of sixteen columns that `out` points to.
///
/// Single precision reads sixteen columns of one k at a time; half precision sixteen columns of two neighbouring k.
static void place(int kind, int half, const uint8_t *block, size_t column, uint8_t *out) {
  memcpy(out + 2 * column, block, 2);
  if (kind == BFPO_BLOCKS_Q8_SCALED) {
    // In both orders: the two k of a pair lie one after another.
    for (size_t i = 0; i < BFPO_BLOCK; i++) out[32 + i * BFPO_BLOCK_PANEL + column] = block[2 + i];
    return;
  }
  const uint8_t *numbers = block + 2;
  if (kind == BFPO_BLOCKS_Q4_AFFINE) {
    memcpy(out + 32 + 2 * column, numbers, 2);
    numbers += 2;
  }
  // A line of memory holds an octet of k: eight numbers in a column's word, or four pairs, of which the lower half of the word
  // holds the first numbers and the upper half the second ones.
  for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
    uint32_t word = 0;
    for (size_t i = 0; i < 8; i++) word |= nibble(numbers, octet * 8 + i) << 4 * (half ? i / 2 + i % 2 * 4 : i);
    memcpy(out + 64 + octet * 64 + 4 * column, &word, 4);
  }
}

void bfpo_pack_blocks(int kind, int half, const uint8_t *rows, const uint32_t *order, size_t k, size_t n,
                      void *packed) {
  size_t blocks = k / BFPO_BLOCK, stored = stored_bytes(kind), size = block_bytes(kind);
  memset(packed, 0, bfpo_blocks_size(kind, k, n));
  for (size_t column = 0; column < n; column++) {
    size_t row = order ? order[column] : column, panel = column % BFPO_BLOCK_COLUMNS / BFPO_BLOCK_PANEL;
    uint8_t *out = (uint8_t *)packed + column / BFPO_BLOCK_COLUMNS * block_group_bytes(kind, k) + panel * size;
    for (size_t b = 0; b < blocks; b++)
      place(kind, half, rows + (row * blocks + b) * stored, column % BFPO_BLOCK_PANEL, out + b * BFPO_BLOCK_PANELS * size);
  }
}

void bfpo_each_group(const struct block_functions *functions, int kind, size_t m, size_t k, const void *a, size_t a_row,
                     const void *packed, size_t column, size_t columns, float *c, size_t c_stride, int accumulate) {
  block_function *run = kind == BFPO_BLOCKS_Q4_SCALED   ? functions->q4_scaled
                        : kind == BFPO_BLOCKS_Q4_AFFINE ? functions->q4_affine
                                                        : functions->q8_scaled;
  for (size_t start = 0, width; start < columns; start += width) {
    size_t within = (column + start) % BFPO_BLOCK_COLUMNS;
    width = smaller(BFPO_BLOCK_COLUMNS - within, columns - start);
    const uint8_t *own = (const uint8_t *)packed + (column + start) / BFPO_BLOCK_COLUMNS * block_group_bytes(kind, k) +
                         within / BFPO_BLOCK_PANEL * block_bytes(kind);
    for (size_t row = 0; row < m; row += functions->rows)
      run(smaller(functions->rows, m - row), k, (const char *)a + row * a_row, a_row, own,
          within / BFPO_BLOCK_PANEL, width, c + row * c_stride + start, c_stride, accumulate);
  }
}

void bfpo_block_products(int engine, int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed,
                         size_t column, size_t columns, float *c, size_t c_stride, int accumulate) {
#if defined(__x86_64__)
  const struct block_functions *functions = engine == BFPO_ENGINE_AVX2 ? &bfpo_blocks_avx2 : &bfpo_blocks_avx512;
  bfpo_each_group(functions, kind, m, k, a, stride * sizeof(float), packed, column, columns, c, c_stride, accumulate);
#endif
}

void bfpo_prefetch_blocks(int kind, size_t k, const void *packed, size_t column) {
#if defined(__x86_64__)
  size_t bytes = block_group_bytes(kind, k);
  const char *start = (const char *)packed + column / BFPO_BLOCK_COLUMNS * bytes;
  for (size_t line = 0; line < smaller(BFPO_AHEAD, bytes); line += 64) __builtin_prefetch(start + line);
#endif
}
