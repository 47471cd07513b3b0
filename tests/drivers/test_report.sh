#!/bin/sh
# SPDX-License-Identifier: MIT
# What report promises in --help, tried on small runs in a folder of its own.
#
#   sh tests/drivers/test_report.sh TRAIN REPORT
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
report=$(absolute "$2")
look=$here/look.py
enter_own_folder
leave_pages_out

small="$narrow --total-timesteps 4000 --num-items 50 --quiet"
for algo in ppo a2c; do
    for seed in 0 1; do
        # shellcheck disable=SC2086
        promise "train writes a run" "$train" --algo $algo --seed $seed $small \
            --name "$algo-synthetic-$seed"
    done
done
promise "report gathers seeds and recipes" "$report" runs/ppo-synthetic-0 runs/ppo-synthetic-1/ \
    runs/a2c-synthetic-0 runs/a2c-synthetic-1 -o page/report.html --sessions 60 --curve page/curve.svg
promise "the page is whole, and says what it shows" python3 "$look" page/report.html \
    "The synthetic world" "ppo-synthetic, 2 seeds" "one-step oracle" "best known play" "approx_kl" "Who gets shown" "Session 3" \
    "learning rate" "ppo-synthetic against the others, session by session" "in 120 sessions that both play" \
    "By user and by time" "none is new or heavy"
promise "two recipes are compared in figures and in a picture" python3 -c "
import re
page = open('page/report.html').read()
rows = re.findall(r'a2c-synthetic(?:, greedy)?</td>(.*?)</tr>', page)
rows = [r for r in rows if 'won' not in r and r.count('<td>') == 5]
assert len(rows) == 2, rows
for row in rows:
    first, other, difference, half = map(float, re.match(
        r'<td>(\S+)</td><td>(\S+)</td><td>([-+]\S+) <i>±([^<]+)</i>', row).groups())
    assert abs(first - other - difference) < 0.011 and half > 0, row
assert len(re.findall('<circle', page)) == 2 and 'Differences and their 95 % intervals' in page"
promise "one recipe has nobody to be compared with" sh -c "'$report' runs/ppo-synthetic-0 -o alone.html --sessions 60 &&
    ! grep -q 'against the others' alone.html"
promise "legends say the algorithms" python3 -c "
page = open('page/report.html').read()
lorenz = page[page.index('Who gets shown'):].split('</div>')[0]
assert '</span>PPO</span>' in lorenz and '</span>A2C</span>' in lorenz, lorenz
curve = open('page/curve.svg').read()
assert '>PPO</text>' in curve and '>A2C</text>' in curve and 'synthetic' not in curve, curve"
promise "the curve is a picture of its own" python3 -c "
import sys, xml.etree.ElementTree as tree
svg = tree.parse('page/curve.svg').getroot()
sys.exit(not (svg.tag.endswith('svg') and svg.findall('.//{*}path') and svg.find('{*}style') is not None))"

# Seeds are averaged: the table's mean lies between what each seed alone has.
share() {
    "$report" "$@" -o one.html --sessions 60 >out 2>err
    sed -n 's/.*class="big[ a-z]*">\(-*[0-9.]*\)&.*/\1/p' one.html | head -n 1
}
both=$(share runs/ppo-synthetic-0 runs/ppo-synthetic-1)
promise "a group's figure is the mean of its seeds" python3 -c "
import sys
one, two, both = map(float, sys.argv[1:])
sys.exit(abs((one + two) / 2 - both) > 0.11)" "$(share runs/ppo-synthetic-0)" "$(share runs/ppo-synthetic-1)" "$both"

# One checkpoint, one figure: what train said of it, the report says.
# shellcheck disable=SC2086
"$train" --algo ppo $small --json --name judged >judged.json
promise "report plays by default" "$report" runs/judged -o judged.html
promise "train and report judge a checkpoint in the same sessions" python3 -c "
import json, re
said, page = json.load(open('judged.json')), open('judged.html').read()
row = re.search(r'judged</td><td>(\S+) <i>.*?</td><td>(\S+) %', page)
assert row.group(1) == '%.3f' % said['reward_per_step'] and row.group(2) == '%.1f' % (100 * said['oracle_share']), (said, row)"

