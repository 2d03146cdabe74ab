#include "blocks.h"

size_t bfpo_blocks_size(int kind, size_t k, size_t n) {
  // Products read words a few bytes beyond the last.
  return round_up(n, BFPO_BLOCK_COLUMNS) / BFPO_BLOCK_COLUMNS * block_group_bytes(kind, k) + 64;
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
/// Single precision reads sixteen columns of one k at a time. Half precision reads eight columns of two neighbouring k, which lie
/// one after another: first the lower eight columns, then the upper.
static void place(int kind, int half, const uint8_t *block, size_t column, uint8_t *out) {
  memcpy(out + 2 * column, block, 2);
  const size_t lane = half ? column % 8 * 2 : column, upper = half ? column / 8 : 0;
  if (kind == BFPO_BLOCKS_Q8_SCALED) {
    for (size_t i = 0; i < BFPO_BLOCK; i++) {
      size_t at = half ? i / 2 * 32 + upper * 16 + lane + i % 2 : i * BFPO_BLOCK_PANEL + lane;
      out[32 + at] = block[2 + i];
    }
    return;
  }
  const uint8_t *numbers = block + 2;
  if (kind == BFPO_BLOCKS_Q4_AFFINE) {
    memcpy(out + 32 + 2 * column, numbers, 2);
    numbers += 2;
  }
  // A lane's word holds eight numbers: of an octet of k, or of every other k of sixteen.
  for (size_t word = 0; word < BFPO_BLOCK / 8; word++) {
    uint32_t value = 0;
    size_t first = half ? word / 2 * 16 + word % 2 : word * 8, step = half ? 2 : 1;
    for (size_t i = 0; i < 8; i++) value |= nibble(numbers, first + i * step) << (4 * i);
    size_t at = half ? word / 2 * 128 + upper * 64 + 4 * (lane + word % 2) : word * 64 + 4 * lane;
    memcpy(out + 64 + at, &value, 4);
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
      run(smaller(functions->rows, m - row), k, (const char *)a + row * a_row, a_row, own, width,
          c + row * c_stride + start, c_stride, accumulate);
  }
}

void bfpo_prefetch_blocks(int kind, size_t k, const void *packed, size_t column) {
#if defined(__x86_64__)
  size_t bytes = block_group_bytes(kind, k);
  const char *start = (const char *)packed + column / BFPO_BLOCK_COLUMNS * bytes;
  for (size_t line = 0; line < smaller(BFPO_AHEAD, bytes); line += 64) _mm_prefetch(start + line, _MM_HINT_T0);
#endif
}
