/* SPDX-License-Identifier: MIT */
#include "core/config_tables.h"

#include <string.h>

#include "core/status.h"

#define FIELD(config, type, member, preset, range, text)                                           \
    {                                                                                              \
        RRI_CONFIG_##type, #member, offsetof(config, member), preset, range, text                  \
    }
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define BETWEEN       RRI_CONFIG_BETWEEN
#define BETWEEN_OPEN  RRI_CONFIG_BETWEEN_OPEN
#define FROM_TO_OPEN  RRI_CONFIG_FROM_TO_OPEN
#define FROM_OPEN_TO  RRI_CONFIG_FROM_OPEN_TO
#define AT_LEAST      RRI_CONFIG_AT_LEAST
#define EVEN_AT_LEAST RRI_CONFIG_EVEN_AT_LEAST
#define ABOVE         RRI_CONFIG_ABOVE
#define ANY           RRI_CONFIG_ANY
#define YES_NO        RRI_CONFIG_YES_NO
#define ONE_OF        RRI_CONFIG_ONE_OF
#define ONE_OF_THREE  RRI_CONFIG_ONE_OF_THREE
#define ONE_OF_FOUR   RRI_CONFIG_ONE_OF_FOUR

/* clang-format off */
static const rri_config_field env_fields[] = {
    FIELD(rr_env_config, INT32, n_envs, "64", AT_LEAST(1), "sessions side by side"),
    FIELD(rr_env_config, INT32, num_items, "1000", AT_LEAST(1), "random items when none are given"),
    FIELD(rr_env_config, INT32, state_dim, "64", EVEN_AT_LEAST(2), "width of a state: user and last item, twice the vectors' width"),
    FIELD(rr_env_config, INT32, max_episode_steps, "20", AT_LEAST(1), "length at which a session is truncated"),
    FIELD(rr_env_config, INT32, num_candidates, "0", AT_LEAST(0), "random items of each step's list; 0: the whole pool"),
    FIELD(rr_env_config, INT32, num_folded, "0", AT_LEAST(0), "last coordinates of a user that drift leaves alone; learned vectors: 2"),
    FIELD(rr_env_config, INT32, history_length, "-1", AT_LEAST(-1), "items of history in observations; -1: max_episode_steps"),
    FIELD(rr_env_config, FLOAT, reward_decay, "0.9", FROM_OPEN_TO(0, 1), "factor on the reward per earlier showing of the item"),
    FIELD(rr_env_config, FLOAT, drift, "0", BETWEEN(0, 1), "how far a shown item pulls the user"),
    FIELD(rr_env_config, FLOAT, tire, "0", AT_LEAST(0), "leave rule: energy that a unit of pull costs; 0: off"),
    FIELD(rr_env_config, UINT64, world_seed, "0", ANY, "draws the items"),
    FIELD(rr_env_config, UINT64, seed, "0", ANY, "draws users and candidates"),
    FIELD(rr_env_config, BOOL, shows_energy, "0", YES_NO, "states also hold the energy that is left and the step of the session"),
    FIELD(rr_env_config, BOOL, excludes_shown, "0", YES_NO, "what a session was shown is not shown to it again"),
    FIELD(rr_env_config, BOOL, hides_user, "0", YES_NO, "states hold zeros where the user was: the history is all that tells users apart"),
};