# A run keeps its own checkpoint: the next one may save over the default.
# shellcheck disable=SC2086
promise "a run that learns nothing trains" "$train" --algo ppo --lr 1e-9 $small --name still
# shellcheck disable=SC2086
promise "a run that learns trains" "$train" --algo ppo --name moving $small --total-timesteps 20000
promise "runs with one checkpoint path stay two runs" python3 -c "
import sys
still, moving = map(float, sys.argv[1:])
sys.exit(not still < moving - 20)" "$(share runs/still)" "$(share runs/moving)"

# What a run is called is text, not markup.
# shellcheck disable=SC2086
promise "train takes odd names" "$train" --algo ppo $small --name '<b>&"x"'
promise "report takes odd names" "$report" 'runs/<b>&"x"' -o odd.html --sessions 60
promise "an odd name is shown as it is" python3 "$look" --read odd.html '<b>&"x"'

# shellcheck disable=SC2086
promise "the leave rule trains" "$train" --algo ppo --world tiring $small --name ppo-tiring-0
promise "worlds stand one below the other" "$report" runs/ppo-synthetic-0 runs/ppo-tiring-0 -o two.html \
    --sessions 60
promise "…each with its own section" python3 "$look" --read two.html "The synthetic world" "The tiring world" \
    "patient" "Return of a session"

# A world of a file, with names beside it.
awk 'BEGIN { print "user_id:token\titem_id:token\trating:float"
    for (u = 0; u < 40; u++) for (i = 0; i < 30; i++) if ((u + i) % 3) print u "\t" i "\t" 1 + (u * i) % 5 }' >own.inter
awk 'BEGIN { print "item_id:token\tmovie_title:token_seq\tclass:token_seq"
    for (i = 0; i < 30; i++) print i "\tFilm <" i ">\tDrama & War" }' >own.item
promise "a world is learned from a file" "$train" --algo ppo --world own.inter --total-timesteps 2000 \
    --quiet --name films
promise "report names what was recommended" "$report" runs/films -o films.html --sessions 60
promise "…by title and genre" python3 "$look" films.html "Film <" "Drama & War" "new users" "heavy users" \
    "Ranking what users met next" "recall@20" "factors (explicit)" "factors (implicit)" "A policy is trained for rewards"

promise "…and no film twice in a session, neither of the learner nor beside it" python3 -c "
import re
page = open('films.html').read()
lists = re.findall('<ol>(.*?)</ol>', page, re.S)
films = [re.findall('<li>(.*?) <small>', one) for one in lists]
assert len(films) == 9 and all(len(f) == len(set(f)) == 10 for f in films), films"

# Where repeats are allowed again, similar shows one film all the time.
promise "repeats may be asked for" "$train" --algo ppo --world own.inter --total-timesteps 2000 --quiet \
    --name again --excludes-shown false
promise "…and are reported" "$report" again -o again.html --sessions 60
for pair in films:0.0 again:19.0; do
    promise "${pair%:*} has ${pair#*:} repeats a session of similar" python3 -c "
