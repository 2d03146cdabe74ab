// What the files of this target share.
#pragma once
#include "CMatrixEngine.h"
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }
INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Functions for AVX2, and for AVX-512 in single precision and with bfloat16.
#define WIDE __attribute__((target("avx2,fma,f16c")))
#define SINGLE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define HALF __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")))

/// Row i from pointers to every third row: with offsets of one and two strides twelve rows are reached from four registers.
#define ROW(pointers, stride, i) ((pointers)[(i) / 3] + ((i) % 3) * (stride))

/// Bytes of an element that products of this engine read.
INLINE size_t element_size(int engine) { return engine == BFPO_ENGINE_AVX2 || engine == BFPO_ENGINE_AVX512 ? 4 : 2; }

/// Columns of a panel: what the sums of one block of rows have registers for.
INLINE size_t panel_columns(int engine) { return engine == BFPO_ENGINE_AVX2 ? BFPO_PANEL / 2 : BFPO_PANEL; }

/// Bytes of one panel of a packed matrix with `depth` rows.
INLINE size_t panel_bytes(int engine, size_t depth) {
  return round_up(depth, BFPO_PANEL) * panel_columns(engine) * element_size(engine);
}

/// Bytes of one block of sixteen packed columns: their scales, their least values, and four- or eight-bit numbers.
INLINE size_t block_bytes(int kind) { return kind == BFPO_BLOCKS_Q8_SCALED ? 32 + 512 : 64 + 256; }

/// Panels of a group, and bytes of a group of depth k: its blocks lie one after another, so that one stream of memory is read.
#define BFPO_BLOCK_PANELS (BFPO_BLOCK_COLUMNS / BFPO_BLOCK_PANEL)
INLINE size_t block_group_bytes(int kind, size_t k) { return k / BFPO_BLOCK * BFPO_BLOCK_PANELS * block_bytes(kind); }

/// How far ahead products with few rows, which are bound by memory, ask for what they will read.
#define BFPO_AHEAD 8192

/// bfloat16 of x: nearest, ties to even; NaN stays NaN.
INLINE uint16_t to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}

/// A thread's scratch memory, aligned to 64 bytes; its contents last until the next call with the same slot.
void *bfpo_scratch(int slot, size_t bytes);

/// Slots of scratch memory: an operand a in the engine's form, and a packed b.
enum { SCRATCH_A, SCRATCH_B, SCRATCH_SLOTS };

/// Where a panel stands among those that the same rows are multiplied by.
struct panel_turn {
  /// The one after it, which should be asked for early; NULL for the last.
  const void *next;
  /// Whether it is the first, so that none has asked for it.
  int is_first;
};

/// One product on operands in the engine's form, for rows and panels that the caller has cut to fit the caches.
///
/// - a: [m, k padded to 32 in half precision], `a_stride` elements from row to row; the AMX engines read rows up to the next
///   multiple of 16, whatever they hold.
typedef void product_function(size_t m, size_t k, const void *a, size_t a_stride, const void *panel, size_t columns,
                              float *c, size_t c_stride, int accumulate, struct panel_turn turn);

product_function bfpo_panel_avx2, bfpo_panel_avx512, bfpo_panel_avx512_bf16, bfpo_panel_amx, bfpo_panel_amx_emulated;

/// a as the engine reads it; the result lies in scratch memory unless a itself will do.
///
/// - a: [m, k], or [k, m] when `transposed`.
/// - stride: of a, and afterwards of the result.
const void *bfpo_operand(int engine, size_t m, size_t k, const float *a, size_t *stride, int transposed);

/// Prepares a thread for AMX products, and ends them.
void bfpo_amx_begin(void);
void bfpo_amx_end(void);
