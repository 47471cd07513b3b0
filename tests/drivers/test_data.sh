#!/bin/sh
# SPDX-License-Identifier: MIT
# A log of what train makes of files that people have: for each kind several inputs, and what is
# told of them. What the library does with a text alone is logged in tests/data/test_load_cases.c.
#
#   sh tests/drivers/test_data.sh TRAIN EVALUATE REPORT HAS_ZLIB HAS_JANSSON
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
evaluate=$(absolute "$2")
report=$(absolute "$3")
has_zlib=$4
has_jansson=$5
enter_own_folder
leave_pages_out
words_are=-F
small="--algo ppo --total-timesteps 1024 --n-envs 64 --max-episode-steps 4 --num-sweeps 2 --num-factors 4 --name t --overwrite"

# loads FILE WORDS FLAGS…
loads() {
    file=$1
    words=$2
    shift 2
    # shellcheck disable=SC2086
    tells "$file $*: $words" "$words" "$train" $small --world "$file" "$@"
}
rejects() {
    file=$1
    words=$2
    shift 2
    # shellcheck disable=SC2086
    refuses "$file $*: $words" "$words" "$train" $small --world "$file" "$@"
}

# 30 users, 20 items, ratings 1 to 5, a time of each.
awk 'BEGIN { srand(3); for (u = 1; u <= 30; u++) for (i = 1; i <= 20; i++) if ((3 * u + 7 * i) % 10 < 6)
    print u, 100 + i, 1 + (u * i) % 5, 1500000000 + int(1000000 * rand()) }' >rows
n=$(wc -l <rows)
# table FILE SEPARATOR HEADER: the rows with it between them.
table() {
    { [ -z "$3" ] || echo "$3"; tr ' ' "$2" <rows; } >"$1"
}
table ml.csv , "userId,movieId,rating,timestamp"
table ml.tsv '\t' "user_id:token	item_id:token	rating:float	timestamp:float"
table books.txt ';' '"User-ID";"ISBN";"Book-Rating";"when"'
table bars.txt '|' ""
table own.csv , "who,what,how,when"
table kuai.csv , "user_id,video_id,is_click,time_ms"

# ── forms ──
loads ml.csv "ml.csv: commas, header, user userId, item movieId, rating rating, time timestamp"
loads ml.csv "$n rows, 30 users, 20 items"
loads ml.tsv "ml.tsv: tabs, header, user user_id:token, item item_id:token"
loads books.txt "semicolons, header, user User-ID, item ISBN, rating Book-Rating; not read when"
# shellcheck disable=SC2086
tells "without times nothing is the latest" '"held_out": "random"' "$train" $small --world books.txt --json --quiet
loads books.txt "no times: a random tenth is held out in place of each user's latest"
loads bars.txt "bars, no header, user column 1, item column 2, rating column 3, time column 4"
loads rows "blanks, no header, user column 1, item column 2, rating column 3, time column 4"
{ echo; sed 10q ml.csv; echo; sed -n '11,$p' ml.csv; } >empty.csv
loads empty.csv "skipped 2 empty lines"
{ cat ml.csv; cat ml.csv; } >twice.csv
loads twice.csv "skipped 1 header that came again"
sed 's/^\(1[0-9],\)/"\1/; s/^"\([0-9]*\),/"\1",/' ml.csv >quoted.csv
loads quoted.csv "$n rows, 30 users"
awk -F, 'BEGIN { OFS = "," } NR % 2 == 0 { $1 = $1 ".0" } { print }' ml.csv >floats.csv
loads floats.csv "$n rows, 30 users, 20 items; 30 ids were other spellings"
tr '\n' '\r' <ml.csv >mac.csv
loads mac.csv "$n rows, 30 users, 20 items"
{ echo '# made by hand'; cat ml.csv; } >commented.csv
loads commented.csv "skipped 1 comment"

# ── flags ──
loads own.csv "commas, header, user who, item what, rating how, time when" \
    --columns user=who,item=what,rating=how,time=when
loads own.csv "commas, header, user who, item what; not read how, when" --columns user=1,item=what \
    --feedback implicit
