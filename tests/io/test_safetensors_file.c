/* SPDX-License-Identifier: MIT */
/* A file is the block that memory would be, and one that is none costs no memory. */
#include "io/safetensors_file.h"

#include "sample_tensors.h"
#include "written_files.h"

static size_t largest, n_live, n_calls, fails_at;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    largest = bytes > largest ? bytes : largest;
    if (++n_calls == fails_at) {
        return NULL;
    }
    n_live++;
    return aligned_alloc(alignment, bytes);
}

static void release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    n_live--;
    free(block);
}

static const rri_allocator allocator = {.allocate = allocate, .release = release};

static rr_status read_file(const char *path, void **block, size_t *bytes, rr_error *err)
{
    largest = n_calls = 0;
    return rri_safetensors_file_read(block, bytes, path, &allocator, err);
}

static void expect_refused(const char *path, rr_status wanted, const char *sentence)
{
    void *block = NULL;
    size_t bytes = 77;
    rr_error err = {0};
    ck_assert_int_eq(read_file(path, &block, &bytes, &err), wanted);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
    ck_assert_msg(strstr(err.text, path) != NULL, "\"%s\" does not name the file", err.text);
    ck_assert_ptr_null(block);
    ck_assert_uint_eq(bytes, 77);
    ck_assert_uint_eq(n_live, 0);
}

