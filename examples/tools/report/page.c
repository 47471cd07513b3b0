/* SPDX-License-Identifier: MIT */
#include "page.h"

void page_text(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*c < 0x20 ? ' ' : *c, out);
        }
    }
}

/* Colours of both themes; the hues of lines are told apart by those who see red and green alike. */
static const char *const COLOURS =
    ":root{color-scheme:light dark;--page:#fbfbf9;--ink:#1c1c1a;--faint:#6b6b66;--rule:#dcdcd6;"
    "--card:#fff;--healthy:#2e9d6a22;--c0:#1f6fb4;--c1:#d1600d;--c2:#14856a;--c3:#a23f97;--c4:#"
    "8a6d00;"
    "--c5:#5a5f6b;--c6:var(--ink);--c7:var(--faint);--mark:#c8202f;--weak:#9a6700}\n"
    "@media screen and "
    "(prefers-color-scheme:dark){:root{--page:#16171a;--ink:#e9e9e4;--faint:#9b9b94;"
    "--rule:#34363b;--card:#1d1f23;--healthy:#48c98e22;--c0:#62aef0;--c1:#f39a4d;--c2:#4fc9a4;"
    "--c3:#d98ad0;--c4:#d6b94a;--c5:#a9afbb;--mark:#ff6b76;--weak:#e3b341}}\n";

static const char *const CHART =
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}"
    ".rule{stroke:var(--rule)}.tick{fill:var(--faint);font-size:13px}\n"
    ".level{stroke:var(--faint);stroke-dasharray:5 4}.healthy{fill:var(--healthy)}\n"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}.band{stroke:none;fill-opacity:.2}\n"
    ".mark{stroke:var(--mark);stroke-width:1.5;stroke-dasharray:2 3}\n"
    ".line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}"
    ".line.c3{stroke:var(--c3)}.line.c4{stroke:var(--c4)}.line.c5{stroke:var(--c5)}"
    ".line.c6{stroke:var(--c6)}.line.c7{stroke:var(--c7)}\n"
    ".band.c0{fill:var(--c0)}.band.c1{fill:var(--c1)}.band.c2{fill:var(--c2)}.band.c3{fill:var(--"
    "c3)}"
    ".band.c4{fill:var(--c4)}.band.c5{fill:var(--c5)}\n";

