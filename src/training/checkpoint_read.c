/*
 * checkpoint_read.c - reading the checkpoint file: nothing in it is believed.
 */
#include "checkpoint_file.h"

#include "qgrid/file.h"
#include "qgrid/log.h"

#include <math.h>
#include <string.h>

static const char *const array_names[QG_CHECKPOINT_ARRAYS] = {
    "parameters", "first moments", "second moments", "best epoch's parameters"};

typedef struct reader {
    const qg_training_state *state;
    const char *data;
    size_t size;
    const char *record;
    size_t record_size;
    qg_checkpoint_layout layout;
} reader;

#define DAMAGED(r, ...) QG_FAIL_AT(QG_EFORMAT, (r)->state->path, 0, 0, NULL, __VA_ARGS__)

/* What another version wrote is sound: it is refused for what this one misses in it. */
static qg_code other_version(const reader *r, const char *what, const char *name)
{
    qg_named by = {.count = 0};
    if (!qg_named_find(&by, r->record, r->record_size, "written_by", QG_NUMBER_TEXT))
        by = (qg_named){.data = "another version of qgrid", .count = 24};
    return QG_FAIL_AT(QG_ECHANGED, r->state->path, 0, 0, NULL,
                      "was written by %.*s, and %s%s. That program goes on with it; --fresh "
                      "discards it",
                      by.count < 128 ? (int)by.count : 128, by.data, what, name);
}

static qg_code read_head(reader *r)
{
    char sum[QG_CHECKPOINT_DIGEST];
    qg_checkpoint_head h;
    if (r->size < sizeof h)
        return DAMAGED(r, "has %zu bytes, a checkpoint has more; --fresh discards it", r->size);
    memcpy(&h, r->data, sizeof h);
    if (memcmp(h.magic, QG_CHECKPOINT_MAGIC, sizeof h.magic) != 0)
        return DAMAGED(r, "is not a checkpoint of qgrid train");
    if (h.version != QG_CHECKPOINT_VERSION || h.byte_order != QG_CHECKPOINT_ORDER)
        return QG_FAIL_AT(QG_ECHANGED, r->state->path, 0, 0, NULL,
                          "was written by %s version of qgrid, or on a machine of another byte "
                          "order: its format is %u, this program reads format %d. The program that "
                          "wrote it goes on with it; --fresh discards it",
                          h.version < QG_CHECKPOINT_VERSION ? "an older" : "a newer", h.version,
                          QG_CHECKPOINT_VERSION);
    r->record = r->data + sizeof h;
    if (h.record > r->size - sizeof h)
        return DAMAGED(r, "has %zu bytes, its record alone has %llu; --fresh discards it", r->size,
                       (unsigned long long)h.record);
    r->record_size = (size_t)h.record;
    qg_checkpoint_digest(sum, r->record, r->record_size);
    if (memcmp(sum, h.digest, sizeof sum) != 0)
        return DAMAGED(r, "is damaged: the record has another checksum; --fresh discards it");
    qg_named n;
    size_t at = 0;
    while (qg_named_next(&n, &at, r->record, r->record_size))
        ;
    return at == r->record_size ? QG_OK : other_version(r, "its record is not understood", "");
}

/* A single number, or a text of `count` bytes; 0: of any length. */
static qg_code get(qg_named *out, const reader *r, const char *name, qg_number_type type,
                   uint64_t count)
{
    if (!qg_named_find(out, r->record, r->record_size, name, type))
        return other_version(r, "this program misses in it ", name);
    if (count && out->count != count)
        return DAMAGED(r, "has %llu numbers of '%s'", (unsigned long long)out->count, name);
    return QG_OK;
}

static qg_code get_integer(int64_t *out, const reader *r, const char *name)
{
    qg_named n;
    QG_TRY(get(&n, r, name, QG_NUMBER_I64, 1));
    qg_named_take(&n, out, sizeof *out);
    return QG_OK;
}

static qg_code match_key(const reader *r)
{
    char part[QG_KEY_PARTS][QG_CHECKPOINT_DIGEST];
    qg_named n;
    for (int i = 0; i < QG_KEY_PARTS; i++) {
        QG_TRY(get(&n, r, qg_checkpoint_key_names[i], QG_NUMBER_TEXT, QG_CHECKPOINT_DIGEST));
        qg_named_take(&n, part[i], 1);
    }
    QG_TRY(get(&n, r, "config", QG_NUMBER_TEXT, 0));
    return qg_training_key_match(r->state->key, part, n.data, (size_t)n.count, r->state->path);
}

/* Before anything is believed: is it of this training, and do its sizes fit it? */
static qg_code check_sizes(reader *r)
{
    const qg_training_state *s = r->state;
    int64_t count, ranges, steps, epochs, best, waited, batches = s->record->batches;
    QG_TRY(get_integer(&count, r, "parameters"));
    QG_TRY(get_integer(&ranges, r, "ranges"));
    QG_TRY(get_integer(&steps, r, "steps"));
    QG_TRY(get_integer(&epochs, r, "epochs"));
    QG_TRY(get_integer(&best, r, "best_epoch"));
    QG_TRY(get_integer(&waited, r, "waited"));
    if (count != (int64_t)s->count || ranges != s->trainer.ranges)
        return DAMAGED(r, "has %lld parameters and %lld ranges, this training has %zu and %d",
                       (long long)count, (long long)ranges, s->count, s->trainer.ranges);
    if (steps < 0 || steps > (int64_t)s->most_steps || epochs < 0 || epochs > s->most_epochs ||
        steps < epochs * batches || steps > (epochs + 1) * batches)
        return DAMAGED(r, "says %lld steps and %lld epochs, of %llu and %d", (long long)steps,
                       (long long)epochs, (unsigned long long)s->most_steps, s->most_epochs);
    if (best < -1 || best >= epochs || waited < 0 || waited > epochs)
        return DAMAGED(r, "says that epoch %lld was the best of %lld", (long long)best,
                       (long long)epochs);
    r->layout = qg_checkpoint_lay_out(r->record_size, s->count);
    if (r->layout.bytes != r->size)
        return DAMAGED(r, "has %zu bytes, its record says %zu; --fresh discards it", r->size,
                       r->layout.bytes);
    s->record->steps = (uint64_t)steps;
    s->record->epochs = (int)epochs;
    s->record->best = s->selection->best_epoch = (int)best;
    s->selection->waited = (int)waited;
    return QG_OK;
}

