#include "engine.h"
#include "transpose.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t bfpo_packed_size(int engine, size_t k, size_t n) {
  return panel_bytes(engine, k) * (round_up(n, BFPO_PANEL) / BFPO_PANEL);
}

float bfpo_rounded_to_half(float x) {
  uint32_t bits = (uint32_t)to_half(x) << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

/// out[i * stride + j] = in[j * in_stride + i] for 0 <= i < m, 0 <= j < k.
INLINE void transpose(const float *in, size_t in_stride, size_t m, size_t k, float *out, size_t stride) {
  for (size_t i = 0; i < m; i += 16)
    for (size_t j = 0; j < k; j += 16) {
      if (m - i >= 16 && k - j >= 16) {
        transpose_block(in + j * in_stride + i, in_stride, out + i * stride + j, stride);
        continue;
      }
      for (size_t x = i; x < smaller(i + 16, m); x++)
        for (size_t y = j; y < smaller(j + 16, k); y++) out[x * stride + y] = in[y * in_stride + x];
    }
}

/// b's element (k, n) of a panel; zero outside.
struct source {
  const float *b;
  size_t stride, k, n;
  int transposed;
  float scale;
};

/// 32 rows of one panel as floats, zeros outside.
INLINE void gather(struct source s, size_t row, size_t column, float block[BFPO_PANEL][BFPO_PANEL]) {
  size_t rows = smaller(BFPO_PANEL, s.k - row), columns = smaller(BFPO_PANEL, s.n - column);
  if (rows < BFPO_PANEL || columns < BFPO_PANEL) memset(block, 0, sizeof(float[BFPO_PANEL][BFPO_PANEL]));
  if (s.transposed) {
    transpose(s.b + column * s.stride + row, s.stride, rows, columns, block[0], BFPO_PANEL);
  } else {
    for (size_t i = 0; i < rows; i++) memcpy(block[i], s.b + (row + i) * s.stride + column, columns * sizeof(float));
  }
  if (s.scale != 1)
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++) block[i][j] *= s.scale;
}

/// Two neighbouring rows of a half-precision panel: NULL for a row of zeros.
typedef void interleave_function(const float *even, const float *odd, size_t columns, float scale, uint16_t *out);

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), min_vector_width(512))),     \
                             apply_to = function)
#endif
/// Panels in single precision.
static void pack_single(struct source s, size_t first, size_t last, float *packed) {
  size_t depth = round_up(s.k, BFPO_PANEL);
  for (size_t panel = first; panel < last; panel++)
    for (size_t row = 0; row < depth; row += BFPO_PANEL)
      gather(s, row, panel * BFPO_PANEL, (float(*)[BFPO_PANEL])(packed + (panel * depth + row) * BFPO_PANEL));
}

/// Panels in half precision.
static void pack_half(struct source s, size_t first, size_t last, uint16_t *packed, interleave_function *run) {
  size_t depth = round_up(s.k, BFPO_PANEL);
  float block[BFPO_PANEL][BFPO_PANEL];
  for (size_t panel = first; panel < last; panel++) {
    size_t column = panel * BFPO_PANEL, columns = smaller(BFPO_PANEL, s.n - column);
    for (size_t row = 0; row < depth; row += BFPO_PANEL) {
      const float *from = s.b + row * s.stride + column;
      size_t stride = s.stride, rows = smaller(BFPO_PANEL, s.k - row);
      if (s.transposed) {
        transpose(s.b + column * s.stride + row, s.stride, rows, columns, block[0], BFPO_PANEL);
        from = block[0], stride = BFPO_PANEL;
      }
      uint16_t *out = packed + (panel * depth + row) * BFPO_PANEL;
      for (size_t i = 0; i < BFPO_PANEL; i += 2)
        run(i < rows ? from + i * stride : NULL, i + 1 < rows ? from + (i + 1) * stride : NULL, columns, s.scale,
            out + i * BFPO_PANEL);
    }
  }
}

