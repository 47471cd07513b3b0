/* SPDX-License-Identifier: MIT */
/* recrl/config.h: what handles are made from: plain structs, set and read by name.
 *
 * Cost: at most one pass over the fields of a config. */
#ifndef RECRL_CONFIG_H
#define RECRL_CONFIG_H

#include <recrl/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each config is a plain struct that is filled with defaults by its init, then changed, then handed
 * to create, which checks it; a NULL config means the defaults. It begins with struct_size and
 * kind, and one that no init has filled is refused. One table per config (name, type, default,
 * range, text) drives init, check, set-by-name, rr_config_field_at and what a checkpoint stores;
 * recrl-train --help prints it. */

/* Algorithms: rr_algo_at lists them. */
enum {
    RR_ALGO_PPO = 0,      /* rr_ppo_config */
    RR_ALGO_A2C = 1,      /* rr_a2c_config */
    RR_ALGO_REINFORCE = 2 /* rr_reinforce_config */
};
/* How items are scored. maths §2. */
enum {
    RR_HEAD_TOWER = 0, /* a query from the state against item vectors: z = τ q·v + … */
    RR_HEAD_DENSE = 1  /* a learned row of weights for each item of a small fixed catalogue */
};
/* What stands between the layers of an MLP. */
enum {
    RR_ACTIVATION_TANH = 0, /* tanh x */
    RR_ACTIVATION_RELU = 1  /* max(x, 0) */
};
/* What stands beside the state for what the session was shown. maths §14. */
enum {
    RR_ENCODER_NONE = 0,       /* nothing */
    RR_ENCODER_MEAN = 1,       /* a linear map of the mean of the tokens */
    RR_ENCODER_GRU = 2,        /* a gated recurrent unit [Cho et al. 2014] */
    RR_ENCODER_TRANSFORMER = 3 /* a causal Transformer [Vaswani et al. 2017] */
};
/* What turns a gradient into a step. maths §5, §6. */
enum {
    RR_OPTIMIZER_ADAM = 0,   /* [Kingma and Ba 2015] */
    RR_OPTIMIZER_RMSPROP = 1 /* not centred, without momentum */
};
/* What it means that a session has had no decision for idle_timeout. */
enum {
    RR_IDLE_LEFT = 0, /* its user left for good */
    RR_IDLE_CUT = 1   /* the session is only cut off */
};

/* What becomes of a ledger's rows whose policy version the agent does not know. */
enum {
    RR_UNKNOWN_REFUSE = 0, /* they are not trained on, and counted: rr_stats.n_refused */
    RR_UNKNOWN_WEIGH = 1   /* they are weighed by the log-prob that they carry */
};

/* Which config a struct is: its second field, so that one is never taken for another. */
enum {
    RR_CONFIG_ENV = 1,        /* rr_env_config */
    RR_CONFIG_AGENT = 2,      /* rr_agent_config */
    RR_CONFIG_PPO = 3,        /* rr_ppo_config */
    RR_CONFIG_A2C = 4,        /* rr_a2c_config */
    RR_CONFIG_BUFFER = 5,     /* rr_buffer_config */
    RR_CONFIG_TRAIN = 6,      /* rr_train_config */
    RR_CONFIG_ALS = 7,        /* rr_als_config */
    RR_CONFIG_SERVING = 8,    /* rr_serving_options */
    RR_CONFIG_IMITATE = 9,    /* rr_imitate_config */
    RR_CONFIG_HEALTH = 10,    /* rr_health_config */
    RR_CONFIG_LOAD = 11,      /* rr_load_options */
    RR_CONFIG_REINFORCE = 12, /* rr_reinforce_config */
    RR_CONFIG_LEDGER = 13     /* rr_ledger_config */
};

