/*
 * environment.c - what this program was built from.
 */
#include "qgrid/environment.h"

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
