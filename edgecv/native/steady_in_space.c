/* How well a straight way in space at constant speed explains a path, as edgecv/trajectory/steady_in_space.py. */
#include "linear_algebra.h"

#include <math.h>

double edgecv_sizes_log_evidence(const PathSizes *s, const double *growth, double *off) {
    double highest = -INFINITY;
    for (int64_t i = 0; i < s->n; i++) off[i] = s->log_size[i] - growth[s->rows[i]];
    for (int64_t k = 0; k < s->k; k++) {
        const double *whitening = s->whitening + k * s->n * s->n;
        double squares = 0;
        for (int64_t i = 0; i < s->n; i++) {
            double white = dot(whitening + i * s->n, off, i + 1);
            squares += white * white;
        }
        double evidence = s->half_log_dets[k] - 0.5 * squares;
        if (evidence > highest) highest = evidence;
    }
    return highest - 0.5 * (double)s->n * log(2 * M_PI);
}

/* What one axis adds, linear in two unknowns of unit variance: Woodbury's identity. */
static double axis_log_density(const SteadyMotion *m, int axis, const double *place, const double *speed) {
    const double *whitening = m->whitening + axis * m->n * m->n, *white_uv = m->white_uv + axis * m->n;
    double uu = 1, ut = 0, tt = 1, uy = 0, ty = 0;
    for (int64_t i = 0; i < m->n; i++) {
        const double *row = whitening + i * m->n;
        double u = dot(row, place, i + 1), t = dot(row, speed, i + 1), y = white_uv[i];
        uu += u * u, ut += u * t, tt += t * t, uy += u * y, ty += t * y;
    }
    double determinant = uu * tt - ut * ut;
    double explained = (tt * uy * uy - 2 * ut * uy * ty + uu * ty * ty) / determinant;
    return 0.5 * (explained - log(determinant));
}

double edgecv_steady_log_density(const SteadyMotion *m, double c) {
    if (fabs(c) > m->largest_c) return -INFINITY;
    double *place = m->scratch, *speed = place + m->n, *growth = speed + m->n, *off = growth + m->n;
    for (int64_t i = 0; i < m->n; i++) {
        double nearer = 1 / (1 + c * m->t[i]);
        place[i] = nearer * m->prior_sd[0];
        speed[i] = m->t[i] * nearer * m->prior_sd[1];
        growth[i] = -log1p(c * m->t[i]);
    }
    double approach = c / m->approach_sd, total = m->constant - 0.5 * approach * approach;
    for (int axis = 0; axis < 2; axis++) total += axis_log_density(m, axis, place, speed);
    return m->sizes.n ? total + edgecv_sizes_log_evidence(&m->sizes, growth, off) : total;
}

double edgecv_steady_likeliest(const SteadyMotion *m, int32_t starts, int32_t refinements) {
    double step = 2 * m->largest_c / (starts - 1), best = 0, highest = -INFINITY;
    for (int32_t k = 0; k < starts; k++) {
        double c = k < starts - 1 ? k * step - m->largest_c : m->largest_c;
        double score = edgecv_steady_log_density(m, c);
        if (score > highest) highest = score, best = c;
    }
    for (int32_t round = 0; round < refinements; round++) {
        double middle = best;
        step /= 2;
        for (int side = -1; side <= 1; side += 2) {
            double score = edgecv_steady_log_density(m, middle + side * step);
            if (score > highest) highest = score, best = middle + side * step;
        }
    }
    return best;
}