/* Networks, randomness and threads of an agent, whatever algorithm trains it. maths §2. */
typedef struct rr_agent_config {
    uint32_t struct_size;
    int32_t kind;              /* RR_CONFIG_AGENT, set by init */
    int32_t head;              /* RR_HEAD_TOWER: z = τ q·v + …; RR_HEAD_DENSE: learned item
                                  vectors */
    int32_t hidden[4];         /* layers of the actor's MLP, 0 ends the list; default 64, 64, 0,
                                  0 */
    int32_t critic_hidden[4];  /* layers of the critic's MLP; default 64, 64, 0, 0 */
    int32_t activation;        /* RR_ACTIVATION_TANH (default) or _RELU */
    int32_t state_dim;         /* ≥ 1; default 64 */
    int32_t item_dim;          /* width d of item vectors (two-tower), ≥ 1; default 32 */
    int32_t feature_dim;       /* width of candidate features, ≥ 0; default 0 */
    int32_t num_items;         /* dense head without rr_items: size of the catalogue; else 0 */
    int32_t has_skip;          /* linear query W_skip s beside the MLP (two-tower); 0 with an empty
                                  hidden: with has_fold_in û alone is the query; default 1 */
    int32_t has_bias;          /* learned item biases b_i; the dense head always has them;
                                  default 0 */
    int32_t has_repeat_weight; /* learned κ · count_i; default 1 */
    int32_t has_trained_items; /* fine-tune the item vectors (two-tower); default 0 */
    int32_t max_rows;          /* most rows of one act, ≥ 1; default 1024 */
    int32_t max_update_rows;   /* most rows of one update, and of one imitation, ≥ 0: decides the
                                  memory that training takes; 0: max_rows × n_steps; default 0 */
    int32_t max_candidates;    /* longest candidate list, ≥ 0; 0: none; default 1024 */
    int32_t max_history;       /* longest history and exclusion list, ≥ 0; default 1024 */
    int32_t max_pool_items;    /* largest other catalogue that rr_obs.pool may bring, ≥ 0; its own
                                  size always fits; default 0 */
    int32_t num_threads;       /* threads of this agent, the caller's included, [1, 64]; default
                                  1 */
    int32_t worker_spin_us;    /* about how long a thread that has nothing to do polls for more
                                  before it sleeps, in microseconds, [0, 100000]; 0 on a host that
                                  has more threads than cores; default 200 */
    float initial_scale;       /* τ at the start (two-tower), > 0; default 10 */
    float mlp_scale;           /* c of q = W_skip s + c MLP(s) (two-tower), > 0; default 0.125,
                                  which is 1/√64; docs/design.md §6 says why */
    int32_t max_staleness;     /* updates after which rows of a version are refused, [0, 1024];
                                  default 64. This and the four below are for
                                  rr_agent_update_sessions. maths §5 */
    int32_t keep_versions;     /* versions whose rows are checked for skew, the present one
                                  included, [0, 64]; each beyond the first keeps a copy of the
                                  parameters; default 0: as many as take no more than 1 MiB, and at
                                  most 16 or max_staleness + 1 */
    float max_weight;          /* w_max ≥ 1, at which the weights of other versions' rows are
                                  capped; default 1: what is known less well counts less, and never
                                  more than a fresh row */
    float min_ess;             /* an update whose ess is less is refused, [0, 1]; default 0.1 */
    float max_skew;            /* share of a ledger's rows that can be checked for skew, [0, 1], up
                                  to which the sessions of rows with skew are rejected; above it
                                  the update is refused (RR_E_SKEW); default 0.05 */
    int64_t planned_updates;   /* updates over which lr falls to 0; 0: constant; default 0 */
    uint64_t seed;             /* initialisation, draws, shuffles; default 0 */
    int32_t normalize_returns; /* 1: learn in units of the running deviation of returns, whatever
                                  rewards are counted in; what is reported stays in the unit
                                  of rewards; default 0. V = 0 until the first update [PopArt: van
                                  Hasselt et al. 2016]. A learning rate that was tuned without it
                                  may want tuning again. maths §11 */
    int32_t normalize_states;  /* 1: networks see clip((s − mean)/deviation, ±10) of each
                                  coordinate, running and moved after an update, never within one;
                                  default 0. For inputs far from 0 or in units of their own; in the
                                  synthetic world, where the small coordinates also matter least, it
                                  costs a hundredth of the best. maths §11 */
    int64_t norm_rows; /* rows that these running statistics remember, ≥ 1; default 8192 */
    int32_t has_feature_query; /* features of candidates meet the state: a row's weights of them are
                                  w + F s with F [feature_dim, state_dim] learned from 0; needs
                                  feature_dim ≥ 1; default 0: one weight for all users. maths §2 */
    int32_t unknown_versions;  /* rows of a version that is not this agent's and was not recognised
                                  (rr_agent_recognise): RR_UNKNOWN_REFUSE (default), or
                                  RR_UNKNOWN_WEIGH: weighed by the log-prob that they carry, as
                                  rows of age 0 that nothing can check for skew. For logs with
                                  propensities that others made */
    int32_t reward_model;      /* 1: a linear model of the reward of an item's first showing in its
                                  session stands in the logits, α times: a ridge on state ⊗ item
                                  vector (dense head: on the state, for each item) and features,
                                  fitted after each update. α begins at 1 and is learned; rewards
                                  may be in any unit. The two-tower needs has_skip; not beside
                                  candidate_hidden. Imitation leaves it; default 0, since it is
                                  a trap where what pays at once drives users away: it sees one
                                  step, and leaves little to chance; maths §12
                                  Cost, with w = (item_dim, dense num_items) × (state_dim + 1): an
                                  act none, dense as state_dim + 1 more hidden units; an update 32
                                  times O(4096 + state_dim item_dim) a first showing; memory 5 w +
                                  2048 × (state_dim + item_dim + feature_dim) floats, and of
                                  policies w */
    float repeat_step; /* > 0: factor on each step of κ, which is in nats and far from the size
                          of other weights; default 1 */
    int32_t candidate_hidden[4]; /* layers of a network that sees features and vector of each
                                  candidate beside the state, 0 ends the list: z += τ q·t + y, with
                                  t and y of the last layer, 0 at the start. Needs feature_dim ≥ 1
                                  and items that are not trained; lists alone, a whole pool is
                                  refused. A published policy keeps what its first layer makes of
                                  the pool's vectors, in n_items × candidate_hidden[0] floats up to
                                  32 MiB, which a publish makes anew. An update keeps the layers'
                                  outputs of a few rows, in at most 4 MiB a thread; those of a row
                                  that is longer are made twice; default 0, 0, 0, 0: none.
                                  maths §2 */
    float ref_kl_coef; /* c ≥ 0: updates add c · mean KL(π ‖ π₀) to the loss, exactly over each
                          row's list, π₀ the policy of rr_agent_set_reference, without which
                          they are then refused. A policy that begins as a clone stays near
                          it. Costs about as much as scoring the rows twice more, and twice the
                          rows' queries; default 0: none. maths §13 */
    int32_t ref_kl_updates; /* updates, counted from the agent's first, over which c falls to 0 by a
                               line; 0: constant; default 0 */
    float ref_kl_target;  /* KL > 0, nats a row, that c is steered to: after an update whose mean KL
                             was above 1.5 times this it is doubled, below ⅔ of it halved, between
                             2^−20 and 2^20 times ref_kl_coef, where it begins, which must be above
                             0. Not beside ref_kl_updates; default 0: c is not steered */
    float ref_floor;      /* ε in (0, 1]: of rows that bring rr_obs.reference_log_probs with −∞ for
                             something that may be chosen, π₀ is (1 − ε) softmax + ε/K, so that the
                             distance is finite; default 0.01 */
    int32_t item_feature_dim; /* width of the items' own features (rr_items_options); where it is
                                 not 0 they must have as many, and a tower T reads them: v_i +
                                 c T(g_i) stands for the vector of item i. Two-tower with items,
                                 not beside reward_model or candidate_hidden. T learns from
                                 what is seen of all items, so one that is new has its vector
                                 at once; vectors may be zeros. Where they are given and good,
                                 T learns what they lack, and little is left for a new item
                                 without one; default 0: no tower. maths §2
                                 Cost: an optimiser step O(N), as three forward passes of T over
                                 N rows, a publish and a set_items as one; memory N × item_dim
                                 floats of a policy, of an agent twice that (once with
                                 has_trained_items) */
    int32_t tower_hidden[4];  /* T's hidden layers, 0 ends the list; default 0, 0, 0, 0: T is
                                 linear */
    float tower_scale;        /* c > 0; default 1 */
    int32_t encoder; /* RR_ENCODER_NONE (default), _MEAN, _GRU or _TRANSFORMER: what the session was
                        shown and what it earned, rr_obs.history, as one vector e that actor and
                        critic read behind the state; "no history" is a learned vector. Needs a
                        catalogue whose vectors are not trained, and the two-tower; not beside
                        reward_model or item_feature_dim. What an update trains on comes from a
                        buffer or ledger made with for_encoder. maths §14
                        Cost, with E = encoder_width, h = encoder_history and D = item_dim + 1: a
                        row of an act O(h D) mean, O(h E (D + E)) GRU, O(h E (E + h) layers)
                        Transformer; an update four times that, of rows that share their past
                        (whole_sessions) once for all; memory of each thread at most 12 sessions or
                        2048 items of history (one session at least), for each of which GRU 12 E +
                        D floats, Transformer (13 E + heads h) layers + 8 E, and h² more; and of an
                        agent 16 times the encoder's parameters */
    int32_t encoder_width;   /* E, width of e, ≥ 1; default 64 */
    int32_t encoder_layers;  /* of a Transformer, [1, 4]; else 1; default 1 */
    int32_t encoder_heads;   /* of a Transformer's attention, ≥ 1, dividing encoder_width; else 1;
                                default 1 */
    int32_t encoder_history; /* latest items of a history that are read, [1, 4096]; default 20 */
    int32_t encoder_rewards; /* 1: a token is the item's vector and its reward, of
                                rr_obs.history_rewards, divided by the critic's deviation with
                                normalize_returns; 0: the vector alone; default 1 */
    int32_t has_fold_in; /* 1: a user's vector û from what the session was shown and earned
                            (rr_obs.history and history_rewards), as least squares make that of a
                            new user: the mean of N(μ, Σ) given r = ρ^c v·u + noise of variance σ²,
                            c earlier showings of the item. q += û, the critic reads û, and each
                            candidate's standard error e enters its score as τ β e, β = β_0 + β_1
                            n/(n + 10) after n showings, learned from 0: optimism. μ, Σ and σ² come
                            from rr_agent_fit_prior; until then 0, 1 and 1. Needs what an encoder
                            needs, and item_dim ≤ 128; lists of any pool, the whole pool up to 8192
                            items. maths §15
                            Cost, d = item_dim: a row of an act O(h d²), and O(d²) a candidate; an
                            update thrice that; memory d² floats a row of a tape (512 rows, of a
                            reader 64); default 0 */
    float fold_in_decay; /* ρ in (0, 1], of rewards ≥ 0; default 1 */
    float count_bonus;   /* β ≥ 0, in nats: what is rarely shown is shown more. z_i += β/√(1 + n_i)
                            [Strehl & Littman 2008], n_i the rows of item i that updates trained
                            on. It stands in the item's bias, so it needs has_bias (the dense head
                            has biases): log-probs are exact, a published policy keeps its n, and
                            what is learned of the item is learned beside it. After each update b_i
                            moves by what n_i has changed; an item that is new has n = 0. A host
                            reads and sets n by the tensor "actor.shown". Cost: none to act,
                            O(rows) an update, N floats; default 0: none. maths §16 */
    int32_t ent_updates; /* updates, counted from the agent's first, over which ent_coef of its
                            algorithm falls to 0 by a line; 0: constant; default 0 */
    uint64_t schema; /* the host's number for what columns of states and features mean, to be
                        changed with their meaning. Observations, rows, policies and checkpoints
                        of another number are refused, though their widths are right: two features
                        that changed places are found before they are learned from; default 0.
                        rr_agent_inherit goes over to another one */
} rr_agent_config;

