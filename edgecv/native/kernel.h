/* What the detection kernel and its caller share. Lengths in analysis pixels: 1x1 or 2x2 pixels of the frame. */
#ifndef EDGECV_KERNEL_H
#define EDGECV_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define TILE 32        /* side of a tile */
#define UNIT 128       /* of the mean and of a difference: one grey level */
#define SMOOTH_UNIT 288 /* of a smoothed difference: one grey level over all nine pixels, 9 * UNIT / 4 */
#define NOISE_UNIT 16  /* of the noise: one unit of a smoothed difference */
#define LAG_STEP 64 /* of the smoothed difference kept for later: a byte a pixel stays in the cache */
#define LIMIT 3600     /* differences are clipped here (28 grey levels) so that nine of them fit 16 bits */
#define MARGIN 32      /* spare columns on either side of a scratch row */

#define GROW 1 /* mask: a blob may grow over this pixel */
#define SEED 2 /* mask: a blob may start at this pixel */

/* Everything one camera's detection remembers and one frame's settings; the caller owns all memory. */
typedef struct {
    int32_t width, height, binning;
    int32_t tiles_x, tiles_y;
    int32_t whole_dx, whole_dy; /* camera motion, whole pixels of the frame */
    int32_t rest_dx, rest_dy;   /* the rest of it, 1/32768 analysis pixel */
    int32_t rate, noise_rate;   /* of learning, 1/65536; below one half */
    int32_t deciding;           /* 0: only learn */
    float seed_threshold, grow_threshold; /* in units of the noise */
    float noise_floor;          /* smallest noise, grey levels */
    float least_level;          /* smallest noise level of a tile */
    int16_t *mean;              /* height x width, UNIT */
    int16_t *noise;             /* mean absolute smoothed difference, NOISE_UNIT */
    int8_t *lagged;             /* smoothed difference some frames ago, LAG_STEP; holds this frame's afterwards */
    int16_t *moving;            /* lagged minimum; valid where the mask says SEED */
    uint8_t *mask;              /* GROW | SEED */
    const uint8_t *blind;       /* 255 where nothing may start a blob, else 0 */
    int16_t *offset;            /* tiles: brightness change taken out, UNIT */
    float *level;               /* tiles: noise now, in units of the usual */
    int32_t *seeds;             /* tiles: number of seeds */
    int16_t *scratch;           /* 3 * (TILE + 2) * (width + 2 * MARGIN) */
    uint8_t *marked;            /* tiles: whether the mask has any bit there; most have none and need not be written */
    int32_t standing;           /* out: pixels that differ from the background */
} Kernel;

/* One moving thing, pixels of the frame. */
typedef struct {
    float x, y, w, h, area, contrast, snr, tilt;
} Blob;

typedef void (*TileRow)(Kernel *k, const uint8_t *luma, int64_t stride, int32_t row);

void tile_row_base(Kernel *k, const uint8_t *luma, int64_t stride, int32_t row);
#if defined(__x86_64__)
void tile_row_avx2(Kernel *k, const uint8_t *luma, int64_t stride, int32_t row);
void tile_row_avx512(Kernel *k, const uint8_t *luma, int64_t stride, int32_t row);
#endif

/* Value of an analysis pixel of the frame, UNIT; the frame is continued beyond its edges. */
static inline int32_t sample(const Kernel *k, const uint8_t *luma, int64_t stride, int32_t x, int32_t y) {
    int32_t b = k->binning, last_x = k->width * b - 1, last_y = k->height * b - 1, sum = 0;
    for (int32_t j = 0; j < b; j++) {
        int32_t r = y * b + k->whole_dy + j;
        r = r < 0 ? 0 : r > last_y ? last_y : r;
        for (int32_t i = 0; i < b; i++) {
            int32_t c = x * b + k->whole_dx + i;
            c = c < 0 ? 0 : c > last_x ? last_x : c;
            sum += luma[r * stride + c];
        }
    }
    return b == 2 ? sum << 5 : sum << 7;
}

#endif
