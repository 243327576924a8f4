/*
 * charset.h - files whose bytes are not UTF-8.
 */
#ifndef QG_IO_CHARSET_H
#define QG_IO_CHARSET_H

#include "qgrid/dataset.h"

/**
 * The same text in UTF-8, in the arena.
 *
 * @param data, size  the bytes of the file; replaced
 * @param path        for messages
 * @errors QG_EFORMAT with line and column of what is no text in that character set; QG_ENOMEM.
 *         Local.
 */
qg_code qg_charset_to_utf8(const char **data, size_t *size, qg_arena *a, const char *path,
                           int charset) QG_MUST_USE;

#endif
