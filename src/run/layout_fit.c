/*
 * layout_fit.c - whether a results file has the datasets of a layout.
 */
#include "layout_fit.h"

#include <string.h>

qg_code qg_field_fits(bool *fits, qg_store *s, const qg_field *f)
{
    qg_store_info info;
    *fits = qg_store_has(s, f->path);
    if (!*fits)
        return QG_OK;
    QG_TRY(qg_store_describe(&info, s, f->path));
    *fits = info.type == f->type && info.ndim == f->ndim &&
            (f->type != QG_STORE_STRING || info.string_size == f->string_size);
    for (int k = 0; *fits && k < f->ndim; k++)
        *fits = info.shape[k] == f->shape[k];
    return QG_OK;
}

qg_code qg_group_fits(bool *fits, qg_store *s, qg_arena *a, const qg_layout *layout,
                      const char *group)
{
    size_t len = strlen(group);
    qg_store_info *info;
    int have, want = 0;
    *fits = true;
    for (int i = 0; *fits && i < layout->n_fields; i++) {
        const qg_field *f = &layout->field[i];
        if (strncmp(f->path, group, len) != 0 || f->path[len] != '/')
            continue;
        want++;
        QG_TRY(qg_field_fits(fits, s, f));
    }
    if (!*fits || !want)
        return QG_OK;
    QG_TRY(qg_store_list(&info, &have, s, a, group));
    *fits = have == want;
    return QG_OK;
}

qg_code qg_layout_misfit(const qg_field **out, qg_store *s, const qg_layout *layout)
{
    *out = NULL;
    for (int i = 0; i < layout->n_fields && !*out; i++) {
        bool fits;
        QG_TRY(qg_field_fits(&fits, s, &layout->field[i]));
        *out = fits ? NULL : &layout->field[i];
    }
    return QG_OK;
}
