/*
 * program.c - what the program was built from, and what it runs with.
 */
#include "doctor.h"

#include "qgrid/environment.h"
#include "qgrid/kernel.h"
#include "qgrid/libraries.h"
#include "qgrid/str.h"

#include <stdlib.h>
#include <string.h>

/* Length of the first `parts` numbers of a version. */
static size_t prefix(const char *version, int parts)
{
    size_t n = 0;
    for (; version[n]; n++)
        if (version[n] == '.' && --parts == 0)
            break;
    return n;
}

static bool same(const qg_library *l, int parts)
{
    size_t n = prefix(l->built, parts);
    return n == prefix(l->running, parts) && strncmp(l->built, l->running, n) == 0;
}

/* HDF5 refuses every other release than that of its headers; other libraries keep their interface
 * within a major version. */
static void libraries(qg_doctor *d)
{
    int n;
    qg_str all = {0};
    const qg_library *l = qg_library_list(&n);
    for (int i = 0; i < n; i++) {
        bool strict = strcmp(l[i].name, "HDF5") == 0;
        qg_str_addf(&all, "%s%s %s", i ? ", " : "", l[i].name, l[i].running);
        if (l[i].built && !same(&l[i], strict ? 3 : 1))
            qg_doctor_say(d, QG_BAD, "libraries",
                          "%s %s runs, but its headers were %s: build again", l[i].name,
                          l[i].running, l[i].built);
        else if (l[i].built && !same(&l[i], 2))
            qg_doctor_say(d, QG_MIND, "libraries", "%s %s runs, its headers were %s", l[i].name,
                          l[i].running, l[i].built);
    }
    qg_doctor_say(d, QG_FINE, "libraries", "%s", all.data ? all.data : "");
    qg_str_fini(&all);
}

static void kernels(qg_doctor *d)
{
    const char *why = NULL, *asked = getenv("QGRID_KERNELS");
    const qg_kernels *k = qg_kernels_get(&why);
    if (!k)
        qg_doctor_say(d, QG_BAD, "kernels", "QGRID_KERNELS: %s", why);
    else if (strcmp(k->isa, "ref") == 0)
        qg_doctor_say(d, QG_MIND, "kernels",
                      "only the reference kernels run on %s%s: correct, but very slow",
                      qg_cpu_name(), asked ? " (QGRID_KERNELS asks for them)" : "");
    else
        qg_doctor_say(d, QG_FINE, "kernels", "%s on %s%s%s", k->isa, qg_cpu_name(),
                      asked ? ", as QGRID_KERNELS asks: " : "", asked ? asked : "");
}

void qg_doctor_program(qg_doctor *d)
{
    qg_doctor_say(d, QG_FINE, "program", "qgrid %s, commit %s, %s (%s)", QG_VERSION,
                  qg_build_commit(), qg_build_compiler(), qg_build_flags());
    libraries(d);
    kernels(d);
}
