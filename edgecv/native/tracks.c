/* One frame's work on the tracks being followed, as edgecv/tracking/filter_step.py: predict, assign, update, score. */
#include "motion.h"

#include <stdlib.h>
#include <string.h>

#define FORGETS 0.3         /* of recent area and contrast, a sighting */
#define NOT_ALLOWED 1e6     /* dearer than any match: as many matches as there can be */

/* A detection that may be a track's next sighting. */
typedef struct {
    int32_t track, row;
    double density; /* log */
} Candidate;

typedef struct {
    Candidate *list;
    int32_t n, room;
} Candidates;

static int collect(Candidates *c, const Track *t, int64_t n, const Seen *seen, const Motion *m, double timing_sd_s) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t r = 0; r < seen->n; r++) {
            double density;
            if (!explains(t + i, m, seen->detections + r * COLUMNS, timing_sd_s, &density)) continue;
            if (c->n == c->room) {
                int32_t room = c->room ? 2 * c->room : 64;
                Candidate *more = realloc(c->list, sizeof(Candidate) * (size_t)room);
                if (!more) return 0;
                c->list = more, c->room = room;
            }
            c->list[c->n++] = (Candidate){(int32_t)i, (int32_t)r, density};
        }
    return 1;
}

/* Numbers the tracks and detections that occur among the candidates; true where any occurs twice. */
static int number(const Candidates *c, int32_t *of_track, int32_t *of_row, int64_t tracks, int64_t rows, int32_t *n,
                  int32_t *m) {
    int competing = 0;
    for (int64_t i = 0; i < tracks; i++) of_track[i] = -1;
    for (int64_t i = 0; i < rows; i++) of_row[i] = -1;
    *n = *m = 0;
    for (int32_t i = 0; i < c->n; i++) {
        int32_t *a = of_track + c->list[i].track, *b = of_row + c->list[i].row;
        competing |= *a >= 0 || *b >= 0;
        if (*a < 0) *a = (*n)++;
        if (*b < 0) *b = (*m)++;
    }
    return competing;
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

/* Keeps of the candidates the best set in which no track and no detection occurs twice, in order of track. */
static int choose(Candidates *c, const Track *t, int64_t tracks, const Seen *seen, const Motion *m) {
    int32_t n, rows, kept = 0;
    if (!c->n) return 1;
    int32_t *of_track = malloc(sizeof(int32_t) * (size_t)(tracks + seen->n));
    if (!of_track) return 0;
    int32_t *of_row = of_track + tracks;
    if (!number(c, of_track, of_row, tracks, seen->n, &n, &rows)) {
        free(of_track);
        return 1;
    }
    int32_t columns = rows + n; /* one more for each track, to be seen nowhere */
    size_t cells = (size_t)n * (size_t)columns;
    double *cost = malloc(sizeof(double) * (cells + 4 * (size_t)(n + columns + 2)));
    int32_t *chosen = malloc(sizeof(int32_t) * 2 * (size_t)(columns + 1));
    if (cost && chosen) {
        for (size_t i = 0; i < cells; i++) cost[i] = NOT_ALLOWED;
        for (int32_t i = 0; i < c->n; i++) {
            const Candidate *one = c->list + i;
            double bonus = t[one->track].count >= m->min_points ? m->bonus : 0;
            cost[(int64_t)of_track[one->track] * columns + of_row[one->row]] = -one->density - bonus;
        }
        assign(cost, n, columns, chosen, chosen + columns + 1, cost + cells);
        for (int32_t i = 0; i < c->n; i++)
            if (chosen[of_row[c->list[i].row]] == of_track[c->list[i].track]) c->list[kept++] = c->list[i];
        c->n = kept;
    }
    int well = cost && chosen;
    free(chosen), free(cost), free(of_track);
    return well;
}

static void take(Track *t, const Candidate *one, const Seen *seen, const Motion *m, double timing_sd_s) {
    const double *d = seen->detections + (int64_t)one->row * COLUMNS;
    double p = m->detection_probability;
    correct(t, m, d, timing_sd_s);
    t->score += one->density - log(seen->density[one->row]) + log(p) - log(1 - p);
    if (t->score > t->best_score) t->best_score = t->score;
    t->log_area += FORGETS * (log(d[AREA]) - t->log_area);
    t->contrast += FORGETS * (d[CONTRAST] - t->contrast);
    t->last_s = seen->t_s;
    t->count++;
    seen->taken[one->row] = 1;
}

int64_t edgecv_track_size(void) { return (int64_t)sizeof(Track); }

/* Moves n tracks by dt and gives them their sightings in a frame; `matches` gets track and row of each, in order of
 * track, and has room for every track. Returns how many; -1 where there was no memory. */
int64_t edgecv_follow(Track *t, int64_t n, const Seen *seen, const Motion *m, double dt_s, double timing_sd_s,
                      int32_t *matches) {
    Candidates found = {0};
    for (int64_t i = 0; i < n; i++) {
        predict(t + i, m, dt_s);
        t[i].score += log(1 - m->detection_probability);
    }
    int well = collect(&found, t, n, seen, m, timing_sd_s) && choose(&found, t, n, seen, m);
    for (int32_t i = 0; well && i < found.n; i++) {
        take(t + found.list[i].track, found.list + i, seen, m, timing_sd_s);
        matches[2 * i] = found.list[i].track, matches[2 * i + 1] = found.list[i].row;
    }
    free(found.list);
    return well ? found.n : -1;
}

/* Fills n tracks that begin with three sightings each, given as in edgecv_starts: age and row of each, oldest first. */
void edgecv_begin_tracks(Track *t, int64_t n, const Seen *frames, const int32_t *triplets, const Motion *m) {
    for (int64_t i = 0; i < n; i++, t++, triplets += 6) {
        double log_area = 0, contrast = 0;
        for (int k = 0; k < 3; k++) {
            const Seen *seen = frames + triplets[2 * k];
            const double *d = seen->detections + (int64_t)triplets[2 * k + 1] * COLUMNS;
            if (k) {
                predict(t, m, seen->t_s - t->last_s);
                correct(t, m, d, 0);
            } else {
                *t = first_of(m, d, seen->t_s);
            }
            t->last_s = seen->t_s;
            log_area += log(d[AREA]) / 3, contrast += d[CONTRAST] / 3;
            seen->taken[triplets[2 * k + 1]] = 1;
        }
        t->log_area = log_area, t->contrast = contrast, t->count = 3;
    }
}

/* Which tracks have ended: silent for too long, out of the picture, or worse than clutter. Returns how many. */
int64_t edgecv_over(const Track *t, int64_t n, double t_s, double gap_s, double width, double height, double min_score,
                    double from_best, uint8_t *over) {
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++, t++) {
        double x = t->state[0][0], y = t->state[1][0], silent_s = t_s - t->last_s, best = t->best_score - from_best;
        int outside = x < 0 || x >= width || y < 0 || y >= height;
        over[i] = silent_s > gap_s || (outside && silent_s > 0) || t->score < (best < min_score ? best : min_score);
        found += over[i];
    }
    return found;
}
