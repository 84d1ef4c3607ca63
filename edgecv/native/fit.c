/* Residuals of a fall's fit and of a launch's, and their forward differences: the NumPy of edgecv/trajectory/fit.py and
   launch_problem.py in one call. */
#include "flight.h"

#include <math.h>
#include <string.h>

#define UNKNOWNS 9 /* of a launch: position, velocity, drag, wind along and out; world */
#define DRAG 6
#define LOG_TERMINAL 6 /* of a fall's parameters */
#define PLACE 3 /* the first parameters of a fall say where it begins, the others how it goes on */

/* The sightings, how the camera sees, and room to compute in. */
typedef struct {
    const double *times, *uv; /* (n), (n, 2) */
    double *scratch;          /* (8 n): positions, those of another fall, pixels */
    int64_t n;
    Sight sight;
    double scale; /* standard deviations beyond which a residual counts linearly */
} Sightings;

typedef struct {
    Sightings seen;
    const double *sd;                   /* (n, 2) pixels */
    const double *mean, *spread;        /* (11) */
    const double *step;                 /* (p) */
    const int64_t *free;                /* (p) which parameters are fitted */
    int64_t p;
} Fit;

typedef struct {
    Sightings seen;
    const double *root;                                  /* (2n, 2n) lower, of the sightings' covariance */
    double mean[UNKNOWNS], spread[UNKNOWNS], step[UNKNOWNS];
    double rotation[9], level[9], position[3];           /* world to camera, world to level, the camera's place */
    double elevation, roll;
    double unit, least_bend, most_drag;                  /* as terminal_of */
    double usual, slower, faster;                        /* as terminal_residual */
} Launch;

int64_t edgecv_fit_size(void) { return sizeof(Fit); }
int64_t edgecv_launch_size(void) { return sizeof(Launch); }

/* Soft-L1 as softened() has it; slopes are (p, m), or null. */
static void soften(double scale, int64_t m, int64_t p, double *residuals, double *slopes) {
    for (int64_t i = 0; i < m; i++) {
        double z = residuals[i] / scale, root = sqrt(1 + z * z), shrink = sqrt(2 / (root + 1));
        residuals[i] *= shrink;
        if (!slopes) continue;
        for (int64_t k = 0; k < p; k++) slopes[k * m + i] *= 1 / (root * shrink);
    }
}

/* A problem's fall (11) at x, and its residuals (m) at x where that fall is seen at these pixels. */
typedef void (*FallAt)(const void *problem, const double *x, double *fall);
typedef void (*Residuals)(const void *problem, const double *x, const double *fall, const double *pixels, double *out);

/* Residuals (m) at x (p), and their forward differences (p, m) unless those are null. */
static void evaluate(FallAt fall_at, Residuals of, const void *problem, const Sightings *s, const double *step,
                     int64_t m, int64_t p, const double *x, int32_t soft, double *residuals, double *slopes) {
    double at[PARAMETERS], fall[PARAMETERS], other[PARAMETERS], from[3], still[3] = {0};
    double *positions = s->scratch, *others = positions + 3 * s->n, *pixels = others + 3 * s->n;
    fall_at(problem, x, fall);
    edgecv_place(&s->sight, fall, from);
    edgecv_fly(&s->sight, s->n, fall, s->times, positions);
    edgecv_project(&s->sight, s->n, positions, still, pixels);
    of(problem, x, fall, pixels, residuals);
    for (int64_t k = 0; slopes && k < p; k++) {
        double *row = slopes + k * m;
        memcpy(at, x, (size_t)p * sizeof *at);
        at[k] += step[k];
        fall_at(problem, at, other);
        if (memcmp(other + PLACE, fall + PLACE, (PARAMETERS - PLACE) * sizeof *fall) == 0) {
            /* begun elsewhere, a fall has the same path there */
            double shift[3];
            edgecv_place(&s->sight, other, shift);
            for (int i = 0; i < 3; i++) shift[i] -= from[i];
            edgecv_project(&s->sight, s->n, positions, shift, pixels);
        } else {
            edgecv_fly(&s->sight, s->n, other, s->times, others);
            edgecv_project(&s->sight, s->n, others, still, pixels);
        }
        of(problem, at, other, pixels, row);
        for (int64_t i = 0; i < m; i++) row[i] = (row[i] - residuals[i]) / step[k];
    }
    if (soft) soften(s->scale, m, p, residuals, slopes);
}

