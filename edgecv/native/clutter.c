/* How many detections chance makes, and where: the grid of edgecv/tracking/clutter_density.py. */
#include "tracking.h"

#define CELLS 16

/* A camera's grid. */
typedef struct {
    double count[CELLS][CELLS];  /* running detections a frame and cell */
    double around[CELLS][CELLS]; /* the same, mean of the nine around, at least `fewest` */
    double scale_x, scale_y;     /* cells a pixel */
    double cell_area_px2, fewest, rate;
} Grid;

static int32_t cell(double at) { return at <= 0 ? 0 : at >= CELLS - 1 ? CELLS - 1 : (int32_t)at; }

int64_t edgecv_grid_size(void) { return (int64_t)sizeof(Grid); }

/* Detections per px^2 and frame to be expected around each of n detections. */
void edgecv_density(const Grid *g, const double *detections, int64_t n, double *density) {
    for (int64_t i = 0; i < n; i++, detections += COLUMNS)
        density[i] = g->around[cell(detections[1] * g->scale_y)][cell(detections[0] * g->scale_x)] / g->cell_area_px2;
}

/* Takes one frame's n detections. */
void edgecv_learn(Grid *g, const double *detections, int64_t n) {
    double across[CELLS][CELLS];
    for (int32_t y = 0; y < CELLS; y++)
        for (int32_t x = 0; x < CELLS; x++) g->count[y][x] -= g->count[y][x] * g->rate;
    for (int64_t i = 0; i < n; i++, detections += COLUMNS)
        g->count[cell(detections[1] * g->scale_y)][cell(detections[0] * g->scale_x)] += g->rate;
    for (int32_t y = 0; y < CELLS; y++)
        for (int32_t x = 0; x < CELLS; x++)
            across[y][x] = g->count[y][x ? x - 1 : 0] + g->count[y][x] + g->count[y][x < CELLS - 1 ? x + 1 : x];
    for (int32_t y = 0; y < CELLS; y++)
        for (int32_t x = 0; x < CELLS; x++) {
            double mean = (across[y ? y - 1 : 0][x] + across[y][x] + across[y < CELLS - 1 ? y + 1 : y][x]) / 9;
            g->around[y][x] = mean > g->fewest ? mean : g->fewest;
        }
}
