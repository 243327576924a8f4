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

const char *const qg_embedding_names[] = {[QG_EMBED_FP32] = "fp32",
                                          [QG_EMBED_FP16] = "fp16",
                                          [QG_EMBED_INT8] = "int8",
                                          [QG_EMBED_BF16] = "bf16",
                                          NULL};
const char *const qg_parameters_names[] = {
    [QG_PARAMETERS_ALL] = "all", [QG_PARAMETERS_LINEAR] = "linear", NULL};

const qg_precision *qg_embedding_precision(int kind)
{
    static const qg_precision *const schemes[] = {[QG_EMBED_FP32] = &qg_precision_fp32,
                                                  [QG_EMBED_FP16] = &qg_precision_fp16,
                                                  [QG_EMBED_INT8] = &qg_precision_int8,
                                                  [QG_EMBED_BF16] = &qg_precision_bf16};
    return schemes[kind];
}

qg_precision_spec qg_precision_plain(const qg_precision *p)
{
    return (qg_precision_spec){p->name, p, p->others, p->others};
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

#define FIELD(f) offsetof(qg_precision_entry, f)

// clang-format off
const qg_opt qg_precision_opts[] = {
    {"precision", QG_OPT_STRING, FIELD(precision), .required = true, .help = "name of a precision"},
    {"embeddings", QG_OPT_ENUM, FIELD(embeddings), .def = QG_NOT_SAID, .names = qg_embedding_names, .help = "how embedding tables are stored; default: fp32, with fp16 and bf16 the same"},
    {"parameters", QG_OPT_ENUM, FIELD(parameters), .def = QG_NOT_SAID, .names = qg_parameters_names, .help = "fp16 and bf16: all of them, or weights of Linear layers alone; default: all"},
    {"name", QG_OPT_STRING, FIELD(name), .help = "name in cells; default PRECISION, then _linear, _emb_EMBEDDINGS where they are no defaults"},
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

const char *qg_precision_spec_name(qg_arena *a, const qg_precision_spec *s)
{
    const char *linear = s->vectors == s->scheme->others ? "" : "_linear";
    bool same = s->embeddings == s->vectors;
    return qg_arena_printf(a, "%s%s%s%s", s->scheme->name, linear, same ? "" : "_emb_",
                           same ? "" : qg_embedding_names[s->embeddings]);
}

/* "parameters" is for precisions that round all of them. */
static qg_code check_parameters(const qg_precision_spec *s, const qg_json_doc *doc,
                                const qg_json *v, const qg_precision_entry *e)
{
    if (e->parameters != QG_PARAMETERS_ALL || s->scheme->others != QG_EMBED_FP32 ||
        s->scheme->is_reference)
        return QG_OK;
    return QG_JSON_FAIL(doc, qg_json_get(v, "parameters"), QG_EJOB,
                        "%s is of weights of Linear layers; \"embeddings\" says how tables are "
                        "stored",
                        s->scheme->name);
}

qg_code qg_precision_spec_make(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               const qg_precision_entry *e, qg_problems *problems)
{
    const qg_json *at = v->type == QG_JSON_OBJECT ? qg_json_get(v, "precision") : v;
    *out = (qg_precision_spec){.name = e->name};
    qg_code rc = find_scheme(out, doc, at, e->precision, problems->arena);
    if (rc == QG_OK)
        rc = check_parameters(out, doc, v, e);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    out->vectors = e->parameters == QG_PARAMETERS_LINEAR ? QG_EMBED_FP32 : out->scheme->others;
    out->embeddings = e->embeddings == QG_NOT_SAID ? out->vectors : e->embeddings;
    if (!e->name)
        out->name = qg_precision_spec_name(problems->arena, out);
    return out->name ? QG_OK : QG_ENOMEM;
}

qg_code qg_precision_spec_read(qg_precision_spec *out, const qg_json_doc *doc, const qg_json *v,
                               qg_problems *problems)
{
    qg_precision_entry e;
    bool plain = v->type == QG_JSON_STRING;
    *out = (qg_precision_spec){0};
    QG_TRY(qg_opt_read(&e, qg_precision_opts, doc, plain ? NULL : v, problems));
    if (plain)
        e.precision = v->string;
    return qg_precision_spec_make(out, doc, v, &e, problems);
}
