/* Track initiation from three detections, as edgecv/tracking/initiator.py: the same limits and the same order. */
#include "native.h"

#include <math.h>
#include <stdlib.h>

#define MAX_POINTS (INITIATOR_SCANS * INITIATOR_MAX_FREE)

/* An unassigned detection. */
typedef struct {
    double x, y, log_area, contrast, log_strength, log_clutter, t_s;
    double variance[2]; /* of its position, px^2 */
    int32_t age, row;   /* age: scans back from the newest */
} Point;

/* A pair or triplet of points; cost: log of how many as good chance makes in a frame. */
typedef struct {
    double cost;
    int32_t oldest, middle, newest, place; /* place: order before sorting, which breaks ties */
} Combination;

typedef struct {
    Combination *list;
    int32_t n, capacity;
} Combinations;

static int by_cost(const void *p, const void *q) {
    const Combination *a = p, *b = q;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_y(const void *p, const void *q) {
    const Point *a = p, *b = q;
    if (a->y != b->y) return a->y < b->y ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* The first of n points in order of y that is not above a row. */
static int32_t first_below(const Point *points, int32_t n, double y) {
    int32_t low = 0;
    for (int32_t high = n; low < high;) {
        int32_t at = (low + high) / 2;
        if (points[at].y < y) low = at + 1;
        else high = at;
    }
    return low;
}

static double squared(double x, double y) { return x * x + y * y; }

static int append(Combinations *c, double cost, int32_t oldest, int32_t middle, int32_t newest) {
    if (c->n == c->capacity) {
        int32_t capacity = c->capacity ? 2 * c->capacity : 256;
        Combination *more = realloc(c->list, sizeof(Combination) * (size_t)capacity);
        if (!more) return 0;
        c->list = more, c->capacity = capacity;
    }
    c->list[c->n] = (Combination){cost, oldest, middle, newest, c->n};
    c->n++;
    return 1;
}

/* The unassigned detections of a scan, in order of y. */
static int32_t collect(const Scan *scan, int32_t age, const InitiatorLimits *limits, Point *points) {
    int32_t n = 0, max_free = limits->max_free < INITIATOR_MAX_FREE ? limits->max_free : INITIATOR_MAX_FREE;
    for (int64_t r = 0; r < scan->n && n < max_free; r++) {
        if (scan->assigned[r]) continue;
        const double *d = scan->detections + r * DETECTION_COLUMNS;
        Point *p = points + n++;
        *p = (Point){.x = d[0], .y = d[1], .log_area = log(d[DETECTION_AREA]), .contrast = d[DETECTION_CONTRAST],
                     .log_clutter = log(scan->clutter[r]), .t_s = scan->t_s, .age = age, .row = (int32_t)r};
        p->log_strength = limits->rank_weight * log((double)scan->n / (double)(r + 1)); /* the most unusual come first */
        for (int axis = 0; axis < 2; axis++) {
            double sd = limits->position_sd + limits->position_sd_per_size * d[DETECTION_WIDTH + axis];
            p->variance[axis] = sd * sd;
        }
    }
    qsort(points, (size_t)n, sizeof(Point), by_y);
    return n;
}

static double flip_cost(const Point *p, const Point *q, const InitiatorLimits *limits) {
    return p->contrast * q->contrast < 0 ? limits->flip_cost : 0;
}

/* The unassigned detections of one scan. */
typedef struct {
    const Point *points; /* in order of y */
    int32_t n, begin;    /* begin: number of the first among all points */
    double least_clutter, least_cost, most_variance; /* log; log, strength counted; px^2, of y */
} FreeScan;

static FreeScan free_scan(const Point *points, int32_t n, int32_t begin) {
    FreeScan f = {points, n, begin, INFINITY, INFINITY, 0};
    for (int32_t i = 0; i < n; i++) {
        f.least_clutter = fmin(f.least_clutter, points[i].log_clutter);
        f.least_cost = fmin(f.least_cost, points[i].log_clutter - points[i].log_strength);
        f.most_variance = fmax(f.most_variance, points[i].variance[1]);
    }
    return f;
}

/* Pairs of the newest points with those of an earlier scan, within the speed limit and cheaper than `most`. */
static int pair(const FreeScan *newest, const FreeScan *middle, double most, const InitiatorLimits *limits,
                Combinations *pairs) {
    if (!newest->n || !middle->n || !(newest->points->t_s > middle->points->t_s)) return 1;
    double common = log(M_PI * newest->n) + limits->skipped_scan_cost * (middle->points->age - 1);
    double reach = limits->max_speed * (newest->points->t_s - middle->points->t_s);
    for (int32_t k = 0; k < newest->n; k++) {
        const Point *s = newest->points + k;
        double radius = fmin(reach, exp(0.5 * (most - common - middle->least_cost + s->log_strength)) - 1.0);
        for (int32_t j = first_below(middle->points, middle->n, s->y - radius); j < middle->n; j++) {
            const Point *m = middle->points + j;
            if (m->y > s->y + radius) break;
            double square = squared(s->x - m->x, s->y - m->y);
            if (!(square < radius * radius)) continue;
            double area_change = fabs(s->log_area - m->log_area);
            if (!(area_change < limits->max_log_area_change)) continue;
            double cost = common + m->log_clutter + 2.0 * log1p(sqrt(square)) + area_change;
            cost += flip_cost(m, s, limits) - m->log_strength - s->log_strength;
            if (cost < most && !append(pairs, cost, 0, middle->begin + j, k)) return 0;
        }
    }
    return 1;
}

/* The cheapest pairs where there are very many, in any order (Hoare's selection, 1961). */
static void limit(Combinations *pairs) {
    if (pairs->n <= INITIATOR_MAX_PAIRS) return;
    Combination *list = pairs->list;
    for (int32_t low = 0, high = pairs->n - 1; low < high;) {
        Combination pivot = list[(low + high) / 2];
        int32_t i = low, j = high;
        while (i <= j) {
            while (by_cost(list + i, &pivot) < 0) i++;
            while (by_cost(list + j, &pivot) > 0) j--;
            if (i > j) break;
            Combination swapped = list[i];
            list[i++] = list[j], list[j--] = swapped;
        }
        if (j < INITIATOR_MAX_PAIRS) low = i;
        if (i > INITIATOR_MAX_PAIRS) high = j;
    }
    pairs->n = INITIATOR_MAX_PAIRS;
}

/* Variance, px^2, of where the oldest of three should be, along an axis: the positions of all three, and acceleration. */
static double extrapolated(double oldest, double middle, double newest, double acceleration_sd, double dt, double gap) {
    double span = dt + gap, q = span / dt, r = gap / dt, acceleration = acceleration_sd * gap * span / 2.0;
    return oldest + middle * q * q + newest * r * r + acceleration * acceleration;
}

/* Cost of the best point that an older scan could add to a pair: one that lies where it should, of smallest size. */
static double best_oldest(const FreeScan *newest, const FreeScan *middle, const FreeScan *oldest,
                          const InitiatorLimits *limits) {
    if (!newest->n || !middle->n || !oldest->n) return INFINITY;
    double dt = newest->points->t_s - middle->points->t_s, gap = middle->points->t_s - oldest->points->t_s, S = 1;
    double least = limits->position_sd * limits->position_sd;
    if (!(dt > 0) || !(gap > 0)) return INFINITY;
    for (int axis = 0; axis < 2; axis++)
        S *= extrapolated(least, least, least, limits->acceleration_sd[axis], dt, gap);
    return oldest->least_clutter + log(M_PI * sqrt(S));
}

/* The points of an older scan that continue a pair (m, s), as triplets. */
static int extend(const Combination *two, const Point *m, const Point *s, const FreeScan *oldest,
                  const InitiatorLimits *limits, Combinations *triplets) {
    if (!oldest->n || !(m->t_s > oldest->points->t_s)) return 1;
    double dt = s->t_s - m->t_s, gap = m->t_s - oldest->points->t_s, span = s->t_s - oldest->points->t_s;
    double bend = gap * span / 2.0, common[2];
    double x = m->x - (s->x - m->x) / dt * gap, y = m->y - (s->y - m->y) / dt * gap;
    double tolerance = limits->max_acceleration * bend + limits->position_slack_px;
    tolerance += limits->position_slack_per_size * exp(0.5 * m->log_area);
    for (int axis = 0; axis < 2; axis++)
        common[axis] = extrapolated(0, m->variance[axis], s->variance[axis], limits->acceleration_sd[axis], dt, gap);
    /* farther off than this in y alone, and chance makes too many */
    double base = two->cost + limits->skipped_scan_cost * (oldest->points->age - m->age - 1);
    double most = log(limits->max_chance), fall = y + limits->gravity * bend;
    double area = exp(most - base - oldest->least_clutter) / M_PI / sqrt(common[0] * common[1]) - 1.0;
    if (!(area > 0)) return 1;
    double off_y = sqrt(area * (common[1] + oldest->most_variance));
    double top = fmax(y - tolerance, fall - off_y), bottom = fmin(y + tolerance, fall + off_y);
    for (int32_t i = first_below(oldest->points, oldest->n, top); i < oldest->n; i++) {
        const Point *f = oldest->points + i;
        if (f->y > bottom) break;
        if (!(squared(f->x - x, f->y - y) < tolerance * tolerance)) continue;
        double area_change = fabs(f->log_area - m->log_area);
        if (!(area_change < limits->max_log_area_change)) continue;
        /* in clutter some detection lies near every expected place: how near is measured by what positions and
         * acceleration, gravity before all, leave open */
        double Sx = f->variance[0] + common[0], Sy = f->variance[1] + common[1];
        double distance = squared(f->x - x, 0) / Sx + squared(f->y - fall, 0) / Sy;
        double cost = base + f->log_clutter + log(M_PI * sqrt(Sx * Sy) * (1.0 + distance)) + area_change;
        cost += flip_cost(f, m, limits);
        if (cost < most && !append(triplets, cost, oldest->begin + i, two->middle, two->newest)) return 0;
    }
    return 1;
}

/* The best triplets in which no detection occurs twice. */
static int32_t choose(Combinations *all, const Point *points, const InitiatorLimits *limits, int32_t *triplets,
                      double *evidence) {
    uint8_t used[MAX_POINTS] = {0};
    int32_t count = 0;
    qsort(all->list, (size_t)all->n, sizeof(Combination), by_cost);
    for (int32_t t = 0; t < all->n && count < limits->max_triplets; t++) {
        const Combination *best = all->list + t;
        int32_t three[3] = {best->oldest, best->middle, best->newest};
        if (used[three[0]] || used[three[1]] || used[three[2]]) continue;
        for (int32_t i = 0; i < 3; i++) {
            used[three[i]] = 1;
            triplets[6 * count + 2 * i] = points[three[i]].age;
            triplets[6 * count + 2 * i + 1] = points[three[i]].row;
        }
        evidence[count++] = log(limits->max_chance) - best->cost;
    }
    return count;
}

int32_t edgecv_initiate(const Scan *scans, int32_t n, const InitiatorLimits *limits, int32_t *triplets,
                        double *evidence) {
    Point points[MAX_POINTS];
    FreeScan free_scans[INITIATOR_SCANS];
    int32_t begin[INITIATOR_SCANS + 1] = {0}, count = 0;
    if (n > INITIATOR_SCANS) n = INITIATOR_SCANS;
    for (int32_t age = 0; age < INITIATOR_SCANS; age++) {
        Point *here = points + begin[age];
        begin[age + 1] = begin[age] + (age < n ? collect(scans + age, age, limits, here) : 0);
        free_scans[age] = free_scan(here, begin[age + 1] - begin[age], begin[age]);
    }
    if (n < 3 || begin[1] == begin[0] || begin[3] == begin[1] || begin[INITIATOR_SCANS] == begin[2]) return 0;

    Combinations pairs = {0}, all = {0};
    int ok = 1;
    for (int32_t middle = 1; ok && middle < 3; middle++) {
        double best = INFINITY;
        for (int32_t age = middle + 1; age < INITIATOR_SCANS; age++)
            best = fmin(best, best_oldest(free_scans, free_scans + middle, free_scans + age, limits));
        ok = pair(free_scans, free_scans + middle, log(limits->max_chance) - best, limits, &pairs);
    }
    limit(&pairs);
    for (int32_t p = 0; ok && p < pairs.n; p++) {
        const Combination *two = pairs.list + p;
        const Point *m = points + two->middle, *s = points + two->newest;
        for (int32_t age = m->age + 1; ok && age < n; age++) ok = extend(two, m, s, free_scans + age, limits, &all);
    }
    if (ok && all.n) count = choose(&all, points, limits, triplets, evidence);
    free(pairs.list), free(all.list);
    return ok ? count : -1;
}
