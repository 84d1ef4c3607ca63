/* Falls with quadratic drag, as edgecv/trajectory/drag.py: RK4 steps and cubic Hermite interpolation between them. */
#include "drag_ode.h"

#include <math.h>
#include <string.h>

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

/* The instants before the release, from it backwards, or those after it, and the steps that reach all of them. */
typedef struct {
    int64_t first, count, stride, steps;
    double h;
} Direction;

static Direction direction_of(int late, int64_t n, int64_t before, const double *times, double step_s) {
    Direction to = {late ? before : before - 1, late ? n - before : before, late ? 1 : -1, 1, step_s};
    if (!to.count) return to;
    double farthest = late ? times[n - 1] : times[0];
    int64_t steps = (int64_t)ceil(fabs(farthest) / step_s);
    if (steps > 1) to.steps = steps;
    if (farthest != 0) to.h = farthest / (double)to.steps;
    return to;
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
            Direction to = direction_of(late, n, before, times, step_s);
            if (!to.count) continue;
            air.max_rate = 1 / fabs(to.h);
            march(&air, to.h, max_speed, position + 3 * f, velocity + 3 * f, times + to.first, to.count, to.stride,
                  to.steps, p + to.first * 3, q ? q + to.first * 3 : 0);
        }
    }
}

/* The same for LANES falls side by side: each step waits for the one before, so that one fall leaves a processor idle
 * most of the time. Each fall's numbers are those that it has alone. */
typedef double Lanes[LANES];

typedef struct {
    Lanes gravity[3], wind[3], drag;
    double max_rate;
} AirOfMany;

static void accelerate_many(const AirOfMany *air, const Lanes *v, Lanes *a) {
    Lanes r[3], rate;
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) r[i][l] = v[i][l] - air->wind[i][l];
    for (int l = 0; l < LANES; l++) {
        double square = 0;
        for (int i = 0; i < 3; i++) square += r[i][l] * r[i][l];
        rate[l] = air->drag[l] * sqrt(square);
        rate[l] = rate[l] > air->max_rate ? air->max_rate : rate[l];
    }
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) a[i][l] = air->gravity[i][l] - rate[l] * r[i][l];
}

static void step_many(const AirOfMany *air, double h, double max_speed, Lanes *x, Lanes *v, Lanes *a1) {
    Lanes v2[3], v3[3], v4[3], a2[3], a3[3], a4[3];
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) v2[i][l] = v[i][l] + h / 2 * a1[i][l];
    accelerate_many(air, v2, a2);
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) v3[i][l] = v[i][l] + h / 2 * a2[i][l];
    accelerate_many(air, v3, a3);
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) v4[i][l] = v[i][l] + h * a3[i][l];
    accelerate_many(air, v4, a4);
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < LANES; l++) {
            x[i][l] += h / 6 * (v[i][l] + 2 * v2[i][l] + 2 * v3[i][l] + v4[i][l]);
            v[i][l] += h / 6 * (a1[i][l] + 2 * a2[i][l] + 2 * a3[i][l] + a4[i][l]);
        }
    for (int l = 0; l < LANES; l++) {
        double square = 0;
        for (int i = 0; i < 3; i++) square += v[i][l] * v[i][l];
        double speed = sqrt(square), share = speed > max_speed ? max_speed / speed : 1;
        for (int i = 0; i < 3; i++) v[i][l] *= share;
    }
    accelerate_many(air, v, a1);
}

/* One direction in time, as march() for one; positions (LANES, n, 3). */
static void march_many(const AirOfMany *air, double h, double max_speed, Lanes *x, Lanes *v, const double *times,
                       int64_t n, int64_t stride, int64_t steps, double *positions, int64_t lane) {
    Lanes a[3], from[3], speed[3];
    int64_t at = 0;
    accelerate_many(air, v, a);
    for (int64_t k = 0; k < steps && at < n; k++) {
        memcpy(from, x, sizeof from);
        memcpy(speed, v, sizeof speed);
        step_many(air, h, max_speed, x, v, a);
        for (; at < n; at++) {
            double where = times[at * stride] / h - (double)k;
            if (where >= 1 && k < steps - 1) break;
            double *p = positions + at * stride * 3;
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < LANES; l++)
                    p[l * lane + i] = between(from[i][l], x[i][l], speed[i][l], v[i][l], where, h);
        }
    }
}

static void falls_of_many(int64_t n, const Lanes *position, const Lanes *velocity, AirOfMany *air, const double *times,
                          double step_s, double max_speed, double *positions) {
    int64_t before = 0;
    while (before < n && times[before] < 0) before++;
    for (int late = 0; late < 2; late++) {
        Direction to = direction_of(late, n, before, times, step_s);
        if (!to.count) continue;
        air->max_rate = 1 / fabs(to.h);
        Lanes x[3], v[3];
        memcpy(x, position, sizeof x);
        memcpy(v, velocity, sizeof v);
        march_many(air, to.h, max_speed, x, v, times + to.first, to.count, to.stride, to.steps,
                   positions + to.first * 3, 3 * n);
    }
}

static double clip(double v, double low, double high) { return v < low ? low : v > high ? high : v; }

void fall_origin(const FallCamera *camera, const double *p, double *position) {
    double depth = exp(clip(p[2], -2, 8));
    position[0] = (p[0] - camera->cx) / camera->focal * depth;
    position[1] = (p[1] - camera->cy) / camera->focal * depth;
    position[2] = depth;
}

/* How a fall begins, and the air that it falls through; `wind` and `velocity` in the camera's frame. */
static double beginning_of(const FallCamera *camera, const double *p, double *position, double *velocity, double *wind,
                           double *down) {
    double ce = cos(p[9]), se = sin(p[9]), cr = cos(p[10]), sr = sin(p[10]);
    double right[3] = {cr, -sr, 0}, ahead[3] = {sr * se, cr * se, ce};
    down[0] = sr * ce, down[1] = cr * ce, down[2] = -se;
    fall_origin(camera, p, position);
    for (int i = 0; i < 3; i++) {
        velocity[i] = p[3] * right[i] + p[4] * down[i] + p[5] * ahead[i];
        wind[i] = p[7] * right[i] + p[8] * ahead[i];
    }
    double vt = exp(clip(p[6], -1, 6.5));
    return camera->g / (vt * vt);
}

void fall_positions(const FallCamera *camera, int64_t n, const double *p, const double *times, double *positions) {
    double position[3], velocity[3], wind[3], down[3];
    double drag = beginning_of(camera, p, position, velocity, wind, down);
    edgecv_falls(1, n, position, velocity, &drag, times, down, wind, camera->g, camera->step_s, camera->max_speed,
                 positions, 0);
}

void positions_of_many(const FallCamera *camera, int64_t n, const double *const *falls, const double *times,
                       double *positions) {
    AirOfMany air;
    Lanes x[3], v[3];
    for (int l = 0; l < LANES; l++) {
        double position[3], velocity[3], wind[3], down[3];
        air.drag[l] = beginning_of(camera, falls[l], position, velocity, wind, down);
        for (int i = 0; i < 3; i++) {
            x[i][l] = position[i], v[i][l] = velocity[i], air.wind[i][l] = wind[i];
            air.gravity[i][l] = camera->g * down[i];
        }
    }
    falls_of_many(n, x, v, &air, times, camera->step_s, camera->max_speed, positions);
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