static const rri_config_field agent_fields[] = {
    FIELD(rr_agent_config, CHOICE, head, "tower", ONE_OF("tower", "dense"), "scores from item vectors, or learned item vectors for a small fixed catalogue"),
    FIELD(rr_agent_config, INT32X4, hidden, "64,64", AT_LEAST(0), "layers of the actor's MLP; 0: none"),
    FIELD(rr_agent_config, INT32X4, critic_hidden, "64,64", AT_LEAST(0), "layers of the critic's MLP; 0: none"),
    FIELD(rr_agent_config, CHOICE, activation, "tanh", ONE_OF("tanh", "relu"), "of the hidden layers"),
    FIELD(rr_agent_config, INT32, state_dim, "64", AT_LEAST(1), "width of a state"),
    FIELD(rr_agent_config, INT32, item_dim, "32", AT_LEAST(1), "width of item vectors (two-tower)"),
    FIELD(rr_agent_config, INT32, feature_dim, "0", AT_LEAST(0), "width of candidate features"),
    FIELD(rr_agent_config, INT32, num_items, "0", AT_LEAST(0), "size of the catalogue of a dense head without rr_items; else 0"),
    FIELD(rr_agent_config, BOOL, has_skip, "1", YES_NO, "linear query beside the MLP (two-tower)"),
    FIELD(rr_agent_config, BOOL, has_bias, "0", YES_NO, "learned item biases; the dense head always has them"),
    FIELD(rr_agent_config, BOOL, has_repeat_weight, "1", YES_NO, "learned weight on how often an item was shown in this session"),
    FIELD(rr_agent_config, BOOL, has_trained_items, "0", YES_NO, "fine-tune the item vectors (two-tower)"),
    FIELD(rr_agent_config, INT32, max_rows, "1024", AT_LEAST(1), "most rows of one act"),
    FIELD(rr_agent_config, INT32, max_update_rows, "0", AT_LEAST(0), "most rows of one update or imitation; 0: max_rows x n_steps"),
    FIELD(rr_agent_config, INT32, max_candidates, "1024", AT_LEAST(0), "longest candidate list; 0: none"),
    FIELD(rr_agent_config, INT32, max_history, "1024", AT_LEAST(0), "longest history and exclusion list; 0: none"),
    FIELD(rr_agent_config, INT32, max_pool_items, "0", AT_LEAST(0), "largest other catalogue that an observation may bring; its own always fits"),
    FIELD(rr_agent_config, INT32, num_threads, "1", BETWEEN(1, 64), "threads of this agent, the caller's included"),
    FIELD(rr_agent_config, INT32, worker_spin_us, "200", BETWEEN(0, 100000), "microseconds that an idle thread polls before it sleeps; 0 where threads outnumber cores"),
    FIELD(rr_agent_config, FLOAT, initial_scale, "10", ABOVE(0), "scale of the scores at the start (two-tower)"),
    FIELD(rr_agent_config, FLOAT, mlp_scale, "0.125", ABOVE(0), "factor on the MLP beside the linear query (two-tower)"),
    FIELD(rr_agent_config, INT32, max_staleness, "64", BETWEEN(0, 1024), "ledgers: updates after which rows of a version are refused"),
    FIELD(rr_agent_config, INT32, keep_versions, "0", BETWEEN(0, 64), "ledgers: versions whose rows are checked for skew, the present one included; 0: what costs at most 1 MiB, up to 16"),
    FIELD(rr_agent_config, FLOAT, max_weight, "1", AT_LEAST(1), "ledgers: cap on the weights of rows that another version drew"),
    FIELD(rr_agent_config, FLOAT, min_ess, "0.1", BETWEEN(0, 1), "ledgers: effective share of the rows under which an update is refused"),
    FIELD(rr_agent_config, FLOAT, max_skew, "0.05", BETWEEN(0, 1), "ledgers: share of checked rows with skew up to which only their sessions are rejected"),
    FIELD(rr_agent_config, INT64, planned_updates, "0", AT_LEAST(0), "updates over which lr falls to 0; 0: constant"),
    FIELD(rr_agent_config, UINT64, seed, "0", ANY, "initial weights, draws and shuffles"),
    FIELD(rr_agent_config, BOOL, normalize_returns, "0", YES_NO, "bring returns to mean 0 and deviation 1 for the critic, undone in all that is told"),
    FIELD(rr_agent_config, BOOL, normalize_states, "0", YES_NO, "bring each coordinate of states to mean 0 and deviation 1"),
    FIELD(rr_agent_config, INT64, norm_rows, "8192", AT_LEAST(1), "rows that the running statistics of both remember"),
    FIELD(rr_agent_config, BOOL, has_feature_query, "0", YES_NO, "learned weights of candidate features depend on the state: w + F s"),
    FIELD(rr_agent_config, CHOICE, unknown_versions, "refuse", ONE_OF("refuse", "weigh"), "ledgers: rows of versions that are not known: not trained on, or weighed by the log-prob that they carry"),
    FIELD(rr_agent_config, BOOL, reward_model, "0", YES_NO, "a linear model of the reward of an item's first showing inside the logits, fitted after each update"),
    FIELD(rr_agent_config, FLOAT, repeat_step, "1", ABOVE(0), "factor on each step of the repeat weight"),
    FIELD(rr_agent_config, INT32X4, candidate_hidden, "0", AT_LEAST(0), "layers of a network over features, vector and state of each candidate; 0: none"),
    FIELD(rr_agent_config, FLOAT, ref_kl_coef, "0", AT_LEAST(0), "weight of the distance from a reference policy in the loss; 0: none"),
    FIELD(rr_agent_config, INT32, ref_kl_updates, "0", AT_LEAST(0), "updates over which that weight falls to 0; 0: constant"),
    FIELD(rr_agent_config, FLOAT, ref_kl_target, "0", AT_LEAST(0), "KL a row that the weight is steered to; 0: it is not"),
    FIELD(rr_agent_config, FLOAT, ref_floor, "0.01", FROM_OPEN_TO(0, 1), "even share in a reference that the host gives, of rows where that is 0 somewhere"),
    FIELD(rr_agent_config, INT32, item_feature_dim, "0", AT_LEAST(0), "width of the items' own features, from which a tower makes a part of their vectors; 0: none"),
    FIELD(rr_agent_config, INT32X4, tower_hidden, "0", AT_LEAST(0), "hidden layers of that tower; 0: it is linear"),
    FIELD(rr_agent_config, FLOAT, tower_scale, "1", ABOVE(0), "factor on what it adds to the vectors"),
    FIELD(rr_agent_config, CHOICE, encoder, "none", ONE_OF_FOUR("none", "mean", "gru", "transformer"), "what stands beside the state for the items that a session was shown and what they earned"),
    FIELD(rr_agent_config, INT32, encoder_width, "64", AT_LEAST(1), "numbers of the encoding"),
    FIELD(rr_agent_config, INT32, encoder_layers, "1", BETWEEN(1, 4), "layers of a Transformer"),
    FIELD(rr_agent_config, INT32, encoder_heads, "1", AT_LEAST(1), "heads of a Transformer's attention"),
    FIELD(rr_agent_config, INT32, encoder_history, "20", BETWEEN(1, 4096), "latest items of a history that an encoder reads"),
    FIELD(rr_agent_config, BOOL, encoder_rewards, "1", YES_NO, "an encoder reads beside an item what it earned"),
    FIELD(rr_agent_config, BOOL, has_fold_in, "0", YES_NO, "a user's vector by least squares from what a session was shown and earned, and optimism by its standard errors"),
    FIELD(rr_agent_config, FLOAT, fold_in_decay, "1", FROM_OPEN_TO(0, 1), "factor on a reward per earlier showing of the item, as a fold-in reads it"),
    FIELD(rr_agent_config, FLOAT, count_bonus, "0", AT_LEAST(0), "added to an item's score over the root of 1 + the rows that trained on it; 0: none"),
    FIELD(rr_agent_config, INT32, ent_updates, "0", AT_LEAST(0), "updates over which ent_coef falls to 0; 0: constant"),
    FIELD(rr_agent_config, UINT64, schema, "0", ANY, "the host's number for what columns of states and features mean"),
};

