/*
 * cell_groups.c - lists of cells in which those of which the same is to be said stand once.
 */
#include "qgrid/log.h"
#include "qgrid/report.h"
#include "qgrid/str.h"

#include <string.h>

static int parts_of(const char *name)
{
    int n = 1;
    for (; *name; name++)
        n += *name == '/';
    return n;
}

static bool are_alike(const qg_listed_cell *a, const qg_listed_cell *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->state, b->state) == 0 &&
           strcmp(a->why, b->why) == 0 && parts_of(a->name) == parts_of(b->name);
}

/* A pattern that a name matches, too: parts in which they differ become a star. */
static const char *widened(qg_arena *a, const char *pattern, const char *name)
{
    char *out = qg_arena_alloc(a, strlen(pattern) + 1, 1), *to = out;
    if (!out)
        return NULL;
    for (;;) {
        size_t n = strcspn(pattern, "/"), m = strcspn(name, "/");
        bool same = n == m && memcmp(pattern, name, n) == 0;
        memcpy(to, same ? pattern : "*", same ? n : 1);
        to += same ? n : 1;
        *to++ = pattern[n];
        if (!pattern[n] || !name[m])
            return out;
        pattern += n + 1;
        name += m + 1;
    }
}

qg_code qg_listed_groups(qg_listed_group **out, int *n_groups, qg_arena *a,
                         const qg_listed_cell *cell, int n)
{
    qg_listed_group *g;
    *n_groups = 0;
    QG_NEW(g, a, n);
    for (int i = 0; i < n; i++) {
        int k = qg_log_is_verbose() ? *n_groups : 0;
        while (k < *n_groups && !are_alike(&g[k].like, &cell[i]))
            k++;
        if (k == *n_groups)
            g[(*n_groups)++] = (qg_listed_group){.pattern = cell[i].name, .like = cell[i]};
        else if (!(g[k].pattern = widened(a, g[k].pattern, cell[i].name)))
            return QG_ENOMEM;
        g[k].n++;
    }
    *out = g;
    return QG_OK;
}

const char *qg_listed_group_text(qg_arena *a, const qg_listed_group *g)
{
    return g->n == 1 ? g->pattern
                     : qg_arena_printf(a, "%s (%d %s)", g->pattern, g->n, g->like.kind);
}
