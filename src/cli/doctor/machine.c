/*
 * machine.c - processors, memory and the limits of this process.
 */
#include "doctor.h"

#include "qgrid/str.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* First number of a file, `scale` times; -1 where there is none ("max" of a cgroup). */
static double number_in(const char *path, const char *key, double scale)
{
    char line[256];
    double value = -1;
    FILE *f = fopen(path, "r");
    size_t n = strlen(key);
    while (f && value < 0 && fgets(line, sizeof line, f)) {
        char *end = line;
        if (strncmp(line, key, n) != 0)
            continue;
        double v = strtod(line + n, &end);
        if (end == line + n)
            break;
        value = v * scale;
    }
    if (f)
        fclose(f);
    return value;
}

static int usable_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Processors that a cgroup grants; 0: no limit. */
static double granted(void)
{
    double quota = 0, period = 0;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r"); /* "max 100000" without a limit */
    char line[64] = "", *end = line;
    if (f && fgets(line, sizeof line, f)) {
        quota = strtod(line, &end);
        period = strtod(end, NULL);
    }
    if (f) {
        fclose(f);
    } else {
        quota = number_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "", 1);
        period = number_in("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "", 1);
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

static void processors(qg_doctor *d)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int usable = usable_processors();
    double quota = granted(), load[1] = {0};
    char more[128] = "";
    if (quota > 0 && quota < usable)
        snprintf(more, sizeof more, ", of which a cgroup grants %.1f", quota);
    (void)getloadavg(load, 1);
    qg_doctor_say(d, usable < online ? QG_MIND : QG_FINE, "cores",
                  "%d of %ld usable by this process%s; one rank a core: mpirun -np %d%s", usable,
                  online, more, usable,
                  usable < online ? " (or the binding is not what you meant)" : "");
    if (load[0] > 0.5 * usable)
        qg_doctor_say(d, QG_MIND, "cores",
                      "load %.1f: others compute here, latencies will be wrong", load[0]);
}

/* The most memory that any unit of the plan's models takes, see qgrid plan. */
static double largest_model(const qg_plan *p)
{
    int64_t bytes = 0;
    for (int u = 0; p && u < p->n_units; u++)
        bytes = p->units[u].bytes > bytes ? p->units[u].bytes : bytes;
    return (double)bytes;
}

static void memory(qg_doctor *d)
{
    char total[32], free_now[32], cap[32], need[32];
    double available = number_in("/proc/meminfo", "MemAvailable:", 1024);
    double limit = number_in("/sys/fs/cgroup/memory.max", "", 1);
    if (limit < 0)
        limit = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "", 1);
    double all = number_in("/proc/meminfo", "MemTotal:", 1024), wanted = largest_model(d->plan);
    bool capped = limit > 0 && limit < all;
    qg_doctor_say(
        d, QG_FINE, "memory", "%s, %s available%s%s%s", qg_format_bytes(total, sizeof total, all),
        qg_format_bytes(free_now, sizeof free_now, available), capped ? "; a cgroup allows " : "",
        capped ? qg_format_bytes(cap, sizeof cap, limit) : "",
        getenv("SLURM_JOB_ID") ? " (#SBATCH --mem)" : "");
    if (capped && limit < available)
        available = limit;
    if (wanted > available)
        qg_doctor_say(d, QG_BAD, "memory", "the job's largest model takes %s",
                      qg_format_bytes(need, sizeof need, wanted));
}

static void limit(qg_doctor *d, int resource, const char *flag, const char *what, double enough)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0 || r.rlim_cur == RLIM_INFINITY || (double)r.rlim_cur >= enough)
        return;
    qg_doctor_say(d, QG_MIND, "limits", "ulimit %s allows %.0f %s", flag, (double)r.rlim_cur, what);
}

void qg_doctor_machine(qg_doctor *d)
{
    processors(d);
    memory(d);
    int before = d->found[QG_MIND];
    limit(d, RLIMIT_AS, "-v", "bytes of address space: models are mapped, leave it unlimited",
          1e13);
    limit(d, RLIMIT_FSIZE, "-f", "bytes a file: results and packed models may be larger", 1e12);
    limit(d, RLIMIT_CPU, "-t", "seconds of processor time: a run is killed then", 1e9);
    limit(d, RLIMIT_NOFILE, "-n", "open files: every rank opens some dozens", 256);
    limit(d, RLIMIT_STACK, "-s", "bytes of stack: 1 MiB is needed", 1 << 20);
    if (d->found[QG_MIND] == before)
        qg_doctor_say(d, QG_FINE, "limits", "none of ulimit's is near");
}
