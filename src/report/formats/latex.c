/*
 * latex.c - a table for a paper: booktabs, numbers aligned at their points, the best in bold, a
 * dagger where Holm's p is below 0.05. Needs the packages booktabs and, for tables of several
 * pages, longtable.
 */
#include "report/format.h"

#include <stdlib.h>
#include <string.h>

enum { LONG = 45 }; /* rows that still fit a page */

/* What a character of ASCII is written as; NULL: as itself. */
static const char *escaped(unsigned char c)
{
    static const char *const as[128] = {
        ['\\'] = "\\textbackslash{}",
        ['{'] = "\\{",
        ['}'] = "\\}",
        ['$'] = "\\$",
        ['&'] = "\\&",
        ['#'] = "\\#",
        ['%'] = "\\%",
        ['_'] = "\\_",
        ['^'] = "\\textasciicircum{}",
        ['~'] = "\\textasciitilde{}",
        ['<'] = "$<$",
        ['>'] = "$>$",
        ['|'] = "$|$",
        ['"'] = "''",
        ['['] = "{[}",
        [']'] = "{]}",
        ['*'] = "{*}",
        ['-'] = "-{}",
        ['`'] = "\\textquoteleft{}",
        ['\''] = "'{}",
    };
    return c < ' ' || c == 127 ? " " : as[c];
}

/* The code point that a well-formed sequence of n bytes stands for. */
static unsigned code_point(const char *s, int n)
{
    unsigned v = (unsigned char)s[0] & (n == 2 ? 0x1fu : n == 3 ? 0x0fu : 0x07u);
    for (int i = 1; i < n; i++)
        v = v << 6 | ((unsigned char)s[i] & 0x3fu);
    return v;
}

/* Letters with accents are those that every engine has; other characters are named: {[}U+1F600{]}.
 */
void qg_latex_text(qg_str *out, const char *text)
{
    size_t len = strlen(text), good = qg_utf8_check(text, len);
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        int n = i == good ? 1 : qg_utf8_width(c);
        if (i == good) {
            qg_str_addf(out, "{[}%02X{]}", c);
            good = i + 1 + qg_utf8_check(text + i + 1, len - i - 1);
        } else if (n > 1) {
            unsigned v = code_point(text + i, n);
            bool letter = v >= 0xc0 && v <= 0xff && v != 0xd0 && v != 0xde && v != 0xf0 &&
                          v != 0xfe && v != 0xd7 && v != 0xf7;
            if (letter)
                qg_str_addn(out, text + i, (size_t)n);
            else
                qg_str_addf(out, "{[}U+%04X{]}", v);
        } else if (escaped(c)) {
            qg_str_add(out, escaped(c));
        } else {
            qg_str_addn(out, text + i, 1);
        }
        i += (size_t)n;
    }
}

/* Characters behind the point of a number as it is shown, the point with them. */
static int fraction_of(const char *number)
{
    const char *point = strchr(number, '.');
    return point && !strchr(number, 'e') ? (int)strspn(point, ".0123456789") : 0;
}

/* The longest fraction in each column. */
static qg_code fractions(int **out, const qg_table *t)
{
    char number[64];
    QG_NEW(*out, t->arena, t->n_columns);
    for (int64_t i = 0; i < t->n_rows * t->n_columns; i++) {
        int k = (int)(i % t->n_columns);
        if (t->value[i].text || t->column[k].format == QG_BYTES)
            continue;
        int n =
            fraction_of(qg_table_number(number, sizeof number, &t->column[k], t->value[i].number));
        (*out)[k] = n > (*out)[k] ? n : (*out)[k];
    }
    return QG_OK;
}