static void fall_of_fit(const void *problem, const double *x, double *parameters) {
    const Fit *fit = problem;
    memcpy(parameters, fit->mean, PARAMETERS * sizeof *parameters);
    for (int64_t k = 0; k < fit->p; k++) parameters[fit->free[k]] = x[k];
}

static void residuals_of_fit(const void *problem, const double *x, const double *fall, const double *pixels,
                             double *out) {
    (void)fall;
    const Fit *fit = problem;
    const Sightings *s = &fit->seen;
    for (int64_t i = 0; i < 2 * s->n; i++) out[i] = (pixels[i] - s->uv[i]) / fit->sd[i];
    for (int64_t k = 0; k < fit->p; k++) {
        int64_t which = fit->free[k];
        out[2 * s->n + k] = (x[k] - fit->mean[which]) / fit->spread[which];
    }
}

/* Residuals (2n + p) at x (p), and their slopes (p, 2n + p) unless those are null. */
void edgecv_fit(const Fit *fit, const double *x, int32_t soft, double *residuals, double *slopes) {
    evaluate(fall_of_fit, residuals_of_fit, fit, &fit->seen, fit->step, 2 * fit->seen.n + fit->p, fit->p, x, soft,
             residuals, slopes);
}

static void turned(const double *by, const double *v, double *out) {
    for (int i = 0; i < 3; i++) out[i] = by[3 * i] * v[0] + by[3 * i + 1] * v[1] + by[3 * i + 2] * v[2];
}

static double log_terminal(const Launch *launch, double drag) {
    double most = launch->most_drag, bend = sinh(drag < -most ? -most : drag > most ? most : drag);
    return log(launch->unit / sqrt(0.5 * (bend + hypot(bend, launch->least_bend))));
}

/* Four sums side by side, for one waits for itself at every step. */
static double dot(const double *p, const double *q, int64_t n) {
    double sums[4] = {0}, rest = 0;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += p[i + k] * q[i + k];
    for (; i < n; i++) rest += p[i] * q[i];
    return sums[0] + sums[1] + sums[2] + sums[3] + rest;
}

static void fall_of_launch(const void *problem, const double *x, double *parameters) {
    const Launch *launch = problem;
    const Sight *sight = &launch->seen.sight;
    double from[3], local[3], speed[3], wind[3], blowing[3] = {x[7], 0, x[8]};
    for (int i = 0; i < 3; i++) from[i] = x[i] - launch->position[i];
    turned(launch->rotation, from, local);
    turned(launch->level, x + 3, speed);
    turned(launch->level, blowing, wind);
    double depth = local[2] > 0.2 ? local[2] : 0.2;
    double u = sight->cx + sight->focal * local[0] / depth, v = sight->cy + sight->focal * local[1] / depth;
    double fall[PARAMETERS] = {u, v, log(depth), speed[0], speed[1], speed[2], log_terminal(launch, x[DRAG]),
                               wind[0], wind[2], launch->elevation, launch->roll};
    memcpy(parameters, fall, sizeof fall);
}

static void residuals_of_launch(const void *problem, const double *x, const double *fall, const double *pixels,
                                double *out) {
    const Launch *launch = problem;
    const Sightings *s = &launch->seen;
    int64_t n = 2 * s->n;
    for (int64_t i = 0; i < n; i++) {
        const double *row = launch->root + i * n;
        out[i] = (pixels[i] - s->uv[i] - dot(row, out, i)) / row[i];
    }
    for (int k = 2; k < UNKNOWNS; k++) out[n + k - 2] = (x[k] - launch->mean[k]) / launch->spread[k];
    double apart = fall[LOG_TERMINAL] - log(launch->usual);
    out[n + DRAG - 2] = apart / (apart < 0 ? launch->slower : launch->faster);
}

/* Residuals (2n + 7) at x (9), and their slopes (9, 2n + 7) unless those are null. */
void edgecv_launch(const Launch *launch, const double *x, int32_t soft, double *residuals, double *slopes) {
    int64_t m = 2 * launch->seen.n + UNKNOWNS - 2;
    evaluate(fall_of_launch, residuals_of_launch, launch, &launch->seen, launch->step, m, UNKNOWNS, x, soft, residuals,
             slopes);
}
