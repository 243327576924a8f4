/*
 * field_cells.c - from the path of a field to the cell that it belongs to: the group above it that
 * is closest and one of a cell's.
 */
#include "field_cells.h"

#include <stdlib.h>
#include <string.h>

/* Where the results of a kind of cells are; groups below these are theirs, too. */
static const struct {
    int kind;
    qg_group group;
} groups[] = {
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, nothing, finish, results, ...)           \
    {QG_CELL_##id, QG_GROUP_##results},
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
    {QG_CELL_PREDICT, QG_GROUP_METRICS}, {QG_CELL_EXPLAIN, QG_GROUP_FAITHFULNESS},
    {QG_CELL_EXPLAIN, QG_GROUP_DRIFT},   {QG_CELL_INTERNALS, QG_GROUP_INTERNALS_DRIFT},
    {QG_CELL_SEEDS, QG_GROUP_SEEDS},     {QG_CELL_EXPLAIN, QG_GROUP_CUES},
};
enum { N_GROUPS = sizeof groups / sizeof groups[0] };

static int by_group(const void *a, const void *b)
{
    return strcmp(((const qg_cell_group_path *)a)->group, ((const qg_cell_group_path *)b)->group);
}

static qg_code make(qg_field_cells *f, qg_reading *r)
{
    char path[1024];
    QG_NEW(f->at, r->arena, (size_t)r->n * N_GROUPS + 1);
    for (int c = 0; c < r->n; c++) {
        int kind = qg_cell_kind_find(r->cell[c].kind);
        for (int g = 0; g < N_GROUPS; g++) {
            if (groups[g].kind != kind || groups[g].group == QG_GROUP_NONE)
                continue;
            qg_read_cell_path(path, sizeof path, &r->cell[c], groups[g].group);
            size_t len = strlen(path); /* seeds: one group for all precisions */
            path[len - (path[len - 1] == '/')] = 0;
            const char *group = qg_arena_strdup(r->arena, path);
            if (!group)
                return QG_ENOMEM;
            f->at[f->n++] = (qg_cell_group_path){group, &r->cell[c]};
        }
    }
    qsort(f->at, (size_t)f->n, sizeof *f->at, by_group);
    return QG_OK;
}

qg_code qg_field_cell(const char **out, qg_field_cells *f, qg_reading *r, const char *path)
{
    char group[1024];
    const qg_cell_group_path key = {.group = group}, *at = NULL;
    *out = NULL;
    if (!f->at)
        QG_TRY(make(f, r));
    snprintf(group, sizeof group, "%s", path);
    for (char *slash; !at && (slash = strrchr(group, '/')) && slash > group;) {
        *slash = 0;
        at = bsearch(&key, f->at, (size_t)f->n, sizeof key, by_group);
    }
    *out = at ? at->cell->name : NULL;
    return QG_OK;
}
