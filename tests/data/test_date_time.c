/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* timegm, the outside oracle */
#include "data/date_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check_run.h"
#include "core/philox.h"

START_TEST(test_date_time_reads_the_forms_it_promises)
{
    static const struct {
        const char *text;
        int64_t microseconds;
    } cases[] = {
        {"1970-01-01 00:00:00", 0},
        {"1970-01-01T00:00:01Z", 1000000},
        {"1969-12-31 23:59:59.999999+00:00", -1},
        {"2019-11-24 00:00:13.004101+00:00", INT64_C(1574553613004101)},
        {"2019-11-24 00:00:13+00:00", INT64_C(1574553613000000)},
        {"2019-11-24 09:00:13+09:00", INT64_C(1574553613000000)},
        {"2019-11-23 18:30:13.5-05:30", INT64_C(1574553613500000)},
        {"2019-11-24T09:00:13+0900", INT64_C(1574553613000000)},
        {"2019-11-24 00:00:13 UTC", INT64_C(1574553613000000)},
        {"2019-11-24 00:00:13.25UTC", INT64_C(1574553613250000)},
        {"2019-11-24 00:00:13.123456789", INT64_C(1574553613123456)},
        {"2000-02-29 00:00:00", INT64_C(951782400000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t found = -7;
        ck_assert_msg(rri_date_time_parse(&found, cases[i].text, strlen(cases[i].text)), "%s",
                      cases[i].text);
        ck_assert_msg(found == cases[i].microseconds, "%s: %lld", cases[i].text, (long long)found);
    }
}
END_TEST

START_TEST(test_date_time_agrees_with_the_systems_calendar)
{
    for (uint64_t i = 0; i < 20000; i++) {
        const time_t moment =
            (time_t)rri_philox_below(3, RRI_STREAM_SPLIT, i, 0, 315000000000u) - 62000000000;
        struct tm parts;
        char text[64];
        int64_t found = 0;
        ck_assert_ptr_nonnull(gmtime_r(&moment, &parts));
        if (parts.tm_year + 1900 > 9999 || parts.tm_year + 1900 < 1) {
            continue;
        }
        snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        ck_assert_msg(rri_date_time_parse(&found, text, strlen(text)), "%s", text);
        ck_assert_msg(found == 1000000 * (int64_t)moment, "%s", text);
    }
}
END_TEST

START_TEST(test_date_time_refuses_what_is_no_time)
{
    static const char *const texts[] = {"",
                                        "2019-11-2",
                                        "2019-11-24 ",
                                        "2019-11-24Z",
                                        "2019-11-24 00:00",
                                        "2019-13-01 00:00:00",
                                        "2019-00-01 00:00:00",
                                        "2019-02-29 00:00:00",
                                        "1900-02-29 00:00:00",
                                        "2019-11-31 00:00:00",
                                        "2019-11-24 24:00:00",
                                        "2019-11-24 00:60:00",
                                        "2019-11-24 00:00:00.",
                                        "2019-11-24 00:00:00.1234567890",
                                        "2019-11-24 00:00:00+09",
                                        "2019-11-24 00:00:00+09:00x",
                                        "2019-11-24 00:00:00 UT",
                                        "2019-11-24 00:00:00 UTC+1",
                                        "2019-11-24 00:00:00  UTC",
                                        "2019-11-24 UTC",
                                        "2019/11/24 00:00:00",
                                        "20191-1-24 00:00:00",
                                        "0000-01-01 00:00:00"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t found = 7;
        ck_assert_msg(!rri_date_time_parse(&found, texts[i], strlen(texts[i])), "%s", texts[i]);
        ck_assert_int_eq(found, 7);
    }
}
END_TEST

CHECK_MAIN("data/date_time", test_date_time_reads_the_forms_it_promises,
           test_date_time_agrees_with_the_systems_calendar, test_date_time_refuses_what_is_no_time)
