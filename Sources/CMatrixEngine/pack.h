// What the instruction sets of packing share.
#pragma once
#include "engine.h"

/// b's element (k, n) of a panel; zero outside.
struct source {
  const float *b;
  size_t stride, k, n;
  int transposed;
  float scale;
};

/// a in half precision, rows padded with zeros to `width`.
typedef void halve_function(const float *a, size_t a_stride, size_t m, size_t k, uint16_t *out, size_t stride,
                            size_t width);

/// Packing for one instruction set.
struct packing {
  /// Panels of `width` columns in single precision.
  void (*single)(struct source s, size_t width, size_t first, size_t last, float *packed);
  /// Panels in half precision.
  void (*half)(struct source s, size_t first, size_t last, uint16_t *packed);
  /// a in half precision, as it is and transposed.
  halve_function *halve, *halve_columns;
  /// a transposed in single precision.
  void (*transpose)(const float *a, size_t a_stride, size_t m, size_t k, float *out, size_t stride);
};
