/* SPDX-License-Identifier: MIT */
#include "text_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_lines.h"
#include "python_line.h"
#include "text.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

enum { ROOM = 1 << 16 };

/* Bytes that a step has made and the next one has not taken. */
typedef struct pool {
    char bytes[ROOM];
    size_t begin, end;
    bool is_over; /* nothing will be added */
} pool;

struct text_stream {
    char path[1024];
    char form[64];
    char error[1300];
    int fd;
    bool is_pipe;
    pool raw, inflated;
    bool is_gzip, is_utf16;
    iconv_t converter;
    pool utf8;
    json_lines *lines; /* NULL: the text is delimited already */
#ifdef HAVE_ZLIB
    z_stream zip;
    bool is_in_member; /* of the gzip file, which may have several */
#endif
};

static int64_t fail(text_stream *s, const char *what)
{
    if (s->error[0] == '\0') {
        snprintf(s->error, sizeof s->error, "%s: %s", s->path, what);
    }
    return -1;
}

/* Moves what is there to the front. */
static void make_room(pool *p)
{
    memmove(p->bytes, p->bytes + p->begin, p->end - p->begin);
    p->end -= p->begin;
    p->begin = 0;
}

/* ── bytes ───────────────────────────────────────────────────────────────────────────────────── */

/* At least one byte more, or is_over; false where the system refuses. */
static bool fill_raw(text_stream *s)
{
    pool *const p = &s->raw;
    make_room(p);
    ssize_t n = 0;
    do {
        n = read(s->fd, p->bytes + p->end, ROOM - p->end);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        fail(s, strerror(errno));
        return false;
    }
    p->is_over = n == 0;
    p->end += (size_t)n;
    return true;
}

static bool begins_with(const pool *p, const char *bytes, size_t n)
{
    return p->end - p->begin >= n && memcmp(p->bytes + p->begin, bytes, n) == 0;
}

/* ── gzip ────────────────────────────────────────────────────────────────────────────────────── */

#ifdef HAVE_ZLIB

static bool begin_gzip(text_stream *s)
{
    memset(&s->zip, 0, sizeof s->zip);
    if (inflateInit2(&s->zip, 15 + 16) != Z_OK) {
        fail(s, "zlib has no memory");
        return false;
    }
    s->is_in_member = true;
    return true;
}

/* What zlib says is for those who know its format. */
static void fail_gzip(text_stream *s)
{
    char what[128];
    snprintf(what, sizeof what, "the gzip data is damaged%s%s%s; fetch or copy the file again",
             s->zip.msg != NULL ? " (" : "", s->zip.msg != NULL ? s->zip.msg : "",
             s->zip.msg != NULL ? ")" : "");
    fail(s, what);
}

/* Goes on into `inflated`; at the end of a member the next one begins. */
static bool inflate_some(text_stream *s)
{
    pool *const from = &s->raw, *const to = &s->inflated;
    make_room(to);
    const size_t before = to->end;
    while (to->end == before && !to->is_over) {
        if (from->begin == from->end && !from->is_over && !fill_raw(s)) {
            return false;
        }
        if (from->begin == from->end && from->is_over) {
            if (s->is_in_member) {
                fail(s, "the gzip data ends too early, as a download that was cut off does");
                return false;
            }
            to->is_over = true;
            break;
        }
        if (!s->is_in_member) {
            if (inflateReset(&s->zip) != Z_OK) {
                fail(s, "zlib cannot go on");
                return false;
            }
            s->is_in_member = true;
        }
        s->zip.next_in = (Bytef *)from->bytes + from->begin;
        s->zip.avail_in = (uInt)(from->end - from->begin);
        s->zip.next_out = (Bytef *)to->bytes + to->end;
        s->zip.avail_out = (uInt)(ROOM - to->end);
        const int status = inflate(&s->zip, Z_NO_FLUSH);
        from->begin = from->end - s->zip.avail_in;
        to->end = ROOM - s->zip.avail_out;
        if (status == Z_STREAM_END) {
            s->is_in_member = false;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            fail_gzip(s);
            return false;
        }
    }
    return true;
}

