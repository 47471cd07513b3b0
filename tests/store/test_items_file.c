/* SPDX-License-Identifier: MIT */
/* What is in the file of a catalogue, and what of it is not believed. */
#include "store/items_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "items/items.h"
#include "store/file_format.h"

enum { DIM = 3, N = 40 };

static rri_allocator allocator;

static size_t feature_dim; /* of the items that are made */

/* Four generations: some go, some come, one comes back with another vector. */
static rr_items *make(uint32_t generations)
{
    float vectors[N * DIM];
    uint64_t keys[N];
    for (int i = 0; i < N; i++) {
        keys[i] = 500 + (uint64_t)i;
        for (int c = 0; c < DIM; c++) {
            vectors[i * DIM + c] = (float)(i + c);
        }
    }
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_items *items = NULL;
    const rri_item_rows first = {vectors, keys, vectors, N, feature_dim};
    ck_assert_int_eq(rri_items_create_rows(&items, &first, DIM, &allocator, NULL), RR_OK);
    for (uint32_t g = 0; g < generations; g++) {
        const uint64_t gone[] = {500 + g, 510 + g}, more[] = {900 + g, 520 + g};
        rr_items *next = NULL;
        const rri_item_rows rows = {vectors, more, vectors + 1, 2, feature_dim};
        ck_assert_int_eq(rri_items_follow(&next, items, gone, 2, &rows, &allocator, NULL), RR_OK);
        rri_items_release(items);
        items = next;
    }
    return items;
}

static unsigned char *write_with(rri_safetensors_describe *describe, const void *context,
                                 size_t *bytes)
{
    rr_error err = {0};
    ck_assert_int_eq(rri_safetensors_write(NULL, 0, bytes, describe, context, &err), RR_OK);
    unsigned char *block = aligned_alloc(64, (*bytes + 63) / 64 * 64);
    ck_assert_msg(rri_safetensors_write(block, *bytes, bytes, describe, context, &err) == RR_OK,
                  "%s", err.text);
    return block;
}

static unsigned char *save(const rr_items *items, size_t *bytes)
{
    rri_items_saved saved;
    ck_assert_int_eq(rri_items_file_open(&saved, items, &allocator, NULL), RR_OK);
    unsigned char *block = write_with(rri_items_file_describe, &saved, bytes);
    rri_items_file_close(&saved, &allocator);
    return block;
}

static rr_status load(rr_items **out, unsigned char *block, size_t bytes, rr_error *err)
{
    rri_safetensors_reader reader;
    const rr_status opened = rri_safetensors_open(&reader, block, bytes, &allocator, err);
    if (opened != RR_OK) {
        return opened;
    }
    const rr_status status = rri_items_file_read(out, &reader, &allocator, err);
    rri_safetensors_close(&reader);
    return status;
}

