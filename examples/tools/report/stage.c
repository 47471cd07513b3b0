/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "driver/bandits.h"
#include "driver/presets.h"
#include "driver/text.h"
#include "driver/yardstick.h"

static int by_count(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static stage_act *act(stage *s, const char *name, int group, const play_policy *policy)
{
    if (s->n_acts == STAGE_MOST_ACTS) {
        text_fail("a report has room for %d policies in one world", (int)STAGE_MOST_ACTS);
    }
    stage_act *a = &s->acts[s->n_acts++];
    const size_t n_items = (size_t)s->world.n_items;
    snprintf(a->name, sizeof a->name, "%s", name);
    a->group = group;
    a->shown = text_allocate(n_items, sizeof *a->shown);
    a->returns = text_allocate((size_t)s->n_sessions, sizeof *a->returns);
    play_watch watch = {.shown = a->shown,
                        .returns = a->returns,
                        .users = s->users,
                        .of = &s->of,
                        .n_sessions = STAGE_SHOWN_SESSIONS,
                        .max_steps = STAGE_MOST_STEPS,
                        .items = a->items,
                        .rewards = a->rewards};
    play_watched(&a->summary, &watch, policy, &s->world, &s->first->s.env,
                 play_seed(PRESETS_EVALUATION_SEED), WORLD_TEST, s->n_sessions);
    memcpy(a->parts, watch.parts, sizeof a->parts);
    qsort(a->shown, n_items, sizeof *a->shown, by_count);
    return a;
}

/* Vectors that are fitted otherwise make another world; threads change no number. */
static bool has_same_vectors(const run_record *a, const run_record *b)
{
    rr_als_config x = a->s.als;
    x.num_threads = b->s.als.num_threads;
    return !a->s.is_learned || (strcmp(a->origin.vectors, b->origin.vectors) == 0 &&
                                memcmp(&x, &b->s.als, sizeof x) == 0);
}

bool stage_is_alike(const run_record *a, const run_record *b)
{
    rr_env_config x = a->s.env;
    rr_env_config y = b->s.env;
    x.n_envs = y.n_envs; /* how many sessions train side by side is the run's affair */
    x.seed = y.seed;
    x.world_seed = y.world_seed;
    return strcmp(a->origin.world, b->origin.world) == 0 &&
           strcmp(a->origin.data, b->origin.data) == 0 &&
           memcmp(&a->origin.reading, &b->origin.reading, sizeof a->origin.reading) == 0 &&
           has_same_vectors(a, b) && memcmp(&x, &y, sizeof x) == 0;
}

bool stage_is_same(const run_record *a, const run_record *b)
{
    return stage_is_alike(a, b) && (a->s.is_learned || a->s.env.world_seed == b->s.env.world_seed);
}

/* Linear learners with the settings of the first run; what they think best is played. */
static void add_bandits(stage *s)
{
    for (int32_t bandit = 0; s->n_rows > 0 && bandit < BANDITS; bandit++) {
        play_policy policy = {.name = bandits_name(bandit)};
        policy.bandit = bandits_train(bandit, &s->world, &s->first->s, s->n_rows);
        act(s, policy.name, -1, &policy);
        rr_bandit_destroy(policy.bandit);
    }
}

void stage_open(stage *s, const run_record *first, const world *lent, int n_sessions,
                int64_t n_rows)
{
    memset(s, 0, sizeof *s);
    s->first = first;
    s->n_rows = n_rows;
    const run_origin *const origin = &first->origin;
    const world_source from = {.spec = origin->world,
                               .data = origin->data[0] != '\0' ? origin->data : NULL,
                               .vectors = origin->vectors[0] != '\0' ? origin->vectors : NULL,
                               .reading = &origin->reading,
                               .is_remembered = true};
    s->is_lent = lent != NULL;
    if (lent != NULL) {
        s->world = *lent;
    } else {
        world_open(&s->world, &from, &first->s);
    }
    s->n_sessions = n_sessions > 0 ? n_sessions : play_default_sessions(s->world.n_items);
    s->users = text_allocate((size_t)s->n_sessions, sizeof *s->users);
    segments_open(&s->of, &s->world);
    if (s->world.parts[0] != NULL) {
        factors_add_others(&s->ranking, &s->world, &first->s);
    }
    const float patience = yardstick_patience(&s->world, &first->s.env,
                                              play_seed(PRESETS_EVALUATION_SEED), s->n_sessions);
    for (int i = YARDSTICK_RANDOM; i < YARDSTICK_POLICIES; i++) {
        if (i != YARDSTICK_PATIENT || yardstick_is_leaving(&first->s.env)) {
            const play_policy other = yardstick_chooser(i, patience);
            act(s, other.name, -1, &other);
        }
    }
    add_bandits(s);
}

void stage_add(stage *s, const run_record *record, const char *name)
{
    rr_error err;
    char title[300];
    rr_env_config config = record->s.env;
    config.n_envs = 1;
    rr_env *env = world_env(&s->world, &config, 0, WORLD_TRAIN);
    rr_agent *agent = run_create_agent(&record->s, rr_env_items(env));
    rr_checkpoint trained = {.struct_size = sizeof trained, .agent = agent};
    run_require_loaded(rr_checkpoint_load(&trained, record->checkpoint, &err), &err,
                       record->checkpoint, &record->origin, &s->world);
    const play_policy sampled = {.name = name, .agent = agent};
    const play_policy greedy = {.name = name, .agent = agent, .is_greedy = true};
    stage_act *own = act(s, name, record->group, &sampled);
    own->record = record;
    if (s->world.parts[0] != NULL) {
        factors_add_agent(&own->ranking, &s->world, &record->s, agent);
    }
    snprintf(title, sizeof title, "%s, greedy", name);
    act(s, title, record->group, &greedy);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
}

void stage_close(stage *s)
{
    for (int i = 0; i < s->n_acts; i++) {
        free(s->acts[i].shown);
        free(s->acts[i].returns);
    }
    segments_close(&s->of);
    free(s->users);
    if (!s->is_lent) {
        world_close(&s->world);
    }
}

const stage_act *stage_find(const stage *s, int policy)
{
    const char *name = yardstick_policy_name(policy);
    for (int i = 0; i < s->n_acts; i++) {
        if (s->acts[i].group < 0 && strcmp(s->acts[i].name, name) == 0) {
            return &s->acts[i];
        }
    }
    text_fail("the report has no policy %s", name);
}

const stage_act *stage_yardstick(const stage *s)
{
    return stage_find(s, yardstick_of(&s->first->s.env));
}

double stage_worth(const stage *s, const rr_metrics_summary *summary)
{
    return yardstick_worth(&s->first->s.env, summary);
}