static const rri_config_field ppo_fields[] = {
    FIELD(rr_ppo_config, INT32, n_steps, "16", AT_LEAST(1), "steps of each session in a rollout, and most rows of a segment"),
    FIELD(rr_ppo_config, INT32, batch_size, "128", AT_LEAST(2), "rows of one gradient step"),
    FIELD(rr_ppo_config, INT32, update_epochs, "4", BETWEEN(1, 1024), "passes over a rollout"),
    FIELD(rr_ppo_config, BOOL, has_advantage_norm, "1", YES_NO, "normalise advantages per minibatch"),
    FIELD(rr_ppo_config, CHOICE, optimizer, "adam", ONE_OF("adam", "rmsprop"), "how a gradient becomes a step"),
    FIELD(rr_ppo_config, FLOAT, lr, "0.01", ABOVE(0), "learning rate"),
    FIELD(rr_ppo_config, FLOAT, gamma, "0.9", BETWEEN(0, 1), "discount of a reward one step later"),
    FIELD(rr_ppo_config, FLOAT, gae_lambda, "0", BETWEEN(0, 1), "how far advantages look beyond the value of the next state"),
    FIELD(rr_ppo_config, FLOAT, clip_eps, "0.2", BETWEEN_OPEN(0, 1), "how far the ratio of new to old probability counts"),
    FIELD(rr_ppo_config, FLOAT, value_clip_eps, "0", AT_LEAST(0), "how far a value may move; 0: no clipping"),
    FIELD(rr_ppo_config, FLOAT, ent_coef, "0", AT_LEAST(0), "weight of the entropy bonus"),
    FIELD(rr_ppo_config, FLOAT, vf_coef, "1", AT_LEAST(0), "weight of the value loss (which has the factor 1/2)"),
    FIELD(rr_ppo_config, FLOAT, max_grad_norm, "0.5", ABOVE(0), "norm to which a gradient is clipped"),
    FIELD(rr_ppo_config, FLOAT, target_kl, "0", AT_LEAST(0), "stop before an epoch after approx_kl exceeded it; 0: never"),
    FIELD(rr_ppo_config, FLOAT, optimizer_eps, "1e-05", ABOVE(0), "added to the optimiser's denominator"),
    FIELD(rr_ppo_config, FLOAT, rms_alpha, "0.99", FROM_TO_OPEN(0, 1), "decay of RMSProp's average of squares"),
    FIELD(rr_ppo_config, BOOL, whole_sessions, "1", YES_NO, "minibatches of whole sessions with encoder gru or transformer, which encodes each once"),
};

