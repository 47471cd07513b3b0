/* SPDX-License-Identifier: MIT */
#include "core/figure_tables.h"

#include <stdbool.h>

/* The type is the field's own: a table cannot say another. */
#define TYPE(value)                                                                                \
    _Generic((value), int32_t                                                                      \
             : RRI_FIGURE_INT32, uint32_t                                                          \
             : RRI_FIGURE_UINT32, int64_t                                                          \
             : RRI_FIGURE_INT64, uint64_t                                                          \
             : RRI_FIGURE_UINT64, float                                                            \
             : RRI_FIGURE_FLOAT)
#define FIGURE(form, s, member, unit, text)                                                        \
    {                                                                                              \
#member, offsetof(s, member), TYPE(((s *)0)->member), form, unit, text                     \
    }
#define COUNTER(s, member, unit, text) FIGURE(RR_FIGURE_COUNTER, s, member, unit, text)
#define GAUGE(s, member, unit, text)   FIGURE(RR_FIGURE_GAUGE, s, member, unit, text)
#define NAME(s, member, unit, text)    FIGURE(RR_FIGURE_NAME, s, member, unit, text)
#define LENGTH(array)                  (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const rri_figure stats[] = {
    GAUGE(rr_stats, n_rows, "rows", "trained on by the update"),
    GAUGE(rr_stats, n_epochs, "passes", "made by the update"),
    GAUGE(rr_stats, n_minibatches, "steps", "of the optimiser, made by the update"),
    GAUGE(rr_stats, n_dropped, "rows", "of a catalogue of another line, or left alone where one is too few"),
    GAUGE(rr_stats, is_stopped_early, "flag", "1: approx_kl exceeded target_kl"),
    GAUGE(rr_stats, policy_loss, "reward", "loss of the actor; of no unit with has_advantage_norm"),
    GAUGE(rr_stats, value_loss, "reward^2", "half the mean squared error of the critic"),
    GAUGE(rr_stats, entropy, "nats", "of the policy, mean over the rows"),
    GAUGE(rr_stats, approx_kl, "nats", "distance from the policy before, of the last pass"),
    GAUGE(rr_stats, clip_fraction, "share", "of the rows whose ratio was beyond clip_eps"),
    GAUGE(rr_stats, explained_variance, "", "1: the critic foresaw all returns; 0: as good as their mean; NaN: they were all equal"),
    GAUGE(rr_stats, grad_norm, "", "of the loss before clipping, mean over the steps"),
    GAUGE(rr_stats, learning_rate, "", "used by the update"),
    GAUGE(rr_stats, reward_mean, "reward", "of all rows, dropped ones too"),
    GAUGE(rr_stats, scale, "", "of the scores, after the update"),
    GAUGE(rr_stats, repeat_weight, "nats", "that each earlier showing adds to a score, after the update"),
    COUNTER(rr_stats, n_updates, "updates", "of the agent"),
    COUNTER(rr_stats, n_timesteps, "rows", "trained on by all updates of the agent"),
    GAUGE(rr_stats, n_refused, "rows", "of versions that are unknown or too old"),
    GAUGE(rr_stats, staleness_max, "updates", "between the version that drew a row and the update, most"),
    GAUGE(rr_stats, staleness_mean, "updates", "between the version that drew a row and the update, mean"),
    GAUGE(rr_stats, ess, "share", "of the rows that they are worth with their weights"),
    GAUGE(rr_stats, weight_mean, "", "of rows of other versions before the cap; 1: none"),
    GAUGE(rr_stats, weight_max, "", "of rows of other versions before the cap, largest"),
    GAUGE(rr_stats, capped_fraction, "share", "of the rows trained on whose weight was capped"),
    GAUGE(rr_stats, return_deviation, "reward", "standard deviation of the returns"),
    GAUGE(rr_stats, n_due, "rows", "of all sessions that were ready"),
    GAUGE(rr_stats, n_waiting, "rows", "that were due and wait for a generation of the catalogue"),
    GAUGE(rr_stats, n_left, "rows", "that were due and did not fit into the update"),
    GAUGE(rr_stats, n_foreign, "rows", "that were due and are of a catalogue of another line"),
    GAUGE(rr_stats, n_unknown, "rows", "that were due and are of a version that is unknown"),
    GAUGE(rr_stats, n_stale, "rows", "that were due and are of a version older than max_staleness"),
    GAUGE(rr_stats, n_cut, "rows", "that were due and last of a session cut off without a final observation"),
    GAUGE(rr_stats, n_rejected, "rows", "that were due and are of sessions that were rejected"),
    GAUGE(rr_stats, reference_kl, "nats", "mean KL of the policy from its reference"),
    GAUGE(rr_stats, reference_coef, "", "weight of that distance in the loss"),
    GAUGE(rr_stats, n_completed, "rows", "trained on with vectors of an earlier catalogue"),
    GAUGE(rr_stats, n_lent, "items", "of these rows that the catalogue lacks"),
};

