/*
 * params_io.c - parameters from a checkpoint, and back into a Hugging Face folder.
 */
#include "qgrid/train.h"

#include "train/qat/learned_scales.h"
#include "qgrid/checkpoint.h"
#include "qgrid/packed.h"
#include "qgrid/tokenizer.h"
#include "qgrid/trained_scales.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

enum { CONFIG_BYTES = 4 << 20 };

/* The classes of the study take the place of the model's. */
static qg_code relabel(qg_config *c, const char *dir, const char *const *labels, bool drawn)
{
    int n = 0;
    while (labels[n])
        n++;
    if (n != c->classes && !drawn)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, "id2label",
                          "the model has %d classes, %d are wanted; say \"head\": \"random\" to "
                          "draw a new classifier",
                          c->classes, n);
    c->classes = n;
    c->labels = labels;
    return QG_OK;
}

static qg_code read_all(const qg_params *p, float *values, qg_arena *a, qg_checkpoint *c)
{
    qg_module *m;
    int n;
    QG_TRY(qg_modules_of(&m, &n, a, &p->config, p->objective));
    for (int i = 0; i < n; i++) {
        qg_parameter part[2];
        for (int k = 0, parts = qg_module_parameters(part, &m[i]); k < parts; k++) {
            const qg_param *t = &p->param[qg_params_find(p, part[k].name)];
            QG_TRY(qg_checkpoint_read(values + t->offset, c, &part[k]));
        }
    }
    qg_checkpoint_warn(c);
    return QG_OK;
}

static qg_code load(qg_params *p, float **values, qg_arena *a, qg_checkpoint *c, qg_config *config,
                    const char *const *labels, const qg_precision *scales, qg_objective objective)
{
    bool mlm = objective == QG_OBJECTIVE_MLM;
    if (!c->random_head && !qg_checkpoint_has_head(c, objective)) {
        qg_note("%s: no %s in the checkpoint, one is drawn from seed %lld", c->dir,
                mlm ? "head of masked-language modelling" : "classifier", (long long)c->head_seed);
        c->random_head = true;
    }
    c->pooler_may_lack = mlm || c->random_head;
    if (labels)
        QG_TRY(relabel(config, c->dir, labels, c->random_head));
    QG_TRY(mlm ? qg_params_plan_mlm(p, a, config) : qg_params_plan(p, a, config));
    if (!(p->dir = qg_arena_strdup(a, c->dir)))
        return QG_ENOMEM;
    if (scales)
        QG_TRY(qg_params_plan_scales(p, a, scales));
    QG_NEW(*values, a, p->count);
    QG_TRY(read_all(p, *values, a, c));
    if (scales)
        qg_params_measure_scales(*values, p);
    return QG_OK;
}

static qg_code open_and_load(qg_params *out, float **values, qg_arena *a,
                             const qg_model_source *src, const char *const *labels,
                             const qg_precision *scales, qg_objective objective)
{
    qg_config config;
    qg_checkpoint c;
    if (qg_is_packed(src->dir))
        return QG_FAIL_AT(QG_EUNSUPPORTED, src->dir, 0, 0, NULL,
                          "is packed; train the checkpoint it was made from");
    QG_TRY(qg_source_config(&config, a, src));
    QG_TRY(qg_checkpoint_open(&c, a, src, &config));
    qg_code rc = load(out, values, a, &c, &config, labels, scales, objective);
    if (rc == QG_OK && c.weights)
        rc = qg_weights_check_unchanged(c.weights);
    qg_checkpoint_close(&c);
    return rc;
}

qg_code qg_params_load(qg_params *out, float **values, qg_arena *a, const qg_model_source *src,
                       const char *const *labels, const qg_precision *scales)
{
    return open_and_load(out, values, a, src, labels, scales, QG_OBJECTIVE_CLASSIFICATION);
}

