/*
 * html.c - explanations as one page that stands alone: no script, no font, no other file.
 */
#include "explain.h"

#include "qgrid/display.h"

#include <math.h>
#include <string.h>

// clang-format off
static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--dim:#5b6470;--line:#d5dae0;\n"
    "--p1:#e1ebfb;--p2:#bfd5f7;--p3:#93b8f1;--p4:#6497e6;--p5:#2158b8;\n"
    "--n1:#fce5e1;--n2:#f8c6be;--n3:#f09f93;--n4:#e57263;--n5:#b3261a;--deep:#fff;--mid:#111}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--paper:#15181c;--dim:#9aa4af;--line:#363c44;\n"
    "--p1:#16243d;--p2:#1a3463;--p3:#21488e;--p4:#2f5fb5;--p5:#82aefc;\n"
    "--n1:#391b17;--n2:#5c231c;--n3:#842d23;--n4:#a83a2d;--n5:#fc978a;--deep:#111;--mid:#fff}}\n"
    "body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:68rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;border-top:1px solid var(--line);padding-top:1rem;margin-top:2.5rem}h3{font-size:1rem;margin-bottom:.2rem}\n"
    ".facts,.note,caption{color:var(--dim);font-size:.875rem;margin:.2rem 0}caption{text-align:left}\n"
    ".text{overflow-wrap:anywhere}.text span,.legend span{padding:.1em .2em;border-radius:.2em}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;margin:.6rem 0}\n"
    "th,td{padding:.15rem .6rem;text-align:right;white-space:nowrap}th{font-weight:500}tr>th[scope=row]{max-width:16rem;overflow:hidden;text-overflow:ellipsis}thead th{border-bottom:1px solid var(--line)}\n"
    ".bars{width:100%}.bars td:last-child{width:60%}.bar{height:.9em;border-radius:.15em;background:var(--p4)}.bar.against{background:var(--n4)}\n"
    ".p1{background:var(--p1)}.p2{background:var(--p2)}.p3{background:var(--p3);color:var(--mid)}.p4{background:var(--p4);color:var(--mid)}.p5{background:var(--p5);color:var(--deep)}\n"
    ".n1{background:var(--n1)}.n2{background:var(--n2)}.n3{background:var(--n3);color:var(--mid)}.n4{background:var(--n4);color:var(--mid)}.n5{background:var(--n5);color:var(--deep)}\n"
    "@media print{body{max-width:none;margin:0;font-size:11pt}article,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}\n"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";
// clang-format on

typedef struct page {
    qg_str *out;
    const qg_explain_study *study;
    const qg_explain_found *text;
    qg_arena *scratch;
} page;

/* ------------------------------------------------------------------------------------- escaping */

static void name(qg_str *out, const char *text)
{
    qg_display_markup(out, text, strlen(text));
}

static void word(const page *p, int w)
{
    qg_display_markup(p->out, p->text->word[w].text, p->text->word[w].len);
}

/* " class="p3"" of a level; nothing where the score is next to none. */
static void level_class(qg_str *out, int level)
{
    if (level != 0)
        qg_str_addf(out, " class=\"%c%d\"", level < 0 ? 'n' : 'p', level < 0 ? -level : level);
}

static void legend(qg_str *out)
{
    qg_str_add(out, "<p class=\"legend\">against the class ");
    for (int level = -QG_EXPLAIN_LEVELS; level <= QG_EXPLAIN_LEVELS; level++) {
        qg_str_add(out, "<span");
        level_class(out, level);
        qg_str_add(out, ">&nbsp;</span>");
    }
    qg_str_add(out, " for it. Colours are relative to the largest score of a text.</p>\n");
}

/* ---------------------------------------------------------------------------------- one column */

static void facts(const page *p, int column)
{
    const qg_explain_study *s = p->study;
    const qg_explain_result *r = &p->text->result[column];
    qg_str_add(p->out, "<p class=\"facts\">predicted ");
    name(p->out, s->labels[r->label]);
    qg_str_add(p->out, ", explained ");
    name(p->out, s->labels[r->target]);
    qg_str_add(p->out, "; probabilities");
    for (int k = 0; k < s->classes; k++) {
        qg_str_add(p->out, k ? ", " : " ");
        name(p->out, s->labels[k]);
        qg_str_addf(p->out, " %.4f", r->probability[k]);
    }
    if (!isnan(r->scores.base))
        qg_str_addf(p->out, "; base value %.6g", r->scores.base);
    if (!isnan(r->scores.delta))
        qg_str_addf(p->out, "; delta %.3g", r->scores.delta);
    if (!isnan(r->scores.fit))
        qg_str_addf(p->out, "; fit %.4f", r->scores.fit);
    if (r->gradients)
        qg_str_addf(p->out, "; gradients %s", r->gradients);
    qg_str_add(p->out, "</p>\n");
}

static void coloured_text(const page *p, int column)
{
    const qg_explanation *e = &p->text->result[column].scores;
    int words = p->text->code->n_words;
    double most = qg_explain_most(e, words);
    char score[24];
    qg_str_add(p->out, words ? "<p class=\"text\">" : "<p class=\"note\">(no words)");
    for (int w = 0; w < words; w++) {
        qg_str_add(p->out, w ? " <span" : "<span");
        level_class(p->out, qg_explain_level(e->word_score[w], most));
        qg_str_addf(p->out, " title=\"%s\">",
                    isnan(e->word_score[w])
                        ? "no score"
                        : qg_explain_number(score, sizeof score, e->word_score[w], most));
        word(p, w);
        qg_str_add(p->out, "</span>");
    }
    qg_str_add(p->out, "</p>\n");
}

