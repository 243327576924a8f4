/*
 * environment.h - what a result was made with: build, libraries, processor.
 */
#ifndef QGRID_ENVIRONMENT_H
#define QGRID_ENVIRONMENT_H

/* Version of the program: the only place where it stands. */
#define QG_VERSION "0.1.0"

/* Commit of the sources, compiler, flags; static text. */
const char *qg_build_commit(void);
const char *qg_build_compiler(void);
const char *qg_build_flags(void);

/** "Open MPI v4.1.4, HDF5 1.10.8, cJSON 1.7.15, ..." of the libraries in use; static buffer. */
const char *qg_libraries(void);

#endif
