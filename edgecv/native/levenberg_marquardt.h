/* Nonlinear least squares of few unknowns. */
#ifndef EDGECV_LEVENBERG_MARQUARDT_H
#define EDGECV_LEVENBERG_MARQUARDT_H

#include "native.h"

/* Residuals (m) of a problem at x (p) and, where asked, their derivatives (p, m). `again`: the call before was of the
 * same x, so that what it worked out still holds. */
typedef void (*Evaluate)(const void *problem, const double *x, int32_t again, double *residuals, double *derivatives);

/* x (p), p <= FALL_PARAMETERS, becomes the minimum near it; returns half of its sum of squares. */
double minimise_squares(Evaluate evaluate, const void *problem, int64_t m, int64_t p, const LeastSquares *s, double *x);

#endif
