/*
 * family.c - methods of explanation by what they look at: gradients, outputs of changed texts,
 * weights of attention, nothing.
 */
#include "family.h"

#include "qgrid/json.h"

#include <string.h>

const char *const qg_families_of_methods[] = {"gradient", "perturbation", "attention",
                                              "random",   "other",        NULL};

static const struct {
    const char *method, *family;
} methods[] = {
    {"integrated_gradients", "gradient"},
    {"sequential_integrated_gradients", "gradient"},
    {"expected_gradients", "gradient"},
    {"gradient_x_input", "gradient"},
    {"saliency", "gradient"},
    {"smoothgrad", "gradient"},
    {"attn_lrp", "gradient"},
    {"lime", "perturbation"},
    {"shap", "perturbation"},
    {"kernel_shap", "perturbation"},
    {"occlusion", "perturbation"},
    {"attention_rollout", "attention"},
    {"attention_entropy", "attention"},
    {"random", "random"},
};

const char *qg_family_of_method(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].method, method) == 0)
            return methods[i].family;
    return "other";
}

qg_code qg_method_family(const char **out, qg_reading *r, const qg_read_cell *c)
{
    char *group, *options;
    qg_json_doc doc;
    *out = qg_family_of_method(c->method);
    QG_TRY(qg_reading_path(&group, r, "/attributions/{model}/{dataset}/{precision}/{method}", c));
    if (!qg_store_has(r->store, group))
        return QG_OK;
    QG_TRY(qg_store_attr_text(&options, r->store, r->arena, group, "options"));
    if (!options)
        return QG_OK;
    QG_TRY(qg_json_parse(&doc, r->arena, r->path, options, strlen(options)));
    const qg_json *name = qg_json_get(doc.root, "method");
    if (name && name->type == QG_JSON_STRING)
        *out = qg_family_of_method(name->string);
    return QG_OK;
}
