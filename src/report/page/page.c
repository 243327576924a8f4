/*
 * page.c - the page of a report, section by section.
 */
#include "page.h"

#include "qgrid/file.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------- the frame
 */

qg_code qg_page_attribute(const char **out, const qg_page *p, const char *group, const char *name)
{
    char *text;
    *out = "";
    if (!qg_store_has(p->r->store, group))
        return QG_OK;
    QG_TRY(qg_store_attr_text(&text, p->r->store, p->r->arena, group, name));
    *out = text ? text : "";
    return QG_OK;
}

static void lines(const qg_page *p, const char *const *line)
{
    for (; *line; line++)
        qg_str_add(p->out, *line);
}

static void state_of_study(const qg_page *p)
{
    int open, done, failed;
    qg_reading_count(p->r, &open, &done, &failed);
    if (open + failed > 0)
        qg_str_addf(p->out,
                    "<p class=\"alert\" role=\"note\"><strong>This study is not complete.</strong> "
                    "%d of %d cells are done, %d failed, %d are open: what is missing reads “–”."
                    "</p>\n",
                    done, open + done + failed, failed, open);
}

void qg_base64(qg_str *out, const unsigned char *b, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) |
                     (i + 2 < n ? (uint32_t)b[i + 2] : 0);
        const char four[] = {digit[v >> 18], digit[v >> 12 & 63],
                             i + 1 < n ? digit[v >> 6 & 63] : '=', i + 2 < n ? digit[v & 63] : '='};
        qg_str_addn(out, four, 4);
    }
}

/* Nothing is fetched and no script runs but the one of this hash, whatever a text might be taken
 * for. */
