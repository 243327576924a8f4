/*
 * vocab_merge.c - byte-pair encoding with exact counts.
 *
 * Each pair knows its number of occurrences and the words that (may) hold it, so a join touches
 * these words only. A heap finds the most frequent pair; counts that fell in the meantime are seen
 * when an entry comes up, and it goes back in with its true count.
 */
#include "vocab_merge.h"

#include "qgrid/str.h"

#include <string.h>

typedef struct pair {
    int32_t left, right;
    int64_t count;
    int64_t queued; /* count of its newest entry in the heap */
    int32_t *words; /* [n] that held it when they were added; may repeat */
    int n, cap;
} pair;

typedef struct entry {
    int64_t count;
    int32_t left, right;
    int pair;
} entry;

typedef struct merger {
    qg_arena *arena;
    qg_string_table *pieces;
    qg_piece_word *words;
    pair *pair;
    int pairs, pair_cap;
    uint32_t *slot; /* open addressing by (left, right): number + 1 */
    size_t slots;
    entry *heap;
    int heaped, heap_cap;
    int *touched; /* pairs with the new piece */
    int n_touched, touched_cap;
    int32_t fresh; /* the new piece, -1 at the start */
} merger;

static size_t place(const merger *m, int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(h >> 20) & (m->slots - 1);
    for (; m->slot[at]; at = (at + 1) & (m->slots - 1)) {
        const pair *p = &m->pair[m->slot[at] - 1];
        if (p->left == left && p->right == right)
            break;
    }
    return at;
}

static qg_code grow_pairs(merger *m)
{
    int cap = m->pair_cap ? 2 * m->pair_cap : 4096;
    m->pair = qg_arena_grow(m->arena, m->pair, (size_t)m->pairs, (size_t)cap, sizeof *m->pair);
    m->slot = qg_arena_alloc(m->arena, 2 * (size_t)cap, sizeof *m->slot);
    if (!m->pair || !m->slot)
        return QG_ENOMEM;
    m->pair_cap = cap;
    m->slots = 2 * (size_t)cap;
    for (uint32_t i = 0; i < (uint32_t)m->pairs; i++)
        m->slot[place(m, m->pair[i].left, m->pair[i].right)] = i + 1;
    return QG_OK;
}

static qg_code find_pair(int *out, merger *m, int32_t left, int32_t right)
{
    if (m->pairs == m->pair_cap)
        QG_TRY(grow_pairs(m));
    size_t at = place(m, left, right);
    if (!m->slot[at]) {
        m->pair[m->pairs] = (pair){.left = left, .right = right};
        m->slot[at] = (uint32_t)++m->pairs;
    }
    *out = (int)m->slot[at] - 1;
    return QG_OK;
}

static qg_code add_word(merger *m, pair *p, int32_t word)
{
    if (p->n > 0 && p->words[p->n - 1] == word)
        return QG_OK;
    if (p->n == p->cap) {
        int cap = p->cap ? 2 * p->cap : 16;
        p->words = qg_arena_grow(m->arena, p->words, (size_t)p->n, (size_t)cap, sizeof *p->words);
        if (!p->words)
            return QG_ENOMEM;
        p->cap = cap;
    }
    p->words[p->n++] = word;
    return QG_OK;
}

static qg_code touch(merger *m, int index)
{
    if (m->n_touched == m->touched_cap) {
        int cap = m->touched_cap ? 2 * m->touched_cap : 1024;
        m->touched = qg_arena_grow(m->arena, m->touched, (size_t)m->n_touched, (size_t)cap,
                                   sizeof *m->touched);
        if (!m->touched)
            return QG_ENOMEM;
        m->touched_cap = cap;
    }
    m->touched[m->n_touched++] = index;
    return QG_OK;
}

/* Adds a word's pairs `times` times; those with the new piece (all of them at the start) learn of
 * the word. */
static qg_code count_pairs(merger *m, int32_t word, int64_t times)
{
    const qg_piece_word *w = &m->words[word];
    for (int i = 0; i + 1 < w->n; i++) {
        int index;
        bool fresh = m->fresh < 0 || w->piece[i] == m->fresh || w->piece[i + 1] == m->fresh;
        QG_TRY(find_pair(&index, m, w->piece[i], w->piece[i + 1]));
        m->pair[index].count += times;
        if (times > 0 && fresh) {
            QG_TRY(add_word(m, &m->pair[index], word));
            QG_TRY(touch(m, index));
        }
    }
    return QG_OK;
}

