/*
 * training.c - the epochs of a training: steps, validation, the best model.
 */
#include "qgrid/training.h"

#include "training_progress.h"
#include "training_score.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/stop.h"

#include <string.h>

typedef struct training {
    qg_arena *arena;
    const qg_training_config *config;
    const qg_gang *gang;
    qg_training_inputs in;
    qg_training_folder folder;
    qg_trainer *trainer;
    qg_selection selection;
    qg_training_record record;
    qg_training_progress progress;
    int64_t *order; /* [texts] of the epoch */
    float *best;    /* [count] parameters of the best epoch */
    int batches;    /* of an epoch */
    bool stopped;   /* by a signal */
} training;

static uint64_t warmup_steps(const qg_training_config *c, uint64_t steps)
{
    uint64_t n = (uint64_t)(c->warmup < 1 ? c->warmup * (double)steps : c->warmup);
    return n < steps ? n : steps;
}

static qg_code create_trainer(training *t)
{
    const qg_training_config *c = t->config;
    uint64_t steps = (uint64_t)c->epochs * (uint64_t)t->batches;
    qg_qat_options qat = {.precision = c->qat, .inputs = QG_QAT_DEPLOYED};
    qg_trainer_options o = {.batch =
                                (int)(c->batch < t->in.train_set.n ? c->batch : t->in.train_set.n),
                            .leaves = (int)c->leaves,
                            .clip = c->clip_norm,
                            .adamw = qg_adamw_default,
                            .schedule = {(qg_schedule_kind)c->schedule, c->learning_rate,
                                         warmup_steps(c, steps), steps},
                            .net = {.dropout = t->in.params.dropout,
                                    .recompute = c->recompute,
                                    .seed = (uint64_t)c->seed,
                                    .label_smoothing = c->label_smoothing,
                                    .class_weights = t->in.class_weights},
                            .qat = c->has_qat ? &qat : NULL,
                            .masking = c->objective == QG_OBJECTIVE_MLM ? &t->in.masking : NULL};
    o.adamw.weight_decay = c->weight_decay;
    return qg_trainer_create(&t->trainer, &t->in.params, t->in.values, &t->in.train_set,
                             t->in.longest, &o);
}

static qg_code prepare(training *t, const qg_training_options *o)
{
    const qg_training_config *c = t->config;
    int64_t n = t->in.train_set.n;
    char memory[32];
    t->batches = (int)((n + c->batch - 1) / c->batch);
    t->record.best = -1;
    t->record.batches = t->batches;
    QG_NEW(t->record.epoch, t->arena, c->epochs);
    QG_NEW(t->record.step, t->arena, c->epochs * t->batches);
    QG_NEW(t->order, t->arena, n);
    QG_NEW(t->best, t->arena, t->in.params.count);
    QG_TRY(qg_selection_start(&t->selection, c->metric, (int)c->patience));
    QG_TRY(create_trainer(t));
    qg_training_progress_start(&t->progress, o->progress, (int)c->epochs,
                               (uint64_t)c->epochs * (uint64_t)t->batches);
    if (o->progress != QG_PROGRESS_NONE)
        qg_note("training %s: %lld texts, %lld tokens, %lld steps in %lld epochs, %s of memory",
                c->from, (long long)n, (long long)t->in.train_set.splits[n],
                (long long)t->progress.steps, (long long)c->epochs,
                qg_format_bytes(memory, sizeof memory, (double)qg_trainer_bytes(t->trainer)));
    return QG_OK;
}

/* After a step that broke: which texts it was about. Keeps the error. */
static void name_samples(const training *t, const int64_t *index, int n, uint64_t step)
{
    qg_str s = {0};
    for (int i = 0; i < n; i++)
        qg_str_addf(&s, " %s", t->in.train.sample_id[index[i]]);
    qg_note("the samples of step %llu are:%s", (unsigned long long)step, s.data ? s.data : "");
    qg_str_fini(&s);
}

static int batch_size(const training *t, int batch)
{
    int64_t from = (int64_t)batch * t->config->batch, left = t->in.train_set.n - from;
    return (int)(left < t->config->batch ? left : t->config->batch);
}

