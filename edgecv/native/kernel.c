/* Entry points of the detection kernel: one frame's fused pass, and what surrounds it. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

/* Instruction sets the library was built with: bit 0 any, 1 AVX2, 2 AVX-512. The caller asks the processor. */
int32_t edgecv_instruction_sets(void) {
#if defined(__x86_64__)
    return 7;
#else
    return 1;
#endif
}

int64_t edgecv_kernel_size(void) { return (int64_t)sizeof(Kernel); }

static TileRow choose(int32_t set) {
#if defined(__x86_64__)
    if (set == 2) return tile_row_avx512;
    if (set == 1) return tile_row_avx2;
#endif
    (void)set;
    return tile_row_base;
}

/* Compare a frame with the background and learn from it; `set` is 0, 1 (AVX2) or 2 (AVX-512). */
void edgecv_update(Kernel *k, const uint8_t *luma, int64_t stride, int32_t set) {
    TileRow tile_row = choose(set);
    k->standing = 0;
    for (int32_t row = 0; row < k->tiles_y; row++) tile_row(k, luma, stride, row);
}

/* The first frame becomes the background. */
void edgecv_begin(Kernel *k, const uint8_t *luma, int64_t stride, float noise) {
    int64_t n = (int64_t)k->width * k->height;
    float start = noise * SMOOTH_UNIT * NOISE_UNIT;
    for (int32_t y = 0; y < k->height; y++)
        for (int32_t x = 0; x < k->width; x++)
            k->mean[(int64_t)y * k->width + x] = (int16_t)sample(k, luma, stride, x, y);
    for (int64_t i = 0; i < n; i++) k->noise[i] = (int16_t)(start < 32000.0f ? start : 32000.0f);
}

/* A change of gain or brightness of the whole picture is taken over at once: mean + mean * gain / 65536 + offset. */
void edgecv_brighten(Kernel *k, int32_t gain, int32_t offset) {
    int64_t n = (int64_t)k->width * k->height;
    int16_t *restrict m = k->mean;
    for (int64_t i = 0; i < n; i++) {
        int16_t step = (int16_t)((int16_t)(((int32_t)m[i] * (int16_t)gain) >> 16) + (int16_t)offset);
        int16_t room = (int16_t)(32640 - m[i]), down = (int16_t)-m[i];
        step = step > room ? room : step;
        m[i] = (int16_t)(m[i] + (step < down ? down : step));
    }
}

/* Mean absolute difference, grey levels, between every sixteenth row of a frame and those kept; keeps the new ones. */
float edgecv_change(const uint8_t *luma, int64_t stride, int32_t width, int32_t height, uint8_t *kept) {
    int64_t sum = 0, n = 0;
    for (int32_t y = 8; y < height; y += 16, kept += width, n += width) {
        const uint8_t *restrict p = luma + (int64_t)y * stride;
        uint32_t row = 0;
        for (int32_t x = 0; x < width; x++) row += (uint32_t)abs((int)p[x] - (int)kept[x]); /* PSADBW */
        memcpy(kept, p, (size_t)width);
        sum += row;
    }
    return n ? (float)sum / (float)n : 0.0f;
}

/* What measuring a blob needs besides the kernel. */
typedef struct {
    const Kernel *k;
    const uint8_t *luma;
    int64_t stride;
    int32_t *pixels; /* stack of the flood, then the list of the blob's pixels */
    int16_t *values;
} Flood;

/* Collect the blob around a seed, clearing it from the mask; returns the number of its pixels, and its strongest. */
static int32_t flood(Flood *f, int32_t start, float *snr) {
    const Kernel *k = f->k;
    int32_t w = k->width, h = k->height, n = 0, done = 0;
    float best = 0.0f;
    f->pixels[n++] = start;
    int had = k->mask[start];
    k->mask[start] = 0;
    for (int first = 1; done < n; done++, first = 0) {
        int32_t p = f->pixels[done], y = p / w, x = p - y * w;
        (void)first;
        for (int32_t j = y > 0 ? -1 : 0; j <= (y < h - 1); j++)
            for (int32_t i = x > 0 ? -1 : 0; i <= (x < w - 1); i++) {
                int32_t q = p + j * w + i;
                if (!k->mask[q]) continue;
                if (k->mask[q] & SEED) {
                    float v = (float)k->noise[q] / NOISE_UNIT, least = k->noise_floor * SMOOTH_UNIT;
                    float z = (float)k->moving[q] / (v > least ? v : least);
                    z /= k->level[((q / w) / TILE) * k->tiles_x + (q % w) / TILE];
                    if (z > best) best = z;
                }
                k->mask[q] = 0;
                f->pixels[n++] = q;
            }
    }
    if (had & SEED) {
        int32_t y = start / w, x = start - y * w;
        float v = (float)k->noise[start] / NOISE_UNIT, least = k->noise_floor * SMOOTH_UNIT;
        float z = (float)k->moving[start] / (v > least ? v : least) / k->level[(y / TILE) * k->tiles_x + x / TILE];
        if (z > best) best = z;
    }
    *snr = best;
    return n;
}

