/* SPDX-License-Identifier: MIT */
#include "yardstick.h"

#include "text.h"

enum { GRID_SESSIONS = 500 };

const char *yardstick_policy_name(int policy)
{
    static const char *const names[YARDSTICK_POLICIES] = {
        [YARDSTICK_SAMPLED] = "sampled", [YARDSTICK_GREEDY] = "greedy",
        [YARDSTICK_RANDOM] = "random",   [YARDSTICK_POPULAR] = "popular",
        [YARDSTICK_SIMILAR] = "similar", [YARDSTICK_ORACLE] = "one-step oracle",
        [YARDSTICK_PATIENT] = "patient"};
    return names[policy];
}

play_policy yardstick_chooser(int policy, float patience)
{
    static const int32_t choosers[YARDSTICK_POLICIES] = {[YARDSTICK_RANDOM] = RR_CHOOSER_RANDOM,
                                                         [YARDSTICK_POPULAR] = RR_CHOOSER_POPULAR,
                                                         [YARDSTICK_SIMILAR] = RR_CHOOSER_SIMILAR,
                                                         [YARDSTICK_ORACLE] = RR_CHOOSER_ORACLE,
                                                         [YARDSTICK_PATIENT] = RR_CHOOSER_PATIENT};
    return (play_policy){.name = yardstick_policy_name(policy),
                         .chooser = choosers[policy],
                         .parameter = policy == YARDSTICK_PATIENT ? patience : 0.0f};
}

bool yardstick_is_leaving(const rr_env_config *config)
{
    return config->tire > 0.0f;
}

bool yardstick_is_best(const rr_env_config *config)
{
    return !yardstick_is_leaving(config) && !(config->drift > 0.0f) && config->num_candidates == 0;
}

bool yardstick_is_similar(const rr_env_config *config)
{
    return config->excludes_shown != 0;
}

int yardstick_of(const rr_env_config *config)
{
    return yardstick_is_leaving(config) ? YARDSTICK_PATIENT : YARDSTICK_ORACLE;
}

const char *yardstick_phrase(const rr_env_config *config)
{
    return yardstick_is_leaving(config) ? "the patient play"
           : yardstick_is_best(config)  ? "the best known play"
                                        : "the one-step oracle";
}

double yardstick_worth(const rr_env_config *config, const rr_metrics_summary *summary)
{
    return yardstick_is_leaving(config) ? summary->return_per_session : summary->reward_per_step;
}

float yardstick_patience(const world *w, const rr_env_config *config, uint64_t seed,
                         int32_t n_sessions)
{
    if (!yardstick_is_leaving(config)) {
        return 0.0f;
    }
    return play_best_patience(w, config, text_mix_seed(seed, 4), WORLD_TEST,
                              n_sessions < GRID_SESSIONS ? n_sessions : GRID_SESSIONS);
}
