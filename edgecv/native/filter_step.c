/* One scan's work on the active tracks, as edgecv/tracking/filter_step.py: predict, associate, update, score; and which
 * have ended. */
#include "motion_model.h"

#include <stdlib.h>
#include <string.h>

#define FORBIDDEN 1e6 /* dearer than any match: as many matches as there can be */

/* A detection in the gate of a track. */
typedef struct {
    int32_t track, row;
    double density; /* log */
} Candidate;

typedef struct {
    Candidate *list;
    int32_t n, capacity;
} Candidates;

static int collect(Candidates *c, const Track *t, int64_t n, const Scan *scan, const MotionModel *m,
                   double timing_sd_s) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t r = 0; r < scan->n; r++) {
            double density;
            if (!in_gate(t + i, m, scan->detections + r * DETECTION_COLUMNS, timing_sd_s, &density)) continue;
            if (c->n == c->capacity) {
                int32_t capacity = c->capacity ? 2 * c->capacity : 64;
                Candidate *more = realloc(c->list, sizeof(Candidate) * (size_t)capacity);
                if (!more) return 0;
                c->list = more, c->capacity = capacity;
            }
            c->list[c->n++] = (Candidate){(int32_t)i, (int32_t)r, density};
        }
    return 1;
}

/* Numbers the tracks and detections that occur among the candidates; true where any occurs twice. */
static int number(const Candidates *c, int32_t *of_track, int32_t *of_row, int64_t tracks, int64_t rows, int32_t *n,
                  int32_t *m) {
    int contested = 0;
    for (int64_t i = 0; i < tracks; i++) of_track[i] = -1;
    for (int64_t i = 0; i < rows; i++) of_row[i] = -1;
    *n = *m = 0;
    for (int32_t i = 0; i < c->n; i++) {
        int32_t *a = of_track + c->list[i].track, *b = of_row + c->list[i].row;
        contested |= *a >= 0 || *b >= 0;
        if (*a < 0) *a = (*n)++;
        if (*b < 0) *b = (*m)++;
    }
    return contested;
}

/* Cheapest assignment of n rows to n of `columns` >= n (Kuhn 1955, by shortest augmenting paths with potentials);
 * chosen[j] is the row of column j, or -1. `work` has 4 * (n + columns + 2) numbers. */
static void assign(const double *cost, int32_t n, int32_t columns, int32_t *chosen, int32_t *way, double *work) {
    double *u = work, *v = u + n + 1, *least = v + columns + 1;
    memset(work, 0, sizeof(double) * (size_t)(n + columns + 2));
    for (int32_t j = 0; j <= columns; j++) chosen[j] = -1;
    for (int32_t row = 0; row < n; row++) {
        int32_t at = columns; /* a column of no one, where the path begins */
        uint8_t *done = (uint8_t *)(least + columns + 1);
        chosen[at] = row;
        for (int32_t j = 0; j <= columns; j++) least[j] = INFINITY, done[j] = 0;
        do {
            int32_t i = chosen[at], next = -1;
            double step = INFINITY;
            done[at] = 1;
            for (int32_t j = 0; j < columns; j++) {
                if (done[j]) continue;
                double reduced = cost[(int64_t)i * columns + j] - u[i] - v[j];
                if (reduced < least[j]) least[j] = reduced, way[j] = at;
                if (least[j] < step) step = least[j], next = j;
            }
            for (int32_t j = 0; j <= columns; j++) {
                if (done[j]) u[chosen[j]] += step, v[j] -= step;
                else least[j] -= step;
            }
            at = next;
        } while (chosen[at] >= 0);
        while (at != columns) {
            chosen[at] = chosen[way[at]];
            at = way[at];
        }
        chosen[columns] = -1;
    }
}

/* Data association: keeps of the candidates the best set in which no track and no detection occurs twice, in order of
 * track. */
