/* Falls with quadratic drag, as edgecv/trajectory/drag.py: RK4 steps and cubic Hermite interpolation between them. */
#include "drag_ode.h"

#include <math.h>

typedef struct {
    double gravity[3], wind[3], drag, max_rate;
} Air;

static void accelerate(const Air *air, const double *v, double *a) {
    double r[3], square = 0;
    for (int i = 0; i < 3; i++) r[i] = v[i] - air->wind[i], square += r[i] * r[i];
    double rate = air->drag * sqrt(square);
    if (rate > air->max_rate) rate = air->max_rate;
    for (int i = 0; i < 3; i++) a[i] = air->gravity[i] - rate * r[i];
}

static void step(const Air *air, double h, double max_speed, double *x, double *v, const double *a1) {
    double v2[3], v3[3], v4[3], a2[3], a3[3], a4[3], square = 0;
    for (int i = 0; i < 3; i++) v2[i] = v[i] + h / 2 * a1[i];
    accelerate(air, v2, a2);
    for (int i = 0; i < 3; i++) v3[i] = v[i] + h / 2 * a2[i];
    accelerate(air, v3, a3);
    for (int i = 0; i < 3; i++) v4[i] = v[i] + h * a3[i];
    accelerate(air, v4, a4);
    for (int i = 0; i < 3; i++) {
        x[i] += h / 6 * (v[i] + 2 * v2[i] + 2 * v3[i] + v4[i]);
        v[i] += h / 6 * (a1[i] + 2 * a2[i] + 2 * a3[i] + a4[i]);
        square += v[i] * v[i];
    }
    double speed = sqrt(square);
    if (speed > max_speed)
        for (int i = 0; i < 3; i++) v[i] *= max_speed / speed;
}

static double between(double p, double q, double dp, double dq, double s, double h) {
    double s2 = s * s, s3 = s2 * s;
    return (2 * s3 - 3 * s2 + 1) * p + (s3 - 2 * s2 + s) * h * dp + (3 * s2 - 2 * s3) * q + (s3 - s2) * h * dq;
}

/* One direction in time: `times` are n instants away from zero, nearest first; results go to rows 0, stride, ... */
static void march(const Air *air, double h, double max_speed, const double *x0, const double *v0, const double *times,
                  int64_t n, int64_t stride, int64_t steps, double *positions, double *velocities) {
    double x[3], v[3], a[3], nx[3], nv[3], na[3];
    int64_t at = 0;
    for (int i = 0; i < 3; i++) x[i] = x0[i], v[i] = v0[i];
    accelerate(air, v, a);
    for (int64_t k = 0; k < steps && at < n; k++) {
        for (int i = 0; i < 3; i++) nx[i] = x[i], nv[i] = v[i];
        step(air, h, max_speed, nx, nv, a);
        accelerate(air, nv, na);
        for (; at < n; at++) {
            double where = times[at * stride] / h - (double)k;
            if (where >= 1 && k < steps - 1) break;
            double *p = positions + at * stride * 3, *q = velocities ? velocities + at * stride * 3 : 0;
            for (int i = 0; i < 3; i++) p[i] = between(x[i], nx[i], v[i], nv[i], where, h);
            for (int i = 0; velocities && i < 3; i++) q[i] = between(v[i], nv[i], a[i], na[i], where, h);
        }
        for (int i = 0; i < 3; i++) x[i] = nx[i], v[i] = nv[i], a[i] = na[i];
    }
}

void edgecv_falls(int64_t b, int64_t n, const double *position, const double *velocity, const double *drag,
                  const double *times, const double *down, const double *wind, double g, double step_s,
                  double max_speed, double *positions, double *velocities) {
    int64_t before = 0;
    while (before < n && times[before] < 0) before++;
    for (int64_t f = 0; f < b; f++) {
        Air air = {.drag = drag[f]};
        for (int i = 0; i < 3; i++) air.gravity[i] = g * down[3 * f + i], air.wind[i] = wind[3 * f + i];
        double *p = positions + f * n * 3, *q = velocities ? velocities + f * n * 3 : 0;
        for (int late = 0; late < 2; late++) {
            int64_t count = late ? n - before : before;
            if (!count) continue;
            double farthest = late ? times[n - 1] : times[0];
            int64_t steps = (int64_t)ceil(fabs(farthest) / step_s);
            if (steps < 1) steps = 1;
            double h = farthest != 0 ? farthest / (double)steps : step_s;
            air.max_rate = 1 / fabs(h);
            int64_t first = late ? before : before - 1, stride = late ? 1 : -1;
            march(&air, h, max_speed, position + 3 * f, velocity + 3 * f, times + first, count, stride, steps,
                  p + first * 3, q ? q + first * 3 : 0);
        }
    }
}

static double clip(double v, double low, double high) { return v < low ? low : v > high ? high : v; }

void fall_origin(const FallCamera *camera, const double *p, double *position) {
    double depth = exp(clip(p[2], -2, 8));
    position[0] = (p[0] - camera->cx) / camera->focal * depth;
    position[1] = (p[1] - camera->cy) / camera->focal * depth;
    position[2] = depth;
}

void fall_positions(const FallCamera *camera, int64_t n, const double *p, const double *times, double *positions) {
    double ce = cos(p[9]), se = sin(p[9]), cr = cos(p[10]), sr = sin(p[10]);
    double right[3] = {cr, -sr, 0}, down[3] = {sr * ce, cr * ce, -se}, ahead[3] = {sr * se, cr * se, ce};
    double vt = exp(clip(p[6], -1, 6.5)), drag = camera->g / (vt * vt), position[3], velocity[3], wind[3];
    fall_origin(camera, p, position);
    for (int i = 0; i < 3; i++) {
        velocity[i] = p[3] * right[i] + p[4] * down[i] + p[5] * ahead[i];
        wind[i] = p[7] * right[i] + p[8] * ahead[i];
    }
    edgecv_falls(1, n, position, velocity, &drag, times, down, wind, camera->g, camera->step_s, camera->max_speed,
                 positions, 0);
}

void project_positions(const FallCamera *camera, int64_t n, const double *positions, const double *shift,
                       double *pixels) {
    for (int64_t k = 0; k < n; k++) {
        double x[3];
        for (int i = 0; i < 3; i++) x[i] = positions[3 * k + i] + shift[i];
        double z = x[2] > 0.05 ? x[2] : 0.05;
        pixels[2 * k] = camera->cx + camera->focal * x[0] / z;
        pixels[2 * k + 1] = camera->cy + camera->focal * x[1] / z;
    }
}

void edgecv_fall_pixels(int64_t b, int64_t n, const double *parameters, const double *times, const FallCamera *camera,
                        double *scratch, double *pixels) {
    double no_shift[3] = {0};
    for (int64_t f = 0; f < b; f++) {
        fall_positions(camera, n, parameters + FALL_PARAMETERS * f, times, scratch);
        project_positions(camera, n, scratch, no_shift, pixels + 2 * n * f);
    }
}
