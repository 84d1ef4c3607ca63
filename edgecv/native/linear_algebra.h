/* Sums of products, and the inverse root of a covariance. */
#ifndef EDGECV_LINEAR_ALGEBRA_H
#define EDGECV_LINEAR_ALGEBRA_H

#include "native.h"

/* Four sums side by side, for one waits for itself at every step. */
static inline double dot(const double *p, const double *q, int64_t n) {
    double sums[4] = {0}, rest = 0;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += p[i + k] * q[i + k];
    for (; i < n; i++) rest += p[i] * q[i];
    return sums[0] + sums[1] + sums[2] + sums[3] + rest;
}

/* Cholesky: the lower triangle of a (n, n) becomes its root. Returns 0 where the matrix is not positive definite. */
int32_t cholesky_root(int64_t n, double *a);

#endif
