/* Nonlinear least squares, as MINPACK's lmder decides (Moré 1978), but by the normal equations: the unknowns are few and
 * their priors keep the precision definite, so that its root costs far less than a factorisation of all residuals. */
#include "levenberg_marquardt.h"

#include "linear_algebra.h"

#include <math.h>
#include <string.h>

#define FIRST_RADIUS 100. /* of the trusted region, in units of the start's scaled length */
#define BOUNDARY 0.1      /* share of the radius by which a step may miss its boundary */
#define MOST_DAMPINGS 10  /* that are tried for one step */
#define LEAST_GAIN 1e-4   /* share of the predicted gain from which a step is taken */

/* What one step is made of: products of the slopes at x, scales of the unknowns, and the step with its damping. */
typedef struct {
    int64_t p;
    double precision[FALL_PARAMETERS * FALL_PARAMETERS], gradient[FALL_PARAMETERS], scale[FALL_PARAMETERS];
    double root[FALL_PARAMETERS * FALL_PARAMETERS], step[FALL_PARAMETERS], damping;
} Normal;

static double length(const double *v, int64_t n) { return sqrt(dot(v, v, n)); }

static void products_of(const double *slopes, const double *residuals, int64_t m, Normal *a) {
    for (int64_t i = 0; i < a->p; i++) {
        a->gradient[i] = dot(slopes + i * m, residuals, m);
        for (int64_t j = 0; j <= i; j++)
            a->precision[i * a->p + j] = a->precision[j * a->p + i] = dot(slopes + i * m, slopes + j * m, m);
    }
}

/* v becomes the solution of root v = v. */
static void forward(const double *root, int64_t p, double *v) {
    for (int64_t i = 0; i < p; i++) v[i] = (v[i] - dot(root + i * p, v, i)) / root[i * p + i];
}

/* The step with the present damping; 0 where there is none. Fills `scaled` (p) and returns its length in `size`. */
static int32_t solve(Normal *a, double *scaled, double *size) {
    int64_t p = a->p;
    memcpy(a->root, a->precision, sizeof a->root);
    for (int64_t i = 0; i < p; i++) a->root[i * p + i] += a->damping * a->scale[i] * a->scale[i];
    if (!cholesky_root(p, a->root)) return 0;
    memcpy(a->step, a->gradient, (size_t)p * sizeof *a->step);
    forward(a->root, p, a->step);
    for (int64_t i = p - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < p; k++) a->step[i] -= a->root[k * p + i] * a->step[k];
        a->step[i] /= a->root[i * p + i];
    }
    for (int64_t i = 0; i < p; i++) scaled[i] = a->scale[i] * a->step[i];
    *size = length(scaled, p);
    return 1;
}

/* How fast the scaled step gets shorter with the damping, over its length. */
static double shrinkage(const Normal *a, const double *scaled, double size) {
    double v[FALL_PARAMETERS];
    for (int64_t i = 0; i < a->p; i++) v[i] = a->scale[i] * scaled[i] / size;
    forward(a->root, a->p, v);
    return dot(v, v, a->p);
}

/* The damping whose step ends at the boundary of the trusted region (Moré's section 5); zero where the full step is
 * within it. Returns the scaled length of the step. */
static double damp(Normal *a, double radius) {
    double scaled[FALL_PARAMETERS], size = INFINITY, lowest = 0, previous = a->damping;
    a->damping = 0;
    int32_t is_definite = solve(a, scaled, &size);
    double over = size - radius;
    if (over <= BOUNDARY * radius) return size;
    if (is_definite) lowest = over / radius / shrinkage(a, scaled, size);
    double slope[FALL_PARAMETERS];
    for (int64_t i = 0; i < a->p; i++) slope[i] = a->gradient[i] / a->scale[i];
    double steepness = length(slope, a->p), highest = steepness / radius;
    if (highest == 0) highest = 1e-300 / fmin(radius, BOUNDARY);
    a->damping = fmin(fmax(previous, lowest), highest);
    if (a->damping == 0) a->damping = steepness / size;
    for (int32_t k = 1;; k++) {
        if (a->damping == 0) a->damping = fmax(1e-300, 1e-3 * highest);
        double before = over;
        if (!solve(a, scaled, &size)) size = INFINITY;
        over = size - radius;
        if (fabs(over) <= BOUNDARY * radius || k == MOST_DAMPINGS) return size;
        if (lowest == 0 && over <= before && before < 0) return size;
        double change = isfinite(size) ? over / radius / shrinkage(a, scaled, size) : a->damping;
        if (over > 0) lowest = fmax(lowest, a->damping);
        if (over < 0) highest = fmin(highest, a->damping);
        a->damping = fmax(lowest, a->damping + change);
    }
}

