/*
 * cmd_run.c - qgrid run: every rank starts here; rank 0 drives, the others serve.
 */
#include "cli.h"
#include "report_folder.h"
#include "status_file.h"

#include "qgrid/work.h"
#include "qgrid/kernel.h"
#include "qgrid/log.h"
#include "qgrid/stop.h"
#include "qgrid/report.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_ONLY = 256,
    OPT_SET,
    OPT_OUTPUT,
    OPT_FRESH,
    OPT_RETRY,
    OPT_ACCEPT,
    OPT_MAX,
    OPT_PROGRESS,
    OPT_STATUS,
    OPT_STALL,
    OPT_JSON
};
enum { MAX_SET = 64 };

// clang-format off
const qg_cli_option qg_cmd_run_options[] = {
    {OPT_ONLY, "only", "GLOB", "run only the cells whose names match, e.g. 'finetuned_*/int8'"},
    {OPT_SET, "set", "/POINTER=VALUE", "change a value of the job, e.g. /latency/runs=5"},
    {OPT_OUTPUT, "output", "FILE", "results file instead of the job's"},
    {OPT_FRESH, "fresh", NULL, "start again: replace an existing results file"},
    {OPT_RETRY, "retry-failed", NULL, "run failed cells again"},
    {OPT_ACCEPT, "accept-changes", NULL, "inputs changed: keep what is still valid, run the rest"},
    {OPT_MAX, "max-time", "TIME", "stop in good order after 3h50m, 90s, 2:30:00"},
    {OPT_PROGRESS, "progress", "STYLE", "auto, bar, log or none"},
    {OPT_STALL, "stall-timeout", "TIME", "a rank that is silent for so long is lost (60s)"},
    {OPT_JSON, "json", NULL, "the closing tables as JSON, nothing else on standard output"},
    {OPT_STATUS, "status-file", "FILE", "for scripts: append started, output and status, a line each"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_run_examples[] =
    "  mpirun -np 64 qgrid jobs/full_matrix.json\n"
    "  qgrid run jobs/full_matrix.json --only 'finetuned_smsa/*' --output /tmp/try.h5\n"
    "  mpirun -np 16 qgrid run jobs/paper.json --max-time 3h50m\n";
// clang-format on

typedef struct arguments {
    const char *job, *only, *status_file, *set[MAX_SET + 1];
    int n_set;
    bool json;
    qg_run_options run;
} arguments;

/* -1 to go on, else an exit status. */
static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("run");
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        switch (key) {
        case OPT_ONLY:
            a->only = optarg;
            break;
        case OPT_SET:
            if (a->n_set == MAX_SET)
                return qg_cli_usage(cmd, "more than %d --set", MAX_SET);
            a->set[a->n_set++] = optarg;
            break;
        case OPT_OUTPUT:
            if (!optarg[0])
                return qg_cli_usage(cmd, "--output needs a file name");
            a->run.output = optarg;
            break;
        case OPT_FRESH:
            a->run.fresh = true;
            break;
        case OPT_RETRY:
            a->run.retry_failed = true;
            break;
        case OPT_ACCEPT:
            a->run.accept_changes = true;
            break;
        case OPT_MAX:
            a->run.max_seconds = qg_cli_duration(optarg);
            if (!(a->run.max_seconds > 0))
                return qg_cli_usage(cmd, "--max-time '%s' is not a time such as 3h50m or 90s",
                                    optarg);
            break;
        case OPT_PROGRESS:
            status = qg_cli_progress(&a->run.progress, cmd, optarg);
            break;
        case OPT_JSON:
            a->json = true;
            break;
        case OPT_STALL:
            status = qg_cli_stall(&a->run.silence, cmd, optarg);
            break;
        case OPT_STATUS:
            if (!optarg[0])
                return qg_cli_usage(cmd, "--status-file needs a file name");
            a->status_file = optarg;
            break;
        default:
            break;
        }
    }
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd,
                            optind == argc ? "a job file is missing" : "one job file is expected");
    a->job = argv[optind];
    return -1;
}

