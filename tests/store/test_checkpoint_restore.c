/* SPDX-License-Identifier: MIT */
/* A file that is damaged, foreign, newer, of another machine, or made to do harm gets a sentence,
 * and the handles are as before, byte for byte. Where a forger has mended the checksum, the values
 * are judged. */
#include "store/checkpoint.h"

#include <math.h>

#include "check_run.h"
#include "checkpoint_parts.h"
#include "core/hash.h"
#include "loop/counting_host.h"
#include "loop/machine.h"

/* The costly loops take every nth case where they would last too long. */
static size_t every_nth(void)
{
    return machine_is_slow() ? 29 : check_step(13);
}

/* The smallest machine. */
static const machine_plan tiny = {.name = "tiny",
                                  .n_envs = 2,
                                  .n_steps = 2,
                                  .num_items = 3,
                                  .item_dim = 1,
                                  .hidden = {0},
                                  .batch_size = 4,
                                  .update_epochs = 1,
                                  .max_episode_steps = 4,
                                  .gamma = 0.9f,
                                  .lr = 0.01f};

typedef struct file {
    unsigned char *block;
    size_t bytes;
} file;

static void begin(machine *m, const machine_plan *plan, const rr_host *host)
{
    machine_create(m, plan, 5, 1, host);
    machine_update(m);
    machine_step(m);
}

static file save(const machine *m)
{
    file f;
    f.block = machine_save(m, &f.bytes);
    return f;
}

static file copy_of(const file *f, size_t bytes)
{
    file copy = {malloc(bytes > 0 ? bytes : 1), bytes}; /* exact, so that a read beyond is seen */
    ck_assert_ptr_nonnull(copy.block);
    memcpy(copy.block, f->block, bytes < f->bytes ? bytes : f->bytes);
    return copy;
}

/* What a forger does: the checksum fits again. */
static void seal(file *f)
{
    const uint64_t hash = rri_hash_bytes(f->block, f->bytes - 8, 0);
    for (size_t i = 0; i < 8; i++) {
        f->block[f->bytes - 8 + i] = (unsigned char)(hash >> 8 * i);
    }
}

static void expect_unchanged(const machine *m, const file *before)
{
    file after = save(m);
    ck_assert_uint_eq(after.bytes, before->bytes);
    ck_assert_msg(memcmp(after.block, before->block, after.bytes) == 0,
                  "a refused checkpoint changed a handle");
    free(after.block);
}

static void expect_refused(machine *m, const file *f, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    file before = save(m);
    const rr_status status = machine_load(m, f->block, f->bytes, &err);
    ck_assert_msg(status == wanted, "%s, not %s: %s", rr_status_name(status),
                  rr_status_name(wanted), err.text);
    ck_assert_int_eq(err.status, wanted);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
    expect_unchanged(m, &before);
    free(before.block);
}

/* Where a tensor's data are in a whole file. */
static unsigned char *data_of(const file *f, const char *name)
{
    rr_error err;
    rri_allocator allocator;
    rri_safetensors_reader reader;
    machine_require(rri_allocator_init(&allocator, NULL, &err), &err);
    machine_require(rri_safetensors_open(&reader, f->block, f->bytes, &allocator, &err), &err);
    const rri_safetensors_tensor *tensor = rri_safetensors_lookup(&reader, name);
    ck_assert_msg(tensor != NULL, "there is no %s", name);
    unsigned char *data = f->block + (tensor->data - f->block);
    rri_safetensors_close(&reader);
    return data;
}

/* A forgery: `value` over one element of a tensor. */
static void expect_value_refused(machine *m, const char *tensor, size_t at, const void *value,
                                 size_t bytes, rr_status wanted, const char *sentence)
{
    file f = save(m);
    memcpy(data_of(&f, tensor) + at * bytes, value, bytes);
    seal(&f);
    expect_refused(m, &f, wanted, sentence);
    free(f.block);
}

