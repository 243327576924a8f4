/*
 * markdown.c - a table as GitHub's Markdown: the caption, then the table.
 */
#include "report/format.h"

#include <ctype.h>
#include <string.h>

/* Appends a text that means nothing but itself: on one line, without markup, links or HTML. */
static void add_text(qg_str *out, const char *text)
{
    size_t len = strlen(text), good = qg_utf8_check(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (i == good) {
            qg_str_add(out, "\xef\xbf\xbd");
            good = i + 1 + qg_utf8_check(text + i + 1, len - i - 1);
            continue;
        }
        bool inside =
            i > 0 && isalnum((unsigned char)text[i - 1]) && isalnum((unsigned char)text[i + 1]);
        if (c == '_' && inside) /* of a name */
            qg_str_add(out, "_");
        else if (c == '<' || c == '>' || c == '&')
            qg_str_add(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
        else if (strchr("\\`*_{}[]()#+-.!|~$:", c) && c)
            qg_str_addf(out, strchr("-.()+:", c) ? "%c" : "\\%c", c);
        else
            qg_str_addn(out, c < ' ' || c == 127 ? " " : text + i, 1);
    }
}

static void add_value(qg_str *out, const qg_column *c, const qg_value *v, bool best)
{
    char number[64];
    if (v->text) {
        add_text(out, v->text);
        return;
    }
    qg_str_addf(out, best ? "**%s**" : "%s", qg_table_number(number, sizeof number, c, v->number));
    qg_str_add(out, v->significant ? "\xe2\x80\xa0" : "");
}

static void add_heads(qg_str *out, const qg_table *t, const char *const *key)
{
    for (int k = 0; k < t->n_columns; k++) {
        const qg_column *c = &t->column[k];
        qg_str_add(out, k ? " | " : "| ");
        add_text(out, c->head[0] ? c->head : key[k]);
        if (c->unit) {
            qg_str_add(out, " ");
            add_text(out, c->unit);
        }
    }
    qg_str_add(out, " |\n");
    for (int k = 0; k < t->n_columns; k++)
        qg_str_add(out, qg_table_is_numeric(t, k) ? "|---:" : "|---");
    qg_str_add(out, "|\n");
}

qg_code qg_table_write_markdown(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    const char *const *key;
    bool *best;
    QG_TRY(qg_table_keys(&key, t, e));
    QG_TRY(qg_table_best(&best, t));
    if (e) {
        add_text(out, e->caption);
        qg_str_add(out, "\n\n");
    }
    add_heads(out, t, key);
    for (int64_t i = 0; i < t->n_rows; i++) {
        for (int k = 0; k < t->n_columns; k++) {
            qg_str_add(out, k ? " | " : "| ");
            add_value(out, &t->column[k], &t->value[i * t->n_columns + k],
                      best[i * t->n_columns + k]);
        }
        qg_str_add(out, " |\n");
    }
    return qg_str_status(out);
}
