/* Likelihood of a path under a velocity that does a random walk, as edgecv/trajectory/null_hypotheses.py. */
#include "native.h"

#include <math.h>

/* A Kalman filter of one axis. */
typedef struct {
    double position, velocity, pxx, pxv, pvv;
} Walk;

static double step(Walk *w, double dt, double q, double z, double sd) {
    w->position += dt * w->velocity;
    w->pxx += 2 * dt * w->pxv + dt * dt * w->pvv + q * dt * dt * dt / 3;
    w->pxv += dt * w->pvv + q * dt * dt / 2;
    w->pvv += q * dt;
    double s = w->pxx + sd * sd, innovation = z - w->position;
    double gain_x = w->pxx / s, gain_v = w->pxv / s;
    w->position += gain_x * innovation;
    w->velocity += gain_v * innovation;
    w->pvv -= gain_v * w->pxv;
    w->pxv -= gain_x * w->pxv;
    w->pxx -= gain_x * w->pxx;
    return -0.5 * (innovation * innovation / s + log(2 * M_PI * s));
}

double edgecv_random_walk_log_likelihood(int64_t n, const double *t, const double *uv, const double *sd, double q,
                                         double position_sd, double velocity_sd) {
    double likelihood = 0;
    for (int axis = 0; axis < 2; axis++) {
        Walk walk = {uv[axis], 0, position_sd * position_sd, 0, velocity_sd * velocity_sd};
        for (int64_t i = 0; i < n; i++)
            likelihood += step(&walk, t[i] - t[i > 0 ? i - 1 : 0], q, uv[2 * i + axis], sd[2 * i + axis]);
    }
    return likelihood;
}
