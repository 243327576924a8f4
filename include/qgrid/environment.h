/*
 * environment.h - what this program was built from: version, commit, compiler.
 */
#ifndef QGRID_ENVIRONMENT_H
#define QGRID_ENVIRONMENT_H

#define QG_VERSION "0.1.0"

/* Commit of the sources, compiler, flags; static text. */
const char *qg_build_commit(void);
const char *qg_build_compiler(void);
const char *qg_build_flags(void);

#endif