static qg_code bars(const page *p, int column)
{
    const qg_explanation *e = &p->text->result[column].scores;
    double most = qg_explain_most(e, p->text->code->n_words);
    int *order, n;
    char number[24];
    QG_TRY(qg_explain_order(&order, &n, e, p->text->code->n_words, p->scratch));
    if (n == 0)
        return QG_OK;
    qg_str_add(p->out, "<table class=\"bars\">\n");
    for (int i = 0; i < n && i < QG_EXPLAIN_TOP; i++) {
        double v = e->word_score[order[i]];
        qg_str_addf(p->out, "<tr><td>%d</td><th scope=\"row\">", order[i] + 1);
        word(p, order[i]);
        qg_str_addf(p->out,
                    "</th><td>%s</td><td><div class=\"bar%s\" style=\"width:%.2f%%\"></div></td>"
                    "</tr>\n",
                    qg_explain_number(number, sizeof number, v, most), v < 0 ? " against" : "",
                    most > 0 ? 100 * fabs(v) / most : 0.0);
    }
    qg_str_add(p->out, "</table>\n");
    if (n > QG_EXPLAIN_TOP)
        qg_str_addf(p->out, "<p class=\"note\">and %d words of less weight</p>\n",
                    n - QG_EXPLAIN_TOP);
    return QG_OK;
}

static qg_code one_column(const page *p, int column)
{
    const qg_explain_column *c = &p->study->column[column];
    qg_str_addf(p->out, "<article>\n<h3>%s, %s</h3>\n", c->precision, c->method);
    facts(p, column);
    coloured_text(p, column);
    QG_TRY(bars(p, column));
    qg_str_add(p->out, "</article>\n");
    return QG_OK;
}

/* ------------------------------------------------------------------------------ columns compared
 */

static void column_heads(const page *p)
{
    const qg_explain_study *s = p->study;
    qg_str_add(p->out, "<thead><tr><th></th>");
    for (int c = 0; c < s->columns; c++)
        qg_str_addf(p->out, "<th scope=\"col\">%s<br>%s</th>", s->column[c].precision,
                    s->column[c].method);
    qg_str_add(p->out, "</tr></thead>\n");
}

static void score_table(const page *p)
{
    char number[24];
    qg_str_add(p->out, "<div class=\"scroll\"><table>\n<caption>Scores of the words</caption>\n");
    column_heads(p);
    for (int w = 0; w < p->text->code->n_words; w++) {
        qg_str_add(p->out, "<tr><th scope=\"row\">");
        word(p, w);
        qg_str_add(p->out, "</th>");
        for (int c = 0; c < p->study->columns; c++) {
            const qg_explanation *e = &p->text->result[c].scores;
            double most = qg_explain_most(e, p->text->code->n_words);
            qg_str_add(p->out, "<td");
            level_class(p->out, qg_explain_level(e->word_score[w], most));
            qg_str_addf(p->out, ">%s</td>",
                        qg_explain_number(number, sizeof number, e->word_score[w], most));
        }
        qg_str_add(p->out, "</tr>\n");
    }
    qg_str_add(p->out, "</table></div>\n");
}

static qg_code rho_table(const page *p)
{
    const qg_explain_study *s = p->study;
    char number[24];
    qg_str_add(p->out, "<div class=\"scroll\"><table>\n<caption>Spearman's rho between the scores "
                       "of the words</caption>\n");
    column_heads(p);
    for (int a = 0; a < s->columns; a++) {
        qg_str_addf(p->out, "<tr><th scope=\"row\">%s, %s</th>", s->column[a].precision,
                    s->column[a].method);
        for (int b = 0; b < s->columns; b++) {
            double rho;
            QG_TRY(qg_explain_rho(&rho, p->text, a, b, p->scratch));
            qg_str_addf(p->out, "<td>%s</td>", qg_explain_number(number, sizeof number, rho, 1));
        }
        qg_str_add(p->out, "</tr>\n");
    }
    qg_str_add(p->out, "</table></div>\n");
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- the page */

void qg_explain_page_begin(qg_str *out, const qg_explain_study *s)
{
    qg_str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src 'unsafe-inline'\">\n<title>");
    name(out, s->model);
    qg_str_add(out, " explained</title>\n<style>\n");
    qg_str_add(out, style);
    qg_str_add(out, "</style>\n</head>\n<body>\n<h1>");
    name(out, s->model);
    qg_str_add(out, " explained</h1>\n");
    legend(out);
}

qg_code qg_explain_page_text(qg_str *out, const qg_explain_study *s, const qg_explain_found *t,
                             qg_arena *scratch)
{
    page p = {out, s, t, scratch};
    qg_str_add(out, "<section>\n<h2>");
    name(out, t->name);
    qg_str_add(out, "</h2>\n");
    for (int c = 0; c < s->columns; c++)
        QG_TRY(one_column(&p, c));
    if (s->columns > 1) {
        score_table(&p);
        QG_TRY(rho_table(&p));
    }
    qg_str_add(out, "</section>\n");
    return QG_OK;
}

void qg_explain_page_end(qg_str *out)
{
    qg_str_add(out, "</body>\n</html>\n");
}
