/* SPDX-License-Identifier: MIT */
/* A log of what comes out of files that people have: for each kind several inputs, and the rows as
 * "user>item rating@time", or the sentence. Each text is read on one thread and on several, in one
 * block and in blocks of a few bytes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "load_text.h"
#include "recrl/recrl.h"

static char out[4096];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    const size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, sizeof out - used, format, arguments);
    va_end(arguments);
}

static void say_id(const rri_key_table *table, const rri_id_texts *texts, int32_t index)
{
    const rri_id_text *const text = rri_id_texts_find(texts, index);
    if (text != NULL) {
        say("%.*s", (int)text->length, texts->bytes + text->begin);
    } else {
        say("%llu", (unsigned long long)table->keys[index]);
    }
}

static void say_count(const char *what, size_t n)
{
    if (n > 0) {
        say(" %s:%zu", what, n);
    }
}

static const char *load_as(const char *text, size_t bytes, const rr_load_options *options)
{
    rri_interactions rows;
    rri_load_report report;
    rr_error err = {0};
    out[0] = '\0';
    if (load_text(&rows, &report, text, bytes, "f", options, &err) != RR_OK) {
        say("%s", err.text);
        return out;
    }
    for (size_t i = 0; i < rows.n; i++) {
        say("%s", i == 0 ? "" : " ");
        say_id(&rows.user_table, &rows.user_texts, rows.users[i]);
        say(">");
        say_id(&rows.item_table, &rows.item_texts, rows.items[i]);
        if (rows.has_ratings) {
            say(" %g", (double)rows.ratings[i]);
        }
        if (rows.has_times) {
            say("@%lld", (long long)rows.times[i]);
        }
    }
    say_count("empty", report.counts.n_empty);
    say_count("comments", report.counts.n_comments);
    say_count("headers", report.counts.n_headers);
    say_count("incomplete", report.counts.n_incomplete);
    say_count("users", report.counts.n_merged_users);
    say_count("items", report.counts.n_merged_items);
    rri_interactions_release(&rows);
    return out;
}

typedef struct load_case {
    const char *text, *expected;
} load_case;

static void try_cases(const load_case *cases, size_t n, const rr_load_options *options)
{
    const rr_load_options defaults = load_text_options();
    for (size_t i = 0; i < n; i++) {
        const char *const found =
            load_as(cases[i].text, strlen(cases[i].text), options == NULL ? &defaults : options);
        ck_assert_msg(strcmp(found, cases[i].expected) == 0, "%s\nis\n%s\nnot\n%s", cases[i].text,
                      found, cases[i].expected);
    }
}
#define TRY(cases, options) try_cases(cases, sizeof(cases) / sizeof(cases)[0], options)

START_TEST(test_load_cases_published_columns)
{
    static const load_case cases[] = {
        {"userId,movieId,rating,timestamp\n1,2,3.5,10\n", "1>2 3.5@10"}, /* MovieLens-25M */
        {"UserID::MovieID::Rating::Timestamp\n1::2::4::10\n", "1>2 4@10"},
        {"user_id:token\tartist_id:token\tweight:float\n2\t51\t13883.0\n", "2>51 13883"},
        {"userID\titemID\trating\ttimestamp\n1\t2\t3\t4\n", "1>2 3@4"}, /* recommenders */
        {"user_id,book_id,rating\n1,258,5\n", "1>258 5"},               /* goodbooks */
        {"userID\tartistID\tweight\n2\t51\t13883\n", "2>51 13883"},     /* hetrec Last.fm */
        {"reviewerID,asin,overall,unixReviewTime\nA1,B0,5.0,1\n", "A1>B0 5@1"},
        {"user_id,parent_asin,rating,timestamp\nAE,B0,5.0,1588687728923\n",
         "AE>B0 5@1588687728923"},
        {"user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n"
         "0,3649,13838,10867,2020-07-05 00:08:23.438,20200705,1593878903.438,1.273397\n",
         "0>3649 1.2734@1593878903"},
        {"user_id,video_id,date,hourmin,time_ms,is_click,is_like\n0,7,20220421,300,1650485000,1,"
         "0\n",
         "0>7 1@1650485000"},
        {"app_id,helpful,funny,date,is_recommended,hours,user_id,review_id\n"
         "975370,0,0,2022-12-12,true,36.3,51580,0\n",
         "51580>975370 1@1670803200000000"},
        {"review_id,user_id,business_id,stars,date\nr,u,b,3.0,2018-07-07 22:09:11\n",
         "u>b 3@1531001351000000"},
        {"A2IBPI20UZIR0U,0439381673,5.0,1364774400\n", "A2IBPI20UZIR0U>0439381673 5@1364774400"},
        {"0439381673,A2IBPI20UZIR0U,5.0,1364774400\n", "A2IBPI20UZIR0U>0439381673 5@1364774400"},
        {"00000c289a1829a808ac09c00daf10bc3c4e223b\t3bd73256-3905-4f3a-97e2-8b341527f805\tbetty "
         "blowtorch\t2137\n",
         "00000c289a1829a808ac09c00daf10bc3c4e223b>betty blowtorch 2137"},
        {"user_id:token\tplay_hours:float\tproducts:float\tproduct_id:token\ttimestamp:float\n"
         "76561198\t13.2\t92\t328100\t1512000000\n",
         "76561198>328100 13.2@1512000000"}, /* RecBole's steam.inter */
        {"15,\"Dota 2\",purchase,1.0,0\n15,\"Dota 2\",play,22.5,0\n", "15>Dota 2 1 15>Dota 2 22.5"},
    };
    TRY(cases, NULL);
}
END_TEST