static void warn_all(const qg_plan *p)
{
    for (int i = 0; i < p->n_warnings; i++)
        qg_warn("%s", p->warnings[i]);
}

/* The same command without what would begin or stop again. */
static void print_command(const arguments *a)
{
    printf("Interrupted; the same command goes on:  qgrid run '%s'", a->job);
    for (int i = 0; i < a->n_set; i++)
        printf(" --set '%s'", a->set[i]);
    if (a->only)
        printf(" --only '%s'", a->only);
    if (a->run.output)
        printf(" --output '%s'", a->run.output);
    printf("\n");
}

/* Where the report goes that the job asks for: results elsewhere have theirs beside them. NULL:
 * none, or out of memory. */
static const char *report_folder(const qg_job *job, qg_arena *arena, const arguments *a)
{
    return job->report && a->run.output ? qg_report_folder(arena, a->run.output) : job->report;
}

/* Rank 0: the whole run. Dismisses the workers in any case. */
static int drive(const char **report, qg_par *par, qg_arena *arena, const arguments *a,
                 qg_run_summary *summary)
{
    qg_job job;
    qg_plan plan;
    const char *why = NULL;
    qg_problems problems = {.arena = arena};
    if (!qg_kernels_get(&why)) {
        qg_note("QGRID_KERNELS: %s", why);
        qg_farm_dismiss(par);
        return QG_EXIT_USAGE;
    }
    qg_code rc = qg_job_load(&job, arena, a->job, a->set, &problems);
    if (rc == QG_OK) {
        *report = report_folder(&job, arena, a);
        qg_status_file_put(a->status_file, "output", a->run.output ? a->run.output : job.output);
        rc = qg_plan_make(&plan, arena, &job, a->only, &problems);
    }
    if (rc != QG_OK) {
        qg_farm_dismiss(par);
        return problems.n ? qg_cli_problems(&problems) : qg_cli_fail();
    }
    if (qg_stop_wanted()) { /* nothing is begun, and there is nothing to go on with */
        qg_farm_dismiss(par);
        qg_note("stop requested before the work began");
        print_command(a);
        return QG_EXIT_INTERRUPTED;
    }
    warn_all(&plan);
    if (plan.n_selected == 0) {
        qg_farm_dismiss(par);
        return qg_cli_no_cell(a->only, a->job);
    }
    rc = qg_run(summary, par, arena, &plan, &a->run);
    if (rc != QG_OK)
        return qg_cli_fail();
    return summary->status;
}

/* What the results file says; the run itself is over, so that an error changes nothing of it. */
static void print_file(const char *path, qg_arena *arena, int use)
{
    qg_reading r;
    qg_code rc = qg_reading_open(&r, arena, path);
    if (rc == QG_OK) {
        rc = qg_report_print(stdout, &r, NULL, use);
        qg_reading_close(&r);
    }
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
}

/* Cells of the file that are open, whether they were selected or not. */
static int open_in_file(const char *path, qg_arena *arena)
{
    qg_reading r;
    int open = 0, done, failed;
    if (qg_reading_open(&r, arena, path) != QG_OK)
        return 0;
    qg_reading_count(&r, &open, &done, &failed);
    qg_reading_close(&r);
    return open;
}

/* Of the cells that --only selected, and how many others there are to do. */
static void print_counts(const qg_run_summary *s, qg_arena *arena, bool part)
{
    int all = s->done + s->failed + s->open;
    int others = part ? open_in_file(s->output, arena) - s->open : 0;
    if (part)
        printf("\n%d of the %d selected cells done, %d failed, %d open", s->done, all, s->failed,
               s->open);
    else
        printf("\n%d cells done, %d failed, %d open", s->done, s->failed, s->open);
    if (others > 0)
        printf("; %d others are open", others);
    printf(": %s\n", s->output);
    if (others > 0 && s->open == 0)
        printf("What was selected is complete; the file is not: qgrid status gives %d for it\n",
               QG_EXIT_INTERRUPTED);
}

