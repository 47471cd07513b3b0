/* SPDX-License-Identifier: MIT */
/* recrl/data.h: the lab: interactions from files, splits, factors. May change until 1.0.
 *
 * Cost: constant. */
#ifndef RECRL_DATA_H
#define RECRL_DATA_H

#include <recrl/base.h>
#include <recrl/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a rating says. */
enum {
    RR_FEEDBACK_EXPLICIT = 0, /* how much a user liked it */
    RR_FEEDBACK_IMPLICIT = 1  /* that a user met it */
};

/* Alternating least squares: with biases on explicit ratings, or on implicit feedback, where it
 * counts that a user met an item [Hu, Koren, Volinsky 2008]. maths §9. */
typedef struct rr_als_config {
    uint32_t struct_size;
    int32_t kind;          /* RR_CONFIG_ALS, set by init */
    int32_t num_factors;   /* [1, 126]; vectors are 2 wider; default 30 */
    int32_t num_sweeps;    /* [1, 1024]; default 12 */
    int32_t num_threads;   /* [1, 64]; default 1 */
    float ridge;           /* times (ratings of the row + 20), > 0; default 0.1 */
    float user_bias_ridge; /* > 0; default 2 */
    float item_bias_ridge; /* > 0; default 4 */
    float holdout;         /* share of interactions left out and used for holdout_rmse, [0,
                              0.9]; default 0 */
    int32_t feedback;      /* RR_FEEDBACK_EXPLICIT (default) or _IMPLICIT */
    float alpha;           /* implicit: an interaction of rating r > 0 has confidence 1 + α r,
                              every other pair 1; > 0; default 1 */
    uint32_t reserved;
    uint64_t seed; /* initial factors and the holdout; default 0 */
} rr_als_config;

/* Fills `config` with the defaults and its kind, as every init (config.h). */
RR_API void rr_als_config_init(rr_als_config *config, size_t struct_size);

/* Does the first line name the columns? AUTO: it does where it looks like it. */
enum { RR_HEADER_AUTO = 0, RR_HEADER_YES = 1, RR_HEADER_NO = 2 };

/* How a text of interactions is read. All texts are borrowed for the call, and NULL by default:
 * what they would say is found in the file's first lines. docs/data.md */
typedef struct rr_load_options {
    uint32_t struct_size;
    int32_t kind;              /* RR_CONFIG_LOAD, set by init */
    uint64_t memory_limit;     /* bytes of the dataset and its reading; 0: no limit; default 0 */
    int32_t num_threads;       /* [1, 64], with the same bytes on any number; default 1 */
    int32_t block_bytes;       /* text is read in blocks of this size, into one of which the longest
                                  row must fit, [64, 2^30]; default 2097152 */
    int32_t header;            /* RR_HEADER_*; default AUTO */
    int32_t has_quotes;        /* 1: a field that begins with a quote ends with one, and separators
                                  and line ends between them are text; 0: quotes are text;
                                  default 1 */
    int32_t skips_incomplete;  /* 1: rows in which a field that counts is empty, "nan", "NA",
                                  "null", "None" or "\\N" are skipped and counted; 0: such a one is
                                  refused; default 0 */
    uint32_t reserved;         /* must be 0 */
    const char *separator;     /* one byte, or "::"; " ": runs of blanks */
    const char *comment;       /* lines that begin with this byte are no rows; "": all are */
    const char *user_column;   /* a column by its name in any case, or by its number from 1; of the
                                  next five also "": there is none */
    const char *item_column;   /* likewise */
    const char *rating_column; /* likewise */
    const char *time_column;   /* likewise */
    const char *position_column;   /* likewise; read together with propensities alone */
    const char *propensity_column; /* likewise */
    int64_t (*read)(void *user, void *out, int64_t n_bytes); /* NULL: the file `path` is read; else
                              the text comes from here, and path is its name in sentences.
                              out [n_bytes] ← at most so many of the next bytes; returns how many, 0
                              at the end of the text, a negative number where it cannot be read.
                              Called by one thread at a time, which need not be the calling one */
    void *read_user; /* the host's own, handed back to read */
} rr_load_options;