START_TEST(test_load_cases_separators_and_lines)
{
    static const load_case cases[] = {
        {"\"User-ID\";\"ISBN\";\"Book-Rating\"\r\n\"276725\";\"034545104X\";\"0\"\r\n",
         "276725>034545104X 0"},
        {"user|item|rating\n1|2|3\n", "1>2 3"},
        {"1 2 3\n1  4\t5 \n 2 2 1\n", "1>2 3 1>4 5 2>2 1"},
        {"1::2::3::4\r\n2::2::5::6", "1>2 3@4 2>2 5@6"},
        {"user,item\r1,2\r3,4\r", "1>2 3>4"},
        {"user,item\r1,2\r3,4", "1>2 3>4"},
        {"user,item\n1,2\r\n3,4\n\r\n\n5,6", "1>2 3>4 5>6 empty:2"},
        {"1,2,4,978300760\n3,4,5,978300761", "1>2 4@978300760 3>4 5@978300761"},
        {"1,2\n3,4\n", "1>2 3>4"},
        {"user,item\n\n1,2\n   \n3,4\n", "1>2 3>4 empty:2"},
        {"\xef\xbb\xbfuser;item\n\xc3\xa9va;2\n", "\xc3\xa9va>2"},
    };
    TRY(cases, NULL);
    rr_load_options options = load_text_options();
    options.separator = "~";
    static const load_case other[] = {{"user~item\n1~2\n", "1>2"}, {"1~2~3\n", "1>2 3"}};
    TRY(other, &options);
}
END_TEST

START_TEST(test_load_cases_comments)
{
    static const load_case cases[] = {
        {"% bip weighted\n% 3 2 2\n1 2 3\n1 4 5\n", "1>2 3 1>4 5 comments:2"},
        {"# user item\n1 2\n# half\n3 4\n", "1>2 3>4 comments:1"},
        {"#user_id,item_id,rating\n1,2,3\n", "1>2 3"},
        {"# a file\nuser_id\titem_id\n1\t2\n#3\t4\n", "1>2 comments:2"},
        {"user_id,item_id\n1,2\n#3,4\n", "1>2 #3>4"},
    };
    TRY(cases, NULL);
    rr_load_options options = load_text_options();
    options.comment = "!";
    static const load_case marked[] = {{"user_id,item_id\n1,2\n!3,4\n", "1>2 comments:1"},
                                       {"!a\nuser_id,item_id\n#1,2\n", "#1>2 comments:1"}};
    TRY(marked, &options);
}
END_TEST