loads ml.csv "user userId, item movieId, time timestamp; not read rating" --columns rating= --feedback implicit
loads bars.txt "user column 2, item column 1" --columns user=2,item=1 --header no \
    --separator '|' --feedback implicit
rejects ml.csv "ml.csv has no ratings: --feedback implicit learns from who met what" --columns rating=
rejects own.csv "there is no column user_id; the first line has who, what, how, when"
rejects own.csv "user_id is to be column 'whom', which is not there" --columns user=whom,item=what
rejects own.csv '--columns has "person"; it must be user=' --columns person=who
rejects own.csv "--columns has user= twice" --columns user=who,user=what
rejects ml.csv '--header is "maybe"; it must be yes, no or auto' --header maybe
rejects ml.csv '--quotes is "on"; it must be yes or no' --quotes on
rejects ml.csv '--comment is "//"; it must be one character, or none' --comment //
rejects ml.csv "load options: separator is 'abc'" --separator abc
# shellcheck disable=SC2086
refuses "a world that reads no file takes no flag of reading" "which reads no interactions" \
    "$train" $small --columns user=1
sed '5s/^[0-9]*,/,/; 9s/,[0-9]*,/,nan,/' ml.csv >holes.csv
rejects holes.csv "holes.csv:5:1: user_id is empty"
sed '9s/^[0-9]*,/None,/' ml.csv >none.csv
rejects none.csv "none.csv:9:1: user_id is 'None', as a value that is missing is written"
loads none.csv "$((n - 1)) rows, 30 users, 20 items; skipped 1 row that was not whole" --skip-incomplete
sed '9s/[0-9]*$/2019-11-24/' ml.csv >dates.csv
rejects dates.csv "dates.csv:9:9: timestamp is '2019-11-24', a date, and the rows before it have numbers"
loads dates.csv "no times" --columns time=
loads holes.csv "$((n - 2)) rows, 30 users, 20 items; skipped 2 rows that were not whole" --skip-incomplete

# ── gzip, UTF-16, JSON lines, pipes ──
iconv -f UTF-8 -t UTF-16 ml.csv >mark.csv
iconv -f UTF-8 -t UTF-16LE ml.csv >little.csv
iconv -f UTF-8 -t UTF-16BE ml.tsv >big.tsv
loads mark.csv "mark.csv: UTF-16, commas, header"
loads little.csv "$n rows, 30 users, 20 items"
loads big.tsv "big.tsv: UTF-16, tabs, header"
{ cat ml.csv; printf '\377'; } | iconv -f ISO-8859-1 -t UTF-16LE | head -c 1001 >cut16.csv
rejects cut16.csv "cut16.csv: its UTF-16 is damaged"
# shellcheck disable=SC2086
tells "standard input is read" "standard input: commas, header" sh -c 'cat ml.csv | "$@" --world -' \
    sh "$train" $small
refuses "…and cannot be read again" "made from standard input; give --data FILE" "$evaluate" \
    checkpoints/ppo.safetensors --sessions 20
tells "…but a file of the same" "trained" "$evaluate" checkpoints/ppo.safetensors --sessions 20 \
    --data ml.csv
mkfifo pipe
cat ml.tsv >pipe &
loads pipe "pipe: tabs, header"
# shellcheck disable=SC2086
refuses "seeds do not share a pipe" "it must be a file" sh -c 'cat ml.csv | "$@" --world -' sh "$train" $small \
    --seeds 1-2
mkdir folder
rejects folder "folder"
if [ "$has_zlib" = yes ]; then
    gzip -c ml.csv >ml.csv.gz
    { gzip -c ml.csv; tail -n +2 ml.csv | gzip -c; } >members.gz
    gzip -c mark.csv >both.gz
    head -c 1500 ml.csv.gz >cut.gz
    loads ml.csv.gz "ml.csv.gz: gzip, commas, header"
    loads members.gz "$((2 * n)) rows, 30 users"
    loads both.gz "both.gz: gzip, UTF-16, commas, header"
    rejects cut.gz "cut.gz: the gzip data ends too early, as a download that was cut off does"
    { head -c 700 ml.csv.gz; head -c 900 /dev/zero; } >torn.gz
    rejects torn.gz "torn.gz: the gzip data is damaged"
    gzip -c ml.csv.gz >twice.gz
    rejects twice.gz "twice.gz: it is gzip data that was packed by gzip again; unpack it once"
