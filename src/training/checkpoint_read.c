/*
 * checkpoint_read.c - reading the checkpoint file: nothing in it is believed.
 */
#include "checkpoint_file.h"

#include "qgrid/file.h"

#include <string.h>

enum { MAX_CONFIG = 1 << 20 };
static const char *const array_names[QG_CHECKPOINT_ARRAYS] = {
    "parameters", "first moments", "second moments", "best epoch's parameters"};

typedef struct reader {
    const qg_training_state *state;
    const char *data;
    size_t size;
    qg_checkpoint_header header;
    qg_checkpoint_layout layout;
} reader;

#define DAMAGED(r, ...) QG_FAIL_AT(QG_EFORMAT, (r)->state->path, 0, 0, NULL, __VA_ARGS__)

static qg_code read_header(reader *r)
{
    char sum[QG_CHECKPOINT_DIGEST];
    qg_checkpoint_header *h = &r->header;
    if (r->size < QG_CHECKPOINT_HEADER)
        return DAMAGED(r, "has %zu bytes, a checkpoint has more; --fresh discards it", r->size);
    memcpy(h, r->data, sizeof *h);
    if (memcmp(h->magic, QG_CHECKPOINT_MAGIC, sizeof h->magic) != 0)
        return DAMAGED(r, "is not a checkpoint of qgrid train");
    if (h->version != QG_CHECKPOINT_VERSION || h->byte_order != QG_CHECKPOINT_ORDER)
        return DAMAGED(r,
                       "is a checkpoint of version %u, this program reads version %d of this "
                       "machine's byte order; --fresh discards it",
                       h->version, QG_CHECKPOINT_VERSION);
    qg_checkpoint_digest_header(sum, h);
    if (memcmp(sum, h->own, sizeof sum) != 0)
        return DAMAGED(r, "is damaged: the header has another checksum; --fresh discards it");
    return QG_OK;
}

/* Before anything is believed: is it of this training, and do its sizes fit it? */
static qg_code check_header(reader *r)
{
    const qg_training_state *s = r->state;
    qg_checkpoint_header *h = &r->header;
    if (h->config_bytes > MAX_CONFIG || h->config_bytes > r->size - QG_CHECKPOINT_HEADER)
        return DAMAGED(r, "is damaged: a config of %llu bytes; --fresh discards it",
                       (unsigned long long)h->config_bytes);
    QG_TRY(qg_training_key_match(s->key, h->part, r->data + QG_CHECKPOINT_HEADER,
                                 (size_t)h->config_bytes, s->path));
    uint64_t batches = (uint64_t)s->record->batches;
    if (h->count != s->count || h->ranges != (uint64_t)s->trainer.ranges)
        return DAMAGED(r, "has %llu parameters and %llu ranges, this training has %zu and %d",
                       (unsigned long long)h->count, (unsigned long long)h->ranges, s->count,
                       s->trainer.ranges);
    if (h->steps > s->most_steps || h->epochs > (uint64_t)s->most_epochs ||
        h->steps < h->epochs * batches || h->steps > (h->epochs + 1) * batches)
        return DAMAGED(r, "says %llu steps and %llu epochs, of %llu and %d",
                       (unsigned long long)h->steps, (unsigned long long)h->epochs,
                       (unsigned long long)s->most_steps, s->most_epochs);
    if (h->best_epoch < -1 || h->best_epoch >= (int64_t)h->epochs || h->waited < 0 ||
        h->waited > (int64_t)h->epochs)
        return DAMAGED(r, "says that epoch %lld was the best of %llu", (long long)h->best_epoch,
                       (unsigned long long)h->epochs);
    r->layout = qg_checkpoint_lay_out(h);
    if (r->layout.bytes != r->size)
        return DAMAGED(r, "has %zu bytes, its header says %zu; --fresh discards it", r->size,
                       r->layout.bytes);
    return QG_OK;
}