START_TEST(test_load_cases_quotes)
{
    static const load_case cases[] = {
        {"user_id\titem_id\trating\n\"1\"\t\"5\"\t4\n1\t5\t3\n2\t\"5\"\t1\n", "1>5 4 1>5 3 2>5 1"},
        {"user_id,item_id,review\n1,2,\"two\nlines, and a \"\"quote\"\"\"\n3,4,x\n", "1>2 3>4"},
        {"user_id,item_id,review\n1,2,\"a review,\nof two lines\"\n3,4,\"and "
         "another,\nof\nthree\"\n"
         "5,6,\"\n\"\n7,8,\"\n\n, the last\n\"\n",
         "1>2 3>4 5>6 7>8"},
        {"user_id;item_id\n\"a;b\";\"c\r\nd\"\n", "a;b>c\r\nd"},
        {"\"user_id\"|\"item_id\"\n\"a|b\"|2\n", "a|b>2"},
        {"user_id item_id\n\"a b\" 2\n", "a b>2"},
        {"1::\"a::b\"::3::4\n", "1>a::b 3@4"},
        {"user_id,item_id,title\n1,2,19\" disk\n3,4,\"\"\n", "1>2 3>4"},
        {"user_id,item_id\n1,\"2\n3,4\n",
         "f:2:3: a quote is not closed (has_quotes 0, train --quotes no, takes quotes as they "
         "stand)"},
        {"user_id\titem_id\ttitle\n1\t2\t\"Big\" one\n",
         "f:2:11: a closed quote must be followed by a separator (has_quotes 0, train --quotes no, "
         "takes quotes as they stand)"},
    };
    TRY(cases, NULL);
    rr_load_options options = load_text_options();
    options.has_quotes = 0;
    static const load_case plain[] = {{"user_id\titem_id\ttitle\n1\t2\t\"Big\" one\n", "1>2"},
                                      {"user_id\titem_id\ttitle\n1\t2\t\"Big one\n", "1>2"},
                                      {"user_id,item_id\n\"1\",2\n", "\"1\">2"}};
    TRY(plain, &options);
}
END_TEST