else
    printf '\037\213\010\000' >ml.csv.gz
    rejects ml.csv.gz "this build has no zlib"
fi
awk '{ printf "{\"user_id\": \"u%d\", \"business_id\": \"b%d\", \"stars\": %d.0, \"text\": \"a \\\"b\\\"\\nc\", \"votes\": {\"a\": 1}, \"date\": \"2014-02-%02d 21:00:00\"}\n", $1, $2, $3, 1 + $4 % 28 }' rows >yelp.json
if [ "$has_jansson" = yes ]; then
    loads yelp.json "JSON lines, one object a line, user user_id, item business_id, rating stars, time date; not read text"
    loads yelp.json "$n rows, 30 users, 20 items"
    awk '{ printf "{\"reviewerID\":\"A%d\",\"asin\":\"B%d\",\"overall\":%d,\"verified\":true,\"unixReviewTime\":%d}\r\n", $1, $2, $3, $4 }' rows >amazon.json
    loads amazon.json "user reviewerID, item asin, rating overall, time unixReviewTime; not read verified"
    awk '{ printf "{\"rating\":%d.0,\"asin\":\"X\",\"parent_asin\":\"B%d\",\"user_id\":\"A%d\",\"timestamp\":%d000}\n", $3, $2, $1, $4 }' rows >amazon23.jsonl
    loads amazon23.jsonl "user user_id, item parent_asin, rating rating, time timestamp; not read asin"
    { sed 3q yelp.json; echo '{"user_id": 5,'; } >torn.json
    rejects torn.json "torn.json:4:"
    { sed 3q yelp.json; echo '{"user_id": "a", "stars": 3}'; } >part.json
    rejects part.json "part.json:4: item_id is empty"
    { sed 3q yelp.json; echo '{"user_id": "a", "business_id": "b", "stars": 3, "stars": 4}'; } >again.json
    rejects again.json "duplicate object key"
    # Keys that only later objects have are columns too, at any pace of a pipe.
    { sed 's/"stars": [0-9.]*, //; 3q' yelp.json; echo; sed -n '4,$p' yelp.json; } >late.json
    rejects late.json "late.json:1: rating is empty; skips_incomplete"
    loads late.json "$((n - 3)) rows, 30 users, 20 items; skipped 1 empty line, 3 rows that were not whole" \
        --skip-incomplete
    mkfifo slow
    { head -c 50 yelp.json; sleep 0.2; tail -c +51 yelp.json; } >slow &
    loads slow "$n rows, 30 users, 20 items"
    { sed 3q yelp.json; echo '[1, 2]'; } >list.json
    rejects list.json "list.json:4:1: the line is no JSON object"
    awk '{ printf "{u\047username\047: u\047\\u2665 %d\\\047s \"x\"\047, u\047hours\047: %d.5, u\047product_id\047: u\047%d\047, u\047user_id\047: None, u\047early_access\047: False, u\047text\047: u\"it\047s \\xe9\", u\047date\047: u\0472017-12-%02d\047}\n", $1, $3, $2, 1 + $4 % 28 }' rows >steam.json
    loads steam.json "steam.json: Python dictionaries, one object a line, user username, item product_id, rating hours, time date" \
        --columns user=username,item=product_id,rating=hours,time=date
    loads steam.json "$n rows, 30 users, 20 items" --columns user=username,item=product_id,rating=hours,time=date
    awk '{ printf "{\047reviewerID\047: \047A%d\047, \047asin\047: \047B%d\047, \047overall\047: %d, \047helpful\047: [0, 1]}\n", $1, $2, $3 }' rows >old.json
    loads old.json "user reviewerID, item asin, rating overall"
    awk '{ printf "{\"reviewerID\":\"A%d\",\"asin\":\"B%d\",\"overall\":%d}\n", $1, $2, $3 }' rows >new.json
    tells "…as if it were JSON" same sh -c "
        '$train' $small --world old.json --name of-old --quiet && '$train' $small --world new.json --name of-new --quiet &&
        cmp runs/of-old/log.csv runs/of-new/log.csv && echo same"
    for bad in "{'a': 'no end" "{'a': '\\q'}" "{'a': (1, 2)}" "{'user_id': 5,"; do
        { sed 3q old.json; echo "$bad"; } >wrong.json
        rejects wrong.json "wrong.json:4:1: the line is no Python dictionary of plain values"
    done
