/* Blobs of the mask: connected regions around seeds, and their moments. */
#include "kernel.h"

#include <math.h>
#include <stdlib.h>

/* One blob's region while it is measured. */
typedef struct {
    const Background *k;
    const uint8_t *luma;
    int64_t stride;
    int32_t *pixels; /* the flood's queue, then the list of the region's pixels */
    int16_t *values; /* difference to the background at each */
    int32_t n;
    float snr; /* strongest response of a seed in units of its noise */
} Region;

/* Response of a seed pixel in units of its noise. */
static float seed_snr(const Background *k, int32_t pixel) {
    int32_t y = pixel / k->width, x = pixel - y * k->width;
    float noise = (float)k->noise[pixel] / NOISE_UNIT, floor = k->noise_floor * SMOOTH_UNIT;
    return (float)k->motion[pixel] / (noise > floor ? noise : floor) / k->level[(y / TILE) * k->tiles_x + x / TILE];
}

static void push(Region *r, int32_t pixel) {
    if (r->k->mask[pixel] & SEED) {
        float snr = seed_snr(r->k, pixel);
        if (snr > r->snr) r->snr = snr;
    }
    r->k->mask[pixel] = 0;
    r->pixels[r->n++] = pixel;
}

/* Collects the 8-connected region around a seed and clears it from the mask. */
static void flood(Region *r, int32_t start) {
    const Background *k = r->k;
    int32_t w = k->width, h = k->height;
    r->n = 0, r->snr = 0.0f;
    push(r, start);
    for (int32_t done = 0; done < r->n; done++) {
        int32_t p = r->pixels[done], y = p / w, x = p - y * w;
        for (int32_t j = y > 0 ? -1 : 0; j <= (y < h - 1); j++)
            for (int32_t i = x > 0 ? -1 : 0; i <= (x < w - 1); i++)
                if (k->mask[p + j * w + i]) push(r, p + j * w + i);
    }
}

/* Moments and contrast from the plain differences, which the 3x3 filter has not widened. Sums are of whole numbers, so
 * that the order in which pixels were collected changes no bit. */
static int measure(Region *r, Blob *blob) {
    const Background *k = r->k;
    int32_t w = k->width, peak = 0, area = 0;
    for (int32_t i = 0; i < r->n; i++) {
        int32_t y = r->pixels[i] / w, x = r->pixels[i] - y * w;
        int32_t d = sample(k, r->luma, r->stride, x, y, whole_shift(k, y / TILE, x / TILE)) - k->mean[r->pixels[i]];
        d = d > BLOB_LIMIT ? BLOB_LIMIT : d < -BLOB_LIMIT ? -BLOB_LIMIT : d;
        r->values[i] = (int16_t)d;
        if (abs(d) > peak) peak = abs(d);
    }
    int32_t limit = HALO_PERCENT * peak / 100; /* weaker differences are compression halos */
    int64_t sum = 0, sum_x = 0, sum_y = 0, contrast = 0;
    for (int32_t i = 0; i < r->n; i++) {
        int32_t y = r->pixels[i] / w, x = r->pixels[i] - y * w, a = abs(r->values[i]);
        if (a <= limit) continue;
        sum += a, sum_x += (int64_t)a * x, sum_y += (int64_t)a * y, contrast += r->values[i];
        area++;
    }
    if (!area) return 0;
    double total = (double)sum, cx = (double)sum_x / total, cy = (double)sum_y / total;
    /* second moments about the whole pixel nearest to the centre, then about the centre */
    int32_t x0 = (int32_t)floor(cx + 0.5), y0 = (int32_t)floor(cy + 0.5);
    int64_t xx = 0, yy = 0, xy = 0;
    for (int32_t i = 0; i < r->n; i++) {
        int32_t y = r->pixels[i] / w, x = r->pixels[i] - y * w;
        int64_t a = abs(r->values[i]);
        if (a <= limit) continue;
        x -= x0, y -= y0;
        xx += a * x * x, yy += a * y * y, xy += a * x * y;
    }
    double b = k->binning, dx = cx - x0, dy = cy - y0;
    blob->x = (float)((cx + 0.5) * b - 0.5), blob->y = (float)((cy + 0.5) * b - 0.5);
    blob->xx = (float)(((double)xx / total - dx * dx) * (b * b));
    blob->yy = (float)(((double)yy / total - dy * dy) * (b * b));
    blob->xy = (float)(((double)xy / total - dx * dy) * (b * b));
    blob->area = (float)(area * b * b);
    blob->contrast = (float)((double)contrast / area / UNIT);
    blob->snr = r->snr;
    return 1;
}

static int strongest_first(const void *a, const void *b) {
    const Blob *p = a, *q = b;
    if (p->snr != q->snr) return p->snr < q->snr ? 1 : -1;
    if (p->y != q->y) return p->y > q->y ? 1 : -1;
    return p->x > q->x ? 1 : p->x < q->x ? -1 : 0;
}

int32_t edgecv_blobs(const Background *k, const uint8_t *luma, int64_t stride, int32_t *pixels, int16_t *values,
                     Blob *blobs, int32_t capacity, int32_t per_tile, int32_t max_area) {
    Region region = {.k = k, .luma = luma, .stride = stride, .pixels = pixels, .values = values};
    int32_t count = 0;
    for (int32_t tile = 0; tile < k->tiles_x * k->tiles_y; tile++) {
        if (!k->seeds[tile]) continue;
        int32_t y0 = tile / k->tiles_x * TILE, x0 = tile % k->tiles_x * TILE, here = 0;
        int32_t y1 = y0 + TILE < k->height ? y0 + TILE : k->height, x1 = x0 + TILE < k->width ? x0 + TILE : k->width;
        for (int32_t y = y0; y < y1 && here < per_tile; y++)
            for (int32_t x = x0; x < x1 && here < per_tile; x++) {
                int32_t pixel = y * k->width + x;
                if (!(k->mask[pixel] & SEED) || k->excluded[pixel]) continue;
                flood(&region, pixel);
                if (region.n > max_area || count == capacity) continue;
                if (measure(&region, blobs + count)) count++, here++;
            }
    }
    qsort(blobs, (size_t)count, sizeof(Blob), strongest_first);
    return count;
}
