/* SPDX-License-Identifier: MIT */
#include "data/foreign_form.h"

#include <string.h>

typedef struct foreign_form {
    const char *begin;
    size_t n;
    const char *sentence;
} foreign_form;

static const foreign_form forms[] = {
    {"\x1f\x8b", 2, "gzip data; decompress it first (the drivers do)"},
    {"\xff\xfe", 2, "UTF-16; convert it to UTF-8 first (the drivers do)"},
    {"\xfe\xff", 2, "UTF-16; convert it to UTF-8 first (the drivers do)"},
    {"PK\x03\x04", 4, "a zip archive; unpack it first"},
    {"BZh", 3, "bzip2 data; decompress it first"},
    {"\x28\xb5\x2f\xfd", 4, "zstd data; decompress it first"},
    {"\xfd\x37zXZ", 5, "xz data; decompress it first"},
    {"PAR1", 4, "a Parquet file; write it as CSV first"},
    {"version https://git-lfs", 23, "a Git LFS pointer; fetch the file itself (git lfs pull)"},
    {"<!DOCTYPE", 9, "a web page, as a download that failed leaves it"},
    {"<!doctype", 9, "a web page, as a download that failed leaves it"},
    {"<html", 5, "a web page, as a download that failed leaves it"},
    {"{\"", 2, "JSON lines; write them as delimited text first (the drivers read them)"},
    {"{ \"", 3, "JSON lines; write them as delimited text first (the drivers read them)"},
    {"{'", 2, "lines of Python dictionaries; write them as CSV first (the drivers read them)"},
    {"{u'", 3, "lines of Python dictionaries; write them as CSV first (the drivers read them)"},
    {"%%MatrixMarket", 14,
     "a Matrix Market file, whose first line without a % is no row but its sizes; cut it off "
     "first, "
     "up to that line"},
    {"[{", 2, "one JSON array; write it as one object a line, or as delimited text, first"},
};

const char *rri_foreign_form_name(const char *text, size_t bytes)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (bytes >= forms[i].n && memcmp(text, forms[i].begin, forms[i].n) == 0) {
            return forms[i].sentence;
        }
    }
    const char *const line_end = memchr(text, '\n', bytes);
    const size_t first = line_end == NULL ? bytes : (size_t)(line_end - text);
    return first > 0 && memchr(text, '\0', first) != NULL
               ? "binary data, or text in UTF-16: a byte of its first line is 0"
               : NULL;
}
