/* Which blobs of a frame are passed on, as edgecv/detection/blobs.py: the same numbers in the same order. */
#include "kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS 8
#define SIDE_PER_VARIANCE 14.0

/* A camera's memory of where many blobs always are. */
typedef struct {
    double usual[CELLS * CELLS]; /* blobs a frame and cell */
    double scale_x, scale_y;     /* cells a pixel */
    double rate, max_per_cell;
    int64_t max_detections;
} Quota;

static int32_t cell(double at) { return at <= 0 ? 0 : at >= CELLS - 1 ? CELLS - 1 : (int32_t)at; }

static double side(double variance) { return sqrt(SIDE_PER_VARIANCE * (variance > 0 ? variance : 0) + 1.0); }

int64_t edgecv_quota_size(void) { return (int64_t)sizeof(Quota); }

/* n blobs, strongest first; `out` gets x, y, w, h, area, contrast, snr, covariance of those passed on and has room for
 * `max_detections`. Returns how many. */
int64_t edgecv_select(Quota *q, const Blob *blobs, int64_t n, double (*out)[8]) {
    int32_t count[CELLS * CELLS] = {0};
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        const Blob *b = blobs + i;
        int32_t at = cell(b->y * q->scale_y) * CELLS + cell(b->x * q->scale_x);
        double room = q->max_per_cell / (1.0 + q->usual[at] / 4.0);
        int passes = count[at]++ < (room > 2.0 ? room : 2.0);
        if (!passes || found == q->max_detections) continue;
        double row[8] = {b->x, b->y, side(b->w), side(b->h), b->area, b->contrast, b->snr, b->tilt};
        memcpy(out[found++], row, sizeof row);
    }
    for (int32_t i = 0; i < CELLS * CELLS; i++) q->usual[i] += (count[i] - q->usual[i]) * q->rate;
    return found;
}

static int ascending(const void *a, const void *b) {
    double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

/* Blobs a frame that noise alone makes: what the quieter half of the picture shows, for all of it. */
double edgecv_by_chance(const Quota *q) {
    double usual[CELLS * CELLS], sum = 0;
    memcpy(usual, q->usual, sizeof usual);
    qsort(usual, CELLS * CELLS, sizeof(double), ascending);
    for (int32_t i = 0; i < CELLS * CELLS / 2; i++) sum += usual[i];
    return 2.0 * sum;
}
