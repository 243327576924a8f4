/*
 * config.c - the config of a training, from JSON. All mistakes are collected.
 */
#include "qgrid/training.h"

#include "qgrid/json_set.h"
#include "qgrid/labels.h"
#include "qat.h"
#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

#define FIELD(f) offsetof(qg_training_config, f)

static const char *const schedule_names[] = {[QG_SCHEDULE_LINEAR] = "linear",
                                             [QG_SCHEDULE_CONSTANT] = "constant",
                                             [QG_SCHEDULE_COSINE] = "cosine",
                                             NULL};
static const char *const reduce_names[] = {
    [QG_REDUCE_TREE] = "tree", [QG_REDUCE_MPI] = "mpi", NULL};

static const char *const objective_names[] = {
    [QG_OBJECTIVE_CLASSIFICATION] = "classification", [QG_OBJECTIVE_MLM] = "mlm", NULL};

// clang-format off
const qg_opt qg_training_opts[] = {
    {"objective", QG_OPT_ENUM, FIELD(objective), .names = objective_names, .help = "mlm: masked-language modelling, 15 % of the tokens are predicted; needs no labels"},
    {"from", QG_OPT_STRING, FIELD(from), .required = true, .help = "model folder to start from"},
    {"head", QG_OPT_STRING, FIELD(head), .help = "\"random\": draw a classifier (mlm: its own head)"},
    {"weights", QG_OPT_STRING, FIELD(weights), .help = "\"random\": draw everything; only config.json and the vocabulary of `from` are read"},
    {"output", QG_OPT_STRING, FIELD(output), .required = true, .help = "folder of the trained model"},
    {"seed", QG_OPT_INT, FIELD(seed), .def = 42, .min = 0, .max = QG_JSON_MOST_INTEGER, .help = "of what is drawn, order, dropout and masks"},
    {"labels", QG_OPT_NODE, FIELD(labels_node), .help = "class names in the order of the logits"},
    {"dataset", QG_OPT_NODE, FIELD(dataset_node), .required = true, .help = "texts to train on: file, object, or an array of these"},
    {"validation", QG_OPT_NODE, FIELD(validation_node), .required = true, .help = "texts that choose the best epoch: file or object"},
    {"epochs", QG_OPT_INT, FIELD(epochs), .def = 3, .min = 1, .max = 10000, .help = "passes over the training data"},
    {"batch", QG_OPT_INT, FIELD(batch), .def = 32, .min = 1, .max = 65536, .help = "texts of a step"},
    {"leaves", QG_OPT_INT, FIELD(leaves), .def = 8, .min = 1, .max = 1024, .help = "parts of a batch, a power of two; fixes the order of sums"},
    {"max_length", QG_OPT_INT, FIELD(max_length), .def = 128, .min = 3, .max = 65536, .help = "longest text in tokens"},
    {"learning_rate", QG_OPT_REAL, FIELD(learning_rate), .def = 2e-5, .min = 0, .max = 1e30, .help = "largest, after warm-up"},
    {"weight_decay", QG_OPT_REAL, FIELD(weight_decay), .def = 0.01, .min = 0, .max = 1, .help = "of AdamW; not on biases and LayerNorm"},
    {"warmup", QG_OPT_REAL, FIELD(warmup), .def = 0.1, .min = 0, .max = 1e9, .help = "below 1: share of all steps; else steps"},
    {"schedule", QG_OPT_ENUM, FIELD(schedule), .names = schedule_names, .help = "of the learning rate after warm-up: linear, cosine (both to 0) or constant"},
    {"clip_norm", QG_OPT_REAL, FIELD(clip_norm), .def = 1, .min = 0, .max = 1e30, .help = "largest norm of the gradient; 0: not clipped"},
    {"dropout", QG_OPT_NODE, FIELD(dropout_node), .help = "object: hidden, attention, classifier; default as the model says"},
    {"class_weights", QG_OPT_NODE, FIELD(weights_node), .help = "\"balanced\", or one weight a label; 0 only for a label that no text has"},
    {"label_smoothing", QG_OPT_REAL, FIELD(label_smoothing), .def = 0, .min = 0, .max = 0.999, .help = "share of the target that all classes get"},
    {"qat", QG_OPT_NODE, FIELD(qat_node), .help = "a precision, or an object: train for it, score under it"},
    {"distill", QG_OPT_NODE, FIELD(distill_node), .help = "object: a teacher whose outputs are learned, too"},
    {"recompute", QG_OPT_BOOL, FIELD(recompute), .help = "less memory, more time"},
    {"patience", QG_OPT_INT, FIELD(patience), .def = 0, .min = 0, .max = 10000, .help = "epochs without a better one before it stops; 0: never"},
    {"metric", QG_OPT_STRING, FIELD(metric), .help = "chooses the best epoch (macro_f1; mlm: loss); loss is the validation's nll"},
    {"checkpoint", QG_OPT_NODE, FIELD(checkpoint_node), .help = "object: steps, minutes; default every 10 minutes"},
    {"ranks", QG_OPT_INT, FIELD(ranks), .def = 0, .min = 0, .max = QG_GANG_MOST, .help = "most ranks that train together, a power of two up to leaves; 0: as many as leaves"},
    {"reduce", QG_OPT_ENUM, FIELD(reduce), .names = reduce_names, .help = "sum of gradients over ranks: tree, the same bits for any number of them; mpi: MPI_Allreduce, for comparison"},
    QG_OPT_END,
};

