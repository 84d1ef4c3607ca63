/* Clutter density on a grid, as edgecv/tracking/clutter_density.py. */
#include "native.h"

#define CELLS CLUTTER_CELLS

static int32_t cell(double at) { return at <= 0 ? 0 : at >= CELLS - 1 ? CELLS - 1 : (int32_t)at; }

static int32_t cell_of(const Clutter *c, const double *detection) {
    return cell(detection[1] * c->scale_y) * CELLS + cell(detection[0] * c->scale_x);
}

void edgecv_clutter_density(const Clutter *c, const double *detections, int64_t n, double *density) {
    for (int64_t i = 0; i < n; i++)
        density[i] = c->around[cell_of(c, detections + i * DETECTION_COLUMNS)] / c->cell_area_px2;
}

void edgecv_clutter_update(Clutter *c, const double *detections, int64_t n, double rate) {
    double sums[CELLS][CELLS]; /* of three cells side by side */
    for (int32_t i = 0; i < CELLS * CELLS; i++) c->count[i] -= c->count[i] * rate;
    for (int64_t i = 0; i < n; i++) c->count[cell_of(c, detections + i * DETECTION_COLUMNS)] += rate;
    for (int32_t y = 0; y < CELLS; y++)
        for (int32_t x = 0; x < CELLS; x++) {
            const double *row = c->count + y * CELLS;
            sums[y][x] = row[x ? x - 1 : 0] + row[x] + row[x < CELLS - 1 ? x + 1 : x];
        }
    for (int32_t y = 0; y < CELLS; y++)
        for (int32_t x = 0; x < CELLS; x++) {
            double mean = (sums[y ? y - 1 : 0][x] + sums[y][x] + sums[y < CELLS - 1 ? y + 1 : y][x]) / 9;
            c->around[y * CELLS + x] = mean > c->min_count ? mean : c->min_count;
        }
}