START_TEST(test_load_cases_one_id_is_one_id)
{
    static const load_case cases[] = {
        {"user_id,item_id,rating\n23,24,1\n32.0,10.0,3\n23.0,24,5\n32,10,2\n",
         "23>24 1 32>10 3 23>24 5 32>10 2 users:2 items:1"},
        {"user_id,item_id\n1e+05,1\n100000,1\n", "100000>1 100000>1 users:1"},
        {"user_id,item_id,rating,timestamp\n1,5,4.0,100\n1, 5,3.0,101\n2 ,5,2.0,102\n2,5,1.0,103\n",
         "1>5 4@100 1>5 3@101 2>5 2@102 2>5 1@103"},
        {"user_id,item_id\n1,\" 5\"\n1,5\n1,\"5\"\n1,\t5\n", "1>5 1>5 1>5 1>5"},
        {"user_id,item_id\n1.0,5\n2.0,5\n", "1>5 2>5"}, /* all in the other spelling */
        {"user_id,item_id\n7,1\n007,1\n7.0,1\n007.0,1\n", "7>1 007>1 7>1 007>1 users:2"},
        {"user_id,item_id\n1,7.0\n1,7\n1,B1\n", "1>7.0 1>7 1>B1"}, /* text throughout */
        {"user_id,item_id\n1,1e5\n1,3f2\n1,100000\n", "1>1e5 1>3f2 1>100000"},
        {"user_id,item_id\n-1.0,1\n-1,1\n-1.50,1\n-1.5,1\n", "-1>1 -1>1 -1.5>1 -1.5>1 users:2"},
        {"user_id,item_id\n+5,1\n5,1\n5.,1\n", "5>1 5>1 5>1 users:2"},
        {"user_id,item_id\n0,1\n0.0,1\n-0,1\n00,1\n", "0>1 0>1 0>1 00>1 users:2"},
        {"user_id,item_id\nA,1\nA ,1\n\"A\",1\n a,1\n", "A>1 A>1 A>1 a>1"},
        {"user_id,item_id\n7,1\n7\xc2\xa0,1\n\xe2\x80\x83"
         "7,\xef\xbb\xbf"
         "1\n",
         "7>1 7>1 7>1"},
        {"1,2\n\xef\xbb\xbf"
         "1,2\n",
         "1>2 1>2"}, /* one file behind the other */
        {"user_id,item_id\n1,2\n\xef\xbb\xbfuser_id,item_id\n1,3\n", "1>2 1>3 headers:1"},
        {"user_id,item_id\n,1\n",
         "f:2:1: user_id is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id\n1,\"\"\n",
         "f:2:3: item_id is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id\n1,2\nnan,2\n",
         "f:3:1: user_id is 'nan', as a value that is missing is written; skips_incomplete (train "
         "--skip-incomplete) skips such rows"},
        {"user_id,item_id\nA,\"None\"\n",
         "f:2:3: item_id is 'None', as a value that is missing is written; skips_incomplete (train "
         "--skip-incomplete) skips such rows"},
        {"user_id,item_id\nA, \\N\n",
         "f:2:3: item_id is '\\N', as a value that is missing is written; skips_incomplete (train "
         "--skip-incomplete) skips such rows"},
        {"user_id,item_id\n1,2\nNA,2\n",
         "f:3:1: user_id is 'NA', as a value that is missing is written; skips_incomplete (train "
         "--skip-incomplete) skips such rows"},
        {"user_id,item_id\n1,<NA>\n",
         "f:2:3: item_id is '<NA>', as a value that is missing is written; skips_incomplete (train "
         "--skip-incomplete) skips such rows"},
        {"user_id,item_id\nNone of you,nano\nNULLs,nan1\nNAB,N\n",
         "None of you>nano NULLs>nan1 NAB>N"},
    };
    TRY(cases, NULL);
}
END_TEST

/* A byte 0 is in no text; what is not read may have what it will. */
START_TEST(test_load_cases_a_byte_that_no_text_has)
{
    static const struct {
        const char *text;
        size_t bytes;
        const char *expected;
    } cases[] = {
        {"user_id,item_id\n1,2\n3\0,4\n", 25, "f:3:1: user_id has a byte 0, which no text has"},
        {"user_id,item_id\n1,A\n3,\0\0\n", 25, "f:3:3: item_id has a byte 0, which no text has"},
        {"user_id,item_id\n1,A\nx\0y,4\n", 26, "f:3:1: user_id has a byte 0, which no text has"},
        {"user_id,item_id,x\n1,A,b\n3,4,\0\n", 30, "1>A 3>4"},
    };
    const rr_load_options options = load_text_options();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(load_as(cases[i].text, cases[i].bytes, &options), cases[i].expected);
    }
}
END_TEST

/* Latin-1, a cut character, a surrogate and a byte beyond; names in UTF-8 are names. */
START_TEST(test_load_cases_an_id_that_is_no_utf8)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"user_id,item_id\n1,2\nus\xe9r,4\n",
         "f:3:1: user_id is 'us?r', which is not UTF-8: if the file is Latin-1, iconv -f latin1 -t "
         "utf8 makes it so"},
        {"user_id,item_id\n1,A\n3,x\xc3\n",
         "f:3:3: item_id is 'x?', which is not UTF-8: if the file is Latin-1, iconv -f latin1 -t "
         "utf8 makes it so"},
        {"user_id,item_id\n1,A\n3,\"\xed\xa0\x80z\"\n",
         "f:3:3: item_id is '???z', which is not UTF-8: if the file is Latin-1, iconv -f latin1 -t "
         "utf8 makes it so"},
        {"user_id,item_id\n1,A\n3,\xff\n",
         "f:3:3: item_id is '?', which is not UTF-8: if the file is Latin-1, iconv -f latin1 -t "
         "utf8 makes it so"},
        {"user_id,item_id\nus\xc3\xa9r,\xe6\x9d\xb1\n", "us\xc3\xa9r>\xe6\x9d\xb1"},
    };
    const rr_load_options options = load_text_options();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(load_as(cases[i].text, strlen(cases[i].text), &options),
                         cases[i].expected);
    }
}
END_TEST

