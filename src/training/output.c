/*
 * output.c - training.jsonl, README.md and the model, in one folder.
 */
#include "output.h"

#include "checkpoint.h"
#include "mlm.h"

#include "qgrid/clock.h"
#include "qgrid/environment.h"
#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/seal.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#define PACKED "packed" /* with QAT: the deployed model, in the model's folder */

static void add_step(qg_str *s, const qg_training_record *r, uint64_t step)
{
    const qg_step_report *report = &r->step[step];
    qg_str_addf(s, "{\"step\": %llu, \"epoch\": %llu, \"loss\": ", (unsigned long long)step,
                (unsigned long long)(step / (uint64_t)r->batches) + 1);
    qg_str_add_f64(s, report->loss);
    qg_str_add(s, ", \"learning_rate\": ");
    qg_str_add_f64(s, report->learning_rate);
    qg_str_add(s, ", \"grad_norm\": ");
    qg_str_add_f64(s, report->norm);
    qg_str_addf(s, ", \"tokens\": %lld}\n", (long long)report->tokens);
}

/* Which metrics an objective has. */
static bool has_metric(const qg_training_config *c, int i)
{
    return c->objective == QG_OBJECTIVE_CLASSIFICATION || qg_training_mlm_has(qg_metric_names[i]);
}

static void add_scores(qg_str *s, const char *key, const qg_scores *scores,
                       const qg_training_config *c)
{
    const char *comma = "";
    qg_str_addf(s, ", \"%s\": {", key);
    for (int i = 0; i < QG_METRICS; i++) {
        if (!has_metric(c, i))
            continue;
        qg_str_addf(s, "%s\"%s\": ", comma, qg_metric_names[i]);
        qg_str_add_f64(s, qg_metric_of(scores, i));
        comma = ", ";
    }
    if (c->objective == QG_OBJECTIVE_MLM) {
        qg_str_add(s, ", \"perplexity\": ");
        qg_str_add_f64(s, exp(scores->nll));
    }
    qg_str_add(s, "}");
}

static void add_epoch(qg_str *s, const qg_training_record *r, int epoch,
                      const qg_training_config *c)
{
    const qg_training_epoch *e = &r->epoch[epoch];
    qg_str_addf(s, "{\"epoch\": %d, \"loss\": ", epoch + 1);
    qg_str_add_f64(s, e->loss);
    qg_str_addf(s, ", \"best\": %s", epoch == r->best ? "true" : "false");
    add_scores(s, "validation", &e->scores, c);
    if (c->has_qat)
        add_scores(s, "validation_fp32", &e->fp32, c);
    qg_str_add(s, "}\n");
}

/* A line for each step, and one for each epoch behind its last step. */
static void add_record(qg_str *s, const qg_training_record *r, const qg_training_config *c)
{
    for (uint64_t i = 0; i < r->steps; i++) {
        add_step(s, r, i);
        int epochs = (int)((i + 1) / (uint64_t)r->batches);
        if ((i + 1) % (uint64_t)r->batches == 0 && epochs <= r->epochs)
            add_epoch(s, r, epochs - 1, c);
    }
}

/* A folder that may be replaced (`again`: whatever is in it, it is the cache's), or nothing. */
static qg_code check_free(qg_arena *a, const char *output, bool fresh, bool again)
{
    char *mark = qg_path_join(a, output, "training.jsonl");
    if (!mark)
        return QG_ENOMEM;
    if (qg_file_exists(output))
        return QG_FAIL_AT(QG_EUSAGE, output, 0, 0, NULL, "is a file, a folder is to be written");
    if (!qg_dir_exists(output) || qg_dir_is_empty(output) || again)
        return QG_OK;
    if (!fresh)
        return QG_FAIL_AT(QG_EUSAGE, output, 0, 0, NULL,
                          "exists and is not empty; --fresh replaces an earlier training");
    if (!qg_file_exists(mark))
        return QG_FAIL_AT(QG_EUSAGE, output, 0, 0, NULL,
                          "was not written by qgrid train, --fresh does not replace it");
    return QG_OK;
}

/* With the packed folder in it; folders of others stay, and the model's with them. */
static qg_code remove_model(const char *dir)
{
    char packed[4096];
    snprintf(packed, sizeof packed, "%s/" PACKED, dir);
    if (qg_is_packed(packed))
        QG_TRY(qg_remove(packed));
    return qg_remove(dir);
}

static void remove_temporary(const qg_training_folder *f)
{
    const char *const folders[] = {f->tmp, f->epoch, f->packed, f->old};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (qg_dir_exists(folders[i]) && remove_model(folders[i]) != QG_OK)
            qg_log_error(qg_error_last());
}

static qg_code take_lock(qg_training_folder *f, const qg_gang *gang)
{
    double end = qg_clock() + (gang->par ? 1.25 * QG_LOCK_STALE : 0);
    qg_code rc = qg_lock_take(&f->lock, f->output, QG_LOCK_STALE);
    if (rc == QG_ELOCKED && gang->par)
        qg_note("%s: waiting for %s", f->output, f->lock.path);
    while (rc == QG_ELOCKED && qg_clock() < end) {
        QG_TRY(qg_gang_go_on(gang));
        qg_sleep(0.05);
        rc = qg_lock_take(&f->lock, f->output, QG_LOCK_STALE);
    }
    return rc;
}

