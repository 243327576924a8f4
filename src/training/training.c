/*
 * training.c - the epochs of a training: steps, validation, the best model.
 */
#include "qgrid/training.h"

#include "checkpoint.h"
#include "progress.h"
#include "qat.h"
#include "score.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/stop.h"

#include <string.h>

typedef struct training {
    qg_arena *arena;
    const qg_training_config *config;
    const qg_training_options *options;
    const qg_gang *gang;
    qg_training_inputs in;
    qg_training_folder folder;
    qg_trainer *trainer;
    qg_selection selection;
    qg_training_record record;
    qg_training_progress progress;
    qg_training_key key;
    qg_training_state state; /* all of this as a checkpoint has it */
    int64_t *order;          /* [texts] of the epoch */
    int batches;             /* of an epoch */
    double saved;            /* when */
    int64_t saved_step;      /* -1: not yet */
    bool stopped;            /* the gang is to end */
} training;

/* What members tell each other after a step. */
enum { WISH_END = 1, WISH_SAVE = 2 };

static uint64_t warmup_steps(const qg_training_config *c, uint64_t steps)
{
    uint64_t n = (uint64_t)(c->warmup < 1 ? c->warmup * (double)steps : c->warmup);
    return n < steps ? n : steps;
}

static qg_code create_trainer(training *t)
{
    const qg_training_config *c = t->config;
    uint64_t steps = (uint64_t)c->epochs * (uint64_t)t->batches;
    qg_qat_options qat = qg_training_qat_options(c, t->batches);
    qg_distill distill = qg_training_distill_options(c, &t->in);
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
                                    .class_weights = t->in.class_weights,
                                    .distill = c->distill.from ? &distill : NULL},
                            .qat = c->has_qat ? &qat : NULL,
                            .masking = c->objective == QG_OBJECTIVE_MLM ? &t->in.masking : NULL,
                            .gang = t->gang,
                            .reduce = (qg_reduce)c->reduce};
    o.adamw.weight_decay = c->weight_decay;
    return qg_trainer_create(&t->trainer, &t->in.params, t->in.values, &t->in.train_set,
                             t->in.longest, &o);
}

/* What a checkpoint holds, and where it lives meanwhile. */
static qg_code prepare_state(training *t)
{
    const qg_training_config *c = t->config;
    t->state = (qg_training_state){.path = t->folder.checkpoint,
                                   .gang = t->gang,
                                   .key = &t->key,
                                   .record = &t->record,
                                   .selection = &t->selection,
                                   .most_steps = (uint64_t)c->epochs * (uint64_t)t->batches,
                                   .most_epochs = (int)c->epochs,
                                   .count = t->in.params.count,
                                   .values = t->in.values,
                                   .trainer = qg_trainer_state_of(t->trainer)};
    QG_NEW(t->state.best, t->arena, t->state.trainer.to - t->state.trainer.from);
    return qg_training_key_make(&t->key, c, &t->in);
}

static qg_code prepare(training *t)
{
    const qg_training_config *c = t->config;
    int64_t n = t->in.train_set.n;
    t->batches = (int)((n + c->batch - 1) / c->batch);
    t->record.best = -1;
    t->record.batches = t->batches;
    QG_NEW(t->record.epoch, t->arena, c->epochs);
    QG_NEW(t->record.step, t->arena, c->epochs * t->batches);
    QG_NEW(t->order, t->arena, n);
    QG_TRY(qg_selection_start(&t->selection, c->metric, (int)c->patience));
    QG_TRY(create_trainer(t));
    return prepare_state(t);
}

/* In a job a damaged checkpoint is as good as one that does not fit: the training begins anew. */
static qg_code take_checkpoint(bool *found, const training *t)
{
    qg_code rc = qg_training_checkpoint_read(found, &t->state);
    qg_error e = *qg_error_last();
    if (rc != QG_EFORMAT || !t->options->again)
        return rc;
    e.code = QG_ECHANGED;
    return qg_error_restore(&e);
}

/* From a checkpoint, or from the beginning. */
static qg_code begin(training *t, qg_progress_style style)
{
    const qg_training_config *c = t->config;
    const qg_train_set *set = &t->in.train_set;
    char memory[32];
    bool found;
    QG_TRY(take_checkpoint(&found, t));
    t->saved = qg_clock();
    t->saved_step = found ? (int64_t)t->record.steps : -1;
    qg_training_progress_start(&t->progress, t->gang->index ? QG_PROGRESS_NONE : style,
                               (int)c->epochs, t->state.most_steps, t->record.steps);
    if (style != QG_PROGRESS_NONE)
        qg_note("training %s: %lld texts, %lld tokens, %lld steps in %lld epochs, %s of memory%s",
                c->from, (long long)set->n, (long long)set->splits[set->n],
                (long long)t->progress.steps, (long long)c->epochs,
                qg_format_bytes(memory, sizeof memory, (double)qg_trainer_bytes(t->trainer)),
                t->gang->size > 1 ? " on each rank" : "");
    if (found)
        qg_note("%s: goes on after %lld of %llu steps", t->state.path, (long long)t->saved_step,
                (unsigned long long)t->state.most_steps);
    return QG_OK;
}