static const qg_opt checkpoint_opts[] = {
    {"steps", QG_OPT_INT, offsetof(qg_checkpoint_times, steps), .def = 0, .min = 0, .max = 1e15, .help = "after so many steps; 0: not by steps"},
    {"minutes", QG_OPT_REAL, offsetof(qg_checkpoint_times, minutes), .def = 10, .min = 0, .max = 1e6, .help = "after so many minutes; 0: not by time"},
    QG_OPT_END,
};

static const qg_opt dropout_opts[] = {
    {"hidden", QG_OPT_REAL, offsetof(qg_dropout_rates, hidden), .def = NAN, .min = 0, .max = 0.999, .help = "after embeddings and blocks"},
    {"attention", QG_OPT_REAL, offsetof(qg_dropout_rates, attention), .def = NAN, .min = 0, .max = 0.999, .help = "on attention probabilities"},
    {"classifier", QG_OPT_REAL, offsetof(qg_dropout_rates, classifier), .def = NAN, .min = 0, .max = 0.999, .help = "before the classifier"},
    QG_OPT_END,
};

const qg_opt qg_training_job_opts[] = {
    {"seeds", QG_OPT_NODE, FIELD(seeds_node), .help = "[42, 123]: a model for each"},
    QG_OPT_END,
};
// clang-format on

const qg_opt_table qg_training_objects[] = {
    {"dropout", dropout_opts},
    {"qat", qg_training_qat_opts},
    {"distill", qg_training_distill_opts},
    {"checkpoint", checkpoint_opts},
    {NULL, NULL},
};
enum { ROWS = sizeof qg_training_opts / sizeof qg_training_opts[0] };

typedef struct reader {
    qg_training_config *config;
    const qg_json_doc *doc;            /* the config's */
    const qg_training_context *around; /* NULL: a config of its own */
    qg_problems *problems;
} reader;

static const qg_json *value(const reader *r, const char *key)
{
    return qg_json_get(r->config->doc.root, key);
}