START_TEST(test_load_cases_a_header_that_comes_again)
{
    static const load_case cases[] = {
        {"user_id,item_id\n1,2\nuser_id,item_id\n3,4\n", "1>2 3>4 headers:1"},
        {"userId\tmovieId\trating\n1\t2\t3\nuserId\tmovieId\trating\nuserId\tmovieId\trating\n1\t3"
         "\t"
         "4\n",
         "1>2 3 1>3 4 headers:2"},
        {"user_id:token,item_id:token\n\"user_id:token\", item_id:token \n3,4\n", "3>4 headers:1"},
        {"user_id,item_id,rating\r\n1,2,3\r\nuser_id,item_id,rating\r\n", "1>2 3 headers:1"},
        {"user_id,item_id\n1,2\nitem_id,user_id\n3,4\n",
         "f:3:1: the header comes again, with other columns"},
        {"user_id,item_id,rating\n1,2,3\nitem_id,user_id,rating\n",
         "f:3:1: the header comes again, with other columns"},
        {"user_id,item_id\nuser_id,7\n", "user_id>7"},
        {"user_id,item_id,rating\n1,2,3\nUser_Id,Item_Id,Rating\n3,4,5\n", "1>2 3 3>4 5 headers:1"},
        {"userId,movieId\na,b\nUSER-ID, \"Movie ID\" \nc,d\n", "a>b c>d headers:1"},
        {"user_id:token\titem_id:token\n1\t2\nuser_id\titem_id\n", "1>2 headers:1"},
        {"who,user,item\n1,2,3\nWho,USER,ITEM\nwho,user,7\nwhat,item,who\n",
         "2>3 user>7 item>who headers:1"},
        {"user_id,item_id\n1,2\nITEM_ID,USER_ID\n",
         "f:3:1: the header comes again, with other columns"},
        {"1,2\nuserId,movieId\n3,4\n", "1>2 3>4 headers:1"},
        {"1,2,3\nuserId,movieId,rating\n3,4,5\n", "1>2 3 3>4 5 headers:1"},
        {"1,2,3\nmovieId,userId,rating\n3,4,5\n", "f:2:1: a header comes, with other columns"},
        {"a1,b1,4,1400000000\nuser,item,rating,timestamp\na1,item,4,1400000000\n",
         "a1>b1 4@1400000000 a1>item 4@1400000000 headers:1"},
    };
    TRY(cases, NULL);
}
END_TEST

START_TEST(test_load_cases_rows_that_are_not_whole)
{
    static const load_case refused[] = {
        {"user_id,item_id,rating\n1,2,3\n1,,3\n",
         "f:3:3: item_id is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id,rating,timestamp\n1,2,3,\n",
         "f:2:7: timestamp is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id,rating\n1,2,3\n1,2\n", "f:3:1: the line has 2 fields; the header has 3"},
        {"1,2,3\n1,2\n", "f:2:1: the line has 2 fields; the first line has 3"},
        {"1;2;3,5\n1;3;4\n", "f:1:5: rating is '3,5'; it must be a finite number"},
        {"user_id;item_id;rating\n1;2;3,5\n", "f:2:5: rating is '3,5'; it must be a finite number"},
    };
    TRY(refused, NULL);
    rr_load_options options = load_text_options();
    options.skips_incomplete = 1;
    static const load_case skipped[] = {
        {"user_id,item_id,rating\n1,2,3\n1,,3\n,2,3\n1,2,\n", "1>2 3 incomplete:3"},
        {"user_id,item_id,x\n1,2,\nnan,2,3\n1,NULL,3\n", "1>2 incomplete:2"},
        {"user_id,item_id,timestamp\n1.0,2,5\n\"\",2,5\n1,2,\\N\n", "1>2@5 incomplete:2"},
        {"sessionId;userId;itemId;rating\n1;NA;7;3\n2;5;8;#N/A\n3;6;n/a;1\n4;6;9;1\n",
         "6>9 1 incomplete:3"},
    };
    TRY(skipped, &options);
}
END_TEST

