/* Motion and measurement model of one track, as edgecv/tracking/reference_kalman.py: what filtering forwards and the
 * backward extension share. */
#ifndef EDGECV_MOTION_MODEL_H
#define EDGECV_MOTION_MODEL_H

#include "native.h"

#include <math.h>

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

/* White-noise jerk (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.3), more of it for fast objects. */
static inline void predict(Track *t, const MotionModel *m, double dt_s) {
    double jerk = m->jerk * (1 + hypot(t->state[0][1], t->state[1][1]) / m->jerk_doubling_speed);
    for (int axis = 0; axis < 2; axis++) predict_axis(t->state[axis], t->covariance[axis], dt_s, jerk * jerk);
}

/* Variance of a detection's position, px^2, along axis 0 (x) or 1 (y). */
static inline double measurement_variance(const MotionModel *m, const double *detection, const Track *t,
                                          double timing_sd_s, int axis) {
    double sd = m->position_sd + m->position_sd_per_size * detection[DETECTION_WIDTH + axis];
    double timing = t->state[axis][1] * timing_sd_s;
    return sd * sd + timing * timing;
}

static inline void update(Track *t, const MotionModel *m, const double *detection, double timing_sd_s) {
    for (int axis = 0; axis < 2; axis++) {
        double *x = t->state[axis], (*P)[3] = t->covariance[axis];
        double R = measurement_variance(m, detection, t, timing_sd_s, axis), innovation = detection[axis] - x[0], K[3];
        double HP[3] = {P[0][0], P[0][1], P[0][2]};
        for (int i = 0; i < 3; i++) K[i] = P[i][0] / (HP[0] + R);
        for (int i = 0; i < 3; i++) {
            x[i] += K[i] * innovation;
            for (int j = 0; j < 3; j++) P[i][j] -= K[i] * HP[j];
        }
    }
}

/* Log density of a detection under a track's prediction; false where it lies outside the gate. */
static inline int in_gate(const Track *t, const MotionModel *m, const double *d, double timing_sd_s, double *density) {
    double distance = 0, spread = 1;
    for (int axis = 0; axis < 2; axis++) {
        double S = t->covariance[axis][0][0] + measurement_variance(m, d, t, timing_sd_s, axis);
        double innovation = d[axis] - t->state[axis][0];
        distance += innovation * innovation / S;
        if (!(distance < m->gate)) return 0;
        spread *= S;
    }
    double change = (log(d[DETECTION_AREA]) - t->log_area) / m->log_area_sd;
    double dissimilarity = change * change + (d[DETECTION_CONTRAST] * t->contrast < 0 ? m->contrast_flip_cost : 0);
    if (!(dissimilarity < m->max_dissimilarity)) return 0;
    *density = -0.5 * (distance + log(spread) + dissimilarity) - log(2 * M_PI);
    return 1;
}

/* A track of one detection. */
static inline Track initial_track(const MotionModel *m, const double *detection, double t_s) {
    Track t = {.count = 1, .last_s = t_s};
    t.state[1][2] = m->gravity;
    for (int axis = 0; axis < 2; axis++) {
        t.state[axis][0] = detection[axis];
        for (int j = 0; j < 3; j++) t.covariance[axis][j][j] = m->initial_sd[axis][j] * m->initial_sd[axis][j];
    }
    update(&t, m, detection, 0);
    return t;
}

#endif
