/* Backward extension of a track, as edgecv/tracking/backward_extension.py: its motion run backwards in time. */
#include "motion_model.h"

/* The detection in the gate that continues a motion best, among those no other track has better reason to keep; -1:
 * none. */
static int32_t associate(const Track *t, const Scan *scan, const MotionModel *m, double *density) {
    double reach = m->same_object_px + exp(0.5 * t->log_area), candidate;
    int32_t best = -1;
    for (int32_t r = 0; r < scan->n; r++) {
        const double *d = scan->detections + (int64_t)r * DETECTION_COLUMNS;
        /* the gate first: of a hundred detections a scan it leaves one or none */
        if (!in_gate(t, m, d, 0, &candidate)) continue;
        if (scan->assigned[r] && !(hypot(d[0] - t->state[0][0], d[1] - t->state[1][0]) < reach)) continue;
        if (best < 0 || candidate > *density) best = r, *density = candidate;
    }
    return best;
}

int32_t edgecv_extend_backward(const Scan *scans, int32_t before, const int32_t *rows, int32_t k, const MotionModel *m,
                               double max_gap_s, int32_t *earlier) {
    double p = m->detection_probability, score = 0, best = 0;
    int32_t count = 0, best_count = 0;
    const Scan *scan = scans + before + k - 1;
    const double *d = scan->detections + (int64_t)rows[k - 1] * DETECTION_COLUMNS;
    Track t = initial_track(m, d, scan->t_s);
    double t_s = scan->t_s;
    for (int32_t i = k - 2; i >= 0; i--) {
        scan = scans + before + i;
        d = scan->detections + (int64_t)rows[i] * DETECTION_COLUMNS;
        predict(&t, m, scan->t_s - t_s);
        update(&t, m, d, 0);
        t_s = scan->t_s;
    }
    t.log_area = log(d[DETECTION_AREA]), t.contrast = d[DETECTION_CONTRAST], t.last_s = t_s;
    for (int32_t i = before - 1; i >= 0; i--) {
        double density = 0;
        scan = scans + i;
        if (t.last_s - scan->t_s > max_gap_s) break;
        predict(&t, m, scan->t_s - t_s);
        t_s = scan->t_s;
        /* a miss costs the same as forwards; detections beyond the best score are clutter rather than the object */
        score += log(1 - p);
        int32_t row = associate(&t, scan, m, &density);
        if (row < 0 || density < log(scan->clutter[row])) continue;
        d = scan->detections + (int64_t)row * DETECTION_COLUMNS;
        update(&t, m, d, 0);
        t.log_area = log(d[DETECTION_AREA]), t.contrast = d[DETECTION_CONTRAST], t.last_s = t_s;
        earlier[2 * count] = i, earlier[2 * count + 1] = row;
        count++;
        score += density - log(scan->clutter[row]) + log(p) - log(1 - p);
        if (score > best) best = score, best_count = count;
    }
    return best_count;
}