static void end_gzip(text_stream *s)
{
    inflateEnd(&s->zip);
}

#else

static bool begin_gzip(text_stream *s)
{
    fail(s, "it is gzip data, and this build has no zlib: install zlib1g-dev and build anew, or "
            "decompress it first");
    return false;
}

static bool inflate_some(text_stream *s)
{
    (void)s;
    return false;
}

static void end_gzip(text_stream *s)
{
    (void)s;
}

#endif

/* More of the decompressed bytes. */
static bool fill_inflated(text_stream *s)
{
    return s->is_gzip ? inflate_some(s) : fill_raw(s);
}

static pool *inflated_of(text_stream *s)
{
    return s->is_gzip ? &s->inflated : &s->raw;
}

/* ── UTF-16 ──────────────────────────────────────────────────────────────────────────────────── */

/* By its mark, or by a zero in each of the first two letters, which are ASCII in any header. */
static const char *utf16_name(const pool *p)
{
    const char *const b = p->bytes + p->begin;
    if (p->end - p->begin < 4) {
        return NULL;
    }
    return memcmp(b, "\xff\xfe", 2) == 0                                  ? "UTF-16LE"
           : memcmp(b, "\xfe\xff", 2) == 0                                ? "UTF-16BE"
           : b[0] != '\0' && b[1] == '\0' && b[2] != '\0' && b[3] == '\0' ? "UTF-16LE"
           : b[0] == '\0' && b[1] != '\0' && b[2] == '\0' && b[3] != '\0' ? "UTF-16BE"
                                                                          : NULL;
}

static bool convert_some(text_stream *s)
{
    pool *const from = inflated_of(s), *const to = &s->utf8;
    make_room(to);
    const size_t before = to->end;
    while (to->end == before && !to->is_over) {
        if (from->end - from->begin < 4 && !from->is_over && !fill_inflated(s)) {
            return false;
        }
        if (from->begin == from->end && from->is_over) {
            to->is_over = true;
            break;
        }
        char *in = from->bytes + from->begin, *out = to->bytes + to->end;
        size_t in_left = from->end - from->begin, out_left = ROOM - to->end;
        const size_t n = iconv(s->converter, &in, &in_left, &out, &out_left);
        const int number = errno;
        from->begin = from->end - in_left;
        to->end = ROOM - out_left;
        const bool is_cut = n == (size_t)-1 && number == EINVAL; /* half a letter: more is needed */
        if (n == (size_t)-1 && number != E2BIG && !(is_cut && !from->is_over)) {
            fail(s, "its UTF-16 is damaged");
            return false;
        }
    }
    return true;
}

/* ── the text ────────────────────────────────────────────────────────────────────────────────── */

static pool *text_of(text_stream *s)
{
    return s->is_utf16 ? &s->utf8 : inflated_of(s);
}

static bool fill_text(text_stream *s)
{
    return s->is_utf16 ? convert_some(s) : fill_inflated(s);
}

static int64_t read_text(void *stream, void *out, int64_t n_bytes)
{
    text_stream *const s = stream;
    pool *const p = text_of(s);
    if (p->begin == p->end && !p->is_over && !fill_text(s)) {
        return -1;
    }
    const size_t left = p->end - p->begin;
    const size_t n = left < (size_t)n_bytes ? left : (size_t)n_bytes;
    memcpy(out, p->bytes + p->begin, n);
    p->begin += n;
    return (int64_t)n;
}

/* Enough of the first bytes to know them by. */
static bool look(text_stream *s, pool *p, bool (*fill)(text_stream *))
{
    while (p->end - p->begin < 4 && !p->is_over) {
        if (!fill(s)) {
            return false;
        }
    }
    return true;
}

