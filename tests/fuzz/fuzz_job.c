/*
 * fuzz_job.c - job files: a job, or mistakes with their places.
 */
#include "fuzz.h"

#include "qgrid/job.h"

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_problems problems = {.arena = a};
    qg_job job;
    qg_code rc = qg_job_load(&job, a, fuzz_write("job.json", data, size), NULL, &problems);
    FUZZ_CHECK((rc == QG_OK) == (problems.n == 0));
    for (int i = 0; i < problems.n; i++)
        FUZZ_CHECK(problems.item[i].msg[0] && problems.item[i].code != QG_EBUG);
    if (rc == QG_OK)
        FUZZ_CHECK(job.K > 0 && job.n_experiments > 0 && job.n_precisions > 0);
    qg_error_clear();
    qg_arena_destroy(a);
    return 0;
}