/* Fills `options` with the defaults and its kind, as every init (config.h). */
RR_API void rr_load_options_init(rr_load_options *options, size_t struct_size);

/* Reads interactions from delimited text in UTF-8; docs/data.md has every form.
 *   - Rows end in LF, CRLF or CR. Skipped and counted are empty lines, lines that begin with '#' or
 *     '%' where the file begins with such a line, and the header where it comes again.
 *   - The separator is a tab, comma, semicolon, bar, "::" or blanks.
 *   - Columns are found by the names that published data sets give them, in any case; without names
 *     they are user, item, rating, time, as MovieLens and Amazon have them. Other columns are
 *     skipped. Without a user, user_feature_… together are one (Open Bandit).
 *   - The key of an id is rr_id_key. In a column in which every id is a number, spellings of one
 *     number (23, 23.0, 2.3e1) are one id; digits behind a zero are another one (023).
 *   - Ratings are numbers, or true and false; without such a column each is 1.
 *   - Times are numbers, or dates and times, which become microseconds since 1970.
 * Blanks round a field do not count. The text is read in blocks and need not fit into memory. On
 * several threads blocks are read, their rows parsed and their ids looked up at the same time;
 * memory is asked for on the calling thread alone. options NULL: the defaults. *out is the
 * caller's, until rr_dataset_destroy.
 * Errors: RR_E_IO: the file cannot be read; RR_E_FORMAT names file, line and column; RR_E_MEMORY
 * with the figure where memory_limit does not suffice, which is estimated from the file's first
 * block, before the rest is read; RR_E_THREAD: the system refused one of num_threads.
 * Cost: a pass over the file. */
RR_API rr_status rr_dataset_load(rr_dataset **out, const char *path, const rr_load_options *options,
                                 const rr_host *host, rr_error *err);
/* *bytes receives what load takes of the host at once, at most: as if every line brought another
 * user and another item, for which ones it brings only reading them tells. With this as
 * memory_limit load does not fail for memory, unless the file has grown. Where users and items are
 * known, rr_dataset_memory says what is held in the end. options->read must be NULL: what it reads
 * can be read once.
 * Errors: RR_E_IO: the file cannot be read; RR_E_FORMAT names file, line and column; RR_E_MEMORY.
 * Cost: reads the whole file, one block at a time, and counts its lines. */
RR_API rr_status rr_dataset_load_memory(const char *path, const rr_load_options *options,
                                        const rr_host *host, size_t *bytes, rr_error *err);
/* A dataset from arrays [n], copied: keys of users and items, ratings finite; times NULL: 0. *out
 * is the caller's, until rr_dataset_destroy.
 * Errors: RR_E_NOT_FINITE names the rating; RR_E_MEMORY.
 * Cost: a pass over the arrays. */
RR_API rr_status rr_dataset_create(rr_dataset **out, const uint64_t *users, const uint64_t *items,
                                   const float *ratings, const int64_t *times, int64_t n,
                                   const rr_host *host, rr_error *err);
/* *bytes receives what a dataset of n rows of so many different users and items, each in [1, n],
 * holds once create has made it; while it runs, it may take half of the larger table of ids more.
 * Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_dataset_memory(int64_t n, int32_t n_users, int32_t n_items, size_t *bytes,
                                   rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_dataset_destroy(rr_dataset *dataset);
/* Different users; 0 for NULL. */
RR_API int32_t rr_dataset_user_count(const rr_dataset *dataset);
/* Different items; 0 for NULL. */
RR_API int32_t rr_dataset_item_count(const rr_dataset *dataset);
/* Interactions; 0 for NULL. */
RR_API int64_t rr_dataset_count(const rr_dataset *dataset);
/* A view [users] of the users' keys in the order of their dense indices (first appearance), valid
 * until destroy; NULL for NULL. */
