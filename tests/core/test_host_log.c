/* SPDX-License-Identifier: MIT */
#include "core/host_log.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"

typedef struct heard {
    int n;
    int32_t level;
    char sentence[1024];
} heard;

static void hear(void *user, int32_t level, const char *sentence)
{
    heard *h = user;
    h->n++;
    h->level = level;
    snprintf(h->sentence, sizeof h->sentence, "%s", sentence);
}

START_TEST(test_a_sentence_reaches_the_host_with_its_level)
{
    heard h = {0};
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = &h};
    const rri_host_log log = rri_host_log_of(&host);
    rri_host_log_say(&log, RR_LOG_WARNING, "%d of %s", 3, "them");
    ck_assert_int_eq(h.n, 1);
    ck_assert_int_eq(h.level, RR_LOG_WARNING);
    ck_assert_str_eq(h.sentence, "3 of them");
}
END_TEST

START_TEST(test_a_long_sentence_is_cut_and_terminated)
{
    heard h = {0};
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = &h};
    const rri_host_log log = rri_host_log_of(&host);
    char text[900];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rri_host_log_say(&log, RR_LOG_INFO, "%s", text);
    ck_assert_uint_eq(strlen(h.sentence), 507);
}
END_TEST

START_TEST(test_a_long_sentence_is_cut_at_a_whole_character_and_has_points)
{
    heard h = {0};
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = &h};
    const rri_host_log log = rri_host_log_of(&host);
    char text[900];
    for (size_t i = 0; i < sizeof text - 2; i += 2) {
        memcpy(text + i, "\xC3\xA9", 3);
    }
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++) {
    }
    rri_host_log_say(&log, RR_LOG_INFO, "%.2f %s", 0.25, text);
    setlocale(LC_ALL, "C");
    ck_assert(strncmp(h.sentence, "0.25 \xC3\xA9", 7) == 0);
    ck_assert_uint_eq(strlen(h.sentence), 507);
    rri_host_log_say(&log, RR_LOG_INFO, "%.3f %s", 0.25, text);
    ck_assert_uint_eq(strlen(h.sentence), 506);
    ck_assert_str_eq(h.sentence + 504, "\xC3\xA9");
}
END_TEST

START_TEST(test_no_host_and_no_log_are_silent)
{
    const rri_host_log none = rri_host_log_of(NULL);
    rri_host_log_say(&none, RR_LOG_INFO, "nobody");
    const rr_host host = {.struct_size = sizeof host};
    const rri_host_log silent = rri_host_log_of(&host);
    ck_assert(silent.write == NULL);
    rri_host_log_say(&silent, RR_LOG_INFO, "nobody");
}
END_TEST

START_TEST(test_a_shorter_host_has_no_log)
{
    heard h = {0};
    const rr_host host = {.struct_size = offsetof(rr_host, log), .log = hear, .user = &h};
    ck_assert(rri_host_log_of(&host).write == NULL);
}
END_TEST

CHECK_MAIN("core/host_log", test_a_long_sentence_is_cut_at_a_whole_character_and_has_points,
           test_a_sentence_reaches_the_host_with_its_level,
           test_a_long_sentence_is_cut_and_terminated, test_no_host_and_no_log_are_silent,
           test_a_shorter_host_has_no_log)
