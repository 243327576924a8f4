/*
 * sha256.c - SHA-256 by OpenSSL's plain functions, whose state is the caller's: those of EVP
 * allocate. Standard: FIPS 180-4.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "qgrid/file.h"
#include "qgrid/library.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(qg_sha256), "the state has to fit");

static SHA256_CTX *context(qg_sha256 *h)
{
    return (SHA256_CTX *)(void *)h->state;
}

void qg_sha256_init(qg_sha256 *h)
{
    memset(h, 0, sizeof *h);
    (void)SHA256_Init(context(h));
}

void qg_sha256_add(qg_sha256 *h, const void *data, size_t size)
{
    if (size)
        (void)SHA256_Update(context(h), data, size);
}

void qg_sha256_add_text(qg_sha256 *h, const char *text)
{
    uint64_t len = strlen(text);
    qg_sha256_add(h, &len, sizeof len);
    qg_sha256_add(h, text, len);
}

void qg_sha256_final(qg_sha256 *h, char hex[QG_SHA256_HEX])
{
    unsigned char md[SHA256_DIGEST_LENGTH];
    (void)SHA256_Final(md, context(h));
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

uint64_t qg_checksum_final(qg_sha256 *h)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_final(h, hex);
    hex[16] = 0;
    return strtoull(hex, NULL, 16);
}

void qg_sha256_bytes(char hex[QG_SHA256_HEX], const void *data, size_t size)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add(&h, data, size);
    qg_sha256_final(&h, hex);
}

qg_code qg_sha256_file(char hex[QG_SHA256_HEX], const char *path)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, path));
    qg_sha256_bytes(hex, m.data, m.size);
    qg_file_unmap(&m);
    return QG_OK;
}

qg_library qg_openssl_library(void)
{
    return (qg_library){"OpenSSL", OPENSSL_VERSION_STR, OpenSSL_version(OPENSSL_VERSION_STRING)};
}
