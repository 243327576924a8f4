/*
 * training_checkpoint.c - layout of the checkpoint file, and writing it.
 */
#include "training_checkpoint_file.h"

#include "qgrid/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The header's sizes are within those of this training. */
qg_checkpoint_layout qg_checkpoint_lay_out(const qg_checkpoint_header *h)
{
    qg_checkpoint_layout l = {.config = QG_CHECKPOINT_HEADER, .count = (size_t)h->count};
    l.blocks = qg_norm_blocks(l.count);
    l.steps = l.config + (size_t)h->config_bytes;
    l.epochs = l.steps + (size_t)h->steps * sizeof(qg_step_report);
    l.ranges = l.epochs + (size_t)h->epochs * sizeof(qg_training_epoch);
    l.end = l.ranges + (size_t)h->ranges * sizeof(qg_checkpoint_range);
    l.arrays = (l.end + QG_CHECKPOINT_HEADER - 1) / QG_CHECKPOINT_HEADER * QG_CHECKPOINT_HEADER;
    l.checksums = l.arrays + QG_CHECKPOINT_ARRAYS * l.count * sizeof(float);
    l.bytes = l.checksums + QG_CHECKPOINT_ARRAYS * l.blocks * QG_CHECKPOINT_DIGEST;
    return l;
}

size_t qg_checkpoint_array(const qg_checkpoint_layout *l, int array)
{
    return l->arrays + (size_t)array * l->count * sizeof(float);
}

size_t qg_checkpoint_checksum(const qg_checkpoint_layout *l, int array, size_t block)
{
    return l->checksums + ((size_t)array * l->blocks + block) * QG_CHECKPOINT_DIGEST;
}

void qg_checkpoint_digest(char out[QG_CHECKPOINT_DIGEST], const void *data, size_t bytes)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_bytes(hex, data, bytes);
    memcpy(out, hex, QG_CHECKPOINT_DIGEST);
}

void qg_checkpoint_digest_header(char out[QG_CHECKPOINT_DIGEST], const qg_checkpoint_header *h)
{
    qg_checkpoint_header copy = *h;
    memset(copy.own, 0, sizeof copy.own);
    qg_checkpoint_digest(out, &copy, sizeof copy);
}

typedef struct writer {
    const qg_training_state *state;
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

static qg_checkpoint_header header_of(const qg_training_state *s)
{
    qg_checkpoint_header h;
    memset(&h, 0, sizeof h); /* padding, too */
    memcpy(h.magic, QG_CHECKPOINT_MAGIC, sizeof h.magic);
    h.version = QG_CHECKPOINT_VERSION;
    h.byte_order = QG_CHECKPOINT_ORDER;
    memcpy(h.part, s->key->part, sizeof h.part);
    h.config_bytes = s->key->config.len;
    h.steps = s->record->steps;
    h.epochs = (uint64_t)s->record->epochs;
    h.ranges = (uint64_t)s->trainer.ranges;
    h.count = s->count;
    h.best_epoch = s->selection->best_epoch;
    h.waited = s->selection->waited;
    h.best = s->selection->best;
    return h;
}

static void add_ranges(qg_str *out, const qg_trainer_state *t)
{
    for (int i = 0; i < t->ranges; i++) {
        qg_checkpoint_range r = {t->range[i].lo, t->range[i].hi, t->range[i].set};
        qg_str_addn(out, &r, sizeof r);
    }
}

static qg_code write_record(const writer *w, qg_checkpoint_header *h)
{
    const qg_training_state *s = w->state;
    qg_str bytes = {0};
    qg_str_addn(&bytes, s->key->config.data, s->key->config.len);
    qg_str_addn(&bytes, s->record->step, (size_t)h->steps * sizeof *s->record->step);
    qg_str_addn(&bytes, s->record->epoch, (size_t)h->epochs * sizeof *s->record->epoch);
    add_ranges(&bytes, &s->trainer);
    qg_code rc = qg_str_status(&bytes);
    if (rc == QG_OK) {
        qg_checkpoint_digest(h->record, bytes.data, bytes.len);
        qg_checkpoint_digest_header(h->own, h);
        rc = put(w, QG_CHECKPOINT_HEADER, bytes.data, bytes.len);
    }
    qg_str_fini(&bytes);
    return rc == QG_OK ? put(w, 0, h, sizeof *h) : rc;
}

/* This member's slice of one array. */
static qg_code write_slice(const writer *w, int array, const float *slice)
{
    const qg_trainer_state *t = &w->state->trainer;
    char sum[QG_CHECKPOINT_DIGEST];
    for (size_t at = t->from; at < t->to; at += QG_NORM_BLOCK) {
        size_t n = t->to - at < QG_NORM_BLOCK ? t->to - at : QG_NORM_BLOCK;
        qg_checkpoint_digest(sum, slice + (at - t->from), n * sizeof *slice);
        QG_TRY(put(w, qg_checkpoint_array(&w->layout, array) + at * sizeof *slice,
                   slice + (at - t->from), n * sizeof *slice));
        QG_TRY(
            put(w, qg_checkpoint_checksum(&w->layout, array, at / QG_NORM_BLOCK), sum, sizeof sum));
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

/* The file in its full size, with what only one member writes. */
static qg_code create(writer *w, qg_checkpoint_header *h)
{
    w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0)
        return fail(w->tmp, "cannot create");
    qg_code rc = QG_OK;
    if (ftruncate(w->fd, (off_t)w->layout.bytes) != 0)
        rc = fail(w->tmp, "cannot be made that long");
    if (rc == QG_OK)
        rc = write_record(w, h);
    if (close(w->fd) != 0 && rc == QG_OK)
        rc = fail(w->tmp, "cannot write");
    return rc;
}

static qg_code add_slices(writer *w)
{
    w->fd = open(w->tmp, O_WRONLY | O_CLOEXEC);
    if (w->fd < 0)
        return fail(w->tmp, "cannot open");
    qg_code rc = write_slices(w);
    if (rc == QG_OK && fsync(w->fd) != 0)
        rc = fail(w->tmp, "cannot write");
    if (close(w->fd) != 0 && rc == QG_OK)
        rc = fail(w->tmp, "cannot write");
    return rc;
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

static qg_code name_tmp(char *out, size_t size, const char *path)
{
    int n = snprintf(out, size, "%s-tmp", path);
    if (n < 0 || (size_t)n >= size)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "path is too long");
    return QG_OK;
}

static qg_code write_all(writer *w)
{
    const qg_gang *g = w->state->gang;
    bool first = g->index == 0;
    qg_checkpoint_header h = header_of(w->state);
    w->layout = qg_checkpoint_lay_out(&h);
    QG_TRY(name_tmp(w->tmp, sizeof w->tmp, w->state->path));
    QG_TRY(qg_gang_agree(g, first ? create(w, &h) : QG_OK, NULL));
    QG_TRY(qg_gang_agree(g, add_slices(w), NULL));
    return qg_gang_agree(g, first ? put_in_place(w) : QG_OK, NULL);
}

qg_code qg_training_checkpoint_write(const qg_training_state *s)
{
    writer w = {.state = s};
    qg_code rc = write_all(&w);
    if (rc != QG_OK && rc != QG_ELOST && s->gang->index == 0)
        (void)unlink(w.tmp);
    return rc;
}

qg_code qg_training_checkpoint_remove(const char *path)
{
    char tmp[4096];
    QG_TRY(name_tmp(tmp, sizeof tmp, path));
    QG_TRY(qg_remove(path));
    return qg_remove(tmp);
}
