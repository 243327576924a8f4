/*
 * terminal.c - explanations for a terminal, or for plain text where there is no colour.
 *
 * One column: a head, the text with words coloured from red (against the class) to blue (for it),
 * bars of the words that weigh most. Several: a table with a row for each word, in blocks that fit
 * the width.
 */
#include "explain.h"

#include "qgrid/display.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { WORD_WIDTH = 24, NUMBER_WIDTH = 9, BAR_WIDTH = 40, LEAST_BAR = 8, GAP = 2 };

typedef struct painter {
    qg_str *out;
    const qg_explain_study *study;
    const qg_explain_found *text;
    const qg_terminal *how;
    qg_arena *scratch;
} painter;

/* -------------------------------------------------------------------------------------- pieces */

static void spaces(const painter *p, int n)
{
    if (n > 0)
        qg_str_addf(p->out, "%*s", n, "");
}

static int shown(const painter *p, const char *text)
{
    return qg_display_add(p->out, text, strlen(text), INT_MAX);
}

static int word(const painter *p, int w, int most)
{
    return qg_display_add(p->out, p->text->word[w].text, p->text->word[w].len, most);
}

/* From here on, the colours of a level; 256-colour palette, ink black or white to be read on it. */
static void paint(const painter *p, int level)
{
    static const int red[] = {0, 224, 217, 210, 203, 160}, blue[] = {0, 189, 153, 111, 69, 27};
    int depth = level < 0 ? -level : level;
    if (p->how->color && depth > 0)
        qg_str_addf(p->out, "\033[48;5;%dm\033[38;5;%dm", (level < 0 ? red : blue)[depth],
                    depth == QG_EXPLAIN_LEVELS ? 231 : 16);
}

static void plain(const painter *p, int level)
{
    if (p->how->color && level != 0)
        qg_str_add(p->out, "\033[0m");
}

static const char *number(char out[24], int digits, double v)
{
    if (isnan(v))
        return "-";
    snprintf(out, 24, "%.*g", digits, v);
    return out;
}

/* ---------------------------------------------------------------------------------- one column */

static void head(const painter *p, int column)
{
    const qg_explain_column *c = &p->study->column[column];
    const qg_explain_result *r = &p->text->result[column];
    const char *const *labels = p->study->labels;
    char base[24], delta[24], fit[24];
    qg_str_addf(p->out, "%s  %s  %s", p->study->model, c->precision, c->method);
    if (r->gradients)
        qg_str_addf(p->out, "  (%s gradients)", r->gradients);
    qg_str_add(p->out, "\npredicted ");
    shown(p, labels[r->label]);
    qg_str_addf(p->out, " %.4f  explained ", r->probability[r->label]);
    shown(p, labels[r->target]);
    if (r->target != r->label)
        qg_str_addf(p->out, " %.4f", r->probability[r->target]);
    qg_str_addf(p->out, "  base %s  delta %s", number(base, 6, r->scores.base),
                number(delta, 3, r->scores.delta));
    if (!isnan(r->scores.fit))
        qg_str_addf(p->out, "  fit %s", number(fit, 4, r->scores.fit));
    qg_str_add(p->out, "\n");
}

static void legend(const painter *p, const char *label)
{
    if (!p->how->color || p->text->code->n_words == 0)
        return;
    qg_str_add(p->out, "against ");
    for (int level = -QG_EXPLAIN_LEVELS; level <= QG_EXPLAIN_LEVELS; level++) {
        paint(p, level);
        qg_str_add(p->out, "  ");
        plain(p, level);
    }
    qg_str_add(p->out, " for ");
    shown(p, label);
    qg_str_add(p->out, "\n");
}

/* The words with one space between them, in lines that fit. */
static void coloured_text(const painter *p, int column)
{
    const qg_explanation *e = &p->text->result[column].scores;
    int words = p->text->code->n_words, at = 0;
    double most = qg_explain_most(e, words);
    for (int w = 0; w < words; w++) {
        const qg_explain_word *v = &p->text->word[w];
        int level = qg_explain_level(e->word_score[w], most);
        int width = qg_display_add(NULL, v->text, v->len, INT_MAX);
        if (at > 0) {
            bool fits = at + 1 + width <= p->how->width;
            qg_str_add(p->out, fits ? " " : "\n");
            at = fits ? at + 1 : 0;
        }
        paint(p, level);
        at += word(p, w, INT_MAX);
        plain(p, level);
    }
    qg_str_add(p->out, words ? "\n\n" : "(no words)\n");
}

