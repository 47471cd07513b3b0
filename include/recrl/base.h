/* SPDX-License-Identifier: MIT */
/* recrl/base.h: the vocabulary: status and error, host, version; observation, decision, outcome.
 *
 * Cost: constant. */
#ifndef RECRL_BASE_H
#define RECRL_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RR_VERSION_MAJOR 0 /* of this header; rr_version tells the library's */
#define RR_VERSION_MINOR 1 /* likewise */
#define RR_VERSION_PATCH 0 /* likewise */

/* A host that reads the declarations with a parser of its own defines RR_API as nothing. */
#if !defined(RR_API)
#if defined(_WIN32) && defined(RECRL_BUILDING)
#define RR_API __declspec(dllexport)
#elif defined(_WIN32)
#define RR_API __declspec(dllimport)
#elif defined(__GNUC__)
#define RR_API __attribute__((visibility("default")))
#else
#define RR_API
#endif
#endif

/* What a call that can fail returns: RR_OK, or one of RR_E_…. */
typedef int32_t rr_status;
/* 0 is success; failures are negative and never renumbered. */
enum {
    RR_OK = 0,             /* success */
    RR_E_INVALID = -1,     /* an argument or a config field is outside its range */
    RR_E_UNSUPPORTED = -2, /* a field or a combination that this release does not support */
    RR_E_MEMORY = -3,      /* the allocator gave NULL, or a size does not fit */
    RR_E_STATE = -4,       /* called out of order: a reward before its record, an observe
                              before reset */
    RR_E_FULL = -5,        /* no room: for rows of a buffer or ledger, for readers of a slot */
    RR_E_NOT_FINITE = -6,  /* NaN or infinity in what was given, or in a gradient */
    RR_E_IO = -7,          /* a file could not be read or written */
    RR_E_FORMAT = -8,      /* a file or a block of memory is damaged or is not what it should be */
    RR_E_VERSION = -9,     /* a file or blob of another version */
    RR_E_MISMATCH = -10,   /* whole and readable, but of another shape, head or item table */
    RR_E_THREAD = -11,     /* the system refused a thread */
    RR_E_TOO_SMALL = -12,  /* the caller's block is too small; the size needed is written */
    RR_E_NOT_FOUND = -13,  /* no such field, tensor or key */
    RR_E_SKEW = -14,       /* a recorded log-prob is not what the policy that is said to have
                              drawn gives */
    RR_E_STALE = -15,      /* too late: a reward after its wait, rows too far from the
                              present policy */
    RR_E_DUPLICATE = -16,  /* a decision id that is there already */
    RR_E_CANCELLED = -17   /* rr_host.is_cancelled said so; what was done before is kept */
};

/* 512 bytes, in every release. Allocated by the caller; where it is NULL, no sentence is written.
 * A call that succeeds leaves it untouched, so that the returned status decides, not this one. */
typedef struct rr_error {
    int32_t status; /* of the call that failed: what it returned; for bindings that throw */
    char text[508]; /* one sentence, UTF-8, terminated */
} rr_error;

/* The name of a status, "RR_E_INVALID"; "RR_E_UNKNOWN" for a number that is not in the table.
 * A static string, never NULL. */
RR_API const char *rr_status_name(rr_status status);
/* What a status means in general, in one line; what was wrong in a call is in its rr_error. A
 * static string, never NULL. */
RR_API const char *rr_status_text(rr_status status);

/* Levels of a log sentence. */
enum {
    RR_LOG_INFO = 0,   /* worth a line */
    RR_LOG_WARNING = 1 /* worth attention */
};

/* What a handle may use of its host. NULL for a whole rr_host, or for a member, means: malloc and
 * free (for a block of 4 MiB or more the kernel is asked for large pages, on Linux), and no log.
 * `log` is for warnings: of updates, of rr_checkpoint_save, of a health watch. `is_cancelled` is
 * asked by updates and rr_agent_imitate before each minibatch, so that Ctrl-C need not wait
 * for the end of an update; NULL: never. Copied in create; `user` is handed back and never read.
 * Members are called on the thread that called the library, and must not call back into the handle.
 */