/* A forgery: a text of the header, replaced by one as long. */
static void expect_text_refused(machine *m, const char *text, const char *other, rr_status wanted,
                                const char *sentence)
{
    file f = save(m);
    const size_t n = strlen(text);
    ck_assert_uint_eq(n, strlen(other));
    size_t at = 8;
    while (at + n < f.bytes && memcmp(f.block + at, text, n) != 0) {
        at++;
    }
    ck_assert_msg(at + n < f.bytes, "the header does not say %s", text);
    memcpy(f.block + at, other, n);
    seal(&f);
    expect_refused(m, &f, wanted, sentence);
    free(f.block);
}

START_TEST(test_checkpoint_restore_accepts_what_was_saved)
{
    machine m;
    begin(&m, &tiny, NULL);
    rr_error err;
    file f = save(&m), copy = copy_of(&f, f.bytes);
    seal(&copy);
    ck_assert_mem_eq(copy.block, f.block, f.bytes); /* seal is the library's own checksum */
    machine_update(&m);
    machine_require(machine_load(&m, f.block, f.bytes, &err), &err);
    expect_unchanged(&m, &f);
    /* At an odd address, too. */
    file odd = copy_of(&f, f.bytes + 1);
    memmove(odd.block + 1, odd.block, f.bytes);
    machine_require(machine_load(&m, odd.block + 1, f.bytes, &err), &err);
    expect_unchanged(&m, &f);
    free(odd.block);
    free(copy.block);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_every_shorter_file)
{
    machine m;
    begin(&m, &tiny, NULL);
    file f = save(&m);
    for (size_t bytes = 0; bytes < f.bytes; bytes += every_nth()) {
        rr_error err;
        file part = copy_of(&f, bytes);
        const rr_status status = machine_load(&m, part.block, bytes, &err);
        ck_assert_msg(status == RR_E_FORMAT, "%zu of %zu bytes: %s", bytes, f.bytes,
                      rr_status_name(status));
        free(part.block);
    }
    file longer = copy_of(&f, f.bytes + 1);
    longer.block[f.bytes] = 0;
    expect_refused(&m, &longer, RR_E_FORMAT, "");
    expect_unchanged(&m, &f);
    free(longer.block);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_every_flipped_bit)
{
    machine m;
    begin(&m, &tiny, NULL);
    file f = save(&m), damaged = copy_of(&f, f.bytes);
    for (size_t bit = 0; bit < 8 * f.bytes; bit += every_nth()) {
        rr_error err;
        damaged.block[bit / 8] ^= (unsigned char)(1u << bit % 8);
        const rr_status status = machine_load(&m, damaged.block, damaged.bytes, &err);
        ck_assert_msg(status == RR_E_FORMAT, "bit %zu of byte %zu: %s", bit % 8, bit / 8,
                      rr_status_name(status));
        damaged.block[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    expect_unchanged(&m, &f);
    free(damaged.block);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

/* Each sentence of a refusal, once as a file. */
START_TEST(test_checkpoint_restore_refuses_what_is_not_ours)
{
    machine m;
    begin(&m, &tiny, NULL);
    static const char header[] = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    unsigned char foreign[8 + sizeof header - 1 + 8] = {sizeof header - 1};
    memcpy(foreign + 8, header, sizeof header - 1);
    expect_refused(&m, &(file){foreign, sizeof foreign}, RR_E_FORMAT, "checksum");

    static const char sealed[] =
        "{\"checksum\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}";
    unsigned char other[8 + sizeof sealed - 1 + 8] = {sizeof sealed - 1};
    memcpy(other + 8, sealed, sizeof sealed - 1);
    file f = {other, sizeof other};
    seal(&f);
    expect_refused(&m, &f, RR_E_FORMAT, "not one that rr_checkpoint_save wrote");

    unsigned char text[] = "user_id\titem_id\trating\n1\t2\t3\n";
    expect_refused(&m, &(file){text, sizeof text}, RR_E_FORMAT, "no safetensors file: it is text");
    unsigned char huge[64] = {255, 255, 255, 255, 255, 255, 255, 127};
    expect_refused(&m, &(file){huge, sizeof huge}, RR_E_FORMAT, "header");
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_newer_and_unknown_texts)
{
    machine m;
    begin(&m, &tiny, NULL);
    expect_text_refused(&m, "\"format_version\":\"2\"", "\"format_version\":\"3\"", RR_E_VERSION,
                        "format_version is 3, of a newer release; this release reads 2");
    expect_text_refused(&m, "\"format_version\":\"2\"", "\"format_version\":\"1\"", RR_E_VERSION,
                        "format_version is 1, of before the first release");
    expect_text_refused(&m, "\"format_version\":\"2\"", "\"format_version\":\"x\"", RR_E_FORMAT,
                        "format_version is 'x'");
    expect_text_refused(&m, "librecrl checkpoint", "librecrl checkpoinT", RR_E_FORMAT,
                        "not one that rr_checkpoint_save wrote");
    expect_text_refused(&m, "\"algo\":\"ppo\"", "\"algo\":\"sac\"", RR_E_FORMAT,
                        "algo is 'sac'; it must be ppo, a2c or reinforce");
    expect_text_refused(&m, "\"algo\":\"ppo\"", "\"algo\":\"a2c\"", RR_E_MISMATCH,
                        "its algo is a2c; the agent given was made for ppo");
    expect_text_refused(&m, "\"critic.", "\"kritic.", RR_E_NOT_FOUND, "critic.");
    expect_text_refused(&m, "\"env.steps\"", "\"env.stops\"", RR_E_NOT_FOUND, "env.steps");
    expect_text_refused(&m, "\"buffer.states\"", "\"buffer.slates\"", RR_E_NOT_FOUND,
                        "buffer.states");
    expect_text_refused(&m, "\"blob\"", "\"blub\"", RR_E_FORMAT, "blob");
    expect_text_refused(&m, "\"I64\"", "\"U64\"", RR_E_MISMATCH, "must be I64");
    machine_destroy(&m);
}
END_TEST

/* A checkpoint as a later release may write it. */
typedef struct later {
    rr_checkpoint checkpoint;
    const char *needed;
} later;

static rr_status describe_later(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    const later *l = context;
    RRI_TRY(rri_safetensors_add_metadata(writer, "generation", "7", err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "agent.depth_of_thought", "3", err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "requires", l->needed, err));
    RRI_TRY(rri_checkpoint_describe(writer, &l->checkpoint, err));
    return rri_safetensors_add(writer, "final.history", RRI_DTYPE_U8, (const size_t[]){3}, 1, "abc",
                               err);
}

static file save_later(const machine *m, const char *needed)
{
    file f = {NULL, 0};
    rr_error err;
    const later l = {machine_checkpoint(m), needed};
    machine_require(rri_safetensors_write(NULL, 0, &f.bytes, describe_later, &l, &err), &err);
    f.block = malloc(f.bytes);
    machine_require(rri_safetensors_write(f.block, f.bytes, &f.bytes, describe_later, &l, &err),
                    &err);
    return f;
}

START_TEST(test_checkpoint_restore_ignores_what_it_does_not_know_unless_it_is_required)
{
    machine m, other;
    rr_error err;
    begin(&m, &tiny, NULL);
    machine_create(&other, &tiny, 5, 1, NULL);
    file f = save_later(&m, ""), needing = save_later(&m, "slots,final");
    expect_refused(&other, &needing, RR_E_VERSION, "it requires 'slots', which this release");
    machine_require(machine_load(&other, f.block, f.bytes, &err), &err);
    file plain = save(&m);
    expect_unchanged(&other, &plain);
    free(plain.block);
    free(needing.block);
    free(f.block);
    machine_destroy(&m);
    machine_destroy(&other);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_values_that_cannot_be)
{
    machine m;
    begin(&m, &tiny, NULL);
    const float nan = NAN, infinite = -INFINITY, negative = -1.0f;
    rr_error err;
    rr_tensor tensor = {.struct_size = sizeof tensor};
    machine_require(rr_agent_tensor_at(m.agent, 1, &tensor, &err), &err);
    char name[64], moment[96], sentence[96];
    snprintf(name, sizeof name, "%s", tensor.name);
    snprintf(sentence, sizeof sentence, "%s[0] is ", name);
    expect_value_refused(&m, name, 0, &nan, sizeof nan, RR_E_FORMAT, sentence);
    expect_value_refused(&m, name, 0, &infinite, sizeof infinite, RR_E_FORMAT, sentence);
    snprintf(moment, sizeof moment, "optimizer.first.%s", name);
    expect_value_refused(&m, moment, 0, &nan, sizeof nan, RR_E_FORMAT, moment);
    snprintf(moment, sizeof moment, "optimizer.second.%s", name);
    expect_value_refused(&m, moment, 0, &nan, sizeof nan, RR_E_FORMAT, moment);
    expect_value_refused(&m, moment, 0, &negative, sizeof negative, RR_E_FORMAT, moment);

    const int64_t below = -1, beyond = INT64_MAX;
    for (size_t i = 0; i < 3; i++) {
        expect_value_refused(&m, "agent.counters", i, &below, sizeof below, RR_E_FORMAT,
                             "agent.counters[");
    }
    for (size_t i = 0; i < 3; i++) {
        expect_value_refused(&m, "agent.counters", i, &beyond, sizeof beyond, RR_E_FORMAT,
                             "agent.counters[");
    }

    const int32_t minus = -1, item = 3, many = 4;
    const uint8_t two = 2;
    const uint64_t other = 12345;
    expect_value_refused(&m, "env.states", 1, &nan, sizeof nan, RR_E_FORMAT, "env.states[1] is");
    expect_value_refused(&m, "env.energies", 1, &infinite, sizeof infinite, RR_E_FORMAT,
                         "env.energies[1] is -inf");
    expect_value_refused(&m, "env.steps", 1, &minus, sizeof minus, RR_E_FORMAT, "env.steps[1]");
    expect_value_refused(&m, "env.steps", 0, &many, sizeof many, RR_E_FORMAT,
                         "env.steps[0] is 4; it must be in [0, 4)");
    expect_value_refused(&m, "env.shown", 0, &item, sizeof item, RR_E_FORMAT, "env.shown[0][0]");
    expect_value_refused(&m, "env.is_begun", 0, &two, 1, RR_E_FORMAT, "env.is_begun is 2");
    expect_value_refused(&m, "env.users_fingerprint", 0, &other, sizeof other, RR_E_MISMATCH,
                         "env.users_fingerprint");

    const int64_t rows = 5, sessions = 3, none = 0;
    expect_value_refused(&m, "buffer.shape", 0, &rows, sizeof rows, RR_E_FORMAT, "5 rows");
    expect_value_refused(&m, "buffer.shape", 0, &beyond, sizeof beyond, RR_E_FORMAT, "rows");
    expect_value_refused(&m, "buffer.shape", 0, &below, sizeof below, RR_E_FORMAT, "-1 rows");
    expect_value_refused(&m, "buffer.shape", 1, &sessions, sizeof sessions, RR_E_FORMAT,
                         "3 sessions");
    expect_value_refused(&m, "buffer.shape", 1, &none, sizeof none, RR_E_FORMAT, "0 sessions");
    for (size_t i = 0; i < 8; i++) {
        expect_value_refused(&m, "buffer.form", i, &two, 1, RR_E_FORMAT, "buffer.form");
    }
    machine_destroy(&m);
}
END_TEST

/* A run with this value in a tensor is loaded, goes on, is saved, and loaded again: the two go on
 * alike. */
static void expect_value_goes_on(const char *tensor, size_t at, uint64_t value)
{
    machine m, other;
    rr_error err = {0};
    begin(&m, &tiny, NULL);
    begin(&other, &tiny, NULL);
    file f = save(&m);
    memcpy(data_of(&f, tensor) + at * sizeof value, &value, sizeof value);
    seal(&f);
    machine_require(machine_load(&m, f.block, f.bytes, &err), &err);
    expect_unchanged(&m, &f);
    for (int i = 0; i < 2; i++) {
        machine_update(&m);
        file g = save(&m);
        const rr_status status = machine_load(&other, g.block, g.bytes, &err);
        ck_assert_msg(status == RR_OK, "%s[%zu] was %llu: %s", tensor, at,
                      (unsigned long long)value, err.text);
        expect_unchanged(&other, &g);
        free(g.block);
        machine_update(&m);
        machine_update(&other);
        file after = save(&m);
        expect_unchanged(&other, &after);
        free(after.block);
    }
    free(f.block);
    machine_destroy(&m);
    machine_destroy(&other);
}

START_TEST(test_checkpoint_restore_counters_at_their_limits_go_on_and_are_saved)
{
    const uint64_t most = (uint64_t)1 << 62;
    for (size_t i = 0; i < 4; i++) { /* updates, rows, optimiser steps, draws */
        expect_value_goes_on("agent.counters", i, 0);
        expect_value_goes_on("agent.counters", i, most - 1);
        expect_value_goes_on("agent.counters", i, most);
    }
    const uint64_t places[] = {most + 1, (uint64_t)1 << 63, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) { /* in sequences that have no end */
        expect_value_goes_on("agent.counters", 3, places[i]);
        expect_value_goes_on("env.next_session", 0, places[i]);
        expect_value_goes_on("env.sessions", 1, places[i]);
    }
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_statistics_that_cannot_be)
{
    machine_plan plan = tiny;
    plan.is_normalised = true;
    plan.has_reward_model = true;
    machine m;
    begin(&m, &plan, NULL);
    const double nan = (double)NAN, infinite = (double)INFINITY, negative = -1.0;
    for (size_t i = 0; i < 8; i++) { /* N, μ, σ² of returns; N, two μ, two σ² of states */
        expect_value_refused(&m, "agent.running", i, &nan, sizeof nan, RR_E_FORMAT,
                             "agent.running[");
        expect_value_refused(&m, "agent.running", i, &infinite, sizeof infinite, RR_E_FORMAT,
                             "agent.running[");
        if (i != 1 && i != 4 && i != 5) {
            expect_value_refused(&m, "agent.running", i, &negative, sizeof negative, RR_E_FORMAT,
                                 "it must be finite and at least 0");
        }
    }
    const float not_finite = NAN;
    expect_value_refused(&m, "critic.scale", 0, &not_finite, sizeof not_finite, RR_E_FORMAT,
                         "critic.scale[0] is");
    machine_destroy(&m);
}
END_TEST

/* A release before normalisation wrote no word of it, and did without. */
START_TEST(test_checkpoint_restore_takes_a_field_that_is_missing_for_its_default)
{
    machine_plan plan = tiny;
    machine m, other;
    rr_error err;
    begin(&m, &plan, NULL);
    machine_create(&other, &plan, 5, 1, NULL);
    file f = save(&m);
    static const char text[] = "agent.normalize_states";
    size_t at = 8;
    while (memcmp(f.block + at, text, sizeof text - 1) != 0) {
        at++;
        ck_assert_uint_lt(at + sizeof text, f.bytes);
    }
    f.block[at] = 'A';
    seal(&f);
    machine_require(machine_load(&other, f.block, f.bytes, &err), &err);
    ck_assert_uint_eq(rr_agent_version(other.agent), rr_agent_version(m.agent));
    machine_destroy(&other);
    plan.is_normalised = true;
    machine_create(&other, &plan, 5, 1, NULL);
    expect_refused(&other, &f, RR_E_MISMATCH, "agent.normalize_returns is 0; that of the handle");
    free(f.block);
    machine_destroy(&m);
    machine_destroy(&other);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_rows_of_a_form_that_the_buffer_does_not_store)
{
    machine m;
    begin(&m, &tiny, NULL); /* stores neither lists, features, vectors, counts nor exclusions */
    const uint8_t yes = 1;
    static const size_t fields[] = {0, 1, 2, 3, 4, 5};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        expect_value_refused(&m, "buffer.form", fields[i], &yes, 1, RR_E_FORMAT, "buffer.form");
    }
    const uint8_t lists[3] = {1, 1, 0}, vectors[3] = {1, 0, 1};
    expect_value_refused(&m, "buffer.form", 0, lists, sizeof lists, RR_E_FORMAT, "buffer.form");
    expect_value_refused(&m, "buffer.form", 0, vectors, sizeof vectors, RR_E_FORMAT, "buffer.form");
    const uint8_t features[4] = {0, 0, 0, 1};
    expect_value_refused(&m, "buffer.form", 0, features, sizeof features, RR_E_FORMAT,
                         "buffer.form");
    machine_destroy(&m);
}
END_TEST

/* A file of one plan into handles of another. */
static void expect_plans_apart(const machine_plan *saved, const machine_plan *given,
                               rr_status wanted, const char *sentence)
{
    machine from, to;
    begin(&from, saved, NULL);
    begin(&to, given, NULL);
    file f = save(&from);
    expect_refused(&to, &f, wanted, sentence);
    free(f.block);
    machine_destroy(&from);
    machine_destroy(&to);
}

START_TEST(test_checkpoint_restore_refuses_other_machines)
{
    machine_plan other = tiny;
    other.algo = RR_ALGO_A2C;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "its algo is a2c");
    expect_plans_apart(&tiny, &other, RR_E_MISMATCH, "its algo is ppo");
    other = tiny;
    other.num_items = 4;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "items_fingerprint is");
    other = tiny;
    other.hidden[0] = 5;
    expect_plans_apart(&tiny, &other, RR_E_MISMATCH,
                       "agent.hidden is 0; that of the handle given is 5");
    other = tiny;
    other.has_bias = 1;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "agent.has_bias is 1");
    other = tiny;
    other.n_features = 2;
    other.num_candidates = 2;
    expect_plans_apart(&tiny, &other, RR_E_MISMATCH, "agent.feature_dim");
    other = tiny;
    other.n_envs = 1;
    other.n_steps = 4;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "env.n_envs is 1");
    other = tiny;
    other.drift = 0.5f;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "env.drift is 0.5");
    other = tiny;
    other.max_episode_steps = 5;
    expect_plans_apart(&other, &tiny, RR_E_MISMATCH, "env.max_episode_steps is 5");
}
END_TEST

