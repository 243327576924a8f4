/*
 * precision.c - the registry of precisions, and reading one from a job.
 */
#include "schemes.h"

#include "qgrid/str.h"

#include <string.h>

const qg_precision *const qg_precisions[] = {
#define QG_PRECISION(id) &qg_precision_##id,
#include "precisions.def"
#undef QG_PRECISION
    NULL,
};

const char *const qg_embedding_names[] = {"fp32", "fp16", "int8", NULL};

const qg_precision *qg_embedding_precision(int embeddings)
{
    static const qg_precision *const schemes[] = {[QG_EMBED_FP32] = &qg_precision_fp32,
                                                  [QG_EMBED_FP16] = &qg_precision_fp16,
                                                  [QG_EMBED_INT8] = &qg_precision_int8};
    return schemes[embeddings];
}

bool qg_precision_is_reference(const qg_precision_spec *p)
{
    return p->scheme->is_reference && p->embeddings == QG_EMBED_FP32;
}

const qg_precision *qg_precision_find(const char *name)
{
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    return NULL;
}

const char *qg_precision_name(const qg_precision *p)
{
    return p->name;
}

const char *qg_precision_summary(const qg_precision *p)
{
    return p->summary;
}

const char *qg_precision_arithmetic(const qg_precision *p)
{
    int n;
    const qg_kernel_info *list = qg_kernel_list(&n);
    for (int i = 0; i < n && p->activations == QG_ACTIVATIONS_BF16; i++)
        if (list[i].chosen && strcmp(list[i].isa, "avx512bf16") == 0)
            return list[i].isa;
    return "";
}

int qg_precision_group(const qg_precision *p, int k)
{
    return p->group ? p->group(k) : k;
}

struct entry {
    const char *precision, *name;
    int embeddings;
};

// clang-format off
const qg_opt qg_precision_opts[] = {
    {"precision", QG_OPT_STRING, offsetof(struct entry, precision), .required = true, .help = "name of a precision"},
    {"embeddings", QG_OPT_ENUM, offsetof(struct entry, embeddings), .names = qg_embedding_names, .help = "how embedding tables are stored"},
    {"name", QG_OPT_STRING, offsetof(struct entry, name), .help = "name in cells; default PRECISION or PRECISION_emb_EMBEDDINGS"},
    QG_OPT_END,
};
// clang-format on

/* Names come from the registry, so the table is made when it is needed. */
static const char **scheme_names(qg_arena *a)
{
    size_t n = sizeof qg_precisions / sizeof qg_precisions[0];
    const char **names = qg_arena_alloc(a, n, sizeof *names);
    for (size_t i = 0; names && i + 1 < n; i++)
        names[i] = qg_precisions[i]->name;
    return names;
}

static qg_code find_scheme(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                           const char *name, qg_arena *a)
{
    char known[256];
    out->scheme = qg_precision_find(name);
    if (out->scheme)
        return QG_OK;
    const char **names = scheme_names(a);
    if (!names)
        return QG_ENOMEM;
    const char *near = qg_nearest(name, names);
    return QG_JSON_FAIL(doc, v, QG_EJOB, "there is no precision '%s'%s%s%s; known are: %s", name,
                        near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
                        qg_join_names(known, sizeof known, names));
}

const char *qg_precision_spec_name(qg_arena *a, const qg_precision *p, int embeddings)
{
    return embeddings == QG_EMBED_FP32
               ? p->name
               : qg_arena_printf(a, "%s_emb_%s", p->name, qg_embedding_names[embeddings]);
}

qg_code qg_precision_spec_make(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               const char *precision, int embeddings, const char *name,
                               qg_problems *problems)
{
    const qg_json *at = v->type == QG_JSON_OBJECT ? qg_json_get(v, "precision") : v;
    *out = (qg_precision_spec){.name = name, .embeddings = embeddings};
    qg_code rc = find_scheme(out, doc, at, precision, problems->arena);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    if (!name)
        out->name = qg_precision_spec_name(problems->arena, out->scheme, embeddings);
    return out->name ? QG_OK : QG_ENOMEM;
}

qg_code qg_precision_spec_read(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               qg_problems *problems)
{
    struct entry e = {0};
    *out = (qg_precision_spec){0};
    if (v->type == QG_JSON_STRING)
        e.precision = v->string;
    else
        QG_TRY(qg_opt_read(&e, qg_precision_opts, doc, v, problems));
    return qg_precision_spec_make(out, doc, v, e.precision, e.embeddings, e.name, problems);
}