typedef struct rr_host {
    uint32_t struct_size;                                          /* sizeof(rr_host) */
    uint32_t reserved;                                             /* 0 */
    void *(*allocate)(void *user, size_t bytes, size_t alignment); /* aligned, or NULL; with
                                                                      release */
    void (*release)(void *user, void *block, size_t bytes);        /* both or neither */
    void (*log)(void *user, int32_t level, const char *sentence);  /* level: RR_LOG_… */
    void *user;                          /* the host's own, handed back to these functions */
    int32_t (*is_cancelled)(void *user); /* not 0: make no further step, RR_E_CANCELLED */
} rr_host;

typedef struct rr_items rr_items;     /* the catalogue: immutable, shared by reference */
typedef struct rr_env rr_env;         /* a simulated world of sessions stepped together */
typedef struct rr_agent rr_agent;     /* actor, critic, optimiser */
typedef struct rr_buffer rr_buffer;   /* a rollout of sessions in lock step */
typedef struct rr_ledger rr_ledger;   /* the sessions of a server */
typedef struct rr_rows rr_rows;       /* the rows of a log, for imitation */
typedef struct rr_policy rr_policy;   /* a snapshot to serve from: immutable, shared by reference */
typedef struct rr_reader rr_reader;   /* what one thread needs to serve from snapshots */
typedef struct rr_slot rr_slot;       /* where a trainer leaves a snapshot and threads find it */
typedef struct rr_metrics rr_metrics; /* what was shown and earned, summed up */
typedef struct rr_bandit rr_bandit;   /* a linear learner that looks at the next reward alone */
typedef struct rr_dataset rr_dataset; /* interactions read from a file */
typedef struct rr_health rr_health;   /* signs that training is going wrong */

/* What is known when a decision is made: n rows. What is NULL is not used. The arrays belong to the
 * host, or are views filled by rr_env_observe; the library reads them during the call alone.
 *
 * An action is a position in its row's list; without a list (candidates and vectors both NULL), the
 * list is the pool, and a position is a pool index. */
typedef struct rr_obs {
    uint32_t struct_size;      /* sizeof(rr_obs) */
    int32_t n;                 /* rows, ≥ 1 */
    int32_t n_candidates;      /* k: length of candidate lists; 0: no lists */
    int32_t n_excluded;        /* m: length of exclusion lists; 0: none */
    int32_t n_history;         /* h: length of histories; 0: none */
    int32_t state_dim;         /* width of states; the agent's */
    int32_t item_dim;          /* width of vectors; 0 without vectors */
    int32_t feature_dim;       /* width of features; 0 without features */
    const float *states;       /* [n, state_dim] finite; required */
    const int32_t *lengths;    /* [n] real entries of each candidate list, 1 … k; NULL: all k */
    const int32_t *candidates; /* [n, k] pool index, or −1 for one that is only in `vectors` */
    const float *features;     /* [n, k, feature_dim] of the candidates, finite */
    const float *vectors;      /* [n, k, item_dim] read where candidates is NULL or −1,
                                  finite; with n_vectors: [n, n_vectors, item_dim] */
    const int32_t *counts;     /* [n, k] earlier showings of each candidate, ≥ 0; NULL:
                                  from history */
    const int32_t *excluded;   /* [n, m] pool indices that may not be chosen, −1 padding */
    const int32_t *history;    /* [n, h] pool indices shown, oldest first, −1 padding in
                                  front */
    const float *history_rewards; /* [n, h] what each earned, finite, 0 beside −1; read by encoders
                                     (encoder_rewards), which refuse NULL, and kept for_encoder;
                                     rr_env_observe fills it */
    const int32_t *incumbents;    /* [n] position of the host's own choice, −1: none in this row.
                                     Read by published policies; rr_agent_act, _top_k and _evaluate
                                     refuse it */
    const uint64_t *sessions;     /* [n] the host's keys, with decisions or not at all: which rows
                                     follow one another. rr_ledger_record needs them,
                                     rr_buffer_record refuses them */
    const uint64_t *decisions;    /* [n] ids, never used twice; the draw of a row is a function of
                                     (seed, id), else of a counter. For record as sessions */
    const int64_t *times;         /* [n] when each row was decided, on the host's clock, in its
                                     unit. Read by rr_ledger_record alone, where reward_wait or
                                     idle_timeout needs them; refused by rr_buffer_record */
    const rr_items *pool;         /* NULL: the agent's. Another one is scored with its own vectors
                                     and bias 0 (two-tower, items not trained, same width),
                                     else refused */
    const uint64_t *candidate_keys; /* [n, k] the host's keys of candidates, read where candidates
                                       is NULL or −1; 0: none. A key may occur once in a row */
    const uint64_t *excluded_keys; /* [n, m] read where excluded is −1: the key of an item that may
                                      not be chosen, in the list or in the pool; 0 padding */
    const uint64_t *history_keys;  /* [n, h] read where history is −1: the key of an item that was
                                      shown; 0 padding. What was shown as a candidate of its own
                                      counts for whatever has its key now, and the other way */
    uint64_t schema;   /* the host's number for what columns of states and features mean:
                          that of the agent, policy, buffer or ledger which is given
                          the observation (rr_agent_config.schema), else
                          RR_E_MISMATCH */
    const float *reference_log_probs; /* [n, k] (without lists [n, N]) scores of the policy that an
                                         update stays near, as log-probs or up to a constant of
                                         each row; −∞: it never shows the candidate. Kept by record
                                         where the config has max_reference. maths §13 */
    int32_t n_vectors; /* most vectors of a row, [0, k]: above 0 the row's −1 candidates
                          have theirs one behind the other, in their order, and the
                          others none; 0: one for each candidate */
    /* Reserved from here on: each must be 0 or NULL, else RR_E_UNSUPPORTED, which names it. */
    int32_t history_feature_dim;      /* width of history_features */
    const float *history_vectors;     /* [n, h, item_dim] vectors of items shown that are in
                                         no pool */
    const float *history_features;    /* [n, h, history_feature_dim] the host's numbers of each
                                         showing */
} rr_obs;