/* A bar of share x width columns: whole blocks and eighths, or signs. */
static void bar(const painter *p, double score, double most, int width)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int n = most > 0 ? (int)lround(8 * width * (fabs(score) / most)) : 0;
    bool utf8 = p->how->utf8;
    if (p->how->color)
        qg_str_addf(p->out, "\033[38;5;%dm", score < 0 ? 160 : 27);
    for (int i = 0; i < (utf8 ? n / 8 : (n + 4) / 8); i++)
        qg_str_add(p->out, utf8 ? "█" : score < 0 ? "-" : "+");
    if (utf8)
        qg_str_add(p->out, eighths[n % 8]);
    plain(p, 1);
    qg_str_add(p->out, "\n");
}

/* Columns that the words take, at least and at most so many. */
static int word_column(const painter *p, int least, int most)
{
    int wide = least;
    for (int w = 0; w < p->text->code->n_words; w++) {
        const qg_explain_word *v = &p->text->word[w];
        int width = qg_display_add(NULL, v->text, v->len, most);
        wide = width > wide ? width : wide;
    }
    return wide;
}

static qg_code top_words(const painter *p, int column)
{
    const qg_explanation *e = &p->text->result[column].scores;
    int *order, n, words = p->text->code->n_words;
    double most = qg_explain_most(e, words);
    char score[24];
    QG_TRY(qg_explain_order(&order, &n, e, words, p->scratch));
    int room = p->how->width - 4 - GAP - GAP - NUMBER_WIDTH - GAP; /* for a word and its bar */
    int wide = word_column(p, 1, room - LEAST_BAR < WORD_WIDTH ? room - LEAST_BAR : WORD_WIDTH);
    int longest = room - wide < BAR_WIDTH ? room - wide : BAR_WIDTH;
    for (int i = 0; i < n && i < QG_EXPLAIN_TOP; i++) {
        double v = e->word_score[order[i]];
        qg_str_addf(p->out, "%4d  ", order[i] + 1);
        spaces(p, wide - word(p, order[i], wide));
        qg_str_addf(p->out, "  %*s  ", NUMBER_WIDTH,
                    qg_explain_number(score, sizeof score, v, most));
        bar(p, v, most, longest);
    }
    if (n > QG_EXPLAIN_TOP)
        qg_str_addf(p->out, "      and %d words of less weight\n", n - QG_EXPLAIN_TOP);
    return QG_OK;
}

static qg_code one_column(const painter *p, int column)
{
    head(p, column);
    qg_str_add(p->out, "\n");
    coloured_text(p, column);
    legend(p, p->study->labels[p->text->result[column].target]);
    return top_words(p, column);
}

/* ---------------------------------------------------------------------------- columns in a table
 */

/* "integrated_gradients" stands in two rows: where a name is cut, or its end. */
static int cut_of(const char *name)
{
    const char *last = strrchr(name, '_');
    return strlen(name) > 12 && last ? (int)(last - name) + 1 : (int)strlen(name);
}

static int width_of(const painter *p, int column)
{
    const qg_explain_column *c = &p->study->column[column];
    const qg_explain_result *r = &p->text->result[column];
    int cut = cut_of(c->method);
    const int widths[] = {(int)strlen(c->precision), cut, (int)strlen(c->method) - cut,
                          qg_display_add(NULL, p->study->labels[r->label],
                                         strlen(p->study->labels[r->label]), WORD_WIDTH),
                          qg_display_add(NULL, p->study->labels[r->target],
                                         strlen(p->study->labels[r->target]), WORD_WIDTH)};
    int most = NUMBER_WIDTH;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        most = widths[i] > most ? widths[i] : most;
    return most;
}

typedef enum row {
    ROW_PRECISION,
    ROW_METHOD,
    ROW_METHOD_END,
    ROW_PREDICTED,
    ROW_PROBABILITY,
    ROW_EXPLAINED,
    ROW_BASE,
    ROW_DELTA,
    ROWS
} row;
static const char *const row_names[ROWS] = {"precision",   "method",    "",     "predicted",
                                            "probability", "explained", "base", "delta"};