RR_API const uint64_t *rr_dataset_user_keys(const rr_dataset *dataset);
/* The same of items: a view [items]. */
RR_API const uint64_t *rr_dataset_item_keys(const rr_dataset *dataset);
/* The columns, row by row in the order of the file: views, valid until destroy. */
typedef struct rr_dataset_view {
    uint32_t struct_size;
    int32_t n_users;           /* different users */
    int32_t n_items;           /* different items */
    int32_t has_ratings;       /* 0: there were none, and each is 1 */
    int64_t n;                 /* interactions */
    const uint64_t *user_keys; /* [n_users] */
    const uint64_t *item_keys; /* [n_items] */
    const int32_t *users;      /* [n] indices into user_keys */
    const int32_t *items;      /* [n] */
    const float *ratings;      /* [n] */
    const int64_t *times;      /* [n] 0 where there were none */
    const int32_t *positions;  /* [n] in the list that was shown; NULL where the file has
                                  no propensities */
    const float *propensities; /* [n] of what was shown, (0, 1]; NULL likewise */
    int32_t has_times;         /* 0: there were none, and each is 0 */
    uint32_t reserved;
} rr_dataset_view;
/* Fills *out with views of the columns. */
RR_API rr_status rr_dataset_describe(const rr_dataset *dataset, rr_dataset_view *out,
                                     rr_error *err);

/* What rr_dataset_load read, and what it skipped: views, valid until destroy. */
typedef struct rr_dataset_source {
    uint32_t struct_size;
    int32_t has_header;      /* a line names the columns */
    const char *separator;   /* "tab", "blanks", or the separator itself */
    const char *unused;      /* columns that do not count, with commas between them, cut: names,
                                or "column 3" of one that has none */
    const char *user_column; /* name of the column as the file has it; "" without a header or
                                without such a column */
    const char *item_column; /* likewise */
    const char *rating_column;     /* likewise */
    const char *time_column;       /* likewise */
    const char *position_column;   /* likewise */
    const char *propensity_column; /* likewise */
    int32_t user_number; /* number of the column from 1; 0: user_feature_… together are the user */
    int32_t item_number;       /* number of the column from 1 */
    int32_t rating_number;     /* number of the column from 1; 0: there is none */
    int32_t time_number;       /* likewise */
    int32_t position_number;   /* likewise */
    int32_t propensity_number; /* likewise */
    int64_t n_lines;           /* of the file, all kinds */
    int64_t n_rows;            /* interactions */
    int64_t n_empty;           /* empty lines, skipped */
    int64_t n_comments;        /* lines that are comments, skipped */
    int64_t n_headers;         /* lines that are the header again, skipped */
    int64_t n_incomplete;      /* rows skipped because of options.skips_incomplete */
    int64_t n_merged_users;    /* spellings of a number that became the id of another spelling */
    int64_t n_merged_items;    /* the same of items */
    int64_t n_text_users;      /* ids that are no number of which the key is the number itself */
    int64_t n_text_items;      /* the same of items */
} rr_dataset_source;
/* Fills *out with what load read of the file.
 * Errors: RR_E_NOT_FOUND: the dataset was not loaded. */
RR_API rr_status rr_dataset_describe_source(const rr_dataset *dataset, rr_dataset_source *out,
                                            rr_error *err);

/* Returns the key of an id [n_bytes] as rr_dataset_load makes it: digits without a zero before
 * them, below 2^64, are their own key; any other text's key is a hash, the same on every machine.
 * Blanks round it do not count. The id of "23.0" in a column of numbers alone is that of "23"; 0
 * for NULL.
 * Cost: a pass over the bytes. */
RR_API uint64_t rr_id_key(const char *id, int64_t n_bytes);
/* Writes out [capacity]: the user's id as the file has it, terminated, cut where it
 * does not fit; of datasets that were not loaded, and of a user of features, the key. */
RR_API rr_status rr_dataset_user_id(const rr_dataset *dataset, int32_t index, char *out,
                                    int64_t capacity, rr_error *err);