/* Proximal policy optimisation [Schulman et al. 2017]. maths §5. */
typedef struct rr_ppo_config {
    uint32_t struct_size;
    int32_t kind;          /* RR_CONFIG_PPO, set by init */
    int32_t n_steps;       /* steps of each session in a rollout, and most rows of a segment, ≥
                              1: after so many rows, counted from a session's first in the
                              buffer or the ledger, an advantage looks no further than the
                              value of the next state. With gae_lambda 0 none looks beyond one
                              step, and segments make no difference; default 16 */
    int32_t batch_size;    /* rows of one gradient step, ≥ 2; default 128 */
    int32_t update_epochs; /* passes over a rollout, [1, 1024]; default 4 */
    int32_t has_advantage_norm; /* normalise advantages per minibatch; default 1 */
    int32_t optimizer;          /* RR_OPTIMIZER_ADAM (default) or _RMSPROP */
    float lr;                   /* > 0; default 1e-2 */
    float gamma;                /* discount, [0, 1]; default 0.9 */
    float gae_lambda;           /* [0, 1]; default 0 */
    float clip_eps;             /* ε of the ratio, (0, 1); default 0.2 */
    float value_clip_eps;       /* ε_v of the value, ≥ 0; 0: no clipping; default 0 */
    float ent_coef;             /* c_H ≥ 0; default 0 */
    float vf_coef;              /* c_V ≥ 0 of ½ mean (V − R)²; default 1 (SB3's 0.5) */
    float max_grad_norm;        /* > 0; default 0.5 */
    float target_kl;            /* stop before an epoch after approx_kl exceeded it; 0: never;
                                   default 0 */
    float optimizer_eps;        /* > 0; default 1e-5 */
    float rms_alpha;            /* decay of RMSProp's average, [0, 1); default 0.99 */
    int32_t whole_sessions;     /* with encoder gru or transformer, rows whose histories go on from
                                   one another (those of one session, up to batch_size of them and
                                   as far as encoder_history reaches back) stay together in a
                                   minibatch, where what they share is encoded once: an update is
                                   quicker, minibatches differ by about a session's rows, and their
                                   rows are more alike. 0: rows are shuffled one by one, as they are
                                   without such an encoder; default 1 */
    uint32_t reserved;
} rr_ppo_config;