static bool before(const entry *a, const entry *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static qg_code push(merger *m, int index)
{
    pair *p = &m->pair[index];
    if (m->heaped == m->heap_cap) {
        int cap = m->heap_cap ? 2 * m->heap_cap : 4096;
        m->heap = qg_arena_grow(m->arena, m->heap, (size_t)m->heaped, (size_t)cap, sizeof *m->heap);
        if (!m->heap)
            return QG_ENOMEM;
        m->heap_cap = cap;
    }
    entry e = {p->count, p->left, p->right, index};
    int i = m->heaped++;
    for (; i > 0 && before(&e, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = e;
    p->queued = p->count;
    return QG_OK;
}

static entry pop(merger *m)
{
    entry top = m->heap[0], last = m->heap[--m->heaped];
    int i = 0;
    for (int child; (child = 2 * i + 1) < m->heaped; i = child) {
        if (child + 1 < m->heaped && before(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!before(&m->heap[child], &last))
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = last;
    return top;
}

static qg_code push_touched(merger *m, int64_t min_pair)
{
    for (int i = 0; i < m->n_touched; i++) {
        const pair *p = &m->pair[m->touched[i]];
        if (p->count >= min_pair && p->count != p->queued)
            QG_TRY(push(m, m->touched[i]));
    }
    m->n_touched = 0;
    return QG_OK;
}

static bool holds(const qg_piece_word *w, int32_t left, int32_t right)
{
    for (int i = 0; i + 1 < w->n; i++)
        if (w->piece[i] == left && w->piece[i + 1] == right)
            return true;
    return false;
}

static void join_in(qg_piece_word *w, int32_t left, int32_t right, int32_t joined)
{
    int n = 0;
    for (int i = 0; i < w->n; i++) {
        bool here = i + 1 < w->n && w->piece[i] == left && w->piece[i + 1] == right;
        w->piece[n++] = here ? joined : w->piece[i];
        i += here;
    }
    w->n = n;
}

/* "##un" + "##til" = "##until". */
static qg_code name_joined(int32_t *out, merger *m, int32_t left, int32_t right)
{
    qg_str s = {0};
    int index = -1;
    qg_str_add(&s, m->pieces->text[left]);
    qg_str_add(&s, m->pieces->text[right] + 2);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK)
        rc = qg_string_table_put(&index, m->pieces, s.data, s.len);
    qg_str_fini(&s);
    *out = index;
    return rc;
}

static qg_code join(merger *m, int index)
{
    const pair p = m->pair[index]; /* the table may move */
    QG_TRY(name_joined(&m->fresh, m, p.left, p.right));
    for (int i = 0; i < p.n; i++) {
        qg_piece_word *w = &m->words[p.words[i]];
        if (!holds(w, p.left, p.right))
            continue;
        QG_TRY(count_pairs(m, p.words[i], -w->count));
        join_in(w, p.left, p.right, m->fresh);
        QG_TRY(count_pairs(m, p.words[i], w->count));
    }
    QG_ASSERT(m->pair[index].count == 0);
    return QG_OK;
}

qg_code qg_vocab_merge(qg_string_table *pieces, qg_arena *a, qg_piece_word *words, int n, int size,
                       int64_t min_pair)
{
    merger m = {.arena = a, .pieces = pieces, .words = words, .fresh = -1};
    for (int32_t w = 0; w < n; w++)
        QG_TRY(count_pairs(&m, w, words[w].count));
    QG_TRY(push_touched(&m, min_pair));
    while (pieces->n < size && m.heaped > 0) {
        entry e = pop(&m);
        const pair *p = &m.pair[e.pair];
        if (e.count == p->count)
            QG_TRY(join(&m, e.pair));
        else if (e.count == p->queued && p->count >= min_pair)
            QG_TRY(push(&m, e.pair));
        QG_TRY(push_touched(&m, min_pair));
    }
    return QG_OK;
}