static int associate(Candidates *c, const Track *t, int64_t tracks, const Scan *scan, const MotionModel *m) {
    int32_t n, rows, matched = 0;
    if (!c->n) return 1;
    int32_t *of_track = malloc(sizeof(int32_t) * (size_t)(tracks + scan->n));
    if (!of_track) return 0;
    int32_t *of_row = of_track + tracks;
    if (!number(c, of_track, of_row, tracks, scan->n, &n, &rows)) {
        free(of_track);
        return 1;
    }
    int32_t columns = rows + n; /* one more for each track, to be scan nowhere */
    size_t cells = (size_t)n * (size_t)columns;
    double *cost = malloc(sizeof(double) * (cells + 4 * (size_t)(n + columns + 2)));
    int32_t *chosen = malloc(sizeof(int32_t) * 2 * (size_t)(columns + 1));
    if (cost && chosen) {
        for (size_t i = 0; i < cells; i++) cost[i] = FORBIDDEN;
        for (int32_t i = 0; i < c->n; i++) {
            const Candidate *one = c->list + i;
            double bonus = t[one->track].count >= m->min_points ? m->established_bonus : 0;
            cost[(int64_t)of_track[one->track] * columns + of_row[one->row]] = -one->density - bonus;
        }
        assign(cost, n, columns, chosen, chosen + columns + 1, cost + cells);
        for (int32_t i = 0; i < c->n; i++)
            if (chosen[of_row[c->list[i].row]] == of_track[c->list[i].track]) c->list[matched++] = c->list[i];
        c->n = matched;
    }
    int ok = cost && chosen;
    free(chosen), free(cost), free(of_track);
    return ok;
}

static void update_track(Track *t, const Candidate *one, const Scan *scan, const MotionModel *m, double timing_sd_s) {
    const double *d = scan->detections + (int64_t)one->row * DETECTION_COLUMNS;
    double p = m->detection_probability;
    update(t, m, d, timing_sd_s);
    t->score += one->density - log(scan->clutter[one->row]) + log(p) - log(1 - p);
    if (t->score > t->best_score) t->best_score = t->score;
    t->log_area += m->feature_rate * (log(d[DETECTION_AREA]) - t->log_area);
    t->contrast += m->feature_rate * (d[DETECTION_CONTRAST] - t->contrast);
    t->last_s = scan->t_s;
    t->count++;
    scan->assigned[one->row] = 1;
}

int64_t edgecv_filter_step(Track *t, int64_t n, const Scan *scan, const MotionModel *m, double dt_s,
                           double timing_sd_s, int32_t *matches) {
    Candidates candidates = {0};
    for (int64_t i = 0; i < n; i++) {
        predict(t + i, m, dt_s);
        t[i].score += log(1 - m->detection_probability);
    }
    int ok = collect(&candidates, t, n, scan, m, timing_sd_s) && associate(&candidates, t, n, scan, m);
    for (int32_t i = 0; ok && i < candidates.n; i++) {
        update_track(t + candidates.list[i].track, candidates.list + i, scan, m, timing_sd_s);
        matches[2 * i] = candidates.list[i].track, matches[2 * i + 1] = candidates.list[i].row;
    }
    free(candidates.list);
    return ok ? candidates.n : -1;
}

void edgecv_begin_tracks(Track *t, int64_t n, const Scan *scans, const int32_t *triplets, const MotionModel *m) {
    for (int64_t i = 0; i < n; i++, t++, triplets += 6) {
        double log_area = 0, contrast = 0;
        for (int k = 0; k < 3; k++) {
            const Scan *scan = scans + triplets[2 * k];
            const double *d = scan->detections + (int64_t)triplets[2 * k + 1] * DETECTION_COLUMNS;
            if (k) {
                predict(t, m, scan->t_s - t->last_s);
                update(t, m, d, 0);
            } else {
                *t = initial_track(m, d, scan->t_s);
            }
            t->last_s = scan->t_s;
            log_area += log(d[DETECTION_AREA]) / 3, contrast += d[DETECTION_CONTRAST] / 3;
            scan->assigned[triplets[2 * k + 1]] = 1;
        }
        t->log_area = log_area, t->contrast = contrast, t->count = 3;
    }
}

int64_t edgecv_ended_tracks(const Track *t, int64_t n, double t_s, const DeleterLimits *limits, uint8_t *ended) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++, t++) {
        double x = t->state[0][0], y = t->state[1][0], gap_s = t_s - t->last_s;
        double least = t->best_score - limits->max_score_loss;
        int outside = x < 0 || x >= limits->width || y < 0 || y >= limits->height;
        if (least > limits->min_score) least = limits->min_score;
        ended[i] = gap_s > limits->max_gap_s || (outside && gap_s > 0) || t->score < least;
        count += ended[i];
    }
    return count;
}
