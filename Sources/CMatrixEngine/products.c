#include "engine.h"

/// Bytes of a's rows that stay in the second-level cache while panels pass by.
#define RESIDENT_BYTES (384 << 10)

static product_function *panel_function(int engine) {
  switch (engine) {
#if defined(__x86_64__)
  case BFPO_ENGINE_AVX2: return bfpo_panel_avx2;
  case BFPO_ENGINE_AVX512: return bfpo_panel_avx512;
  case BFPO_ENGINE_AVX512_BF16: return bfpo_panel_avx512_bf16;
  case BFPO_ENGINE_AMX: return bfpo_panel_amx;
#endif
  default: return bfpo_panel_amx_emulated;
  }
}

/// Rows of b that one pass covers: with AMX a panel should stay in the first-level cache, with AVX2 most of it.
static size_t depth_step(int engine) {
  switch (engine) {
  case BFPO_ENGINE_AVX2: return 576;
  case BFPO_ENGINE_AVX512:
  case BFPO_ENGINE_AVX512_BF16: return 1536;
  default: return 512;
  }
}

static void product(int engine, size_t m, size_t k, const void *a, size_t a_stride, struct bfpo_target t) {
  product_function *run = panel_function(engine);
  size_t size = element_size(engine), bytes = panel_bytes(engine, t.depth), step = depth_step(engine);
  size_t width = panel_columns(engine);
  size_t group = smaller(m, RESIDENT_BYTES / (smaller(k, step) * size) / 48 * 48 + 48);
  for (size_t row = 0; row < m; row += group) {
    size_t rows = smaller(group, m - row);
    for (size_t start = 0; start < k; start += step) {
      size_t depth = smaller(step, k - start);
      const char *left = (const char *)a + (row * a_stride + start) * size;
      for (size_t column = 0; column < t.columns; column += width) {
        const char *panel = (const char *)t.packed + (t.column + column) / width * bytes + (t.row + start) * width * size;
        struct panel_turn turn = {column + width < t.columns ? panel + bytes : NULL, column == 0};
        run(rows, depth, left, a_stride, panel, smaller(width, t.columns - column), t.c + row * t.stride + column,
            t.stride, t.accumulate || start > 0, turn);
      }
    }
  }
}

void bfpo_products(int engine, size_t m, size_t k, const float *a, size_t stride, int transposed,
                   const struct bfpo_target *targets, size_t count) {
  const void *left = bfpo_operand(engine, m, k, a, &stride, transposed);
#if defined(__x86_64__)
  if (engine == BFPO_ENGINE_AMX) bfpo_amx_begin();
#endif
  for (size_t i = 0; i < count; i++) product(engine, m, k, left, stride, targets[i]);
#if defined(__x86_64__)
  if (engine == BFPO_ENGINE_AMX) bfpo_amx_end();
#endif
}

void bfpo_multiply(int engine, size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_stride,
                   int a_transposed, const float *b, size_t b_stride, int b_transposed, float beta, float *c,
                   size_t c_stride) {
  void *packed = bfpo_scratch(SCRATCH_B, bfpo_packed_size(engine, k, n));
  bfpo_pack(engine, b, b_stride, b_transposed, k, n, alpha, 0, round_up(n, BFPO_PANEL) / BFPO_PANEL, packed);
  if (beta != 0 && beta != 1)
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) c[i * c_stride + j] *= beta;
  struct bfpo_target target = {packed, k, 0, 0, n, c, c_stride, beta != 0};
  bfpo_products(engine, m, k, a, a_stride, a_transposed, &target, 1);
}
