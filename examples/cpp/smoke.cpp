// SPDX-License-Identifier: MIT
// The loop from C++: the header as it is, handles that release themselves, thirty updates, and the
// reward has grown.
//     c++ -std=c++17 examples/cpp/smoke.cpp -lrecrl -o smoke && ./smoke
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <recrl/recrl.h>

namespace {

rr_error failure;

// Exceptions are thrown here, never through the library.
void ok(rr_status status)
{
    if (status != RR_OK) {
        throw std::runtime_error(failure.text);
    }
}

template <class T, void (*destroy)(T *)> struct destroyer {
    void operator()(T *handle) const { destroy(handle); }
};
template <class T, void (*destroy)(T *)> using owned = std::unique_ptr<T, destroyer<T, destroy>>;

template <class T> T sized()
{
    T made = T();
    made.struct_size = sizeof made;
    return made;
}

double train()
{
    const int32_t n = 32;
    rr_env_config env_config;
    rr_agent_config agent_config;
    rr_ppo_config ppo;
    rr_buffer_config buffer_config;
    rr_env_config_init(&env_config, sizeof env_config);
    rr_agent_config_init(&agent_config, sizeof agent_config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_buffer_config_init(&buffer_config, sizeof buffer_config);
    env_config.n_envs = n;
    env_config.num_items = 200;
    agent_config.seed = 1;
    ok(rr_config_set(&ppo, "batch_size", "128", &failure));

    rr_env *env_made = nullptr;
    ok(rr_env_create(&env_made, &env_config, nullptr, nullptr, 0, nullptr, &failure));
    const owned<rr_env, rr_env_destroy> env(env_made);
    ok(rr_env_fit_agent_config(env.get(), &agent_config, &failure));
    rr_agent *agent_made = nullptr;
    ok(rr_agent_create(&agent_made, &agent_config, &ppo, rr_env_items(env.get()), nullptr, &failure));
    const owned<rr_agent, rr_agent_destroy> agent(agent_made);
    ok(rr_agent_fit_buffer_config(agent.get(), n, &buffer_config, &failure));
    rr_buffer *buffer_made = nullptr;
    ok(rr_buffer_create(&buffer_made, &buffer_config, nullptr, &failure));
    const owned<rr_buffer, rr_buffer_destroy> buffer(buffer_made);

    std::vector<int32_t> actions(n);
    std::vector<float> log_probs(n), values(n);
    rr_obs obs = sized<rr_obs>();
    rr_outcome outcome = sized<rr_outcome>();
    rr_decision decision = sized<rr_decision>();
    decision.n = n;
    decision.actions = actions.data();
    decision.log_probs = log_probs.data();
    decision.values = values.data();

    double first = 0.0, last = 0.0;
    ok(rr_env_reset(env.get(), &failure));
    for (int update = 0; update < 30; update++) {
        while (!rr_buffer_is_full(buffer.get())) {
            ok(rr_env_observe(env.get(), &obs, &failure));
            ok(rr_agent_act(agent.get(), &obs, &decision, &failure));
            ok(rr_buffer_record(buffer.get(), &obs, &decision, &failure));
            ok(rr_env_step(env.get(), decision.actions, &outcome, &failure));
            ok(rr_buffer_reward(buffer.get(), &outcome, &failure));
        }
        rr_stats stats = sized<rr_stats>();
        ok(rr_env_observe(env.get(), &obs, &failure));
        ok(rr_agent_update(agent.get(), buffer.get(), &obs, &stats, &failure));
        if (!std::isfinite(stats.policy_loss + stats.value_loss) || stats.n_rows != n * 16) {
            throw std::runtime_error("a loss is not finite, or rows are missing");
        }
        (update == 0 ? first : last) = stats.reward_mean;
    }
    std::printf("reward a step: %.3f in the first rollout, %.3f in the last\n", first, last);
    return last - first;
}

} // namespace

int main()
{
    try {
        return train() > 0.5 ? 0 : 1;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
