#include "CVectorMath.h"
#include <math.h>

void bfpo_exp_shifted(const float *x, float *y, size_t count, float shift) {
  for (size_t i = 0; i < count; i++) y[i] = expf(x[i] - shift);
}
