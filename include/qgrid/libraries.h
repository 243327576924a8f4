/*
 * libraries.h - the libraries that a result was computed and stored with.
 */
#ifndef QGRID_LIBRARIES_H
#define QGRID_LIBRARIES_H

/** "Open MPI v4.1.4, HDF5 1.10.8, cJSON 1.7.15, ..." of the libraries in use; static buffer. */
const char *qg_libraries(void);

#endif
