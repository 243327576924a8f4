/*
 * finish_latency.c - a measurement of latency that several cells show.
 */
#include "finish.h"

#include <string.h>

/* Every dataset below `from`, as it is, to the group `to`, which has the same. */
static qg_code copy_group(qg_results *r, const char *to, const char *from)
{
    qg_store_info *list;
    int n;
    QG_TRY(qg_store_list(&list, &n, r->store, r->scratch, from));
    for (int i = 0; i < n; i++) {
        const qg_store_info *d = &list[i];
        size_t bytes = d->type == QG_STORE_STRING ? d->string_size : 8;
        const char *path = qg_arena_printf(r->scratch, "%s%s", to, d->path + strlen(from));
        char *data;
        for (int k = 0; k < d->ndim; k++)
            QG_TRY(qg_mul_size(&bytes, bytes, (size_t)d->shape[k]));
        QG_NEW(data, r->scratch, bytes);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_store_read(r->store, d->path, d->type, NULL, NULL, data));
        QG_TRY(qg_store_write(r->store, path, d->type, NULL, NULL, data));
    }
    return QG_OK;
}

qg_code qg_finish_latency(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_cell *owner = &p->cells[c->owner];
    char to[1024], from[1024];
    if (owner == c)
        return QG_OK;
    qg_group_path(to, sizeof to, p->job, qg_cell_group(p, c, QG_GROUP_LATENCY), NULL);
    qg_group_path(from, sizeof from, p->job, qg_cell_group(p, owner, QG_GROUP_LATENCY), NULL);
    return copy_group(r, to, from);
}
