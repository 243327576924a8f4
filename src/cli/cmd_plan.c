/*
 * cmd_plan.c - qgrid plan: what would run, why, and how long on how many ranks.
 */
#include "cli.h"

#include "qgrid/layout.h"
#include "qgrid/log.h"
#include "qgrid/report.h"
#include "qgrid/str.h"
#include "qgrid/training.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_ONLY = 256, OPT_SET, OPT_OUTPUT, OPT_RANKS, OPT_NODE, OPT_WHY, OPT_RETRY, OPT_JSON };
enum { MAX_SET = 64, MAX_RANKS = 1000000 };

// clang-format off
const qg_cli_option qg_cmd_plan_options[] = {
    {OPT_ONLY, "only", "GLOB", "plan only the cells whose names match"},
    {OPT_SET, "set", "/POINTER=VALUE", "change a value of the job"},
    {OPT_OUTPUT, "output", "FILE", "compare with this results file instead of the job's"},
    {OPT_RANKS, "ranks", "N", "simulate the schedule on N ranks"},
    {OPT_NODE, "ranks-per-node", "N", "ranks of one node in the simulation (default 32)"},
    {OPT_WHY, "why", NULL, "say for each cell why it runs or does not"},
    {OPT_RETRY, "retry-failed", NULL, "count failed cells as open"},
    {OPT_JSON, "json", NULL, "each cell, whether it would run and why, and the sums, as JSON"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_plan_examples[] =
    "  qgrid plan jobs/full_matrix.json --why\n"
    "  qgrid plan jobs/paper.json --ranks 64 --ranks-per-node 32\n";
// clang-format on

typedef struct arguments {
    const char *job, *only, *output, *set[MAX_SET + 1];
    int n_set;
    int64_t ranks, per_node;
    bool why, retry, json;
} arguments;

static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("plan");
    int key, status = -1;
    a->per_node = 32;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == OPT_ONLY)
            a->only = optarg;
        else if (key == OPT_OUTPUT)
            a->output = optarg;
        else if (key == OPT_WHY)
            a->why = true;
        else if (key == OPT_RETRY)
            a->retry = true;
        else if (key == OPT_JSON)
            a->json = true;
        else if (key == OPT_SET && a->n_set == MAX_SET)
            return qg_cli_usage(cmd, "more than %d --set", MAX_SET);
        else if (key == OPT_SET)
            a->set[a->n_set++] = optarg;
        else if ((key == OPT_RANKS || key == OPT_NODE) &&
                 !qg_cli_integer(key == OPT_RANKS ? &a->ranks : &a->per_node, optarg, 1, MAX_RANKS))
            return qg_cli_not_integer(cmd, key == OPT_RANKS ? "ranks" : "ranks-per-node", 1,
                                      MAX_RANKS);
    }
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one job file is expected");
    a->job = argv[optind];
    return -1;
}

static int64_t latency_values(const qg_plan *p)
{
    int64_t n = 0;
    for (int c = 0; c < p->n_cells; c++)
        if (p->cells[c].kind == QG_CELL_LATENCY && p->cells[c].owner == c)
            n += qg_plan_latency_texts(p, p->cells[c].experiment) * p->job->latency.runs *
                 p->job->latency.n_batch_sizes;
    return n;
}

/* Explanations in the plan, and the most texts of one. */
static void explanations(const qg_plan *p)
{
    int64_t cells = 0, texts = 0, skipped = 0;
    for (int c = 0; c < p->n_cells; c++) {
        if (p->cells[c].kind != QG_CELL_EXPLAIN)
            continue;
        int64_t n = p->explained[p->cells[c].experiment].slots;
        cells++;
        skipped += p->cells[c].skip != NULL;
        texts = n > texts ? n : texts;
    }
    if (cells > 0)
        printf("%lld explanations, %lld skipped, of at most %lld texts each\n", (long long)cells,
               (long long)skipped, (long long)texts);
}

static bool is_trained(const qg_plan *p, int model)
{
    return qg_training_is_complete(p->models[model].source.dir, p->models[model].hash);
}

