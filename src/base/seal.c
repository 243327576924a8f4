/*
 * seal.c - what is in a folder, with a checksum of each file: a folder that was finished, and is as
 * it was.
 *
 *     qgrid sums 1
 *     <16 hex digits> <bytes> <name>      a line for each plain file
 *     <16 hex digits> end                 of the lines before
 *
 * A checksum is 64 bits from eight chains over 64-bit words: a word is xored in, and the chain is
 * turned and multiplied by an odd number. Both have an inverse, so a single word that differs is
 * always noticed, and anything else but for one case in 2^64. It runs at the speed of memory, which
 * SHA-256 does not: every rank can look at the weights that it maps.
 */
#include "qgrid/seal.h"

#include "qgrid/str.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { CHAINS = 8, MOST_SEEN = 256, SEAL_BYTES = 1 << 20, DIGITS = 16 };

static uint64_t step(uint64_t h, uint64_t word)
{
    h ^= word;
    h = h << 29 | h >> 35;
    return h * UINT64_C(0x9e3779b97f4a7c15);
}

enum { PART = 1 << 20 };

/* `mapped`: pages that were read are given back, or a whole model would count as this process's. */
static uint64_t sum_of(const void *data, size_t size, bool mapped)
{
    const char *p = data;
    uint64_t h[CHAINS], word[CHAINS];
    uint64_t all = size;
    size_t left = size;
    for (int i = 0; i < CHAINS; i++)
        h[i] = (uint64_t)i + 1;
    for (; left >= sizeof word; p += sizeof word, left -= sizeof word) {
        memcpy(word, p, sizeof word);
        for (int i = 0; i < CHAINS; i++)
            h[i] = step(h[i], word[i]);
        if (mapped && (size - left + sizeof word) % PART == 0)
            (void)madvise((void *)(uintptr_t)(p + sizeof word - PART), PART, MADV_DONTNEED);
    }
    memset(word, 0, sizeof word);
    if (left)
        memcpy(word, p, left);
    for (int i = 0; i < CHAINS; i++)
        all = step(all, step(h[i], word[i]));
    return all ^ all >> 32;
}

uint64_t qg_sum_bytes(const void *data, size_t size)
{
    return sum_of(data, size, false);
}

qg_code qg_sum_file(uint64_t *sum, qg_file_id *id, const char *path)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, path));
    *sum = sum_of(m.data, m.size, true);
    *id = m.id;
    qg_file_unmap(&m);
    return QG_OK;
}

/* Files whose checksum this process has found right; what the file system says has not changed is
 * not read again. */
static qg_file_id seen[MOST_SEEN];
static int n_seen;

static bool is_seen(const qg_file_id *id)
{
    for (int i = 0; i < MOST_SEEN && i < n_seen; i++)
        if (qg_file_id_same(&seen[i], id))
            return true;
    return false;
}

static void keep(const qg_file_id *id)
{
    seen[n_seen++ % MOST_SEEN] = *id;
    if (n_seen == 2 * MOST_SEEN)
        n_seen = MOST_SEEN;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Plain files of a folder in the order of their names, the seal apart. */
static qg_code list_files(const char ***out, int *n, qg_arena *a, const char *dir)
{
    struct dirent *e;
    size_t count = 0, cap = 0;
    const char **name = NULL;
    qg_code rc = QG_OK;
    DIR *d = opendir(dir);
    if (!d && errno == ENOMEM)
        return QG_FAIL_AT(QG_ENOMEM, dir, 0, 0, NULL, "cannot list: no memory");
    if (!d)
        return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL, "cannot list: %s", strerror(errno));
    while (rc == QG_OK && (e = readdir(d))) {
        const char *path = qg_path_join(a, dir, e->d_name);
        if (path && (!qg_file_exists(path) || strcmp(e->d_name, QG_SEAL) == 0))
            continue;
        if (count == cap) {
            cap = cap ? 2 * cap : 16;
            name = qg_arena_grow(a, name, count, cap, sizeof *name);
        }
        if (!path || !name || !(name[count++] = qg_arena_strdup(a, e->d_name)))
            rc = QG_ENOMEM;
    }
    closedir(d);
    QG_TRY(rc);
    if (count)
        qsort(name, count, sizeof *name, by_text);
    *out = name;
    *n = (int)count;
    return QG_OK;
}