/* Advantage actor-critic [Mnih et al. 2016], synchronous. maths §6. */
typedef struct rr_a2c_config {
    uint32_t struct_size;
    int32_t kind;    /* RR_CONFIG_A2C, set by init */
    int32_t n_steps; /* as in rr_ppo_config; with gae_lambda 1 the n of the n-step return;
                        ≥ 1; default 5 */
    int32_t has_advantage_norm; /* default 0 */
    int32_t optimizer;          /* RR_OPTIMIZER_RMSPROP (default) or _ADAM */
    float lr;                   /* > 0; default 5e-3 */
    float gamma;                /* [0, 1]; default 0.9 */
    float gae_lambda;           /* [0, 1]; 1: n-step returns; default 0, which learns more in
                                   every world of docs/design.md: the critic is good, and a long
                                   return is noise */
    float ent_coef;             /* ≥ 0; default 0 */
    float vf_coef;              /* ≥ 0; default 1 */
    float max_grad_norm;        /* > 0; default 0.5 */
    float optimizer_eps;        /* > 0; default 1e-5 */
    float rms_alpha;            /* [0, 1); default 0.99 */
    uint32_t reserved;
} rr_a2c_config;

/* REINFORCE [Williams 1992]: whole discounted returns, less what a baseline expected. maths §6. */
typedef struct rr_reinforce_config {
    uint32_t struct_size;
    int32_t kind;         /* RR_CONFIG_REINFORCE, set by init */
    int32_t n_steps;      /* as in rr_ppo_config, ≥ 1; returns are bootstrapped at its end
                             from the critic, without a baseline from 0; default 20 */
    int32_t has_baseline; /* 1: the critic's V(s) is taken off each return; 0: nothing is, and
                             the critic is not trained; default 1 */
    int32_t page_size;    /* K ≥ 1: an action is one of the K items of a page, sampled one by
                             one, and earns as [Chen et al. 2019] say; [1, 64]; default 1 */
    int32_t has_advantage_norm; /* default 0 */
    int32_t optimizer;          /* RR_OPTIMIZER_RMSPROP (default) or _ADAM */
    float lr;                   /* > 0; default 5e-3 */
    float gamma;                /* [0, 1]; default 0.5: a return is the noisier the longer it is */
    float ent_coef;             /* ≥ 0; default 0 */
    float vf_coef;              /* ≥ 0; default 1 */
    float max_grad_norm;        /* > 0; default 0.5 */
    float optimizer_eps;        /* > 0; default 1e-5 */
    float rms_alpha;            /* [0, 1); default 0.99 */
} rr_reinforce_config;

