/*
 * checkpoint.c - layout of the checkpoint file, and writing it.
 */
#include "checkpoint_file.h"

#include "qgrid/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t up_to_page(size_t bytes)
{
    return (bytes + QG_CHECKPOINT_PAGE - 1) / QG_CHECKPOINT_PAGE * QG_CHECKPOINT_PAGE;
}

/* Sizes are those of this training. */
qg_checkpoint_layout qg_checkpoint_lay_out(size_t record, size_t count)
{
    qg_checkpoint_layout l = {.count = count, .blocks = qg_norm_blocks(count)};
    l.arrays = up_to_page(sizeof(qg_checkpoint_head) + record);
    l.checksums = l.arrays + QG_CHECKPOINT_ARRAYS * up_to_page(l.count * sizeof(float));
    l.bytes = l.checksums + QG_CHECKPOINT_ARRAYS * l.blocks * QG_CHECKPOINT_DIGEST;
    return l;
}

size_t qg_checkpoint_array(const qg_checkpoint_layout *l, int array)
{
    return l->arrays + (size_t)array * up_to_page(l->count * sizeof(float));
}

size_t qg_checkpoint_checksum(const qg_checkpoint_layout *l, int array, size_t block)
{
    return l->checksums + (block * QG_CHECKPOINT_ARRAYS + (size_t)array) * QG_CHECKPOINT_DIGEST;
}

void qg_checkpoint_digest(char out[QG_CHECKPOINT_DIGEST], const void *data, size_t bytes)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_bytes(hex, data, bytes);
    memcpy(out, hex, QG_CHECKPOINT_DIGEST);
}

/* Checksums of one block, in each array. */
typedef struct block_sums {
    char of[QG_CHECKPOINT_ARRAYS][QG_CHECKPOINT_DIGEST];
} block_sums;

typedef struct writer {
    const qg_training_state *state;
    qg_str record;
    block_sums *sums; /* [blocks] */
    char tmp[4096];
    qg_checkpoint_layout layout;
    int fd;
} writer;

static qg_code fail(const char *path, const char *what)
{
    return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "%s: %s", what, strerror(errno));
}