/* The same of an item. */
RR_API rr_status rr_dataset_item_id(const rr_dataset *dataset, int32_t index, char *out,
                                    int64_t capacity, rr_error *err);
/* shares [items]: each item's share of the interactions; user_mask [users] (nullable): only those
 * with 1.
 * Errors: RR_E_MEMORY: for a while it takes a count for each item.
 * Cost: a pass over the interactions. */
RR_API rr_status rr_dataset_popularity(const rr_dataset *dataset, const uint8_t *user_mask,
                                       float *shares, rr_error *err);
/* is_test [users]: a share test_fraction in [0, 1] of the users, a function of seed and key alone.
 * Cost: a draw for each user. */
RR_API rr_status rr_dataset_split_users(const rr_dataset *dataset, float test_fraction,
                                        uint64_t seed, uint8_t *is_test, rr_error *err);

/* How interactions are held out. */
enum {
    RR_SPLIT_RANDOM = 0,  /* each by a draw of its own */
    RR_SPLIT_BY_TIME = 1, /* the latest of all */
    RR_SPLIT_PER_USER = 2 /* the latest of each user */
};
/* is_held_out [n] ← 1 for a share `holdout` in [0, 1] of the interactions, by time rounded down (of
 * each user). What has the same time is in the order of the file, and so is everything where there
 * are no times (rr_dataset_view.has_times); seed is for RANDOM.
 * Errors: RR_E_MEMORY: it allocates for a while.
 * Cost: a sort of the interactions by time; RANDOM: a draw for each. */
RR_API rr_status rr_dataset_split_rows(const rr_dataset *dataset, int32_t split, float holdout,
                                       uint64_t seed, uint8_t *is_held_out, rr_error *err);
/* Makes a dataset of the rows whose mark is `part`, with all users and items and their indices.
 * marks [n]. *out is the caller's, until rr_dataset_destroy; it keeps nothing of `dataset`.
 * Errors: RR_E_MEMORY.
 * Cost: a copy of the rows. */
RR_API rr_status rr_dataset_select(rr_dataset **out, const rr_dataset *dataset,
                                   const uint8_t *marks, uint8_t part, const rr_host *host,
                                   rr_error *err);
/* *bytes receives what select takes of the host.
 * Errors: RR_E_MEMORY: more than a size_t counts.
 * Cost: a pass over the marks. */
RR_API rr_status rr_dataset_select_memory(const rr_dataset *dataset, const uint8_t *marks,
                                          uint8_t part, size_t *bytes, rr_error *err);

/* What a fit found. */
typedef struct rr_als_stats {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t n_train;     /* interactions that were fitted */
    int64_t n_holdout;   /* interactions that were left out */
    double mean;         /* μ of the training ratings */
    double train_rmse;   /* root mean squared error of what was fitted */
    double holdout_rmse; /* of what was left out; NaN without a holdout */
} rr_als_stats;
/* Factors of a dataset by alternating least squares. user_vectors [users, num_factors + 2] = (x_u,
 * 1, b_u), item_vectors [items, num_factors + 2] = (y_i, b_i, 1), so that their dot product is the
 * predicted rating above μ. config NULL: the defaults; stats nullable. The same bytes on any number
 * of threads.
 * Errors: RR_E_NOT_FINITE, and nothing is written: ratings are so large that a vector does not fit
 * into floats; RR_E_MEMORY; RR_E_THREAD: the system refused one of num_threads.
 * Cost: a sweep takes time in proportion to n · num_factors² + (users + items) · num_factors³. */
RR_API rr_status rr_dataset_fit_als(const rr_dataset *dataset, const rr_als_config *config,
                                    const rr_host *host, float *user_vectors, float *item_vectors,
                                    rr_als_stats *stats, rr_error *err);