/* A number with its sign and power of ten as mathematics, and room for the longest fraction. */
static void add_number(qg_str *out, const char *number, bool best, bool significant, int fraction)
{
    const char *power = strchr(number, 'e');
    int missing = fraction - fraction_of(number);
    bool minus = number[0] == '-' && number[1];
    qg_str_add(out, minus ? "$-$" : "");
    number += minus;
    int mantissa = power ? (int)(power - number) : (int)strlen(number);
    qg_str_addf(out, best ? "\\textbf{%.*s}" : "%.*s", mantissa, number);
    if (power)
        qg_str_addf(out, "$\\cdot10^{%d}$", (int)strtol(power + 1, NULL, 10));
    qg_str_add(out, significant ? "\\rlap{$^\\dagger$}" : "");
    if (missing > 0 && !power && number[0] != '-')
        qg_str_addf(out, "\\phantom{%.*s}", missing,
                    missing == fraction ? ".0000000000000000" : "0000000000000000");
}

static void add_heads(qg_str *out, const qg_table *t, const char *const *key)
{
    for (int k = 0; k < t->n_columns; k++) {
        const qg_column *c = &t->column[k];
        qg_str_add(out, k ? " & " : "");
        qg_latex_text(out, c->head[0] ? c->head : key[k]);
        if (c->unit) {
            qg_str_add(out, " ");
            qg_latex_text(out, c->unit);
        }
    }
    qg_str_add(out, " \\\\\n\\midrule\n");
}

static void add_row(qg_str *out, const qg_table *t, int64_t row, const bool *best,
                    const int *fraction)
{
    char number[64];
    for (int k = 0; k < t->n_columns; k++) {
        const qg_value *v = &t->value[row * t->n_columns + k];
        qg_str_add(out, k ? " & " : "");
        if (v->text)
            qg_latex_text(out, v->text);
        else
            add_number(out, qg_table_number(number, sizeof number, &t->column[k], v->number),
                       best[row * t->n_columns + k], v->significant, fraction[k]);
    }
    qg_str_add(out, " \\\\\n");
}

/* The caption, and what the marks mean where there are any. */
static void add_caption(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    bool significant = false;
    for (int64_t i = 0; i < t->n_rows * t->n_columns; i++)
        significant = significant || t->value[i].significant;
    qg_str_add(out, "\\caption{");
    qg_latex_text(out, e ? e->caption : t->name);
    qg_str_add(out, t->best ? " The best is bold." : "");
    qg_str_add(out, significant ? " $\\dagger$: $p<0.05$, adjusted by Holm." : "");
    qg_str_add(out, "}\\label{tab:");
    qg_str_add(out, t->name);
    qg_str_add(out, "}");
}

static void begin_table(qg_str *out, const qg_table *t, const qg_table_entry *e, bool pages)
{
    qg_str_add(out, pages ? "{\\small\n\\begin{longtable}{" : "\\begin{table}[tbp]\n\\centering\n");
    if (!pages) {
        add_caption(out, t, e);
        qg_str_add(out, "\n\\small\n\\begin{tabular}{");
    }
    for (int k = 0; k < t->n_columns; k++)
        qg_str_add(out, qg_table_is_numeric(t, k) ? "r" : "l");
    qg_str_add(out, "}\n");
    if (pages) {
        add_caption(out, t, e);
        qg_str_add(out, " \\\\\n");
    }
    qg_str_add(out, "\\toprule\n");
}

qg_code qg_table_write_latex(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    const char *const *key;
    bool *best, pages = t->n_rows > LONG;
    int *fraction;
    QG_TRY(qg_table_keys(&key, t, e));
    QG_TRY(qg_table_best(&best, t));
    QG_TRY(fractions(&fraction, t));
    begin_table(out, t, e, pages);
    add_heads(out, t, key);
    qg_str_add(out, pages ? "\\endhead\n" : "");
    for (int64_t i = 0; i < t->n_rows; i++)
        add_row(out, t, i, best, fraction);
    qg_str_add(out, pages ? "\\bottomrule\n\\end{longtable}}\n"
                          : "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
    return qg_str_status(out);
}
