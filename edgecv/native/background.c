/* The background model's entry points: one frame's fused pass, and what surrounds it. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

typedef void (*TileRow)(Background *k, const uint8_t *luma, int64_t stride, int32_t row);

int32_t edgecv_instruction_sets(void) {
#if defined(__x86_64__)
    return 7;
#else
    return 1;
#endif
}

static TileRow choose(int32_t set) {
#if defined(__x86_64__)
    if (set == 2) return tile_row_avx512;
    if (set == 1) return tile_row_avx2;
#endif
    (void)set;
    return tile_row_base;
}

void edgecv_background_update(Background *k, const uint8_t *luma, int64_t stride, int32_t set) {
    TileRow tile_row = choose(set);
    k->foreground = 0;
    for (int32_t row = 0; row < k->tiles_y; row++) tile_row(k, luma, stride, row);
}

void edgecv_background_start(Background *k, const uint8_t *luma, int64_t stride, float noise) {
    int64_t n = (int64_t)k->width * k->height;
    float start = noise * SMOOTH_UNIT * NOISE_UNIT;
    for (int32_t y = 0; y < k->height; y++)
        for (int32_t x = 0; x < k->width; x++)
            k->mean[(int64_t)y * k->width + x] = (int16_t)sample(k, luma, stride, x, y, (Shift){0, 0});
    if (start > NOISE_LIMIT * NOISE_UNIT) start = NOISE_LIMIT * NOISE_UNIT;
    for (int64_t i = 0; i < n; i++) k->noise[i] = (int16_t)start;
}

void edgecv_background_adjust(Background *k, int32_t gain, int32_t offset) {
    int64_t n = (int64_t)k->width * k->height;
    int16_t *restrict m = k->mean;
    for (int64_t i = 0; i < n; i++) {
        int16_t step = (int16_t)((int16_t)(((int32_t)m[i] * (int16_t)gain) >> 16) + (int16_t)offset);
        int16_t room = (int16_t)(MEAN_LIMIT - m[i]), down = (int16_t)-m[i];
        step = step > room ? room : step;
        m[i] = (int16_t)(m[i] + (step < down ? down : step));
    }
}

float edgecv_frame_change(const uint8_t *luma, int64_t stride, int32_t width, int32_t height, uint8_t *rows) {
    int64_t sum = 0, n = 0;
    for (int32_t y = height > 8 ? 8 : height / 2; y < height; y += 16, rows += width, n += width) {
        const uint8_t *restrict p = luma + (int64_t)y * stride;
        uint32_t row_sum = 0;
        for (int32_t x = 0; x < width; x++) row_sum += (uint32_t)abs((int)p[x] - (int)rows[x]); /* PSADBW */
        memcpy(rows, p, (size_t)width);
        sum += row_sum;
    }
    return n ? (float)sum / (float)n : 0.0f;
}