/* What a rollout must hold; decides its memory. */
typedef struct rr_buffer_config {
    uint32_t struct_size;
    int32_t kind;           /* RR_CONFIG_BUFFER, set by init */
    int32_t max_rows;       /* rows (decisions) at once, ≥ 1: n_envs × n_steps; default 1024 */
    int32_t state_dim;      /* ≥ 1; default 64 */
    int32_t item_dim;       /* width of per-request vectors; 0: none stored; default 0 */
    int32_t feature_dim;    /* width of candidate features; default 0 */
    int32_t max_candidates; /* longest candidate list stored; default 0 */
    int32_t max_excluded;   /* longest exclusion list stored; default 0 */
    int32_t max_history;    /* longest history stored; default 20 */
    int32_t max_vectors;    /* most candidates of a list that are in no pool (−1), whose vectors
                               alone are stored, ≥ 0; 0: room for a vector of each candidate;
                               default 0 */
    int32_t has_keys;       /* keys of candidates, exclusions and history that are in no pool are
                               stored: 8 bytes a place; default 0 */
    int32_t for_encoder;    /* 1: rows also keep what an agent with an encoder learns from: the
                               rewards of their history, and histories of final observations, in
                               3 × max_history floats a row; default 0 */
    int32_t max_reference;  /* positions of a row whose rr_obs.reference_log_probs are stored, ≥ 0:
                               with lists at least max_candidates, else the items of the catalogue;
                               updates of an agent with ref_kl_coef then stay near these, and not
                               near rr_agent_set_reference's; 0: none is stored; default 0 */
    uint32_t reserved;
    uint64_t schema; /* of its rows: rr_agent_config.schema; default 0 */
} rr_buffer_config;