/* What drew a decision (rr_serving_options: floor, incumbent_share), so that a host can count what
 * exploration it gives away. Another part may draw what the policy would have drawn too. */
enum {
    RR_PART_POLICY = 0,    /* the policy, or its best item where is_greedy */
    RR_PART_INCUMBENT = 1, /* the host's own choice */
    RR_PART_FLOOR = 2      /* the even floor under all that may be chosen */
};

/* Where the columns of an earlier schema are in today's, so that an agent takes over what one of
 * that schema learned (rr_agent_inherit), and a ledger reads its rows (rr_ledger_map_schema).
 * Column j of the earlier states is column states[j] now, −1: it was dropped, and is as if it were
 * 0; columns that none became are new. No two become one. Set struct_size, and leave what is not
 * meant 0. */
typedef struct rr_schema_map {
    uint32_t struct_size; /* sizeof(rr_schema_map) */
    int32_t n_states;     /* state_dim of the earlier schema, ≥ 1 */
    int32_t n_features;   /* its feature_dim, ≥ 0 */
    int32_t n_items;      /* length of items; 0 where that is NULL */
    uint64_t schema;      /* the earlier schema's number */
    const int32_t *states; /* [n_states] [−1, state_dim of today); NULL: each stayed in its place */
    const int32_t *features; /* [n_features] likewise */
    const int32_t *items;    /* [n_items] where each item of a catalogue without keys is now, −1:
                                nowhere; NULL: by key, or index where the line is the same */
    const rr_items *catalogue; /* the one that the checkpoint was made with, where today's is of
                                  another line: items are found by key. NULL: it is of the same. For
                                  rr_agent_inherit alone */
} rr_schema_map;

/* What was decided. The arrays are the caller's; one that is NULL is not written. A position that
 * is sampled has probability > 0 always: exclusions and padding are never sampled. */
