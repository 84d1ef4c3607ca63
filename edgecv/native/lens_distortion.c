/* The lens model inverted, as PinholeCamera does it in NumPy. */
#include "native.h"

#include <math.h>

void edgecv_undistort(int64_t n, const double *distorted, const double *lens, int32_t rounds, double tolerance,
                      double *plane) {
    double k1 = lens[0], k2 = lens[1], p1 = lens[2], p2 = lens[3], k3 = lens[4], change = tolerance;
    for (int64_t i = 0; i < 2 * n; i++) plane[i] = distorted[i];
    for (int32_t round = 0; round < rounds && change >= tolerance; round++) {
        change = 0;
        for (int64_t i = 0; i < n; i++) {
            double x = plane[2 * i], y = plane[2 * i + 1], r2 = x * x + y * y;
            double radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
            double dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x), dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y;
            double nx = (distorted[2 * i] - dx) / radial, ny = (distorted[2 * i + 1] - dy) / radial;
            change = fmax(change, fmax(fabs(nx - x), fabs(ny - y)));
            plane[2 * i] = nx, plane[2 * i + 1] = ny;
        }
    }
}