/* The same shapes, and yet another function or another world. */
START_TEST(test_checkpoint_restore_refuses_what_no_shape_tells)
{
    rr_error err;
    machine m, other;
    begin(&m, &tiny, NULL);
    file f = save(&m);
    begin(&other, &tiny, NULL);
    rr_agent_destroy(other.agent);
    rr_agent_config config = machine_agent_config(&tiny, 5, 1);
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.activation = RR_ACTIVATION_RELU;
    machine_require(
        rr_agent_create(&other.agent, &config, &ppo, rr_env_items(other.env), NULL, &err), &err);
    expect_refused(&other, &f, RR_E_MISMATCH,
                   "agent.activation is tanh; that of the handle given is relu");
    rr_agent_destroy(other.agent);

    /* What only training, drawing or capacity knows may differ: replicas need not explore alike. */
    config = machine_agent_config(&tiny, 6, 2);
    config.max_rows = 100;
    ppo.lr = 0.5f;
    machine_require(
        rr_agent_create(&other.agent, &config, &ppo, rr_env_items(other.env), NULL, &err), &err);
    machine_require(machine_load(&other, f.block, f.bytes, &err), &err);
    ck_assert_uint_eq(rr_agent_version(other.agent), rr_agent_version(m.agent));
    machine_destroy(&other);

    machine_create(&other, &tiny, 6, 1, NULL); /* other users come */
    expect_refused(&other, &f, RR_E_MISMATCH, "env.seed is 5; that of the handle given is 6");
    machine_destroy(&other);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_other_catalogues_users_and_buffers)
{
    machine m, other;
    rr_error err;
    begin(&m, &tiny, NULL);
    file f = save(&m);

    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, 3, 1, 99, NULL, &err), &err);
    begin(&other, &tiny, NULL);
    rr_agent_destroy(other.agent);
    machine_require(machine_create_agent(&other.agent, &tiny, 5, 1, items, NULL, &err), &err);
    expect_refused(&other, &f, RR_E_MISMATCH, "items_fingerprint is");
    rr_items_release(items);
    machine_destroy(&other);

    machine_create(&other, &tiny, 5, 1, NULL);
    rr_env_config world;
    rr_env_config_init(&world, sizeof world);
    machine_require(rr_env_get_config(other.env, &world, &err), &err);
    rr_env_destroy(other.env);
    const float users[2] = {0.5f, -1.0f};
    machine_require(rr_env_create(&other.env, &world, NULL, users, 2, NULL, &err), &err);
    expect_refused(&other, &f, RR_E_MISMATCH, "another table of users");
    machine_destroy(&other);

    begin(&other, &tiny, NULL);
    rr_buffer_destroy(other.buffer);
    rr_buffer_config config = machine_buffer_config(&tiny);
    config.max_rows = 1;
    machine_require(rr_buffer_create(&other.buffer, &config, NULL, &err), &err);
    expect_refused(&other, &f, RR_E_MISMATCH, "its buffer has 2 rows; the one given holds 1");
    rr_buffer_destroy(other.buffer);
    config = machine_buffer_config(&tiny);
    config.max_history = 3;
    machine_require(rr_buffer_create(&other.buffer, &config, NULL, &err), &err);
    expect_refused(&other, &f, RR_E_MISMATCH, "buffer.history");
    machine_destroy(&other);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_restore_refuses_to_give_what_is_not_inside)
{
    machine m;
    rr_error err;
    begin(&m, &tiny, NULL);
    file f = {machine_array(1 << 16, 1), 1 << 16}, before = save(&m);
    machine_require(rr_checkpoint_save_memory(checkpoint_parts(m.agent, NULL, NULL), f.block,
                                              f.bytes, &f.bytes, &err),
                    &err);
    ck_assert_int_eq(
        rr_checkpoint_load_memory(checkpoint_parts(m.agent, m.env, NULL), f.block, f.bytes, &err),
        RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "no environment"));
    ck_assert_int_eq(rr_checkpoint_load_memory(checkpoint_parts(m.agent, NULL, m.buffer), f.block,
                                               f.bytes, &err),
                     RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "no buffer"));
    expect_unchanged(&m, &before);
    free(before.block);
    free(f.block);
    machine_destroy(&m);
}
END_TEST

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % below);
}

