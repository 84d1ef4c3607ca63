/* Which blobs of a frame pass, as edgecv/detection/blobs.py: the same numbers in the same order. */
#include "native.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS (QUOTA_CELLS * QUOTA_CELLS)

static int32_t cell(double at) { return at <= 0 ? 0 : at >= QUOTA_CELLS - 1 ? QUOTA_CELLS - 1 : (int32_t)at; }

/* Side of a box of this second moment; one pixel has none but is one pixel wide. */
static double side(const Quota *q, double moment) {
    return sqrt(q->side_per_variance * (moment > 0 ? moment : 0) + 1.0);
}

int64_t edgecv_quota_select(Quota *q, const Blob *blobs, int64_t n, double *detections) {
    int32_t count[CELLS] = {0};
    int64_t selected = 0;
    for (int64_t i = 0; i < n; i++) {
        const Blob *b = blobs + i;
        int32_t at = cell(b->y * q->scale_y) * QUOTA_CELLS + cell(b->x * q->scale_x);
        double quota = q->max_per_cell / (1.0 + q->usual[at] / 4.0);
        int passes = count[at]++ < (quota > 2.0 ? quota : 2.0);
        if (!passes || selected == q->max_detections) continue;
        double w = side(q, b->xx), h = side(q, b->yy);
        double row[DETECTION_COLUMNS] = {b->x, b->y, w, h, b->area, b->contrast, b->snr, b->xy};
        memcpy(detections + DETECTION_COLUMNS * selected++, row, sizeof row);
    }
    for (int32_t i = 0; i < CELLS; i++) q->usual[i] += (count[i] - q->usual[i]) * q->rate;
    return selected;
}

static int ascending(const void *a, const void *b) {
    double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

double edgecv_quota_noise_blobs(const Quota *q) {
    double usual[CELLS], sum = 0;
    memcpy(usual, q->usual, sizeof usual);
    qsort(usual, CELLS, sizeof(double), ascending);
    for (int32_t i = 0; i < CELLS / 2; i++) sum += usual[i];
    return 2.0 * sum;
}