START_TEST(test_load_cases_times)
{
    static const load_case cases[] = {
        {"user_id,item_id,date\n1,2,2005-09-12\n", "1>2@1126483200000000"},
        {"user_id,item_id,date\n1,2,2014-02-13 21:00:00\n", "1>2@1392325200000000"},
        {"user_id,item_id,timestamp\n1,2,2009-05-04T23:08:57Z\n", "1>2@1241478537000000"},
        {"user_id,item_id,timestamp\n1,2,1593878903.438\n", "1>2@1593878903"},
        {"user_id,item_id,date\n1,2,20220421\n", "1>2@20220421"},
        {"user_id,item_id,date\n1,2,2005-02-30\n",
         "f:2:5: timestamp is '2005-02-30'; it must be a number of 64 bits or a date (2019-11-24, "
         "2019-11-24 00:00:13+00:00); time_column \"\" (train --columns time=) reads none"},
        {"event_time,user_id,product_id\n2019-10-01 00:00:00 UTC,1,2\n", "1>2@1569888000000000"},
        {"user,item,time\n1,2,100\n1,3,2019-11-24\n",
         "f:3:5: timestamp is '2019-11-24', a date, and the rows before it have numbers; a column "
         "must have one of the two (time_column \"\", train --columns time=, reads none)"},
        {"user,item,time\n1,2,2019-11-24\n1,3,2019-11-25\n\n1,4,\"20191126\"\n1,5,x\n",
         "f:5:5: timestamp is '20191126', a number, and the rows before it have dates; a column "
         "must have one of the two (time_column \"\", train --columns time=, reads none)"},
        {"user,item,time\n1,2,9.5\nuser,item,time\n1,3,1e3\n1,4,2019-11-24 00:00:00Z\n",
         "f:5:5: timestamp is '2019-11-24 00:00:00Z', a date, and the rows before it have numbers; "
         "a column must have one of the two (time_column \"\", train --columns time=, reads none)"},
        {"user,item,time\n1,2,2019-11-24\nuser,item,time\n1,3,2019-11-25\n",
         "1>2@1574553600000000 1>3@1574640000000000 headers:1"},
    };
    TRY(cases, NULL);
}
END_TEST

START_TEST(test_load_cases_columns_by_number_and_name)
{
    rr_load_options options = load_text_options();
    options.user_column = "1";
    options.item_column = "3";
    options.time_column = "2";
    static const load_case numbered[] = {
        {"user_000001\t2009-05-04T23:08:57Z\tm1\tSigur\n", "user_000001>m1@1241478537000000"},
        {"7 9 8\n", "7>8@9"},
        {"who,when,what\n7,9,8\n", "7>8@9"}};
    TRY(numbered, &options);
    options = load_text_options();
    options.user_column = "1";
    options.item_column = "2";
    options.rating_column = "3";
    static const load_case valued[] = {{"1|101|2|9\n3|2|1|9\n", "1>101 2 3>2 1"},
                                       {"2 1 3\n1 2 4\n", "2>1 3 1>2 4"},
                                       {"3\t3\t3\n1\t2\t1\n", "3>3 3 1>2 1"},
                                       {"userId,movieId,rating\n2,1,3\n", "2>1 3"}};
    TRY(valued, &options);
    options = load_text_options();
    options.user_column = "WHO";
    options.item_column = "what";
    options.rating_column = "";
    static const load_case named[] = {{"who,what,rating\n1,2,3\n", "1>2"},
                                      {"rating,what,Who\n1,2,3\n", "3>2"},
                                      {"a,b\n1,2\n",
                                       "f:1:1: user_id is to be column 'WHO', which is not there; "
                                       "there are 2: a, b"}};
    TRY(named, &options);
    options = load_text_options();
    options.header = RR_HEADER_NO;
    options.user_column = "2";
    options.item_column = "1";
    static const load_case without[] = {{"user_id,item_id\nx,y\n", "item_id>user_id y>x"},
                                        {"a b\n", "b>a"},
                                        {"a\tb\nc\td\n", "b>a d>c"}};
    TRY(without, &options);
}
END_TEST

