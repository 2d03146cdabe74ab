#include "engine.h"

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
static void place(int kind, const uint8_t *block, size_t column, uint8_t *out) {
  memcpy(out + 2 * column, block, 2);
  if (kind == BFPO_BLOCKS_Q8_SCALED) {
    for (size_t i = 0; i < BFPO_BLOCK; i++) out[32 + i * BFPO_BLOCK_PANEL + column] = block[2 + i];
    return;
  }
  const uint8_t *numbers = block + 2;
  if (kind == BFPO_BLOCKS_Q4_AFFINE) {
    memcpy(out + 32 + 2 * column, numbers, 2);
    numbers += 2;
  }
  for (size_t octet = 0; octet < BFPO_BLOCK / 8; octet++) {
    uint32_t word = 0;
    for (size_t i = 0; i < 8; i++) word |= nibble(numbers, octet * 8 + i) << (4 * i);
    memcpy(out + 64 + octet * 64 + 4 * column, &word, 4);
  }
}

void bfpo_pack_blocks(int kind, const uint8_t *rows, const uint32_t *order, size_t k, size_t n, void *packed) {
  size_t blocks = k / BFPO_BLOCK, stored = stored_bytes(kind), size = block_bytes(kind);
  memset(packed, 0, bfpo_blocks_size(kind, k, n));
  for (size_t column = 0; column < n; column++) {
    size_t row = order ? order[column] : column, panel = column % BFPO_BLOCK_COLUMNS / BFPO_BLOCK_PANEL;
    uint8_t *out = (uint8_t *)packed + column / BFPO_BLOCK_COLUMNS * block_group_bytes(kind, k) + panel * size;
    for (size_t b = 0; b < blocks; b++)
      place(kind, rows + (row * blocks + b) * stored, column % BFPO_BLOCK_PANEL, out + b * BFPO_BLOCK_PANELS * size);
  }
}

void bfpo_pause(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