static const char *const LAYOUT =
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}\n"
    "main{max-width:1280px;margin:0 auto;padding:24px 16px 64px}h1{font-size:1.7rem;margin:.2em "
    "0}\n"
    "h2{font-size:1.5rem;margin:2.4em 0 0;border-top:2px solid var(--faint);padding-top:.7em}"
    "h1+h2{margin-top:.8em}\n"
    "h3{font-size:1.2rem;margin:2em 0 .1em}h4{font-size:1rem;margin:0}h4.apart{margin:1.2em 0 .5em}"
    "p{margin:.3em 0 .9em;max-width:75ch}"
    ".faint{color:var(--faint);font-size:.9rem}\n"
    ".grid{display:grid;gap:16px;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,350px),1fr))}\n"
    ".grid.close{grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr))}\n"
    ".grid.above{margin-top:.8em}\n"
    ".panel{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px;"
    "min-width:0;display:flex;flex-direction:column;container-type:inline-size}"
    ".panel p{margin:.1em 0 .6em}.panel>.chart,.panel>ol+p{margin-top:auto}\n"
    ".big{font-size:2.1rem;font-weight:650;line-height:1.15;font-variant-numeric:tabular-nums}\n"
    ".chart{display:block;width:100%;height:auto;margin:0 auto}\n"
    "@container(max-width:480px){.chart.wide .tick{font-size:17px}}\n"
    ".key{display:inline-block;width:.9em;height:.9em;border-radius:2px;margin-right:.4em;"
    "vertical-align:-.1em}.key.c0{background:var(--c0)}.key.c1{background:var(--c1)}"
    ".key.c2{background:var(--c2)}.key.c3{background:var(--c3)}.key.c4{background:var(--c4)}"
    ".key.c5{background:var(--c5)}.key.c6{background:var(--c6)}.key.c7{background:var(--c7)}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.2em 1.3em;font-size:.9rem;margin:.4em 0}\n"
    ".scroll{overflow-x:auto;max-width:100%}table{border-collapse:collapse;font-size:.88rem;"
    "font-variant-numeric:tabular-nums}th,td{padding:.3em "
    ".55em;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid var(--rule)}th:first-child,td:first-child{text-align:left}"
    "th{color:var(--faint);font-weight:500}td "
    "i{color:var(--faint);font-style:normal;font-size:.85em;"
    "font-weight:400}\n"
    "tr.own td{font-weight:600}ol{margin:.2em 0;padding-left:2em;font-size:.9rem}"
    "ol li{overflow-wrap:anywhere}ol small{color:var(--faint)}\n"
    "ul.warn{padding-left:1.2em}ul.warn li{margin:.3em 0;overflow-wrap:anywhere}"
    "ul.warn b{color:var(--mark)}dl{display:grid;grid-template-columns:auto 1fr;gap:.1em 1em;"
    "font-size:.85rem;margin:0}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}"
    "dd b{color:var(--c1)}\n"
    ".word{font-weight:650}.word.bad,.big.bad{color:var(--mark)}.word.weak{color:var(--weak)}"
    ".at{fill:transparent}.at:hover{fill:var(--faint);fill-opacity:.18}\n"
    /* A table that is wider than its box has a shadow at the edge behind which it goes on. */
    ".scroll{background:linear-gradient(to right,var(--page) 30%,transparent) left/40px 100% "
    "no-repeat local,linear-gradient(to left,var(--page) 30%,transparent) right/40px 100% "
    "no-repeat local,linear-gradient(to right,#0006,transparent) left/14px 100% no-repeat "
    "scroll,linear-gradient(to left,#0006,transparent) right/14px 100% no-repeat scroll}\n"
    "@media(max-width:600px){th:first-child,td:first-child{white-space:normal;min-width:8em;"
    "overflow-wrap:break-word}}\n"
    "nav{font-size:.9rem;columns:16em 2;max-width:75ch}nav ul{margin:0 0 .6em;padding-left:1.2em}"
    "nav a{color:var(--c0)}nav div{break-inside:avoid}\n"
    /* On paper a heading stays with what follows its sentence, and pictures are low enough that a
     * row of them fits beneath it. */
    "@page{margin:14mm}\n"
    "@media print{:root{color-scheme:light;--page:#fff}nav{display:none}"
    ".panel,tr,h4,.grid.above{break-inside:avoid}"
    "h2,h3,h4,h2+p,h3+p{break-after:avoid}main{max-width:none;padding:0}"
    ".scroll{overflow:visible;background:none}table{font-size:.7rem}"
    ".chart{height:6.2cm}.grid.above .chart{height:auto}.grid.close ol{font-size:.8rem}}\n";

void page_chart_style(FILE *out)
{
    fprintf(out, "<style>\n%s%s</style>\n", COLOURS, CHART);
}

void page_begin(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    page_text(out, title);
    fputs("</title>\n", out);
    fprintf(out, "<style>\n%s%s%s", COLOURS, CHART, LAYOUT);
    fputs("</style>\n</head>\n<body>\n<main>\n<h1>", out);
    page_text(out, title);
    fputs("</h1>\n", out);
}

void page_end(FILE *out)
{
    fputs("</main>\n</body>\n</html>\n", out);
}

static void put_heading(FILE *out, int rank, const char *id, const char *heading,
                        const char *sentence)
{
    fprintf(out, "<h%d id=\"%s\">", rank, id);
    page_text(out, heading);
    fprintf(out, "</h%d>\n<p class=\"faint\">", rank);
    page_text(out, sentence);
    fputs("</p>\n", out);
}

void page_chapter(FILE *out, const char *id, const char *heading, const char *sentence)
{
    put_heading(out, 2, id, heading, sentence);
}

void page_heading(FILE *out, const char *id, const char *heading, const char *sentence)
{
    put_heading(out, 3, id, heading, sentence);
}

void page_link(FILE *out, const char *id, const char *text)
{
    fprintf(out, "<a href=\"#%s\">", id);
    page_text(out, text);
    fputs("</a>", out);
}

void page_begin_grid(FILE *out)
{
    fputs("<div class=\"grid\">\n", out);
}

void page_begin_close_grid(FILE *out)
{
    fputs("<div class=\"grid close\">\n", out);
}

void page_end_grid(FILE *out)
{
    fputs("</div>\n", out);
}

void page_begin_panel(FILE *out, const char *title, const char *sentence)
{
    fputs("<section class=\"panel\">\n<h4>", out);
    page_text(out, title);
    fputs("</h4>\n", out);
    if (sentence[0] != '\0') {
        fputs("<p class=\"faint\">", out);
        page_text(out, sentence);
        fputs("</p>\n", out);
    }
}

void page_end_panel(FILE *out)
{
    fputs("</section>\n", out);
}
