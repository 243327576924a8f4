/*
 * differences.c - what differs between two results files: every table of every cell, compared.
 *
 * A quantity that differs is a row, whatever the table holds: how many of its values, by how much,
 * and the first of them. So a new table is compared as soon as it is in the registry.
 */
#include "format.h"

#include <math.h>
#include <string.h>

typedef struct comparison {
    qg_table out;    /* the differences */
    qg_arena *texts; /* that they are made of */
    qg_reading a, b; /* with an arena of their own: emptied after each cell */
    const qg_read_cell *cell, *other;
} comparison;

enum { CELL, WHAT, COUNT, LARGEST, FIRST, BEFORE, AFTER };

/* NaN of an open place equals itself; 0 and -0 differ. */
static bool same(const qg_value *x, const qg_value *y)
{
    uint64_t a, b; /* bits */
    if (x->text && y->text)
        return strcmp(x->text, y->text) == 0;
    memcpy(&a, &x->number, sizeof a);
    memcpy(&b, &y->number, sizeof b);
    return !x->text && !y->text && a == b;
}

/* The first column behind the names of blocks and rows. */
static int first_number(const qg_table *t)
{
    return t->blocks ? 2 : 1;
}

/* Adds a row whose values are not filled yet. */
static qg_code add_row(qg_value **out, comparison *c, const char *what)
{
    QG_TRY(qg_table_add_row(out, &c->out));
    (*out)[CELL].text = c->cell->name;
    (*out)[WHAT].text = qg_arena_strdup(c->texts, what);
    (*out)[FIRST].text = "";
    return (*out)[WHAT].text ? QG_OK : QG_ENOMEM;
}

/* A copy of a value that outlives its table. */
static qg_code keep(qg_value *out, comparison *c, qg_value v)
{
    if (v.text && !(v.text = qg_arena_strdup(c->texts, v.text)))
        return QG_ENOMEM;
    *out = v;
    return QG_OK;
}

static qg_code add_texts(comparison *c, const char *what, const char *before, const char *after)
{
    qg_value *v;
    QG_TRY(add_row(&v, c, what));
    QG_TRY(keep(&v[BEFORE], c, (qg_value){.text = before}));
    return keep(&v[AFTER], c, (qg_value){.text = after});
}

/* The values of one quantity: `rows` rows from `row` on, and so for columns. */
typedef struct range {
    int64_t row, rows;
    int column, columns;
} range;

/* The place of a value: the names of its block, row and column, as far as the quantity has several.
 */
static const char *place(comparison *c, const qg_table *t, int64_t row, int column)
{
    const qg_value *v = t->value + row * t->n_columns;
    const char *head = t->shape == QG_MATRIX ? t->column[column].head : "";
    if (t->shape == QG_LIST)
        return "";
    return qg_arena_printf(c->texts, "%s%s%s%s%s", t->blocks ? v[0].text : "",
                           t->blocks ? ", " : "", v[t->blocks].text, head[0] ? ", " : "", head);
}

static qg_code compare_range(comparison *c, const char *what, const qg_table *x, const qg_table *y,
                             range at)
{
    int64_t count = 0;
    double largest = (double)NAN;
    qg_value *v = NULL;
    for (int64_t row = at.row; row < at.row + at.rows; row++) {
        for (int k = at.column; k < at.column + at.columns; k++) {
            const qg_value *a = &x->value[row * x->n_columns + k];
            const qg_value *b = &y->value[row * y->n_columns + k];
            if (same(a, b))
                continue;
            if (count++ == 0) {
                QG_TRY(add_row(&v, c, what));
                v[FIRST].text = place(c, x, row, k);
                QG_TRY(keep(&v[BEFORE], c, *a));
                QG_TRY(keep(&v[AFTER], c, *b));
            }
            largest = a->text || b->text ? largest : fmax(largest, fabs(a->number - b->number));
        }
    }
    if (v && !v[FIRST].text)
        return QG_ENOMEM;
    if (v) {
        v[COUNT].number = (double)count;
        v[LARGEST].number = largest;
    }
    return QG_OK;
}

/* Whether two tables have the same names along their sides; else a row says so. */
static qg_code compare_sides(bool *alike, comparison *c, const qg_table *x, const qg_table *y)
{
    *alike = x->n_rows == y->n_rows && x->n_columns == y->n_columns;
    for (int k = 0; *alike && k < x->n_columns; k++)
        *alike = strcmp(x->column[k].head, y->column[k].head) == 0;
    for (int64_t i = 0; *alike && i < x->n_rows * x->n_columns; i += x->n_columns)
        for (int k = 0; k < first_number(x); k++)
            *alike = *alike && same(&x->value[i + k], &y->value[i + k]);
    if (*alike)
        return QG_OK;
    char before[64], after[64];
    snprintf(before, sizeof before, "%lld x %d", (long long)x->n_rows, x->n_columns);
    snprintf(after, sizeof after, "%lld x %d", (long long)y->n_rows, y->n_columns);
    const char *what = qg_arena_printf(c->texts, "%s: other rows or columns", x->name);
    return what ? add_texts(c, what, before, after) : QG_ENOMEM;
}

