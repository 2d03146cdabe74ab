#define _GNU_SOURCE
#include "CBenchmark.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

// glibc lets a program define these functions itself and then uses them everywhere, in shared libraries too; its own stay
// reachable under other names. Ours hand on to them, and count while somebody asks. Memory is freed by glibc's free.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_int is_counting;
static atomic_llong calls;

static inline void note(void) {
  if (__builtin_expect(atomic_load_explicit(&is_counting, memory_order_relaxed), 0))
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note();
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  note();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  note();
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *memory = __libc_memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

void bfpo_allocations_start(void) {
  atomic_store(&calls, 0);
  atomic_store(&is_counting, 1);
}

int64_t bfpo_allocations_stop(void) {
  atomic_store(&is_counting, 0);
  return atomic_load(&calls);
}

#else

void bfpo_allocations_start(void) {}
int64_t bfpo_allocations_stop(void) { return -1; }

#endif
