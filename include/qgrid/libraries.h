/*
 * libraries.h - the libraries that a result was computed and stored with.
 */
#ifndef QGRID_LIBRARIES_H
#define QGRID_LIBRARIES_H

#include "qgrid/library.h"

/** Outside libraries with their versions, *n of them; static, filled anew by each call. Local. */
const qg_library *qg_library_list(int *n);

/** "Open MPI 4.1.4, HDF5 1.10.8, cJSON 1.7.15, ..." as they run; static buffer. Local. */
const char *qg_libraries(void);

#endif
