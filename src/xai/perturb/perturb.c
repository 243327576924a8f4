/*
 * perturb.c - perturbed token sequences: built, deduplicated by content, scored in full batches.
 *
 * Sequences lie end to end in one array, in the order in which they were first asked for; batches
 * are runs of that array, so nothing is copied to score them.
 */
#include "qgrid/perturb.h"

#include "qgrid/softmax.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const char *const qg_masking_names[QG_MASKINGS + 1] = {
#define QG_MASKING(id, name, ...) name,
#include "qgrid/maskings.def"
#undef QG_MASKING
    NULL,
};

static const struct {
    size_t filler; /* of qg_specials */
    bool leave_out, keep_places;
} maskings[QG_MASKINGS] = {
#define QG_MASKING(id, name, token, left_out, places_kept, doc)                                    \
    {offsetof(qg_specials, token), left_out, places_kept},
#include "qgrid/maskings.def"
#undef QG_MASKING
};

struct qg_perturber {
    qg_arena *arena;
    qg_explainable model;
    qg_specials specials;
    int budget;

    int32_t *ids;       /* [used of room] */
    int32_t *positions; /* [used of room] their places; NULL: no sequence has a gap yet */
    int64_t used, room;
    int64_t *begin; /* [slots + 1 of slot_room + 1] where each sequence begins in ids */
    float *logits;  /* [slots, K] */
    int64_t slots, slot_room;
    int64_t scored; /* slots below this have their logits */

    int64_t *table; /* [table_size] open addressing: slot + 1, 0 = free; a power of two */
    int64_t table_size;
    qg_perturb_counts count;
};

enum { FIRST_SLOTS = 256, FIRST_IDS = 8192 };

qg_code qg_perturber_make(qg_perturber **out, qg_arena *a, const qg_explainable *model,
                          qg_specials specials, int budget)
{
    qg_perturber *p;
    QG_NEW(p, a, 1);
    p->arena = a;
    p->model = *model;
    p->specials = specials;
    p->budget = budget > 0 ? budget : QG_PERTURB_TOKENS;
    p->room = FIRST_IDS;
    p->slot_room = FIRST_SLOTS;
    p->table_size = 4 * (int64_t)FIRST_SLOTS;
    QG_NEW(p->ids, a, p->room);
    QG_NEW(p->begin, a, p->slot_room + 1);
    QG_NEW(p->logits, a, p->slot_room * model->classes);
    QG_NEW(p->table, a, p->table_size);
    *out = p;
    return QG_OK;
}

/* From the first sequence on that may have gaps, every token's place is kept. */
static qg_code keep_positions(qg_perturber *p)
{
    QG_NEW(p->positions, p->arena, p->room);
    for (int64_t s = 0; s < p->slots; s++)
        for (int64_t i = p->begin[s]; i < p->begin[s + 1]; i++)
            p->positions[i] = (int32_t)(i - p->begin[s]);
    return QG_OK;
}

static qg_code make_room(qg_perturber *p, int n, qg_masking masking)
{
    if (maskings[masking].keep_places && !p->positions)
        QG_TRY(keep_positions(p));
    while (p->used + n > p->room) {
        QG_GROW(p->ids, p->arena, p->room, 2 * p->room);
        if (p->positions)
            QG_GROW(p->positions, p->arena, p->room, 2 * p->room);
        p->room *= 2;
    }
    return QG_OK;
}

/* The token that stands for those that are absent. */
static int32_t stand_in(const qg_specials *s, qg_masking masking)
{
    int32_t id;
    memcpy(&id, (const char *)s + maskings[masking].filler, sizeof id);
    return id;
}

/* Writes the perturbed sequence behind the last one; returns its length. */
static qg_code write_sequence(int *length, qg_perturber *p, const qg_sample *s,
                              const uint8_t *present, qg_masking masking)
{
    QG_TRY(make_room(p, s->n, masking));
    bool leave_out = maskings[masking].leave_out, keep_places = maskings[masking].keep_places;
    int32_t *to = p->ids + p->used, filler = stand_in(&p->specials, masking);
    int n = 0, end = 0; /* one past the last place */
    for (int i = 0; i < s->n; i++) {
        bool absent = present && s->unit[i] >= 0 && !present[s->unit[i]];
        if (absent && leave_out)
            continue;
        int place = keep_places ? i : n;
        if (p->positions)
            p->positions[p->used + n] = place;
        to[n++] = absent ? filler : s->ids[i];
        end = place + 1;
    }
    if (n == 0)
        return QG_FAIL(QG_EMODEL, "nothing is left of a text of %d tokens", s->n);
    if (end > p->model.max_tokens)
        return QG_FAIL(QG_EMODEL, "a text has %d tokens, the model takes at most %d", end,
                       p->model.max_tokens);
    *length = n;
    return QG_OK;
}

/* FNV-1a over the ids and how far each has been left behind (0 where there are no gaps, whether
 * places are kept or not), then mixed so that the low bits serve as an index. */