static const rri_config_field a2c_fields[] = {
    FIELD(rr_a2c_config, INT32, n_steps, "5", AT_LEAST(1), "steps of each session in a rollout, and most rows of a segment: n of the n-step return"),
    FIELD(rr_a2c_config, BOOL, has_advantage_norm, "0", YES_NO, "normalise advantages over the rollout"),
    FIELD(rr_a2c_config, CHOICE, optimizer, "rmsprop", ONE_OF("adam", "rmsprop"), "how a gradient becomes a step"),
    FIELD(rr_a2c_config, FLOAT, lr, "0.005", ABOVE(0), "learning rate"),
    FIELD(rr_a2c_config, FLOAT, gamma, "0.9", BETWEEN(0, 1), "discount of a reward one step later"),
    FIELD(rr_a2c_config, FLOAT, gae_lambda, "0", BETWEEN(0, 1), "how far advantages look; 1: n-step returns"),
    FIELD(rr_a2c_config, FLOAT, ent_coef, "0", AT_LEAST(0), "weight of the entropy bonus"),
    FIELD(rr_a2c_config, FLOAT, vf_coef, "1", AT_LEAST(0), "weight of the value loss (which has the factor 1/2)"),
    FIELD(rr_a2c_config, FLOAT, max_grad_norm, "0.5", ABOVE(0), "norm to which a gradient is clipped"),
    FIELD(rr_a2c_config, FLOAT, optimizer_eps, "1e-05", ABOVE(0), "added to the optimiser's denominator"),
    FIELD(rr_a2c_config, FLOAT, rms_alpha, "0.99", FROM_TO_OPEN(0, 1), "decay of RMSProp's average of squares"),
};

