/*
 * par.c - ranks and messages on MPI.
 *
 * Without a launcher MPI is not started at all: a singleton MPI_Init would fork a daemon, which not
 * every login node allows. Sends are non-blocking copies, so two ranks never wait for each other.
 */
#include "qgrid/par.h"

#include "comm.h"
#include "starting.h"

#include "qgrid/clock.h"
#include "qgrid/process.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

qg_code qg_mpi_check(int rc, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (rc == MPI_SUCCESS)
        return QG_OK;
    MPI_Error_string(rc, text, &n);
    return QG_FAIL(QG_EMPI, "%s: %s", what, text);
}

static long number(const char *name)
{
    const char *v = getenv(name);
    return v ? strtol(v, NULL, 10) : 0;
}

/* Variables by which launchers tell processes how many they are. */
static const char *claimed_size(long *size)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((*size = number(names[i])) > 1)
            return names[i];
    /* SLURM_NTASKS is set in every allocation; only inside a step do tasks run as ranks. */
    if (getenv("SLURM_STEP_ID") && getenv("SLURM_PROCID")) {
        *size = number("SLURM_STEP_NUM_TASKS");
        if (*size > 1)
            return "SLURM_STEP_NUM_TASKS";
    }
    *size = 1;
    return NULL;
}

long qg_par_claimed_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getenv(names[i]))
            return number(names[i]);
    return getenv("SLURM_STEP_ID") ? number("SLURM_PROCID") : 0;
}

static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK");
}

/* "Open MPI v4.1.4", or what another MPI calls itself. */
static const char *library_text(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int n;
    if (!text[0]) {
        MPI_Get_library_version(text, &n);
        text[strcspn(text, ",\n")] = 0;
    }
    return text;
}

qg_library qg_mpi_library(void)
{
    static const char name[] = "Open MPI v";
#ifdef OMPI_MAJOR_VERSION
    static const char built[] =
        QG_STR(OMPI_MAJOR_VERSION) "." QG_STR(OMPI_MINOR_VERSION) "." QG_STR(OMPI_RELEASE_VERSION);
#else
    static const char *const built = NULL;
#endif
    const char *text = library_text();
    bool open = strncmp(text, name, sizeof name - 1) == 0;
    return (qg_library){"Open MPI", built, open ? text + sizeof name - 1 : text};
}

static qg_code alone(qg_par *p, qg_arena *a)
{
    long size;
    const char *name = claimed_size(&size);
    if (name)
        return QG_FAIL(QG_EMPI,
                       "%s says that %ld processes were started, but each of them is rank 0 of 1: "
                       "they were started by another MPI than %s; use its mpirun, or srun "
                       "--mpi=pmix",
                       name, size, library_text());
    p->size = p->local_size = 1;
    QG_NEW(p->node, a, 1);
    p->hosts = &p->host;
    QG_NEW(p->lost, a, 1);
    QG_NEW(p->process, a, 1);
    return QG_OK;
}

/* Nodes are numbered by the first rank that runs there. */
static qg_code find_nodes(qg_par *p, qg_arena *a)
{
    QG_NEW(p->hosts, a, p->size);
    char(*hosts)[sizeof p->host] = p->hosts;
    QG_NEW(p->node, a, p->size);
    QG_MPI(MPI_Allgather(p->host, sizeof p->host, MPI_CHAR, hosts, sizeof p->host, MPI_CHAR,
                         MPI_COMM_WORLD));
    int nodes = 0;
    for (int r = 0; r < p->size; r++) {
        int k = 0;
        while (k < r && strcmp(hosts[k], hosts[r]) != 0)
            k++;
        p->node[r] = k < r ? p->node[k] : nodes++;
        p->local_size += strcmp(hosts[r], p->host) == 0;
    }
    return QG_OK;
}

/* Ranks of this node can be watched, unless they see another /proc (containers). */
static qg_code find_processes(qg_par *p, qg_arena *a)
{
    qg_process self = {getpid(), qg_process_start(getpid())};
    QG_NEW(p->process, a, p->size);
    QG_NEW(p->lost, a, p->size);
    QG_MPI(MPI_Allgather(&self, sizeof self, MPI_BYTE, p->process, sizeof self, MPI_BYTE,
                         MPI_COMM_WORLD));
    for (int r = 0; r < p->size; r++)
        if (p->node[r] != p->node[p->rank] ||
            qg_process_start(p->process[r].pid) != p->process[r].start)
            p->process[r] = (qg_process){0};
    return QG_OK;
}

