/* Which blobs of a frame pass, as edgecv/detection/blobs.py: the same numbers in the same order. */
#include "native.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS (QUOTA_CELLS * QUOTA_CELLS)

/* A blob and how unusual it is where it lies. */
typedef struct {
    double surprise;
    int32_t blob, at; /* at: its sign and cell */
} Candidate;

static int32_t cell(double at) { return at <= 0 ? 0 : at >= QUOTA_CELLS - 1 ? QUOTA_CELLS - 1 : (int32_t)at; }

/* Side of a box of this second moment; one pixel has none but is one pixel wide. */
static double side(const Quota *q, double moment) {
    return sqrt(q->side_per_variance * (moment > 0 ? moment : 0) + 1.0);
}

static int most_unusual_first(const void *a, const void *b) {
    const Candidate *p = a, *q = b;
    if (p->surprise != q->surprise) return p->surprise < q->surprise ? 1 : -1;
    return p->blob - q->blob;
}

int64_t edgecv_quota_select(Quota *q, const Blob *blobs, int64_t n, double *detections) {
    int32_t passed[2 * CELLS] = {0};
    double excess[2 * CELLS] = {0};
    int64_t selected = 0;
    Candidate *order = malloc(sizeof(Candidate) * (size_t)(n ? n : 1));
    if (!order) return -1;
    memset(q->count, 0, sizeof(double) * 2 * CELLS);
    for (int64_t i = 0; i < n; i++) {
        const Blob *b = blobs + i;
        int32_t at = (b->contrast > 0) * CELLS + cell(b->y * q->scale_y) * QUOTA_CELLS + cell(b->x * q->scale_x);
        double above = b->snr > q->thresholds[at] ? b->snr - q->thresholds[at] : 0.0;
        order[i] = (Candidate){q->rarity[at] + above / q->scale[at], (int32_t)i, at};
        q->count[at]++, excess[at] += above;
    }
    qsort(order, (size_t)n, sizeof(Candidate), most_unusual_first);
    for (int64_t i = 0; i < n && selected < q->max_detections; i++) {
        const Blob *b = blobs + order[i].blob;
        double quota = q->max_per_cell / (1.0 + q->usual[order[i].at] / 4.0);
        if (!(passed[order[i].at]++ < (quota > 2.0 ? quota : 2.0))) continue;
        double w = side(q, b->xx), h = side(q, b->yy);
        double row[DETECTION_COLUMNS] = {b->x, b->y, w, h, b->area, b->contrast, b->snr, b->xy};
        memcpy(detections + DETECTION_COLUMNS * selected++, row, sizeof row);
    }
    for (int32_t i = 0; i < 2 * CELLS; i++) {
        q->usual[i] += (q->count[i] - q->usual[i]) * q->rate;
        q->excess[i] += (excess[i] - q->excess[i]) * q->rate;
    }
    free(order);
    return selected;
}