static qg_code make(qg_training_folder *f, qg_arena *a, const qg_training_options *o,
                    const qg_gang *gang)
{
    char *parent = qg_path_dir(a, f->output);
    if (!parent)
        return QG_ENOMEM;
    QG_TRY(check_free(a, f->output, o->fresh, o->again));
    QG_TRY(qg_mkdirs(parent));
    QG_TRY(take_lock(f, gang));
    remove_temporary(f);
    if (o->fresh && !o->again)
        QG_TRY(qg_training_checkpoint_remove(f->checkpoint));
    return qg_mkdirs(f->tmp);
}

qg_code qg_training_folder_open(qg_training_folder *out, qg_arena *a, const char *output,
                                const qg_training_options *options, const qg_gang *gang)
{
    *out = (qg_training_folder){.first = gang->index == 0};
    char *name = qg_arena_strdup(a, output);
    if (!name)
        return QG_ENOMEM;
    for (size_t n = strlen(name); n > 1 && name[n - 1] == '/'; n--)
        name[n - 1] = 0;
    out->output = name;
    out->tmp = qg_arena_printf(a, "%s.qgrid-new", name);
    out->epoch = qg_arena_printf(a, "%s.qgrid-epoch", name);
    out->packed = qg_arena_printf(a, "%s.qgrid-packed", name);
    out->old = qg_arena_printf(a, "%s.qgrid-old", name);
    out->checkpoint = qg_arena_printf(a, "%s.checkpoint", name);
    if (!out->tmp || !out->epoch || !out->packed || !out->old || !out->checkpoint)
        return QG_ENOMEM;
    return out->first ? make(out, a, options, gang) : QG_OK;
}

void qg_training_folder_renew(qg_training_folder *f)
{
    if (!qg_lock_renew(&f->lock))
        raise(SIGTERM); /* the other training goes on with the checkpoint */
}

void qg_training_folder_close(qg_training_folder *f)
{
    if (f->lock.held)
        remove_temporary(f);
    qg_lock_release(&f->lock);
}

static void add_data(qg_str *s, const char *what, const qg_dataset_spec *spec, const qg_dataset *d)
{
    qg_str_addf(s, "| %s | `%s`, %lld texts%s%s; sha256 of the file `%s` |\n", what, spec->path,
                (long long)d->n, d->known_as ? ", this is " : "", d->known_as ? d->known_as : "",
                d->sha256);
}

static void add_epochs(qg_str *s, const qg_training_record *r, const qg_training_config *c,
                       bool fp32)
{
    qg_str_add(s, "| epoch | training loss |");
    for (int i = 0; i < QG_METRICS; i++)
        if (has_metric(c, i))
            qg_str_addf(s, " %s |", qg_metric_names[i]);
    qg_str_add(s, "\n|---|---|");
    for (int i = 0; i < QG_METRICS; i++)
        qg_str_add(s, has_metric(c, i) ? "---|" : "");
    for (int e = 0; e < r->epochs; e++) {
        const qg_scores *scores = fp32 ? &r->epoch[e].fp32 : &r->epoch[e].scores;
        qg_str_addf(s, "\n| %d%s | ", e + 1, e == r->best ? " (this model)" : "");
        qg_str_add_f64(s, r->epoch[e].loss);
        qg_str_add(s, " |");
        for (int i = 0; i < QG_METRICS; i++) {
            if (!has_metric(c, i))
                continue;
            qg_str_add(s, " ");
            qg_str_add_f64(s, qg_metric_of(scores, i));
            qg_str_add(s, " |");
        }
    }
    qg_str_add(s, "\n");
}

static void add_qat(qg_str *s, const qg_training_config *c)
{
    bool linear = c->qat.vectors != qg_precision_plain(c->qat.scheme).vectors;
    qg_str_addf(s,
                "| trained for | `-p %s --embeddings %s%s`, which `qgrid predict` and `qgrid "
                "quantize` take; packed so in `packed`; validation scores are those of the packed "
                "model |\n",
                qg_precision_name(c->qat.scheme), qg_embedding_names[c->qat.embeddings],
                linear ? " --parameters linear" : "");
    qg_str_addf(s, "| step sizes of weights | %s |\n",
                c->fake.step_size ? "learned, in `quantizer-*.safetensors`"
                                  : "from the largest weight");
    if (c->fake.inputs == QG_QAT_MOVING)
        qg_str_addf(s,
                    "| inputs of Linear layers | trained with moving static ranges, frozen in the "
                    "last %lld epochs; the packed model takes the ranges of each input |\n",
                    (long long)c->fake.freeze_epochs);
    if (c->fake.start_epoch > 1)
        qg_str_addf(s, "| quantized from epoch | %lld |\n", (long long)c->fake.start_epoch);
}

