/*
 * cmd_doctor.c - qgrid doctor: one screen about this machine and what would go wrong on it.
 */
#include "doctor.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

const qg_cli_option qg_cmd_doctor_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_doctor_examples[] =
    "  qgrid doctor\n"
    "  qgrid doctor jobs/full_matrix.json      (whether this job fits here, too)\n"
    "  srun -n 1 qgrid doctor                  (what a compute node looks like)\n";

void qg_doctor_say(qg_doctor *d, qg_grade grade, const char *part, const char *fmt, ...)
{
    static const char *const mark[] = {"fine", "mind", "BAD "};
    va_list args;
    d->found[grade]++;
    printf("%s  %-9s ", mark[grade], part);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}

bool qg_doctor_ask(char *out, size_t size, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "timeout 5 sh -c '%s' 2>/dev/null </dev/null", command);
    FILE *f = popen(line, "r"); /* NOLINT(cert-env33-c): the commands are our own texts */
    out[0] = 0;
    if (!f)
        return false;
    if (!fgets(out, (int)size, f))
        out[0] = 0;
    while (fgets(line, sizeof line, f)) /* the rest, so that nobody dies of a closed pipe */
        ;
    out[strcspn(out, "\n")] = 0;
    (void)pclose(f);
    return out[0] != 0;
}

static qg_code load(qg_doctor *d, qg_job *job, qg_plan *plan, const char *path,
                    qg_problems *problems)
{
    QG_TRY(qg_job_load(job, d->arena, path, NULL, problems));
    QG_TRY(qg_plan_make(plan, d->arena, job, NULL, problems));
    d->plan = plan;
    return QG_OK;
}

static int examine(qg_doctor *d)
{
    qg_doctor_program(d);
    qg_doctor_launcher(d);
    qg_doctor_machine(d);
    qg_doctor_folders(d);
    if (d->found[QG_BAD])
        printf("%d of these would stop a run.\n", d->found[QG_BAD]);
    else
        printf("Nothing stands in the way of a run.\n");
    return d->found[QG_BAD] ? QG_EXIT_STOPPED : QG_EXIT_OK;
}

int qg_cmd_doctor(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("doctor");
    int status = -1;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind < argc - 1)
        return qg_cli_usage(cmd, "at most one job file is expected");
    qg_doctor d = {.arena = qg_arena_create(0)};
    qg_job job;
    qg_plan plan;
    if (!d.arena)
        return QG_EXIT_STOPPED;
    qg_problems problems = {.arena = d.arena};
    if (optind == argc || load(&d, &job, &plan, argv[optind], &problems) == QG_OK)
        status = examine(&d);
    else
        status = problems.n ? qg_cli_problems(&problems) : qg_cli_fail();
    qg_arena_destroy(d.arena);
    return qg_cli_flush(status);
}