static qg_code add_line(qg_str *s, qg_arena *a, const char *dir, const char *name)
{
    uint64_t sum;
    qg_file_id id;
    const char *path = qg_path_join(a, dir, name);
    if (!path)
        return QG_ENOMEM;
    if (strpbrk(name, "\n\r"))
        return QG_FAIL_AT(QG_EFORMAT, dir, 0, 0, NULL, "has a file with a line break in its name");
    QG_TRY(qg_sum_file(&sum, &id, path));
    qg_str_addf(s, "%016" PRIx64 " %" PRIu64 " %s\n", sum, id.size, name);
    return QG_OK;
}

static qg_code write_seal(qg_str *s, qg_arena *a, const char *dir)
{
    const char **name = NULL;
    int n = 0;
    const char *path = qg_path_join(a, dir, QG_SEAL);
    QG_TRY(list_files(&name, &n, a, dir));
    qg_str_add(s, "qgrid sums 1\n");
    for (int i = 0; i < n; i++)
        QG_TRY(add_line(s, a, dir, name[i]));
    QG_TRY(qg_str_status(s));
    qg_str_addf(s, "%016" PRIx64 " end\n", qg_sum_bytes(s->data, s->len));
    QG_TRY(qg_str_status(s));
    return path ? qg_file_write(path, s->data, s->len) : QG_ENOMEM;
}

qg_code qg_seal_write(const char *dir)
{
    qg_str s = {0};
    qg_arena *a = qg_arena_create(0);
    qg_code rc = a ? write_seal(&s, a, dir) : QG_FAIL(QG_ENOMEM, "no memory");
    qg_str_fini(&s);
    qg_arena_destroy(a);
    return rc;
}

#define DAMAGED(path, ...) QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, __VA_ARGS__)

/* One line; *at moves behind it. */
static qg_code check_line(size_t *at, qg_arena *a, const char *dir, char *text, const char *seal)
{
    uint64_t want, size, sum;
    int length = 0;
    qg_file_id id;
    char *line = text + *at, *end = strchr(line, '\n');
    if (!end)
        return DAMAGED(seal, "is damaged: its last line has no end");
    *at += (size_t)(end - line) + 1;
    *end = 0;
    if (sscanf(line, "%" SCNx64 " %" SCNu64 " %n", &want, &size, &length) < 2 || length == 0 ||
        strchr(line + length, '/'))
        return DAMAGED(seal, "is damaged: '%.80s' is not checksum, bytes and name", line);
    const char *path = qg_path_join(a, dir, line + length);
    if (!path)
        return QG_ENOMEM;
    if (!qg_file_id_of(&id, path))
        return DAMAGED(path, "is damaged: this file is missing");
    if (id.size != size)
        return DAMAGED(path, "is damaged: it has %" PRIu64 " bytes, %" PRIu64 " were written",
                       id.size, size);
    if (is_seen(&id))
        return QG_OK;
    QG_TRY(qg_sum_file(&sum, &id, path));
    if (sum != want)
        return DAMAGED(path,
                       "is damaged: its checksum is %016" PRIx64 ", %016" PRIx64 " was written",
                       sum, want);
    keep(&id);
    return QG_OK;
}

static qg_code check(qg_arena *a, const char *dir)
{
    static const char first[] = "qgrid sums 1\n";
    size_t size, at = sizeof first - 1;
    char *text;
    uint64_t sum;
    const char *seal = qg_path_join(a, dir, QG_SEAL);
    if (!seal)
        return QG_ENOMEM;
    if (!qg_file_exists(seal))
        return DAMAGED(seal, "is missing: the folder was never finished, or is damaged");
    QG_TRY(qg_file_read(&text, &size, a, seal, SEAL_BYTES));
    char *last = size > at ? text + size - 1 : text; /* back to where the last line begins */
    while (last > text && last[-1] != '\n')
        last--;
    if (strncmp(text, first, at) != 0 || sscanf(last, "%" SCNx64 " end", &sum) != 1 ||
        strcmp(last + DIGITS, " end\n") != 0 || strlen(text) != size ||
        sum != qg_sum_bytes(text, (size_t)(last - text)))
        return DAMAGED(seal, "is damaged: its own checksum does not hold");
    *last = 0;
    while (text[at])
        QG_TRY(check_line(&at, a, dir, text, seal));
    return QG_OK;
}

qg_code qg_seal_check(const char *dir)
{
    qg_arena *a = qg_arena_create(0);
    qg_code rc = a ? check(a, dir) : QG_FAIL(QG_ENOMEM, "no memory");
    qg_arena_destroy(a);
    return rc;
}