static uint64_t hash_sequence(const qg_perturber *p, int64_t from, int64_t n)
{
    uint64_t h = 14695981039346656037U;
    for (int64_t i = 0; i < n; i++) {
        uint64_t gap = p->positions ? (uint64_t)(p->positions[from + i] - i) : 0;
        h = (h ^ gap << 32 ^ (uint32_t)p->ids[from + i]) * 1099511628211U;
    }
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15U;
    return h ^ (h >> 29);
}

static int64_t length_of(const qg_perturber *p, int64_t slot)
{
    return p->begin[slot + 1] - p->begin[slot];
}

static bool same(const qg_perturber *p, int64_t a, int64_t b, int64_t n)
{
    size_t bytes = (size_t)n * sizeof *p->ids;
    return memcmp(p->ids + a, p->ids + b, bytes) == 0 &&
           (!p->positions || memcmp(p->positions + a, p->positions + b, bytes) == 0);
}

/* The cell of the table that holds the sequence of n tokens written at `from`, or the free one
 * where it belongs. */
static int64_t *find(const qg_perturber *p, int64_t from, int64_t n)
{
    uint64_t mask = (uint64_t)p->table_size - 1;
    for (uint64_t at = hash_sequence(p, from, n) & mask;; at = (at + 1) & mask) {
        int64_t slot = p->table[at] - 1;
        if (slot < 0 || (length_of(p, slot) == n && same(p, p->begin[slot], from, n)))
            return &p->table[at];
    }
}

static qg_code grow_slots(qg_perturber *p)
{
    int64_t room = 2 * p->slot_room;
    QG_GROW(p->begin, p->arena, p->slot_room + 1, room + 1);
    QG_GROW(p->logits, p->arena, p->slot_room * p->model.classes, room * p->model.classes);
    QG_NEW(p->table, p->arena, 4 * room);
    p->table_size = 4 * room;
    p->slot_room = room;
    for (int64_t s = 0; s < p->slots; s++)
        *find(p, p->begin[s], length_of(p, s)) = s + 1;
    return QG_OK;
}

qg_code qg_perturb_add(int64_t *slot, qg_perturber *p, const qg_sample *s, const uint8_t *present,
                       qg_masking masking)
{
    int n;
    if (p->slots == p->slot_room)
        QG_TRY(grow_slots(p));
    QG_TRY(write_sequence(&n, p, s, present, masking));
    p->count.asked++;
    int64_t *cell = find(p, p->used, n);
    if (*cell == 0) {
        p->used += n;
        p->begin[++p->slots] = p->used;
        *cell = p->slots;
    }
    *slot = *cell - 1;
    return QG_OK;
}

/* One batch from the first unscored slot on; at least one text goes in. */
static qg_code run_batch(qg_perturber *p)
{
    int64_t first = p->scored, last = first + 1, from = p->begin[first];
    while (last < p->slots && p->begin[last + 1] - from <= p->budget)
        last++;
    int32_t *splits;
    qg_mark mark = qg_arena_mark(p->arena);
    QG_NEW(splits, p->arena, last - first + 1);
    for (int64_t s = first; s <= last; s++)
        splits[s - first] = (int32_t)(p->begin[s] - from);
    qg_batch b = {.B = (int)(last - first),
                  .ids = p->ids + from,
                  .splits = splits,
                  .positions = p->positions ? p->positions + from : NULL};
    qg_code rc = p->model.logits(p->model.ctx, p->logits + first * p->model.classes, &b);
    qg_arena_release(p->arena, mark);
    if (rc != QG_OK)
        return rc;
    p->scored = last;
    p->count.batches++;
    return QG_OK;
}

qg_code qg_perturb_run(qg_perturber *p)
{
    while (p->scored < p->slots)
        QG_TRY(run_batch(p));
    return QG_OK;
}

const float *qg_perturb_logits(const qg_perturber *p, int64_t slot)
{
    return p->logits + slot * p->model.classes;
}

/* The bits of qg_softmax. */
static double probability(const float *z, int K, int target)
{
    double most = (double)z[qg_argmax_f32(z, K)], sum = 0;
    for (int k = 0; k < K; k++)
        sum += exp((double)z[k] - most);
    return exp((double)z[target] - most) / sum;
}

double qg_perturb_value(const qg_perturber *p, int64_t slot, int target, qg_explain_output output)
{
    const float *z = qg_perturb_logits(p, slot);
    return output == QG_EXPLAIN_LOGIT ? (double)z[target]
                                      : probability(z, p->model.classes, target);
}

qg_perturb_counts qg_perturb_count(const qg_perturber *p)
{
    qg_perturb_counts c = p->count;
    c.distinct = p->slots;
    c.tokens = p->used;
    return c;
}

int qg_perturb_classes(const qg_perturber *p)
{
    return p->model.classes;
}

qg_arena *qg_perturb_arena(const qg_perturber *p)
{
    return p->arena;
}
