/* New tracks from three sightings, as edgecv/tracking/initiator.py: the same limits and the same order. */
#include "tracking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 5     /* looked at, newest first */
#define MOST_FREE 64 /* sightings of one frame */
#define MOST_PAIRS 120
#define UNLIKE 1.8

typedef struct {
    double max_speed, max_acceleration; /* px/s, px/s^2 */
    double chance;
    int32_t candidates, most; /* free sightings a frame, triplets */
} Limits;

typedef struct {
    double x, y, log_area, snr, density, t_s;
    int32_t age, row;
} Sighting;

typedef struct {
    double badness;
    int32_t a, b, c, place; /* place: order before sorting, which breaks ties */
} Ranked;

static int better(const void *p, const void *q) {
    const Ranked *a = p, *b = q;
    if (a->badness != b->badness) return a->badness < b->badness ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int earlier(const void *p, const void *q) {
    const Ranked *a = p, *b = q;
    return a->place < b->place ? -1 : a->place > b->place;
}

static double squared(double x, double y) { return x * x + y * y; }

static int32_t collect(const Seen *seen, int32_t age, int32_t candidates, Sighting *out) {
    int32_t found = 0;
    for (int64_t r = 0; r < seen->n && found < candidates; r++) {
        if (seen->taken[r]) continue;
        const double *d = seen->detections + r * COLUMNS;
        out[found++] = (Sighting){d[0], d[1], log(d[AREA]), d[SNR], seen->density[r], seen->t_s, age, (int32_t)r};
    }
    return found;
}

/* Pairs (middle, newest) within the speed limit, the most credible of them where there are very many. */
static int32_t pair(const Sighting *newest, int32_t n_newest, const Sighting *middle, int32_t n_middle,
                    const Limits *limits, Ranked *out) {
    int32_t found = 0;
    for (int32_t j = 0; j < n_middle; j++)
        for (int32_t k = 0; k < n_newest; k++) {
            const Sighting *m = middle + j, *s = newest + k;
            double reach = limits->max_speed * (s->t_s - m->t_s), square = squared(s->x - m->x, s->y - m->y);
            double unlike = fabs(s->log_area - m->log_area);
            if (!(reach > 0 && square < reach * reach) || !(unlike < UNLIKE)) continue;
            double badness = log1p(sqrt(square)) + unlike - 0.5 * log(s->snr) + 1.5 * (m->age - 1);
            out[found] = (Ranked){badness, 0, j, k, found};
            found++;
        }
    if (found > MOST_PAIRS) {
        qsort(out, (size_t)found, sizeof(Ranked), better);
        found = MOST_PAIRS;
        qsort(out, (size_t)found, sizeof(Ranked), earlier);
    }
    return found;
}

/* Triplets (oldest, middle, newest), best first, no sighting twice: six numbers each, age and row of the three.
 * Returns how many; -1 where there was no memory. */
int32_t edgecv_starts(const Seen *seen, int32_t frames, const Limits *limits, int32_t *out) {
    Sighting all[FRAMES * MOST_FREE];
    int32_t begin[FRAMES + 1] = {0}, most = limits->candidates < MOST_FREE ? limits->candidates : MOST_FREE;
    if (frames > FRAMES) frames = FRAMES;
    for (int32_t age = 0; age < FRAMES; age++)
        begin[age + 1] = begin[age] + (age < frames ? collect(seen + age, age, most, all + begin[age]) : 0);
    const Sighting *middle = all + begin[1], *first = all + begin[2];
    int32_t n_newest = begin[1], n_middle = begin[3] - begin[1], n_first = begin[FRAMES] - begin[2], chosen = 0;
    if (frames < 3 || !n_newest || !n_middle || !n_first) return 0;

    Ranked *pairs = malloc(sizeof(Ranked) * (size_t)n_newest * (size_t)n_middle);
    if (!pairs) return -1;
    int32_t n_pairs = pair(all, n_newest, middle, n_middle, limits, pairs), found = 0;
    Ranked *triplets = n_pairs ? malloc(sizeof(Ranked) * (size_t)n_pairs * (size_t)n_first) : 0;
    for (int32_t p = 0; triplets && p < n_pairs; p++) {
        const Sighting *m = middle + pairs[p].b, *s = all + pairs[p].c;
        double dt = s->t_s - m->t_s, vx = (s->x - m->x) / dt, vy = (s->y - m->y) / dt;
        double slack = 2.0 + 0.3 * exp(0.5 * m->log_area);
        for (int32_t i = 0; i < n_first; i++) {
            const Sighting *f = first + i;
            double gap = m->t_s - f->t_s, unlike = fabs(f->log_area - m->log_area);
            if (!(gap > 0) || !(unlike < UNLIKE)) continue;
            double square = squared(f->x - (m->x - vx * gap), f->y - (m->y - vy * gap));
            double tolerance = limits->max_acceleration * gap * (s->t_s - f->t_s) / 2.0 + slack;
            if (!(square < tolerance * tolerance)) continue;
            double miss = sqrt(square);
            /* in clutter some sighting lies near every expected place */
            if (!(n_pairs * M_PI * (miss + 1.0) * (miss + 1.0) * f->density < limits->chance)) continue;
            double badness = pairs[p].badness + 2.0 * log1p(miss) + unlike + 1.5 * (f->age - m->age);
            triplets[found] = (Ranked){badness, i, pairs[p].b, pairs[p].c, found};
            found++;
        }
    }
    if (n_pairs && !triplets) chosen = -1;
    if (found) {
        uint8_t used[FRAMES * MOST_FREE] = {0};
        qsort(triplets, (size_t)found, sizeof(Ranked), better);
        for (int32_t n = 0; n < found && chosen < limits->most; n++) {
            int32_t three[3] = {begin[2] + triplets[n].a, begin[1] + triplets[n].b, triplets[n].c};
            if (used[three[0]] || used[three[1]] || used[three[2]]) continue;
            for (int32_t i = 0; i < 3; i++) {
                used[three[i]] = 1;
                out[6 * chosen + 2 * i] = all[three[i]].age;
                out[6 * chosen + 2 * i + 1] = all[three[i]].row;
            }
            chosen++;
        }
    }
    free(pairs);
    free(triplets);
    return chosen;
}