static const rri_config_field reinforce_fields[] = {
    FIELD(rr_reinforce_config, INT32, n_steps, "20", AT_LEAST(1), "steps of each session in a rollout, and most rows of a segment"),
    FIELD(rr_reinforce_config, BOOL, has_baseline, "1", YES_NO, "the critic's value is taken off each return"),
    FIELD(rr_reinforce_config, INT32, page_size, "1", BETWEEN(1, 64), "items of a page, of which an action is one"),
    FIELD(rr_reinforce_config, BOOL, has_advantage_norm, "0", YES_NO, "normalise advantages over the rollout"),
    FIELD(rr_reinforce_config, CHOICE, optimizer, "rmsprop", ONE_OF("adam", "rmsprop"), "how a gradient becomes a step"),
    FIELD(rr_reinforce_config, FLOAT, lr, "0.005", ABOVE(0), "learning rate"),
    FIELD(rr_reinforce_config, FLOAT, gamma, "0.5", BETWEEN(0, 1), "discount of a reward one step later"),
    FIELD(rr_reinforce_config, FLOAT, ent_coef, "0", AT_LEAST(0), "weight of the entropy bonus"),
    FIELD(rr_reinforce_config, FLOAT, vf_coef, "1", AT_LEAST(0), "weight of the value loss (which has the factor 1/2)"),
    FIELD(rr_reinforce_config, FLOAT, max_grad_norm, "0.5", ABOVE(0), "norm to which a gradient is clipped"),
    FIELD(rr_reinforce_config, FLOAT, optimizer_eps, "1e-05", ABOVE(0), "added to the optimiser's denominator"),
    FIELD(rr_reinforce_config, FLOAT, rms_alpha, "0.99", FROM_TO_OPEN(0, 1), "decay of RMSProp's average of squares"),
};

static const rri_config_field buffer_fields[] = {
    FIELD(rr_buffer_config, INT32, max_rows, "1024", AT_LEAST(1), "rows of a rollout: n_envs x n_steps"),
    FIELD(rr_buffer_config, INT32, state_dim, "64", AT_LEAST(1), "width of a state"),
    FIELD(rr_buffer_config, INT32, item_dim, "0", AT_LEAST(0), "width of per-request vectors; 0: none stored"),
    FIELD(rr_buffer_config, INT32, feature_dim, "0", AT_LEAST(0), "width of candidate features; 0: none stored"),
    FIELD(rr_buffer_config, INT32, max_candidates, "0", AT_LEAST(0), "longest candidate list stored"),
    FIELD(rr_buffer_config, INT32, max_excluded, "0", AT_LEAST(0), "longest exclusion list stored"),
    FIELD(rr_buffer_config, INT32, max_history, "20", AT_LEAST(0), "longest history stored"),
    FIELD(rr_buffer_config, INT32, max_vectors, "0", AT_LEAST(0), "most candidates of a list in no pool, whose vectors alone are stored; 0: one of each"),
    FIELD(rr_buffer_config, BOOL, has_keys, "0", YES_NO, "keys of what is in no pool are stored"),
    FIELD(rr_buffer_config, BOOL, for_encoder, "0", YES_NO, "rows keep rewards of histories and final histories, for an agent with an encoder"),
    FIELD(rr_buffer_config, INT32, max_reference, "0", AT_LEAST(0), "positions of a row whose reference log-probs are stored; 0: none"),
    FIELD(rr_buffer_config, UINT64, schema, "0", ANY, "the host's number for what columns of states and features mean"),
};

