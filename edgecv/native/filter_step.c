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

/* Which group a track or detection belongs to: those that candidates join, directly or through others. */
static int32_t group_of(int32_t *parent, int32_t node) {
    while (parent[node] != node) node = parent[node] = parent[parent[node]];
    return node;
}

/* What one group needs: numbers of its tracks and detections, costs, and the work space of the assignment. */
typedef struct {
    int32_t *of_track, *of_row, *chosen;
    double *cost;
    size_t cells, columns;
} Association;

static int reserve(Association *a, size_t n, size_t columns) {
    size_t cells = n * columns + 4 * (n + columns + 2);
    if (cells > a->cells) {
        double *more = realloc(a->cost, sizeof(double) * cells);
        if (!more) return 0;
        a->cost = more, a->cells = cells;
    }
    if (columns > a->columns) {
        int32_t *more = realloc(a->chosen, sizeof(int32_t) * 2 * (columns + 1));
        if (!more) return 0;
        a->chosen = more, a->columns = columns;
    }
    return 1;
}

/* The best set of one group's candidates, list[members[0..count)], in which no track and no detection occurs twice:
 * marks the others as not taken. False where there was no memory. */
static int associate_group(const Candidate *list, const int32_t *members, int32_t count, uint8_t *taken,
                           const Track *t, const MotionModel *m, Association *a) {
    int32_t n = 0, rows = 0;
    for (int32_t i = 0; i < count; i++) a->of_track[list[members[i]].track] = a->of_row[list[members[i]].row] = -1;
    for (int32_t i = 0; i < count; i++) {
        int32_t *track = a->of_track + list[members[i]].track, *row = a->of_row + list[members[i]].row;
        if (*track < 0) *track = n++;
        if (*row < 0) *row = rows++;
    }
    int32_t columns = rows + n; /* one more for each track, to be seen nowhere */
    size_t cells = (size_t)n * (size_t)columns;
    if (!reserve(a, (size_t)n, (size_t)columns)) return 0;
    for (size_t i = 0; i < cells; i++) a->cost[i] = FORBIDDEN;
    for (int32_t i = 0; i < count; i++) {
        const Candidate *one = list + members[i];
        double bonus = t[one->track].count >= m->min_points ? m->established_bonus : 0;
        a->cost[(int64_t)a->of_track[one->track] * columns + a->of_row[one->row]] = -one->density - bonus;
    }
    assign(a->cost, n, columns, a->chosen, a->chosen + columns + 1, a->cost + cells);
    for (int32_t i = 0; i < count; i++) {
        const Candidate *one = list + members[i];
        taken[members[i]] = a->chosen[a->of_row[one->row]] == a->of_track[one->track];
    }
    return 1;
}

/* Data association: keeps of the candidates the best set in which no track and no detection occurs twice, in order of
 * track. Tracks that share no detection do not touch each other, so each group is assigned by itself: the work grows
 * with the crowd of a place and not with that of the picture. */
static int associate(Candidates *c, const Track *t, int64_t tracks, const Scan *scan, const MotionModel *m) {
    if (!c->n) return 1;
    size_t nodes = (size_t)tracks + (size_t)scan->n, n = (size_t)c->n;
    int32_t *parent = malloc(sizeof(int32_t) * (3 * nodes + 1 + 2 * n) + n);
    if (!parent) return 0;
    int32_t *begin = parent + nodes, *members = begin + nodes + 1, matched = 0;
    Association a = {.of_track = members + 2 * n};
    a.of_row = a.of_track + tracks;
    uint8_t *taken = (uint8_t *)(a.of_track + nodes);
    for (size_t i = 0; i < nodes; i++) parent[i] = (int32_t)i;
    for (size_t i = 0; i < n; i++) {
        int32_t p = group_of(parent, c->list[i].track), q = group_of(parent, (int32_t)tracks + c->list[i].row);
        if (p < q) parent[q] = p;
        else parent[p] = q;
    }
    /* members of each group side by side, in their order */
    int32_t *group = members + n;
    memset(begin, 0, sizeof(int32_t) * (nodes + 1));
    for (size_t i = 0; i < n; i++) begin[(group[i] = group_of(parent, c->list[i].track)) + 1]++;
    for (size_t i = 0; i < nodes; i++) begin[i + 1] += begin[i];
    for (size_t i = 0; i < n; i++) members[begin[group[i]]++] = (int32_t)i;
    int ok = 1;
    for (int32_t first = 0; ok && first < c->n;) {
        int32_t end = begin[group[members[first]]];
        if (end - first == 1) taken[members[first]] = 1;
        else ok = associate_group(c->list, members + first, end - first, taken, t, m, &a);
        first = end;
    }
    for (int32_t i = 0; ok && i < c->n; i++)
        if (taken[i]) c->list[matched++] = c->list[i];
    c->n = matched;
    free(a.chosen), free(a.cost), free(parent);
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