/* What is loaded is what was saved. */
static void expect_same(uint32_t g)
{
    rr_items *items = make(g), *loaded = NULL;
    rr_error err = {0};
    size_t bytes;
    unsigned char *block = save(items, &bytes);
    ck_assert_msg(load(&loaded, block, bytes, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(rri_items_fingerprint(loaded), rri_items_fingerprint(items));
    ck_assert_uint_eq(rri_items_root(loaded), rri_items_root(items));
    ck_assert_uint_eq(rri_items_generation(loaded), g);
    ck_assert_uint_eq(rri_items_count(loaded), rri_items_count(items));
    ck_assert_uint_eq(rri_items_alive(loaded), rri_items_alive(items));
    ck_assert_uint_eq(rri_items_feature_dim(loaded), feature_dim);
    if (feature_dim > 0) {
        ck_assert_mem_eq(rri_items_features(loaded), rri_items_features(items),
                         rri_items_count(items) * feature_dim * sizeof(float));
    }
    for (size_t i = 0; i < rri_items_count(items); i++) {
        const uint64_t key = rri_items_keys(items)[i];
        ck_assert(rri_items_is_alive(loaded, i) == rri_items_is_alive(items, i));
        ck_assert_int_eq(rri_items_find(loaded, key), rri_items_find(items, key));
    }
    for (uint32_t earlier = 0; earlier < g; earlier++) {
        rr_items *ancestor = make(earlier);
        uint32_t found;
        ck_assert(rri_items_generation_of(&found, loaded, rri_items_fingerprint(ancestor)));
        ck_assert_uint_eq(found, earlier);
        ck_assert_uint_eq(rri_items_alive_in(loaded, earlier), rri_items_alive(ancestor));
        rri_items_release(ancestor);
    }
    rr_items *next = NULL; /* and it may be followed */
    const rri_item_rows none = {0};
    ck_assert_int_eq(rri_items_follow(&next, loaded, &(uint64_t){539}, 1, &none, &allocator, NULL),
                     RR_OK);
    rri_items_release(next);
    rri_items_release(loaded);
    rri_items_release(items);
    free(block);
}

START_TEST(test_items_file_gives_the_generation_back_with_its_ancestors)
{
    for (uint32_t g = 0; g < 10; g++) {
        feature_dim = g < 5 ? 0 : 2;
        expect_same(g % 5);
    }
    feature_dim = 0;
}
END_TEST

START_TEST(test_items_file_of_an_ancestor_says_nothing_of_what_followed)
{
    rr_items *items = make(2), *next = NULL, *loaded = NULL;
    const uint64_t gone[] = {530};
    const rri_item_rows none = {0};
    ck_assert_int_eq(rri_items_follow(&next, items, gone, 1, &none, &allocator, NULL), RR_OK);
    size_t bytes;
    unsigned char *block = save(items, &bytes);
    ck_assert_int_eq(load(&loaded, block, bytes, NULL), RR_OK);
    ck_assert_uint_eq(rri_items_fingerprint(loaded), rri_items_fingerprint(items));
    ck_assert(rri_items_is_alive(loaded, 30) && !rri_items_is_alive(next, 30));
    rri_items_release(loaded);
    rri_items_release(next);
    rri_items_release(items);
    free(block);
}
END_TEST

/* A file by hand. */
typedef struct texts {
    const char *format, *fingerprint, *generation;
    int32_t births[3], deaths[3];
    float vectors[6];
    uint64_t keys[3];
    bool lacks_deaths;
} texts;

static rr_status describe(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    const texts *t = context;
    const size_t shape[] = {3, 2};
    RRI_TRY(rri_file_format_add(writer, t->format, err));
    if (t->fingerprint != NULL) {
        RRI_TRY(rri_safetensors_add_metadata(writer, "items_fingerprint", t->fingerprint, err));
    }
    RRI_TRY(
        rri_safetensors_add_metadata(writer, "items_fingerprint_generation", t->generation, err));
    RRI_TRY(rri_safetensors_add(writer, "items.keys", RRI_DTYPE_U64, shape, 1, t->keys, err));
    RRI_TRY(rri_safetensors_add(writer, "items.vectors", RRI_DTYPE_F32, shape, 2, t->vectors, err));
    RRI_TRY(rri_safetensors_add(writer, "items.births", RRI_DTYPE_I32, shape, 1, t->births, err));
    return t->lacks_deaths ? RR_OK
                           : rri_safetensors_add(writer, "items.deaths", RRI_DTYPE_I32, shape, 1,
                                                 t->deaths, err);
}

static void expect_refused(const texts *t, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    size_t bytes;
    rr_items *items = NULL;
    unsigned char *block = write_with(describe, t, &bytes);
    const rr_status status = load(&items, block, bytes, &err);
    ck_assert_msg(status == wanted, "%d: %s", status, err.text);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "%s", err.text);
    ck_assert_ptr_null(items);
    free(block);
}

START_TEST(test_items_file_refuses_what_cannot_be)
{
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    const texts sound = {.format = RRI_ITEMS_FILE_FORMAT,
                         .fingerprint = "0000000000000007",
                         .generation = "2",
                         .births = {0, 1, 2},
                         .deaths = {1, -1, -1},
                         .vectors = {1, 2, 3, 4, 5, 6},
                         .keys = {7, 8, 9}};
    expect_refused(&sound, RR_E_FORMAT, "items_fingerprint is 0000000000000007; that of its items");
    texts t = sound;
    t.format = "librecrl policy";
    expect_refused(&t, RR_E_FORMAT, "not one that rr_items_save wrote");
    t = sound;
    t.fingerprint = NULL;
    expect_refused(&t, RR_E_FORMAT, "items_fingerprint is missing");
    t = sound;
    t.fingerprint = "7";
    expect_refused(&t, RR_E_FORMAT, "items_fingerprint is '7'; it must be a number");
    t = sound;
    t.generation = "two";
    expect_refused(&t, RR_E_FORMAT, "items_fingerprint_generation is 'two'");
    t.generation = "1";
    expect_refused(&t, RR_E_FORMAT, "its generation is 1, and its items are of 2");
    t.generation = "4000000000";
    expect_refused(&t, RR_E_FORMAT, "its generation is 4000000000");
    const int32_t births[][3] = {{1, 1, 2}, {0, 2, 1}, {0, -1, 2}};
    for (size_t i = 0; i < 3; i++) {
        t = sound;
        memcpy(t.births, births[i], sizeof t.births);
        expect_refused(&t, RR_E_FORMAT, "they must rise from 0");
    }
    const int32_t deaths[][3] = {{0, -1, -1}, {1, 1, -1}, {1, -1, -7}};
    for (size_t i = 0; i < 3; i++) {
        t = sound;
        memcpy(t.deaths, deaths[i], sizeof t.deaths);
        expect_refused(&t, RR_E_FORMAT, "it must be -1 or later than its birth");
    }
    t = sound;
    t.lacks_deaths = true;
    expect_refused(&t, RR_E_NOT_FOUND, "items.deaths");
    t = sound;
    t.vectors[3] = NAN; /* also one that is no item of the first generation */
    expect_refused(&t, RR_E_NOT_FINITE, "coordinate 1 of vector 1");
}
END_TEST

CHECK_MAIN("store/items_file", test_items_file_gives_the_generation_back_with_its_ancestors,
           test_items_file_of_an_ancestor_says_nothing_of_what_followed,
           test_items_file_refuses_what_cannot_be)
