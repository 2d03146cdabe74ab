// OpenBLAS runs on one thread: parallelism is ours, over tiles whose shape does not depend on the number of workers, so
// that results do not either. This runs before main, after OpenBLAS's own initialisation, so that no product can come
// first. Another BLAS lacks the function and is left alone.
extern void openblas_set_num_threads(int count) __attribute__((weak));

__attribute__((constructor)) static void use_one_thread(void) {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
}