else
    rejects yelp.json "this build has no jansson"
    echo "{'user_id': 1}" >python.json
    rejects python.json "this build has no jansson"
fi
echo "[{\"user_id\": 1}]" >array.json
rejects array.json "one JSON array"
printf 'PK\003\004' >ml.zip
rejects ml.zip "a zip archive; unpack it first"

# ── what is positive ──
four=$(awk '$3 >= 4' rows | wc -l)
five=$(awk '$3 == 5' rows | wc -l)
one=$(awk '$3 == 1' rows | wc -l)
loads ml.csv "positive: rating>=4 (four fifths of the largest, 5), $four rows" --feedback implicit
loads ml.csv "positive: rating==5 (--positive), $five rows" --feedback implicit --positive 'rating==5'
loads ml.csv "positive: rating<2 (--positive), $one rows" --positive 'rating<2'
loads books.txt "positive: Book-Rating>=5 (--positive), $five rows" --feedback implicit --positive 'Book-Rating>=5'
awk -F, 'BEGIN { OFS = "," } NR > 1 { $3 = ($3 >= 4) } { print }' kuai.csv >clicks.csv
loads clicks.csv "positive: rating>0 (is_click counts or judges), $four rows" --feedback implicit
loads clicks.csv "is_click is no rating: --feedback implicit learns from those above 0"
sed 's/is_click/watch_ratio/' kuai.csv >watch.csv
loads watch.csv "positive: rating>=1 (watched to the end), $n rows" --feedback implicit
loads watch.csv "watch_ratio is no rating: --feedback implicit learns from those of 1 and more"
awk '{ printf "%d,\"Game, %d\",%s,%d.5,0\n", $1, $2, ($3 > 2 ? "play" : "purchase"), $3 }' rows >steam-200k.csv
loads steam-200k.csv "user column 1, item column 2, rating column 4; not read column 3, column 5"
loads steam-200k.csv "column 4 is no rating: --feedback implicit learns from those above 0"
loads steam-200k.csv "positive: rating>0 (column 4 counts or judges), $n rows" --feedback implicit
awk '{ printf "%040x\t%d\tname of %d\t%d\n", $1, $2, $2, $3 }' rows >plays.tsv
loads plays.tsv "user column 1, item column 3, rating column 4; not read column 2"
loads plays.tsv "positive: rating>0 (column 4 counts or judges), $n rows" --feedback implicit
loads bars.txt "positive: rating>=4 (four fifths of the largest, 5)" --feedback implicit \
    --columns user=1,item=2,rating=3
awk '{ print $1, $2, "x", $3 }' rows >fourth.txt
loads fourth.txt "positive: rating>=4 (four fifths of the largest, 5)" --feedback implicit \
    --columns user=1,item=2,rating=4 --header no
{ printf 'user_id:token\tplay_hours:float\tproducts:float\tproduct_id:token\ttimestamp:float\n'
    awk '{ printf "7656%d\t%d.5\t9\t%d\t%d\n", $1, $3, $2, $4 }' rows; } >steam.inter
loads steam.inter "user user_id:token, item product_id:token, rating play_hours:float, time timestamp:float"
loads steam.inter "play_hours:float is no rating: --feedback implicit learns from those above 0"
sed 's/is_click/weight/' kuai.csv >plays.csv
loads plays.csv "positive: rating>0 (weight counts or judges), $n rows" --feedback implicit
rejects ml.csv 'positive is "rating"; it must be a column' --positive rating
rejects ml.csv 'the ratings of ml.csv are in column rating' --positive 'stars>=4'
rejects ml.csv "no interaction is positive by rating>9" --feedback implicit --positive 'rating>9'
rejects ml.csv "no interaction is positive by rating>=11 (--positive)" --positive 'rating>=11'
cut -d, -f1,2 ml.csv >met.csv
rejects met.csv "has no ratings: every interaction is positive" --feedback implicit --positive 'rating>=4'
loads met.csv "no ratings: every row counts as 1" --feedback implicit