static qg_code run_step(double *loss, training *t, int epoch, int batch)
{
    qg_step_report report;
    int n = batch_size(t, batch);
    const int64_t *index = t->order + (int64_t)batch * t->config->batch;
    uint64_t step = (uint64_t)epoch * (uint64_t)t->batches + (uint64_t)batch;
    double start = qg_clock();
    qg_code rc = qg_trainer_step(&report, t->trainer, index, n, step);
    if (rc == QG_ENUMERIC)
        name_samples(t, index, n, step);
    QG_TRY(rc);
    t->record.step[t->record.steps++] = report;
    qg_training_progress_step(&t->progress, epoch + 1, &report, qg_clock() - start);
    *loss += report.loss * n;
    return QG_OK;
}

static qg_code validate(qg_scores *scores, training *t, int epoch)
{
    bool complete = true;
    qg_code rc =
        qg_training_score(scores, &complete, t->arena, t->trainer, t->config, &t->in, &t->folder);
    if (rc == QG_ENUMERIC)
        qg_note("after epoch %d the model cannot be validated", epoch + 1);
    t->stopped = !complete;
    return rc;
}

/* One pass over the texts, and its validation. A signal leaves it unfinished. */
static qg_code run_epoch(training *t, int epoch)
{
    qg_training_epoch e = {0};
    int64_t n = t->in.train_set.n;
    qg_epoch_order(t->order, n, (uint64_t)t->config->seed, (uint64_t)epoch);
    for (int b = 0; b < t->batches && !t->stopped; b++) {
        QG_TRY(run_step(&e.loss, t, epoch, b));
        t->stopped = qg_stop_wanted() > 0;
    }
    if (!t->stopped)
        QG_TRY(validate(&e.scores, t, epoch));
    if (t->stopped)
        return QG_OK;
    e.loss /= (double)n;
    bool best = qg_selection_take(&t->selection, epoch, &e.scores);
    if (best)
        memcpy(t->best, t->in.values, t->in.params.count * sizeof *t->best);
    if (best)
        t->record.best = epoch;
    t->record.epoch[t->record.epochs++] = e;
    qg_training_progress_epoch(&t->progress, epoch + 1, &e, best);
    return QG_OK;
}

static qg_code run_epochs(training *t)
{
    int64_t epochs = t->config->epochs;
    qg_code rc = QG_OK;
    for (int e = 0; e < epochs && rc == QG_OK && !t->record.end; e++) {
        rc = run_epoch(t, e);
        if (rc != QG_OK)
            t->record.end = "an error ended it";
        else if (t->stopped)
            t->record.end = "it was interrupted";
        else if (qg_selection_stops(&t->selection) && e + 1 < epochs)
            t->record.end = "no epoch was better than the best for as long as patience says";
    }
    qg_log_progress("");
    return rc;
}

/* With the folder open. What was best is written, however the training ends. */
static qg_code run(qg_training_summary *out, training *t, const qg_training_options *o,
                   qg_problems *problems)
{
    QG_TRY(qg_training_inputs_load(&t->in, t->arena, t->config, problems));
    QG_TRY(prepare(t, o));
    qg_code rc = run_epochs(t), written = QG_OK;
    qg_error why = *qg_error_last();
    out->interrupted = t->stopped;
    out->record = t->record;
    out->best = t->selection.best;
    bool whole = rc == QG_OK && !t->stopped;
    if (t->record.best >= 0 && (whole || !o->complete)) {
        written = qg_training_folder_write(&t->folder, t->arena, t->config, &t->in, &t->record,
                                           o->key, t->best);
        out->written = written == QG_OK;
        if (rc != QG_OK && written != QG_OK)
            qg_log_error(qg_error_last());
    }
    return rc == QG_OK ? written : qg_error_restore(&why);
}

qg_code qg_training_run(qg_training_summary *out, qg_arena *a, const qg_training_config *c,
                        const qg_training_options *options, const qg_gang *gang,
                        qg_problems *problems)
{
    training t = {.arena = a, .config = c, .gang = gang};
    if (gang->size > 1)
        return QG_FAIL(QG_EUSAGE, "a training runs in one process for now");
    *out = (qg_training_summary){.written = false};
    qg_stop_catch();
    qg_stop_catch_interrupt();
    qg_code rc = qg_training_folder_open(&t.folder, a, c->output, options->fresh);
    if (rc == QG_OK) {
        rc = run(out, &t, options, problems);
        qg_error why = *qg_error_last();
        qg_training_folder_close(&t.folder);
        if (rc != QG_OK)
            rc = qg_error_restore(&why);
    }
    qg_trainer_destroy(t.trainer);
    return rc;
}