static const rri_config_field ledger_fields[] = {
    FIELD(rr_ledger_config, INT32, max_rows, "1024", AT_LEAST(1), "rows of sessions that are open, wait or are ready"),
    FIELD(rr_ledger_config, INT32, max_sessions, "0", AT_LEAST(0), "sessions at once; 0: max_rows"),
    FIELD(rr_ledger_config, INT32, state_dim, "64", AT_LEAST(1), "width of a state"),
    FIELD(rr_ledger_config, INT32, item_dim, "0", AT_LEAST(0), "width of per-request vectors; 0: none stored"),
    FIELD(rr_ledger_config, INT32, feature_dim, "0", AT_LEAST(0), "width of candidate features; 0: none stored"),
    FIELD(rr_ledger_config, INT32, max_candidates, "0", AT_LEAST(0), "longest candidate list stored"),
    FIELD(rr_ledger_config, INT32, max_excluded, "0", AT_LEAST(0), "longest exclusion list stored"),
    FIELD(rr_ledger_config, INT32, max_history, "20", AT_LEAST(0), "longest history stored"),
    FIELD(rr_ledger_config, INT32, min_rows, "2", AT_LEAST(1), "rows that an update must find to train on; fewer wait"),
    FIELD(rr_ledger_config, CHOICE, idle_end, "left", ONE_OF("left", "cut"), "what an idle session has come to: its user left for good, or it is cut off"),
    FIELD(rr_ledger_config, INT64, reward_wait, "0", AT_LEAST(0), "how long after its decision a row may earn; 0: until its session ends"),
    FIELD(rr_ledger_config, INT64, idle_timeout, "0", AT_LEAST(0), "time without a decision after which settle ends a session; 0: never"),
    FIELD(rr_ledger_config, INT32, max_vectors, "0", AT_LEAST(0), "most candidates of a list in no pool, whose vectors alone are stored; 0: one of each"),
    FIELD(rr_ledger_config, BOOL, has_keys, "0", YES_NO, "keys of what is in no pool are stored"),
    FIELD(rr_ledger_config, BOOL, for_encoder, "0", YES_NO, "rows keep rewards of histories and final histories, for an agent with an encoder"),
    FIELD(rr_ledger_config, INT32, max_reference, "0", AT_LEAST(0), "positions of a row whose reference log-probs are stored; 0: none"),
    FIELD(rr_ledger_config, UINT64, schema, "0", ANY, "the host's number for what columns of states and features mean"),
};

static const rri_config_field train_fields[] = {
    FIELD(rr_train_config, INT32, log_interval, "1", AT_LEAST(1), "updates between two rows of the log"),
    FIELD(rr_train_config, INT64, total_timesteps, "100000", AT_LEAST(1), "decisions to train on, rounded up to whole rollouts"),
    FIELD(rr_train_config, UINT64, seed, "0", ANY, "of world, sessions and agent"),
};

static const rri_config_field als_fields[] = {
    FIELD(rr_als_config, INT32, num_factors, "30", BETWEEN(1, 126), "width of the factors; vectors are 2 wider"),
    FIELD(rr_als_config, INT32, num_sweeps, "12", BETWEEN(1, 1024), "times that users and items are solved for in turn"),
    FIELD(rr_als_config, INT32, num_threads, "1", BETWEEN(1, 64), "threads, the caller's included"),
    FIELD(rr_als_config, FLOAT, ridge, "0.1", ABOVE(0), "ridge on factors, times the ratings of the row and 20 more"),
    FIELD(rr_als_config, FLOAT, user_bias_ridge, "2", ABOVE(0), "ridge on user biases"),
    FIELD(rr_als_config, FLOAT, item_bias_ridge, "4", ABOVE(0), "ridge on item biases"),
    FIELD(rr_als_config, FLOAT, holdout, "0", BETWEEN(0, 0.9), "share of interactions left out to measure the error on"),
    FIELD(rr_als_config, CHOICE, feedback, "explicit", ONE_OF("explicit", "implicit"), "ratings that are predicted, or interactions that are preferences"),
    FIELD(rr_als_config, FLOAT, alpha, "1", ABOVE(0), "implicit: confidence that a unit of rating adds"),
    FIELD(rr_als_config, UINT64, seed, "0", ANY, "initial factors and the holdout"),
};

