/*
 * explain_key.c - the name of a text in random streams.
 */
#include "qgrid/method.h"

#include "qgrid/file.h"

#include <stdlib.h>

uint64_t qg_explain_key(const char *text, size_t len)
{
    qg_sha256 h;
    char hex[QG_SHA256_HEX];
    qg_sha256_init(&h);
    qg_sha256_add(&h, text, len);
    qg_sha256_final(&h, hex);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}
