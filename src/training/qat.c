/*
 * qat.c - how a training quantizes: read, checked, in steps instead of epochs.
 *
 * "moving" ranges make training see static 8-bit grids for the inputs of Linear layers. No packed
 * format holds such ranges: what is deployed, and what validation scores, takes its ranges from
 * each token or text as the precision says. They are refused where inputs are not 8 bit when
 * deployed.
 */
#include "qat.h"

#include "qgrid/precision.h"

static const char *const inputs_names[] = {
    [QG_QAT_DEPLOYED] = "deployed", [QG_QAT_MOVING] = "moving", NULL};
static const char *const step_size_names[] = {"max", "learned", NULL};

#define FIELD(f) offsetof(qg_training_qat, f)

// clang-format off
const qg_opt qg_training_qat_opts[] = {
    {"precision", QG_OPT_STRING, FIELD(precision.precision), .required = true, .help = "what the model is trained for"},
    {"embeddings", QG_OPT_ENUM, FIELD(precision.embeddings), .def = QG_NOT_SAID, .names = qg_embedding_names, .help = "how embedding tables will be stored, as in a job"},
    {"parameters", QG_OPT_ENUM, FIELD(precision.parameters), .def = QG_NOT_SAID, .names = qg_parameters_names, .help = "fp16 and bf16: all, or weights of Linear layers alone, as in a job"},
    {"name", QG_OPT_STRING, FIELD(precision.name), .help = "of the precision, as in a job"},
    {"inputs", QG_OPT_ENUM, FIELD(inputs), .names = inputs_names, .help = "of Linear layers in training: as deployed, or \"moving\": static 8-bit ranges that follow the data (deployed are dynamic ones all the same)"},
    {"step_size", QG_OPT_ENUM, FIELD(step_size), .names = step_size_names, .help = "of the weights: from the largest one, or \"learned\" (LSQ; deployed as learned)"},
    {"start_epoch", QG_OPT_INT, FIELD(start_epoch), .def = 1, .min = 1, .max = 10000, .help = "first epoch that quantizes; those before train without"},
    {"freeze_epochs", QG_OPT_INT, FIELD(freeze_epochs), .def = 1, .min = 0, .max = 10000, .help = "last epochs in which moving ranges rest; 0 where only one epoch quantizes"},
    QG_OPT_END,
};
// clang-format on

/* A config being read. */
typedef struct reader {
    const qg_json_doc *doc;
    qg_problems *problems;
} reader;

static bool has_8bit_inputs(const qg_precision *p)
{
    return p->activations == QG_ACTIVATIONS_TOKEN || p->activations == QG_ACTIVATIONS_TEXT;
}

/* Epochs that quantize. */
static int64_t quantized_epochs(const qg_training_config *c)
{
    return c->epochs - c->fake.start_epoch + 1;
}

static void check_freeze(qg_training_config *c, qg_problems *problems)
{
    const reader r = {&c->doc, problems};
    const qg_json *v = qg_json_get(c->qat_node, "freeze_epochs");
    if (v && c->fake.inputs != QG_QAT_MOVING)
        QG_WRONG(&r, v, "only moving ranges freeze, \"inputs\" is \"deployed\"");
    else if (v && c->fake.freeze_epochs >= quantized_epochs(c))
        QG_WRONG(&r, v,
                 "%lld of %lld quantized epochs are frozen, at least one has to observe ranges",
                 (long long)c->fake.freeze_epochs, (long long)quantized_epochs(c));
    else if (c->fake.freeze_epochs >= quantized_epochs(c))
        c->fake.freeze_epochs = 0;
}

static void check_object(qg_training_config *c, qg_problems *problems)
{
    const reader r = {&c->doc, problems};
    const qg_precision *p = c->qat.scheme;
    if (c->fake.inputs == QG_QAT_MOVING && !has_8bit_inputs(p))
        QG_WRONG(&r, qg_json_get(c->qat_node, "inputs"),
                 "%s has no 8-bit inputs when deployed, there are no ranges to train for", p->name);
    if (c->fake.step_size && !qg_precision_has_levels(p))
        QG_WRONG(&r, qg_json_get(c->qat_node, "step_size"),
                 "%s has no uniform integer weights, there is no step size to learn", p->name);
    if (c->fake.start_epoch > c->epochs)
        QG_WRONG(&r, qg_json_get(c->qat_node, "start_epoch"),
                 "epoch %lld is never reached, there are %lld", (long long)c->fake.start_epoch,
                 (long long)c->epochs);
    else
        check_freeze(c, problems);
}

void qg_training_qat_read(qg_training_config *c, qg_problems *problems)
{
    const qg_json *v = c->qat_node;
    bool plain = v && v->type == QG_JSON_STRING;
    if (!v)
        return;
    if (qg_opt_read(&c->fake, qg_training_qat_opts, &c->doc, plain ? NULL : v, problems) != QG_OK &&
        !plain)
        return;
    if (plain)
        c->fake.precision.precision = v->string;
    if (qg_precision_spec_make(&c->qat, &c->doc, v, &c->fake.precision, problems) != QG_OK)
        return;
    c->has_qat = true;
    if (!plain)
        check_object(c, problems);
}

const qg_precision *qg_training_learned(const qg_training_config *c)
{
    return c->has_qat && c->fake.step_size ? c->qat.scheme : NULL;
}

qg_qat_options qg_training_qat_options(const qg_training_config *c, int batches)
{
    bool freezes = c->fake.inputs == QG_QAT_MOVING && c->fake.freeze_epochs > 0;
    int64_t moving = c->epochs - c->fake.freeze_epochs;
    return (qg_qat_options){.precision = c->qat,
                            .inputs = (qg_qat_inputs)c->fake.inputs,
                            .learned = qg_training_learned(c) != NULL,
                            .start = (uint64_t)(c->fake.start_epoch - 1) * (uint64_t)batches,
                            .freeze = freezes ? (uint64_t)moving * (uint64_t)batches : 0};
}
