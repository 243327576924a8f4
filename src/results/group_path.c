/*
 * group_path.c - paths of groups: names of models, data sets ... in place of a pattern's letters.
 */
#include "layout_data.h"

#include "qgrid/reading.h"

#include <string.h>

const char *const qg_group_patterns[] = {
#define X(id, path) path,
    QG_GROUP_LIST(X)
#undef X
};

/* What a letter of a pattern stands for; NULL: for itself. */
typedef const char *(*namer)(const void *ctx, char letter);

static void fill_in(char *out, size_t size, qg_group group, const char *name, namer name_of,
                    const void *ctx)
{
    const char *pattern = qg_group_patterns[group];
    size_t n = 0;
    out[0] = 0;
    for (const char *p = pattern; *p && n < size; p++) {
        const char *part = NULL;
        if (p > pattern && p[-1] == '/' && (p[1] == '/' || p[1] == 0))
            part = name_of(ctx, *p);
        n += (size_t)(part ? snprintf(out + n, size - n, "%s", part)
                           : snprintf(out + n, size - n, "%c", *p));
    }
    if (name && n < size)
        snprintf(out + n, size - n, "/%s", name);
}

typedef struct planned {
    const qg_job *job;
    qg_group_ref ref;
} planned;

static const char *planned_name(const void *ctx, char letter)
{
    const qg_job *job = ((const planned *)ctx)->job;
    const qg_group_ref *ref = &((const planned *)ctx)->ref;
    const qg_explain_options *x = &job->explain;
    bool splits = ref->group == QG_GROUP_DECOMPOSITION;
    switch (letter) {
    case 'M':
        return job->models[ref->model].name;
    case 'B':
        return job->models[ref->model].seed_group.base;
    case 'D':
        return job->datasets[ref->dataset].name;
    case 'P':
        return job->precisions[ref->precision].name;
    case 'X':
        return x->methods[ref->method].name;
    case 'N':
        return qg_perturbation_names()[job->stress.perturbation[ref->method]];
    case 'E':
        return splits ? job->decompositions[ref->method].of
                      : job->experiments[x->pairs[ref->method].a].name;
    case 'F':
        return splits ? job->decompositions[ref->method].control
                      : job->experiments[x->pairs[ref->method].b].name;
    default:
        return NULL;
    }
}

char *qg_group_path(char *out, size_t size, const qg_job *job, qg_group_ref ref, const char *name)
{
    fill_in(out, size, ref.group, name, planned_name, &(planned){job, ref});
    return out;
}

static const char *read_name(const void *ctx, char letter)
{
    const qg_read_cell *c = ctx;
    const char *last;
    switch (letter) {
    case 'M':
    case 'B':
        return c->model;
    case 'E':
        return c->experiment;
    case 'N': /* "finetuned_smsa/stress/typos" */
    case 'F': /* "control_smsa/vs/qat_smsa" */
        last = strrchr(c->name, '/');
        return last ? last + 1 : "";
    case 'D':
        return c->dataset;
    case 'P':
        return c->precision;
    case 'X':
        return c->method;
    default:
        return NULL;
    }
}

char *qg_read_cell_path(char *out, size_t size, const qg_read_cell *c, qg_group group)
{
    fill_in(out, size, group, NULL, read_name, c);
    return out;
}
