/*
 * launcher.c - the programs that start ranks, and whether they belong to the MPI in use.
 */
#include "doctor.h"

#include "qgrid/libraries.h"
#include "qgrid/par.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "mpirun (Open MPI) 4.1.4" has to be the library's own launcher: with another one each process
 * believes to be alone. */
static void mpirun(qg_doctor *d)
{
    char line[256], path[256];
    qg_library mpi = qg_mpi_library();
    if (!qg_doctor_ask(path, sizeof path, "command -v mpirun")) {
        qg_doctor_say(d, QG_MIND, "launcher",
                      "mpirun is not on the PATH (Debian: openmpi-bin): only one rank, or srun "
                      "--mpi=pmix");
        return;
    }
    if (!qg_doctor_ask(line, sizeof line, "mpirun --version"))
        qg_doctor_say(d, QG_BAD, "launcher", "%s does not tell its version", path);
    else if (!strstr(line, "Open MPI") || !strstr(line, mpi.running))
        qg_doctor_say(d, QG_BAD, "launcher", "%s is \"%s\", the program is linked with %s %s", path,
                      line, mpi.name, mpi.running);
    else
        qg_doctor_say(d, QG_FINE, "launcher", "%s, %s", path, line);
}

static void srun(qg_doctor *d)
{
    char line[256];
    if (!qg_doctor_ask(line, sizeof line, "srun --version"))
        return;
    char kinds[256];
    bool pmix = qg_doctor_ask(kinds, sizeof kinds, "srun --mpi=list 2>&1 | grep -o pmix");
    qg_doctor_say(d, pmix ? QG_FINE : QG_MIND, "launcher", "srun of %s%s", line,
                  pmix ? ", with pmix: srun --mpi=pmix works" : " has no pmix: use mpirun");
}

static void root(qg_doctor *d)
{
    if (geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT"))
        qg_doctor_say(d, QG_MIND, "launcher",
                      "you are root: mpirun asks for --allow-run-as-root or "
                      "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
}

static void allocation(qg_doctor *d)
{
    const char *id = getenv("SLURM_JOB_ID"), *tasks = getenv("SLURM_NTASKS");
    const char *nodes = getenv("SLURM_JOB_NODELIST");
    char left[64];
    if (!id)
        return;
    bool timed = qg_doctor_ask(left, sizeof left, "squeue -h -j \"$SLURM_JOB_ID\" -o %L");
    qg_doctor_say(d, QG_FINE, "slurm", "job %s on %s, %s tasks%s%s", id, nodes ? nodes : "?",
                  tasks ? tasks : "?", timed ? ", time left " : "", timed ? left : "");
}

void qg_doctor_launcher(qg_doctor *d)
{
    mpirun(d);
    srun(d);
    root(d);
    allocation(d);
}