/* Ranking of what was held out. Of each user who has held-out items with a positive rating that are
 * new to them, the n_best items with the largest dot product that are not among their training
 * items are ranked:
 *   recall = hits / held-out items
 *   NDCG   = Σ_hits 1 / log₂(1 + rank) / (the same of a perfect ranking)
 * Means over these users; *_interval is the half width of the 95 % interval. Of equal scores the
 * smaller index comes first. popular_*: items ranked by their training interactions instead. NaN:
 * a mean over no users, an interval over fewer than two. */
typedef struct rr_ranking {
    uint32_t struct_size;
    int32_t n_best;                 /* as asked */
    int64_t n_users;                /* users with new held-out items: what the means are over */
    double recall;                  /* share of the held-out items that are among n_best */
    double recall_interval;         /* half width */
    double ndcg;                    /* the same, more for hits near the top */
    double ndcg_interval;           /* half width */
    double popular_recall;          /* of the items with the most training interactions */
    double popular_recall_interval; /* half width */
    double popular_ndcg;            /* likewise */
    double popular_ndcg_interval;   /* half width */
} rr_ranking;
/* What ranks: vectors, or lists made elsewhere, by a policy for instance; without either,
 * popularity is ranked alone and the rest of the answer is NaN. */
typedef struct rr_ranker {
    uint32_t struct_size;
    int32_t n_best;            /* ≥ 1 */
    const float *user_vectors; /* [users, dim] finite; NULL together with item_vectors */
    const float *item_vectors; /* [items, dim] finite */
    int32_t dim;               /* ≥ 1 with vectors, else 0 */
    int32_t list_length;       /* ≥ 1 with lists, else 0 */
    const int32_t *lists; /* [users, list_length] item indices, best first, −1 behind the end;
                             NULL with vectors. Training items and repetitions in a list are
                             passed over, so one that may hold them is longer than n_best. Users
                             without held-out items need no list, begin theirs with −1 */
    int32_t num_threads;  /* [0, 64], 0 is 1; the same bytes on any number */
    uint32_t reserved;    /* must be 0 */
} rr_ranker;
/* Ranks for each user and fills *out. train and held_out: of one dataset, by rr_dataset_select.
 * Errors: RR_E_MISMATCH: they are not of one dataset; RR_E_NOT_FINITE names a coordinate that is
 * not finite, or the user with whom an item's dot product is not; RR_E_MEMORY; RR_E_THREAD: the
 * system refused one of num_threads.
 * Cost: a dot product for each user and item; with lists, a pass over them. */
RR_API rr_status rr_dataset_rank(const rr_dataset *train, const rr_dataset *held_out,
                                 const rr_ranker *ranker, const rr_host *host, rr_ranking *out,
                                 rr_error *err);

/* Vectors in numpy's .npy files: float32 or float64, little-endian, C order, one or two dimensions
 * (one: a column), versions 1 to 3. What is damaged, not finite or beyond a float is refused. */

/* The shape of what a file holds.
 * Errors: RR_E_IO: it cannot be read; RR_E_FORMAT: damaged, or no such file; RR_E_VERSION: of a
 * later version; RR_E_UNSUPPORTED: another type, order or number of dimensions.
 * Cost: reads the head. */
RR_API rr_status rr_npy_shape(const char *path, int64_t *n_rows, int64_t *n_columns, rr_error *err);
/* Reads a file of this shape into out [n_rows, n_columns].
 * Errors: as rr_npy_shape (RR_E_IO, RR_E_FORMAT, RR_E_VERSION); RR_E_MISMATCH: the file has another
 * shape; RR_E_NOT_FINITE names the element.
 * Cost: a pass over the file. */
RR_API rr_status rr_npy_read(const char *path, int64_t n_rows, int64_t n_columns, float *out,
                             rr_error *err);
/* Writes values [n_rows, n_columns], each finite, as float32, in the way of rr_checkpoint_save.
 * Errors: RR_E_NOT_FINITE names the element, and nothing is written; RR_E_IO: the path cannot be
 * written.
 * Cost: a pass over the values. */
RR_API rr_status rr_npy_write(const char *path, const float *values, int64_t n_rows,
                              int64_t n_columns, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