static void add_form(text_stream *s, const char *name)
{
    const size_t used = strlen(s->form);
    snprintf(s->form + used, sizeof s->form - used, "%s%s", used > 0 ? ", " : "", name);
}

/* Behind a mark. */
static bool is_python(const pool *p)
{
    const size_t at = p->begin + (begins_with(p, "\xef\xbb\xbf", 3) ? 3 : 0);
    return at < p->end && python_line_is((const char *)p->bytes + at, p->end - at);
}

/* JSON lines begin with an object's first key, behind a mark. */
static bool is_json(const pool *p)
{
    size_t at = p->begin;
    at += begins_with(p, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (at >= p->end || p->bytes[at] != '{') {
        return false;
    }
    for (at++; at < p->end && (p->bytes[at] == ' ' || p->bytes[at] == '\t'); at++) {
    }
    return at < p->end && p->bytes[at] == '"';
}

static bool open_steps(text_stream *s)
{
    if (!look(s, &s->raw, fill_raw)) {
        return false;
    }
    if (begins_with(&s->raw, "\x1f\x8b", 2)) {
        add_form(s, "gzip");
        s->is_gzip = true;
        if (!begin_gzip(s) || !look(s, &s->inflated, fill_inflated)) {
            return false;
        }
        if (begins_with(&s->inflated, "\x1f\x8b", 2)) {
            fail(s, "it is gzip data that was packed by gzip again; unpack it once (gunzip) first");
            return false;
        }
    }
    const char *const name = utf16_name(inflated_of(s));
    if (name != NULL) {
        pool *const p = inflated_of(s);
        const bool has_mark = begins_with(p, "\xff\xfe", 2) || begins_with(p, "\xfe\xff", 2);
        p->begin += has_mark ? 2 : 0;
        add_form(s, "UTF-16");
        s->converter = iconv_open("UTF-8", name);
        if (s->converter == (iconv_t)-1) {
            fail(s, "the C library's iconv knows no UTF-16; convert the file to UTF-8 first");
            return false;
        }
        s->is_utf16 = true;
        if (!look(s, &s->utf8, fill_text)) {
            return false;
        }
    }
    if (is_json(text_of(s)) || is_python(text_of(s))) {
        add_form(s, is_json(text_of(s)) ? "JSON lines" : "Python dictionaries");
        s->lines = json_lines_open(s->path, read_text, s);
    }
    return true;
}

text_stream *text_stream_open(const char *path)
{
    text_stream *const s = text_allocate(1, sizeof *s);
    const bool is_input = strcmp(path, "-") == 0;
    snprintf(s->path, sizeof s->path, "%s", is_input ? "standard input" : path);
    s->fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (s->fd < 0 || fstat(s->fd, &about) != 0) {
        text_fail("%s: %s", s->path, strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        text_fail("%s is a folder, not a file of interactions", path);
    }
    s->is_pipe = is_input || !S_ISREG(about.st_mode);
    if (!open_steps(s)) {
        text_fail("%s", s->error);
    }
    return s;
}

void text_stream_close(text_stream *s)
{
    if (s->fd > STDIN_FILENO) {
        close(s->fd);
    }
    if (s->is_gzip) {
        end_gzip(s);
    }
    if (s->is_utf16) {
        iconv_close(s->converter);
    }
    json_lines_close(s->lines);
    free(s);
}

bool text_stream_is_plain(const text_stream *s)
{
    return s->form[0] == '\0' && !s->is_pipe;
}

bool text_stream_is_pipe(const text_stream *s)
{
    return s->is_pipe;
}

const char *text_stream_form(const text_stream *s)
{
    return s->form;
}

int64_t text_stream_read(void *stream, void *out, int64_t n_bytes)
{
    text_stream *const s = stream;
    return s->lines != NULL ? json_lines_read(s->lines, out, n_bytes) : read_text(s, out, n_bytes);
}

const char *text_stream_error(const text_stream *s)
{
    return s->error[0] != '\0' ? s->error : json_lines_error(s->lines);
}