START_TEST(test_safetensors_file_is_the_block_and_comes_back)
{
    files_begin();
    const char *const path = files_path("a");
    size_t bytes = 0, got = 0;
    unsigned char *const block = sample_write(&bytes);
    rr_error err = {0};
    int folder_number = 5;
    ck_assert_msg(rri_safetensors_file_save(path, sample_describe, NULL, &folder_number, &err) ==
                      RR_OK,
                  "%s", err.text);
    ck_assert_int_eq(folder_number, 0);
    files_expect(path, block, bytes);
    void *back = NULL;
    ck_assert_msg(read_file(path, &back, &got, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(got, bytes);
    ck_assert_mem_eq(back, block, bytes);
    rri_memory_release(&allocator, back, got);
    ck_assert_uint_eq(n_live, 0);
    free(block);
    files_end();
}
END_TEST

static rr_status describe_nothing(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err)
{
    (void)writer;
    (void)context;
    RRI_FAIL(err, RR_E_STATE, "there is nothing to describe");
}

START_TEST(test_safetensors_file_that_cannot_be_described_stays_as_it_was)
{
    files_begin();
    files_make(files_path("a"), "old", 0600);
    rr_error err = {0};
    ck_assert_int_eq(rri_safetensors_file_save(files_path("a"), describe_nothing, NULL, NULL, &err),
                     RR_E_STATE);
    ck_assert_str_eq(err.text, "there is nothing to describe");
    files_expect_text(files_path("a"), "old");
    ck_assert_uint_eq(files_count(), 1);
    files_end();
}
END_TEST

START_TEST(test_safetensors_file_reads_only_regular_files)
{
    files_begin();
    expect_refused(files_folder, RR_E_IO, "is not a regular file");
    ck_assert_int_eq(mkfifo(files_path("pipe"), 0600), 0);
    expect_refused(files_path("pipe"), RR_E_IO, "is not a regular file");
    expect_refused("/dev/zero", RR_E_IO, "is not a regular file");
    expect_refused(files_path("none"), RR_E_IO, "/none': No such file or directory");
    ck_assert_uint_eq(n_calls, 0);
    files_end();
}
END_TEST

/* A GiB of holes behind each of these beginnings. */
START_TEST(test_safetensors_file_that_is_none_costs_no_memory)
{
    static const char *const beginnings[] = {
        "",                                  /* a header of 0 bytes */
        "\xff\xff\xff\xff\xff\xff\xff\xff",  /* of more than the file */
        "\x01\x00\x20\x00\x00\x00\x00\x00",  /* of more than a header may have */
        "\x40\x00\x00\x00\x00\x00\x00\x00",  /* of 64 zeros */
        "\x40\x00\x00\x00\x00\x00\x00\x00{}" /* and of no tensors */
        "                                                              ",
    };
    static const size_t lengths[] = {0, 8, 8, 8, 8 + 64};
    for (size_t i = 0; i < 5; i++) {
        files_begin();
        const char *const path = files_path("sparse");
        const int fd = open(path, O_WRONLY | O_CREAT, 0600);
        ck_assert_int_eq(write(fd, beginnings[i], lengths[i]), (ssize_t)lengths[i]);
        ck_assert_int_eq(ftruncate(fd, (off_t)1 << 30), 0);
        close(fd);
        expect_refused(path, RR_E_FORMAT, "safetensors");
        ck_assert_msg(largest <= (size_t)1 << 14, "%zu bytes for beginning %zu", largest, i);
        files_end();
    }
}
END_TEST

/* A whole file, and more or less of it: the header says how much there must be. */
START_TEST(test_safetensors_file_of_another_length_is_refused_by_its_header)
{
    files_begin();
    const char *const path = files_path("a");
    ck_assert_int_eq(rri_safetensors_file_save(path, sample_describe, NULL, NULL, NULL), RR_OK);
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    const off_t lengths[] = {
        (off_t)1 << 30, s.st_size + 1, s.st_size - 1, s.st_size - 100, 9, 8, 7, 0};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ck_assert_int_eq(truncate(path, lengths[i]), 0);
        expect_refused(path, RR_E_FORMAT, "safetensors");
        ck_assert_uint_le(largest, (size_t)1 << 17);
    }
    files_end();
}
END_TEST

/* Metadata of a large file, of which the header alone is kept; its checksum is judged all the same.
 */
static rr_status large_describe(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    static const float zeros[1 << 20] = {0};
    const size_t shape[] = {1 << 20};
    (void)context;
    RRI_TRY(rri_safetensors_add_metadata(writer, "of", "a large one", err));
    return rri_safetensors_add(writer, "zeros", RRI_DTYPE_F32, shape, 1, zeros, err);
}

START_TEST(test_safetensors_file_header_is_read_without_the_rest_and_judged_with_it)
{
    files_begin();
    const char *const path = files_path("large");
    rri_safetensors_file_header header;
    rr_error err = {0};
    ck_assert_int_eq(rri_safetensors_file_save(path, large_describe, NULL, NULL, NULL), RR_OK);
    for (int checks = 0; checks < 2; checks++) {
        largest = n_calls = 0;
        ck_assert_msg(
            rri_safetensors_file_open_header(&header, path, checks != 0, &allocator, &err) == RR_OK,
            "%s", err.text);
        ck_assert_str_eq(rri_safetensors_metadata(&header.reader, "of"), "a large one");
        ck_assert_uint_le(largest, (size_t)1 << 14);
        rri_safetensors_file_close_header(&header);
        ck_assert_uint_eq(n_live, 0);
    }
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    const off_t places[] = {s.st_size - 1, s.st_size - 8, s.st_size - 9, s.st_size / 2, 16384, 700};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) { /* a byte of the data */
        unsigned char byte = 0;
        const int fd = open(path, O_RDWR);
        ck_assert_int_eq(pread(fd, &byte, 1, places[i]), 1);
        byte ^= 4;
        ck_assert_int_eq(pwrite(fd, &byte, 1, places[i]), 1);
        ck_assert_int_eq(rri_safetensors_file_open_header(&header, path, true, &allocator, &err),
                         RR_E_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.text, "the checksum does not fit"));
        ck_assert_ptr_nonnull(strstr(err.text, path));
        ck_assert_uint_eq(n_live, 0);
        byte ^= 4;
        ck_assert_int_eq(pwrite(fd, &byte, 1, places[i]), 1);
        close(fd);
    }
    for (fails_at = 1; fails_at <= 2; fails_at++) {
        n_calls = 0;
        ck_assert_int_eq(rri_safetensors_file_open_header(&header, path, true, &allocator, &err),
                         RR_E_MEMORY);
        ck_assert_uint_eq(n_live, 0);
    }
    fails_at = 0;
    files_end();
}
END_TEST

START_TEST(test_safetensors_file_without_memory_says_so)
{
    files_begin();
    ck_assert_int_eq(rri_safetensors_file_save(files_path("a"), sample_describe, NULL, NULL, NULL),
                     RR_OK);
    for (fails_at = 1; fails_at <= 3; fails_at++) { /* header, its index, contents */
        expect_refused(files_path("a"), RR_E_MEMORY, "could not be allocated");
    }
    fails_at = 0;
    files_end();
}
END_TEST

CHECK_MAIN("io/safetensors_file", test_safetensors_file_is_the_block_and_comes_back,
           test_safetensors_file_that_cannot_be_described_stays_as_it_was,
           test_safetensors_file_reads_only_regular_files,
           test_safetensors_file_that_is_none_costs_no_memory,
           test_safetensors_file_of_another_length_is_refused_by_its_header,
           test_safetensors_file_header_is_read_without_the_rest_and_judged_with_it,
           test_safetensors_file_without_memory_says_so)
