/* Camera motion and brightness of a frame against the background, from a few thousand textured points. */
#include "kernel.h"

#include <math.h>

/* Sum of an analysis pixel that lies in the frame; 1 or 4 times its value. */
static inline float inside(const uint8_t *at, int64_t stride, int32_t b) {
    return b == 2 ? (float)(at[0] + at[1] + at[stride] + at[stride + 1]) : (float)at[0];
}

/* Value between four analysis pixels, grey levels. */
static float bilinear(const Background *k, const uint8_t *luma, int64_t stride, float x, float y) {
    int32_t c = (int32_t)floorf(x), r = (int32_t)floorf(y), n = k->binning;
    float a = x - (float)c, b = y - (float)r, p, q, s, t, unit = n == 2 ? 4 : 1;
    if (c >= 0 && r >= 0 && c < k->width - 1 && r < k->height - 1) {
        const uint8_t *at = luma + (int64_t)r * n * stride + c * n, *below = at + n * stride;
        p = inside(at, stride, n), q = inside(at + n, stride, n);
        s = inside(below, stride, n), t = inside(below + n, stride, n);
    } else {
        const Shift still = {0, 0};
        unit = UNIT;
        p = (float)sample(k, luma, stride, c, r, still), q = (float)sample(k, luma, stride, c + 1, r, still);
        s = (float)sample(k, luma, stride, c, r + 1, still), t = (float)sample(k, luma, stride, c + 1, r + 1, still);
    }
    return ((1 - b) * ((1 - a) * p + a * q) + b * ((1 - a) * s + a * t)) / unit;
}

int32_t edgecv_textured_points(const Background *k, int32_t cell, float min_gradient, int32_t *points) {
    int32_t w = k->width, count = 0, edge = 4;
    for (int32_t y0 = edge; y0 + cell <= k->height - edge; y0 += cell)
        for (int32_t x0 = edge; x0 + cell <= w - edge; x0 += cell) {
            int32_t best = (int32_t)(2.0f * min_gradient * UNIT), where = -1;
            for (int32_t y = y0; y < y0 + cell; y++)
                for (int32_t x = x0; x < x0 + cell; x++) {
                    const int16_t *m = k->mean + (int64_t)y * w + x;
                    int32_t gx = m[1] - m[-1], gy = m[w] - m[-w], steep = (gx < 0 ? -gx : gx) + (gy < 0 ? -gy : gy);
                    if (steep > best) best = steep, where = y * w + x;
                }
            if (where >= 0) points[count++] = where;
        }
    return count;
}

#define UNKNOWNS 6

static int solve(double a[UNKNOWNS][UNKNOWNS + 1]) {
    for (int c = 0; c < UNKNOWNS; c++) {
        int best = c;
        for (int r = c + 1; r < UNKNOWNS; r++)
            if (fabs(a[r][c]) > fabs(a[best][c])) best = r;
        if (fabs(a[best][c]) < 1e-12) return 0;
        for (int i = 0; i <= UNKNOWNS; i++) {
            double t = a[c][i];
            a[c][i] = a[best][i], a[best][i] = t;
        }
        for (int r = 0; r < UNKNOWNS; r++) {
            double share = r == c ? 0 : a[r][c] / a[c][c];
            for (int i = c; i <= UNKNOWNS && share != 0; i++) a[r][i] -= share * a[c][i];
        }
    }
    for (int c = 0; c < UNKNOWNS; c++) a[c][UNKNOWNS] /= a[c][c];
    return 1;
}

/* A point of the background, and where a motion puts it. */
typedef struct {
    double ref, right, down, gx, gy;
    float x, y;
} Point;

static inline Point point_at(const Background *k, int32_t pixel, const double *motion, double radius) {
    int32_t w = k->width, y = pixel / w, x = pixel - y * w;
    const int16_t *m = k->mean + pixel;
    double right = (x - 0.5 * (w - 1)) / radius, down = (y - 0.5 * (k->height - 1)) / radius;
    return (Point){(double)m[0] / UNIT,
                   right,
                   down,
                   0.5 * (m[1] - m[-1]) / UNIT,
                   0.5 * (m[w] - m[-w]) / UNIT,
                   (float)(x + motion[0] + motion[3] * right - motion[2] * down),
                   (float)(y + motion[1] + motion[2] * right + motion[3] * down)};
}

void edgecv_register(const Background *k, const uint8_t *luma, int64_t stride, const int32_t *points, int32_t n,
                     int32_t rounds, int32_t turning, float *registration) {
    double cx = 0.5 * (k->width - 1), cy = 0.5 * (k->height - 1), radius = sqrt(cx * cx + cy * cy);
    double scale = registration[6], corner_sd = registration[7];
    /* dx, dy, roll and zoom in pixels at a corner, gain, offset */
    double v[UNKNOWNS] = {registration[0], registration[1], registration[2] * radius, registration[3] * radius,
                          registration[4], registration[5]};
    for (int32_t round = 0; round < rounds; round++) {
        double a[UNKNOWNS][UNKNOWNS + 1] = {{0}}, size = 0;
        double cut = 2.0 * (scale > 0.7 ? scale : 0.7);
        for (int32_t i = 0; i < n; i++) {
            Point q = point_at(k, points[i], v, radius);
            double r = bilinear(k, luma, stride, q.x, q.y) - v[4] * q.ref - v[5];
            double weight = 1.0 / (1.0 + r * r / (cut * cut));
            double j[UNKNOWNS] = {q.gx, q.gy, q.gy * q.right - q.gx * q.down, q.gx * q.right + q.gy * q.down,
                                  -(q.ref - 128.0), -1.0};
            size += fabs(r) < 3.0 * cut ? fabs(r) : 3.0 * cut;
            for (int p = 0; p < UNKNOWNS; p++) {
                for (int c = p; c < UNKNOWNS; c++) a[p][c] += weight * j[p] * j[c];
                a[p][UNKNOWNS] -= weight * j[p] * r;
            }
        }
        if (n) scale = size / n;
        /* priors of 3 pixels, 0.1 of gain and 10 levels around the state before; of roll and zoom, a pixel at a corner
         * around none: points on one side of a picture do not tell them from a shift */
        const double turn = turning ? 1.0 : 1e-6, sd[UNKNOWNS] = {3.0, 3.0, turn, turn, 0.1, 10.0};
        for (int p = 0; p < UNKNOWNS; p++) {
            a[p][p] += 4.0 / (sd[p] * sd[p]);
            for (int c = 0; c < p; c++) a[p][c] = a[c][p];
        }
        /* the mean of the sizes of Gaussian residuals is 0.8 of their deviation */
        corner_sd = 1.25 * scale / sqrt(a[2][2] < a[3][3] ? a[2][2] : a[3][3]);
        for (int p = 2; p < 4; p++) a[p][UNKNOWNS] -= 4.0 / (turn * turn) * v[p];
        if (!solve(a)) break;
        double square = 0;
        for (int p = 0; p < 4; p++) square += a[p][UNKNOWNS] * a[p][UNKNOWNS];
        for (int p = 0; p < UNKNOWNS; p++) v[p] += a[p][UNKNOWNS];
        v[5] -= 128.0 * a[4][UNKNOWNS];
        if (square < 4e-4) break;
    }
    const double result[] = {v[0], v[1], v[2] / radius, v[3] / radius, v[4], v[5], scale, corner_sd};
    for (int i = 0; i < 8; i++) registration[i] = (float)result[i];
}
