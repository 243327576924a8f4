/*
 * distill.c - the teacher of a training: read, loaded, checked against the student.
 */
#include "qat.h"

#include "qgrid/file.h"
#include "qgrid/tokenizer.h"

#include <string.h>

#define FIELD(f) offsetof(qg_training_distill, f)

// clang-format off
const qg_opt qg_training_distill_opts[] = {
    {"from", QG_OPT_STRING, FIELD(from), .required = true, .help = "model folder of the teacher, run in fp32"},
    {"temperature", QG_OPT_REAL, FIELD(temperature), .def = 2, .min = 0.01, .max = 1000, .help = "divides the logits of both"},
    {"weight", QG_OPT_REAL, FIELD(weight), .def = 0.5, .min = 0, .max = 1, .help = "share of the teacher in the loss, the rest is the labels'"},
    {"hidden", QG_OPT_REAL, FIELD(hidden), .def = 0, .min = 0, .max = 1e9, .help = "factor of the mean squared difference of hidden states; 0: logits only"},
    QG_OPT_END,
};
// clang-format on

void qg_training_distill_read(qg_training_config *c, qg_problems *problems)
{
    const qg_json *v = c->distill_node;
    if (!v || qg_opt_read(&c->distill, qg_training_distill_opts, &c->doc, v, problems) != QG_OK)
        return;
    if (c->distill.weight == 0 && c->distill.hidden == 0)
        (void)qg_problems_take(
            problems, QG_JSON_FAIL(&c->doc, v, QG_EJOB,
                                   "\"weight\" and \"hidden\" are 0, the teacher has no say"));
}

qg_distill qg_training_distill_options(const qg_training_config *c, const qg_training_inputs *in)
{
    return (qg_distill){.teacher = &in->teacher,
                        .values = in->teacher_values,
                        .temperature = c->distill.temperature,
                        .weight = c->distill.weight,
                        .hidden = c->distill.hidden};
}

static qg_code check_tokenizer(const char *dir, const char *hash)
{
    qg_tokenizer *t;
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = qg_tokenizer_load(&t, a, dir);
    if (rc == QG_OK && strcmp(qg_tokenizer_sha256(t), hash) != 0)
        rc = QG_FAIL_AT(QG_EMODEL, dir, 0, 0, qg_tokenizer_file(dir),
                        "another vocabulary or other rules than the student's: a teacher sees the "
                        "student's token ids");
    qg_arena_destroy(a);
    return rc;
}

static qg_code check_shape(const qg_training_inputs *in, const char *dir, bool hidden)
{
    const qg_config *s = &in->params.config, *t = &in->teacher.config;
    if (t->vocab < s->vocab)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, "vocab_size", "is %d, the student has %d", t->vocab,
                          s->vocab);
    if (t->positions < s->positions)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, "max_position_embeddings",
                          "is %d, the student has %d", t->positions, s->positions);
    if (hidden && (t->layers != s->layers || t->hidden != s->hidden))
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, "hidden_size",
                          "%d layers of %d, the student has %d of %d: hidden states cannot be "
                          "compared",
                          t->layers, t->hidden, s->layers, s->hidden);
    return QG_OK;
}

qg_code qg_training_load_teacher(qg_training_inputs *in, qg_arena *a, const qg_training_config *c,
                                 const char *tokenizer_hash)
{
    qg_model_source src = {.dir = c->distill.from,
                           .class_order = c->teacher_order,
                           .n_order = c->teacher_order ? c->K : 0};
    qg_config config;
    if (!src.dir)
        return QG_OK;
    if (!qg_dir_exists(src.dir))
        return QG_FAIL_AT(QG_EIO, src.dir, 0, 0, NULL, "there is no such model folder");
    QG_TRY(qg_config_load(&config, a, src.dir));
    if (!src.class_order)
        QG_TRY(qg_labels_fit(c->labels, c->K, src.dir, &config));
    QG_TRY(check_tokenizer(src.dir, tokenizer_hash));
    QG_TRY(qg_params_load(&in->teacher, &in->teacher_values, a, &src, c->labels, NULL));
    QG_TRY(check_shape(in, src.dir, c->distill.hidden > 0));
    return qg_model_hash(in->teacher_hash, &src);
}