static void undefined(const qg_checkpoint_table *t, const qg_checkpoint_column *c)
{
    const double nan = (double)NAN;
    char *first = qg_checkpoint_cell(t, c);
    for (uint64_t i = 0; i < t->rows; i++)
        memcpy(first + (size_t)i * t->stride, &nan, sizeof nan);
}

/* Names of optional columns that are missing are added to `missing`. */
static qg_code read_table(qg_str *missing, const reader *r, const qg_checkpoint_table *t)
{
    qg_named n;
    for (int i = 0; i < t->columns; i++) {
        const qg_checkpoint_column *c = &t->column[i];
        bool there = qg_named_find(&n, r->record, r->record_size, c->name, c->type);
        if (!there && !c->optional)
            return other_version(r, "this program misses in it ", c->name);
        if (there && n.count != t->rows)
            return DAMAGED(r, "has %llu numbers of '%s', %llu are expected",
                           (unsigned long long)n.count, c->name, (unsigned long long)t->rows);
        if (there) {
            qg_named_take(&n, qg_checkpoint_cell(t, c), t->stride);
        } else {
            undefined(t, c);
            qg_str_addf(missing, "%s%s", missing->len ? ", " : "", c->name);
        }
    }
    return QG_OK;
}

static bool is_column(const qg_checkpoint_table *table, const char *name)
{
    for (int t = 0; t < QG_CHECKPOINT_TABLES; t++)
        for (int i = 0; i < table[t].columns; i++)
            if (strcmp(table[t].column[i].name, name) == 0)
                return true;
    return false;
}

/* Names with a dot are of columns, or of the key. */
static void list_unknown(qg_str *unknown, const reader *r, const qg_checkpoint_table *table)
{
    qg_named n;
    for (size_t at = 0; qg_named_next(&n, &at, r->record, r->record_size);)
        if (strchr(n.name, '.') && strncmp(n.name, "key.", 4) != 0 && !is_column(table, n.name))
            qg_str_addf(unknown, "%s%s", unknown->len ? ", " : "", n.name);
}

static qg_code read_course(qg_str *missing, qg_str *unknown, const reader *r)
{
    qg_named best;
    qg_checkpoint_table table[QG_CHECKPOINT_TABLES];
    QG_TRY(get(&best, r, "best", QG_NUMBER_F64, 1));
    qg_named_take(&best, &r->state->selection->best, sizeof(double));
    qg_checkpoint_tables(table, r->state);
    for (int t = 0; t < QG_CHECKPOINT_TABLES; t++)
        QG_TRY(read_table(missing, r, &table[t]));
    list_unknown(unknown, r, table);
    QG_TRY(qg_str_status(missing));
    return qg_str_status(unknown);
}

/* A word on what another version of the program knew of the training, and what not. */
static void tell(const reader *r, const qg_str *missing, const qg_str *unknown)
{
    if (r->state->gang->index != 0 || (!missing->len && !unknown->len))
        return;
    qg_note("%s: was written by another version of qgrid%s%s%s%s%s%s", r->state->path,
            missing->len ? ", without " : "", missing->len ? missing->data : "",
            missing->len ? " (undefined for the epochs that are done)" : "",
            unknown->len ? ", with " : "", unknown->len ? unknown->data : "",
            unknown->len ? " (left out, this one does not know it)" : "");
}

static qg_code read_record(const reader *r)
{
    qg_str missing = {0}, unknown = {0};
    qg_code rc = read_course(&missing, &unknown, r);
    if (rc == QG_OK)
        tell(r, &missing, &unknown);
    qg_str_fini(&missing);
    qg_str_fini(&unknown);
    return rc;
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

static bool is_zero(const char *from, const char *to)
{
    while (from < to && *from == 0)
        from++;
    return from >= to;
}

/* What fills pages up has no checksum: it is zero. */
static qg_code check_fill(const reader *r)
{
    const qg_checkpoint_layout *l = &r->layout;
    bool sound = is_zero(r->record + r->record_size, r->data + l->arrays);
    for (int i = 0; i < QG_CHECKPOINT_ARRAYS; i++) {
        const char *end =
            r->data + (i + 1 < QG_CHECKPOINT_ARRAYS ? qg_checkpoint_array(l, i + 1) : l->checksums);
        sound &= is_zero(r->data + qg_checkpoint_array(l, i) + l->count * sizeof(float), end);
    }
    return sound ? QG_OK
                 : DAMAGED(r, "is damaged: there is something between its parts; --fresh discards "
                              "it");
}

static qg_code read_all(reader *r)
{
    const qg_training_state *s = r->state;
    QG_TRY(read_head(r));
    QG_TRY(match_key(r));
    QG_TRY(check_sizes(r));
    QG_TRY(check_fill(r));
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
