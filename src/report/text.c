/*
 * text.c - a table as lines of text, in columns as wide as what stands in them.
 */
#include "format.h"

#include "qgrid/display.h"

#include <limits.h>
#include <string.h>

enum { GAP = 2 };

typedef struct writer {
    qg_str *out;
    qg_str piece; /* what is to be put into a column next */
    const qg_table *t;
    int indent, first; /* first column that is printed */
    int *width;        /* [n_columns] */
} writer;

/* Appends a text of the file, whatever bytes it has; returns the columns it takes. */
static int add_text(qg_str *out, const char *text)
{
    int width = 0;
    size_t len = strlen(text), good;
    while ((good = qg_utf8_check(text, len)) < len) {
        width += qg_display_add(out, text, good, INT_MAX) + (int)strlen("\\xff");
        qg_str_addf(out, "\\x%02x", (unsigned char)text[good]);
        text += good + 1;
        len -= good + 1;
    }
    return width + qg_display_add(out, text, len, INT_MAX);
}

/* A number, and a star where it differs from what it is compared with. */
static int add_number(qg_str *out, const qg_column *c, const qg_value *v)
{
    char text[64];
    int width = add_text(out, qg_table_number(text, sizeof text, c, v->number));
    return width + (v->significant ? add_text(out, "*") : 0);
}

/* The piece becomes a value; returns its width. */
static int take_value(writer *w, int64_t row, int col)
{
    const qg_value *v = &w->t->value[row * w->t->n_columns + col];
    qg_str_clear(&w->piece);
    return v->text ? add_text(&w->piece, v->text) : add_number(&w->piece, &w->t->column[col], v);
}

/* Appends a word of a head, behind a separator unless it is the first; returns the width. */
static int add_word(writer *w, const char *separator, const char *word)
{
    if (!word)
        return 0;
    int width = w->piece.len > 0 ? add_text(&w->piece, separator) : 0;
    return width + add_text(&w->piece, word);
}

/* The piece becomes the head of a column above `row`. Above the names of rows stand the table's
 * title, the block that begins there, and of a matrix the unit that all its numbers share. */
static int take_head(writer *w, int64_t row, int col)
{
    const qg_table *t = w->t;
    const qg_column *c = &t->column[col], *last = &t->column[t->n_columns - 1];
    bool matrix = t->shape == QG_MATRIX;
    qg_str_clear(&w->piece);
    if (col > w->first || (!t->title && !t->blocks))
        return add_word(w, "", c->head) + add_word(w, " ", matrix ? NULL : c->unit);
    int width = add_word(w, "", t->title);
    width += add_word(w, ", ", t->blocks ? t->value[row * t->n_columns].text : NULL);
    return width + add_word(w, ", ", matrix ? last->unit : NULL);
}

/* Whether heads stand above a row: the first of the table, or of a block. */
static bool has_head(const qg_table *t, int64_t row)
{
    const qg_value *v = t->value + row * t->n_columns;
    if (t->shape == QG_LIST)
        return false;
    return row == 0 || (t->blocks && strcmp(v->text, (v - t->n_columns)->text) != 0);
}

static void measure(writer *w)
{
    for (int64_t row = 0; row < w->t->n_rows; row++) {
        for (int col = w->first; col < w->t->n_columns; col++) {
            int width = take_value(w, row, col);
            w->width[col] = width > w->width[col] ? width : w->width[col];
            width = has_head(w->t, row) ? take_head(w, row, col) : 0;
            w->width[col] = width > w->width[col] ? width : w->width[col];
        }
    }
}

static void spaces(qg_str *out, int n)
{
    while (n-- > 0)
        qg_str_addn(out, " ", 1);
}

/* Puts the piece into its column: numbers to the right, texts and what a list has to the left. */
static void put(writer *w, int col, int width)
{
    bool left = w->t->shape == QG_LIST || w->t->column[col].format == QG_TEXT;
    spaces(w->out, col == w->first ? w->indent : GAP);
    spaces(w->out, left ? 0 : w->width[col] - width);
    qg_str_addn(w->out, w->piece.data, w->piece.len);
    spaces(w->out, left ? w->width[col] - width : 0);
}

static void end_line(qg_str *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->len--;
    qg_str_add(out, "\n");
}

qg_code qg_table_text(qg_str *out, const qg_table *t, int indent)
{
    writer w = {.out = out, .t = t, .indent = indent, .first = t->blocks ? 1 : 0};
    QG_NEW(w.width, t->arena, t->n_columns);
    measure(&w);
    for (int64_t row = 0; row < t->n_rows; row++) {
        for (int col = w.first; has_head(t, row) && col < t->n_columns; col++)
            put(&w, col, take_head(&w, row, col));
        if (has_head(t, row))
            end_line(out);
        for (int col = w.first; col < t->n_columns; col++)
            put(&w, col, take_value(&w, row, col));
        end_line(out);
    }
    qg_code rc = qg_str_status(&w.piece);
    qg_str_fini(&w.piece);
    return rc == QG_OK ? qg_str_status(out) : rc;
}
