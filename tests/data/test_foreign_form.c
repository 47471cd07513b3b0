/* SPDX-License-Identifier: MIT */
#include "data/foreign_form.h"

#include <string.h>

#include "check_run.h"

START_TEST(test_foreign_form_says_what_a_file_looks_like)
{
    static const struct {
        const char *text;
        size_t n;
        const char *says;
    } cases[] = {{"\x1f\x8b\x08", 3, "gzip"},
                 {"\xff\xfeu\0s\0", 6, "UTF-16"},
                 {"\xfe\xff\0u", 4, "UTF-16"},
                 {"u\0s\0e\0r\0", 8, "UTF-16"},
                 {"PK\x03\x04", 4, "zip"},
                 {"PAR1\x15", 5, "Parquet"},
                 {"BZh91AY", 7, "bzip2"},
                 {"\x28\xb5\x2f\xfd", 4, "zstd"},
                 {"\xfd\x37zXZ", 5, "xz"},
                 {"version https://git-lfs.github.com/spec/v1\n", 43, "LFS"},
                 {"<!DOCTYPE html>", 15, "web page"},
                 {"{\"user_id\":1}", 13, "JSON"},
                 {"{'user_id':1}", 13, "Python"},
                 {"%%MatrixMarket matrix coordinate real general\n3 4 2\n", 53, "sizes"},
                 {"[{\"user_id\":1}]", 15, "JSON array"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const says = rri_foreign_form_name(cases[i].text, cases[i].n);
        ck_assert_msg(says != NULL && strstr(says, cases[i].says) != NULL, "%zu", i);
    }
    static const char *const texts[] = {
        "user_id,item_id\n", "", "1\t2\n", "\xef\xbb\xbfu,i\n", "PK,item\n", "{,}\n", "%% bip\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_ptr_null(rri_foreign_form_name(texts[i], strlen(texts[i])));
    }
}
END_TEST

CHECK_MAIN("data/foreign_form", test_foreign_form_says_what_a_file_looks_like)
