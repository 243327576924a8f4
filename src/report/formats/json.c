/*
 * json.c - a table as one JSON object, or as lines of JSON: one object a row.
 *
 * Numbers read back exactly. What is undefined or not known is null, infinity is 1e999, which
 * every reader takes for it: JSON has no word for either.
 */
#include "report/format.h"

#include <math.h>
#include <string.h>

static void add_text(qg_str *out, const char *text)
{
    qg_str_add_json(out, text, strlen(text));
}

static void add_value(qg_str *out, const qg_value *v)
{
    char number[64];
    if (v->text)
        add_text(out, v->text);
    else if (isnan(v->number))
        qg_str_add(out, "null");
    else if (isinf(v->number))
        qg_str_add(out, v->number > 0 ? "1e999" : "-1e999");
    else
        qg_str_add(out, qg_table_exact_number(number, sizeof number, v->number));
}

static void add_row(qg_str *out, const qg_table *t, const char *const *key, int64_t row)
{
    qg_str_add(out, "{");
    for (int k = 0; k < t->n_columns; k++) {
        qg_str_add(out, k ? ", " : "");
        add_text(out, key[k]);
        qg_str_add(out, ": ");
        add_value(out, &t->value[row * t->n_columns + k]);
    }
    qg_str_add(out, "}");
}

qg_code qg_table_write_jsonl(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    const char *const *key;
    QG_TRY(qg_table_keys(&key, t, e));
    for (int64_t i = 0; i < t->n_rows; i++) {
        add_row(out, t, key, i);
        qg_str_add(out, "\n");
    }
    return qg_str_status(out);
}

static void add_columns(qg_str *out, const qg_table *t, const char *const *key)
{
    for (int k = 0; k < t->n_columns; k++) {
        qg_str_add(out, k ? ", {\"key\": " : "{\"key\": ");
        add_text(out, key[k]);
        qg_str_add(out, ", \"head\": ");
        add_text(out, t->column[k].head);
        qg_str_add(out, ", \"unit\": ");
        if (t->column[k].unit)
            add_text(out, t->column[k].unit);
        else
            qg_str_add(out, t->column[k].format == QG_BYTES ? "\"byte\"" : "null");
        qg_str_add(out, "}");
    }
}

qg_code qg_table_write_json(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    const char *const *key;
    QG_TRY(qg_table_keys(&key, t, e));
    qg_str_add(out, "{\"table\": ");
    add_text(out, t->name);
    if (e) {
        qg_str_add(out, ", \"caption\": ");
        add_text(out, e->caption);
    }
    qg_str_add(out, ",\n \"columns\": [");
    add_columns(out, t, key);
    qg_str_add(out, "],\n \"rows\": [");
    for (int64_t i = 0; i < t->n_rows; i++) {
        qg_str_add(out, i ? ",\n  " : "\n  ");
        add_row(out, t, key, i);
    }
    qg_str_add(out, "]}\n");
    return qg_str_status(out);
}
