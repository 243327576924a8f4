/*
 * zip.c - central directory, local headers and zip64 fields; never unpacks anything.
 *
 *   | local header, data | ... | central directory | [zip64 end, locator] | end record, comment |
 *
 * Only the central directory is believed, and only where the local headers agree.
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.6 to 4.3.16 and 4.5.3.
 */
#include "io/zip.h"

#include "qgrid/weights.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    MAX_ENTRIES = 1 << 20
};

typedef struct archive {
    qg_arena *arena;
    const char *path;
    const unsigned char *p;
    size_t size;
    uint64_t entries, begin, length; /* of the central directory */
} archive;

#define FAIL(z, code, name, ...) QG_FAIL_AT((code), (z)->path, 0, 0, (name), __VA_ARGS__)

static uint64_t little(const unsigned char *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static bool inside(const archive *z, uint64_t at, uint64_t n)
{
    return at <= z->size && n <= z->size - at;
}

static bool signed_as(const unsigned char *p, const char *signature)
{
    return memcmp(p, signature, 4) == 0;
}

/* The end record lies at the very end but for its comment, of up to 65535 bytes. */
static qg_code find_end(size_t *at, const archive *z)
{
    size_t least = z->size > END_SIZE + 65535 ? z->size - END_SIZE - 65535 : 0;
    for (size_t i = z->size < END_SIZE ? 0 : z->size - END_SIZE + 1; i-- > least;)
        if (signed_as(z->p + i, "PK\5\6") && little(z->p + i + 20, 2) == z->size - i - END_SIZE) {
            *at = i;
            return QG_OK;
        }
    return FAIL(z, QG_EFORMAT, NULL, "the zip archive has no end record: is the file truncated?");
}

static qg_code read_end64(archive *z, size_t end)
{
    const unsigned char *p = z->p + end - LOCATOR_SIZE;
    uint64_t at = little(p + 8, 8);
    if (little(p + 4, 4) != 0 || little(p + 16, 4) > 1)
        return FAIL(z, QG_EUNSUPPORTED, NULL, "the zip archive is split over several disks");
    if (!inside(z, at, END64_SIZE) || !signed_as(z->p + at, "PK\6\6"))
        return FAIL(z, QG_EFORMAT, NULL, "the zip64 end record is not where its locator says");
    p = z->p + at;
    if (little(p + 16, 4) != 0 || little(p + 20, 4) != 0)
        return FAIL(z, QG_EUNSUPPORTED, NULL, "the zip archive is split over several disks");
    uint64_t entries = little(p + 32, 8), length = little(p + 40, 8), begin = little(p + 48, 8);
    /* Two readers must not see two archives: the short fields agree or say "look there". */
    if ((z->entries != entries && z->entries != UINT16_MAX) ||
        (z->length != length && z->length != UINT32_MAX) ||
        (z->begin != begin && z->begin != UINT32_MAX))
        return FAIL(z, QG_EFORMAT, NULL, "the two end records of the zip archive disagree");
    z->entries = entries;
    z->length = length;
    z->begin = begin;
    return QG_OK;
}

static qg_code read_end(archive *z)
{
    size_t end = 0;
    QG_TRY(find_end(&end, z));
    const unsigned char *p = z->p + end;
    z->entries = little(p + 10, 2);
    z->length = little(p + 12, 4);
    z->begin = little(p + 16, 4);
    if (end >= LOCATOR_SIZE && signed_as(p - LOCATOR_SIZE, "PK\6\7"))
        QG_TRY(read_end64(z, end));
    else if (little(p + 4, 2) != 0 || little(p + 6, 2) != 0)
        return FAIL(z, QG_EUNSUPPORTED, NULL, "the zip archive is split over several disks");
    if (!inside(z, z->begin, z->length))
        return FAIL(z, QG_EFORMAT, NULL, "the central directory lies outside of the file");
    if (z->entries > MAX_ENTRIES || z->entries * CENTRAL_SIZE > z->length)
        return FAIL(z, QG_EFORMAT, NULL,
                    "%llu entries do not fit a central directory of %llu bytes",
                    (unsigned long long)z->entries, (unsigned long long)z->length);
    return QG_OK;
}

/* Values of 0xffffffff are found in the zip64 extra field, in this order and only those. */
static qg_code read_extra64(const archive *z, const char *name, const unsigned char *p, size_t size,
                            uint64_t *const value[3])
{
    while (size >= 4) {
        size_t id = (size_t)little(p, 2), n = (size_t)little(p + 2, 2);
        p += 4;
        size -= 4;
        if (n > size)
            break;
        for (int i = 0; i < 3 && id == 1; i++) {
            if (*value[i] != UINT32_MAX)
                continue;
            if (n < 8)
                return FAIL(z, QG_EFORMAT, name, "the zip64 field of this entry is too short");
            *value[i] = little(p, 8);
            p += 8;
            n -= 8;
            size -= 8;
        }
        p += n;
        size -= n;
    }
    return QG_OK;
}

static qg_code check_name(const archive *z, const char *name, size_t len)
{
    bool bad = len == 0 || name[0] == '/' || strlen(name) != len;
    for (const char *s = name; s && !bad; s = strchr(s, '/')) {
        s += *s == '/';
        bad = strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == 0);
    }
    for (const char *s = name; *s && !bad; s++)
        bad = (unsigned char)*s < 0x20 || *s == '\\';
    if (bad)
        return FAIL(z, QG_EFORMAT, name, "is not an acceptable name of a zip entry");
    return QG_OK;
}

