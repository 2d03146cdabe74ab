#include "engine.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512dq,avx512bw")))
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_LOAD(tile, base, stride) _tile_loadd(tile, base, stride)
#define TILE_STORE(tile, base, stride) _tile_stored(tile, base, stride)
#define TILE_PRODUCT(c, a, b) _tile_dpbf16ps(c, a, b)
#define PANEL_FUNCTION bfpo_panel_amx
#include "panel_amx.inc"

struct tile_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} __attribute__((aligned(64)));

TARGET void bfpo_amx_begin(void) {
  struct tile_configuration configuration = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.row_bytes[tile] = 64;
    configuration.rows[tile] = 16;
  }
  // Some compilers do not see that the instruction reads the structure, and drop the stores above.
  __asm__ volatile("" : : "r"(&configuration) : "memory");
  _tile_loadconfig(&configuration);
}

TARGET void bfpo_amx_end(void) { _tile_release(); }
#endif