static void name_checkpoint(const training *t)
{
    if (t->saved_step >= 0)
        qg_note("the last good checkpoint is %s, after %lld steps", t->state.path,
                (long long)t->saved_step);
}

/* Of a step that broke: which texts it was about, and what is left. Keeps the error. */
static void name_samples(const training *t, const int64_t *index, int n, uint64_t step)
{
    qg_str s = {0};
    for (int i = 0; i < n; i++)
        qg_str_addf(&s, " %s", t->in.train.sample_id[index[i]]);
    qg_note("the samples of step %llu are:%s", (unsigned long long)step, s.data ? s.data : "");
    name_checkpoint(t);
    qg_str_fini(&s);
}

static int batch_size(const training *t, int batch)
{
    int64_t from = (int64_t)batch * t->config->batch, left = t->in.train_set.n - from;
    return (int)(left < t->config->batch ? left : t->config->batch);
}

static qg_code run_step(training *t, int epoch, int batch)
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
    qg_training_progress_step(&t->progress, t->gang, epoch + 1, &report, qg_clock() - start);
    return QG_OK;
}

/* A checkpoint that cannot be written ends only a training that is to end anyway. */
static qg_code save(training *t, bool needed)
{
    qg_code rc = qg_training_checkpoint_write(&t->state);
    t->saved = qg_clock();
    if (rc == QG_OK)
        t->saved_step = (int64_t)t->record.steps;
    if (rc == QG_OK || rc == QG_ELOST || needed)
        return rc;
    qg_log_error(qg_error_last());
    qg_warn("there is no checkpoint of step %llu, the training goes on",
            (unsigned long long)t->record.steps);
    return QG_OK;
}

/* Whether the first member, whose clock counts, finds it time for a checkpoint. */
static bool due(const training *t)
{
    const qg_checkpoint_times *c = &t->config->checkpoint;
    if (t->gang->index != 0)
        return false;
    return (c->steps > 0 && t->record.steps % (uint64_t)c->steps == 0) ||
           (c->minutes > 0 && qg_clock() - t->saved >= 60 * c->minutes);
}

/* Between steps: does the training go on? All members come to the same answer. */
static qg_code look_up(training *t)
{
    uint32_t wishes = qg_gang_ending(t->gang) ? WISH_END : 0;
    wishes |= due(t) ? WISH_SAVE : 0;
    qg_training_folder_renew(&t->folder);
    QG_TRY(qg_gang_agree(t->gang, QG_OK, &wishes));
    t->stopped = (wishes & WISH_END) != 0;
    return wishes ? save(t, t->stopped) : QG_OK;
}

/* Mean over the texts of an epoch whose steps are all done. */
static double mean_loss(const training *t, int epoch)
{
    double sum = 0;
    for (int b = 0; b < t->batches; b++)
        sum += t->record.step[(int64_t)epoch * t->batches + b].loss * batch_size(t, b);
    return sum / (double)t->in.train_set.n;
}

static void finish_epoch(training *t, int epoch, const qg_training_epoch *e)
{
    const qg_trainer_state *own = &t->state.trainer;
    bool best = qg_selection_take(&t->selection, epoch, &e->scores);
    if (best) {
        memcpy(t->state.best, t->in.values + own->from,
               (own->to - own->from) * sizeof *t->state.best);
        t->record.best = epoch;
    }
    t->record.epoch[t->record.epochs++] = *e;
    qg_training_progress_epoch(&t->progress, epoch + 1, e, best);
}

static qg_code validate(training *t, int epoch)
{
    qg_training_epoch e = {.loss = mean_loss(t, epoch)};
    bool complete = true;
    qg_code rc = qg_training_score(&e, &complete, t->arena, t->trainer, t->config, &t->in,
                                   &t->folder, t->gang);
    if (rc == QG_ENUMERIC) {
        qg_note("after epoch %d the model cannot be validated", epoch + 1);
        name_checkpoint(t);
    }
    QG_TRY(rc);
    t->stopped = !complete;
    if (t->stopped)
        return save(t, true);
    finish_epoch(t, epoch, &e);
    return QG_OK;
}

