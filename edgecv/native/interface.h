/* Structures, constants and functions that Python calls.
 *
 * cffi reads this file (build_kernel.py), and so does the C compiler (native.h): it holds declarations only, without
 * includes and conditions. Arrays are C-contiguous and belong to the caller; their shapes stand in parentheses. */

/* ---- detection: lengths in analysis pixels, 1x1 or 2x2 pixels of the frame ---- */

#define TILE 32         /* side of a tile */
#define UNIT 128        /* of the mean and of a difference: one grey level */
#define SMOOTH_UNIT 256 /* of a smoothed difference: one grey level over all nine pixels, 16 / 2 * UNIT / 4 */
#define NOISE_UNIT 16   /* of the noise: one unit of a smoothed difference */
#define LAG_STEP 64     /* of the lagged smoothed difference: a byte a pixel stays in the cache */
#define LIMIT 3600      /* differences are clipped here (28 grey levels) so that eight of them fit 16 bits */
#define RAW_LIMIT 16000   /* a difference before the tile's brightness is taken out: twice it fits 16 bits */
#define STEADY_LIMIT 640  /* of a difference in a tile's mean, 5 grey levels: one object must not drag its tile along */
#define MEAN_LIMIT 32640  /* brightest background, 255 grey levels */
#define NOISE_SLACK 64    /* smoothed unit: a difference counts for the noise up to four times the usual and this */
#define NOISE_LIMIT 2000  /* smoothed unit: and never more, so that 16 times it fits 16 bits */
#define BLOB_LIMIT 32000  /* of a difference in a blob, 250 grey levels: it fits 16 bits */
#define HALO_PERCENT 30   /* of a blob's peak: weaker differences are compression halos */
#define MARGIN 32       /* spare columns on either side of a scratch row */
#define GROW 1          /* mask: a blob may grow over this pixel */
#define SEED 2          /* mask: a blob may start at this pixel */
#define QUOTA_CELLS 8   /* of the blob quota's grid, each way */

/* One camera's background model and the settings of one frame. */
typedef struct {
    int32_t width, height, binning;
    int32_t tiles_x, tiles_y;
    int32_t is_uniform;         /* one shift for all tiles: the first one's */
    int32_t rate, noise_rate;   /* learning rates, 1/65536; below one half */
    int32_t detecting;          /* 0: learn only */
    float grow_threshold;       /* in units of the noise */
    float noise_floor;          /* smallest noise, grey levels */
    float min_level;            /* smallest noise level of a tile */
    int16_t *mean;              /* (height, width), UNIT */
    int16_t *noise;             /* (height, width) mean absolute smoothed difference, NOISE_UNIT */
    const int8_t *lagged;       /* (height, width) smoothed difference some frames ago, LAG_STEP */
    int8_t *response;           /* (height, width) out: this frame's, LAG_STEP; another plane than `lagged` */
    int16_t *motion;            /* (height, width) lagged minimum; valid where the mask says SEED */
    uint8_t *mask;              /* (height, width) GROW | SEED */
    const uint8_t *excluded;    /* (height, width) 255 where no blob may start, else 0 */
    const int16_t *whole;       /* (2, tiles_y, tiles_x) camera motion right and down, whole pixels of the frame */
    const int16_t *rest;        /* the same shape: its sub-pixel rest, 1/32768 analysis pixel */
    int16_t *offset;            /* (tiles_y, tiles_x) brightness change taken out, UNIT */
    const float *seed_threshold; /* (2, tiles_y, tiles_x) of dark and bright pixels, in units of the noise */
    float *level;               /* (tiles_y, tiles_x) noise of this frame in units of the usual */
    int32_t *seeds;             /* (tiles_y, tiles_x) number of seed pixels */
    int16_t *scratch;           /* 3 * (TILE + 2) * (width + 2 * MARGIN) */
    uint8_t *mask_dirty;        /* (tiles_y, tiles_x) whether the mask has any bit there; most tiles have none */
    int32_t foreground;         /* out: pixels that differ from the background */
} Background;

/* One moving region, pixels of the frame; xx, yy and xy are its central second moments, px^2. */
typedef struct {
    float x, y, xx, yy, area, contrast, snr, xy;
} Blob;

/* How many blobs pass, and how many and how strong they usually are: apart for darker (0) and brighter (1) ones, since
 * flakes and drops only brighten by day. */