static const rri_figure counts[] = {
    GAUGE(rr_ledger_counts, max_rows, "rows", "that the ledger can hold"),
    GAUGE(rr_ledger_counts, rows, "rows", "in the ledger"),
    GAUGE(rr_ledger_counts, open, "rows", "of sessions that go on"),
    GAUGE(rr_ledger_counts, waiting, "rows", "of sessions that ended and may still earn rewards"),
    GAUGE(rr_ledger_counts, ready, "rows", "of sessions that ended and whose rewards are final"),
    GAUGE(rr_ledger_counts, trainable, "rows", "that are ready and may be trained on"),
    GAUGE(rr_ledger_counts, open_sessions, "sessions", "that go on"),
    GAUGE(rr_ledger_counts, ready_sessions, "sessions", "that the next update may take"),
    COUNTER(rr_ledger_counts, recorded, "rows", "taken by record"),
    COUNTER(rr_ledger_counts, trained, "rows", "that left and were trained on"),
    COUNTER(rr_ledger_counts, dropped, "rows", "that left and were not trained on"),
    COUNTER(rr_ledger_counts, rejected, "rows", "that left because their session was rejected"),
    COUNTER(rr_ledger_counts, rejected_sessions, "sessions", "that were rejected: one row of them could not be trained on"),
    COUNTER(rr_ledger_counts, duplicate, "rows", "not recorded: their decision id was there already"),
    COUNTER(rr_ledger_counts, rewarded, "rewards", "added to a row"),
    COUNTER(rr_ledger_counts, late, "rewards", "for a row whose rewards were final: not added"),
    COUNTER(rr_ledger_counts, unknown, "rewards", "and endings for a decision or session that is not in the ledger"),
    COUNTER(rr_ledger_counts, imitation, "decisions", "not recorded: without log-prob or version they are fit for imitation alone"),
    COUNTER(rr_ledger_counts, other_schema, "decisions", "not recorded: of a schema that is neither the ledger's nor mapped"),
    GAUGE(rr_ledger_counts, bytes, "bytes", "that create took"),
    GAUGE(rr_ledger_counts, clock, "clock", "of the latest settle; -2^63: none yet"),
};

static const rri_figure slot[] = {
    GAUGE(rr_slot_info, is_held, "flag", "1: publishes are kept out"),
    GAUGE(rr_slot_info, max_readers, "readers", "that may have joined at once"),
    GAUGE(rr_slot_info, n_readers, "readers", "joined now"),
    NAME(rr_slot_info, version, "", "of the present policy"),
    COUNTER(rr_slot_info, n_swaps, "policies", "put in after the first, by publishes and swaps"),
    COUNTER(rr_slot_info, n_publishes, "policies", "put in by publishes"),
    GAUGE(rr_slot_info, age, "publishes", "that were kept out since the present policy was put in"),
    COUNTER(rr_slot_info, n_acts, "requests", "served"),
    COUNTER(rr_slot_info, n_rows, "decisions", "served"),
    COUNTER(rr_slot_info, n_invalid, "requests", "refused: invalid or unsupported"),
    COUNTER(rr_slot_info, n_mismatched, "requests", "refused: of another shape"),
    COUNTER(rr_slot_info, n_not_finite, "requests", "refused: not finite"),
    COUNTER(rr_slot_info, n_other, "requests", "refused for any other reason"),
};

