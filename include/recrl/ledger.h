/* SPDX-License-Identifier: MIT */
/* recrl/ledger.h: sessions that are not in lock step, and the log as blobs.
 *
 * Cost: constant. */
#ifndef RECRL_LEDGER_H
#define RECRL_LEDGER_H

#include <recrl/base.h>
#include <recrl/config.h>
#include <recrl/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows until they are trained on, of sessions that are not in lock step (a server): rows belong
 * together by rr_obs.sessions, and rewards come by decision id, in any order, later or never. A
 * session is open until it ends; it then waits until nothing can be earned in it any more, and is
 * ready for rr_agent_update_sessions. config NULL: the defaults; *out is the caller's, until
 * rr_ledger_destroy.
 * Errors: RR_E_MEMORY.
 * Cost: takes the memory of max_rows rows and max_sessions sessions. */
RR_API rr_status rr_ledger_create(rr_ledger **out, const rr_ledger_config *config,
                                  const rr_host *host, rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_ledger_destroy(rr_ledger *ledger);
/* *bytes receives what create takes of the host. Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_ledger_memory(const rr_ledger_config *config, size_t *bytes, rr_error *err);

/* In record, reward and end, statuses [n] (nullable) receives the rr_status of each row: the good
 * rows are taken, the others are skipped, and the answer is RR_OK. Without it all rows are taken or
 * none, and the answer says what is wrong with the first bad one. Rows that are skipped and
 * counted, as said below, are not bad. None of the three allocates. */

/* Copies n rows. Needs obs->states, sessions, decisions, times (where the config has reward_wait or
 * idle_timeout), decision->actions, log_probs (finite, at most 0) and policy_versions; values are
 * not read, the update makes them anew with one critic. A row goes on with the session of its key
 * that is open, in the order of arrival, whatever its time; where there is none, it begins one, so
 * a key may be used again. Rows have one form from the first one on until the ledger is empty:
 * which arrays are given, and whether n_candidates, n_excluded and n_history are 0. A session
 * without a past sends a history of −1 alone, not n_history 0.
 * Errors: RR_E_FULL: no room for rows or for sessions; RR_E_NOT_FINITE: names row and field;
 * RR_E_INVALID: a key beside −1, and the config has no has_keys; RR_E_MISMATCH: obs->schema is
 * neither the ledger's nor mapped: none is taken, and all are counted (counts.other_schema). In
 * statuses alone, skipped and counted: RR_E_DUPLICATE: a row whose id is in the ledger.
 * Cost: a copy of the rows, and a constant number of table look-ups for each. */
RR_API rr_status rr_ledger_record(rr_ledger *ledger, const rr_obs *obs, const rr_decision *decision,
                                  int32_t *statuses, rr_error *err);
/* Rewards rows by decision id; needs decisions and rewards. Rewards of one decision add up, and
 * where none comes it is 0. terminated and truncated end the decision's session, of which it must
 * be the last row; on a session that has ended they are not read. Whether the same reward came
 * twice cannot be seen here: two clicks are two rewards.
 * Errors: RR_E_STATE: ends a session of which it is not the last row; RR_E_NOT_FINITE;
 * RR_E_MISMATCH: final_obs->schema is neither the ledger's nor mapped, and none is taken. In
 * statuses alone, skipped and counted: RR_E_NOT_FOUND: an id that is not in the ledger; RR_E_STALE:
 * a late reward, one for a row whose rewards are final, or whose time is at least reward_wait after
 * the row's. Cost: constant a reward. */
RR_API rr_status rr_ledger_reward(rr_ledger *ledger, const rr_outcome *outcome, int32_t *statuses,
                                  rr_error *err);

/* Sessions that end without a reward: n of them, by key. */
typedef struct rr_ending {
    uint32_t struct_size;      /* sizeof(rr_ending) */
    int32_t n;                 /* ≥ 1 */
    const uint64_t *sessions;  /* [n] keys; required */
    const uint8_t *terminated; /* [n] 1: over for good; 0: cut off. NULL: all cut off */
    const rr_obs *final_obs;   /* n rows, of which those without terminated are read: the states
                                  that no decision was made in, and for_encoder their histories.
                                  NULL: none is known; then the last
                                  row of a session that is cut off is not trained on, and its state
                                  is what the rows before it lead to */
} rr_ending;
/* Ends the open sessions of these keys; what they hold waits for its last rewards, then is ready.
 * Errors: RR_E_NOT_FINITE: a final state; RR_E_MISMATCH: final_obs->schema is neither the ledger's
 * nor mapped, and none is ended. In statuses alone, skipped and counted as unknown:
 * RR_E_NOT_FOUND: a key without an open session.
 * Cost: constant a session. */
RR_API rr_status rr_ledger_end(rr_ledger *ledger, const rr_ending *ending, int32_t *statuses,
                               rr_error *err);

/* Where the rows of a ledger are, and what became of all that came since it was made or cleared.
 *   recorded = rows + trained + dropped + rejected     rows = open + waiting + ready
 *   rewards that were not refused = rewarded + late + unknown, where unknown also has the endings
 *   of sessions that are not in the ledger */
typedef struct rr_ledger_counts {
    uint32_t struct_size;
    int32_t max_rows;          /* of its config */
    int64_t rows;              /* in the ledger now */
    int64_t open;              /* rows of sessions that go on */
    int64_t waiting;           /* rows of sessions that ended and may still earn rewards */
    int64_t ready;             /* rows of sessions that ended and whose rewards are final: the
                                  next update's */
    int64_t trainable;         /* those of them that can be trained on: all but the last rows of
                                  sessions cut off without a final observation; 0 while they
                                  are fewer than min_rows. Whether catalogue, version and numbers
                                  allow it is for the update to judge */
    int64_t open_sessions;     /* sessions that go on */
    int64_t ready_sessions;    /* sessions that the next update may take */
    int64_t recorded;          /* rows taken by record */
    int64_t trained;           /* rows that left for an update and were trained on */
    int64_t dropped;           /* rows that left for an update and were not: last rows of sessions
                                  cut off without a final observation; other catalogue; version
                                  unknown or too old; and those of rr_ledger_drop_ready and
                                  rr_ledger_forget */
    int64_t rejected;          /* rows that left because their session was rejected: one of them
                                  could not be trained on (rr_agent_update_sessions) */
    int64_t rejected_sessions; /* those sessions */
    int64_t duplicate;         /* rows not recorded: their decision id was there already */
    int64_t rewarded;          /* rewards added to a row */
    int64_t late;              /* rewards for a row whose rewards were final: not added */
    int64_t unknown;           /* rewards and endings for a decision or session that is not in
                                  the ledger */
    int64_t imitation;         /* decisions of a log, not recorded: without log-prob or policy
                                  version they are fit for rr_agent_imitate alone. Their rewards
                                  count as unknown */
    int64_t other_schema;      /* decisions not recorded: of a schema that is neither the ledger's
                                  nor one that it has a map of (rr_ledger_map_schema); each time
                                  that they were offered */
    int64_t bytes;             /* that create took */
    int64_t clock;             /* of the latest settle; INT64_MIN: none yet */
} rr_ledger_counts;
/* Fills *counts and moves no clock. Cost: a pass over the sessions. */
RR_API rr_status rr_ledger_get_counts(const rr_ledger *ledger, rr_ledger_counts *counts,
                                      rr_error *err);

/* Moves the clock on. Rewards of decisions at least reward_wait old become final, sessions without
 * a decision for idle_timeout end: terminated, or cut off where the config's idle_end is
 * RR_IDLE_CUT. A clock that goes back is held at its latest time. counts (nullable): where the rows
 * are then.
 * Errors: RR_E_INVALID: now is more than 10,000 times the longer of reward_wait and idle_timeout
 * away from the clock, either way; the sentence names both.
 * Cost: a pass over the sessions.
 *
 * Times are judged so because one settle in milliseconds among seconds would make every later
 * reward late. The same holds in obs->times of record and, with a reward_wait, in outcome->times of
 * reward; before the first settle the newest row's time stands for the clock. */
RR_API rr_status rr_ledger_settle(rr_ledger *ledger, int64_t now, rr_ledger_counts *counts,
                                  rr_error *err);

/* Sets the clock to any time, for a host that means such a jump, or to put a wrong clock right;
 * INT64_MIN: to none, as it was before the first settle. Moves no row: the next settle does.
 * Sessions that a wrong clock has ended stay so; rewards of theirs may come again. */
RR_API rr_status rr_ledger_set_clock(rr_ledger *ledger, int64_t now, rr_error *err);

/* 1 when another row does not fit. An empty ledger is not full; NULL is. */
RR_API int32_t rr_ledger_is_full(const rr_ledger *ledger);
/* Rows in the ledger; 0 for NULL. */
RR_API int32_t rr_ledger_count(const rr_ledger *ledger);
/* Forgets rows, sessions, counts and the clock. NULL is fine.
 * Cost: a pass over its tables of ids and keys. */
RR_API void rr_ledger_clear(rr_ledger *ledger);
/* Forgets the sessions that have ended and whose rewards are final, which the next update would
 * take; their rows count as dropped. Sessions that go on or wait stay.
 * Cost: a pass over the rows. */
RR_API rr_status rr_ledger_drop_ready(rr_ledger *ledger, rr_error *err);
/* Forgets all rows of these sessions [n], whether they go on, wait or are ready: for a user who
 * wants to be deleted. Their rows count as dropped; n_rows (nullable) receives how many there were,
 * 0 where no key is in the ledger. A reward or an ending that still comes counts as unknown, and a
 * decision begins a new session. What updates made of the user's earlier rows stays in the
 * parameters, and blobs and checkpoints stay with the host (docs/serving.md).
 * Cost: a pass over the rows, and one over the sessions for each key. */
RR_API rr_status rr_ledger_forget(rr_ledger *ledger, const uint64_t *sessions, int32_t n,
                                  int64_t *n_rows, rr_error *err);

/* From now on rows of the schema map->schema are read too, each column where the map says; dropped
 * ones are left out, new ones are 0. So old logs are imported, and servers that still send the old
 * columns go on being recorded, while a new agent learns (rr_agent_inherit with the same map; their
 * versions stay known, and their rows are weighed, unchecked for skew). So also final states of
 * outcomes and endings. Another map of a schema takes the place of the one before. Copied; not in
 * checkpoints, so call it again after a restart. rr_ledger_clear keeps it. Allocates.
 * Errors: RR_E_INVALID: a place of the map outside the widths, or taken twice, or the schema is the
 * ledger's own; RR_E_UNSUPPORTED: map->items is given: items of rows are found by key or line;
 * RR_E_MEMORY.
 * Cost: a copy of the map. */
RR_API rr_status rr_ledger_map_schema(rr_ledger *ledger, const rr_schema_map *map, rr_error *err);

/* The log: one decision, one outcome or one ending as a self-describing, versioned, checksummed
 * blob. Where the blobs lie is the host's affair (a table, a queue, a file): today's serving is
 * tomorrow's training set. They are little-endian, a multiple of 8 bytes long, and may lie one
 * behind the other; docs/log_format.md has every byte. A damaged or hostile blob is RR_E_FORMAT:
 * skip it. One that is not whole yet, of a log that is being written, is RR_E_TOO_SMALL: wait for
 * its rest. One of a later format is RR_E_VERSION. These functions keep nothing and allocate
 * nothing; any thread. */

/* Writes row `row` of a decision into out [capacity]; *bytes receives the length; out NULL only
 * asks. Where obs->pool is given, the host's keys of candidates, exclusions and history are stored
 * beside the indices, so that the row can be read under a later catalogue; beside −1, and without a
 * pool, obs->candidate_keys, excluded_keys and history_keys. `decision` needs
 * actions; what else is NULL is not stored (all_log_probs and reference_log_probs never are): a log
 * for imitation has neither log_probs nor policy_versions.
 * Errors: RR_E_TOO_SMALL: capacity is less than *bytes, and nothing is written; RR_E_NOT_FINITE:
 * its log-prob; RR_E_MISMATCH: obs->pool is not the catalogue of decision->pool_fingerprint.
 * Cost: a pass over the row's bytes. */
RR_API rr_status rr_record_encode(const rr_obs *obs, const rr_decision *decision, int32_t row,
                                  void *out, size_t capacity, size_t *bytes, rr_error *err);
/* The same of an outcome. Of final_obs a row is stored where it is cut off and states are given.
 * Errors: RR_E_TOO_SMALL: capacity is less than *bytes, and nothing is written; RR_E_NOT_FINITE:
 * its reward.
 * Cost: a pass over the row's bytes. */
RR_API rr_status rr_outcome_encode(const rr_outcome *outcome, int32_t row, void *out,
                                   size_t capacity, size_t *bytes, rr_error *err);
/* The same of an ending.
 * Errors: RR_E_TOO_SMALL: capacity is less than *bytes, and nothing is written.
 * Cost: a pass over the row's bytes. */
RR_API rr_status rr_ending_encode(const rr_ending *ending, int32_t row, void *out, size_t capacity,
                                  size_t *bytes, rr_error *err);

/* Copies a decision's blob into work [capacity], which is the caller's, 8-aligned and at least
 * `bytes` long (it may be the blob itself), and fills the structs with views of one row in it,
 * valid as long as work is. pool (nullable): the catalogue in force, to which obs->pool is set.
 * Indices of any generation of its line stay, as does decision->pool_fingerprint; those made under
 * another line are turned into its own by key, and past and excluded items that it lacks are left
 * out. Keys beside −1 come back as they were given; decision->item_keys is the key of what was
 * chosen.
 * Errors: RR_E_FORMAT: damaged, or no decision; RR_E_VERSION: of a later format; RR_E_TOO_SMALL:
 * the blob is not whole yet, or capacity is less than bytes; RR_E_NOT_FOUND: a candidate that the
 * pool lacks, or a generation of its line that is not there yet; RR_E_MISMATCH: a row without keys,
 * or whose list was the whole of another pool.
 * Cost: a pass over the blob's bytes. */
RR_API rr_status rr_record_decode(const void *blob, size_t bytes, const rr_items *pool, void *work,
                                  size_t capacity, rr_obs *obs, rr_decision *decision,
                                  rr_error *err);
/* The same of an outcome; outcome->final_obs points to final_obs where a final observation is
 * there.
 * Errors: RR_E_FORMAT: damaged, or no outcome; RR_E_VERSION: of a later format; RR_E_TOO_SMALL: not
 * whole yet, or capacity is less than bytes.
 * Cost: a pass over the blob's bytes. */
RR_API rr_status rr_outcome_decode(const void *blob, size_t bytes, void *work, size_t capacity,
                                   rr_outcome *outcome, rr_obs *final_obs, rr_error *err);
/* The same of an ending; ending->final_obs points to final_obs where one is there.
 * Errors: RR_E_FORMAT: damaged, or no ending; RR_E_VERSION: of a later format; RR_E_TOO_SMALL: not
 * whole yet, or capacity is less than bytes.
 * Cost: a pass over the blob's bytes. */
RR_API rr_status rr_ending_decode(const void *blob, size_t bytes, void *work, size_t capacity,
                                  rr_ending *ending, rr_obs *final_obs, rr_error *err);

/* What a blob holds. */
enum {
    RR_BLOB_RECORD = 0,  /* a decision: rr_record_decode */
    RR_BLOB_OUTCOME = 1, /* rewards and ends: rr_outcome_decode */
    RR_BLOB_ENDING = 2   /* a session that ended without a reward: rr_ending_decode */
};
/* The head of a blob, as rr_blob_describe and rr_blob_next read it. */
typedef struct rr_blob {
    uint32_t struct_size;
    int32_t kind;      /* RR_BLOB_…; −1: none begins here */
    uint64_t bytes;    /* of this blob; the next one begins behind them */
    uint64_t session;  /* 0 where it has none: an outcome */
    uint64_t decision; /* 0 where it has none: an ending */
    int64_t time;      /* 0 where it has none */
} rr_blob;
/* What the first blob of data [bytes] is; judges its checksum. For walks through a log, also one
 * that is still being written.
 * Cost: a pass over the blob's bytes.
 * Errors:
 *   RR_E_TOO_SMALL   the data end before the blob does. out->bytes is what it needs, as far as is
 *                    known: 32 until its head is there, then its length
 *   RR_E_FORMAT      no blob begins here, or a damaged one; more data will not help. out->bytes
 *                    is 0; rr_blob_next finds the next one
 *   RR_E_VERSION     a whole one of a later format, out->bytes long, to be stepped over */
RR_API rr_status rr_blob_describe(const void *data, size_t bytes, rr_blob *out, rr_error *err);
/* Moves *offset on to the first whole and undamaged blob that begins at *offset or behind it, and
 * describes it. To pass a damaged blob, begin one byte behind where it begins.
 * Errors: RR_E_VERSION: it is of a later format, to be stepped over; RR_E_TOO_SMALL: there is none
 * yet, and *offset is where one begins that is not whole, or else `bytes`: call again from there
 * when there is more.
 * Cost: a pass over the bytes, and a checksum for each place that looks like a blob. */
RR_API rr_status rr_blob_next(const void *data, size_t bytes, size_t *offset, rr_blob *out,
                              rr_error *err);

/* Rows of a log may be of another line than today's catalogue, after rr_items_compact or one that
 * was made anew. Their candidates are found by key; what import does with one that the catalogue
 * lacks, or that is gone from it: with the catalogue here that the rows were made under, or a later
 * one of its line, the candidate keeps the vector that it had, as one that is in no pool, and the
 * row is trained on (rr_stats.n_completed). Without it, or where it lacks the key too, the row is
 * refused, as import says. Such a candidate has no bias, and nothing that was learned of it.
 * The ledger holds a reference and a block for the vectors of one row; NULL lets go of both.
 * Errors: RR_E_MISMATCH: the ledger stores no vectors of this width (rr_ledger_config.item_dim);
 * RR_E_MEMORY. Cost: constant. */
RR_API rr_status rr_ledger_set_earlier_items(rr_ledger *ledger, rr_items *earlier, rr_error *err);

/* Replays n blobs into a ledger, in their order: blob i is data[offsets[i] … offsets[i + 1]),
 * offsets [n + 1]. statuses [n] (nullable) receives what record, reward or end said of each, or
 * decode; good blobs are taken, the others are skipped: RR_E_TOO_SMALL is one that is not whole
 * yet, to be given again when it is. Without it import stops before the first one that is refused,
 * and says which and why. A decision without log-prob or policy version is skipped and counted
 * either way (RR_E_UNSUPPORTED, counts.imitation). *n_taken (nullable) receives how many blobs were
 * dealt with, which is where it stopped: nothing of blob n_taken was taken, and the host may settle
 * and update (or drop what is ready) and go on there. work as in decode, as long as the longest
 * blob; pool as there. Allocates nothing.
 * Errors: RR_E_FULL: it stopped before a record for which there is no room; RR_E_TOO_SMALL: work is
 * shorter than the longest blob, and nothing is taken. Without statuses also what decode says
 * (RR_E_FORMAT, RR_E_VERSION, RR_E_TOO_SMALL, RR_E_MISMATCH, RR_E_NOT_FOUND) and what record,
 * reward and end say (RR_E_NOT_FINITE, RR_E_STATE); with them these stand there, as do
 * RR_E_DUPLICATE, RR_E_STALE and RR_E_NOT_FOUND of what was skipped and counted.
 * Cost: a pass over the bytes, and a constant number of table look-ups a blob. */
RR_API rr_status rr_ledger_import(rr_ledger *ledger, const void *data, const uint64_t *offsets,
                                  int32_t n, const rr_items *pool, void *work, size_t capacity,
                                  int32_t *statuses, int32_t *n_taken, rr_error *err);

/* The rows of a log as rr_agent_imitate takes them, and what was passed over on the way. The arrays
 * are the handle's, and live as long. */
typedef struct rr_rows_view {
    uint32_t struct_size;
    int32_t n;              /* rows, ≥ 1, in the order of the log */
    const rr_obs *obs;      /* n rows, with the pool that create was given; lists as wide as the
                               longest, with lengths */
    const int32_t *actions; /* [n] positions chosen */
    const float *rewards;   /* [n] sum of what each earned */
    const float *returns;   /* [n] rewards of the row and of those behind it in its session,
                               discounted: G = r + γ G' */
    int32_t n_sessions;     /* sessions that begin among the rows */
    int32_t n_open;         /* rows of sessions of which the log does not say that they ended for
                               good: cut off, or going on. Their returns lack what came later */
    int32_t n_unrewarded;   /* rows that no outcome names: their reward is 0 */
    int32_t n_stray;        /* outcomes and endings of decisions or sessions that are not there */
    int32_t n_duplicate;    /* decisions left out: their id was there already */
    int32_t n_refused;      /* blobs left out: damaged, of a later format, not whole; decisions with
                               items that the catalogue lacks, or unlike the first row in schema,
                               widths or optional fields. The host's log hears of the first */
} rr_rows_view;

/* Rows and their returns of a log, for imitation: blobs one behind the other in data [bytes], which
 * is read during the call alone. Decisions need neither log-prob nor policy version. Outcomes find
 * their decision by id, and stand behind it; rows of one session follow one another in the order of
 * the log, until an outcome or an ending ends it. pool (nullable): the catalogue in force, as in
 * rr_record_decode; referenced. gamma in [0, 1]. *out is the caller's, until rr_rows_destroy.
 * Errors: RR_E_NOT_FOUND: no decision of it can be read; the sentence says what was wrong with the
 * first; RR_E_MEMORY.
 * Cost: three passes over the bytes; takes the memory of the rows, of widest lists each. */
RR_API rr_status rr_rows_read(rr_rows **out, const void *data, size_t bytes, rr_items *pool,
                                float gamma, const rr_host *host, rr_error *err);
/* Fills *view. Any number of threads. */
RR_API rr_status rr_rows_get(const rr_rows *rows, rr_rows_view *view, rr_error *err);
/* Gives its memory and its catalogue back. NULL is fine. */
RR_API void rr_rows_destroy(rr_rows *rows);

#ifdef __cplusplus
}
#endif

#endif