typedef struct {
    double *usual;           /* (2, QUOTA_CELLS, QUOTA_CELLS) running blobs a frame, sign and cell */
    double *count;           /* the same shape: out: blobs of this frame */
    double *excess;          /* the same shape: running sum of what their strength exceeds the threshold by */
    double *rarity, *scale;  /* the same shape: minus the logarithm of how many are usual, and their mean excess */
    double scale_x, scale_y; /* cells a pixel */
    double rate, max_per_cell;
    double side_per_variance; /* px^2 of a side squared per px^2 of second moment */
    const double *thresholds; /* (2, QUOTA_CELLS, QUOTA_CELLS) from which a blob's strength counts */
    int64_t max_detections;
} Quota;

/* Instruction sets the extension was built with: bit 0 any, 1 AVX2, 2 AVX-512. The caller asks the processor. */
int32_t edgecv_instruction_sets(void);

/* The first frame becomes the background; `noise` in grey levels. */
void edgecv_background_start(Background *b, const uint8_t *luma, int64_t stride, float noise);

/* Compares a frame with the background and learns from it; `set` is 0, 1 (AVX2) or 2 (AVX-512). */
void edgecv_background_update(Background *b, const uint8_t *luma, int64_t stride, int32_t set);

/* Applies a change of gain or brightness of the whole picture: mean + mean * gain / 65536 + offset. */
void edgecv_background_adjust(Background *b, int32_t gain, int32_t offset);

/* Mean absolute difference, grey levels, between every sixteenth row of a frame and `rows`, which gets the new ones. */
float edgecv_frame_change(const uint8_t *luma, int64_t stride, int32_t width, int32_t height, uint8_t *rows);

/* Blobs of the frame just updated, strongest first. `pixels` and `values` have width * height entries, `blobs` has
 * `capacity`; at most `per_tile` blobs start in one tile, and those above `max_area` analysis pixels are left out.
 * Returns their number. */
int32_t edgecv_blobs(const Background *b, const uint8_t *luma, int64_t stride, int32_t *pixels, int16_t *values,
                     Blob *blobs, int32_t capacity, int32_t per_tile, int32_t max_area);

/* Of n blobs, strongest first, those that pass, the most unusual first: `detections` (max_detections, 8) gets x, y, w,
 * h, area, contrast, snr, covariance of each. Returns how many; -1 where there was no memory. */
int64_t edgecv_quota_select(Quota *q, const Blob *blobs, int64_t n, double *detections);

/* The steepest point of the background in each cell of a grid; returns how many have a gradient above `min_gradient`
 * grey levels a pixel. */
int32_t edgecv_textured_points(const Background *b, int32_t cell, float min_gradient, int32_t *points);

/* Lucas & Kanade (1981) with gain and offset and robust weights: frame(x + d) = gain * background(x) + offset, where d
 * is a shift, a roll and a zoom about the picture's centre.
 * registration (8): dx, dy (analysis pixels), roll (rad), zoom, gain, offset (levels), residual (mean absolute), and by
 * how much roll and zoom may be off at a corner (standard deviation, analysis pixels); in and out. The state before is the prior of shift and brightness: what the points do not show stays as it was; that of roll
 * and zoom is none, and they stay none unless `turning`. */
void edgecv_register(const Background *b, const uint8_t *luma, int64_t stride, const int32_t *points, int32_t n,
                     int32_t rounds, int32_t turning, float *registration);

/* ---- tracking: pixels and seconds ---- */

#define DETECTION_COLUMNS 8 /* x, y, w, h, area, contrast, snr, covariance */
#define CLUTTER_CELLS 16    /* of the clutter density's grid, each way */
#define INITIATOR_SCANS 5   /* scans that a new track's three detections may be spread over */
#define INITIATOR_MAX_FREE 256  /* unassigned detections of one scan */
#define INITIATOR_MAX_PAIRS 512

/* Clutter density: running detections of each cell. */
typedef struct {
    double *count;           /* (CLUTTER_CELLS, CLUTTER_CELLS) running detections a scan and cell */
    double *around;          /* the same shape: mean of the nine cells around, at least `min_count` */
    double scale_x, scale_y; /* cells a pixel */
    double cell_area_px2, min_count;
} Clutter;