bool qg_par_gone(const qg_par *p, int rank)
{
    const qg_process *q = &p->process[rank];
    /* It opens and reads a file, and no more. NOLINTNEXTLINE(bugprone-signal-handler) */
    return q->start > 0 && qg_process_start(q->pid) != q->start;
}

/* On one node Open MPI need not look for networks, which takes a fifth of a second. What the user
 * has set stays. */
static void prefer_shared_memory(void)
{
    const char *all = getenv("OMPI_COMM_WORLD_SIZE"), *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (!all || !here || strcmp(all, here) != 0)
        return;
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self,vader", 0);
}

static qg_code start_mpi(qg_par *p, qg_arena *a)
{
    int provided;
    long size;
    QG_MPI(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided));
    p->mpi->started = true;
    QG_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    QG_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &p->rank));
    QG_MPI(MPI_Comm_size(MPI_COMM_WORLD, &p->size));
    QG_TRY(qg_gang_start(p->mpi));
    if (p->size == 1 && claimed_size(&size))
        return alone(p, a);
    QG_TRY(find_nodes(p, a));
    return find_processes(p, a);
}

qg_code qg_par_start(qg_par **out, qg_arena *a)
{
    qg_par *p;
    QG_NEW(p, a, 1);
    QG_NEW(p->mpi, a, 1);
    *out = p;
    gethostname(p->host, sizeof p->host - 1);
    if (!launched())
        return alone(p, a);
    p->launcher = getppid();
    prefer_shared_memory();
    qg_starting_watch((pid_t)p->launcher);
    qg_code rc = start_mpi(p, a);
    qg_starting_end();
    return rc;
}

bool qg_par_orphaned(const qg_par *p)
{
    return p->launcher > 0 && getppid() != p->launcher;
}

/* Kills ranks of this node that are there: the lost ones, or all others. Returns whether there is
 * one to be killed that this rank cannot watch. */
static bool kill_ranks(const qg_par *p, bool all)
{
    bool elsewhere = false;
    for (int r = 0; r < p->size; r++) {
        if (r == p->rank || !(all || p->lost[r]))
            continue;
        elsewhere |= p->process[r].start == 0;
        if (p->process[r].start > 0 && !qg_par_gone(p, r))
            kill((pid_t)p->process[r].pid, SIGKILL);
    }
    return elsewhere;
}

/* A handler of signals has no argument of its own. */
static const qg_par *par_at_alarm;
static volatile sig_atomic_t status_at_alarm;

/* NOLINTBEGIN(bugprone-signal-handler): the process does not go on after it, see below. */
/* The others have an alarm, too. Who is still there after that sleeps, and mpirun would wait. On
 * other nodes only the launcher can end it; should MPI be in no state for that, a second alarm ends
 * this process. */
static void leave_at_alarm(int number)
{
    enum { OTHERS_SECONDS = 2, LAST_SECONDS = 5 };
    sigset_t alarms;
    if (par_at_alarm->rank == 0 && !qg_par_orphaned(par_at_alarm)) {
        qg_sleep(OTHERS_SECONDS);
        if (kill_ranks(par_at_alarm, true)) {
            sigemptyset(&alarms);
            sigaddset(&alarms, number);
            signal(number, SIG_DFL);
            sigprocmask(SIG_UNBLOCK, &alarms, NULL);
            alarm(LAST_SECONDS);
            MPI_Abort(MPI_COMM_WORLD, status_at_alarm);
        }
    }
    _exit(status_at_alarm);
}
/* NOLINTEND(bugprone-signal-handler) */

/* A rank that was stopped on its way out may finish it after all: then mpirun's status is the
 * run's. */
static void wake_ranks(int number)
{
    (void)number;
    for (int r = 0; r < par_at_alarm->size; r++)
        if (r != par_at_alarm->rank && par_at_alarm->process[r].start > 0 &&
            !qg_par_gone(par_at_alarm, r))
            kill((pid_t)par_at_alarm->process[r].pid, SIGCONT);
    signal(SIGALRM, leave_at_alarm);
    alarm(QG_PAR_STOP_SECONDS - QG_PAR_WAKE_SECONDS);
}

/* A rank that falls silent is not dead: mpirun would wait for it. Only where deaths are survived
 * may it be killed, by a rank of its node; elsewhere MPI_Abort ends it, and gives the launcher rank
 * 0's status. If rank 0 is the silent one, whoever finds out does that. */
