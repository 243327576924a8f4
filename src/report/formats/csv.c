/*
 * csv.c - a table as comma-separated values (RFC 4180, lines end in \n), UTF-8.
 *
 * A spreadsheet takes a field that begins with = + - or @ as a formula, and so it may one that
 * begins with white space. Such a text gets an apostrophe before it; to tell it from a text that
 * has one already, apostrophes before these count as white space. What reads the file takes one
 * apostrophe away from a text that is '... with such a rest.
 */
#include "report/format.h"

#include <math.h>
#include <string.h>

/* Characters that begin a formula: ASCII, and the wide forms of them. */
static bool begins_formula(const char *text)
{
    static const char *const signs[] = {
        "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    if (text[0] == '\t' || text[0] == '\r')
        return true;
    text += strspn(text, "' \t\r\n");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

/* Appends text with quotes doubled; bytes that are no UTF-8 become U+FFFD. */
static void add_quoted(qg_str *out, const char *text, size_t len)
{
    size_t good = qg_utf8_check(text, len);
    for (size_t i = 0; i < len; i++) {
        if (i == good) {
            qg_str_add(out, "\xef\xbf\xbd");
            good = i + 1 + qg_utf8_check(text + i + 1, len - i - 1);
            continue;
        }
        qg_str_addn(out, text + i, 1);
        if (text[i] == '"')
            qg_str_add(out, "\"");
    }
}

static void add_text(qg_str *out, const char *text)
{
    size_t len = strlen(text);
    bool guard = begins_formula(text), spaces = len && (text[0] == ' ' || text[len - 1] == ' ');
    bool plain =
        !guard && !spaces && !text[strcspn(text, ",;\"'\t\r\n")] && qg_utf8_check(text, len) == len;
    if (plain) {
        qg_str_add(out, text);
        return;
    }
    qg_str_add(out, guard ? "\"'" : "\"");
    add_quoted(out, text, len);
    qg_str_add(out, "\"");
}

static void add_value(qg_str *out, const qg_value *v)
{
    char number[64];
    if (v->text)
        add_text(out, v->text);
    else if (isinf(v->number))
        qg_str_add(out, v->number > 0 ? "inf" : "-inf");
    else if (!isnan(v->number))
        qg_str_add(out, qg_table_exact_number(number, sizeof number, v->number));
}

qg_code qg_table_write_csv(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    const char *const *key;
    QG_TRY(qg_table_keys(&key, t, e));
    for (int k = 0; k < t->n_columns; k++) {
        qg_str_add(out, k ? "," : "");
        add_text(out, key[k]);
    }
    qg_str_add(out, "\n");
    for (int64_t i = 0; i < t->n_rows; i++) {
        for (int k = 0; k < t->n_columns; k++) {
            qg_str_add(out, k ? "," : "");
            add_value(out, &t->value[i * t->n_columns + k]);
        }
        qg_str_add(out, "\n");
    }
    return qg_str_status(out);
}