/* What a ledger must hold, and when what is in it is final. The first two and the widths decide its
 * memory. */
typedef struct rr_ledger_config {
    uint32_t struct_size;
    int32_t kind;         /* RR_CONFIG_LEDGER, set by init */
    int32_t max_rows;     /* rows (decisions) at once, ≥ 1: of sessions that are open, wait or are
                             ready; default 1024 */
    int32_t max_sessions; /* sessions at once, ≥ 0; 0: max_rows, which always suffices;
                             default 0 */
    int32_t state_dim;    /* ≥ 1; default 64 */
    int32_t item_dim;     /* width of per-request vectors; 0: none stored; default 0 */
    int32_t feature_dim;  /* width of candidate features; default 0 */
    int32_t max_candidates; /* longest candidate list stored; default 0 */
    int32_t max_excluded;   /* longest exclusion list stored; default 0 */
    int32_t max_history;    /* longest history stored; default 20 */
    int32_t min_rows;       /* rows that an update must find to train on, ≥ 1: fewer wait in the
                               ledger for more; default 2, the least that PPO and normalised
                               advantages need */
    int32_t idle_end;       /* what an idle session has come to: RR_IDLE_LEFT (default): its user
                               left for good, and the session is terminated. RR_IDLE_CUT: the user
                               may come back, and it is cut off without a final observation. Where
                               users leave in silence, CUT teaches that driving them away costs
                               nothing: the row after which they left is not trained on, so the
                               policy never sees a loss. Use it where silence says nothing of
                               whether the user is content, such as sessions by the hour of day */
    int64_t reward_wait;    /* a row may earn until it is this old, on the clock of rr_obs.times and
                               rr_ledger_settle, ≥ 0; 0: until its session ends; default 0 */
    int64_t idle_timeout;   /* settle ends a session this long after its last decision, as idle_end
                               says, ≥ 0; 0: never; default 0 */
    int32_t max_vectors;    /* most candidates of a list that are in no pool (−1), whose vectors
                               alone are stored, ≥ 0; 0: room for a vector of each candidate, also
                               of those that are in the pool; default 0 */
    int32_t has_keys;       /* keys of candidates, exclusions and history that are in no pool are
                               stored: 8 bytes a place; default 0 */
    int32_t for_encoder;    /* as in rr_buffer_config; default 0 */
    int32_t max_reference;  /* as in rr_buffer_config; default 0 */
    uint64_t schema;        /* of its rows: rr_agent_config.schema; default 0 */
} rr_ledger_config;

/* How a published policy plays, with exact propensities: of p, the policy's probabilities at the
 * temperature (with is_greedy all of them on the most probable item), a host's own choice and an
 * even floor make
 *   π_i = (1 − floor) ((1 − incumbent_share) p_i + incumbent_share 1[i = incumbent]) + floor / K
 * K items may be chosen in the row, so π_i ≥ floor / K for each. In a row without an incumbent the
 * share is 0. */
typedef struct rr_serving_options {
    uint32_t struct_size;
    int32_t kind;          /* RR_CONFIG_SERVING, set by init */
    int32_t is_greedy;     /* the policy's part plays its most probable item, ties to the lower
                              position; default 0 */
    float temperature;     /* T of softmax(z / T), > 0; default 1 */
    float floor;           /* ε, [0, 1]; default 0 */
    float incumbent_share; /* of rr_obs.incumbents, [0, 1]; default 0 */
} rr_serving_options;

