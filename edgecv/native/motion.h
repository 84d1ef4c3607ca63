/* The motion model of edgecv/tracking/kalman_bank.py, for one track: what following forwards and backwards share. */
#ifndef EDGECV_MOTION_H
#define EDGECV_MOTION_H

#include "tracking.h"

#include <math.h>

#define UNLIKE_SIZE 0.8 /* log units of area that cost as much as one standard deviation */
#define UNLIKE_SIGN 2.0 /* what a change from dark to bright costs */
#define MOST_UNLIKE 16.0

/* A track being followed. */
typedef struct {
    double state[2][3];         /* of x and y: position, velocity, acceleration */
    double covariance[2][3][3];
    double score, best_score;   /* log-likelihood ratio against clutter */
    double log_area, contrast;  /* recent */
    double last_s;              /* of the last sighting */
    int64_t count;              /* of sightings */
} Track;

typedef struct {
    double jerk, speed;                        /* px/s^2 per sqrt(s), and the px/s at which it doubles */
    double position_sd, position_sd_per_size;  /* px, and px a px */
    double gate, bonus, detection_probability; /* bonus: log units, of a track of enough sightings */
    double gravity;                            /* px/s^2, expected of a new track */
    double first_sd[2][3];                     /* of a new track's state */
    int64_t min_points;
} Motion;

static inline void predict_axis(double x[3], double P[3][3], double dt, double spectral) {
    double F[3][3] = {{1, dt, dt * dt / 2}, {0, 1, dt}, {0, 0, 1}}, FP[3][3];
    double d2 = dt * dt, d3 = d2 * dt, d4 = d3 * dt, d5 = d4 * dt;
    if (dt < 0) spectral = -spectral; /* backwards in time, velocity changes its sign and with it odd powers of dt */
    double Q[3][3] = {{d5 / 20, d4 / 8, d3 / 6}, {d4 / 8, d3 / 3, d2 / 2}, {d3 / 6, d2 / 2, dt}};
    x[0] += dt * x[1] + dt * dt / 2 * x[2];
    x[1] += dt * x[2];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) FP[i][j] = F[i][0] * P[0][j] + F[i][1] * P[1][j] + F[i][2] * P[2][j];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            P[i][j] = FP[i][0] * F[j][0] + FP[i][1] * F[j][1] + FP[i][2] * F[j][2] + spectral * Q[i][j];
}

/* White-noise jerk (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.3), more of it for what is fast. */
static inline void predict(Track *t, const Motion *m, double dt_s) {
    double jerk = m->jerk * (1 + hypot(t->state[0][1], t->state[1][1]) / m->speed);
    for (int axis = 0; axis < 2; axis++) predict_axis(t->state[axis], t->covariance[axis], dt_s, jerk * jerk);
}

/* px^2: how well a detection tells where a track's thing is; axis 0 is x. */
static inline double variance_of(const Motion *m, const double *detection, const Track *t, double timing_sd_s, int axis) {
    double sd = m->position_sd + m->position_sd_per_size * detection[WIDTH + axis];
    double timing = t->state[axis][1] * timing_sd_s;
    return sd * sd + timing * timing;
}

static inline void correct(Track *t, const Motion *m, const double *detection, double timing_sd_s) {
    for (int axis = 0; axis < 2; axis++) {
        double *x = t->state[axis], (*P)[3] = t->covariance[axis];
        double variance = variance_of(m, detection, t, timing_sd_s, axis), off = detection[axis] - x[0], gain[3];
        double top[3] = {P[0][0], P[0][1], P[0][2]};
        for (int i = 0; i < 3; i++) gain[i] = P[i][0] / (top[0] + variance);
        for (int i = 0; i < 3; i++) {
            x[i] += gain[i] * off;
            for (int j = 0; j < 3; j++) P[i][j] -= gain[i] * top[j];
        }
    }
}

/* Log density of a detection under a track's prediction; false where it cannot be its sighting. */
static inline int explains(const Track *t, const Motion *m, const double *d, double timing_sd_s, double *density) {
    double distance = 0, spread = 1;
    for (int axis = 0; axis < 2; axis++) {
        double total = t->covariance[axis][0][0] + variance_of(m, d, t, timing_sd_s, axis);
        double off = d[axis] - t->state[axis][0];
        distance += off * off / total;
        spread *= total;
    }
    if (!(distance < m->gate)) return 0;
    double change = (log(d[AREA]) - t->log_area) / UNLIKE_SIZE;
    double unlike = change * change + (d[CONTRAST] * t->contrast < 0 ? UNLIKE_SIGN : 0);
    if (!(unlike < MOST_UNLIKE)) return 0;
    *density = -0.5 * (distance + log(spread) + unlike) - log(2 * M_PI);
    return 1;
}

/* A track of one sighting. */
static inline Track first_of(const Motion *m, const double *detection, double t_s) {
    Track t = {.count = 1, .last_s = t_s};
    t.state[1][2] = m->gravity;
    for (int axis = 0; axis < 2; axis++) {
        t.state[axis][0] = detection[axis];
        for (int j = 0; j < 3; j++) t.covariance[axis][j][j] = m->first_sd[axis][j] * m->first_sd[axis][j];
    }
    correct(&t, m, detection, 0);
    return t;
}

#endif