static void damage(file *f, uint64_t *state)
{
    const uint32_t n = 1 + draw(state, 6);
    /* Half of the damage is done to the header. */
    const uint32_t header = (uint32_t)(f->block[0] | f->block[1] << 8) + 8;
    const uint32_t below = draw(state, 2) == 0 ? header : (uint32_t)f->bytes;
    const uint32_t first = draw(state, below);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t near = first + draw(state, 9);
        const uint32_t at = draw(state, 3) > 0 && near < f->bytes ? near : draw(state, below);
        static const char text[] = "0123456789{}[]\",:-FIU";
        const bool is_text = at < header && draw(state, 2) == 0;
        f->block[at] = is_text ? (unsigned char)text[draw(state, sizeof text - 1)]
                               : (unsigned char)draw(state, 256);
    }
}

/* Goes on with whatever was let in: errors are fine, a crash is not. */
static void go_on(machine *m)
{
    rr_decision decision = machine_decision(m);
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_stats stats = {.struct_size = sizeof stats};
    rr_error err;
    rr_obs obs = {.struct_size = sizeof obs};
    for (int i = 0; i < 2; i++) {
        if (rr_env_observe(m->env, &obs, &err) == RR_OK &&
            rr_agent_act(m->agent, &obs, &decision, &err) == RR_OK &&
            rr_buffer_record(m->buffer, &obs, &decision, &err) == RR_OK &&
            rr_env_step(m->env, m->actions, &outcome, &err) == RR_OK) {
            rr_buffer_reward(m->buffer, &outcome, &err);
        }
    }
    if (rr_env_observe(m->env, &obs, &err) == RR_OK) {
        rr_agent_update(m->agent, m->buffer, &obs, &stats, &err);
    }
    rr_buffer_clear(m->buffer);
}