/* Units that would run, as states for the simulation. */
static qg_code states(uint8_t **out, qg_arena *a, const qg_plan *p, const qg_cell_reason *reason)
{
    uint8_t *state;
    bool *wanted, *packs;
    QG_NEW(state, a, p->n_units);
    QG_NEW(wanted, a, p->n_tasks);
    QG_NEW(packs, a, p->n_tasks);
    for (int c = 0; c < p->n_cells; c++)
        if (reason[c].runs && p->cells[c].task >= 0)
            wanted[p->cells[c].task] = true;
    for (int t = 0; t < p->n_tasks; t++)
        for (int i = 0; wanted[t] && i < p->sched_tasks[t].n_needs; i++)
            packs[p->sched_tasks[t].needs[i]] = true;
    for (int u = 0; u < p->n_units; u++) {
        int t = p->units[u].task;
        bool runs = p->tasks[t].cell >= 0 ? wanted[t] : packs[t];
        if (runs && p->tasks[t].kind->trains)
            runs = !is_trained(p, p->tasks[t].model); /* else it is read back */
        state[u] = runs ? QG_UNIT_OPEN : QG_UNIT_DONE;
    }
    *out = state;
    return QG_OK;
}

static qg_code simulate(qg_arena *a, const qg_plan *p, const uint8_t *state, int ranks,
                        int per_node)
{
    qg_simulation s;
    char makespan[32], busy[32];
    qg_workload work = {p->sched_tasks, p->units, p->n_tasks, p->n_units, state, NULL};
    QG_TRY(qg_sched_simulate(&s, a, &work, ranks, per_node, 0.5));
    printf("on %d ranks (%d a node): makespan about %s, busy %s, efficiency %.1f %%, %d model "
           "loads\n",
           ranks, per_node, qg_format_seconds(makespan, sizeof makespan, s.makespan),
           qg_format_seconds(busy, sizeof busy, s.busy), 100 * s.efficiency, s.loads);
    return QG_OK;
}

/* How many trainings there are, and what those that would run cost. */
static void trainings(const qg_plan *p, const uint8_t *state)
{
    int n = 0, runs = 0, trained = 0;
    double cost = 0, tokens = 0;
    char time[32];
    for (int u = 0; u < p->n_units; u++) {
        const qg_plan_task *t = &p->tasks[p->units[u].task];
        if (!t->kind->trains)
            continue;
        n++;
        trained += is_trained(p, t->model);
        if (state[u] != QG_UNIT_OPEN)
            continue;
        runs++;
        cost += p->units[u].cost;
        tokens += (double)p->models[t->model].training->tokens *
                  (double)p->models[t->model].training->epochs;
    }
    if (n > 0)
        printf("%d trainings, %d of them in their folders, %d would run: %.0f tokens, about %s on "
               "one core\n",
               n, trained, runs, tokens, qg_format_seconds(time, sizeof time, cost));
}

static void summary(const qg_plan *p, const uint8_t *state, int runs)
{
    double cost = 0;
    int64_t rows = 0, tokens = 0, units = 0;
    char time[32];
    for (int u = 0; u < p->n_units; u++) {
        units += state[u] == QG_UNIT_OPEN;
        cost += state[u] == QG_UNIT_OPEN ? p->units[u].cost : 0;
    }
    for (int e = 0; e < p->job->n_experiments; e++) {
        tokens += p->tokens[e]->T;
        rows += p->datasets[p->job->experiments[e].dataset].data.n;
    }
    printf("%d cells, %d would run; %lld of %d units; %lld texts, %lld tokens, %lld latency "
           "samples\n",
           p->n_cells, runs, (long long)units, p->n_units, (long long)rows, (long long)tokens,
           (long long)latency_values(p));
    printf("about %s on one core\n", qg_format_seconds(time, sizeof time, cost));
}

/* Without --ranks as for one, which takes the most. */
static qg_code memory(qg_arena *a, const qg_plan *p, const uint8_t *state, int64_t ranks)
{
    char all[32], shared[32];
    const char *cache = qg_model_cache_dir(a);
    if (!cache)
        return QG_ENOMEM;
    qg_plan_memory m = qg_plan_memory_peak(p, state, ranks ? (int)ranks : 1, cache);
    if (m.task < 0)
        return QG_OK;
    const qg_plan_task *t = &p->tasks[m.task];
    printf("memory of a rank: about %s, %s of it shared by the ranks of a node (%s %s)\n",
           qg_format_bytes(all, sizeof all, (double)(m.own + m.shared)),
           qg_format_bytes(shared, sizeof shared, (double)m.shared), t->kind->name,
           t->cell >= 0 ? p->cells[t->cell].name : p->job->models[t->model].name);
    return QG_OK;
}

static qg_code file_size(qg_arena *a, const qg_plan *p)
{
    qg_layout layout;
    uint64_t bytes;
    char text[32];
    QG_TRY(qg_layout_make(&layout, a, p));
    QG_TRY(qg_store_forecast(&bytes, &layout));
    printf("results file: at most %s\n", qg_format_bytes(text, sizeof text, (double)bytes));
    return QG_OK;
}