static void policy(const qg_page *p)
{
    qg_sha256 hash;
    char hex[QG_SHA256_HEX];
    unsigned char raw[32];
    qg_sha256_init(&hash);
    qg_sha256_add(&hash, "\n", 1);
    for (const char *const *line = qg_page_script; *line; line++)
        qg_sha256_add(&hash, *line, strlen(*line));
    qg_sha256_final(&hash, hex);
    for (int i = 0; i < 32; i++) {
        const char two[] = {hex[2 * i], hex[2 * i + 1], 0};
        raw[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    qg_str_add(p->out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'; script-src 'sha256-");
    qg_base64(p->out, raw, sizeof raw);
    qg_str_add(p->out, "'\">\n");
}

static qg_code head(const qg_page *p)
{
    const char *job;
    QG_TRY(qg_page_attribute(&job, p, "/", "job_name"));
    qg_str_add(p->out,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    policy(p);
    qg_str_add(p->out, "<title>");
    qg_page_text(p, job);
    qg_str_add(p->out, ": report</title>\n<style>\n");
    lines(p, qg_page_style);
    qg_str_add(p->out, "</style>\n</head>\n<body>\n"
                       "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<h1>");
    qg_page_text(p, job);
    qg_str_add(p->out, "</h1>\n");
    state_of_study(p);
    qg_str_add(p->out, "</header>\n<nav aria-label=\"Sections\">\n<ol>\n");
    for (int s = 1; s < QG_SECTIONS; s++)
        if (p->shown[s]) {
            qg_str_addf(p->out, "<li><a href=\"#%s\">", qg_section_names[s].id);
            qg_page_text(p, qg_section_names[s].title);
            qg_str_add(p->out, "</a></li>\n");
        }
    qg_str_add(p->out, "<li><a href=\"#cells\">Cells</a></li>\n</ol>\n</nav>\n"
                       "<main id=\"main\">\n");
    return QG_OK;
}

static void end(const qg_page *p)
{
    qg_str_add(p->out, "</main>\n<footer><p>Made by qgrid from the results file alone.</p></footer>"
                       "\n<script>\n");
    lines(p, qg_page_script);
    qg_str_add(p->out, "</script>\n</body>\n</html>\n");
}

/* ----------------------------------------------------------------------------------- its sections
 */

/* What a section says before its tables, what it says where there is nothing, and what it has that
 * is no table. */
typedef struct part {
    const char *lead, *nothing;
    qg_code (*own)(const qg_page *p);
    bool tables_first; /* they say what the figures show */
} part;

static void paragraph(const qg_page *p, const char *kind, const char *text)
{
    qg_str_addf(p->out, "<p class=\"%s\">", kind);
    qg_page_text(p, text);
    qg_str_add(p->out, "</p>\n");
}

static qg_code verdict(const qg_page *p)
{
    if (!qg_store_has(p->r->store, "/recommendation"))
        paragraph(p, "lead",
                  "The job gives no thresholds (“recommend”), so this report names no variant to "
                  "deploy: the numbers below are there to judge by.");
    return QG_OK;
}

// clang-format off
static const part parts[QG_SECTIONS] = {
    [QG_SECTION_VERDICT] = {NULL, NULL, verdict, true},
    [QG_SECTION_STUDY] = {NULL, NULL, qg_page_study, false},
    [QG_SECTION_QUALITY] = {"Intervals are 95 %. A number leads to its cell, which tells how many texts it is of; a dash is a number that the file has not.", "The file has no predictions yet.", NULL, false},
    [QG_SECTION_CALIBRATION] = {"How far confidence is from accuracy: 0 is best.", "Calibration is in the table of quality (ECE).", NULL, false},
    [QG_SECTION_COST] = {"Sizes are results. Times were measured in one run on one machine; they are not part of the digest, and another run has others.", "Size and time are in the table of quality.", NULL, false},
    [QG_SECTION_EXPLANATIONS] = {"Drift is Spearman’s rho between the scores of a text’s words under a variant and under its fp32: 1 is the same order. The floor is what random scores reach, the repeat what the same method reaches when it draws again, seeds what another training of the same model reaches: a drift within these says nothing about quantization.", "The job explains nothing.", NULL, false},
    [QG_SECTION_FAITHFULNESS] = {"Whether the words that an explanation names are those that the model goes by: what happens to its output when they are taken away, or kept alone.", "Faithfulness is in the table of explanations (AOPC, deletion, insertion).", NULL, false},
    [QG_SECTION_WORDS] = {"Texts were chosen by rule, not by hand: of each experiment the one with the largest drift, one whose class flips, and the one in the middle. Scores are those of the file.", "The job explains nothing.", qg_page_words, false},
    [QG_SECTION_STRESS] = {NULL, "The job perturbs no texts (“stress”).", NULL, false},
    [QG_SECTION_PROBES] = {NULL, "The job has no minimal pairs (a data set of the format “probes”).", NULL, false},
    [QG_SECTION_SENSITIVITY] = {"One part of a model at a time is under the precision, the rest in fp32: what differs from fp32, that part alone has changed. “nothing” is fp32 itself, “all” the variant of the other sections. Parts do not add up.", "The job does not quantize layers one by one (“sensitivity”).", NULL, false},
    [QG_SECTION_TRAINING] = {NULL, "The job trains nothing.", NULL, false},
    [QG_SECTION_COURSE] = {NULL, NULL, qg_page_course, false},
    [QG_SECTION_CITATION] = {NULL, NULL, qg_page_citation, false},
};
// clang-format on

bool qg_page_has(const qg_table_entry *e, int section)
{
    return e->section == section && !e->kind[0] && (e->use & (QG_SHOW | QG_PAPER | QG_UNFINISHED));
}

static qg_code tables_of(const qg_page *p, int section)
{
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table t;
        if (!qg_page_has(e, section))
            continue;
        qg_mark mark = qg_arena_mark(p->r->arena);
        QG_TRY(qg_table_read(&t, e, p->r, NULL));
        if (t.n_rows > 0)
            QG_TRY(qg_page_table(p, &t, e));
        qg_arena_release(p->r->arena, mark);
    }
    return QG_OK;
}

static qg_code section(const qg_page *p, int s)
{
    const qg_section_name *name = &qg_section_names[s];
    const part *own = &parts[s];
    qg_str_addf(p->out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", name->id,
                name->id, name->id);
    qg_page_text(p, name->title);
    qg_str_add(p->out, "</h2>\n");
    size_t before = p->out->len;
    if (own->lead)
        paragraph(p, "lead", own->lead);
    size_t lead = p->out->len;
    if (own->own)
        QG_TRY(own->own(p));
    if (own->tables_first)
        QG_TRY(tables_of(p, s));
    QG_TRY(qg_page_figures(p, s));
    if (!own->tables_first)
        QG_TRY(tables_of(p, s));
    if (p->out->len == lead && own->nothing) {
        p->out->len = before;
        paragraph(p, "note", own->nothing);
    }
    qg_str_add(p->out, "</section>\n");
    return qg_str_status(p->out);
}

qg_code qg_page_write(qg_page *p)
{
    QG_NEW(p->drawn, p->r->arena, 1);
    QG_TRY(qg_page_count_texts(p));
    QG_TRY(qg_store_digest(p->digest, p->r->store, QG_DIGEST_EXCEPT));
    QG_TRY(head(p));
    for (int s = 1; s < QG_SECTIONS; s++)
        if (p->shown[s])
            QG_TRY(section(p, s));
    QG_TRY(qg_page_cells(p));
    end(p);
    return qg_str_status(p->out);
}
