/*
 * version.c - qgrid --version: what this program is, and what it was built from.
 */
#include "dispatch.h"

#include "cli.h"
#include "qgrid/environment.h"
#include "qgrid/kernel.h"
#include "qgrid/libraries.h"

int qg_print_version(void)
{
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    printf("qgrid %s\ncommit %s\ncompiler %s (%s)\nlibraries %s\ncpu %s\nfeatures %s\nkernels %s\n",
           QG_VERSION, qg_build_commit(), qg_build_compiler(), qg_build_flags(), qg_libraries(),
           qg_cpu_name(), qg_cpu_features(), k ? k->isa : why);
    return qg_cli_flush(QG_EXIT_OK);
}
