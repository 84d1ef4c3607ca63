/* Falls through air, for the residuals of their fits. */
#ifndef EDGECV_DRAG_ODE_H
#define EDGECV_DRAG_ODE_H

#include "native.h"

/* Position (3) at which a fall begins, from its parameters (11). */
void fall_origin(const FallCamera *camera, const double *parameters, double *position);

/* Positions (n, 3) of a fall at sorted times. */
void fall_positions(const FallCamera *camera, int64_t n, const double *parameters, const double *times,
                    double *positions);

#define LANES 4 /* falls that are integrated side by side: two registers of two numbers, or one of four */

/* Positions (LANES, n, 3) of LANES falls at sorted times. */
void positions_of_many(const FallCamera *camera, int64_t n, const double *const *falls, const double *times,
                       double *positions);

/* Pixels (n, 2) of positions (n, 3), each shifted (3) first. */
void project_positions(const FallCamera *camera, int64_t n, const double *positions, const double *shift,
                       double *pixels);

#endif