static void interleave_any(const float *even, const float *odd, size_t columns, float scale, uint16_t *out) {
  for (size_t j = 0; j < BFPO_PANEL; j++) {
    out[2 * j] = even && j < columns ? to_half(scale * even[j]) : 0;
    out[2 * j + 1] = odd && j < columns ? to_half(scale * odd[j]) : 0;
  }
}

#if defined(__x86_64__)
/// The same by the processor's own conversion. It takes numbers below the smallest normal one for zero, as the products do.
__attribute__((target("avx512bf16"))) static void interleave_bf16(const float *even, const float *odd, size_t columns,
                                                                  float scale, uint16_t *out) {
  const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i pairs = _mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16));
  const __m512 factor = _mm512_set1_ps(scale);
  for (size_t j = 0; j < BFPO_PANEL; j += 16) {
    __mmask16 mask = j + 16 <= columns ? 0xffff : j >= columns ? 0 : (__mmask16)((1u << (columns - j)) - 1);
    __m512 upper = odd ? _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(mask, odd + j)) : _mm512_setzero_ps();
    __m512 lower = even ? _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(mask, even + j)) : _mm512_setzero_ps();
    __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(upper, lower);
    _mm512_store_si512(out + 2 * j, _mm512_permutexvar_epi16(pairs, halves));
  }
}
#endif

/// a in half precision, rows padded with zeros to `width`.
typedef void halve_function(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride,
                            size_t width);

static void halve_rows(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride, size_t width) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j++) out[i * stride + j] = to_half(a[i * a_stride + j]);
    for (size_t j = k; j < width; j++) out[i * stride + j] = 0;
  }
}

#if defined(__x86_64__)
/// The same by the processor's own conversion.
__attribute__((target("avx512bf16"))) static void convert_rows(const float *a, size_t a_stride, size_t m, size_t k,
                                                               uint16_t *out, size_t stride, size_t width) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < width; j += 16) {
      __mmask16 mask = j + 16 <= k ? 0xffff : j >= k ? 0 : (__mmask16)((1u << (k - j)) - 1);
      __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, a + i * a_stride + j));
      _mm256_storeu_si256((__m256i_u *)(out + i * stride + j), (__m256i)half);
    }
}
#endif

/// The same of a transposed.
static void halve_columns(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride,
                          halve_function *halve) {
  float block[16][BFPO_PANEL];
  for (size_t i = 0; i < m; i += 16)
    for (size_t j = 0; j < k; j += BFPO_PANEL) {
      size_t rows = smaller(16, m - i), columns = smaller(BFPO_PANEL, k - j);
      transpose(a + j * a_stride + i, a_stride, rows, columns, block[0], BFPO_PANEL);
      halve(block[0], BFPO_PANEL, rows, columns, out + i * stride + j, stride, BFPO_PANEL);
    }
}

static void transpose_all(const float *a, size_t a_stride, size_t m, size_t k, float *out, size_t stride) {
  transpose(a, a_stride, m, k, out, stride);
}
#if defined(__x86_64__)
#pragma clang attribute pop
#endif

#if defined(__x86_64__)
/// Whether the processor that the engine runs on converts by itself.
static int converts(int engine) { return engine != BFPO_ENGINE_AMX_EMULATED; }
#else
#define interleave_bf16 interleave_any
#define convert_rows halve_rows
static int converts(int engine) { return 0; }
#endif

void bfpo_pack(int engine, const float *b, size_t stride, int transposed, size_t k, size_t n, float scale,
               size_t first, size_t last, void *packed) {
  struct source s = {b, stride, k, n, transposed, scale};
  if (element_size(engine) == 4) pack_single(s, first, last, packed);
  else pack_half(s, first, last, packed, converts(engine) ? interleave_bf16 : interleave_any);
}

