/* What came before a track began, as edgecv/tracking/backward_extension.py: its motion run backwards in time. */
#include "motion.h"

#define SAME_PX 3.0

/* The detection that best continues a motion, among those no other track has better reason to keep; -1: none. */
static int32_t best_of(const Track *t, const Seen *seen, const Motion *m, double *density) {
    double reach = SAME_PX + exp(0.5 * t->log_area), found;
    int32_t best = -1;
    for (int32_t r = 0; r < seen->n; r++) {
        const double *d = seen->detections + (int64_t)r * COLUMNS;
        if (seen->taken[r] && !(hypot(d[0] - t->state[0][0], d[1] - t->state[1][0]) < reach)) continue;
        if (explains(t, m, d, 0, &found) && (best < 0 || found > *density)) best = r, *density = found;
    }
    return best;
}

/* Frames oldest first: `before` of them from before the track, then its first `k`, in each of which it is detection
 * `rows[i]`. `found` gets frame and row of sightings before the track, latest first. Returns how many. */
int32_t edgecv_earlier(const Seen *frames, int32_t before, const int32_t *rows, int32_t k, const Motion *m, double gap_s,
                       int32_t *found) {
    double p = m->detection_probability, score = 0, best = 0;
    int32_t count = 0, kept = 0;
    const Seen *seen = frames + before + k - 1;
    const double *d = seen->detections + (int64_t)rows[k - 1] * COLUMNS;
    Track t = first_of(m, d, seen->t_s);
    double t_s = seen->t_s;
    for (int32_t i = k - 2; i >= 0; i--) {
        seen = frames + before + i;
        d = seen->detections + (int64_t)rows[i] * COLUMNS;
        predict(&t, m, seen->t_s - t_s);
        correct(&t, m, d, 0);
        t_s = seen->t_s;
    }
    t.log_area = log(d[AREA]), t.contrast = d[CONTRAST], t.last_s = t_s;
    for (int32_t i = before - 1; i >= 0; i--) {
        double density = 0;
        seen = frames + i;
        if (t.last_s - seen->t_s > gap_s) break;
        predict(&t, m, seen->t_s - t_s);
        t_s = seen->t_s;
        /* misses cost what they cost going forwards; beyond the best score lies clutter rather than the thing */
        score += log(1 - p);
        int32_t row = best_of(&t, seen, m, &density);
        if (row < 0 || density < log(seen->density[row])) continue;
        d = seen->detections + (int64_t)row * COLUMNS;
        correct(&t, m, d, 0);
        t.log_area = log(d[AREA]), t.contrast = d[CONTRAST], t.last_s = t_s;
        found[2 * count] = i, found[2 * count + 1] = row;
        count++;
        score += density - log(seen->density[row]) + log(p) - log(1 - p);
        if (score > best) best = score, kept = count;
    }
    return kept;
}
