/*
 * long_table.c - a table of the registry over the whole file: that of every cell that has it, one
 * below the other, with the cell's names before them. One row is one observation.
 */
#include "format.h"

#include <math.h>
#include <string.h>

/* What a cell is called by; the columns of a kind are those that any of its cells has. */
enum { EXPERIMENT, MODEL, DATASET, PRECISION, METHOD, OTHER, SEED, NAMES };

static const char *const name_heads[NAMES] = {"experiment", "model", "dataset", "precision",
                                              "method",     "other", "seed"};

/* What stands behind the experiment in the name of a cell that compares two things. */
static const char *other_of(const qg_read_cell *c)
{
    bool has = strcmp(c->kind, "stress") == 0 || strcmp(c->kind, "pair") == 0 ||
               strcmp(c->kind, "decomposition") == 0;
    const char *last = strrchr(c->name, '/');
    return has && last ? last + 1 : "";
}

static qg_value name_of(const qg_read_cell *c, int which)
{
    const char *const text[] = {c->experiment, c->model,  c->dataset,
                                c->precision,  c->method, other_of(c)};
    if (which == SEED)
        return (qg_value){.number = (double)c->seed};
    return (qg_value){.text = text[which]};
}

/* Whether a scale names quantities: they are columns. Others name what is observed: rows. */
static bool names_quantities(const char *scale)
{
    static const char *const known[] = {
        "test", "within", "class_metric", "pair_score", "pair_test", "cue_score", NULL};
    if (strstr(scale, "statistic"))
        return true;
    for (int i = 0; known[i]; i++)
        if (strcmp(known[i], scale) == 0)
            return true;
    return false;
}

/* The tables of all cells of a kind, and the table that is made of them. */
typedef struct gathering {
    const qg_table_entry *e;
    qg_table *out;
    int n;
    const qg_read_cell **cell; /* [n] */
    qg_table *part;            /* [n] */
    const char *const **key;   /* [n] names of the columns of each part */
    bool melted;               /* columns of the parts become rows */
    int which[NAMES], n_names; /* names of cells that are columns */
} gathering;

static qg_code read_parts(gathering *g, qg_reading *r)
{
    QG_NEW(g->cell, r->arena, r->n);
    QG_NEW(g->part, r->arena, r->n);
    QG_NEW(g->key, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (strcmp(c->kind, g->e->kind) != 0)
            continue;
        QG_TRY(qg_table_read(&g->part[g->n], g->e, r, c));
        if (g->part[g->n].n_rows == 0)
            continue;
        QG_TRY(qg_table_keys(&g->key[g->n], &g->part[g->n], g->e));
        g->cell[g->n++] = c;
    }
    return QG_OK;
}

static qg_code add_names(gathering *g)
{
    for (int k = 0; k < NAMES; k++) {
        const qg_column c = {name_heads[k], NULL, k == SEED ? QG_SIGNIFICANT : QG_TEXT, 17};
        bool any = k == SEED;
        for (int i = 0; i < g->n && !any; i++)
            any = name_of(g->cell[i], k).text[0] != 0;
        if (!any)
            continue;
        g->which[g->n_names++] = k;
        QG_TRY(qg_table_add_columns(g->out, &c, 1));
    }
    return QG_OK;
}

/* Columns with the names of rows, and of blocks. */
static int sides_of(const qg_table *t)
{
    return t->blocks ? 2 : 1;
}

/* The place of a column of a part in the whole; -1: nowhere. */
static int place_of(const gathering *g, const char *key)
{
    for (int k = g->n_names; k < g->out->n_columns; k++)
        if (strcmp(g->out->column[k].head, key) == 0)
            return k;
    return -1;
}