# ── a run keeps how its file is read ──
# shellcheck disable=SC2086
tells "columns and rule are a run's own" "how" "$train" $small --world own.csv --stop-after 512 \
    --columns user=who,item=what,rating=how --positive 'how>=4' --checkpoint kept.safetensors
tells "…and a resume has them" "positive: how>=4 (--positive), $four rows" "$train" --resume kept.safetensors
refuses "…and takes no others" '--columns is "user=1,item=2", but the checkpoint was made with' \
    "$train" --resume kept.safetensors --columns user=1,item=2
tells "evaluate reads the file as the run did, and says so" '"rating": {"name": "how", "number": 3}' \
    "$evaluate" kept.safetensors --sessions 20 --json
# shellcheck disable=SC2086
tells "--dump-config has them" "columns user=who,item=what" "$train" $small --world own.csv \
    --columns user=who,item=what --dump-config
# shellcheck disable=SC2086
tells "--json tells what was read" '"data": {"file": "empty.csv", "form": "text", "separator": ","' \
    "$train" $small --world empty.csv --json --quiet
grep -q -F '"skipped": {"empty_lines": 2, "comments": 0, "headers": 0, "incomplete_rows": 0}' out || {
    broken "--json tells what was skipped" out
}

# ── titles ──
# names FILE PATTERN: the report of a world of this file has such a name, and none by its index.
names() {
    # shellcheck disable=SC2086
    "$train" $small --world "$1" --name titled --quiet >out 2>err &&
        "$report" runs/titled -o page.html --sessions 20 >out 2>>err &&
        grep -q -E "$2" page.html && ! grep -q -E 'item (0?[0-9]|1[0-9])([^0-9]|$)' page.html || {
        echo "broken: the report of $1 has no $2" >&2
        sed 's/^/    /' err >&2
        grep -o -E 'item [0-9A-Z]+' page.html | sort -u | head -5 >&2
        failed=$((failed + 1))
    }
    rm -rf runs/titled
}
mkdir shop zeros plain
awk 'BEGIN { print "user_id\titem_id\trating\ttimestamp" } { printf "A%d\tB00%d\t%d\t%d\n", $1, $2, $3, $4 }' rows >shop/shop.inter
{ printf 'item_id:token\ttitle:token_seq\tclass:token_seq\n'; seq 101 120 | sed 's/.*/B00&\tThing &\tThings/'; } >shop/shop.item
names shop/shop.inter 'Thing 1[012][0-9]'
awk 'BEGIN { print "user_id,movieId,rating,timestamp" } { printf "%d,0000%d,%d,%d\n", $1, $2, $3, $4 }' rows >zeros/ratings.csv
{ echo movieId,title,genres; seq 101 120 | sed 's/.*/0000&,"Film, &",Drama/'; } >zeros/movies.csv
names zeros/ratings.csv 'Film, 1[012][0-9]'
awk -F, 'BEGIN { OFS = "," } NR > 1 { $2 = $2 ".0" } { print }' ml.csv >plain/ratings.csv
{ echo movieId,title,genres; seq 101 120 | sed 's/.*/&,Movie &,Drama/'; } >plain/movies.csv
names plain/ratings.csv 'Movie 1[012][0-9]'
names ml.csv 'item 1[012][0-9]'
rm shop/shop.item
names shop/shop.inter 'item B001[012][0-9]'
if [ "$has_zlib" = yes ]; then
    mkdir zipped
    gzip -c shop/shop.inter >zipped/shop.inter.gz
    { printf 'item_id:token\ttitle:token_seq\n'; seq 101 120 | sed 's/.*/B00&\tGoods &/'; } >zipped/shop.item
    names zipped/shop.inter.gz 'Goods 1[012][0-9]'
fi

all_kept data
