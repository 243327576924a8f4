/*
 * sums.c - the checksums of datasets: looked up by path, taken back before a write, set afterwards.
 *
 * A file that is made with them (store.h: QG_STORE_FIELDS and what goes with it) says where the
 * values of each dataset lie, so that they are read and hashed without HDF5. A checksum of 0 says
 * that the dataset is being written: it is taken back before the first byte, and set again when all
 * is there, so that whatever dies in between leaves no checksum and never a wrong one.
 */
#include "sums.h"

#include "qgrid/file.h"

#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

bool qg_h5_has_sum(const char *path)
{
    return strncmp(path, QG_STORE_UNSUMMED "/", sizeof QG_STORE_UNSUMMED) != 0;
}

/* ---------------------------------------------------------------------------------------- tables
 */

static qg_code read_column(uint64_t **out, qg_store *s, const char *path, int64_t n)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_U64 || info.ndim != 1 || info.shape[0] != n)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path,
                          "is not a number for each of " QG_STORE_FIELDS);
    QG_NEW(*out, s->arena, n);
    return qg_h5_read(s, path, QG_STORE_U64, NULL, NULL, *out);
}

static qg_code read_tables(qg_h5_sums *t, qg_store *s)
{
    qg_store_info info;
    qg_h5_dataset *d;
    QG_TRY(qg_store_describe(&info, s, QG_STORE_FIELDS));
    if (info.type != QG_STORE_STRING || info.ndim != 1)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, QG_STORE_FIELDS, "is not a list of paths");
    t->stride = info.string_size;
    QG_NEW(t->path, s->arena, (size_t)info.shape[0] * t->stride);
    QG_NEW(t->known, s->arena, info.shape[0]);
    QG_TRY(qg_h5_read(s, QG_STORE_FIELDS, QG_STORE_STRING, NULL, NULL, t->path));
    for (int64_t i = 0; i < info.shape[0]; i++)
        t->path[(size_t)(i + 1) * t->stride - 1] = 0;
    QG_TRY(read_column(&t->offset, s, QG_STORE_OFFSETS, info.shape[0]));
    QG_TRY(read_column(&t->bytes, s, QG_STORE_BYTES, info.shape[0]));
    QG_TRY(read_column(&t->sum, s, QG_STORE_SUMS, info.shape[0]));
    QG_TRY(qg_h5_dataset_get(&d, s, QG_STORE_SUMS));
    t->sums_at = H5Dget_offset(d->id);
    QG_TRY(qg_h5_dataset_get(&d, s, QG_STORE_STRUCTURE));
    t->structure_at = H5Dget_offset(d->id);
    t->n = info.shape[0];
    return QG_OK;
}

qg_code qg_h5_sums_load(qg_store *s)
{
    if (s->sums.loaded)
        return QG_OK;
    s->sums = (qg_h5_sums){0};
    if (qg_store_has(s, QG_STORE_SUMS))
        QG_TRY(read_tables(&s->sums, s));
    s->sums.loaded = true;
    return QG_OK;
}

const char *qg_h5_sums_path(const qg_store *s, int64_t i)
{
    return s->sums.path + (size_t)i * s->sums.stride;
}