/// a as the engine reads it; the result lies in scratch memory unless a itself will do.
static const void *operand(int engine, size_t m, size_t k, const float *a, size_t *stride, int transposed) {
  if (element_size(engine) == 4) {
    if (!transposed) return a;
    float *out = bfpo_scratch(SCRATCH_A, m * k * sizeof(float));
    transpose_all(a, *stride, m, k, out, k);
    *stride = k;
    return out;
  }
  size_t width = round_up(k, BFPO_PANEL);
  uint16_t *out = bfpo_scratch(SCRATCH_A, round_up(m, 16) * width * sizeof(uint16_t));
  halve_function *halve = converts(engine) ? convert_rows : halve_rows;
  if (transposed) halve_columns(a, *stride, m, k, out, width, halve);
  else halve(a, *stride, m, k, out, width, width);
  *stride = width;
  return out;
}

/// Bytes of a's rows that stay in the second-level cache while panels pass by.
#define RESIDENT_BYTES (384 << 10)

static product_function *panel_function(int engine) {
  switch (engine) {
#if defined(__x86_64__)
  case BFPO_ENGINE_AVX512: return bfpo_panel_avx512;
  case BFPO_ENGINE_AVX512_BF16: return bfpo_panel_avx512_bf16;
  case BFPO_ENGINE_AMX: return bfpo_panel_amx;
#endif
  default: return bfpo_panel_amx_emulated;
  }
}

/// Rows of b that one pass covers: with AMX a panel should stay in the first-level cache.
static size_t depth_step(int engine) { return engine >= BFPO_ENGINE_AMX ? 512 : 1536; }

static void product(int engine, size_t m, size_t k, const void *a, size_t a_stride, struct bfpo_target t) {
  product_function *run = panel_function(engine);
  size_t size = element_size(engine), bytes = panel_bytes(engine, t.depth), step = depth_step(engine);
  size_t group = smaller(m, RESIDENT_BYTES / (smaller(k, step) * size) / 48 * 48 + 48);
  for (size_t row = 0; row < m; row += group) {
    size_t rows = smaller(group, m - row);
    for (size_t start = 0; start < k; start += step) {
      size_t depth = smaller(step, k - start);
      const char *left = (const char *)a + (row * a_stride + start) * size;
      for (size_t column = 0; column < t.columns; column += BFPO_PANEL) {
        const char *panel = (const char *)t.packed + (t.column + column) / BFPO_PANEL * bytes +
                            (t.row + start) * BFPO_PANEL * size;
        struct panel_turn turn = {column + BFPO_PANEL < t.columns ? panel + bytes : NULL, column == 0};
        run(rows, depth, left, a_stride, panel, smaller(BFPO_PANEL, t.columns - column), t.c + row * t.stride + column,
            t.stride, t.accumulate || start > 0, turn);
      }
    }
  }
}

void bfpo_products(int engine, size_t m, size_t k, const float *a, size_t stride, int transposed,
                   const struct bfpo_target *targets, size_t count) {
  const void *left = operand(engine, m, k, a, &stride, transposed);
#if defined(__x86_64__)
  if (engine == BFPO_ENGINE_AMX) bfpo_amx_begin();
#endif
  for (size_t i = 0; i < count; i++) product(engine, m, k, left, stride, targets[i]);
#if defined(__x86_64__)
  if (engine == BFPO_ENGINE_AMX) bfpo_amx_end();
#endif
}

void bfpo_multiply(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_stride, int a_transposed,
                   const float *b, size_t b_stride, int b_transposed, float beta, float *c, size_t c_stride) {
  void *packed = bfpo_scratch(SCRATCH_B, bfpo_packed_size(BFPO_ENGINE_AVX512, k, n));
  bfpo_pack(BFPO_ENGINE_AVX512, b, b_stride, b_transposed, k, n, alpha, 0, round_up(n, BFPO_PANEL) / BFPO_PANEL, packed);
  if (beta != 0 && beta != 1)
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) c[i * c_stride + j] *= beta;
  struct bfpo_target target = {packed, k, 0, 0, n, c, c_stride, beta != 0};
  bfpo_products(BFPO_ENGINE_AVX512, m, k, a, a_stride, a_transposed, &target, 1);
}