static qg_code put(const writer *w, size_t at, const void *data, size_t bytes)
{
    for (const char *p = data; bytes > 0;) {
        ssize_t n = pwrite(w->fd, p, bytes, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(w->tmp, "cannot write");
        p += n;
        at += (size_t)n;
        bytes -= (size_t)n;
    }
    return QG_OK;
}

static qg_code write_record(const writer *w)
{
    qg_checkpoint_head h = {.magic = QG_CHECKPOINT_MAGIC,
                            .version = QG_CHECKPOINT_VERSION,
                            .byte_order = QG_CHECKPOINT_ORDER,
                            .record = w->record.len};
    qg_checkpoint_digest(h.digest, w->record.data, w->record.len);
    QG_TRY(put(w, 0, &h, sizeof h));
    return put(w, sizeof h, w->record.data, w->record.len);
}

/* This member's slice of one array. */
static qg_code write_slice(const writer *w, int array, const float *slice)
{
    const qg_trainer_state *t = &w->state->trainer;
    for (size_t at = t->from; at < t->to; at += QG_NORM_BLOCK) {
        size_t n = t->to - at < QG_NORM_BLOCK ? t->to - at : QG_NORM_BLOCK;
        qg_checkpoint_digest(w->sums[at / QG_NORM_BLOCK].of[array], slice + (at - t->from),
                             n * sizeof *slice);
        QG_TRY(put(w, qg_checkpoint_array(&w->layout, array) + at * sizeof *slice,
                   slice + (at - t->from), n * sizeof *slice));
    }
    return QG_OK;
}

static qg_code write_slices(const writer *w)
{
    const qg_training_state *s = w->state;
    QG_TRY(write_slice(w, QG_CHECKPOINT_VALUES, s->values + s->trainer.from));
    QG_TRY(write_slice(w, QG_CHECKPOINT_M, s->trainer.m));
    QG_TRY(write_slice(w, QG_CHECKPOINT_V, s->trainer.v));
    return write_slice(w, QG_CHECKPOINT_BEST, s->best);
}

static qg_code open_tmp(writer *w, int flags)
{
    w->fd = open(w->tmp, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0666);
    return w->fd < 0 ? fail(w->tmp, "cannot open") : QG_OK;
}

/* With everything on disk, unless something is wrong already. */
static qg_code close_tmp(writer *w, qg_code rc)
{
    if (rc == QG_OK && qg_fsync(w->fd) != 0)
        rc = fail(w->tmp, "cannot write");
    if (close(w->fd) != 0 && rc == QG_OK)
        rc = fail(w->tmp, "cannot write");
    return rc;
}

/* The file in its full size. */
static qg_code create(writer *w)
{
    qg_code rc = QG_OK;
    (void)unlink(w->tmp); /* of a killed training */
    QG_TRY(open_tmp(w, O_CREAT | O_EXCL));
    if (ftruncate(w->fd, (off_t)w->layout.bytes) != 0)
        rc = fail(w->tmp, "cannot be made that long");
    return close_tmp(w, rc);
}

static qg_code add_slices(writer *w)
{
    QG_TRY(open_tmp(w, 0));
    return close_tmp(w, write_slices(w));
}

/* All members' checksums, and the rest. */
static qg_code add_record(writer *w)
{
    QG_TRY(open_tmp(w, 0));
    qg_code rc = write_record(w);
    if (rc == QG_OK)
        rc = put(w, w->layout.checksums, w->sums, w->layout.blocks * sizeof *w->sums);
    return close_tmp(w, rc);
}

static qg_code put_in_place(const writer *w)
{
    char dir[4096];
    const char *path = w->state->path, *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (rename(w->tmp, path) != 0)
        return fail(path, "cannot be put in place");
    return qg_file_sync(dir);
}

static qg_code complete(writer *w)
{
    QG_TRY(add_record(w));
    return put_in_place(w);
}

static qg_code name_tmp(char *out, size_t size, const char *path)
{
    int n = snprintf(out, size, "%s-tmp", path);
    if (n < 0 || (size_t)n >= size)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "path is too long");
    return QG_OK;
}

static qg_code prepare(writer *w, bool first)
{
    QG_TRY(qg_str_status(&w->record));
    w->sums = calloc(w->layout.blocks, sizeof *w->sums);
    if (!w->sums)
        return QG_FAIL(QG_ENOMEM, "no memory for checksums");
    return first ? create(w) : QG_OK;
}

static qg_code gather_sums(const writer *w)
{
    const qg_gang *g = w->state->gang;
    size_t starts[QG_GANG_MOST + 1];
    for (int i = 0; i <= g->size; i++)
        starts[i] = qg_norm_blocks(qg_slice_start(w->state->count, g->size, i));
    return qg_gang_gather(g, w->sums, starts, sizeof *w->sums, QG_BY_SLICE);
}

static qg_code write_all(writer *w)
{
    const qg_gang *g = w->state->gang;
    bool first = g->index == 0;
    qg_checkpoint_record(&w->record, w->state); /* at all members: arrays begin behind it */
    w->layout = qg_checkpoint_lay_out(w->record.len, w->state->count);
    QG_TRY(name_tmp(w->tmp, sizeof w->tmp, w->state->path));
    QG_TRY(qg_gang_agree(g, prepare(w, first), NULL));
    QG_ASSERT(w->sums); /* prepare was QG_OK */
    QG_TRY(qg_gang_agree(g, add_slices(w), NULL));
    QG_TRY(gather_sums(w));
    return qg_gang_agree(g, first ? complete(w) : QG_OK, NULL);
}

qg_code qg_training_checkpoint_write(const qg_training_state *s)
{
    writer w = {.state = s};
    qg_code rc = write_all(&w);
    if (rc != QG_OK && rc != QG_ELOST && s->gang->index == 0)
        (void)unlink(w.tmp);
    free(w.sums);
    qg_str_fini(&w.record);
    return rc;
}

qg_code qg_training_checkpoint_remove(const char *path)
{
    char tmp[4096];
    QG_TRY(name_tmp(tmp, sizeof tmp, path));
    QG_TRY(qg_remove(path));
    return qg_remove(tmp);
}