/* The first path that is not before this one. */
static int64_t place_of(const qg_store *s, const char *path)
{
    int64_t low = 0, high = s->sums.n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(qg_h5_sums_path(s, middle), path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t qg_h5_sums_find(const qg_store *s, const char *path)
{
    int64_t i = place_of(s, path);
    return i < s->sums.n && strcmp(qg_h5_sums_path(s, i), path) == 0 ? i : -1;
}

/* ---------------------------------------------------------------------------------- set and taken
 * back */

qg_code qg_h5_hash_bytes(void *sha, const qg_store *s, uint64_t from, uint64_t end)
{
    unsigned char piece[PIECE];
    while (from < end) {
        size_t want = end - from < PIECE ? (size_t)(end - from) : PIECE;
        ssize_t got = pread(s->fd, piece, want, (off_t)from);
        if (got <= 0)
            return qg_h5_fail_errno(QG_SRC, s->path, "cannot read");
        qg_sha256_add(sha, piece, (size_t)got);
        from += (uint64_t)got;
    }
    return QG_OK;
}

/* Never 0. */
static qg_code compute(uint64_t *out, const qg_store *s, int64_t i)
{
    qg_sha256 h;
    uint64_t from = s->sums.offset[i], bytes = s->sums.bytes[i];
    *out = 0;
    if (from > s->size || bytes > s->size - from)
        return QG_OK; /* the checksum of nothing that there is */
    qg_sha256_init(&h);
    QG_TRY(qg_h5_hash_bytes(&h, s, from, from + bytes));
    *out = qg_checksum_final(&h);
    *out += *out == 0;
    return QG_OK;
}

static qg_code put(qg_store *s, int64_t i, uint64_t sum)
{
    int64_t one = 1;
    s->sums.sum[i] = sum;
    s->sums.known[i] = 0;
    return qg_h5_write(s, QG_STORE_SUMS, QG_STORE_U64, &i, &one, &sum);
}

qg_code qg_h5_unseal(qg_store *s, const char *path)
{
    QG_TRY(qg_h5_sums_load(s));
    int64_t i = qg_h5_sums_find(s, path);
    bool none = i < 0 || (s->sums.sum[i] == 0 && s->sums.known[i] != QG_SUM_OPEN);
    return none ? QG_OK : put(s, i, 0);
}

static qg_code seal(qg_store *s, int64_t i)
{
    uint64_t sum;
    if (!qg_h5_has_sum(qg_h5_sums_path(s, i)))
        return s->sums.sum[i] == 0 ? QG_OK : put(s, i, 0);
    if (s->sums.sum[i] != 0)
        return QG_OK;
    QG_TRY(compute(&sum, s, i));
    QG_TRY(put(s, i, sum));
    s->sums.known[i] = QG_SUM_SOUND;
    return QG_OK;
}

qg_code qg_store_seal_group(qg_store *s, const char *group)
{
    size_t len = strlen(group);
    QG_TRY(qg_h5_sums_load(s));
    for (int64_t i = place_of(s, group); i < s->sums.n; i++) {
        const char *path = qg_h5_sums_path(s, i);
        if (strncmp(path, group, len) != 0)
            break;
        if (path[len] == '/' && !strchr(path + len + 1, '/'))
            QG_TRY(seal(s, i));
    }
    return QG_OK;
}

qg_code qg_store_seal_all(qg_store *s)
{
    QG_TRY(qg_h5_sums_load(s));
    for (int64_t i = 0; i < s->sums.n; i++)
        QG_TRY(seal(s, i));
    return QG_OK;
}

/* All of them at once, of a new file. */
qg_code qg_h5_seal_new(qg_store *s)
{
    qg_h5_sums *t = &s->sums;
    QG_TRY(qg_h5_write(s, QG_STORE_OFFSETS, QG_STORE_U64, NULL, NULL, t->offset));
    QG_TRY(qg_h5_write(s, QG_STORE_BYTES, QG_STORE_U64, NULL, NULL, t->bytes));
    for (int64_t i = 0; i < t->n; i++)
        if (qg_h5_has_sum(qg_h5_sums_path(s, i)))
            QG_TRY(compute(&t->sum[i], s, i));
    return qg_h5_write(s, QG_STORE_SUMS, QG_STORE_U64, NULL, NULL, t->sum);
}

/* --------------------------------------------------------------------------------------- checked
 */

/* What the file says now, past all buffers. */
static qg_code read_again(uint64_t *out, const qg_store *s, int64_t i)
{
    uint64_t at = s->sums.sums_at + (uint64_t)i * sizeof *out;
    return pread(s->fd, out, sizeof *out, (off_t)at) == sizeof *out
               ? QG_OK
               : qg_h5_fail_errno(QG_SRC, s->path, "cannot read");
}

/* A run that died in the middle of writing a checksum left zeros in place of some of its bytes. */
static bool is_torn(uint64_t said, uint64_t now)
{
    for (int k = 0; k < 64; k += 8)
        if ((said >> k & 0xff) != 0 && (said >> k & 0xff) != (now >> k & 0xff))
            return false;
    return true;
}

/* Where a run writes in the meantime, a checksum that does not hold is another one by now. */
static qg_code check(qg_store_sum *out, qg_store *s, int64_t i)
{
    uint64_t now, said;
    *out = QG_SUM_OPEN;
    if (s->sums.sum[i] == 0)
        return QG_OK;
    *out = (qg_store_sum)s->sums.known[i];
    if (*out != QG_SUM_NONE)
        return QG_OK;
    QG_TRY(compute(&now, s, i));
    QG_TRY(read_again(&said, s, i));
    bool writing = said != s->sums.sum[i] || is_torn(said, now);
    *out = said == now ? QG_SUM_SOUND : writing ? QG_SUM_OPEN : QG_SUM_DAMAGED;
    s->sums.sum[i] = *out == QG_SUM_OPEN ? 0 : said;
    s->sums.known[i] = (uint8_t)*out;
    return QG_OK;
}

qg_code qg_store_check(qg_store_sum *out, qg_store *s, const char *path)
{
    *out = QG_SUM_NONE;
    QG_TRY(qg_h5_sums_load(s));
    int64_t i = qg_h5_sums_find(s, path);
    return i < 0 || !qg_h5_has_sum(path) ? QG_OK : check(out, s, i);
}

qg_code qg_store_check_below(bool *damaged, qg_store *s, const char *group)
{
    size_t len = strlen(group);
    *damaged = false;
    QG_TRY(qg_h5_sums_load(s));
    for (int64_t i = place_of(s, group); i < s->sums.n && !*damaged; i++) {
        const char *path = qg_h5_sums_path(s, i);
        qg_store_sum sum = QG_SUM_NONE;
        if (strncmp(path, group, len) != 0)
            break;
        if (path[len] == '/' && qg_h5_has_sum(path))
            QG_TRY(check(&sum, s, i));
        *damaged = sum == QG_SUM_DAMAGED;
    }
    return QG_OK;
}

qg_code qg_store_check_all(int64_t *n, qg_store *s, qg_store_checked *each, void *ctx)
{
    *n = 0;
    QG_TRY(qg_h5_sums_load(s));
    for (int64_t i = 0; i < s->sums.n; i++) {
        const char *path = qg_h5_sums_path(s, i);
        qg_store_sum sum;
        if (!qg_h5_has_sum(path)) /* it has to be none */
            sum = s->sums.sum[i] == 0 ? QG_SUM_NONE : QG_SUM_DAMAGED;
        else
            QG_TRY(check(&sum, s, i));
        *n += sum != QG_SUM_NONE;
        if (sum == QG_SUM_OPEN || sum == QG_SUM_DAMAGED)
            QG_TRY(each(ctx, qg_h5_has_sum(path) ? path : QG_STORE_SUMS, sum));
    }
    return QG_OK;
}

static qg_code refuse(const qg_store *s, const char *path)
{
    return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, path,
                      "is damaged: its values have another checksum");
}

qg_code qg_h5_refuse_damaged(qg_store *s, const char *path)
{
    qg_store_sum sum;
    if (s->writable || s->trusting)
        return QG_OK;
    QG_TRY(qg_store_check(&sum, s, path));
    if (sum != QG_SUM_DAMAGED)
        return QG_OK;
    if (!s->refused && !(s->refused = qg_arena_strdup(s->arena, path)))
        return QG_ENOMEM;
    return refuse(s, path);
}

qg_code qg_store_damage(qg_store *s)
{
    return s->refused ? refuse(s, s->refused) : QG_OK;
}

void qg_store_trust(qg_store *s)
{
    s->trusting = true;
}