/* Columns of parts that are called as the names of cells are: "per_class_precision". */
static qg_code rename_parts(gathering *g)
{
    for (int i = 0; i < g->n; i++) {
        const char **key;
        QG_NEW(key, g->out->arena, g->part[i].n_columns);
        for (int k = 0; k < g->part[i].n_columns; k++) {
            key[k] = g->key[i][k];
            for (int s = 0; s < g->n_names; s++)
                if (strcmp(key[k], name_heads[g->which[s]]) == 0)
                    key[k] = qg_arena_printf(g->out->arena, "%s_%s", g->e->name, key[k]);
            if (!key[k])
                return QG_ENOMEM;
        }
        g->key[i] = key;
    }
    return QG_OK;
}

/* The columns of all parts, each once. */
static qg_code add_columns(gathering *g)
{
    for (int i = 0; i < g->n; i++) {
        const qg_table *t = &g->part[i];
        for (int k = 0; k < (g->melted ? sides_of(t) : t->n_columns); k++) {
            qg_column c = t->column[k];
            c.head = g->key[i][k];
            c.unit = k < sides_of(t) ? NULL : c.unit;
            if (place_of(g, c.head) < 0)
                QG_TRY(qg_table_add_columns(g->out, &c, 1));
        }
    }
    if (!g->melted || g->n == 0)
        return QG_OK;
    const qg_column more[] = {{g->e->across, NULL, QG_TEXT, 0}, {"value", NULL, QG_SIGNIFICANT, 5}};
    return qg_table_add_columns(g->out, more, 2);
}

static qg_value side_value(const char *scale, qg_value v)
{
    return v.text ? qg_table_side(scale, v.text) : v;
}

static qg_code add_row(qg_value **out, const gathering *g, const qg_read_cell *c)
{
    QG_TRY(qg_table_add_row(out, g->out));
    for (int k = 0; k < g->n_names; k++)
        (*out)[k] = name_of(c, g->which[k]);
    return QG_OK;
}

/* A row of a part whose columns are quantities. */
static qg_code take_row(const gathering *g, int i, int64_t row)
{
    const qg_table *t = &g->part[i];
    const qg_value *from = t->value + row * t->n_columns;
    qg_value *v;
    QG_TRY(add_row(&v, g, g->cell[i]));
    for (int k = 0; k < t->n_columns; k++)
        v[place_of(g, g->key[i][k])] =
            k < sides_of(t) && t->shape == QG_MATRIX ? side_value(g->key[i][k], from[k]) : from[k];
    return QG_OK;
}

/* A row for each column of a row of a part: those behind the last word of a text are none. */
static qg_code melt_row(const gathering *g, int i, int64_t row)
{
    const qg_table *t = &g->part[i];
    const qg_value *from = t->value + row * t->n_columns;
    int sides = sides_of(t);
    for (int k = sides; k < t->n_columns; k++) {
        qg_value *v;
        if (isnan(from[k].number) && strstr(g->e->across, "_place"))
            continue;
        QG_TRY(add_row(&v, g, g->cell[i]));
        for (int s = 0; s < sides; s++)
            v[place_of(g, g->key[i][s])] = side_value(g->key[i][s], from[s]);
        v[g->out->n_columns - 2] = qg_table_side(g->e->across, t->column[k].head);
        v[g->out->n_columns - 1] = from[k];
    }
    return QG_OK;
}

static qg_code gather(qg_table *out, const qg_table_entry *e, qg_reading *r)
{
    gathering g = {.e = e, .out = out};
    *out = (qg_table){.name = e->name, .shape = QG_COLUMNS, .keyed = true, .arena = r->arena};
    g.melted = e->across && !names_quantities(e->across);
    QG_TRY(read_parts(&g, r));
    QG_TRY(add_names(&g));
    QG_TRY(rename_parts(&g));
    QG_TRY(add_columns(&g));
    for (int i = 0; i < g.n; i++)
        for (int64_t row = 0; row < g.part[i].n_rows; row++)
            QG_TRY(g.melted ? melt_row(&g, i, row) : take_row(&g, i, row));
    return QG_OK;
}

qg_code qg_table_read_all(qg_table *out, const qg_table_entry *e, qg_reading *r)
{
    return e->kind[0] ? gather(out, e, r) : qg_table_read(out, e, r, NULL);
}
