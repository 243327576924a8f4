/*
 * known_hash.h - SHA-256 of large files, remembered in the cache folder.
 */
#ifndef QGRID_NN_KNOWN_HASH_H
#define QGRID_NN_KNOWN_HASH_H

#include "qgrid/file.h"

/**
 * SHA-256 of a file, from the record below `cache` of an earlier call where the file system says
 * that the file is the same (device, inode, size, times of change to the nanosecond); `cache` NULL:
 * from its bytes. @errors QG_EIO; QG_ESOURCE (written to meanwhile). Local.
 */
qg_code qg_known_hash(char hex[QG_SHA256_HEX], const char *path, const char *cache) QG_MUST_USE;

#endif
