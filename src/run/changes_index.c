/*
 * changes_index.c - the two sorted lists.
 */
#include "changes_index.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const qg_field *const *)a)->path, (*(const qg_field *const *)b)->path);
}

static int by_cell(const void *pa, const void *pb, void *ctx)
{
    const qg_read_units *u = ctx;
    int a = *(const int *)pa, b = *(const int *)pb;
    int order = strcmp(u->cell[a], u->cell[b]);
    return order ? order : (a > b) - (a < b);
}

qg_code qg_changes_index_make(qg_changes_index *x, qg_arena *a, const qg_layout *layout,
                              const qg_read_units *units)
{
    *x = (qg_changes_index){.n_fields = layout->n_fields, .units = units};
    QG_NEW(x->field, a, layout->n_fields);
    QG_NEW(x->unit, a, units->n);
    for (int i = 0; i < layout->n_fields; i++)
        x->field[i] = &layout->field[i];
    for (int u = 0; u < units->n; u++)
        x->unit[u] = u;
    qsort(x->field, (size_t)x->n_fields, sizeof *x->field, by_path);
    qg_read_units *sorted = (qg_read_units *)(uintptr_t)units; /* qsort_r takes no const context */
    qsort_r(x->unit, (size_t)units->n, sizeof *x->unit, by_cell, sorted);
    return QG_OK;
}

int qg_first_field(const qg_changes_index *x, const char *path)
{
    int low = 0, high = x->n_fields;
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(x->field[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int qg_first_unit_of(const qg_changes_index *x, const char *cell)
{
    int low = 0, high = x->units->n;
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(x->units->cell[x->unit[middle]], cell) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