static void forge(const machine_plan *plan, int n_rounds, uint64_t seed)
{
    counting_host counts = {0};
    const rr_host host = counting_host_of(&counts);
    machine m;
    begin(&m, plan, &host);
    file whole = save(&m);
    const size_t n_live = counts.n_live;
    uint64_t state = seed;
    int n_refused = 0;
    for (int round = 0; round<n_rounds; round += every_nth()> 1 ? 10 : 1) {
        rr_error err;
        file f = copy_of(&whole, whole.bytes);
        damage(&f, &state);
        seal(&f);
        counts.largest = 0;
        const rr_status status = machine_load(&m, f.block, f.bytes, &err);
        ck_assert_msg(counts.largest <= 16 * f.bytes, "%zu bytes were asked for by a file of %zu",
                      counts.largest, f.bytes);
        ck_assert_uint_eq(counts.n_live, n_live);
        if (status != RR_OK) {
            n_refused++;
            expect_unchanged(&m, &whole);
        } else {
            go_on(&m);
            machine_require(machine_load(&m, whole.block, whole.bytes, &err), &err);
        }
        free(f.block);
    }
    ck_assert_msg(n_refused > n_rounds / 100, "%d of %d forgeries were refused", n_refused,
                  n_rounds);
    free(whole.block);
    machine_destroy(&m);
    ck_assert_uint_eq(counts.n_live, 0);
    ck_assert_uint_eq(counts.n_wrong, 0);
}

