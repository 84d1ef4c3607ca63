/* Track initiation from three detections, as edgecv/tracking/initiator.py: the same limits and the same order. */
#include "native.h"

#include <math.h>
#include <stdlib.h>

#define MAX_POINTS (INITIATOR_SCANS * INITIATOR_MAX_FREE)

/* An unassigned detection. */
typedef struct {
    double x, y, log_area, half_log_snr, clutter, t_s;
    int32_t age, row; /* age: scans back from the newest */
} Point;

/* A pair or triplet of points. */
typedef struct {
    double cost;
    int32_t oldest, middle, newest, place; /* place: order before sorting, which breaks ties */
} Combination;

static int by_cost(const void *p, const void *q) {
    const Combination *a = p, *b = q;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_place(const void *p, const void *q) {
    const Combination *a = p, *b = q;
    return a->place < b->place ? -1 : a->place > b->place;
}

static double squared(double x, double y) { return x * x + y * y; }

static int32_t collect(const Scan *scan, int32_t age, int32_t max_free, Point *points) {
    int32_t n = 0;
    for (int64_t r = 0; r < scan->n && n < max_free; r++) {
        if (scan->assigned[r]) continue;
        const double *d = scan->detections + r * DETECTION_COLUMNS;
        points[n++] = (Point){d[0], d[1], log(d[DETECTION_AREA]), 0.5 * log(d[DETECTION_SNR]), scan->clutter[r], scan->t_s, age,
                              (int32_t)r};
    }
    return n;
}

/* Pairs (middle, newest) within the speed limit, the cheapest of them where there are very many. */
static int32_t pair(const Point *newest, int32_t n_newest, const Point *middle, int32_t n_middle,
                    const InitiatorLimits *limits, Combination *pairs) {
    int32_t n = 0;
    for (int32_t j = 0; j < n_middle; j++) {
        const Point *m = middle + j;
        double reach = limits->max_speed * (newest->t_s - m->t_s);
        if (!(reach > 0)) continue;
        for (int32_t k = 0; k < n_newest; k++) {
            const Point *s = newest + k;
            double square = squared(s->x - m->x, s->y - m->y);
            if (!(square < reach * reach)) continue;
            double area_change = fabs(s->log_area - m->log_area);
            if (!(area_change < limits->max_log_area_change)) continue;
            double skipped = limits->skipped_scan_cost * (m->age - 1);
            double cost = log1p(sqrt(square)) + area_change - s->half_log_snr + skipped;
            pairs[n] = (Combination){cost, 0, j, k, n};
            n++;
        }
    }
    if (n > INITIATOR_MAX_PAIRS) {
        qsort(pairs, (size_t)n, sizeof(Combination), by_cost);
        n = INITIATOR_MAX_PAIRS;
        qsort(pairs, (size_t)n, sizeof(Combination), by_place);
    }
    return n;
}

/* The oldest points that continue each pair, as triplets. */
static int32_t extend(const Combination *pairs, int32_t n_pairs, const Point *newest, const Point *middle,
                      const Point *oldest, int32_t n_oldest, const InitiatorLimits *limits, Combination *triplets) {
    int32_t n = 0;
    for (int32_t p = 0; p < n_pairs; p++) {
        const Point *m = middle + pairs[p].middle, *s = newest + pairs[p].newest;
        double dt = s->t_s - m->t_s, vx = (s->x - m->x) / dt, vy = (s->y - m->y) / dt;
        double slack = limits->position_slack_px + limits->position_slack_per_size * exp(0.5 * m->log_area);
        for (int32_t i = 0; i < n_oldest; i++) {
            const Point *f = oldest + i;
            double gap = m->t_s - f->t_s, area_change = fabs(f->log_area - m->log_area);
            if (!(gap > 0) || !(area_change < limits->max_log_area_change)) continue;
            double square = squared(f->x - (m->x - vx * gap), f->y - (m->y - vy * gap));
            double tolerance = limits->max_acceleration * gap * (s->t_s - f->t_s) / 2.0 + slack;
            if (!(square < tolerance * tolerance)) continue;
            double miss = sqrt(square);
            /* in clutter some detection lies near every expected place */
            if (!(n_pairs * M_PI * (miss + 1.0) * (miss + 1.0) * f->clutter < limits->max_chance)) continue;
            double skipped = limits->skipped_scan_cost * (f->age - m->age);
            double cost = pairs[p].cost + 2.0 * log1p(miss) + area_change + skipped;
            triplets[n] = (Combination){cost, i, pairs[p].middle, pairs[p].newest, n};
            n++;
        }
    }
    return n;
}

int32_t edgecv_initiate(const Scan *scans, int32_t n, const InitiatorLimits *limits, int32_t *triplets) {
    Point points[MAX_POINTS];
    int32_t begin[INITIATOR_SCANS + 1] = {0}, count = 0;
    int32_t max_free = limits->max_free < INITIATOR_MAX_FREE ? limits->max_free : INITIATOR_MAX_FREE;
    if (n > INITIATOR_SCANS) n = INITIATOR_SCANS;
    for (int32_t age = 0; age < INITIATOR_SCANS; age++)
        begin[age + 1] = begin[age] + (age < n ? collect(scans + age, age, max_free, points + begin[age]) : 0);
    const Point *middle = points + begin[1], *oldest = points + begin[2];
    int32_t n_newest = begin[1], n_middle = begin[3] - begin[1], n_oldest = begin[INITIATOR_SCANS] - begin[2];
    if (n < 3 || !n_newest || !n_middle || !n_oldest) return 0;

    Combination *pairs = malloc(sizeof(Combination) * (size_t)n_newest * (size_t)n_middle);
    if (!pairs) return -1;
    int32_t n_pairs = pair(points, n_newest, middle, n_middle, limits, pairs);
    Combination *all = n_pairs ? malloc(sizeof(Combination) * (size_t)n_pairs * (size_t)n_oldest) : 0;
    int32_t n_all = all ? extend(pairs, n_pairs, points, middle, oldest, n_oldest, limits, all) : 0;
    if (n_all) {
        uint8_t used[MAX_POINTS] = {0};
        qsort(all, (size_t)n_all, sizeof(Combination), by_cost);
        for (int32_t t = 0; t < n_all && count < limits->max_triplets; t++) {
            int32_t three[3] = {begin[2] + all[t].oldest, begin[1] + all[t].middle, all[t].newest};
            if (used[three[0]] || used[three[1]] || used[three[2]]) continue;
            for (int32_t i = 0; i < 3; i++) {
                used[three[i]] = 1;
                triplets[6 * count + 2 * i] = points[three[i]].age;
                triplets[6 * count + 2 * i + 1] = points[three[i]].row;
            }
            count++;
        }
    }
    if (n_pairs && !all) count = -1;
    free(pairs);
    free(all);
    return count;
}
