/* How well a cubic in time explains a stretch of sightings, as edgecv/trajectory/stretch_score.py. */
#include "linear_algebra.h"

#include <math.h>
#include <string.h>

#define TERMS 4

/* Coefficients of the cubic of one axis through the sightings that count; 0 where they do not determine it. */
static int32_t fit_axis(const StretchSightings *s, int64_t from, int64_t n, int axis, double start_s, double per_s,
                        const uint8_t *counts, double *solution) {
    double a[TERMS * TERMS] = {0}, b[TERMS] = {0};
    for (int64_t k = 0; k < n; k++) {
        if (!counts[k]) continue;
        double t = (s->t[from + k] - start_s) * per_s, sd = s->sd[2 * (from + k) + axis], weight = 1 / (sd * sd);
        double basis[TERMS] = {t * t * t, t * t, t, 1};
        for (int i = 0; i < TERMS; i++) {
            b[i] += weight * basis[i] * s->uv[2 * (from + k) + axis];
            for (int j = 0; j <= i; j++) a[i * TERMS + j] += weight * basis[i] * basis[j];
        }
    }
    for (int i = 0; i < TERMS; i++) a[i * TERMS + i] += s->ridge;
    if (!cholesky_root(TERMS, a)) return 0;
    for (int i = 0; i < TERMS; i++) solution[i] = (b[i] - dot(a + i * TERMS, solution, i)) / a[i * TERMS + i];
    for (int i = TERMS - 1; i >= 0; i--) {
        for (int k = i + 1; k < TERMS; k++) solution[i] -= a[k * TERMS + i] * solution[k];
        solution[i] /= a[i * TERMS + i];
    }
    return 1;
}

/* Log densities (n) of sightings about the cubic, and which of them are near it; 0 where there is none. */
static int32_t compare(const StretchSightings *s, int64_t from, int64_t n, const uint8_t *counts, uint8_t *near,
                       double *log_density) {
    double start_s = s->t[from], duration_s = s->t[from + n - 1] - start_s;
    double per_s = 1 / (duration_s > 1e-6 ? duration_s : 1e-6), cubic[2][TERMS];
    for (int axis = 0; axis < 2; axis++)
        if (!fit_axis(s, from, n, axis, start_s, per_s, counts, cubic[axis])) return 0;
    for (int64_t k = 0; k < n; k++) {
        double t = (s->t[from + k] - start_s) * per_s, squared = 0, area = 1;
        for (int axis = 0; axis < 2; axis++) {
            double sd = s->sd[2 * (from + k) + axis], *c = cubic[axis];
            double off = (s->uv[2 * (from + k) + axis] - (((c[0] * t + c[1]) * t + c[2]) * t + c[3])) / sd;
            squared += off * off, area *= sd;
        }
        near[k] = squared < s->outlier_sd * s->outlier_sd;
        log_density[k] = -0.5 * squared - log(2 * M_PI * area);
    }
    return 1;
}

double edgecv_stretch_score(const StretchSightings *s, int64_t from, int64_t n, uint8_t *explained, double *scratch) {
    uint8_t *near = explained + n;
    double score = 0;
    memset(explained, 1, (size_t)n);
    for (int32_t round = 0; round < s->rounds; round++) {
        int64_t count = 0;
        for (int64_t k = 0; k < n; k++) count += explained[k];
        if (count < s->min_points || !compare(s, from, n, explained, near, scratch)) return -INFINITY;
        if (memcmp(near, explained, (size_t)n) == 0) break;
        memcpy(explained, near, (size_t)n);
    }
    for (int64_t k = 0; k < n; k++)
        if (explained[k]) score += scratch[k] - s->log_clutter[from + k] + s->log_p_detection;
    return score;
}

double edgecv_best_stretch(const StretchSightings *s, const int64_t *starts, int64_t start_count, const int64_t *ends,
                           int64_t end_count, uint8_t *explained, double *scratch, int64_t *best) {
    double highest = -INFINITY;
    uint8_t *tried = explained + 2 * (ends[end_count - 1] - starts[0]);
    for (int64_t a = 0; a < start_count; a++)
        for (int64_t b = 0; b < end_count; b++) {
            int64_t from = starts[a], n = ends[b] - from, count = 0;
            if (n < s->min_points) continue;
            double score = edgecv_stretch_score(s, from, n, tried, scratch);
            double frames = nearbyint((s->t[from + n - 1] - s->t[from]) / fmax(s->interval_s, 1e-3)) + 1;
            for (int64_t k = 0; k < n; k++) count += tried[k];
            double missed = fmin((double)s->share, frames) - (double)count;
            score += fmax(missed, 0) * s->log_p_missed - s->freedom;
            if (!(score > highest)) continue;
            highest = score, best[0] = from, best[1] = from + n;
            memcpy(explained, tried, (size_t)n);
        }
    return highest;
}
