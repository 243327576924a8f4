/*
 * cmd_check.c - qgrid check: every mistake of a job, its models and its data sets.
 */
#include "card.h"
#include "cli.h"
#include "hints.h"

#include "qgrid/log.h"
#include "qgrid/training.h"

enum { OPT_ONLY = 256, OPT_SET, OPT_JSON };
enum { MAX_SET = 64 };

// clang-format off
const qg_cli_option qg_cmd_check_options[] = {
    {OPT_ONLY, "only", "GLOB", "whether there are such cells, too"},
    {OPT_SET, "set", "/POINTER=VALUE", "change a value of the job"},
    {OPT_JSON, "json", NULL, "the data cards as one JSON object"},
    {0, NULL, NULL, NULL},
};
// clang-format on
const char qg_cmd_check_examples[] =
    "  qgrid check jobs/full_matrix.json\n"
    "  qgrid check jobs/paper.json      (what to fetch, and where from)\n"
    "  qgrid check --json jobs/full_matrix.json | jq '.datasets[0].classes'\n";

static void describe_training(const qg_plan *p, int model)
{
    const qg_job_model *m = &p->job->models[model];
    const qg_plan_training *t = p->models[model].training;
    const char *dir = p->models[model].source.dir;
    int from = m->training->from;
    printf("model %s: trained from %s%s, %lld texts, %lld tokens, %lld epochs of %lld steps, seed "
           "%lld\n",
           m->name, from >= 0 ? p->job->models[from].name : t->from.dir,
           t->from.random_head ? " with a new head" : "", (long long)t->texts, (long long)t->tokens,
           (long long)t->epochs, (long long)t->batches, (long long)m->seed);
    printf("    %s %s\n", qg_training_is_complete(dir, p->models[model].hash) ? "is in" : "goes to",
           dir);
}

static void describe_model(const qg_plan *p, int model)
{
    const qg_config *c = &p->models[model].config;
    if (p->models[model].training) {
        describe_training(p, model);
        return;
    }
    printf("model %s: %s, %d layers x %d, %d heads, vocabulary of %d in %d rows, %d classes%s\n",
           p->job->models[model].name, p->models[model].source.dir, c->layers, c->hidden, c->heads,
           qg_tokenizer_size(p->models[model].tokenizer), c->vocab, p->job->K,
           p->models[model].source.random_head ? ", RANDOM head" : "");
}

/* ", 4 of them selected", where --only leaves others out. */
static const char *selected(const qg_plan *p)
{
    static char text[48];
    snprintf(text, sizeof text, ", %d of them selected", p->n_selected);
    return p->n_selected < p->n_cells ? text : "";
}

static qg_code describe(const qg_plan *p)
{
    const qg_job *job = p->job;
    for (int i = 0; i < job->n_models; i++)
        describe_model(p, i);
    for (int i = 0; i < job->n_datasets; i++) {
        const qg_dataset *d = &p->datasets[i].data;
        printf("dataset %s: %s, %lld of %lld records; %lld skipped, %lld empty, %lld duplicates, "
               "%lld conflicting labels\n",
               d->name, job->datasets[i].path, (long long)d->n, (long long)d->records,
               (long long)d->skipped, (long long)d->empty, (long long)d->duplicates,
               (long long)d->conflicting);
        printf("    this is %s (sha256 %.16s...)\n",
               d->known_as ? d->known_as : "a file that qgrid does not know", d->sha256);
        for (int k = 0; d->skipped > 1 && k < d->n_reasons; k++)
            printf("    skipped %lld x: %s\n", (long long)d->reason[k].rows, d->reason[k].why);
        for (int k = 0; k < d->skipped_listed; k++) {
            char text[1024];
            printf("    skipped: %s\n", qg_log_error_text(text, sizeof text, &d->skipped_rows[k]));
        }
        QG_TRY(qg_card_print(p, i));
    }
    for (int i = 0; i < p->n_warnings; i++)
        printf("warning: %s\n", p->warnings[i]);
    printf("%d cells%s, %d units of work: %s\n", p->n_cells, selected(p), p->n_units,
           p->unreadable ? "the job would run, but on texts that its models cannot read"
                         : "the job is fine");
    return QG_OK;
}

static void check_model(const qg_plan *p, int i, const qg_precision_spec *precision,
                        const char *cache, qg_problems *problems)
{
    const qg_job *job = p->job;
    qg_model *m = NULL;
    qg_code rc =
        qg_model_open_cached(&m, &p->models[i].source, p->models[i].hash, precision, cache);
    qg_model_close(m);
    (void)qg_problems_take_at(problems, &job->doc, job->models[i].node, rc);
}

/* A model also has to load: weights present, shapes right. One precision tells of a checkpoint, a
 * packed folder fits one only. */
static void check_weights(const qg_plan *p, qg_arena *a, qg_problems *problems)
{
    char *cache = qg_model_cache_dir(a);
    const qg_job *job = p->job;
    if (!cache)
        return;
    for (int i = 0; i < job->n_models && job->n_precisions > 0; i++) {
        if (p->models[i].training || !p->models[i].tokenizer)
            continue; /* it may not be there yet, or could not be read */
        int n = qg_is_packed(job->models[i].source.dir) ? job->n_precisions : 1;
        for (int k = 0; k < n; k++)
            check_model(p, i, &job->precisions[k], cache, problems);
    }
}

typedef struct arguments {
    const char *job, *only, *set[MAX_SET + 1];
    int n_set;
    bool json;
} arguments;

static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("check");
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == OPT_ONLY)
            a->only = optarg;
        else if (key == OPT_JSON)
            a->json = true;
        else if (a->n_set == MAX_SET)
            return qg_cli_usage(cmd, "more than %d --set", MAX_SET);
        else
            a->set[a->n_set++] = optarg;
    }
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one job file is expected");
    a->job = argv[optind];
    return -1;
}

/* Mistakes of the job hide none of its inputs, those of data sets none of the models. */
static qg_code find_mistakes(qg_job *job, qg_plan *plan, qg_arena *arena, const arguments *a,
                             qg_problems *problems)
{
    qg_code rc = qg_job_load(job, arena, a->job, a->set, problems);
    if (!job->doc.root)
        return rc;
    rc = rc == QG_OK ? qg_plan_make(plan, arena, job, a->only, problems)
                     : qg_plan_try_inputs(plan, arena, job, problems);
    if (plan->models && (rc == QG_OK || problems->n > 0))
        check_weights(plan, arena, problems);
    return rc;
}

int qg_cmd_check(int argc, char **argv)
{
    arguments a = {0};
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_job job = {0};
    qg_plan plan = {0};
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    qg_problems problems = {.arena = arena};
    qg_code rc = find_mistakes(&job, &plan, arena, &a, &problems);
    if (problems.n) {
        status = qg_cli_problems(&problems);
        qg_hints_print(&job);
    } else if (rc != QG_OK) {
        status = qg_cli_fail();
    } else if (plan.n_selected == 0) {
        status = qg_cli_no_cell(a.only, a.job);
    } else {
        rc = a.json ? qg_card_print_json(&plan) : describe(&plan);
        status = rc == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    }
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