static void check_scalars(reader *r)
{
    qg_training_config *c = r->config;
    qg_selection ignored;
    bool mlm = c->objective == QG_OBJECTIVE_MLM;
    if (c->weights && strcmp(c->weights, "random") != 0)
        QG_WRONG(r, value(r, "weights"), "'%s' is not known, the only value is: random",
                 c->weights);
    if (c->head && strcmp(c->head, "random") != 0)
        QG_WRONG(r, value(r, "head"), "'%s' is not known, the only value is: random", c->head);
    if (c->output && !c->output[0])
        QG_WRONG(r, value(r, "output"), "is empty, the name of a folder is expected");
    if (c->leaves & (c->leaves - 1))
        QG_WRONG(r, value(r, "leaves"), "%lld is not a power of two", (long long)c->leaves);
    if (c->ranks & (c->ranks - 1))
        QG_WRONG(r, value(r, "ranks"), "%lld is not a power of two", (long long)c->ranks);
    else if (c->ranks > c->leaves)
        QG_WRONG(r, value(r, "ranks"),
                 "%lld ranks cannot share %lld leaves: at most one rank a leaf",
                 (long long)c->ranks, (long long)c->leaves);
    if (c->warmup >= 1 && c->warmup != rint(c->warmup))
        QG_WRONG(r, value(r, "warmup"),
                 "%.17g is neither a share below 1 nor a whole number of steps", c->warmup);
    if (!c->metric)
        c->metric = mlm ? "loss" : "macro_f1";
    if (mlm && strcmp(c->metric, "loss") != 0 && strcmp(c->metric, "accuracy") != 0)
        QG_WRONG(r, value(r, "metric"),
                 "mlm chooses its best epoch by loss or accuracy, not by '%s'", c->metric);
    if (strcmp(c->metric, "loss") == 0)
        c->metric = "nll";
    qg_code rc = qg_selection_start(&ignored, c->metric, 0);
    if (rc != QG_OK)
        (void)qg_problems_take_at(r->problems, &c->doc, value(r, "metric"), rc);
}

/* What goes with one objective only. */
static void check_objective(reader *r)
{
    static const char *const others[] = {"qat", "class_weights", "label_smoothing"};
    const qg_training_config *c = r->config;
    if (c->objective == QG_OBJECTIVE_CLASSIFICATION && !c->labels_node && !r->around)
        QG_WRONG(r, c->doc.root, "key 'labels' is missing");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (c->objective == QG_OBJECTIVE_MLM && value(r, others[i]))
            QG_WRONG(r, value(r, others[i]), "does not go together with \"objective\": \"mlm\"");
}

static qg_code read_class_weights(reader *r, const qg_json *v)
{
    qg_training_config *c = r->config;
    double *weights;
    int n = 0;
    c->balanced = v->type == QG_JSON_STRING && strcmp(v->string, "balanced") == 0;
    if (c->balanced)
        return QG_OK;
    if (v->type != QG_JSON_ARRAY || v->count != c->K) {
        QG_WRONG(r, v, "\"balanced\", or an array of %d weights is expected", c->K);
        return QG_OK;
    }
    QG_NEW(weights, r->problems->arena, c->K);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (m->type != QG_JSON_NUMBER || !(m->number >= 0 && m->number < 1e9))
            QG_WRONG(r, m, "a weight of 0 or above is expected");
        else
            weights[n++] = m->number;
    }
    c->class_weights = weights;
    return QG_OK;
}

/* A file or an object; in a job it may be the name of one of its data sets. */
static qg_code read_dataset(reader *r, qg_dataset_spec *out, const char *name, const qg_json *v)
{
    const qg_training_config *c = r->config;
    int known =
        r->around ? qg_dataset_spec_find(r->around->datasets, r->around->n_datasets, v) : -1;
    if (known >= 0) {
        *out = r->around->datasets[known];
        return QG_OK;
    }
    if (r->around && v->type == QG_JSON_STRING && !qg_file_exists(v->string)) {
        QG_WRONG(r, v, "there is no data set '%s' in the job and no such file", v->string);
        return QG_OK;
    }
    qg_code rc = qg_dataset_spec_read(out, name, &c->doc, v, r->problems);
    if (rc == QG_OK && out->from)
        QG_WRONG(r, qg_json_get(v, "from"),
                 "a data set that is made from another one stands among the datasets of a job");
    return rc == QG_ENOMEM ? rc : QG_OK;
}

/* One data set, or several. */
static qg_code read_datasets(reader *r)
{
    qg_training_config *c = r->config;
    const qg_json *v = c->dataset_node;
    bool array = v->type == QG_JSON_ARRAY;
    qg_dataset_spec *spec;
    if (array && v->count == 0)
        QG_WRONG(r, v, "is empty, at least one data set is expected");
    c->datasets = array ? v->count : 1;
    QG_NEW(spec, r->problems->arena, c->datasets ? c->datasets : 1);
    c->dataset = spec;
    for (const qg_json *m = array ? v->child : v; m; m = array ? m->next : NULL)
        QG_TRY(read_dataset(r, spec++, "dataset", m));
    return QG_OK;
}