/* What the second line of files/make_long_second_line.py is: it fits into a block, but not together
 * with the header. */
START_TEST(test_load_cases_a_long_second_line)
{
    enum { BLOCK = 2 << 20 };
    char *const text = malloc(BLOCK + 200);
    for (size_t length = BLOCK - 20; length <= BLOCK + 1; length++) {
        size_t n = (size_t)sprintf(text, "user_id,item_id,rating,review\n1,2,3,\"");
        const size_t line = n - 7;
        while (n - line + 2 < length) {
            text[n++] = 'x';
        }
        n += (size_t)sprintf(text + n, "\"\n2,3,4,ok\n");
        rri_interactions rows;
        rr_error first = {0};
        for (int32_t n_threads = 1; n_threads < 4; n_threads++) {
            rr_error err = {0};
            rr_load_options options = load_text_options();
            options.num_threads = n_threads;
            const rr_status status = load_text_once(&rows, NULL, text, n, "f", &options, &err);
            ck_assert_msg((status == RR_OK) == (length <= BLOCK), "%zu: %s", length, err.text);
            if (status == RR_OK) {
                ck_assert(rows.n == 2 && rows.ratings[1] == 4.0f);
                rri_interactions_release(&rows);
            }
            first = n_threads == 1 ? err : first;
            ck_assert_str_eq(first.text, err.text);
        }
    }
    free(text);
}
END_TEST

/* Rows of which every column is known, among lines that are none, over many blocks. */
START_TEST(test_load_cases_rows_move_up_behind_lines_that_are_none)
{
    enum { N = 700 };
    static char text[60000];
    size_t n = (size_t)sprintf(text, "# rows\nuser_id,item_id,rating,timestamp\n");
    size_t n_others = 1;
    for (unsigned i = 0; i < N; i++) {
        n += (size_t)sprintf(text + n, i % 11 == 3 ? "u%u,%u,%u.5,%u\n" : "%u,%u,%u.5,%u\n", i,
                             i % 7, i % 9, 1000 + i);
        for (unsigned k = 0; k < i % 5; k++, n_others++) {
            static const char *const lines[] = {"\n", "# none\n",
                                                "user_id,item_id,rating,timestamp\n", " \r\n"};
            n += (size_t)sprintf(text + n, "%s", lines[(i + k) % 4]);
        }
    }
    rri_interactions rows;
    rri_load_report report;
    const rr_load_options options = load_text_options();
    ck_assert_int_eq(load_text(&rows, &report, text, n, "f", &options, NULL), RR_OK);
    ck_assert_uint_eq(rows.n, N);
    for (unsigned i = 0; i < N; i++) {
        ck_assert(rows.ratings[i] == (float)(i % 9) + 0.5f && rows.times[i] == 1000 + i);
        ck_assert(rows.users[i] == (int32_t)i && rows.item_table.keys[rows.items[i]] == i % 7);
    }
    const rri_row_counts *const c = &report.counts;
    ck_assert_uint_eq(c->n_empty + c->n_comments + c->n_headers, n_others);
    ck_assert_uint_eq(c->n_lines, N + n_others + 1);
    rri_interactions_release(&rows);
}
END_TEST