import re, sys
page = open('${pair%:*}.html').read()
row = re.search(r'<tr[^>]*><td[^>]*>similar</td>(.*?)</tr>', page, re.S).group(1)
assert abs(float(re.findall(r'<td[^>]*>(-?[0-9.]+)', row)[5]) - ${pair#*:}) < 0.01, row"
done
promise "a session longer than the catalogue is played with repeats" "$train" --algo ppo --world own.inter \
    --max-episode-steps 30 --total-timesteps 2000 --quiet --name longer
refuses "…unless none are asked for" "excludes_shown" "$train" --algo ppo --world own.inter \
    --max-episode-steps 30 --excludes-shown true --total-timesteps 2000 --quiet

# In the synthetic world a linear model of the next reward needs few rows.
promise "linear learners stand beside the runs" "$report" runs/still runs/a2c-synthetic-0 \
    -o linear.html --sessions 60 --bandits 500 --title linear
promise "…and the page says who is ahead" python3 -c "
import re
page = open('linear.html').read()
table = page[page.index('of the way</th>'):].split('</table>')[0]
rows = {name: float(share) for name, share in re.findall(
    r'<tr[^>]*><td>(?:<span[^>]*></span>)?([a-z0-9-]+)</td><td>.*?</td><td>(-?[0-9.]+) %', table)}
assert {'ridge', 'linucb', 'thompson', 'still'} <= set(rows), rows
best = max(('ridge', 'linucb', 'thompson'), key=rows.get)
assert rows[best] > rows['still'] and rows[best] > rows['a2c-synthetic'], rows
for run in ('still', 'a2c-synthetic'):
    said = re.search(run + ', after ([0-9,]+) rows, is behind ' + best + ': ([-0-9.]+)&thinsp;%', page)
    assert said and int(said.group(1).replace(',', '')) >= 4000 and float(said.group(2)) == rows[run], (run, best, rows)
assert 'learned from 500 rows' in page"
promise "linear learners stand there only when asked for" sh -c "! grep -q 'linucb' page/report.html"
tells "what every driver is asked is asked of the report" "report 0.1.0" "$report" --version
ln -sf "$report" recrl-report
tells "usage names the program as it is called" "usage: recrl-report RUN" ./recrl-report -h
refuses "no rows are no rows" "--bandits is 0; it must be in .1, 1000000000." "$report" runs/ppo-synthetic-0 --bandits 0

# Runs lie elsewhere, and are called almost so.
mkdir elsewhere
cp -r runs/films elsewhere/films
promise "report finds runs elsewhere" "$report" films --runs=elsewhere -o else.html --sessions 20
refuses "a run that is none is named, with one that there is" "there is no run of this name in elsewhere.*mean films?" \
    "$report" flims --runs elsewhere
refuses "a flag that is none is named, with one that there is" "no flag --titel; did you mean --title?" \
    "$report" films --titel x
refuses "a flag wants its value" "--title wants a value" "$report" films --title

for seed in 0 1; do
    promise "seeds share a world of a file" "$train" --algo ppo --world own.inter --total-timesteps 1000 --quiet --seed $seed \
        --name film-$seed
done
promise "report takes seeds that share a world" "$report" runs/film-0 runs/film-1 -o seeds.html --sessions 40
promise "…and shows the recipe once in a legend, once a session" python3 -c "
import re
page = open('seeds.html').read()
legend = page[page.index('Who gets shown'):].split('</div>')[0]
first = re.search('Session 1<(.*?)Session 2<', page, re.S).group(1)
assert legend.count('</span>PPO</span>') == 1, legend
assert first.count('<h4>film</h4>') == 1, first"

# shellcheck disable=SC2086
promise "a name may recur in another world" "$train" --algo ppo $small --total-timesteps 2000 --name film-2
promise "report takes one name in two worlds" "$report" runs/film-0 runs/film-2 runs/film-1 -o name.html --sessions 40
promise "…and either world has its own figures and curves" python3 "$look" --read name.html "The synthetic world"
promise "…and headline" sh -c 'test "$(grep -c "class=.big" name.html)" = 2'

# MovieLens' own layouts, each in a folder of its own.
mkdir ml-1m ml-20m ml-100k
rows='for (u = 1; u < 40; u++) for (i = 0; i < 30; i++) if ((u + i) % 3) '
awk "BEGIN { $rows print u \"::\" i \"::\" 1 + (u * i) % 5 \"::\" u * i }" >ml-1m/ratings.dat
awk 'BEGIN { for (i = 0; i < 30; i++) printf "%s%d::Am%slie %d::%sComedy|Romance\n", i ? "" : "\357\273\277", i, i % 2 ? "\351" : "\303\251", i,
        i % 3 ? "" : "Part::Two::" }' >ml-1m/movies.dat
awk "BEGIN { print \"userId,movieId,rating,timestamp\"; $rows print u \",\" i \",\" 1 + (u * i) % 5 \".5,\" u * i }" \
    >ml-20m/ratings.csv
awk 'BEGIN { print "movieId,title,genres"
    for (i = 0; i < 30; i++) printf "%d,\"Film, \"\"The\"\" %d\",Comedy|Romance\n", i, i }' >ml-20m/movies.csv
