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
        unit = UNIT;
        p = (float)sample(k, luma, stride, c, r), q = (float)sample(k, luma, stride, c + 1, r);
        s = (float)sample(k, luma, stride, c, r + 1), t = (float)sample(k, luma, stride, c + 1, r + 1);
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

static int solve(double a[4][5]) {
    for (int c = 0; c < 4; c++) {
        int best = c;
        for (int r = c + 1; r < 4; r++)
            if (fabs(a[r][c]) > fabs(a[best][c])) best = r;
        if (fabs(a[best][c]) < 1e-12) return 0;
        for (int i = 0; i < 5; i++) {
            double t = a[c][i];
            a[c][i] = a[best][i], a[best][i] = t;
        }
        for (int r = 0; r < 4; r++) {
            double share = r == c ? 0 : a[r][c] / a[c][c];
            for (int i = c; i < 5 && share != 0; i++) a[r][i] -= share * a[c][i];
        }
    }
    for (int c = 0; c < 4; c++) a[c][4] /= a[c][c];
    return 1;
}

void edgecv_register(const Background *k, const uint8_t *luma, int64_t stride, const int32_t *points, int32_t n,
                     int32_t rounds, float *registration) {
    int32_t w = k->width;
    double dx = registration[0], dy = registration[1], gain = registration[2], offset = registration[3];
    double scale = registration[4];
    for (int32_t round = 0; round < rounds; round++) {
        double a[4][5] = {{0}}, size = 0;
        double cut = 2.0 * (scale > 0.7 ? scale : 0.7);
        for (int32_t i = 0; i < n; i++) {
            int32_t y = points[i] / w, x = points[i] - y * w;
            const int16_t *m = k->mean + points[i];
            double ref = (double)m[0] / UNIT;
            double r = bilinear(k, luma, stride, (float)(x + dx), (float)(y + dy)) - gain * ref - offset;
            double j[4] = {0.5 * (m[1] - m[-1]) / UNIT, 0.5 * (m[w] - m[-w]) / UNIT, -(ref - 128.0), -1.0};
            double weight = 1.0 / (1.0 + r * r / (cut * cut));
            size += fabs(r) < 3.0 * cut ? fabs(r) : 3.0 * cut;
            for (int p = 0; p < 4; p++) {
                for (int q = p; q < 4; q++) a[p][q] += weight * j[p] * j[q];
                a[p][4] -= weight * j[p] * r;
            }
        }
        if (n) scale = size / n;
        /* priors of 3 pixels, 0.1 of gain and 10 levels around the state before */
        const double sd[4] = {3.0, 3.0, 0.1, 10.0};
        for (int p = 0; p < 4; p++) {
            a[p][p] += 4.0 / (sd[p] * sd[p]);
            for (int q = 0; q < p; q++) a[p][q] = a[q][p];
        }
        if (!solve(a)) break;
        dx += a[0][4], dy += a[1][4];
        gain += a[2][4];
        offset += a[3][4] - 128.0 * a[2][4];
        if (a[0][4] * a[0][4] + a[1][4] * a[1][4] < 4e-4) break;
    }
    registration[0] = (float)dx, registration[1] = (float)dy, registration[2] = (float)gain;
    registration[3] = (float)offset, registration[4] = (float)scale;
}