/* What --only selects, alike cells together. */
static qg_code list_cells(qg_arena *a, const qg_plan *p)
{
    qg_listed_cell *listed;
    qg_listed_group *group;
    int n = 0, n_groups;
    QG_NEW(listed, a, p->n_cells);
    for (int c = 0; c < p->n_cells; c++)
        if (p->cells[c].selected)
            listed[n++] =
                (qg_listed_cell){p->cells[c].name, qg_cell_kind_names[p->cells[c].kind], "", ""};
    QG_TRY(qg_listed_groups(&group, &n_groups, a, listed, n));
    for (int i = 0; i < n_groups; i++) {
        const char *text = qg_listed_group_text(a, &group[i]);
        if (!text)
            return QG_ENOMEM;
        printf("%s\n", text);
    }
    return QG_OK;
}

/* Every cell with what would become of it; how many units, what they cost, what the file takes. */
static qg_code add_json(qg_str *out, qg_arena *arena, const qg_plan *p,
                        const qg_cell_reason *reason, const uint8_t *state)
{
    qg_layout layout;
    uint64_t bytes;
    double cost = 0;
    int64_t units = 0, written = 0;
    qg_str_add(out, "{\"cells\": [");
    for (int c = 0; c < p->n_cells; c++) {
        const char *name = p->cells[c].name, *why = reason[c].why;
        if (!p->cells[c].selected)
            continue;
        qg_str_add(out, written++ ? ",\n  {\"cell\": " : "\n  {\"cell\": ");
        qg_str_add_json(out, name, strlen(name));
        qg_str_addf(out, ", \"kind\": \"%s\", \"runs\": %s, \"why\": ",
                    qg_cell_kind_names[p->cells[c].kind], reason[c].runs ? "true" : "false");
        qg_str_add_json(out, why, strlen(why));
        qg_str_add(out, "}");
    }
    for (int u = 0; u < p->n_units; u++) {
        units += state[u] == QG_UNIT_OPEN;
        cost += state[u] == QG_UNIT_OPEN ? p->units[u].cost : 0;
    }
    QG_TRY(qg_layout_make(&layout, arena, p));
    QG_TRY(qg_store_forecast(&bytes, &layout));
    qg_str_addf(out,
                "],\n \"units\": %d, \"open_units\": %lld, \"seconds_on_one_core\": %.6g, "
                "\"results_bytes\": %llu}\n",
                p->n_units, (long long)units, cost, (unsigned long long)bytes);
    return qg_str_status(out);
}

static qg_code print_json(qg_arena *arena, const qg_plan *p, const qg_cell_reason *reason,
                          const uint8_t *state)
{
    qg_str s = {0};
    qg_code rc = add_json(&s, arena, p, reason, state);
    if (rc == QG_OK)
        fputs(s.data, stdout);
    qg_str_fini(&s);
    return rc;
}

static qg_code show(qg_arena *arena, const arguments *a, const qg_plan *p)
{
    qg_cell_reason *reason;
    uint8_t *state;
    int runs = 0;
    QG_NEW(reason, arena, p->n_cells);
    QG_TRY(qg_run_reasons(reason, arena, p, a->output ? a->output : p->job->output, a->retry));
    QG_TRY(states(&state, arena, p, reason));
    if (a->json)
        return print_json(arena, p, reason, state);
    for (int c = 0; c < p->n_cells; c++) {
        runs += reason[c].runs;
        if (a->why)
            printf("%-5s %s: %s\n", reason[c].runs ? "run" : "skip", p->cells[c].name,
                   reason[c].why);
    }
    if (!a->why)
        QG_TRY(list_cells(arena, p));
    trainings(p, state);
    explanations(p);
    summary(p, state, runs);
    QG_TRY(memory(arena, p, state, a->ranks));
    QG_TRY(file_size(arena, p));
    return a->ranks ? simulate(arena, p, state, (int)a->ranks, (int)a->per_node) : QG_OK;
}

int qg_cmd_plan(int argc, char **argv)
{
    arguments a = {0};
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_job job;
    qg_plan plan;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    qg_problems problems = {.arena = arena};
    status = QG_EXIT_OK;
    qg_code rc = qg_job_load(&job, arena, a.job, a.set, &problems);
    if (rc == QG_OK)
        rc = qg_plan_make(&plan, arena, &job, a.only, &problems);
    if (rc != QG_OK)
        status = problems.n ? qg_cli_problems(&problems) : qg_cli_fail();
    else if (plan.n_selected == 0)
        status = qg_cli_no_cell(a.only, a.job);
    else if (show(arena, &a, &plan) != QG_OK)
        status = qg_cli_fail();
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
