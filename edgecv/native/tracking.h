/* What the search for new tracks and the following of old ones share. */
#ifndef EDGECV_TRACKING_H
#define EDGECV_TRACKING_H

#include <stdint.h>

#define COLUMNS 8 /* of a detection: x, y, w, h, area, contrast, snr, covariance */
#define WIDTH 2
#define AREA 4
#define CONTRAST 5
#define SNR 6

/* One frame's detections. */
typedef struct {
    const double *detections, *density; /* n x COLUMNS; n: detections per px^2 to be expected by chance around each */
    uint8_t *taken;                     /* n: whether a track has it */
    int64_t n;
    double t_s;
} Seen;

#endif