awk "BEGIN { $rows print u \"\t\" i \"\t\" 1 + (u * i) % 5 \"\t\" u * i }" >ml-100k/u.data
awk 'BEGIN { for (i = 0; i < 30; i++)
    print i "|Film " i "|01-Jan-1995||http://|0|1|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0" }' >ml-100k/u.item
for file in ml-1m/ratings.dat ml-20m/ratings.csv ml-100k/u.data; do
    promise "a world is learned from $file" "$train" --algo ppo --world $file --total-timesteps 1000 --quiet \
        --name "$(dirname $file)"
    promise "report reads the names beside $file" "$report" "runs/$(dirname $file)" -o "$(dirname $file).html" \
        --sessions 40
done
promise "…of Latin-1, or UTF-8, with two colons" python3 "$look" --read ml-1m.html "Amélie" "Comedy Romance"
promise "…in a title as well" python3 "$look" --read ml-1m.html "::Part::Two"
promise "…and of neither twice" sh -c '! grep -q "Ã" ml-1m.html'
promise "…in quotes" python3 "$look" --read ml-20m.html 'Film, "The" 1' "Comedy Romance"
promise "…with flags of genres" python3 "$look" --read ml-100k.html "Film 1" "Action Drama"

refuses "a missing run is named" "runs/none: there is no run of this name in runs" "$report" runs/none
refuses "no run at all is refused" "no run was given" "$report"
refuses "an unknown flag is refused" "no flag --foo" "$report" runs/films --foo
refuses "a number of sessions out of range is refused" "sessions is 0" "$report" runs/films --sessions 0
echo "n_updates,n_timesteps" >runs/films/log.csv
refuses "an empty log is refused by name" "runs/films/log.csv" "$report" runs/films
echo "1,x" >>runs/films/log.csv
refuses "a broken log is refused by line" "line 2" "$report" runs/films
mkdir taken
refuses "a page that cannot be written is refused" "taken" "$report" runs/ppo-synthetic-0 -o taken --sessions 60

# A run that is ill is marked.
promise "a run that is ill trains" "$train" --algo ppo --lr 0.3 --num-items 50 --total-timesteps 6144 \
    --window 2048 --quiet --name ill
promise "report shows runs that are ill" "$report" runs/ill -o ill.html --sessions 60
promise "…with the watch's sentence" python3 "$look" --read ill.html "steps: an update moves the policy by"
promise "…and a mark in the curves" grep -q 'class="mark"' ill.html
promise "…and a headline in red that says so" python3 -c "
import re
page = open('ill.html').read()
assert re.search('class=\"big bad\"', page) and re.search('class=\"word bad\">ill</span>: steps', page)"
promise "a healthy run has no mark" sh -c "'$report' runs/moving -o well.html --sessions 60 && ! grep -q 'class=\"mark\"' well.html"
promise "…and a headline that is not red" sh -c "! grep -q 'big bad' well.html && grep -q 'word\">learned' well.html"
promise "values stand under the pointer, in every picture of a curve" python3 -c "
import re
page = open('well.html').read()
pictures = re.findall(r'<svg.*?</svg>', page, re.S)
assert len(pictures) > 6 and all(p.count('class=\"at\"') == 48 for p in pictures), [p.count('\"at\"') for p in pictures]
assert re.search('<title>[0-9]+ decisions trained on; PPO [0-9.]+</title>', page)"
promise "contents lead to every section" python3 -c "
import re
page = open('well.html').read()
links, ids = re.findall('href=\"#([^\"]*)', page), re.findall(' id=\"([^\"]*)', page)
assert len(links) == 6 and links == ids, (links, ids)"
promise "a page tells version, date and command" python3 "$look" --read well.html "version" "(commit " "UTC" "--name moving" "PPO"
promise "…and its page says so" python3 "$look" --read well.html "The health watch had nothing to say"

all_kept report