/* The detections of one frame. */
typedef struct {
    const double *detections; /* (n, DETECTION_COLUMNS) */
    const double *clutter;    /* (n) clutter density around each, detections per px^2 */
    uint8_t *assigned;        /* (n) whether a track has it */
    int64_t n;
    double t_s;
} Scan;

/* A track: two filters of three states each. */
typedef struct {
    double state[2][3];         /* of x and y: position, velocity, acceleration */
    double covariance[2][3][3];
    double score, best_score;   /* log-likelihood ratio against clutter, and the highest it has been */
    double log_area, contrast;  /* recent */
    double last_s;              /* of the last detection */
    int64_t count;              /* of detections */
} Track;

/* Motion and measurement model, gate and costs of association, in pixels of one picture. */
typedef struct {
    double jerk, jerk_doubling_speed;          /* px/s^2 per sqrt(s), and the px/s at which it doubles */
    double position_sd, position_sd_per_size;  /* px, and px a px */
    double gate;                               /* squared Mahalanobis distance */
    double established_bonus;                  /* log units, of a track of min_points detections */
    double detection_probability;
    double gravity;                            /* px/s^2, expected of a new track */
    double initial_sd[2][3];                   /* of a new track's state */
    double log_area_sd;                        /* change of log area that costs as much as one standard deviation */
    double contrast_flip_cost, max_dissimilarity; /* squared standard deviations */
    double feature_rate;                       /* of the running area and contrast, a detection */
    double same_object_px;                     /* distance at which another track's detection may be this object */
    int64_t min_points;
} MotionModel;

/* Limits of a new track's three detections. */
typedef struct {
    double max_speed, max_acceleration; /* px/s, px/s^2 */
    double max_log_area_change;
    double position_slack_px, position_slack_per_size;
    double max_chance;                  /* triplets as good as this that chance makes */
    double skipped_scan_cost, flip_cost;
    double position_sd, position_sd_per_size; /* px, and px a px */
    double gravity, acceleration_sd[2];       /* px/s^2 */
    double rank_weight;                       /* of the share of a scan's detections that are as unusual */
    int32_t max_free, max_triplets;     /* unassigned detections a scan, and new tracks */
} InitiatorLimits;

/* When a track has ended. */
typedef struct {
    double max_gap_s, width, height, min_score, max_score_loss;
} DeleterLimits;

/* Clutter density (n) around each of n detections. */
void edgecv_clutter_density(const Clutter *c, const double *detections, int64_t n, double *density);

/* Updates the clutter density with one scan's n detections, which count for a share `rate`. */
void edgecv_clutter_update(Clutter *c, const double *detections, int64_t n, double rate);

/* Triplets of unassigned detections (oldest, middle, newest) that fit one accelerated motion, best first, no detection
 * twice; scans newest first. `triplets` (max_triplets, 6) gets age and row of the three, `evidence` (max_triplets) by
 * how many log units chance makes fewer than allowed. Returns how many; -1 where there was no memory. */
int32_t edgecv_initiate(const Scan *scans, int32_t n, const InitiatorLimits *limits, int32_t *triplets,
                        double *evidence);

/* Fills n tracks from triplets (n, 6) as edgecv_initiate gives them, and marks their detections. */
void edgecv_begin_tracks(Track *tracks, int64_t n, const Scan *scans, const int32_t *triplets, const MotionModel *m);

/* Predicts n tracks by dt, associates a scan's detections and updates; `matches` (n, 2) gets track and row of each pair
 * in order of track. Returns how many; -1 where there was no memory. */
int64_t edgecv_filter_step(Track *tracks, int64_t n, const Scan *scan, const MotionModel *m, double dt_s,
                           double timing_sd_s, int32_t *matches);

/* Which tracks have ended: no detection for too long, out of the picture, or worse than clutter. Returns how many. */
int64_t edgecv_ended_tracks(const Track *tracks, int64_t n, double t_s, const DeleterLimits *limits, uint8_t *ended);

/* Detections before a track began that continue its motion backwards. Scans oldest first: `before` of them from before
 * the track, then its first k, in each of which it is detection rows[i]. `earlier` (before, 2) gets scan and row of
 * each, latest first. Returns how many. */
int32_t edgecv_extend_backward(const Scan *scans, int32_t before, const int32_t *rows, int32_t k, const MotionModel *m,
                               double max_gap_s, int32_t *earlier);

