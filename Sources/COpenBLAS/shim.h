// Debian's OpenBLAS is built without LAPACKE, which comes from liblapacke-dev.
#include <cblas.h>
#include <lapacke.h>