/* How a log is imitated. maths §6. */
typedef struct rr_imitate_config {
    uint32_t struct_size;
    int32_t kind;       /* RR_CONFIG_IMITATE, set by init */
    int32_t epochs;     /* most passes over the rows of a call, [1, 1024]; default 64. With 1 no
                           row is held out, and nothing is asked of until */
    int32_t batch_size; /* rows of one gradient step, ≥ 1; default 128 */
    float lr;           /* of the first passes, > 0; default 1e-2 */
    float ent_coef;     /* c_H ≥ 0; default 0 */
    float vf_coef;      /* c_V ≥ 0 of ½ mean (V − R)², where returns are given; default 1 */
    float until;        /* ≥ 0, nats: where `patience` passes in a row have not lowered the loss by
                           more than this, the next go on from the best parameters with a quarter of
                           lr, and the fourth time it has converged; 0: all passes are made, with
                           lr; default 1e-3. The loss is of the rows that judge, after each pass;
                           with returns plus half the share of their variance that the critic leaves
                         */
    int32_t patience;   /* [1, 1024]; default 2 */
    float held_out;     /* share of the rows, [0, 0.5], that judge passes and are not trained on,
                           so that the parameters of the best pass are kept; rows of one session
                           (rr_obs.sessions) together. Fewer than 32 are no judge: then all rows
                           are trained on, and all judge; default 0.1 */
    int32_t whole_sessions; /* as in rr_ppo_config, of neighbours among the rows of the call whose
                               histories go on from one another; default 1 */
    uint32_t reserved;
} rr_imitate_config;

/* Fills `config` with the defaults and its kind; `struct_size` is sizeof *config as the caller's
 * compiler sees it. Nothing happens where config is NULL. */
RR_API void rr_agent_config_init(rr_agent_config *config, size_t struct_size);
RR_API void rr_ppo_config_init(rr_ppo_config *config, size_t struct_size);
RR_API void rr_a2c_config_init(rr_a2c_config *config, size_t struct_size);
RR_API void rr_reinforce_config_init(rr_reinforce_config *config, size_t struct_size);
RR_API void rr_buffer_config_init(rr_buffer_config *config, size_t struct_size);
RR_API void rr_ledger_config_init(rr_ledger_config *config, size_t struct_size);
RR_API void rr_serving_options_init(rr_serving_options *options, size_t struct_size);
RR_API void rr_imitate_config_init(rr_imitate_config *config, size_t struct_size);

/* One field of a config, as text. The strings are static. */
typedef struct rr_config_field {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;          /* "clip_eps" */
    const char *type;          /* "int32", "int64", "uint64", "float", "bool", "int32[4]", or
                                  choices "tower|dense" */
    const char *default_value; /* "0.2" */
    const char *range;         /* "(0, 1)" */
    const char *text;          /* one line */
} rr_config_field;

/* Number of fields of a config of this kind (RR_CONFIG_…), struct_size, kind and reserved not
 * counted; −1 for an unknown kind. */
RR_API int32_t rr_config_field_count(int32_t kind);
/* Describes field `index` (0 … rr_config_field_count − 1) of the configs of a kind.
 * Errors: RR_E_NOT_FOUND: an unknown kind or index. */
RR_API rr_status rr_config_field_at(int32_t kind, int32_t index, rr_config_field *out,
                                    rr_error *err);
/* Sets one field of any config, which says itself what it is, from text: "0.2", "64,64", "tower",
 * "true". Refused values change nothing.
 * Errors: RR_E_NOT_FOUND: no field of this name. */
RR_API rr_status rr_config_set(void *config, const char *name, const char *value, rr_error *err);
/* Writes a field as text (so that rr_config_set reads back the same bits) into out[capacity].
 * Errors: RR_E_NOT_FOUND: no field of this name; RR_E_TOO_SMALL: capacity does not hold the text
 * and its end. */
RR_API rr_status rr_config_get(const void *config, const char *name, char *out, size_t capacity,
                               rr_error *err);
/* Checks every field against its range, as create does; the sentence names the first that is
 * outside. */
RR_API rr_status rr_config_check(const void *config, rr_error *err);

/* One algorithm that rr_agent_create knows. The string is static. */
typedef struct rr_algo {
    uint32_t struct_size;
    int32_t config_kind; /* RR_CONFIG_… of its config */
    const char *name;    /* "ppo", as checkpoints and drivers say it */
} rr_algo;

/* Number of algorithms; RR_ALGO_… are 0 … count − 1. */
RR_API int32_t rr_algo_count(void);
/* Describes one of them.
 * Errors: RR_E_NOT_FOUND: an index outside of them. */
RR_API rr_status rr_algo_at(int32_t index, rr_algo *out, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