static const rri_config_field serving_fields[] = {
    FIELD(rr_serving_options, BOOL, is_greedy, "0", YES_NO, "the policy's part plays its most probable item"),
    FIELD(rr_serving_options, FLOAT, temperature, "1", ABOVE(0), "scores are divided by it: above 1 more even, below 1 sharper"),
    FIELD(rr_serving_options, FLOAT, floor, "0", BETWEEN(0, 1), "share of decisions spread evenly over all items that may be chosen"),
    FIELD(rr_serving_options, FLOAT, incumbent_share, "0", BETWEEN(0, 1), "share of the other decisions that play the host's own choice"),
};

static const rri_config_field imitate_fields[] = {
    FIELD(rr_imitate_config, INT32, epochs, "64", BETWEEN(1, 1024), "most passes over the rows of a call"),
    FIELD(rr_imitate_config, INT32, batch_size, "128", AT_LEAST(1), "rows of one gradient step"),
    FIELD(rr_imitate_config, FLOAT, lr, "0.01", ABOVE(0), "learning rate"),
    FIELD(rr_imitate_config, FLOAT, ent_coef, "0", AT_LEAST(0), "weight of the entropy bonus"),
    FIELD(rr_imitate_config, FLOAT, vf_coef, "1", AT_LEAST(0), "weight of the value loss, where returns are given"),
    FIELD(rr_imitate_config, FLOAT, until, "0.001", AT_LEAST(0), "nats: stops when passes lower the loss by no more than this; 0: all passes are made"),
    FIELD(rr_imitate_config, INT32, patience, "2", BETWEEN(1, 1024), "passes in a row that must not lower it, to stop"),
    FIELD(rr_imitate_config, FLOAT, held_out, "0.1", BETWEEN(0, 0.5), "share of the rows that judge passes and are not trained on"),
    FIELD(rr_imitate_config, BOOL, whole_sessions, "1", YES_NO, "minibatches of whole sessions with encoder gru or transformer, which encodes each once"),
};

static const rri_config_field health_fields[] = {
    FIELD(rr_health_config, INT32, window, "8192", AT_LEAST(1), "rows of a judgement"),
    FIELD(rr_health_config, FLOAT, min_entropy, "0.05", AT_LEAST(0), "entropy of the policy in nats below which it has collapsed, unless many items are shown"),
    FIELD(rr_health_config, FLOAT, min_effective_items, "3", AT_LEAST(0), "effective number of items shown below which it has collapsed"),
    FIELD(rr_health_config, FLOAT, max_top_share, "0.5", BETWEEN(0, 1), "share of one item above which the policy has collapsed"),
    FIELD(rr_health_config, FLOAT, min_coverage, "0", BETWEEN(0, 1), "share of the catalogue shown; 0: off"),
    FIELD(rr_health_config, FLOAT, max_gini, "1", BETWEEN(0, 1), "Gini index of what was shown; 1: off"),
    FIELD(rr_health_config, FLOAT, max_entropy_share, "0.97", BETWEEN(0, 1), "entropy over that of an even choice above which nothing was learned"),
    FIELD(rr_health_config, FLOAT, min_explained_variance, "-0.25", BETWEEN(-1e6, 1), "explained variance below which the critic misleads"),
    FIELD(rr_health_config, FLOAT, min_value_score, "-1", BETWEEN(-1e6, 1), "1 - squared error of the critic over the variance of returns, below which it does not learn"),
    FIELD(rr_health_config, FLOAT, max_clip_fraction, "0.85", BETWEEN(0, 1), "share of clipped ratios above which steps are too large"),
    FIELD(rr_health_config, FLOAT, max_grad_ratio, "100", ABOVE(0), "gradient norm over max_grad_norm above which rewards are too large"),
    FIELD(rr_health_config, FLOAT, max_dead_units, "0.5", BETWEEN(0, 1), "share of hidden units that give the same for every state"),
    FIELD(rr_health_config, FLOAT, max_drift, "1.5", ABOVE(0), "move of an input's mean at once, in standard deviations"),
    FIELD(rr_health_config, FLOAT, min_reward_deviation, "1e-06", AT_LEAST(0), "standard deviation of rewards below which there is nothing to learn"),
    FIELD(rr_health_config, FLOAT, min_effective_share, "0.25", BETWEEN(0, 1), "effective items over all there are, below which low entropy is a collapse"),
    FIELD(rr_health_config, FLOAT, max_approx_kl, "2", AT_LEAST(0), "approx_kl above which steps are too large"),
};

