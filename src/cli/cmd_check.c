/*
 * cmd_check.c - qgrid check: every mistake of a job, its models and its data sets.
 */
#include "cli.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <string.h>

const qg_cli_option qg_cmd_check_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_check_examples[] =
    "  qgrid check jobs/full_matrix.json\n"
    "  qgrid check jobs/paper.json      (what to fetch, and where from)\n";

/* Where the files of the paper's study come from, for whoever does not have them yet. */
static const struct {
    const char *name, *from;
} sources[] = {
    {"indobert", "https://huggingface.co/indobenchmark/indobert-base-p2 (config.json, vocab.txt, "
                 "tokenizer files, pytorch_model.bin or model.safetensors)"},
    {"test.tsv", "SmSA of IndoNLU: https://github.com/IndoNLP/indonlu, "
                 "dataset/smsa_doc-sentiment-prosa/test_preprocess.tsv"},
    {"test_preprocess.tsv", "SmSA of IndoNLU: https://github.com/IndoNLP/indonlu, "
                            "dataset/smsa_doc-sentiment-prosa/test_preprocess.tsv"},
    {"train_preprocess.tsv", "SmSA of IndoNLU: https://github.com/IndoNLP/indonlu, "
                             "dataset/smsa_doc-sentiment-prosa/train_preprocess.tsv"},
    {"valid_preprocess.tsv", "SmSA of IndoNLU: https://github.com/IndoNLP/indonlu, "
                             "dataset/smsa_doc-sentiment-prosa/valid_preprocess.tsv"},
    {"PPKM", "the PPKM tweets (INA_TweetsPPKM_Labeled_Pure.csv) of the data set's authors"},
};

static void hint(const char *path)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (strstr(path, sources[i].name)) {
            qg_note("    to get %s: %s", path, sources[i].from);
            return;
        }
}

static void hints(const qg_job *job)
{
    for (int i = 0; i < job->n_models; i++)
        if (job->models[i].source.dir && !qg_dir_exists(job->models[i].source.dir))
            hint(job->models[i].source.dir);
    for (int i = 0; i < job->n_datasets; i++)
        if (job->datasets[i].path && !qg_file_exists(job->datasets[i].path))
            hint(job->datasets[i].path);
}

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

static void describe(const qg_plan *p)
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
        for (int k = 0; k < d->skipped_listed; k++) {
            char text[1024];
            qg_error_format(text, sizeof text, &d->skipped_rows[k]);
            printf("    skipped: %s\n", text);
        }
    }
    for (int i = 0; i < p->n_warnings; i++)
        printf("warning: %s\n", p->warnings[i]);
    printf("%d cells, %d units of work: %s\n", p->n_cells, p->n_units,
           p->unreadable ? "the job would run, but on texts that its models cannot read"
                         : "the job is fine");
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
    for (int i = 0; i < job->n_models; i++) {
        if (p->models[i].training)
            continue; /* it may not be there yet */
        int n = qg_is_packed(job->models[i].source.dir) ? job->n_precisions : 1;
        for (int k = 0; k < n; k++)
            check_model(p, i, &job->precisions[k], cache, problems);
    }
}

int qg_cmd_check(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("check");
    int status = -1;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one job file is expected");
    qg_job job = {0};
    qg_plan plan;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    qg_problems problems = {.arena = arena};
    qg_code rc = qg_job_load(&job, arena, argv[optind], NULL, &problems);
    if (rc == QG_OK)
        rc = qg_plan_make(&plan, arena, &job, NULL, &problems);
    if (rc == QG_OK)
        check_weights(&plan, arena, &problems);
    if (problems.n) {
        status = qg_cli_problems(&problems);
        hints(&job);
    } else if (rc != QG_OK) {
        status = qg_cli_fail();
    } else {
        describe(&plan);
        status = QG_EXIT_OK;
    }
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
