/* Likelihoods of a path under constant velocity, and under one that does a random walk, as edgecv/trajectory/null_hypotheses.py. */
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

/* The covariance of a line through many sightings is diagonal but for two directions: Woodbury's identity. */
double edgecv_straight_log_likelihood(int64_t n, const double *t, const double *uv, const double *sd,
                                      double position_sd, double velocity_sd) {
    double total = 0, place_weight = 1 / (position_sd * position_sd), speed_weight = 1 / (velocity_sd * velocity_sd);
    for (int axis = 0; axis < 2; axis++) {
        double pp = place_weight, pv = 0, vv = speed_weight, py = 0, vy = 0, log_sd = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) {
            double spread = sd[2 * i + axis], weight = 1 / (spread * spread), y = uv[2 * i + axis];
            pp += weight, pv += weight * t[i], vv += weight * t[i] * t[i];
            py += weight * y, vy += weight * y * t[i];
            log_sd += log(spread);
        }
        double determinant = pp * vv - pv * pv;
        double place = (vv * py - pv * vy) / determinant, speed = (pp * vy - pv * py) / determinant;
        for (int64_t i = 0; i < n; i++) {
            double off = (uv[2 * i + axis] - place - speed * t[i]) / sd[2 * i + axis];
            squares += off * off;
        }
        squares += place * place * place_weight + speed * speed * speed_weight;
        double log_det = log(determinant) + 2 * (log_sd + log(position_sd) + log(velocity_sd));
        total -= 0.5 * (squares + log_det + (double)n * log(2 * M_PI));
    }
    return total;
}