/* What is left of a pass over the texts, and its validation. */
static qg_code run_epoch(training *t, int epoch)
{
    int first = (int)(t->record.steps - (uint64_t)epoch * (uint64_t)t->batches);
    qg_epoch_order(t->order, t->in.train_set.n, (uint64_t)t->config->seed, (uint64_t)epoch);
    for (int b = first; b < t->batches && !t->stopped; b++) {
        QG_TRY(run_step(t, epoch, b));
        QG_TRY(look_up(t));
    }
    return t->stopped ? QG_OK : validate(t, epoch);
}

static qg_code run_epochs(training *t)
{
    qg_code rc = QG_OK;
    while (t->record.epochs < t->config->epochs && rc == QG_OK && !t->stopped && !t->record.end) {
        rc = run_epoch(t, t->record.epochs);
        if (rc != QG_OK)
            t->record.end = "an error ended it";
        else if (qg_selection_stops(&t->selection) && t->record.epochs < t->config->epochs)
            t->record.end = "no epoch was better than the best for as long as patience says";
    }
    qg_log_progress("");
    return rc;
}

/* The best epoch's parameters take the place of the last one's. */
static qg_code gather_best(training *t)
{
    const qg_trainer_state *own = &t->state.trainer;
    size_t starts[QG_GANG_MOST + 1], count = t->state.count;
    for (int i = 0; i <= t->gang->size; i++)
        starts[i] = qg_slice_start(count, t->gang->size, i);
    memcpy(t->in.values + own->from, t->state.best, (own->to - own->from) * sizeof *t->in.values);
    return qg_gang_gather(t->gang, t->in.values, starts, sizeof *t->in.values, QG_BY_SLICE);
}

static qg_code write_output(training *t)
{
    qg_code rc = QG_OK;
    QG_TRY(gather_best(t));
    if (t->folder.first)
        rc = qg_training_folder_write(&t->folder, t->arena, t->config, &t->in, &t->record,
                                      t->options->key, t->in.values);
    return qg_gang_agree(t->gang, rc, NULL);
}

/* A training that is to end, but may go on another time. */
static qg_code interrupted(const training *t)
{
    qg_note("%s: saved after %llu of %llu steps", t->state.path,
            (unsigned long long)t->record.steps, (unsigned long long)t->state.most_steps);
    if (!t->gang->par)
        return QG_OK;
    return QG_FAIL(QG_ELOST, "the run is to end; the training is saved as %s", t->state.path);
}

/* Writes the best epoch, however the training has ended. */
static qg_code conclude(qg_training_summary *out, training *t, qg_code rc)
{
    qg_code written = QG_OK;
    qg_error why = *qg_error_last();
    if (t->record.best >= 0 && rc != QG_ELOST && (rc == QG_OK || !t->options->complete)) {
        written = write_output(t);
        out->written = written == QG_OK;
        if (rc != QG_OK && written != QG_OK)
            qg_log_error(qg_error_last());
    }
    if (rc != QG_OK)
        return qg_error_restore(&why);
    if (written == QG_OK && t->folder.first)
        written = qg_training_checkpoint_remove(t->state.path);
    return written;
}

/* With the folder open. */
static qg_code run(qg_training_summary *out, training *t, qg_problems *problems)
{
    qg_code rc = qg_training_inputs_load(&t->in, t->arena, t->config, problems);
    QG_TRY(qg_gang_agree(t->gang, rc, NULL));
    QG_TRY(qg_gang_agree(t->gang, prepare(t), NULL));
    QG_TRY(begin(t, t->options->progress));
    rc = run_epochs(t);
    out->interrupted = t->stopped;
    out->record = t->record;
    out->best = t->selection.best;
    if (t->stopped)
        return rc == QG_OK ? interrupted(t) : rc;
    return conclude(out, t, rc);
}

static qg_code open_and_run(qg_training_summary *out, training *t, qg_problems *problems)
{
    qg_code rc =
        qg_training_folder_open(&t->folder, t->arena, t->config->output, t->options, t->gang);
    rc = qg_gang_agree(t->gang, rc, NULL);
    return rc == QG_OK ? run(out, t, problems) : rc;
}

qg_code qg_training_run(qg_training_summary *out, qg_arena *a, const qg_training_config *c,
                        const qg_training_options *options, const qg_gang *gang,
                        qg_problems *problems)
{
    training t = {.arena = a, .config = c, .options = options, .gang = gang, .saved_step = -1};
    *out = (qg_training_summary){.written = false};
    QG_ASSERT(gang->size <= QG_GANG_MOST);
    if (!gang->par) {
        qg_stop_catch();
        qg_stop_catch_interrupt();
    }
    qg_log_quiet(gang->index > 0);
    qg_code rc = open_and_run(out, &t, problems);
    qg_error why = *qg_error_last();
    qg_training_folder_close(&t.folder);
    qg_training_key_fini(&t.key);
    qg_trainer_destroy(t.trainer);
    qg_log_quiet(false);
    return rc == QG_OK ? QG_OK : qg_error_restore(&why);
}