/* The same as one JSON object. */
static qg_code add_json(qg_str *out, const qg_run_summary *s, qg_arena *arena)
{
    qg_reading r;
    QG_TRY(qg_reading_open(&r, arena, s->output));
    qg_str_add(out, "{\"output\": ");
    qg_str_add_json(out, s->output, strlen(s->output));
    qg_str_addf(out, ", \"status\": %d, \"done\": %d, \"failed\": %d, \"open\": %d,\n \"tables\": ",
                s->status, s->done, s->failed, s->open);
    qg_code rc = qg_report_json(out, &r, NULL, QG_SHOW | QG_UNFINISHED);
    qg_reading_close(&r);
    qg_str_add(out, "}\n");
    return rc;
}

static void print_json(const qg_run_summary *s, qg_arena *arena)
{
    qg_str out = {0};
    if (add_json(&out, s, arena) == QG_OK && qg_str_status(&out) == QG_OK)
        fputs(out.data, stdout);
    else
        qg_log_error(qg_error_last());
    qg_str_fini(&out);
}

static void report(const qg_run_summary *s, qg_arena *arena, const arguments *a)
{
    if (a->json) {
        print_json(s, arena);
        return;
    }
    print_file(s->output, arena, QG_SHOW);
    print_counts(s, arena, a->only != NULL);
    if (s->status == QG_EXIT_INTERRUPTED)
        print_command(a);
    if (s->failed)
        print_file(s->output, arena, QG_UNFINISHED);
}

/* A run is over when it writes its report: what goes wrong then is told, and changes nothing of it.
 */
static void write_report(const char *dir, const qg_run_summary *s, qg_arena *arena, FILE *to)
{
    const qg_report_wish wish = {.texts = QG_REPORT_TEXTS};
    if (open_in_file(s->output, arena) > 0)
        return; /* it comes with the last cell */
    if (qg_report_file(arena, s->output, dir, &wish) == QG_OK) {
        fprintf(to, "Report: %s/index.html\n", dir);
        return;
    }
    char why[1024];
    qg_warn("no report was written: %s", qg_log_error_text(why, sizeof why, qg_error_last()));
    qg_error_clear();
}

/* What rank 0 says and writes of a run that is over; the status may change with what cannot be
 * written to standard output. */
static void tell(int *status, const char *folder, const qg_run_summary *s, qg_arena *arena,
                 const arguments *a)
{
    if (s->output && s->status != QG_EXIT_STOPPED)
        report(s, arena, a);
    if (folder && (*status == QG_EXIT_OK || *status == QG_EXIT_CELLS_FAILED))
        write_report(folder, s, arena, a->json ? stderr : stdout);
    *status = qg_cli_flush(*status);
    qg_status_file_count(a->status_file, "status", *status);
}

int qg_cmd_run(int argc, char **argv)
{
    arguments a = {0};
    const char *folder = NULL;
    bool told = true;
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves does not stop the work */
    qg_stop_catch();
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_par *par;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    if (qg_par_start(&par, arena) != QG_OK) {
        qg_log_error(qg_error_last());
        return QG_EXIT_USAGE;
    }
    qg_run_summary summary = {0};
    if (par->rank == 0) {
        qg_status_file_count(a.status_file, "started", par->size);
        status = drive(&folder, par, arena, &a, &summary);
        /* The others would wait in MPI_Finalize for as long as the report takes. Where a rank is
         * lost, the end of MPI is that of this process, too. */
        told = par->lost_ranks > 0;
        if (told)
            tell(&status, folder, &summary, arena, &a);
    } else {
        qg_work *work = NULL;
        qg_log_rank(par->rank);
        qg_farm_options options = {.silence = a.run.silence};
        qg_code rc = qg_work_create(&work, arena);
        qg_farm_worker worker = qg_work_callbacks(work);
        if (rc == QG_OK)
            rc = qg_farm_serve(par, &worker, &options);
        qg_work_destroy(work);
        status = rc == QG_OK ? QG_EXIT_OK : qg_cli_fail();
        if (rc == QG_ELOST) /* of rank 0: what is open goes on */
            status = QG_EXIT_INTERRUPTED;
    }
    qg_par_stop(par, status);
    if (!told)
        tell(&status, folder, &summary, arena, &a);
    qg_arena_destroy(arena);
    return status;
}
