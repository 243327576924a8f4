/*
 * train_ranks.c - qgrid train over ranks: a farm with one unit, which a gang computes.
 *
 * Every rank has the same command line and reads the config itself. The first member of the gang
 * says what is wrong with the config's files; rank 0 says the rest.
 */
#include "train_ranks.h"

#include "cli.h"

#include "qgrid/farm.h"
#include "qgrid/log.h"

#include <limits.h>
#include <string.h>

qg_code qg_train_load(qg_training_config *out, qg_arena *a, const qg_train_command *command,
                      qg_problems *problems)
{
    QG_TRY(qg_training_config_load(out, a, command->config, command->set, problems));
    out->output = command->output ? command->output : out->output;
    return QG_OK;
}

void qg_train_report(const qg_training_config *c, bool written, int best, int epochs, double value)
{
    if (written)
        printf("%s: epoch %d of %d, the best by %s: %.6g\n", c->output, best + 1, epochs, c->metric,
               value);
    else
        printf("no epoch has a %s, nothing is written\n", c->metric);
}

/* What the unit needs beyond the command line, and what it gives. */
typedef struct assignment {
    int32_t attempt; /* from 0: how often the gang was formed before */
} assignment;

typedef struct result {
    int32_t written, best, epochs, reserved;
    double value;
} result;

/* ------------------------------------------------------------------------------- every member */

static qg_code train(result *out, qg_arena *a, const qg_train_command *command, int attempt,
                     const qg_gang *gang)
{
    qg_training_config config;
    qg_training_summary s = {0};
    qg_training_options options = command->training;
    qg_problems problems = {.arena = a};
    options.again = attempt > 0;
    qg_code rc = qg_train_load(&config, a, command, &problems);
    if (rc == QG_OK)
        rc = qg_training_run(&s, a, &config, &options, gang, &problems);
    qg_error why = *qg_error_last();
    if (problems.n)
        why.code = QG_EJOB; /* by this rank 0 knows that problems were printed */
    if (problems.n && gang->index == 0)
        (void)qg_cli_problems(&problems);
    if (rc != QG_OK && s.written && gang->index == 0)
        qg_note("%s: the best epoch so far is written", config.output);
    *out = (result){s.written, s.record.best, s.record.epochs, 0, s.best};
    return rc == QG_OK ? QG_OK : qg_error_restore(&why);
}

static qg_code execute(void *ctx, const void *input, size_t size, qg_str *bytes,
                       const qg_gang *gang)
{
    assignment in;
    result out;
    QG_ASSERT(size == sizeof in);
    memcpy(&in, input, sizeof in);
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory for a training");
    qg_code rc = train(&out, a, ctx, in.attempt, gang);
    qg_arena_destroy(a);
    qg_str_addn(bytes, &out, sizeof out);
    return rc;
}

int qg_train_serve(qg_par *par, const qg_train_command *command)
{
    qg_train_command own = *command;
    qg_farm_worker worker = {&own, execute};
    qg_farm_options options = {.silence = command->silence};
    if (qg_farm_serve(par, &worker, &options) == QG_OK)
        return QG_EXIT_OK;
    qg_log_rank(par->rank); /* not before: what the first member of a gang says is for all */
    return qg_cli_fail();
}

/* ------------------------------------------------------------------------------------- rank 0 */

typedef struct owner {
    int attempts;
    bool done, failed, told; /* told: the first member has printed what was wrong */
    result result;
    qg_error why;
} owner;

static qg_code input(void *ctx, int unit, qg_str *bytes)
{
    owner *o = ctx;
    assignment a = {o->attempts++};
    (void)unit;
    qg_str_addn(bytes, &a, sizeof a);
    return QG_OK;
}

static qg_code done(void *ctx, const qg_unit_report *r, const void *bytes, size_t size)
{
    owner *o = ctx;
    (void)r;
    QG_ASSERT(size == sizeof o->result);
    memcpy(&o->result, bytes, size);
    o->done = true;
    return QG_OK;
}

static qg_code failed(void *ctx, const qg_unit_report *r, const qg_error *why)
{
    owner *o = ctx;
    o->failed = true;
    o->why = *why;
    o->told = why->code == QG_EJOB && why->rank == r->rank;
    return QG_OK;
}

static qg_code task_finished(void *ctx, int task)
{
    (void)ctx, (void)task;
    return QG_OK;
}

static void progress(void *ctx, const qg_sched *s, double now)
{
    (void)ctx, (void)s, (void)now;
}

static void note_idle_ranks(const qg_par *par, const qg_training_config *c)
{
    int limit = qg_training_gang_limit(c), most = 1;
    while (2 * most <= limit && 2 * most <= par->size)
        most *= 2;
    if (most < par->size)
        qg_note("%d ranks were started, %d train: a gang has a power of two of members, here at "
                "most %d (%s)",
                par->size, most, limit, c->ranks > 0 ? "/ranks" : "/leaves");
}

static int conclude(const owner *o, const qg_farm_outcome *f, const qg_training_config *c)
{
    const result *r = &o->result;
    if (o->done) {
        qg_train_report(c, r->written, r->best, r->epochs, r->value);
        return QG_EXIT_OK;
    }
    if (f->interrupted) {
        printf("Interrupted; the same command continues.\n");
        return QG_EXIT_INTERRUPTED;
    }
    if (o->told)
        return QG_EXIT_USAGE;
    (void)qg_error_restore(&o->why);
    return qg_cli_fail();
}

static int run(qg_par *par, qg_arena *a, const qg_train_command *command,
               const qg_training_config *c)
{
    qg_train_command own = *command;
    owner o = {0};
    qg_farm_outcome outcome;
    qg_task task = {.gang = qg_training_gang_limit(c)};
    qg_unit unit = {.count = 1, .cost = 1};
    qg_workload work = {.task = &task, .unit = &unit, .n_tasks = 1, .n_units = 1};
    qg_farm_worker worker = {&own, execute};
    qg_farm_owner callbacks = {.ctx = &o,
                               .input = input,
                               .done = done,
                               .failed = failed,
                               .task_finished = task_finished,
                               .progress = progress};
    qg_farm_options options = {
        .coordinate_only_from = INT_MAX, .silence = command->silence, .places_fail = true};
    note_idle_ranks(par, c);
    if (qg_farm_run(&outcome, par, &work, &worker, &callbacks, &options, a) != QG_OK)
        return qg_cli_fail();
    return conclude(&o, &outcome, c);
}

int qg_train_drive(qg_par *par, qg_arena *a, const qg_train_command *command)
{
    qg_training_config config;
    qg_problems problems = {.arena = a};
    if (qg_train_load(&config, a, command, &problems) == QG_OK)
        return run(par, a, command, &config);
    qg_farm_dismiss(par);
    return problems.n ? qg_cli_problems(&problems) : qg_cli_fail();
}