/* A track's detections. */
typedef struct {
    const double *t, *detections; /* (n), (n, 8) */
    double unit_px;               /* how well a detection says where the object is */
    double ridge;                 /* keeps a parabola through detections of one instant solvable */
} TrackRows;

/* By how many standard deviations the `before` detections ahead of a place miss the parabola of the `after` ones from it
 * on, `miss` (windows), for places first, first + 1, ...; scratch (2 before). */
void edgecv_parabola_misses(const TrackRows *track, int64_t first, int64_t windows, int64_t before, int64_t after,
                            double *scratch, double *miss);

/* ---- trajectory: metres and seconds, camera frame: x right, y down, z forward ---- */

#define FALL_PARAMETERS 11 /* in the order of edgecv/trajectory/model.py */
#define LAUNCH_UNKNOWNS 9  /* position, velocity, drag, wind along and out; world */

/* A pinhole camera, and how finely falls are integrated. */
typedef struct {
    double focal, cx, cy, g, step_s, max_speed;
} FallCamera;

/* What the residuals of a fall and of a launch share. */
typedef struct {
    const double *times, *uv; /* (n), (n, 2) pixels, lens distortion removed */
    double *scratch;          /* (17 n): positions, those of four other falls, pixels */
    int64_t n;
    FallCamera camera;
    double soft_scale;        /* standard deviations beyond which a residual counts linearly */
} Observations;

typedef struct {
    Observations observations;
    const double *sd;               /* (n, 2) pixels */
    const double *mean, *prior_sd;  /* (11) */
    const double *step;             /* (p) of forward differences */
    const int64_t *free;            /* (p) which parameters are fitted */
    int64_t p;
} FallProblem;

typedef struct {
    Observations observations;
    const double *root;                                  /* (2n, 2n) lower Cholesky factor of their covariance */
    double mean[9], prior_sd[9], step[9];
    double rotation[9], level[9], position[3];           /* world to camera, world to level, the camera's position */
    double elevation, roll;
    double drag_unit_mps, min_bend, max_drag;            /* as terminal_of */
    double usual_mps, sd_slower, sd_faster;              /* as terminal_residual */
} LaunchProblem;

/* b falls at n sorted instants: position, velocity, down, wind (b, 3), drag (b), times (n); positions and velocities
 * (b, n, 3), the latter may be null. */
void edgecv_falls(int64_t b, int64_t n, const double *position, const double *velocity, const double *drag,
                  const double *times, const double *down, const double *wind, double g, double step_s,
                  double max_speed, double *positions, double *velocities);

/* Pixels (b, n, 2) of b falls with parameters (b, 11); scratch (n, 3). */
void edgecv_fall_pixels(int64_t b, int64_t n, const double *parameters, const double *times, const FallCamera *camera,
                        double *scratch, double *pixels);

/* Residuals (2n + p) at x (p), and their derivatives (p, 2n + p) unless those are null. */
void edgecv_fall_residuals(const FallProblem *problem, const double *x, int32_t soft, double *residuals,
                           double *derivatives);

/* Residuals (2n + 7) at x (9), and their derivatives (9, 2n + 7) unless those are null. */
void edgecv_launch_residuals(const LaunchProblem *problem, const double *x, int32_t soft, double *residuals,
                             double *derivatives);

/* When a minimum is near enough, and what the search for it needs. */
typedef struct {
    double tolerance;        /* relative, of the loss and of the unknowns */
    int32_t max_evaluations; /* of the residuals */
    const double *scale;     /* (p) one over what is a usual step of each unknown; null: from the slopes */
    double *work;            /* ((2 + p) residuals) */
} LeastSquares;

/* x (p, or 9) becomes the minimum of the softened residuals near it; returns half of their sum of squares. */
double edgecv_fall_minimise(const FallProblem *problem, const LeastSquares *s, double *x);
double edgecv_launch_minimise(const LaunchProblem *problem, const LeastSquares *s, double *x);

/* Log-likelihood of a path, t (n), uv and sd (n, 2), under a velocity that does a random walk: white-noise acceleration
 * of spectral density q; position_sd and velocity_sd are the priors'. */
double edgecv_random_walk_log_likelihood(int64_t n, const double *t, const double *uv, const double *sd, double q,
                                         double position_sd, double velocity_sd);