static const rri_figure health[] = {
    GAUGE(rr_health_report, is_judged, "flag", "1: a window that was not the first ended with this update"),
    GAUGE(rr_health_report, ill, "bits", "RR_ILL_ signs as of the last judgement; 0: well"),
    GAUGE(rr_health_report, began, "bits", "RR_ILL_ signs that the judgement before did not have"),
    COUNTER(rr_health_report, n_updates, "updates", "of the agent"),
    GAUGE(rr_health_report, n_rows, "rows", "of the window; as all below 0 unless this update ended one"),
    GAUGE(rr_health_report, entropy, "nats", "of the policy, mean over the window"),
    GAUGE(rr_health_report, effective_items, "items", "exp of the entropy of what was shown"),
    GAUGE(rr_health_report, top_share, "share", "of what was shown that was the item shown most"),
    GAUGE(rr_health_report, coverage, "share", "of the catalogue that was shown"),
    GAUGE(rr_health_report, gini, "", "of what was shown: 0 even, 1 one item"),
    GAUGE(rr_health_report, explained_variance, "", "mean over the window"),
    GAUGE(rr_health_report, clip_fraction, "share", "of the rows whose ratio was beyond clip_eps, mean over the window"),
    GAUGE(rr_health_report, grad_ratio, "", "gradient before clipping over max_grad_norm"),
    GAUGE(rr_health_report, dead_units, "share", "of hidden units whose output is one for 64 states"),
    GAUGE(rr_health_report, drift, "deviations", "that the mean of an input moved at once, most"),
    GAUGE(rr_health_report, reward_deviation, "reward", "standard deviation of rewards"),
    NAME(rr_health_report, top_item, "", "pool index of the item shown most; -1: none"),
    NAME(rr_health_report, drift_at, "", "coordinate of the input that changed, else that moved most; features stand behind the state"),
    GAUGE(rr_health_report, entropy_share, "share", "of the entropy of an even choice"),
    GAUGE(rr_health_report, value_score, "", "1 less the squared error of the critic over the variance of returns"),
    GAUGE(rr_health_report, effective_share, "share", "of the catalogue, or of the rows where these are fewer, that effective_items are"),
    GAUGE(rr_health_report, approx_kl, "nats", "distance from the policy before, mean over the window"),
    GAUGE(rr_health_report, trained_share, "share", "of the rows due that were trained on; NaN without a ledger"),
    NAME(rr_health_report, top_key, "", "key of the item shown most, where that is in no catalogue; else 0"),
    GAUGE(rr_health_report, own_share, "share", "of showings that were of items in no catalogue"),
    GAUGE(rr_health_report, own_items, "items", "in no catalogue that were shown, in up to 1,024 classes of keys"),
};
/* clang-format on */

static const rri_figure_table tables[] = {
    [RR_FIGURES_STATS] = {"rr_stats", sizeof(rr_stats), stats, LENGTH(stats)},
    [RR_FIGURES_COUNTS] = {"rr_ledger_counts", sizeof(rr_ledger_counts), counts, LENGTH(counts)},
    [RR_FIGURES_SLOT] = {"rr_slot_info", sizeof(rr_slot_info), slot, LENGTH(slot)},
    [RR_FIGURES_HEALTH] = {"rr_health_report", sizeof(rr_health_report), health, LENGTH(health)},
};

const rri_figure_table *rri_figure_table_of(int32_t of)
{
    const bool is_known = of > 0 && (size_t)of < LENGTH(tables);
    return is_known ? &tables[of] : NULL;
}

const char *rri_figure_type_name(rri_figure_type type)
{
    static const char *const names[] = {[RRI_FIGURE_INT32] = "int32",
                                        [RRI_FIGURE_UINT32] = "uint32",
                                        [RRI_FIGURE_INT64] = "int64",
                                        [RRI_FIGURE_UINT64] = "uint64",
                                        [RRI_FIGURE_FLOAT] = "float"};
    return names[type];
}

size_t rri_figure_type_size(rri_figure_type type)
{
    return type == RRI_FIGURE_INT64 || type == RRI_FIGURE_UINT64 ? 8 : 4;
}
