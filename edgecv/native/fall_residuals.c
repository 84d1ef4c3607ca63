/* Residuals of a fall's fit and of a launch's, and their forward differences, as edgecv/trajectory/fit.py and
 * launch_problem.py have them in NumPy. */
#include "drag_ode.h"
#include "levenberg_marquardt.h"
#include "linear_algebra.h"

#include <math.h>
#include <string.h>

enum { LAUNCH_DRAG = 6, FALL_LOG_TERMINAL = 6 };
#define ORIGIN 3 /* the first parameters of a fall are its origin, the others its motion */

/* Soft-L1 as softened() has it; derivatives are (p, m), or null. */
static void soften(double scale, int64_t m, int64_t p, double *residuals, double *derivatives) {
    for (int64_t i = 0; i < m; i++) {
        double z = residuals[i] / scale, root = sqrt(1 + z * z), shrink = sqrt(2 / (root + 1));
        residuals[i] *= shrink;
        if (!derivatives) continue;
        for (int64_t k = 0; k < p; k++) derivatives[k * m + i] *= 1 / (root * shrink);
    }
}

/* A problem's fall (11) at x, and its residuals (m) at x where that fall is seen at these pixels. */
typedef void (*FallAt)(const void *problem, const double *x, double *fall);
typedef void (*Residuals)(const void *problem, const double *x, const double *fall, const double *pixels, double *out);

/* Forward differences of LANES unknowns, whose falls are `others` (LANES, FALL_PARAMETERS). */
typedef struct {
    int64_t unknown[LANES];
    double falls[LANES][FALL_PARAMETERS];
    int count;
} Pending;

/* Their residuals; where there are fewer than LANES, the last one is integrated again beside itself. */
static void evaluate_pending(Pending *pending, Residuals of, const void *problem, const Observations *s,
                             const double *step, int64_t m, int64_t p, const double *x, double *derivatives) {
    if (!pending->count) return;
    const double *falls[LANES];
    double at[FALL_PARAMETERS], no_shift[3] = {0};
    double *positions = s->scratch + 3 * s->n, *pixels = positions + 3 * LANES * s->n;
    for (int l = 0; l < LANES; l++) falls[l] = pending->falls[l < pending->count ? l : pending->count - 1];
    positions_of_many(&s->camera, s->n, falls, s->times, positions);
    for (int l = 0; l < pending->count; l++) {
        int64_t k = pending->unknown[l];
        memcpy(at, x, (size_t)p * sizeof *at);
        at[k] += step[k];
        project_positions(&s->camera, s->n, positions + 3 * s->n * l, no_shift, pixels);
        of(problem, at, falls[l], pixels, derivatives + k * m);
    }
    pending->count = 0;
}

/* Residuals (m) at x (p), and their forward differences (p, m) unless those are null. `again`: positions of the same x
 * stand in the scratch space already. */
static void evaluate(FallAt fall_at, Residuals of, const void *problem, const Observations *s, const double *step,
                     int64_t m, int64_t p, const double *x, int32_t again, int32_t soft, double *residuals,
                     double *derivatives) {
    double at[FALL_PARAMETERS], fall[FALL_PARAMETERS], from[3], no_shift[3] = {0};
    double *positions = s->scratch, *pixels = positions + 3 * (1 + LANES) * s->n;
    Pending pending = {.count = 0};
    fall_at(problem, x, fall);
    fall_origin(&s->camera, fall, from);
    if (!again) fall_positions(&s->camera, s->n, fall, s->times, positions);
    project_positions(&s->camera, s->n, positions, no_shift, pixels);
    of(problem, x, fall, pixels, residuals);
    for (int64_t k = 0; derivatives && k < p; k++) {
        double *other = pending.falls[pending.count];
        memcpy(at, x, (size_t)p * sizeof *at);
        at[k] += step[k];
        fall_at(problem, at, other);
        if (memcmp(other + ORIGIN, fall + ORIGIN, (FALL_PARAMETERS - ORIGIN) * sizeof *fall) == 0) {
            /* begun elsewhere, a fall has the same path there */
            double shift[3];
            fall_origin(&s->camera, other, shift);
            for (int i = 0; i < 3; i++) shift[i] -= from[i];
            project_positions(&s->camera, s->n, positions, shift, pixels);
            of(problem, at, other, pixels, derivatives + k * m);
            continue;
        }
        pending.unknown[pending.count++] = k;
        if (pending.count == LANES) evaluate_pending(&pending, of, problem, s, step, m, p, x, derivatives);
    }
    if (derivatives) evaluate_pending(&pending, of, problem, s, step, m, p, x, derivatives);
    for (int64_t k = 0; derivatives && k < p; k++)
        for (int64_t i = 0; i < m; i++) derivatives[k * m + i] = (derivatives[k * m + i] - residuals[i]) / step[k];
    if (soft) soften(s->soft_scale, m, p, residuals, derivatives);
}

static void fall_of_fit(const void *problem, const double *x, double *parameters) {
    const FallProblem *fit = problem;
    memcpy(parameters, fit->mean, FALL_PARAMETERS * sizeof *parameters);
    for (int64_t k = 0; k < fit->p; k++) parameters[fit->free[k]] = x[k];
}