/* Removes lens distortion k1 k2 p1 p2 k3 from points (n, 2) of the normalised plane by fixed point: at most so many
 * rounds, until no coordinate changes by `tolerance` or more. */
void edgecv_undistort(int64_t n, const double *distorted, const double *lens, int32_t rounds, double tolerance,
                      double *plane);

/* k covariances (n, n) become the inverses of their lower Cholesky factors, in place; `half_log_dets` (k) get the
 * logarithms of the determinants of those; scratch (n). Returns 0 where one is not positive definite. */
int32_t edgecv_inverse_roots(int64_t k, int64_t n, double *covariances, double *half_log_dets, double *scratch);

/* Sizes along a path, as edgecv/trajectory/growth.py has them. */
typedef struct {
    int64_t n, k;                /* sizes, and strengths of their errors */
    const int64_t *rows;         /* (n) which sightings */
    const double *log_size;      /* (n) */
    const double *whitening;     /* (k, n, n) inverse roots of the covariances */
    const double *half_log_dets; /* (k) of those */
} PathSizes;

/* A straight way in space at constant speed. */
typedef struct {
    int64_t n;
    const double *t;         /* (n) seconds, about their mean */
    const double *whitening; /* (2, n, n) inverse roots of the covariances of u and v */
    const double *white_uv;  /* (2, n) pixels about their mean, in standard deviations */
    PathSizes sizes;         /* none where they are too few */
    double *scratch;         /* (4 n) */
    double prior_sd[2], approach_sd, largest_c;
    double constant;         /* log density but for what depends on c */
} SteadyMotion;

/* Log marginal likelihood of sizes where the object grows so (path); scratch (n). */
double edgecv_sizes_log_evidence(const PathSizes *s, const double *growth, double *scratch);

/* Joint log density of the path and c. */
double edgecv_steady_log_density(const SteadyMotion *m, double c);

/* The c of highest density: so many coarse values, then so many rounds that halve the step. */
double edgecv_steady_likeliest(const SteadyMotion *m, int32_t starts, int32_t refinements);

/* A fall to be refined where errors are correlated. */
typedef struct {
    FallProblem problem;     /* its errors of one pixel */
    const double *whitening; /* (2, n, n) inverse roots of the covariances of u and v */
    double *columns, *white, *tried; /* scratch: (24 n), (12 (2 n + p)), (2 n + p) */
    const double *damping;   /* (dampings) tried in turn until a step helps */
    int32_t dampings, rounds;
    double settled;          /* log units below which a step is the last */
} FallOptimum;

/* Gauss and Newton from x (p), which becomes the optimum; `seen` (1 + p, 2n + p) gets residuals and derivatives there,
 * pixels, `precision` (p, p). Returns half of chi-squared. */
double edgecv_fall_optimum(const FallOptimum *f, double *x, double *seen, double *precision);

/* Sightings of a track, of which a stretch is to be picked, and what outliers are. */
typedef struct {
    const double *t, *uv, *sd, *log_clutter; /* (n), (n, 2), (n, 2), (n) */
    double outlier_sd, ridge, log_p_detection;
    double log_p_missed, freedom; /* log units: of a frame without it, and of the freedom to choose a stretch */
    double interval_s;            /* usual time between frames */
    int64_t share;                /* of all frames of the track, the most that a stretch may span */
    int64_t min_points;
    int32_t rounds;
} StretchSightings;

/* Log-likelihood ratio of a cubic motion against chance for n sightings, and which of them it explains: `explained`
 * (2 n) gets them in its first half; scratch (n). Minus infinity where too few are left. */
double edgecv_stretch_score(const StretchSightings *s, int64_t from, int64_t n, uint8_t *explained, double *scratch);

/* The best of all stretches from one of `starts` to one of `ends`, beyond its last sighting: its number in `best` (2) and
 * its score, with frames that missed it and freedom counted; minus infinity where there is none. `explained` (4 n) gets
 * the sightings that it explains first. */
double edgecv_best_stretch(const StretchSightings *s, const int64_t *starts, int64_t start_count, const int64_t *ends,
                           int64_t end_count, uint8_t *explained, double *scratch, int64_t *best);

/* Log-likelihood of a path, t (n), uv and sd (n, 2), under constant velocity; t and uv are about their mean. */
double edgecv_straight_log_likelihood(int64_t n, const double *t, const double *uv, const double *sd,
                                      double position_sd, double velocity_sd);
