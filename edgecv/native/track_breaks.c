/* Where a track changed to another object, as edgecv/tracking/track_breaks.py. */
#include "linear_algebra.h"

#include <math.h>

#define TERMS 3

static void powers(double t, double *out) { out[0] = t * t, out[1] = t, out[2] = 1; }

/* The upper median; sorts. */
static double middle(double *values, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        double value = values[i];
        int64_t k = i;
        for (; k > 0 && values[k - 1] > value; k--) values[k] = values[k - 1];
        values[k] = value;
    }
    return values[n / 2];
}

/* Solves root v = v. */
static void forward(const double *root, double *v) {
    for (int i = 0; i < TERMS; i++) v[i] = (v[i] - dot(root + i * TERMS, v, i)) / root[i * TERMS + i];
}

void edgecv_parabola_misses(const TrackRows *track, int64_t first, int64_t windows, int64_t before, int64_t after,
                            double *scratch, double *miss) {
    double *off = scratch, *spread = scratch + before;
    for (int64_t w = 0; w < windows; w++) {
        int64_t k = first + w;
        double root[TERMS * TERMS] = {0}, sums[2][TERMS] = {{0}}, basis[TERMS];
        for (int64_t i = k; i < k + after; i++) {
            const double *d = track->detections + i * DETECTION_COLUMNS;
            powers(track->t[i] - track->t[k], basis);
            for (int a = 0; a < TERMS; a++) {
                for (int b = 0; b <= a; b++) root[a * TERMS + b] += basis[a] * basis[b];
                for (int axis = 0; axis < 2; axis++) sums[axis][a] += basis[a] * d[axis];
            }
        }
        for (int a = 0; a < TERMS; a++) root[a * TERMS + a] += track->ridge;
        if (!cholesky_root(TERMS, root)) {
            miss[w] = 0;
            continue;
        }
        for (int axis = 0; axis < 2; axis++) forward(root, sums[axis]);
        for (int64_t i = 0; i < before; i++) {
            int64_t at = k - before + i;
            const double *d = track->detections + at * DETECTION_COLUMNS;
            powers(track->t[at] - track->t[k], basis);
            forward(root, basis);
            off[i] = hypot(d[0] - dot(basis, sums[0], TERMS), d[1] - dot(basis, sums[1], TERMS));
            spread[i] = sqrt(1 + dot(basis, basis, TERMS));
        }
        double typical = middle(off, before);
        miss[w] = typical / (track->unit_px * middle(spread, before));
    }
}
