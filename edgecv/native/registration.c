/* Camera motion and brightness of a frame against the background, from a few thousand textured points. */
#include "kernel.h"

#include <math.h>
#include <stdlib.h>

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

#define CUT_PER_MEDIAN 2.4f /* residual that counts half: twice the mean of Gaussian ones */
#define LEAST_MEDIAN 0.6f   /* grey levels: rounding and a codec alone */

/* The n/2-th smallest; reorders the values (Hoare 1961). */
static float middle_of(float *values, int32_t n) {
    int32_t from = 0, to = n - 1, k = n / 2;
    while (from < to) {
        float pivot = values[(from + to) / 2];
        int32_t i = from, j = to;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i <= j) {
                float t = values[i];
                values[i++] = values[j];
                values[j--] = t;
            }
        }
        if (k <= j) to = j;
        else if (k >= i) from = i;
        else break;
    }
    return n ? values[k] : 0.0f;
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

int32_t edgecv_register(const Background *k, const uint8_t *luma, int64_t stride, const int32_t *points, int32_t n,
                        int32_t rounds, float *registration) {
    double cx = 0.5 * (k->width - 1), cy = 0.5 * (k->height - 1), radius = sqrt(cx * cx + cy * cy);
    double scale = registration[6], corner_sd = registration[7];
    /* dx, dy, roll and zoom in pixels at a corner, gain, offset */
    double v[UNKNOWNS] = {registration[0], registration[1], registration[2] * radius, registration[3] * radius,
                          registration[4], registration[5]};
    float *residuals = malloc(sizeof(float) * 2 * (size_t)(n + 1)), *sizes = residuals + n;
    if (!residuals) return -1;
    for (int32_t round = 0; round < rounds; round++) {
        double a[UNKNOWNS][UNKNOWNS + 1] = {{0}}, size = 0;
        for (int32_t i = 0; i < n; i++) {
            Point p = point_at(k, points[i], v, radius);
            residuals[i] = (float)(bilinear(k, luma, stride, p.x, p.y) - v[4] * p.ref - v[5]);
            sizes[i] = fabsf(residuals[i]);
        }
        float middle = middle_of(sizes, n);
        double cut = CUT_PER_MEDIAN * (middle > LEAST_MEDIAN ? middle : LEAST_MEDIAN);
        for (int32_t i = 0; i < n; i++) {
            Point q = point_at(k, points[i], v, radius);
            double r = residuals[i], weight = 1.0 / (1.0 + r * r / (cut * cut));
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
        const double sd[UNKNOWNS] = {3.0, 3.0, 1.0, 1.0, 0.1, 10.0};
        for (int p = 0; p < UNKNOWNS; p++) {
            a[p][p] += 4.0 / (sd[p] * sd[p]);
            for (int c = 0; c < p; c++) a[p][c] = a[c][p];
        }
        /* the median of the sizes of Gaussian residuals is 0.67 of their deviation */
        corner_sd = 1.48 * middle / sqrt(a[2][2] < a[3][3] ? a[2][2] : a[3][3]);
        a[2][UNKNOWNS] -= 4.0 * v[2];
        a[3][UNKNOWNS] -= 4.0 * v[3];
        if (!solve(a)) break;
        double square = 0;
        for (int p = 0; p < 4; p++) square += a[p][UNKNOWNS] * a[p][UNKNOWNS];
        for (int p = 0; p < UNKNOWNS; p++) v[p] += a[p][UNKNOWNS];
        v[5] -= 128.0 * a[4][UNKNOWNS];
        if (square < 4e-4) break;
    }
    free(residuals);
    const double result[] = {v[0], v[1], v[2] / radius, v[3] / radius, v[4], v[5], scale, corner_sd};
    for (int i = 0; i < 8; i++) registration[i] = (float)result[i];
    return 0;
}
