/*
 * version.c - what this program is, and what it was built from.
 */
#include "qgrid/environment.h"

#include "cli.h"
#include "qgrid/kernel.h"
#include "qgrid/par.h"
#include "qgrid/store.h"
#include "dispatch.h"

#include <string.h>

const char *qg_build_commit(void)
{
    return QG_COMMIT;
}

const char *qg_build_compiler(void)
{
    return "gcc " __VERSION__;
}

const char *qg_build_flags(void)
{
    return QG_CFLAGS;
}

const char *qg_libraries(void)
{
    static char text[256];
    if (!text[0])
        snprintf(text, sizeof text, "%s, %s, %s", qg_par_library(), qg_store_library(),
                 qg_json_library());
    return text;
}

int qg_print_version(void)
{
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    printf("qgrid %s\ncommit %s\ncompiler %s (%s)\nlibraries %s\ncpu %s\nfeatures %s\nkernels %s\n",
           QG_VERSION, qg_build_commit(), qg_build_compiler(), qg_build_flags(), qg_libraries(),
           qg_cpu_name(), qg_cpu_features(), k ? k->isa : why);
    return qg_cli_flush(QG_EXIT_OK);
}
