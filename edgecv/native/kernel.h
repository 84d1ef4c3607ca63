/* What the files of the detection kernel share. */
#ifndef EDGECV_KERNEL_H
#define EDGECV_KERNEL_H

#include "native.h"

void tile_row_base(Background *k, const uint8_t *luma, int64_t stride, int32_t row);
#if defined(__x86_64__)
void tile_row_avx2(Background *k, const uint8_t *luma, int64_t stride, int32_t row);
void tile_row_avx512(Background *k, const uint8_t *luma, int64_t stride, int32_t row);
#endif

/* The camera's motion in a tile, whole pixels of the frame. */
typedef struct {
    int32_t dx, dy;
} Shift;

static inline Shift whole_shift(const Background *k, int32_t row, int32_t column) {
    int32_t tile = k->is_uniform ? 0 : row * k->tiles_x + column;
    return (Shift){k->whole[tile], k->whole[k->tiles_x * k->tiles_y + tile]};
}

/* Value of an analysis pixel of a frame that moved by `shift`, UNIT; the frame is continued beyond its edges. */
static inline int32_t sample(const Background *k, const uint8_t *luma, int64_t stride, int32_t x, int32_t y,
                             Shift shift) {
    int32_t b = k->binning, last_x = k->width * b - 1, last_y = k->height * b - 1, sum = 0;
    for (int32_t j = 0; j < b; j++) {
        int32_t r = y * b + shift.dy + j;
        r = r < 0 ? 0 : r > last_y ? last_y : r;
        for (int32_t i = 0; i < b; i++) {
            int32_t c = x * b + shift.dx + i;
            c = c < 0 ? 0 : c > last_x ? last_x : c;
            sum += luma[r * stride + c];
        }
    }
    return b == 2 ? sum << 5 : sum << 7;
}

#endif
