/* What integrates falls, for those who fit them. */
#ifndef EDGECV_FLIGHT_H
#define EDGECV_FLIGHT_H

#include <stdint.h>

#define PARAMETERS 11 /* of a fall, in the order of edgecv/trajectory/model.py */

/* How a camera sees, and how finely falls are integrated. */
typedef struct {
    double focal, cx, cy, g, step_s, fastest;
} Sight;

/* Where a fall begins, (3), by its parameters (11). */
void edgecv_place(const Sight *sight, const double *parameters, double *position);

/* Positions (n, 3) of a fall from there, at sorted times. */
void edgecv_fly(const Sight *sight, int64_t n, const double *parameters, const double *times, double *positions);

/* Pixels (n, 2) of positions (n, 3), each shifted (3) first. */
void edgecv_project(const Sight *sight, int64_t n, const double *positions, const double *shift, double *pixels);

#endif
