/*
 * sha256.c - SHA-256 by OpenSSL's EVP interface. Standard: FIPS 180-4.
 */
#include "qgrid/file.h"
#include "qgrid/library.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <string.h>

void qg_sha256_init(qg_sha256 *h)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx)
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    h->ctx = ctx;
}

void qg_sha256_add(qg_sha256 *h, const void *data, size_t size)
{
    if (h->ctx && size)
        EVP_DigestUpdate(h->ctx, data, size);
}

void qg_sha256_add_text(qg_sha256 *h, const char *text)
{
    uint64_t len = strlen(text);
    qg_sha256_add(h, &len, sizeof len);
    qg_sha256_add(h, text, len);
}

void qg_sha256_final(qg_sha256 *h, char hex[QG_SHA256_HEX])
{
    unsigned char md[32] = {0};
    unsigned n = 0;
    if (h->ctx)
        EVP_DigestFinal_ex(h->ctx, md, &n);
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", md[i]);
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
