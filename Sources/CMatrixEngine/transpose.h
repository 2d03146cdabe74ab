// Transposition of 16 x 16 blocks of 32-bit elements.
#pragma once
#include "engine.h"

typedef float transpose_row __attribute__((vector_size(64), aligned(4)));

/// out[j * out_stride + i] = in[i * in_stride + j], 0 <= i, j < 16: four rounds that interleave rows eight apart.
INLINE void transpose_block(const float *in, size_t in_stride, float *out, size_t out_stride) {
  transpose_row a[16], b[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) a[i] = *(const transpose_row *)(in + i * in_stride);
#define ROUND(from, to)                                                                                                \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) {                                                     \
    to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);  \
    to[2 * i + 1] =                                                                                                    \
        __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);    \
  }
  ROUND(a, b)
  ROUND(b, a)
  ROUND(a, b)
  ROUND(b, a)
#undef ROUND
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) *(transpose_row *)(out + i * out_stride) = a[i];
}