/* What stands in a row of the head; "" for nothing. */
static const char *cell(char out[24], const painter *p, row what, int column)
{
    const qg_explain_column *c = &p->study->column[column];
    const qg_explain_result *r = &p->text->result[column];
    switch (what) {
    case ROW_PRECISION:
        return c->precision;
    case ROW_METHOD:
        snprintf(out, 24, "%.*s", cut_of(c->method), c->method);
        return out;
    case ROW_METHOD_END:
        return c->method + cut_of(c->method);
    case ROW_PREDICTED:
        return p->study->labels[r->label];
    case ROW_PROBABILITY:
        snprintf(out, 24, "%.4f", r->probability[r->label]);
        return out;
    case ROW_EXPLAINED:
        return p->study->labels[r->target];
    case ROW_BASE:
        return qg_explain_number(out, 24, r->scores.base, fabs(r->scores.base));
    case ROW_DELTA:
        return qg_explain_number(out, 24, r->scores.delta, fabs(r->scores.delta));
    default:
        return "";
    }
}

/* Columns [from, to) of a table whose first column is `wide`. */
typedef struct block {
    int wide, from, to;
} block;

static void cell_add(const painter *p, int column, const char *text, int level)
{
    int width = width_of(p, column);
    spaces(p, GAP + width - qg_display_add(NULL, text, strlen(text), width));
    paint(p, level);
    qg_display_add(p->out, text, strlen(text), width);
    plain(p, level);
}

static void head_rows(const painter *p, const block *b)
{
    char text[24];
    for (int what = 0; what < ROWS; what++) {
        bool filled = false;
        for (int c = b->from; c < b->to; c++)
            filled |= cell(text, p, (row)what, c)[0] != 0;
        if (!filled)
            continue;
        qg_str_addf(p->out, "%-*s", b->wide, row_names[what]);
        for (int c = b->from; c < b->to; c++)
            cell_add(p, c, cell(text, p, (row)what, c), 0);
        qg_str_add(p->out, "\n");
    }
}

static void word_rows(const painter *p, const block *b)
{
    char text[24];
    for (int w = 0; w < p->text->code->n_words; w++) {
        spaces(p, b->wide - word(p, w, b->wide));
        for (int c = b->from; c < b->to; c++) {
            const qg_explanation *e = &p->text->result[c].scores;
            double most = qg_explain_most(e, p->text->code->n_words);
            cell_add(p, c, qg_explain_number(text, sizeof text, e->word_score[w], most),
                     qg_explain_level(e->word_score[w], most));
        }
        qg_str_add(p->out, "\n");
    }
}

/* rho of every column with the first one, or with its own method under the first precision. */
static qg_code rho_row(const painter *p, const block *b, const char *name, bool same_method)
{
    char text[24];
    qg_str_addf(p->out, "%-*s", b->wide, name);
    for (int c = b->from; c < b->to; c++) {
        double rho;
        QG_TRY(
            qg_explain_rho(&rho, p->text, same_method ? c % p->study->methods : 0, c, p->scratch));
        cell_add(p, c, qg_explain_number(text, sizeof text, rho, 1), 0);
    }
    qg_str_add(p->out, "\n");
    return QG_OK;
}

static qg_code table(const painter *p)
{
    const qg_explain_study *s = p->study;
    block b = {.wide = word_column(p, 12, WORD_WIDTH)};
    for (b.from = 0; b.from < s->columns; b.from = b.to) {
        int used = b.wide + GAP + width_of(p, b.from);
        for (b.to = b.from + 1; b.to < s->columns; b.to++)
            if ((used += GAP + width_of(p, b.to)) > p->how->width)
                break;
        qg_str_add(p->out, "\n");
        head_rows(p, &b);
        qg_str_add(p->out, "\n");
        word_rows(p, &b);
        qg_str_add(p->out, "\n");
        QG_TRY(rho_row(p, &b, "rho, first", false));
        if (s->precisions > 1 && s->methods > 1)
            QG_TRY(rho_row(p, &b, "rho, method", true));
    }
    legend(p, "the class");
    qg_str_addf(p->out, "rho: Spearman's, of the words' scores with those of %s %s",
                s->column[0].precision, s->column[0].method);
    if (s->precisions > 1 && s->methods > 1)
        qg_str_addf(p->out, "; below, with the same method under %s", s->column[0].precision);
    qg_str_add(p->out, "\n");
    return QG_OK;
}

qg_code qg_explain_terminal(qg_str *out, const qg_explain_study *s, const qg_explain_found *t,
                            const qg_terminal *how, bool bars, qg_arena *scratch)
{
    painter p = {out, s, t, how, scratch};
    if (s->columns == 1)
        return one_column(&p, 0);
    qg_str_addf(out, "%s\n", s->model);
    QG_TRY(table(&p));
    for (int c = 0; c < s->columns && bars; c++) {
        qg_str_add(out, "\n");
        QG_TRY(one_column(&p, c));
    }
    return QG_OK;
}