static void add_teacher(qg_str *s, const qg_training_config *c, const qg_training_inputs *in)
{
    qg_str_addf(s,
                "| teacher | `%s`; hash of its content `%s`; temperature %g, weight %g, hidden "
                "states %g |\n",
                c->distill.from, in->teacher_hash, c->distill.temperature, c->distill.weight,
                c->distill.hidden);
}

static void add_readme(qg_str *s, const char *output, const qg_training_config *c,
                       const qg_training_inputs *in, const qg_training_record *r)
{
    const char *slash = strrchr(output, '/');
    qg_str_addf(s, "# %s\n\n", slash ? slash + 1 : output);
    qg_str_addf(s, "A BERT %s by `qgrid train` %s (commit %s).\n",
                c->objective == QG_OBJECTIVE_MLM
                    ? "encoder with the head of masked-language modelling, pre-trained"
                    : "classifier, trained",
                QG_VERSION, qg_build_commit());
    if (r->end)
        qg_str_addf(s, "**Not all epochs were run: %s.**\n", r->end);
    qg_str_add(s, "\n| | |\n|---|---|\n");
    qg_str_addf(s, "| from | `%s`%s; hash of its content `%s` |\n", c->from,
                c->weights ? " without its weights, which are drawn from the seed"
                : c->head  ? ", head drawn from the seed"
                           : "",
                in->model_hash);
    for (int i = 0; i < c->datasets; i++)
        add_data(s, "training data", &c->dataset[i], &in->file[i]);
    add_data(s, "validation data", &c->validation, &in->validation);
    qg_str_addf(s, "| seed | %lld |\n| epoch | %d of %lld, the best by %s |\n", (long long)c->seed,
                r->best + 1, (long long)c->epochs, c->metric);
    if (c->has_qat)
        add_qat(s, c);
    if (c->distill.from)
        add_teacher(s, c, in);
    qg_str_addf(s, "| dropout | hidden %g, attention %g, classifier %g |\n",
                in->params.dropout.hidden, in->params.dropout.attention,
                in->params.dropout.classifier);
    qg_str_add(s, "\n`training.jsonl` has loss, learning rate and gradient norm (before clipping) "
                  "of every step, counted from 0, and the validation metrics of every epoch, "
                  "counted from 1.\n\n");
    qg_str_add(s, "## Epochs\n\n");
    add_epochs(s, r, c, false);
    if (c->has_qat) {
        qg_str_add(s, "\nThe same parameters in fp32:\n\n");
        add_epochs(s, r, c, true);
    }
    qg_str_add(s, "\n## Config\n\n```json\n");
    qg_json_canonical(s, c->doc.root);
    qg_str_add(s, "\n```\n\nThe same with the defaults that it left out (but for objects):\n\n"
                  "```json\n");
    qg_opt_write(s, qg_training_opts, c);
    qg_str_add(s, "\n```\n");
}

static qg_code write_text(qg_arena *a, const char *dir, const char *name, const qg_str *s)
{
    char *path = qg_path_join(a, dir, name);
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_str_status(s));
    return qg_file_write(path, s->data, s->len);
}

static qg_code move(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return QG_FAIL_AT(QG_EIO, to, 0, 0, NULL, "cannot be made from %s: %s", from,
                          strerror(errno));
    return QG_OK;
}

/* Under the precision that was trained for. */
static qg_code write_packed(const qg_training_folder *f, qg_arena *a, const qg_training_config *c)
{
    qg_model_source src = {.dir = f->tmp};
    char *dir = qg_path_join(a, f->tmp, PACKED);
    if (!c->has_qat)
        return QG_OK;
    return dir ? qg_model_pack(&src, &c->qat, dir) : QG_ENOMEM;
}

qg_code qg_training_folder_write(const qg_training_folder *f, qg_arena *a,
                                 const qg_training_config *c, const qg_training_inputs *in,
                                 const qg_training_record *r, const char *key, const float *values)
{
    qg_str readme = {0}, record = {0};
    char *parent = qg_path_dir(a, f->output);
    if (!parent)
        return QG_ENOMEM;
    QG_TRY(qg_params_save(f->tmp, &in->params, values));
    QG_TRY(write_packed(f, a, c));
    QG_TRY(qg_training_mark_write(a, f->tmp, key, r));
    add_record(&record, r, c);
    qg_code rc = write_text(a, f->tmp, "training.jsonl", &record);
    qg_str_fini(&record);
    QG_TRY(rc);
    if (key) /* who finds the folder by it has to know that it is whole */
        QG_TRY(qg_seal_write(f->tmp));
    add_readme(&readme, f->output, c, in, r);
    rc = write_text(a, f->tmp, "README.md", &readme);
    qg_str_fini(&readme);
    QG_TRY(rc);
    bool replaced = qg_dir_exists(f->output);
    if (replaced)
        QG_TRY(move(f->output, f->old));
    rc = move(f->tmp, f->output);
    if (rc != QG_OK && replaced)
        (void)rename(f->old, f->output);
    return rc == QG_OK ? qg_file_sync(parent) : rc;
}
