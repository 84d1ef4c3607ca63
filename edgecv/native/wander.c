/* How well a velocity that does a random walk explains a path: the NumPy of edgecv/trajectory/null_hypotheses.py. */
#include <math.h>
#include <stdint.h>

/* A Kalman filter of one axis. */
typedef struct {
    double position, velocity, pxx, pxv, pvv;
} Walk;

static double step(Walk *w, double dt, double q, double seen, double sd) {
    w->position += dt * w->velocity;
    w->pxx += 2 * dt * w->pxv + dt * dt * w->pvv + q * dt * dt * dt / 3;
    w->pxv += dt * w->pvv + q * dt * dt / 2;
    w->pvv += q * dt;
    double s = w->pxx + sd * sd, innovation = seen - w->position;
    double gain_x = w->pxx / s, gain_v = w->pxv / s;
    w->position += gain_x * innovation;
    w->velocity += gain_v * innovation;
    w->pvv -= gain_v * w->pxv;
    w->pxv -= gain_x * w->pxv;
    w->pxx -= gain_x * w->pxx;
    return -0.5 * (innovation * innovation / s + log(2 * M_PI * s));
}

/* Log-likelihood of n sightings (t (n), uv and sd (n, 2)) for an acceleration of spectral density q, both axes;
 * the priors are of standard deviation position_sd and velocity_sd. */
double edgecv_wandering(int64_t n, const double *t, const double *uv, const double *sd, double q, double position_sd,
                        double velocity_sd) {
    double likelihood = 0;
    for (int axis = 0; axis < 2; axis++) {
        Walk walk = {uv[axis], 0, position_sd * position_sd, 0, velocity_sd * velocity_sd};
        for (int64_t i = 0; i < n; i++)
            likelihood += step(&walk, t[i] - t[i > 0 ? i - 1 : 0], q, uv[2 * i + axis], sd[2 * i + axis]);
    }
    return likelihood;
}