static qg_code compare_tables(comparison *c, const qg_table *x, const qg_table *y)
{
    bool alike;
    int first = first_number(x);
    QG_TRY(compare_sides(&alike, c, x, y));
    if (!alike)
        return QG_OK;
    if (x->shape == QG_MATRIX)
        return compare_range(c, x->name, x, y, (range){0, x->n_rows, first, x->n_columns - first});
    for (int64_t i = 0; x->shape == QG_LIST && i < x->n_rows; i++)
        QG_TRY(compare_range(c, x->value[i * x->n_columns].text, x, y,
                             (range){i, 1, first, x->n_columns - first}));
    for (int k = first; x->shape == QG_COLUMNS && k < x->n_columns; k++)
        QG_TRY(compare_range(c, x->column[k].head, x, y, (range){0, x->n_rows, k, 1}));
    return QG_OK;
}

static qg_code compare_cell(comparison *c)
{
    const qg_read_cell *x = c->cell, *y = c->other;
    if (x->state != y->state)
        QG_TRY(add_texts(c, "state", qg_read_cell_state(x), qg_read_cell_state(y)));
    if (strcmp(x->error, y->error) != 0)
        QG_TRY(add_texts(c, "error", x->error, y->error));
    if (strcmp(x->key, y->key) != 0)
        QG_TRY(add_texts(c, "made from other inputs or options", "", ""));
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_table a, b;
        if (!(e->use & QG_DIFF) || strcmp(e->kind, x->kind) != 0)
            continue;
        qg_mark mark = qg_arena_mark(c->a.arena);
        QG_TRY(qg_table_read(&a, e, &c->a, x));
        QG_TRY(qg_table_read(&b, e, &c->b, y));
        if (x->state == y->state || (a.n_rows && b.n_rows))
            QG_TRY(compare_tables(c, &a, &b));
        qg_arena_release(c->a.arena, mark);
    }
    return QG_OK;
}

static qg_code add_missing(comparison *c, const qg_read_cell *cell, const char *path)
{
    qg_value *v;
    c->cell = cell;
    const char *what = qg_arena_printf(c->texts, "only in %s", path);
    QG_TRY(what ? add_row(&v, c, what) : QG_ENOMEM);
    v[BEFORE].text = v[AFTER].text = "";
    return QG_OK;
}

static qg_code compare_files(int *cells, comparison *c)
{
    static const qg_column columns[] = {
        {"cell", NULL, QG_TEXT, 0},          {"what differs", NULL, QG_TEXT, 0},
        {"values", NULL, QG_SIGNIFICANT, 5}, {"by up to", NULL, QG_SIGNIFICANT, 3},
        {"first at", NULL, QG_TEXT, 0},      {"before", NULL, QG_SIGNIFICANT, 10},
        {"after", NULL, QG_SIGNIFICANT, 10},
    };
    QG_TRY(qg_table_add_columns(&c->out, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < c->a.n; i++) {
        int64_t before = c->out.n_rows;
        c->cell = &c->a.cell[i];
        c->other = qg_reading_cell(&c->b, c->cell->name);
        if (c->other)
            QG_TRY(compare_cell(c));
        else
            QG_TRY(add_missing(c, c->cell, c->a.path));
        *cells += c->out.n_rows > before;
    }
    for (int i = 0; i < c->b.n; i++) {
        if (qg_reading_cell(&c->a, c->b.cell[i].name))
            continue;
        QG_TRY(add_missing(c, &c->b.cell[i], c->b.path));
        ++*cells;
    }
    return QG_OK;
}

/* Appends what differs, as text or as JSON. */
static qg_code write_differences(int *cells, qg_str *out, qg_reading *a, qg_reading *b, bool json)
{
    comparison c = {.texts = a->arena, .a = *a, .b = *b};
    c.out = (qg_table){.name = "differences", .shape = QG_COLUMNS, .arena = a->arena};
    *cells = 0;
    c.a.arena = c.b.arena = qg_arena_create(0);
    if (!c.a.arena)
        return QG_ENOMEM;
    qg_code rc = compare_files(cells, &c);
    if (rc == QG_OK)
        rc = json ? qg_table_write_json(out, &c.out, NULL) : qg_table_text(out, &c.out, 0);
    qg_arena_destroy(c.a.arena);
    return rc;
}

qg_code qg_report_differences(int *cells, FILE *to, qg_reading *a, qg_reading *b)
{
    qg_str s = {0};
    qg_code rc = write_differences(cells, &s, a, b, false);
    if (rc == QG_OK && s.len > 0)
        fputs(s.data, to);
    qg_str_fini(&s);
    return rc;
}

qg_code qg_report_differences_json(int *cells, qg_str *out, qg_reading *a, qg_reading *b)
{
    return write_differences(cells, out, a, b, true);
}
