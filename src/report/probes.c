/*
 * probes.c - minimal pairs: success under each precision, and how often explanations have the cues
 * at their top.
 */
#include "table.h"

#include <stdbool.h>
#include <string.h>

/* A dataset [phenomenon, precision, numbers] of a cell of probes. */
static qg_code read_numbers(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *name,
                            const char *numbers)
{
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, "/probes/{model}/{dataset}", c));
    path = qg_arena_printf(r->arena, "%s/%s", group, name);
    return path ? qg_matrix_read(out, r, path, "phenomenon", "precision", numbers) : QG_ENOMEM;
}

static qg_code add_variants(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix all, changes, stays, test;
    QG_TRY(read_numbers(&all, r, c, "psr", "pair_score"));
    QG_TRY(read_numbers(&changes, r, c, "psr_changes", "pair_score"));
    QG_TRY(read_numbers(&stays, r, c, "psr_stays", "pair_score"));
    QG_TRY(read_numbers(&test, r, c, "mcnemar", "pair_test"));
    for (int64_t i = 0; i < all.rows; i++) {
        const char *p = all.row[i];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/%s", c->experiment, p);
        if (!v[0].text)
            return QG_ENOMEM;
        v[1].number = qg_matrix_at(&all, "all", p, "pairs");
        v[2].number = qg_matrix_at(&all, "all", p, "psr");
        v[3].number = qg_matrix_at(&all, "all", p, "ci_low");
        v[4].number = qg_matrix_at(&all, "all", p, "ci_high");
        v[5].number = qg_matrix_at(&changes, "all", p, "psr");
        v[6].number = qg_matrix_at(&stays, "all", p, "psr");
        v[7].number = qg_matrix_at(&test, "all", p, "only_reference");
        v[8].number = qg_matrix_at(&test, "all", p, "only_variant");
        v[9].number = qg_matrix_at(&test, "all", p, "p_holm");
        v[10].number = qg_matrix_at(&test, "all", p, "low_power");
    }
    return QG_OK;
}

qg_code qg_table_probes(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"variant", NULL, QG_TEXT, 0},    {"pairs", NULL, QG_FIXED, 0},
        {"PSR", NULL, QG_FIXED, 3},       {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},   {"label changes", NULL, QG_FIXED, 3},
        {"stays", NULL, QG_FIXED, 3},     {"harmed", NULL, QG_FIXED, 0},
        {"helped", NULL, QG_FIXED, 0},    {"McNemar, Holm", NULL, QG_SIGNIFICANT, 3},
        {"low power", NULL, QG_FIXED, 0},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "probes") == 0 && r->cell[i].state == QG_STATE_DONE)
            QG_TRY(add_variants(t, r, &r->cell[i]));
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------ cues
 */

/* A number of the cues of an explanation; NaN where there is none. */
static qg_code read_cues(double *out, qg_reading *r, const qg_read_cell *c, const char *number)
{
    qg_matrix m;
    char *path;
    QG_TRY(qg_reading_path(&path, r, "/cues/{model}/{dataset}/{precision}/{method}/summary", c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "phenomenon", "cue_score"));
    *out = qg_matrix_at(&m, NULL, "all", number);
    return QG_OK;
}

/* Whether a cell explains pairs, done or not. */
static bool has_pairs(qg_reading *r, const qg_read_cell *c)
{
    char *path;
    return strcmp(c->kind, "explain") == 0 &&
           qg_reading_path(&path, r, "/cues/{model}/{dataset}/{precision}/{method}/summary", c) ==
               QG_OK &&
           qg_store_has(r->store, path);
}

/* Behind the last cell of the experiment of cell i. */
static int end_of(const qg_reading *r, int i)
{
    int end = i;
    while (end < r->n && strcmp(r->cell[end].experiment, r->cell[i].experiment) == 0)
        end++;
    return end;
}

/* The column of a precision, a new one where the table has no row yet. */
static qg_code column_of(int *out, qg_table *t, const char *precision)
{
    int k = 1;
    while (k < t->n_columns && strcmp(t->column[k].head, precision) != 0)
        k++;
    if (k == t->n_columns)
        QG_TRY(qg_table_add_columns(t, &(qg_column){precision, NULL, QG_FIXED, 3}, 1));
    *out = k;
    return QG_OK;
}

static bool is_method(const qg_read_cell *k, const char *method)
{
    return strcmp(k->kind, "explain") == 0 && strcmp(k->method, method) == 0;
}

/* One row for each method: the cells of an experiment under all precisions, if one is done. */
static qg_code add_method(qg_table *t, qg_reading *r, int first, int end)
{
    const qg_read_cell *c = &r->cell[first];
    qg_value *v;
    bool done = false;
    for (int i = first; i < end && !done; i++)
        done = is_method(&r->cell[i], c->method) && r->cell[i].state == QG_STATE_DONE;
    if (!done)
        return QG_OK;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = qg_arena_printf(r->arena, "%s/*/%s", c->experiment, c->method);
    if (!v[0].text)
        return QG_ENOMEM;
    for (int i = first; i < end; i++) {
        const qg_read_cell *k = &r->cell[i];
        int column;
        if (!is_method(k, c->method))
            continue;
        QG_TRY(column_of(&column, t, k->precision));
        QG_TRY(read_cues(&v[column].number, r, k, "top5"));
        QG_TRY(read_cues(&v[t->n_columns - 1].number, r, k, "chance_top5"));
    }
    return QG_OK;
}

/* Precisions of all explanations of pairs, and what chance does. */
static qg_code add_heads(qg_table *t, qg_reading *r)
{
    int column;
    for (int i = 0; i < r->n; i++)
        if (has_pairs(r, &r->cell[i]))
            QG_TRY(column_of(&column, t, r->cell[i].precision));
    return qg_table_add_columns(t, &(qg_column){"by chance", NULL, QG_FIXED, 3}, 1);
}

qg_code qg_table_cues(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    QG_TRY(qg_table_add_columns(t, &(qg_column){"explanation", NULL, QG_TEXT, 0}, 1));
    QG_TRY(add_heads(t, r));
    for (int i = 0, end; i < r->n; i = end) {
        const char *precision = NULL; /* the first one: its cells stand for those of the others */
        end = end_of(r, i);
        for (int k = i; k < end; k++) {
            if (!has_pairs(r, &r->cell[k]))
                continue;
            precision = precision ? precision : r->cell[k].precision;
            if (strcmp(precision, r->cell[k].precision) == 0)
                QG_TRY(add_method(t, r, k, end));
        }
    }
    return QG_OK;
}