qg_code qg_params_load_mlm(qg_params *out, float **values, qg_arena *a, const qg_model_source *src)
{
    return open_and_load(out, values, a, src, NULL, NULL, QG_OBJECTIVE_MLM);
}

static qg_code save_config(qg_arena *a, const char *dir, const qg_params *p)
{
    qg_json_doc doc;
    qg_str s = {0};
    char *from = qg_path_join(a, p->dir, "config.json"), *to = qg_path_join(a, dir, "config.json");
    if (!from || !to)
        return QG_ENOMEM;
    QG_TRY(qg_json_load(&doc, a, from, CONFIG_BYTES));
    qg_config_relabelled(&s, doc.root, &p->config, p->objective);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK)
        rc = qg_file_write(to, s.data, s.len);
    qg_str_fini(&s);
    return rc;
}

static qg_code check_finite(const qg_params *p, const float *values)
{
    for (int i = 0; i < p->n; i++) {
        const qg_param *t = &p->param[i];
        size_t n = (size_t)t->rows * (size_t)t->columns;
        for (size_t k = 0; k < n; k++)
            if (!isfinite(values[t->offset + k]))
                return QG_FAIL_AT(QG_ENUMERIC, NULL, 0, 0, t->name, "element %zu is %g", k,
                                  (double)values[t->offset + k]);
    }
    return QG_OK;
}

static const char *const metadata[] = {"format", "pt", NULL};

static qg_code save_weights(qg_arena *a, const char *dir, const qg_params *p, const float *values)
{
    qg_tensor *tensor;
    int n = p->n - p->scales;
    char *path = qg_path_join(a, dir, "model.safetensors");
    if (!path)
        return QG_ENOMEM;
    QG_NEW(tensor, a, n);
    for (int i = 0; i < n; i++) {
        const qg_param *t = &p->param[i];
        tensor[i] = (qg_tensor){.name = t->name,
                                .dtype = QG_F32,
                                .ndim = t->columns > 1 ? 2 : 1,
                                .shape = {t->rows, t->columns},
                                .data = values + t->offset,
                                .bytes = (size_t)t->rows * (size_t)t->columns * sizeof *values};
    }
    return qg_safetensors_write(path, tensor, n, metadata);
}

/* As they are used, not as they are trained. */
static qg_code save_scales(qg_arena *a, const char *dir, const qg_params *p, const float *values)
{
    qg_tensor *tensor;
    float *scales;
    int first = p->n - p->scales;
    if (p->scales == 0)
        return QG_OK;
    size_t begin = p->param[first].offset;
    char *path = qg_trained_scales_path(a, dir, p->scheme);
    if (!path)
        return QG_ENOMEM;
    QG_NEW(tensor, a, p->scales);
    QG_NEW(scales, a, p->count - begin);
    for (int i = 0; i < p->scales; i++) {
        const qg_param *t = &p->param[first + i];
        size_t n = (size_t)t->rows * (size_t)t->columns, at = t->offset - begin;
        qg_scales_values(scales + at, values + t->offset, n, p->scheme);
        tensor[i] = (qg_tensor){.name = t->name,
                                .dtype = QG_F32,
                                .ndim = 2,
                                .shape = {t->rows, t->columns},
                                .data = scales + at,
                                .bytes = n * sizeof *scales};
    }
    return qg_safetensors_write(path, tensor, p->scales, metadata);
}

static qg_code save(qg_arena *a, const char *dir, const qg_params *p, const float *values)
{
    QG_TRY(qg_mkdirs(dir));
    QG_TRY(save_config(a, dir, p));
    QG_TRY(qg_tokenizer_copy(a, dir, p->dir));
    QG_TRY(save_scales(a, dir, p, values));
    return save_weights(a, dir, p, values);
}

qg_code qg_params_save(const char *dir, const qg_params *p, const float *values)
{
    QG_TRY(check_finite(p, values));
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = save(a, dir, p, values);
    qg_arena_destroy(a);
    return rc;
}