static qg_code read_record(const reader *r)
{
    const qg_training_state *s = r->state;
    const qg_checkpoint_layout *l = &r->layout;
    qg_training_record *record = s->record;
    char sum[QG_CHECKPOINT_DIGEST];
    qg_checkpoint_digest(sum, r->data + QG_CHECKPOINT_HEADER, l->end - QG_CHECKPOINT_HEADER);
    if (memcmp(sum, r->header.record, sizeof sum) != 0)
        return DAMAGED(r, "is damaged: the record has another checksum; --fresh discards it");
    record->steps = r->header.steps;
    record->epochs = (int)r->header.epochs;
    record->best = s->selection->best_epoch = (int)r->header.best_epoch;
    s->selection->waited = (int)r->header.waited;
    s->selection->best = r->header.best;
    memcpy(record->step, r->data + l->steps, l->epochs - l->steps);
    memcpy(record->epoch, r->data + l->epochs, l->ranges - l->epochs);
    for (int i = 0; i < s->trainer.ranges; i++) {
        qg_checkpoint_range one;
        memcpy(&one, r->data + l->ranges + (size_t)i * sizeof one, sizeof one);
        s->trainer.range[i] = (qg_range){one.lo, one.hi, one.set != 0};
    }
    return QG_OK;
}

static qg_code read_slice(float *slice, const reader *r, int array)
{
    const qg_trainer_state *t = &r->state->trainer;
    char sum[QG_CHECKPOINT_DIGEST];
    for (size_t at = t->from; at < t->to; at += QG_NORM_BLOCK) {
        size_t n = t->to - at < QG_NORM_BLOCK ? t->to - at : QG_NORM_BLOCK;
        size_t block = at / QG_NORM_BLOCK;
        float *to = slice + (at - t->from);
        memcpy(to, r->data + qg_checkpoint_array(&r->layout, array) + at * sizeof *to,
               n * sizeof *to);
        qg_checkpoint_digest(sum, to, n * sizeof *to);
        if (memcmp(sum, r->data + qg_checkpoint_checksum(&r->layout, array, block), sizeof sum) !=
            0)
            return DAMAGED(r,
                           "is damaged: block %zu of the %s has another checksum; --fresh "
                           "discards it",
                           block, array_names[array]);
    }
    return QG_OK;
}

static qg_code read_all(reader *r)
{
    const qg_training_state *s = r->state;
    QG_TRY(read_header(r));
    QG_TRY(check_header(r));
    QG_TRY(read_record(r));
    QG_TRY(read_slice(s->values + s->trainer.from, r, QG_CHECKPOINT_VALUES));
    QG_TRY(read_slice(s->trainer.m, r, QG_CHECKPOINT_M));
    QG_TRY(read_slice(s->trainer.v, r, QG_CHECKPOINT_V));
    return read_slice(s->best, r, QG_CHECKPOINT_BEST);
}

static qg_code read_own(const qg_training_state *s)
{
    qg_map map;
    QG_TRY(qg_file_map(&map, s->path));
    reader r = {.state = s, .data = map.data, .size = map.size};
    qg_code rc = read_all(&r);
    qg_file_unmap(&map);
    return rc;
}

/* Members have the parameters of their slices. */
static qg_code gather_values(const qg_training_state *s)
{
    const qg_gang *g = s->gang;
    size_t starts[QG_GANG_MOST + 1];
    for (int i = 0; i <= g->size; i++)
        starts[i] = qg_slice_start(s->count, g->size, i);
    return qg_gang_gather(g, s->values, starts, sizeof *s->values, QG_BY_SLICE);
}

qg_code qg_training_checkpoint_read(bool *found, const qg_training_state *s)
{
    uint32_t there = s->gang->index == 0 && qg_file_exists(s->path);
    QG_TRY(qg_gang_agree(s->gang, QG_OK, &there));
    *found = there;
    if (!there)
        return QG_OK;
    QG_TRY(qg_gang_agree(s->gang, read_own(s), NULL));
    return gather_values(s);
}
