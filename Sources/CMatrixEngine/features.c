#include "engine.h"
#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned extended_controls(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

static int has_avx512_bf16(void) {
  unsigned a, b, c, d;
  return has_avx512() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
}

/// AMX is there, its state is enabled by the system, and this process may use it (Linux asks for a request).
static int has_amx(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if (!(d >> 22 & 1) || !(d >> 24 & 1)) return 0;
  if (!has_avx512_bf16() || (extended_controls() >> 17 & 3) != 3) return 0;
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

static int detect(int engine) {
  switch (engine) {
  case BFPO_ENGINE_AVX2: return has_avx2();
  case BFPO_ENGINE_AVX512: return has_avx512();
  case BFPO_ENGINE_AVX512_BF16: return has_avx512_bf16();
  case BFPO_ENGINE_AMX: return has_amx();
  case BFPO_ENGINE_AMX_EMULATED: return 1;
  default: return 0;
  }
}
#else
static int detect(int engine) { return engine == BFPO_ENGINE_AMX_EMULATED; }
#endif

int bfpo_engine_supported(int engine) {
  // 0: not asked yet, 1: no, 2: yes.
  static _Atomic int known[BFPO_ENGINES + 1];
  if (engine < 1 || engine > BFPO_ENGINES) return 0;
  int answer = atomic_load(&known[engine]);
  if (answer == 0) {
    answer = detect(engine) ? 2 : 1;
    atomic_store(&known[engine], answer);
  }
  return answer == 2;
}