static void leave_behind(qg_par *p, int status)
{
    enum { ABORT_SECONDS = 300 };
    const char *recovers = getenv("OMPI_MCA_orte_enable_recovery");
    bool recovery = recovers && strcmp(recovers, "0") != 0;
    if (qg_par_orphaned(p)) /* nobody waits for the status, nor ends the others */
        _exit(status);
    if (recovery && !kill_ranks(p, false))
        _exit(status);
    if (p->rank == 0 || (p->lost[0] && !qg_par_gone(p, 0)))
        MPI_Abort(MPI_COMM_WORLD, status);
    if (recovery)
        _exit(status);
    /* A worker that went first would take the others and rank 0's status with it. */
    pid_t parent = getppid();
    signal(SIGTERM, SIG_DFL);
    for (double start = qg_clock(); qg_clock() - start < ABORT_SECONDS;) {
        if (getppid() != parent || qg_par_gone(p, 0))
            break;
        qg_sleep(0.1);
    }
    _exit(status);
}

/* A rank that is stopped when all have left MPI is nobody's any more, and mpirun waits for it. */
static void see_others_leave(const qg_par *p)
{
    bool there = p->rank == 0;
    for (double start = qg_clock(); there && qg_clock() - start < QG_PAR_STOP_SECONDS;) {
        there = false;
        for (int r = 1; r < p->size; r++)
            there |= p->process[r].start > 0 && !qg_par_gone(p, r);
        if (there)
            qg_sleep(0.01);
    }
    if (there)
        (void)kill_ranks(p, true);
}

void qg_par_stop(qg_par *p, int status)
{
    if (!p->mpi->started)
        return;
    fflush(NULL);
    if (p->lost_ranks)
        leave_behind(p, status);
    /* A rank that dies from here on would keep the others waiting for ever. */
    par_at_alarm = p;
    status_at_alarm = status;
    signal(SIGALRM, wake_ranks);
    alarm(QG_PAR_WAKE_SECONDS);
    MPI_Finalize();
    alarm(0);
    p->mpi->started = false;
    see_others_leave(p);
}

/* Frees what has been sent. */
static qg_code sweep(struct qg_mpi *mpi)
{
    for (qg_sent **at = &mpi->outbox; *at;) {
        int sent = 0;
        qg_sent *m = *at;
        QG_MPI(MPI_Test(&m->request, &sent, MPI_STATUS_IGNORE));
        if (!sent) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        free(m);
    }
    return QG_OK;
}

qg_code qg_par_send(qg_par *p, int to, int tag, const void *data, size_t size)
{
    QG_ASSERT(to >= 0 && to < p->size && to != p->rank);
    if (size > INT_MAX)
        return QG_FAIL(QG_EMPI, "a message of %zu bytes is too long; use smaller units", size);
    QG_TRY(sweep(p->mpi));
    qg_sent *m = malloc(sizeof *m + size);
    if (!m)
        return QG_FAIL(QG_ENOMEM, "no memory for a message of %zu bytes", size);
    if (size)
        memcpy(m->data, data, size);
    int rc = MPI_Isend(m->data, (int)size, MPI_BYTE, to, tag, MPI_COMM_WORLD, &m->request);
    if (rc != MPI_SUCCESS) {
        free(m);
        return qg_mpi_check(rc, "MPI_Isend");
    }
    m->next = p->mpi->outbox;
    p->mpi->outbox = m;
    return QG_OK;
}

void qg_par_flush(qg_par *p, double seconds)
{
    double start = qg_clock();
    while (p->mpi->outbox && qg_clock() - start < seconds && sweep(p->mpi) == QG_OK)
        qg_sleep(1e-3);
    qg_error_clear();
}

qg_code qg_par_probe(qg_par *p, int *from, int *tag, size_t *size)
{
    MPI_Status s;
    int there = 0, n = 0;
    *from = -1;
    if (p->size == 1)
        return QG_OK;
    if (p->mpi->outbox)
        QG_TRY(sweep(p->mpi));
    QG_MPI(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &s));
    if (!there)
        return QG_OK;
    QG_MPI(MPI_Get_count(&s, MPI_BYTE, &n));
    *from = s.MPI_SOURCE;
    *tag = s.MPI_TAG;
    *size = (size_t)n;
    return QG_OK;
}

qg_code qg_par_receive(qg_par *p, int from, int tag, void *data, size_t size)
{
    (void)p;
    QG_MPI(MPI_Recv(data, (int)size, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    return QG_OK;
}