typedef struct rr_decision {
    uint32_t struct_size;      /* sizeof(rr_decision) */
    int32_t n;                 /* rows of the arrays; must equal the observation's */
    int32_t *actions;          /* [n] position in the row's list */
    int32_t *items;            /* [n] pool index, −1 for a candidate that is in no pool */
    float *log_probs;          /* [n] log π(action) of the draw that was made */
    float *values;             /* [n] V(s), in the unit of rewards, normalize_returns or not */
    float *all_log_probs;      /* [n, k] (without lists [n, N]); −inf where excluded or padded */
    uint64_t *policy_versions; /* [n] hash of parameters, item fingerprint and serving options:
                                  rr_agent_version, rr_policy_version. rr_ledger_record needs
                                  them, rr_buffer_record does not read them */
    uint64_t pool_fingerprint; /* written by act, read by record: the catalogue that positions and
                                  items refer to; 0: unknown, or none */
    int32_t *parts;            /* [n] which part of a mixture drew: RR_PART_…; written by act and
                                  read by nobody. Log-probs are those of the whole mixture */
    uint64_t *item_keys;       /* [n] the host's key of the item: the pool's, or candidate_keys of
                                  one that is in no pool; 0: it has none. Read by rr_health_record
                                  alone */
    /* Reserved from here on: each must be 0 or NULL, else RR_E_UNSUPPORTED, which names it. */
    int32_t n_slots;          /* places of a page; 0: one item, no page */
    int32_t reserved;         /* 0 */
    int32_t *slot_actions;    /* [n, n_slots] positions in the row's list, from the top; slot 0 is
                                 actions */
    int32_t *slot_items;      /* [n, n_slots] pool indices */
    float *slot_log_probs;    /* [n, n_slots] each given the slots above it */
    float *slot_values;       /* [n, n_slots] what this slot and all later ones are worth */
    uint64_t pool_line;       /* the line of catalogues that pool_fingerprint belongs to */
    uint64_t pool_generation; /* its place in that line */
} rr_decision;

/* What came of decisions: for a buffer those of the last record, n rows in the same order; for a
 * ledger those of the ids. `terminated` and `truncated` stay apart: over for good, or cut off
 * (then the value of the final observation stands in for what was not seen). Where both are set,
 * terminated wins. */
typedef struct rr_outcome {
    uint32_t struct_size;      /* sizeof(rr_outcome) */
    int32_t n;                 /* rows of the arrays, ≥ 1 */
    const uint64_t *decisions; /* [n] ids: required by a ledger, NULL for a buffer */
    const float *rewards;      /* [n] finite; required */
    const uint8_t *terminated; /* [n] 0 or 1; NULL: none */
    const uint8_t *truncated;  /* [n] 0 or 1; NULL: none */
    const int64_t *times;      /* [n] when each was earned, on the clock of rr_obs.times; NULL:
                                  unknown, and for a buffer */
    const rr_obs *final_obs;   /* n rows, of which only those with truncated are read; required if
                                  any is (for a ledger not: see rr_ending); its states are read,
                                  and where the handle was made with for_encoder its history and
                                  history_rewards, which are then required. From rr_env_step: the
                                  state before the session began anew */
    /* Reserved from here on: each must be NULL, else RR_E_UNSUPPORTED, which names it. */
    const int32_t *reward_kinds; /* [n] which of several rewards each one is; NULL: the first */
    const int32_t *slots;        /* [n] which slot of the page earned; NULL: the first */
    const int32_t *slots_seen;   /* [n] how many slots of the page were seen; NULL: all */
} rr_outcome;

/* What this build is on this machine. The strings are static. */
typedef struct rr_runtime_info {
    uint32_t struct_size;
    uint32_t version;         /* major × 10000 + minor × 100 + patch */
    const char *kernels;      /* "avx512", "avx2" or "portable" */
    const char *tiles;        /* where the matrix micro-kernel comes from: "blis" or "own" */
    const char *number_class; /* "x86-64-fma": bytes shared by every such CPU; "portable":
                                 this machine's */
} rr_runtime_info;
/* Fills *out with what this build is on this machine. */
RR_API rr_status rr_runtime_describe(rr_runtime_info *out, rr_error *err);
/* The version of the library that is running: major × 10000 + minor × 100 + patch. */
RR_API uint32_t rr_version(void);

#ifdef __cplusplus
}
#endif

#endif
