/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WATCHED = 20000, FACTORS = 8 };

const char *ob_policy_name(int32_t policy)
{
    static const char *const learners[] = {"PPO", "PPO, sampled", "A2C", "A2C, sampled"};
    return policy < OB_CHOOSERS ? ob_chooser_names[policy] : learners[policy - OB_CHOOSERS];
}

static rr_status run_learner(ob_result *greedy, ob_result *sampled, const ob_plan *plan,
                             int32_t algo, const ob_world *world, const ob_feed *feed,
                             rr_error *err)
{
    ob_recipe recipe;
    ob_learner *learner = NULL;
    ob_recipe_init(&recipe, algo);
    recipe.n_rows = plan->n_rows;
    recipe.ppo.gamma = recipe.a2c.gamma = plan->gamma;
    rr_status status = ob_learner_create(&learner, &recipe, world, feed, err);
    if (status == RR_OK) {
        status = ob_learner_train(learner, err);
    }
    if (status == RR_OK) {
        status = ob_learner_play(learner, greedy, 1, plan->n_users, err);
    }
    if (status == RR_OK) {
        status = ob_learner_play(learner, sampled, 0, plan->n_users, err);
    }
    ob_learner_destroy(learner);
    return status;
}

rr_status ob_trial_run(ob_trial *trial, const ob_plan *plan, uint64_t seed, rr_error *err)
{
    static ob_world world;
    static ob_feed feed;
    static ob_counts counts;
    const ob_config config = ob_config_default(plan->n_products, plan->n_flips, (uint32_t)seed);
    memset(trial, 0, sizeof *trial);
    if (ob_world_create(&world, &config) != 0) {
        return RR_E_MEMORY;
    }
    ob_counts_gather(&counts, &world, WATCHED);
    for (int32_t i = 0; i < OB_CHOOSERS; i++) {
        ob_chooser_play(&trial->results[i], (ob_chooser)i, &world, &counts, plan->n_users);
    }
    if (plan->n_rows == 0) {
        return RR_OK;
    }
    rr_status status = ob_feed_create(&feed, &world, WATCHED, FACTORS, err);
    if (status == RR_OK) {
        status = run_learner(&trial->results[OB_PPO], &trial->results[OB_PPO_SAMPLED], plan,
                             RR_ALGO_PPO, &world, &feed, err);
    }
    if (status == RR_OK) {
        status = run_learner(&trial->results[OB_A2C], &trial->results[OB_A2C_SAMPLED], plan,
                             RR_ALGO_A2C, &world, &feed, err);
    }
    return status;
}

/* A child's share of the seeds: job, job + n_jobs, … */
static int run_share(int pipe_end, const ob_plan *plan, int32_t job)
{
    for (int32_t i = job; i < plan->n_seeds; i += plan->n_jobs) {
        rr_error err = {0};
        ob_trial trial;
        const rr_status status = ob_trial_run(&trial, plan, plan->seeds[i], &err);
        if (status != RR_OK) {
            fprintf(stderr, "organic_bandit: seed %llu: %s: %s\n",
                    (unsigned long long)plan->seeds[i], rr_status_name(status), err.text);
            return EXIT_FAILURE;
        }
        if (write(pipe_end, &trial, sizeof trial) != (ssize_t)sizeof trial) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

/* Reads until the child ends; a trial is longer than what a pipe hands over at once may be cut to.
 */
static int read_whole(int pipe_end, void *out, size_t bytes)
{
    char *at = out;
    while (bytes > 0) {
        const ssize_t n = read(pipe_end, at, bytes);
        if (n <= 0) {
            return -1;
        }
        at += n;
        bytes -= (size_t)n;
    }
    return 0;
}

int ob_trials_run(ob_trial *trials, const ob_plan *plan)
{
    int ends[256];
    pid_t children[256];
    int status = 0;
    for (int32_t job = 0; job < plan->n_jobs; job++) {
        int both[2];
        if (pipe(both) != 0 || (children[job] = fork()) < 0) {
            return -1;
        }
        if (children[job] == 0) {
            close(both[0]);
            _exit(run_share(both[1], plan, job));
        }
        close(both[1]);
        ends[job] = both[0];
    }
    for (int32_t i = 0; i < plan->n_seeds; i++) {
        if (status == 0) {
            status = read_whole(ends[i % plan->n_jobs], &trials[i], sizeof trials[i]);
        }
    }
    for (int32_t job = 0; job < plan->n_jobs; job++) {
        int ending = 0;
        close(ends[job]);
        if (waitpid(children[job], &ending, 0) < 0 || ending != 0) {
            status = -1;
        }
    }
    return status;
}