/* Length of what the linear model loses with the step. */
static double predicted_of(const Normal *a) {
    double square = 0;
    for (int64_t i = 0; i < a->p; i++) square += a->step[i] * dot(a->precision + i * a->p, a->step, a->p);
    return square;
}

double minimise_squares(Evaluate evaluate, const void *problem, int64_t m, int64_t p, const LeastSquares *s, double *x) {
    double *residuals = s->work, *tried_residuals = residuals + m, *slopes = tried_residuals + m;
    double tried[FALL_PARAMETERS], scaled[FALL_PARAMETERS], radius = 0, size = 0;
    Normal a = {.p = p, .damping = 0};
    int32_t evaluations = 1;
    evaluate(problem, x, 0, residuals, 0);
    double norm = length(residuals, m);
    for (int32_t round = 0;; round++) {
        double gain = 0;
        evaluate(problem, x, 1, tried_residuals, slopes);
        products_of(slopes, residuals, m, &a);
        for (int64_t i = 0; i < p; i++) {
            double own = sqrt(a.precision[i * p + i]);
            if (s->scale) a.scale[i] = s->scale[i];
            else if (!round) a.scale[i] = own == 0 ? 1 : own;
            else a.scale[i] = fmax(a.scale[i], own);
            scaled[i] = a.scale[i] * x[i];
        }
        if (!round) {
            size = length(scaled, p);
            radius = size == 0 ? FIRST_RADIUS : FIRST_RADIUS * size;
        }
        if (norm == 0 || length(a.gradient, p) == 0) break;
        do {
            double step = damp(&a, radius);
            if (!round) radius = fmin(radius, step);
            for (int64_t i = 0; i < p; i++) tried[i] = x[i] - a.step[i];
            evaluate(problem, tried, 0, tried_residuals, 0);
            evaluations++;
            double tried_norm = length(tried_residuals, m);
            double actual = 0.1 * tried_norm < norm ? 1 - (tried_norm / norm) * (tried_norm / norm) : -1;
            double linear = predicted_of(&a) / norm / norm, damped = a.damping * step * step / norm / norm;
            double predicted = linear + 2 * damped, falling = -(linear + damped);
            gain = predicted != 0 ? actual / predicted : 0;
            if (gain <= 0.25) {
                double share = actual >= 0 ? 0.5 : 0.5 * falling / (falling + 0.5 * actual);
                if (0.1 * tried_norm >= norm || share < 0.1) share = 0.1;
                radius = share * fmin(radius, step / 0.1);
                a.damping /= share;
            } else if (a.damping == 0 || gain >= 0.75) {
                radius = 2 * step;
                a.damping *= 0.5;
            }
            if (gain >= LEAST_GAIN) {
                memcpy(x, tried, (size_t)p * sizeof *x);
                memcpy(residuals, tried_residuals, (size_t)m * sizeof *residuals);
                for (int64_t i = 0; i < p; i++) scaled[i] = a.scale[i] * x[i];
                size = length(scaled, p);
                norm = tried_norm;
            }
            int32_t settled = fabs(actual) <= s->tolerance && predicted <= s->tolerance && gain <= 2;
            if (settled || radius <= s->tolerance * size || evaluations >= s->max_evaluations) return 0.5 * norm * norm;
        } while (!(gain >= LEAST_GAIN));
    }
    return 0.5 * norm * norm;
}
