/*
 * mapped.h - which files are mapped, for whoever has to explain that one of them is gone.
 */
#ifndef QGRID_BASE_MAPPED_H
#define QGRID_BASE_MAPPED_H

#include <stddef.h>

/** From now on a SIGBUS in [data, data + size) is said to be of this file (copied): one line, locks
 *  are removed, status 1. */
void qg_mapped_add(const void *data, size_t size, const char *path);
void qg_mapped_remove(const void *data);

#endif
