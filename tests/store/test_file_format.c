/* SPDX-License-Identifier: MIT */
/* Which files a release reads, and what it says of the others. */
#include "store/file_format.h"

#include <stdio.h>

#include "agent_fixture.h"

/* Metadata of a file; what is NULL is not written. */
typedef struct texts {
    const char *format, *version, *needed;
    const rr_items *items;
    bool has_items, has_more;
} texts;

static rr_status describe(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    const texts *t = context;
    if (t->format != NULL) {
        RRI_TRY(rri_safetensors_add_metadata(writer, "format", t->format, err));
    }
    if (t->version != NULL) {
        RRI_TRY(rri_safetensors_add_metadata(writer, "format_version", t->version, err));
    }
    if (t->needed != NULL) {
        RRI_TRY(rri_safetensors_add_metadata(writer, "requires", t->needed, err));
    }
    if (t->has_items) {
        RRI_TRY(rri_file_format_add_items(writer, "shelf", t->items, err));
    }
    if (t->has_more) {
        RRI_TRY(rri_safetensors_add_metadata(writer, "schema", "of a later release", err));
        return rri_safetensors_add(writer, "final.history", RRI_DTYPE_U8, (const size_t[]){1}, 1,
                                   "x", err);
    }
    return RR_OK;
}

static rr_status describe_ours(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    (void)context;
    return rri_file_format_add(writer, "our format", err);
}

static unsigned char block[4096];

static void open_described(rri_safetensors_reader *reader, rri_safetensors_describe *what,
                           const void *context)
{
    rri_allocator allocator;
    size_t bytes = 0;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_safetensors_write(block, sizeof block, &bytes, what, context, NULL),
                     RR_OK);
    ck_assert_int_eq(rri_safetensors_open(reader, block, bytes, &allocator, NULL), RR_OK);
}

static rr_status check(const texts *t, rr_error *err)
{
    rri_safetensors_reader reader;
    open_described(&reader, describe, t);
    const rr_status status = rri_file_format_check(&reader, "our format", "thing", "save", err);
    rri_safetensors_close(&reader);
    return status;
}

static void expect_refused(const texts *t, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    rig_expect(check(t, &err), wanted, &err, sentence);
    ck_assert_int_eq(strncmp(err.text, "thing: ", 7), 0);
}

START_TEST(test_file_format_reads_what_it_writes)
{
    rri_safetensors_reader reader;
    rr_error err = {0};
    open_described(&reader, describe_ours, NULL);
    ck_assert_msg(rri_file_format_check(&reader, "our format", "thing", "save", &err) == RR_OK,
                  "%s", err.text);
    rri_safetensors_close(&reader);
}
END_TEST

START_TEST(test_file_format_refuses_other_files_and_other_versions)
{
    expect_refused(&(texts){0}, RR_E_FORMAT, "not one that save wrote");
    expect_refused(&(texts){.format = "our format"}, RR_E_FORMAT, "not one that save wrote");
    expect_refused(&(texts){.version = "2"}, RR_E_FORMAT, "not one that save wrote");
    expect_refused(&(texts){.format = "our formaT", .version = "2"}, RR_E_FORMAT, "not one that");
    expect_refused(&(texts){.format = "our format", .version = "1"}, RR_E_VERSION,
                   "its format_version is 1, of before the first release; this release reads 2");
    expect_refused(&(texts){.format = "our format", .version = "3"}, RR_E_VERSION,
                   "its format_version is 3, of a newer release; this release reads 2");
    expect_refused(&(texts){.format = "our format", .version = "2.0"}, RR_E_FORMAT, "'2.0'");
    expect_refused(&(texts){.format = "our format", .version = "99999999999999999999"}, RR_E_FORMAT,
                   "it must be a number");
}
END_TEST

/* As a later release may write it. */
START_TEST(test_file_format_ignores_what_is_not_required_and_refuses_what_is)
{
    rr_error err = {0};
    const texts more = {.format = "our format", .version = "2", .needed = "", .has_more = true};
    ck_assert_msg(check(&more, &err) == RR_OK, "%s", err.text);
    expect_refused(&(texts){.format = "our format", .version = "2", .needed = "slots"},
                   RR_E_VERSION, "it requires 'slots', which this release does not know");
    expect_refused(&(texts){.format = "our format", .version = "2", .needed = "final,slots"},
                   RR_E_VERSION, "it requires 'final', which");
    /* The version comes first: what the words mean is that version's. */
    expect_refused(&(texts){.format = "our format", .version = "3", .needed = "slots"},
                   RR_E_VERSION, "format_version is 3");
}
END_TEST

static void expect_items(const texts *t, rr_items *given, rr_status wanted, const char *sentence)
{
    rri_safetensors_reader reader;
    rr_error err = {0};
    open_described(&reader, describe, t);
    rr_items *own = NULL;
    const rr_status status =
        rri_file_format_check_items(&own, &reader, "shelf", given, "thing", &err);
    rri_items_release(own);
    ck_assert_int_eq(status, wanted);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
    rri_safetensors_close(&reader);
}

START_TEST(test_file_format_says_which_catalogue_is_missing_or_too_much)
{
    rig r;
    const rig_shape shape = rig_usual();
    rig_open(&r, &shape);
    rr_items *others = rig_items(&r, 5, 3, NULL);
    const texts with = {.has_items = true, .items = r.items}, without = {.has_items = true};
    char theirs[32], own[32];
    snprintf(theirs, sizeof theirs, "shelf is %016llx",
             (unsigned long long)rr_items_fingerprint(r.items));
    snprintf(own, sizeof own, "is %016llx", (unsigned long long)rr_items_fingerprint(others));
    expect_items(&with, r.items, RR_OK, "");
    expect_items(&without, NULL, RR_OK, "");
    expect_items(&with, NULL, RR_E_MISMATCH, theirs);
    expect_items(&with, NULL, RR_E_MISMATCH, "none is given");
    expect_items(&with, others, RR_E_MISMATCH, theirs);
    expect_items(&with, others, RR_E_MISMATCH, own);
    expect_items(&without, others, RR_E_MISMATCH, "made without a catalogue");
    expect_items(&without, others, RR_E_MISMATCH, own);
    expect_items(&(texts){0}, NULL, RR_E_FORMAT, "shelf is missing");
    rri_items_release(others);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("store/file_format", test_file_format_reads_what_it_writes,
           test_file_format_refuses_other_files_and_other_versions,
           test_file_format_ignores_what_is_not_required_and_refuses_what_is,
           test_file_format_says_which_catalogue_is_missing_or_too_much)
