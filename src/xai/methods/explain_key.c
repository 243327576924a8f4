/*
 * explain_key.c - the name of a text in random streams.
 */
#include "qgrid/method.h"

#include "qgrid/file.h"

#include <stdlib.h>

uint64_t qg_explain_key(const int32_t *ids, int64_t n)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_bytes(hex, ids, (size_t)n * sizeof *ids);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}
