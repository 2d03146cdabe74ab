// Matrix products on packed operands, also with the instruction sets that BLAS libraries of Linux distributions leave out.
//
//     c[m, n] (+)= a[m, k] b[k, n]
//
// b is packed once and used often. Every element of c is one sum over k in ascending order, whatever m is and whatever
// else is computed, so a row's result does not depend on the rows beside it. Accumulation is in single precision.
//
// Packed layout: panels of 32 columns. In single precision a panel is [k][32] floats (AVX2: two of [k][16]). In half
// precision (bfloat16, rounded to nearest even) it is [k / 2][32][2]: two neighbouring rows of b interleaved, which is how
// both AVX512-BF16 and AMX read it. k is padded with zeros to a multiple of 32, n to a multiple of 32.
//
// Functions may run on several threads at once. Each keeps scratch memory that it reuses and frees when it ends.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum bfpo_engine {
  /// float32, AVX-512.
  BFPO_ENGINE_AVX512 = 1,
  /// bfloat16 operands, AVX512-BF16.
  BFPO_ENGINE_AVX512_BF16 = 2,
  /// bfloat16 operands, AMX tiles.
  BFPO_ENGINE_AMX = 3,
  /// The AMX engine's loops on tiles in ordinary memory, for tests on other processors; slow.
  BFPO_ENGINE_AMX_EMULATED = 4,
  /// float32, AVX2 with fused multiply-add; the bits of the AVX-512 engine.
  BFPO_ENGINE_AVX2 = 5,
  BFPO_ENGINES = BFPO_ENGINE_AVX2,
};

/// Whether the processor has the instructions and the system lets this process use them; asks for AMX at the first call.
int bfpo_engine_supported(int engine);

/// Columns of a panel, and what k is padded to a multiple of.
#define BFPO_PANEL 32

/// Bytes of a packed [k, n].
size_t bfpo_packed_size(int engine, size_t k, size_t n);

/// Packs some panels of b.
///
/// - b: element (k, n) is at b[k * stride + n], or at b[n * stride + k] when `transposed`.
/// - scale: multiplies every element.
/// - packed: the whole packed matrix, aligned to 64 bytes; only panels [first, last) are written.
void bfpo_pack(int engine, const float *b, size_t stride, int transposed, size_t k, size_t n, float scale,
               size_t first, size_t last, void *packed);

/// One product's right-hand side and result.
struct bfpo_target {
  const void *packed;
  /// Rows of the whole packed matrix, before padding.
  size_t depth;
  /// The first row of it to use, a multiple of 32: a's column 0 belongs to it.
  size_t row;
  /// The first column to use, a multiple of 32, and how many.
  size_t column, columns;
  /// Result for the first of these columns, row-major.
  float *c;
  size_t stride;
  /// Adds to c instead of overwriting it.
  int accumulate;
};

/// Products of one a with several packed matrices.
///
/// - a: [m, k]; element (i, j) is at a[i * stride + j], or at a[j * stride + i] when `transposed`.
void bfpo_products(int engine, size_t m, size_t k, const float *a, size_t stride, int transposed,
                   const struct bfpo_target *targets, size_t count);

/// c[m, n] = alpha op(a) op(b) + beta c, packing b in scratch memory. beta 0 does not read c.
///
/// - engine: one of single precision.
void bfpo_multiply(int engine, size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_stride,
                   int a_transposed, const float *b, size_t b_stride, int b_transposed, float beta, float *c,
                   size_t c_stride);

/// x rounded to bfloat16 (nearest, ties to even) and back: what a half-precision engine sees.
float bfpo_rounded_to_half(float x);

/// How a GGUF file packs thirty-two weights, by its type numbers: a scale d (and a least value m), both binary16, and numbers q.
enum bfpo_blocks {
  /// d (q - 8), four bits.
  BFPO_BLOCKS_Q4_SCALED = 2,
  /// d q + m, four bits.
  BFPO_BLOCKS_Q4_AFFINE = 3,
  /// d q, eight bits.
  BFPO_BLOCKS_Q8_SCALED = 8,
};

/// Weights of a block.
#define BFPO_BLOCK 32

/// Columns of a panel of blocks, and of a group of panels, and what the first column of a product is a multiple of.
#define BFPO_BLOCK_PANEL 16
#define BFPO_BLOCK_COLUMNS 64
#define BFPO_BLOCK_UNIT 32

/// Bytes of n packed columns of depth k, a multiple of 32.
size_t bfpo_blocks_size(int kind, size_t k, size_t n);

/// Brings the blocks of a file into the order in which products read them; numbers stay what they are.
///
/// - half: for bfpo_half_block_products, which read two neighbours along k together; otherwise for bfpo_block_products.
/// - rows: [n][k / 32] blocks of the file.
/// - order: the row of the file that becomes each column, [n]; NULL when they are in order.
/// - packed: aligned to 64 bytes; n is padded to a multiple of 64.
void bfpo_pack_blocks(int kind, int half, const uint8_t *rows, const uint32_t *order, size_t k, size_t n, void *packed);

/// c[m, columns] (+)= a[m, k] times columns of a packed matrix of depth k. The result has the same bits as that of the engine on
/// the weights as floats.
///
/// - engine: one of single precision.
void bfpo_block_products(int engine, int kind, size_t m, size_t k, const float *a, size_t stride, const void *packed,
                         size_t column, size_t columns, float *c, size_t c_stride, int accumulate);

/// The same with inputs rounded to bfloat16 (AVX512-BF16). Weights are not rounded: each block's numbers are multiplied as they
/// are, and the block's sum by its scale, so that the result is nearer to single precision than that of the AVX512-BF16 engine.
/// A row's result does not depend on the rows beside it.
///
/// - a: as bfpo_half_operand has left it.
void bfpo_half_block_products(int kind, size_t m, size_t k, const void *a, const void *packed, size_t column,
                              size_t columns, float *c, size_t c_stride, int accumulate);

/// Bytes of a[m, k] as bfpo_half_block_products reads it.
size_t bfpo_half_operand_size(size_t m, size_t k);

/// Rounds a[m, k] and orders it for bfpo_half_block_products, with the sum of each thirty-two: once for all products of one input.
///
/// - out: aligned to 64 bytes.
void bfpo_half_operand(size_t m, size_t k, const float *a, size_t stride, void *out);

/// Asks for the memory that the product with columns from `column` on will read first.
void bfpo_prefetch_blocks(int kind, size_t k, const void *packed, size_t column);
