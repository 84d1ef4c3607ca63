/* What integrates falls, for those who fit them. */
#ifndef EDGECV_FLIGHT_H
#define EDGECV_FLIGHT_H

#include <stdint.h>

#define PARAMETERS 11 /* of a fall, in the order of edgecv/trajectory/model.py */

void edgecv_see(int64_t b, int64_t n, const double *parameters, const double *times, double focal, double cx, double cy,
                double g, double step_s, double fastest, double *positions, double *velocities, double *pixels);

#endif
