/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *program = "recrl";

void text_set_program(const char *name)
{
    program = name;
}

const char *text_program(void)
{
    return program;
}

void text_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void text_require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        text_fail("%s", err->text);
    }
}

void text_require_file(rr_status status, const rr_error *err, const char *path)
{
    if (status != RR_OK) {
        text_fail("%s: %s", path, err->text);
    }
}

void *text_allocate(size_t n, size_t size)
{
    void *block = calloc(n > 0 ? n : 1, size);
    if (block == NULL) {
        text_fail("no memory for %zu × %zu bytes", n, size);
    }
    return block;
}

const char *text_count(int64_t value)
{
    static char slots[8][32];
    static int next = 0;
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    char *slot = slots[next];
    next = (next + 1) % 8;
    int length = 0;
    for (int i = 0; i < n; i++) {
        slot[length++] = digits[i];
        const int left = n - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') {
            slot[length++] = ',';
        }
    }
    slot[length] = '\0';
    return slot;
}

bool text_expand_count(char out[64], const char *value)
{
    static const char units[] = "kMG";
    char *end = NULL;
    const bool is_number = value[0] >= '0' && value[0] <= '9' && strpbrk(value, "xX") == NULL;
    double number = is_number ? strtod(value, &end) : -1.0;
    const char *unit = is_number && *end != '\0' ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    for (const char *u = units; unit != NULL && u <= unit; u++) {
        number *= 1000.0;
    }
    end += unit != NULL ? 1 : 0;
    snprintf(out, 64, "%s", value);
    /* Above 2^53 a double is no longer every whole number: then as it stands. */
    if (!is_number || *end != '\0' || strspn(value, "0123456789") == strlen(value) ||
        number > 0x1p53 || number != floor(number)) {
        return false;
    }
    snprintf(out, 64, "%.0f", number);
    return true;
}

const char *text_comma_remedy(const char *value)
{
    const size_t before = strspn(value, "0123456789");
    const char *behind = value + before + 1;
    if (before == 0 || value[before] != ',' || strspn(behind, "0123456789,.") != strlen(behind)) {
        return "";
    }
    return "; it has a comma: decimals stand behind a point (0.01), and thousands are not parted "
           "(1000000, 1e6)";
}

int64_t text_parse_count(const char *flag, const char *value)
{
    char plain[64];
    char *end = NULL;
    text_expand_count(plain, value);
    errno = 0;
    const long long number = strtoll(plain, &end, 10);
    if (errno != 0 || end == plain || *end != '\0' || number < 0) {
        text_fail("%s is \"%s\"; it must be a whole number of at least 0, such as 1000000, 1e6 or "
                  "1M%s",
                  flag, value, text_comma_remedy(value));
    }
    return (int64_t)number;
}

uint64_t text_parse_bytes(const char *flag, const char *value)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(value, &end, 10);
    const bool is_number = errno == 0 && value[0] >= '0' && value[0] <= '9';
    uint64_t unit = 1;
    const char *letter = *end != '\0' ? strchr(units, *end) : NULL;
    for (const char *u = units; letter != NULL && u <= letter; u++) {
        unit *= 1000;
    }
    end += letter != NULL ? 1 : 0;
    if (!is_number || *end != '\0' || number < 1 || number > UINT64_MAX / unit) {
        text_fail("%s is \"%s\"; it must be a whole number of bytes of at least 1, such as "
                  "2000000000 or 2G (K, M, G, T: thousands)",
                  flag, value);
    }
    return (uint64_t)number * unit;
}

void text_path(char *out, size_t capacity, const char *folder, const char *name)
{
    if (snprintf(out, capacity, "%s/%s", folder, name) >= (int)capacity) {
        text_fail("%s/%s: the path is too long", folder, name);
    }
}

void text_make_folders(const char *path)
{
    char folder[4096];
    if (strlen(path) >= sizeof folder) {
        text_fail("%s: the path is too long", path);
    }
    strcpy(folder, path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            text_fail("%s: cannot create the folder: %s", folder, strerror(errno));
        }
        *slash = '/';
    }
}

void text_require_writable(const char *path)
{
    struct stat about;
    char probe[4096];
    text_make_folders(path);
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        text_fail("%s: cannot be written: it is a folder", path);
    }
    if (snprintf(probe, sizeof probe, "%s.XXXXXX", path) >= (int)sizeof probe) {
        text_fail("%s: the path is too long", path);
    }
    const int file = mkstemp(probe);
    if (file < 0) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
    close(file);
    unlink(probe);
}

/* SplitMix64's finaliser over the pair. */
uint64_t text_mix_seed(uint64_t seed, uint64_t purpose)
{
    uint64_t z = seed + purpose * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double text_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
