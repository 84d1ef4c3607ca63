/* The most probable fall where the errors of its sightings are correlated, as edgecv/trajectory/measured_evidence.py. */
#include "linear_algebra.h"

#include <math.h>
#include <string.h>

#define ROWS 12 /* residuals and derivatives by up to FALL_PARAMETERS unknowns, side by side */

/* Residuals and their derivatives at x as they are, `seen` (1 + p, 2n + p), and in standard deviations, `white`
 * (2n + p, ROWS): those of a coordinate together, for then they are summed together. */
static void whitened(const FallOptimum *f, const double *x, double *seen, double *white) {
    int64_t n = f->problem.observations.n, p = f->problem.p, m = 2 * n + p;
    edgecv_fall_residuals(&f->problem, x, 0, seen, seen + m);
    double *columns = f->columns;
    memset(columns, 0, (size_t)(2 * n * ROWS) * sizeof *columns);
    memset(white, 0, (size_t)(m * ROWS) * sizeof *white);
    for (int64_t r = 0; r <= p; r++) {
        for (int64_t i = 0; i < 2 * n; i++) columns[i * ROWS + r] = seen[r * m + i];
        for (int64_t i = 2 * n; i < m; i++) white[i * ROWS + r] = seen[r * m + i];
    }
    for (int axis = 0; axis < 2; axis++)
        for (int64_t i = 0; i < n; i++) {
            const double *row = f->whitening + (axis * n + i) * n;
            double sums[ROWS] = {0};
            for (int64_t j = 0; j <= i; j++)
                for (int r = 0; r < ROWS; r++) sums[r] += row[j] * columns[(2 * j + axis) * ROWS + r];
            memcpy(white + (2 * i + axis) * ROWS, sums, sizeof sums);
        }
}

/* Sums of products of the rows, (ROWS, ROWS): the residuals' own first, then the gradient and the precision. */
static void products_of(const double *white, int64_t m, double *products) {
    memset(products, 0, ROWS * ROWS * sizeof *products);
    for (int64_t i = 0; i < m; i++)
        for (int a = 0; a < ROWS; a++)
            for (int b = 0; b < ROWS; b++) products[a * ROWS + b] += white[i * ROWS + a] * white[i * ROWS + b];
}

/* Half of chi-squared at x, priors and all. */
static double cost_at(const FallOptimum *f, const double *x, double *seen) {
    int64_t n = f->problem.observations.n, m = 2 * n + f->problem.p;
    double cost = 0, *axis_of = f->columns;
    edgecv_fall_residuals(&f->problem, x, 0, seen, 0);
    for (int axis = 0; axis < 2; axis++) {
        for (int64_t i = 0; i < n; i++) axis_of[i] = seen[2 * i + axis];
        for (int64_t i = 0; i < n; i++) {
            double white = dot(f->whitening + (axis * n + i) * n, axis_of, i + 1);
            cost += 0.5 * white * white;
        }
    }
    for (int64_t i = 2 * n; i < m; i++) cost += 0.5 * seen[i] * seen[i];
    return cost;
}

/* Solves (precision + damping * its diagonal) step = gradient; returns 0 where that cannot be done. */
static int32_t solve(const double *products, int64_t p, double damping, double *step) {
    double root[FALL_PARAMETERS * FALL_PARAMETERS];
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j <= i; j++)
            root[i * p + j] = products[(i + 1) * ROWS + j + 1] * (i == j ? 1 + damping : 1);
    if (!cholesky_root(p, root)) return 0;
    for (int64_t i = 0; i < p; i++) step[i] = (products[i + 1] - dot(root + i * p, step, i)) / root[i * p + i];
    for (int64_t i = p - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < p; k++) step[i] -= root[k * p + i] * step[k];
        step[i] /= root[i * p + i];
    }
    return 1;
}

double edgecv_fall_optimum(const FallOptimum *f, double *x, double *seen, double *precision) {
    int64_t p = f->problem.p, m = 2 * f->problem.observations.n + p;
    double products[ROWS * ROWS], step[FALL_PARAMETERS], tried[FALL_PARAMETERS], lowest;
    whitened(f, x, seen, f->white);
    products_of(f->white, m, products);
    lowest = 0.5 * products[0];
    for (int32_t round = 0; round < f->rounds; round++) {
        double cost = INFINITY;
        for (int32_t k = 0; k < f->dampings && !(cost < lowest); k++) {
            if (!solve(products, p, f->damping[k], step)) continue;
            for (int64_t i = 0; i < p; i++) tried[i] = x[i] - step[i];
            cost = cost_at(f, tried, f->tried);
        }
        if (!(cost < lowest)) break;
        int32_t settled = lowest - cost < f->settled;
        memcpy(x, tried, (size_t)p * sizeof *x);
        whitened(f, x, seen, f->white);
        products_of(f->white, m, products);
        lowest = 0.5 * products[0];
        if (settled) break;
    }
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j < p; j++) precision[i * p + j] = products[(i + 1) * ROWS + j + 1];
    return lowest;
}
