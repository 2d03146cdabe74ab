#include "engine.h"

// AMX as its manual describes it, in plain C: what the tile loops are tested with on processors without tiles.

static _Thread_local uint8_t tiles[8][16][64];

static void load(int tile, const void *base, size_t stride) {
  for (size_t row = 0; row < 16; row++) memcpy(tiles[tile][row], (const char *)base + row * stride, 64);
}

static void store(int tile, void *base, size_t stride) {
  for (size_t row = 0; row < 16; row++) memcpy((char *)base + row * stride, tiles[tile][row], 64);
}

static float half(const uint8_t *bytes) {
  uint16_t bits;
  memcpy(&bits, bytes, 2);
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

/// TDPBF16PS: c[m][n] += a[m][2k] b[k][2n] + a[m][2k + 1] b[k][2n + 1].
static void multiply(int c, int a, int b) {
  for (size_t m = 0; m < 16; m++)
    for (size_t n = 0; n < 16; n++) {
      float sum;
      memcpy(&sum, tiles[c][m] + 4 * n, 4);
      for (size_t k = 0; k < 16; k++) {
        sum += half(tiles[a][m] + 4 * k) * half(tiles[b][k] + 4 * n);
        sum += half(tiles[a][m] + 4 * k + 2) * half(tiles[b][k] + 4 * n + 2);
      }
      memcpy(tiles[c][m] + 4 * n, &sum, 4);
    }
}

#define TARGET
#define TILE_ZERO(tile) memset(tiles[tile], 0, sizeof tiles[tile])
#define TILE_LOAD(tile, base, stride) load(tile, base, stride)
#define TILE_STORE(tile, base, stride) store(tile, base, stride)
#define TILE_PRODUCT(c, a, b) multiply(c, a, b)
#define PANEL_FUNCTION bfpo_panel_amx_emulated
#include "panel_amx.inc"