/* Through the front door: what was read is told, and ids and keys find each other. */
START_TEST(test_load_cases_are_told)
{
    static const char text[] = "% made by hand\n"
                               "userId;title;movieId;rating\n"
                               "A1;x;23;4\nA1;x;23.0;5\n\nuserId;title;movieId;rating\n"
                               "0007;x;24;1\nA1;;;1\n";
    memory_text memory = {.text = text, .bytes = sizeof text - 1};
    rr_load_options options = load_text_options();
    options.read = load_text_read;
    options.read_user = &memory;
    options.skips_incomplete = 1;
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    ck_assert_msg(rr_dataset_load(&dataset, "told", &options, NULL, &err) == RR_OK, "%s", err.text);
    rr_dataset_source source = {.struct_size = sizeof source};
    ck_assert_int_eq(rr_dataset_describe_source(dataset, &source, NULL), RR_OK);
    ck_assert_str_eq(source.separator, ";");
    ck_assert_str_eq(source.user_column, "userId");
    ck_assert_str_eq(source.item_column, "movieId");
    ck_assert_str_eq(source.rating_column, "rating");
    ck_assert_str_eq(source.time_column, "");
    ck_assert_str_eq(source.unused, "title");
    ck_assert(source.has_header == 1 && source.user_number == 1 && source.item_number == 3 &&
              source.rating_number == 4 && source.time_number == 0 && source.position_number == 0);
    ck_assert(source.n_lines == 8 && source.n_rows == 3 && source.n_empty == 1 &&
              source.n_comments == 1 && source.n_headers == 1 && source.n_incomplete == 1);
    ck_assert(source.n_merged_users == 0 && source.n_merged_items == 1 &&
              source.n_text_users == 2 && source.n_text_items == 0);
    rr_dataset_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(rr_dataset_describe(dataset, &view, NULL), RR_OK);
    ck_assert(view.has_times == 0 && view.n_users == 2 && view.n_items == 2);
    char id[16];
    ck_assert_int_eq(rr_dataset_user_id(dataset, 1, id, sizeof id, NULL), RR_OK);
    ck_assert_str_eq(id, "0007");
    ck_assert_uint_eq(rr_id_key("0007", 4), view.user_keys[1]);
    ck_assert_uint_eq(rr_id_key(" A1 ", 4), view.user_keys[0]);
    ck_assert(rr_id_key("23", 2) == 23 && rr_id_key(NULL, 4) == 0 && rr_id_key("7", 0) == 0);
    ck_assert_int_eq(rr_dataset_item_id(dataset, 0, id, sizeof id, NULL), RR_OK);
    ck_assert_str_eq(id, "23");
    ck_assert_int_eq(rr_dataset_user_id(dataset, 1, id, 3, NULL), RR_OK);
    ck_assert_str_eq(id, "00");
    ck_assert_int_eq(rr_dataset_item_id(dataset, 2, id, sizeof id, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_item_id: index is 2; it must be in [0, 2)");
    rr_dataset *part = NULL;
    ck_assert_int_eq(rr_dataset_select(&part, dataset, (const uint8_t[]){0, 0, 1}, 0, NULL, NULL),
                     RR_OK);
    ck_assert_int_eq(rr_dataset_user_id(part, 1, id, sizeof id, NULL), RR_OK);
    ck_assert_str_eq(id, "0007");
    ck_assert_int_eq(rr_dataset_describe_source(part, &source, &err), RR_E_NOT_FOUND);
    rr_dataset_destroy(part);
    rr_dataset_destroy(dataset);
}
END_TEST

CHECK_MAIN("data/load_cases", test_load_cases_published_columns,
           test_load_cases_separators_and_lines, test_load_cases_comments, test_load_cases_quotes,
           test_load_cases_one_id_is_one_id, test_load_cases_a_byte_that_no_text_has,
           test_load_cases_an_id_that_is_no_utf8, test_load_cases_a_header_that_comes_again,
           test_load_cases_rows_that_are_not_whole, test_load_cases_times,
           test_load_cases_columns_by_number_and_name, test_load_cases_a_long_second_line,
           test_load_cases_rows_move_up_behind_lines_that_are_none, test_load_cases_are_told)