START_TEST(test_checkpoint_restore_survives_forgeries)
{
    forge(&tiny, 5000, 1);
    machine_plan lists = machine_plans[5];
    ck_assert_int_gt(lists.num_candidates, 0);
    lists.n_envs = 3;
    lists.n_steps = 4;
    lists.batch_size = 5;
    forge(&lists, 3000, 2);
    machine_plan dense = machine_plans[2];
    dense.n_envs = 2;
    dense.n_steps = 3;
    dense.batch_size = 5;
    forge(&dense, 1500, 3);
}
END_TEST

/* Files of nothing but noise, and of noise behind a plausible length. */
START_TEST(test_checkpoint_restore_survives_noise)
{
    counting_host counts = {0};
    const rr_host host = counting_host_of(&counts);
    machine m;
    begin(&m, &tiny, &host);
    file before = save(&m);
    uint64_t state = 9;
    for (int round = 0; round<3000; round += every_nth()> 1 ? 10 : 1) {
        rr_error err;
        file f = {malloc(1 + 400), draw(&state, 400)};
        for (size_t i = 0; i < f.bytes; i++) {
            f.block[i] = (unsigned char)draw(&state, 256);
        }
        if (round % 2 == 0 && f.bytes >= 9) {
            memset(f.block, 0, 8);
            f.block[0] = (unsigned char)draw(&state, (uint32_t)(f.bytes - 8));
            f.block[8] = '{';
        }
        counts.largest = 0;
        ck_assert_int_eq(machine_load(&m, f.block, f.bytes, &err), RR_E_FORMAT);
        ck_assert_uint_le(counts.largest, 16 * f.bytes + 256);
        free(f.block);
    }
    expect_unchanged(&m, &before);
    free(before.block);
    machine_destroy(&m);
}
END_TEST

CHECK_MAIN("store/checkpoint_restore", test_checkpoint_restore_accepts_what_was_saved,
           test_checkpoint_restore_refuses_every_shorter_file,
           test_checkpoint_restore_refuses_every_flipped_bit,
           test_checkpoint_restore_refuses_what_is_not_ours,
           test_checkpoint_restore_refuses_newer_and_unknown_texts,
           test_checkpoint_restore_ignores_what_it_does_not_know_unless_it_is_required,
           test_checkpoint_restore_refuses_values_that_cannot_be,
           test_checkpoint_restore_counters_at_their_limits_go_on_and_are_saved,
           test_checkpoint_restore_refuses_statistics_that_cannot_be,
           test_checkpoint_restore_takes_a_field_that_is_missing_for_its_default,
           test_checkpoint_restore_refuses_rows_of_a_form_that_the_buffer_does_not_store,
           test_checkpoint_restore_refuses_other_machines,
           test_checkpoint_restore_refuses_what_no_shape_tells,
           test_checkpoint_restore_refuses_other_catalogues_users_and_buffers,
           test_checkpoint_restore_refuses_to_give_what_is_not_inside,
           test_checkpoint_restore_survives_forgeries, test_checkpoint_restore_survives_noise)
