/*
 * layout_sensitivity.c - fillers of sensitivity: the parts of a model, and the texts.
 */
#include "layout_data.h"

static const qg_plan_sensitivity *of_group(const qg_plan *p, qg_group_ref ref)
{
    return &p->sensitivity[qg_layout_experiment(p, ref)];
}

static const char *kind_text(const void *ctx, int64_t i)
{
    return qg_model_part_kinds[((const qg_model_part *)ctx)[i].kind];
}

static const char *role_text(const void *ctx, int64_t i)
{
    int role = ((const qg_model_part *)ctx)[i].role;
    return role == QG_ROLES ? "" : qg_roles[role].name;
}

qg_code qg_fill_part_kind(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 16, kind_text, of_group(p, ref)->part);
}

qg_code qg_fill_part_role(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 16, role_text, of_group(p, ref)->part);
}

qg_code qg_fill_part_layer(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_plan_sensitivity *s = of_group(p, ref);
    int32_t *v;
    QG_NEW(v, a, s->parts);
    for (int i = 0; i < s->parts; i++)
        v[i] = s->part[i].layer;
    f->initial = v;
    return QG_OK;
}

qg_code qg_fill_part_parameters(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_plan_sensitivity *s = of_group(p, ref);
    qg_module *m;
    int n;
    int64_t *v;
    QG_TRY(qg_modules_of(&m, &n, a, &p->models[ref.model].config, QG_OBJECTIVE_CLASSIFICATION));
    QG_NEW(v, a, s->parts);
    for (int i = 0; i < s->parts; i++)
        for (int k = 0; k < n; k++) {
            qg_parameter x[2];
            for (int t = s->part[i].takes[k] ? qg_module_parameters(x, &m[k]) : 0; t > 0; t--)
                v[i] += (int64_t)x[t - 1].rows * x[t - 1].columns;
        }
    f->initial = v;
    return QG_OK;
}

qg_code qg_fill_sensitive_row(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    (void)a;
    f->initial = of_group(p, ref)->row;
    return QG_OK;
}

qg_code qg_fill_sensitive_slot(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    (void)a;
    f->initial = of_group(p, ref)->slot;
    return QG_OK;
}