static qg_code read_labels(reader *r)
{
    qg_training_config *c = r->config;
    if (!r->around)
        return c->labels_node
                   ? qg_labels_read(&c->labels, &c->K, &c->doc, c->labels_node, r->problems)
                   : QG_OK;
    if (c->labels_node)
        QG_WRONG(r, c->labels_node, "labels are those of the job, leave them out here");
    c->labels = r->around->labels;
    c->K = r->around->K;
    return QG_OK;
}

static qg_code read_nodes(reader *r)
{
    qg_training_config *c = r->config;
    qg_problems *problems = r->problems;
    QG_TRY(read_labels(r));
    if (c->dataset_node)
        QG_TRY(read_datasets(r));
    if (c->validation_node)
        QG_TRY(read_dataset(r, &c->validation, "validation", c->validation_node));
    (void)qg_opt_read(&c->dropout, dropout_opts, &c->doc, c->dropout_node, problems);
    (void)qg_opt_read(&c->checkpoint, checkpoint_opts, &c->doc, c->checkpoint_node, problems);
    if (c->weights_node && c->labels)
        QG_TRY(read_class_weights(r, c->weights_node));
    qg_training_qat_read(c, problems);
    qg_training_distill_read(c, problems);
    return QG_OK;
}

/* What differs inside a job: it has labels, a seed and a length, and the model needs no place. */
static void change_rows(qg_opt *rows, const qg_training_context *around)
{
    for (int i = 0; i < ROWS - 1; i++) {
        qg_opt *o = &rows[i];
        if (strcmp(o->key, "labels") == 0 || strcmp(o->key, "output") == 0)
            o->required = false;
        else if (strcmp(o->key, "seed") == 0)
            o->def = (double)around->seed;
        else if (strcmp(o->key, "max_length") == 0)
            o->def = (double)around->max_length;
    }
    rows[ROWS] = rows[ROWS - 1];
    rows[ROWS - 1] = qg_training_job_opts[0];
}

qg_code qg_training_config_read(qg_training_config *out, const qg_json_doc *doc,
                                const qg_json *object, const qg_training_context *around,
                                qg_problems *problems)
{
    qg_opt rows[ROWS + 1];
    reader r = {.config = out, .doc = &out->doc, .around = around, .problems = problems};
    int before = problems->n;
    memcpy(rows, qg_training_opts, sizeof qg_training_opts);
    if (around)
        change_rows(rows, around);
    *out = (qg_training_config){.doc = *doc};
    out->doc.root = object;
    (void)qg_opt_read(out, rows, doc, object, problems);
    if (object->type == QG_JSON_OBJECT) {
        check_scalars(&r);
        check_objective(&r);
        QG_TRY(read_nodes(&r));
    }
    return problems->n > before ? problems->item[before].code : QG_OK;
}

qg_code qg_training_config_load(qg_training_config *out, qg_arena *a, const char *path,
                                const char *const *set, qg_problems *problems)
{
    qg_json_doc doc;
    qg_code rc = qg_json_load(&doc, a, path, (size_t)1 << 20);
    for (; rc == QG_OK && set && *set; set++)
        rc = qg_json_set(&doc, a, *set);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    return qg_training_config_read(out, &doc, doc.root, NULL, problems);
}

const qg_json *qg_training_dataset_node(const qg_training_config *c, int i)
{
    const qg_json *v = c->dataset_node;
    if (v->type == QG_JSON_ARRAY)
        for (v = v->child; i > 0; i--)
            v = v->next;
    return v;
}

static bool is_among(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static bool has_value(const qg_training_config *c, const qg_opt *o)
{
    const void *field = (const char *)c + o->offset;
    return o->type == QG_OPT_NODE     ? *(const qg_json *const *)field != NULL
           : o->type == QG_OPT_STRING ? *(const char *const *)field != NULL
                                      : true;
}

void qg_training_config_write(qg_str *out, const qg_training_config *c, const char *const *except)
{
    for (const qg_opt *o = qg_training_opts; o->key; o++) {
        if (is_among(o->key, except) || !has_value(c, o))
            continue;
        qg_str_addf(out, ",\"%s\":", o->key);
        qg_opt_write_value(out, o, c);
    }
}

int qg_training_gang_limit(const qg_training_config *c)
{
    return (int)(c->ranks > 0 ? c->ranks : c->leaves);
}
