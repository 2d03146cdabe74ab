#ifndef CBENCHMARK_H
#define CBENCHMARK_H

#include <stddef.h>
#include <stdint.h>

// Floating-point operations of one run of a register-only loop; 0 where the processor has no such instruction.
// A multiplication and an addition count as two.
double bfpo_peak_float32(int64_t iterations);
double bfpo_peak_bfloat16(int64_t iterations);

// The instructions that these loops use: "avx512", "avx2+fma", "baseline"; "amx", "avx512-bf16", "none".
const char *bfpo_peak_float32_instructions(void);
const char *bfpo_peak_bfloat16_instructions(void);

// a[i] = b[i] + scale · c[i], McCalpin's STREAM triad.
void bfpo_triad(float *a, const float *b, const float *c, float scale, size_t count);

// Calls of malloc, calloc, realloc, posix_memalign, aligned_alloc and memalign by any thread of the process between
// start and the return of stop, which gives their number; -1 where they cannot be counted (no glibc, a sanitizer).
void bfpo_allocations_start(void);
int64_t bfpo_allocations_stop(void);

#endif