static const rri_config_field load_fields[] = {
    FIELD(rr_load_options, UINT64, memory_limit, "0", ANY, "bytes of the dataset and its reading; 0: no limit"),
    FIELD(rr_load_options, INT32, num_threads, "1", BETWEEN(1, 64), "threads that read a file, the caller's included"),
    FIELD(rr_load_options, INT32, block_bytes, "2097152", BETWEEN(64, 1073741824), "bytes of text read at once, into which the longest row must fit"),
    FIELD(rr_load_options, CHOICE, header, "auto", ONE_OF_THREE("auto", "yes", "no"), "whether the first line names the columns"),
    FIELD(rr_load_options, BOOL, has_quotes, "1", YES_NO, "a field that begins with a quote ends with one"),
    FIELD(rr_load_options, BOOL, skips_incomplete, "0", YES_NO, "rows with an empty field that counts are skipped and counted"),
};
/* clang-format on */

/* clang-format off */
#define TABLE(kind, title, config, fields) \
    [kind] = {title, #config, kind, sizeof(config), 0, fields, LENGTH(fields)}
#define TABLE_WITH_RESERVED(kind, title, config, fields) \
    [kind] = {title, #config, kind, sizeof(config), offsetof(config, reserved), fields, LENGTH(fields)}

static const rri_config_table tables[] = {
    TABLE_WITH_RESERVED(RR_CONFIG_ENV, "env config", rr_env_config, env_fields),
    TABLE(RR_CONFIG_AGENT, "agent config", rr_agent_config, agent_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_PPO, "ppo config", rr_ppo_config, ppo_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_A2C, "a2c config", rr_a2c_config, a2c_fields),
    TABLE(RR_CONFIG_REINFORCE, "reinforce config", rr_reinforce_config, reinforce_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_BUFFER, "buffer config", rr_buffer_config, buffer_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_TRAIN, "train config", rr_train_config, train_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_ALS, "als config", rr_als_config, als_fields),
    TABLE(RR_CONFIG_SERVING, "serving options", rr_serving_options, serving_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_IMITATE, "imitate config", rr_imitate_config, imitate_fields),
    TABLE(RR_CONFIG_HEALTH, "health config", rr_health_config, health_fields),
    TABLE_WITH_RESERVED(RR_CONFIG_LOAD, "load options", rr_load_options, load_fields),
    TABLE(RR_CONFIG_LEDGER, "ledger config", rr_ledger_config, ledger_fields),
};
/* clang-format on */

int32_t rri_config_last_kind(void)
{
    return (int32_t)LENGTH(tables) - 1;
}

const rri_config_table *rri_config_table_of(int32_t kind)
{
    const bool is_known = kind >= 0 && kind <= rri_config_last_kind() && tables[kind].title != NULL;
    return is_known ? &tables[kind] : NULL;
}

rr_status rri_config_table_find(const rri_config_table **table, const void *config,
                                const char *caller, rr_error *err)
{
    RRI_TRY(rri_require(config, caller, "config", err));
    struct {
        uint32_t struct_size;
        int32_t kind;
    } head;
    memcpy(&head.struct_size, config, sizeof head.struct_size);
    if (head.struct_size < sizeof head) {
        RRI_FAIL(err, RR_E_INVALID,
                 "%s: struct_size is %u; it must be the config's sizeof, as its init sets it",
                 caller, head.struct_size);
    }
    memcpy(&head, config, sizeof head);
    *table = rri_config_table_of(head.kind);
    if (*table == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "%s: the config's kind is %d; it must be an RR_CONFIG_ number, 1 to %d, as its "
                 "init sets it",
                 caller, head.kind, rri_config_last_kind());
    }
    return RR_OK;
}
