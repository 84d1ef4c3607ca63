/* Roots of covariances: small dense matrices, for which a call of NumPy takes longer than the arithmetic. */
#include "linear_algebra.h"

#include <math.h>
#include <string.h>

int32_t cholesky_root(int64_t n, double *a) {
    for (int64_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (int64_t j = 0; j < i; j++) row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j];
        double square = row[i] - dot(row, row, i);
        if (!(square > 0)) return 0;
        row[i] = sqrt(square);
    }
    return 1;
}

/* The lower triangle of a (n, n) becomes its inverse, row by row: each needs the rows above, inverted already. */
static void invert_triangle(int64_t n, double *a, double *sums) {
    for (int64_t i = 0; i < n; i++) {
        double *row = a + i * n;
        memset(sums, 0, (size_t)i * sizeof *sums);
        for (int64_t k = 0; k < i; k++)
            for (int64_t j = 0; j <= k; j++) sums[j] += row[k] * a[k * n + j];
        for (int64_t j = 0; j < i; j++) row[j] = -sums[j] / row[i];
        row[i] = 1 / row[i];
        memset(row + i + 1, 0, (size_t)(n - 1 - i) * sizeof *row);
    }
}

int32_t edgecv_inverse_roots(int64_t k, int64_t n, double *covariances, double *half_log_dets, double *scratch) {
    for (int64_t m = 0; m < k; m++) {
        double *a = covariances + m * n * n, sum = 0;
        if (!cholesky_root(n, a)) return 0;
        invert_triangle(n, a, scratch);
        for (int64_t i = 0; i < n; i++) sum += log(a[i * n + i]);
        half_log_dets[m] = sum;
    }
    return 1;
}