static void residuals_of_fit(const void *problem, const double *x, const double *fall, const double *pixels,
                             double *out) {
    (void)fall;
    const FallProblem *fit = problem;
    const Observations *s = &fit->observations;
    for (int64_t i = 0; i < 2 * s->n; i++) out[i] = (pixels[i] - s->uv[i]) / fit->sd[i];
    for (int64_t k = 0; k < fit->p; k++) {
        int64_t which = fit->free[k];
        out[2 * s->n + k] = (x[k] - fit->mean[which]) / fit->prior_sd[which];
    }
}

void edgecv_fall_residuals(const FallProblem *fit, const double *x, int32_t soft, double *residuals,
                           double *derivatives) {
    int64_t m = 2 * fit->observations.n + fit->p;
    evaluate(fall_of_fit, residuals_of_fit, fit, &fit->observations, fit->step, m, fit->p, x, 0, soft, residuals,
             derivatives);
}

static void soft_residuals_of_fit(const void *problem, const double *x, int32_t again, double *residuals,
                                  double *derivatives) {
    const FallProblem *fit = problem;
    int64_t m = 2 * fit->observations.n + fit->p;
    evaluate(fall_of_fit, residuals_of_fit, fit, &fit->observations, fit->step, m, fit->p, x, again, 1, residuals,
             derivatives);
}

double edgecv_fall_minimise(const FallProblem *fit, const LeastSquares *s, double *x) {
    return minimise_squares(soft_residuals_of_fit, fit, 2 * fit->observations.n + fit->p, fit->p, s, x);
}

static void rotate(const double *by, const double *v, double *out) {
    for (int i = 0; i < 3; i++) out[i] = by[3 * i] * v[0] + by[3 * i + 1] * v[1] + by[3 * i + 2] * v[2];
}

static double log_terminal(const LaunchProblem *launch, double drag) {
    double most = launch->max_drag, bend = sinh(drag < -most ? -most : drag > most ? most : drag);
    return log(launch->drag_unit_mps / sqrt(0.5 * (bend + hypot(bend, launch->min_bend))));
}

static void fall_of_launch(const void *problem, const double *x, double *parameters) {
    const LaunchProblem *launch = problem;
    const FallCamera *camera = &launch->observations.camera;
    double from[3], local[3], speed[3], wind[3], blowing[3] = {x[7], 0, x[8]};
    for (int i = 0; i < 3; i++) from[i] = x[i] - launch->position[i];
    rotate(launch->rotation, from, local);
    rotate(launch->level, x + 3, speed);
    rotate(launch->level, blowing, wind);
    double depth = local[2] > 0.2 ? local[2] : 0.2;
    double u = camera->cx + camera->focal * local[0] / depth, v = camera->cy + camera->focal * local[1] / depth;
    double terminal = log_terminal(launch, x[LAUNCH_DRAG]);
    double fall[FALL_PARAMETERS] = {u,        v,       log(depth), speed[0],          speed[1],    speed[2],
                                    terminal, wind[0], wind[2],    launch->elevation, launch->roll};
    memcpy(parameters, fall, sizeof fall);
}

static void residuals_of_launch(const void *problem, const double *x, const double *fall, const double *pixels,
                                double *out) {
    const LaunchProblem *launch = problem;
    const Observations *s = &launch->observations;
    int64_t n = 2 * s->n;
    for (int64_t i = 0; i < n; i++) {
        const double *row = launch->root + i * n;
        out[i] = (pixels[i] - s->uv[i] - dot(row, out, i)) / row[i];
    }
    for (int k = 2; k < LAUNCH_UNKNOWNS; k++) out[n + k - 2] = (x[k] - launch->mean[k]) / launch->prior_sd[k];
    double apart = fall[FALL_LOG_TERMINAL] - log(launch->usual_mps);
    out[n + LAUNCH_DRAG - 2] = apart / (apart < 0 ? launch->sd_slower : launch->sd_faster);
}

void edgecv_launch_residuals(const LaunchProblem *launch, const double *x, int32_t soft, double *residuals,
                             double *derivatives) {
    int64_t m = 2 * launch->observations.n + LAUNCH_UNKNOWNS - 2;
    evaluate(fall_of_launch, residuals_of_launch, launch, &launch->observations, launch->step, m, LAUNCH_UNKNOWNS, x, 0,
             soft, residuals, derivatives);
}

static void soft_residuals_of_launch(const void *problem, const double *x, int32_t again, double *residuals,
                                     double *derivatives) {
    const LaunchProblem *launch = problem;
    int64_t m = 2 * launch->observations.n + LAUNCH_UNKNOWNS - 2;
    evaluate(fall_of_launch, residuals_of_launch, launch, &launch->observations, launch->step, m, LAUNCH_UNKNOWNS, x,
             again, 1, residuals, derivatives);
}

double edgecv_launch_minimise(const LaunchProblem *launch, const LeastSquares *s, double *x) {
    int64_t m = 2 * launch->observations.n + LAUNCH_UNKNOWNS - 2;
    return minimise_squares(soft_residuals_of_launch, launch, m, LAUNCH_UNKNOWNS, s, x);
}