/* Centre, extent and contrast from the plain differences, which the 3x3 filter has not widened. */
static int measure(Flood *f, int32_t n, float snr, Blob *out) {
    const Kernel *k = f->k;
    int32_t w = k->width, peak = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t y = f->pixels[i] / w, x = f->pixels[i] - y * w;
        int32_t d = sample(k, f->luma, f->stride, x, y) - k->mean[f->pixels[i]];
        d = d > 32000 ? 32000 : d < -32000 ? -32000 : d;
        f->values[i] = (int16_t)d;
        if (abs(d) > peak) peak = abs(d);
    }
    /* below 30 % of the peak are compression halos */
    double sw = 0, sx = 0, sy = 0, sd = 0;
    int32_t area = 0, limit = (3 * peak) / 10;
    for (int32_t i = 0; i < n; i++) {
        int32_t y = f->pixels[i] / w, x = f->pixels[i] - y * w, a = abs(f->values[i]);
        if (a <= limit) continue;
        sw += a, sx += (double)a * x, sy += (double)a * y, sd += f->values[i];
        area++;
    }
    if (!area || sw <= 0) return 0;
    double cx = sx / sw, cy = sy / sw, xx = 0, yy = 0, xy = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t y = f->pixels[i] / w, x = f->pixels[i] - y * w, a = abs(f->values[i]);
        if (a <= limit) continue;
        xx += a * (x - cx) * (x - cx), yy += a * (y - cy) * (y - cy), xy += a * (x - cx) * (y - cy);
    }
    double b = k->binning;
    out->x = (float)((cx + 0.5) * b - 0.5), out->y = (float)((cy + 0.5) * b - 0.5);
    out->w = (float)xx / (float)sw, out->h = (float)yy / (float)sw, out->tilt = (float)xy / (float)sw;
    out->w *= (float)(b * b), out->h *= (float)(b * b), out->tilt *= (float)(b * b);
    out->area = (float)(area * b * b);
    out->contrast = (float)(sd / area / UNIT);
    out->snr = snr;
    return 1;
}

static int stronger(const void *a, const void *b) {
    const Blob *p = a, *q = b;
    if (p->snr != q->snr) return p->snr < q->snr ? 1 : -1;
    if (p->y != q->y) return p->y > q->y ? 1 : -1;
    return p->x > q->x ? 1 : p->x < q->x ? -1 : 0;
}

/* Blobs of the frame just updated, strongest first; w, h and tilt hold second moments, px^2.
 * `pixels` and `values` have width * height entries, `out` has `room`; at most `per_tile` blobs start in one tile and
 * those above `largest` analysis pixels are left out. Returns their number. */
int32_t edgecv_blobs(const Kernel *k, const uint8_t *luma, int64_t stride, int32_t *pixels, int16_t *values, Blob *out,
                     int32_t room, int32_t per_tile, int32_t largest) {
    Flood f = {k, luma, stride, pixels, values};
    int32_t found = 0;
    for (int32_t tile = 0; tile < k->tiles_x * k->tiles_y; tile++) {
        if (!k->seeds[tile]) continue;
        int32_t y0 = tile / k->tiles_x * TILE, x0 = tile % k->tiles_x * TILE, here = 0;
        int32_t y1 = y0 + TILE < k->height ? y0 + TILE : k->height, x1 = x0 + TILE < k->width ? x0 + TILE : k->width;
        for (int32_t y = y0; y < y1 && here < per_tile; y++)
            for (int32_t x = x0; x < x1 && here < per_tile; x++) {
                int32_t p = y * k->width + x;
                if (!(k->mask[p] & SEED) || k->blind[p]) continue;
                float snr;
                int32_t n = flood(&f, p, &snr);
                if (n > largest || found == room) continue;
                if (measure(&f, n, snr, out + found)) found++, here++;
            }
    }
    qsort(out, (size_t)found, sizeof(Blob), stronger);
    return found;
}