/* The data follows a local header that must name the same entry. */
static qg_code read_local(qg_zip_entry *e, const archive *z, size_t name_len, size_t method)
{
    if (!inside(z, e->begin, LOCAL_SIZE) || !signed_as(z->p + e->begin, "PK\3\4"))
        return FAIL(z, QG_EFORMAT, e->name,
                    "this entry's local header is not where the directory "
                    "says");
    const unsigned char *p = z->p + e->begin;
    uint64_t n = little(p + 26, 2), data = e->begin + LOCAL_SIZE + n + little(p + 28, 2);
    if (!inside(z, data, e->size))
        return FAIL(z, QG_EFORMAT, e->name,
                    "this entry ends outside of the file: is it truncated?");
    if (n != name_len || memcmp(p + LOCAL_SIZE, e->name, name_len) != 0 ||
        little(p + 8, 2) != method)
        return FAIL(z, QG_EFORMAT, e->name,
                    "this entry's local header disagrees with the "
                    "directory");
    e->data = z->p + data;
    e->end = data + e->size;
    return QG_OK;
}

/* One record of the directory at *at, which moves behind it. */
static qg_code read_central(qg_zip_entry *e, const archive *z, uint64_t *at)
{
    uint64_t left = z->begin + z->length - *at;
    const unsigned char *p = z->p + *at;
    if (left < CENTRAL_SIZE || !signed_as(p, "PK\1\2"))
        return FAIL(z, QG_EFORMAT, NULL, "the central directory is damaged at byte %llu",
                    (unsigned long long)*at);
    size_t name = (size_t)little(p + 28, 2), extra = (size_t)little(p + 30, 2);
    uint64_t record = CENTRAL_SIZE + name + extra + little(p + 32, 2);
    if (left < record)
        return FAIL(z, QG_EFORMAT, NULL, "the central directory is damaged at byte %llu",
                    (unsigned long long)*at);
    if (!(e->name = qg_arena_strndup(z->arena, (const char *)p + CENTRAL_SIZE, name)))
        return QG_ENOMEM;
    QG_TRY(check_name(z, e->name, name));
    size_t flags = (size_t)little(p + 8, 2), method = (size_t)little(p + 10, 2);
    uint64_t packed = little(p + 20, 4), size = little(p + 24, 4);
    e->crc = (uint32_t)little(p + 16, 4);
    e->begin = little(p + 42, 4);
    QG_TRY(read_extra64(z, e->name, p + CENTRAL_SIZE + name, extra,
                        (uint64_t *const[]){&size, &packed, &e->begin}));
    if (flags & 1)
        return FAIL(z, QG_EUNSUPPORTED, e->name, "this entry is encrypted");
    if (method != 0)
        return FAIL(z, QG_EUNSUPPORTED, e->name,
                    "this entry is compressed (method %zu), torch stores its entries plainly",
                    method);
    if (packed != size)
        return FAIL(z, QG_EFORMAT, e->name, "this stored entry has two sizes, %llu and %llu",
                    (unsigned long long)packed, (unsigned long long)size);
    if (size > z->size)
        return FAIL(z, QG_EFORMAT, e->name,
                    "this entry ends outside of the file: is it truncated?");
    e->size = (size_t)size;
    *at += record;
    return read_local(e, z, name, method);
}

static int by_begin(const void *a, const void *b)
{
    const qg_zip_entry *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const qg_zip_entry *)a)->name, ((const qg_zip_entry *)b)->name);
}

static qg_code check_entries(qg_zip_entry *e, const archive *z)
{
    size_t n = (size_t)z->entries;
    qsort(e, n, sizeof *e, by_begin);
    for (size_t i = 0; i < n; i++)
        if (e[i].end > (i + 1 < n ? e[i + 1].begin : z->begin))
            return FAIL(z, QG_EFORMAT, e[i].name, "this entry overlaps %s",
                        i + 1 < n ? e[i + 1].name : "the central directory");
    qsort(e, n, sizeof *e, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(e[i - 1].name, e[i].name) == 0)
            return FAIL(z, QG_EFORMAT, e[i].name, "this entry occurs twice");
    return QG_OK;
}

qg_code qg_zip_open(qg_zip *out, qg_arena *a, const char *path, const void *data, size_t size)
{
    archive z = {.arena = a, .path = path, .p = data, .size = size};
    qg_zip_entry *e;
    QG_TRY(read_end(&z));
    QG_NEW(e, a, z.entries);
    uint64_t at = z.begin;
    for (uint64_t i = 0; i < z.entries; i++)
        QG_TRY(read_central(&e[i], &z, &at));
    QG_TRY(check_entries(e, &z));
    *out = (qg_zip){.path = path, .entries = e, .n = (int)z.entries};
    return QG_OK;
}

qg_zip_entry *qg_zip_find(const qg_zip *z, const char *name)
{
    qg_zip_entry key = {.name = name};
    return bsearch(&key, z->entries, (size_t)z->n, sizeof *z->entries, by_name);
}

qg_code qg_zip_check(const qg_zip *z, qg_zip_entry *e)
{
    if (e->checked || e->crc == 0)
        return QG_OK;
    uint32_t crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), e->data, e->size);
    if (crc != e->crc)
        return FAIL(z, QG_EFORMAT, e->name,
                    "this entry is damaged: its CRC-32 is %08x, the directory says %08x", crc,
                    e->crc);
    e->checked = true;
    return QG_OK;
}

qg_library qg_zlib_library(void)
{
    return (qg_library){"zlib", ZLIB_VERSION, zlibVersion()};
}
