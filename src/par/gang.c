/*
 * gang.c - members of a gang: reduce-scatter and gather in the order of the tree over the leaves.
 *
 * A member's position is its slice: its index with the bits reversed. Halving goes from the whole
 * block down, so positions n/2 apart come first, which are neighbours by index:
 *
 *   index      0 1 2 3 4 5 6 7        distance 1 | 0-1 2-3 4-5 6-7    halves of the block
 *   position   0 4 2 6 1 5 3 7        distance 2 | 0-2 1-3 4-6 5-7    quarters
 *                                     distance 4 | 0-4 1-5 2-6 3-7    eighths
 *
 * Rabenseifner, "Optimization of collective reduction operations", ICCS 2004.
 */
#include "transfer.h"

#include "qgrid/stop.h"

#include <string.h>

static bool signalled(void *ctx)
{
    (void)ctx;
    return qg_stop_wanted() > 0;
}

static const int32_t first[] = {0};
const qg_gang qg_gang_alone = {.size = 1, .rank = first, .ending = signalled};

bool qg_gang_poll(const qg_gang *g)
{
    return g->poll && g->poll(g->ctx);
}

qg_code qg_gang_go_on(const qg_gang *g)
{
    return qg_gang_poll(g) ? QG_FAIL(QG_ELOST, "the work is given up") : QG_OK;
}

bool qg_gang_ending(const qg_gang *g)
{
    return g->ending && g->ending(g->ctx);
}

void qg_gang_tell(const qg_gang *g, const qg_gang_news *news)
{
    if (g->tell && g->index == 0)
        g->tell(g->ctx, news);
}

static int reversed(int index, int size)
{
    int out = 0;
    for (int bit = 1; bit < size; bit *= 2)
        out = 2 * out + ((index & bit) != 0);
    return out;
}

int qg_gang_slice(const qg_gang *g)
{
    return reversed(g->index, g->size);
}

static void copy(void *to, const void *from, size_t bytes, void *ctx)
{
    (void)ctx;
    memcpy(to, from, bytes);
}

qg_code qg_gang_exchange(const qg_gang *g, int member, const void *send, size_t send_bytes,
                         void *receive, size_t receive_bytes)
{
    qg_transfer t = {.send = send,
                     .send_bytes = send_bytes,
                     .receive = receive,
                     .receive_bytes = receive_bytes,
                     .take = copy};
    QG_ASSERT(member >= 0 && member < g->size && member != g->index);
    return qg_transfer_run(&t, g, member);
}

typedef struct adding {
    qg_gang_add *add;
} adding;

static void add_floats(void *to, const void *from, size_t bytes, void *ctx)
{
    ((const adding *)ctx)->add(to, from, bytes / sizeof(float));
}

qg_code qg_gang_reduce_scatter(const qg_gang *g, float *block, const size_t *starts,
                               qg_gang_add *add)
{
    adding how = {add};
    int slice = qg_gang_slice(g);
    for (int half = g->size / 2; half > 0; half /= 2) {
        int mine = slice / half * half, theirs = mine ^ half;
        size_t in = starts[mine], in_end = starts[mine + half];
        size_t out = starts[theirs], out_end = starts[theirs + half];
        qg_transfer t = {.send = block + out,
                         .send_bytes = (out_end - out) * sizeof *block,
                         .receive = block + in,
                         .receive_bytes = (in_end - in) * sizeof *block,
                         .take = add_floats,
                         .ctx = &how};
        QG_TRY(qg_transfer_run(&t, g, reversed(slice ^ half, g->size)));
    }
    return QG_OK;
}

qg_code qg_gang_gather(const qg_gang *g, void *block, const size_t *starts, size_t element,
                       qg_gang_order order)
{
    int place = order == QG_BY_SLICE ? qg_gang_slice(g) : g->index;
    for (int have = 1; have < g->size; have *= 2) {
        int mine = place / have * have, theirs = mine ^ have, peer = place ^ have;
        size_t out = starts[mine] * element, in = starts[theirs] * element;
        QG_TRY(qg_gang_exchange(g, order == QG_BY_SLICE ? reversed(peer, g->size) : peer,
                                (char *)block + out, starts[mine + have] * element - out,
                                (char *)block + in, starts[theirs + have] * element - in));
    }
    return QG_OK;
}

qg_code qg_gang_reduce(const qg_gang *g, void *data, size_t bytes, qg_gang_join *join, void *ctx)
{
    _Alignas(16) char theirs[QG_GANG_JOIN_BYTES];
    QG_ASSERT(bytes <= sizeof theirs);
    for (int distance = 1; distance < g->size; distance *= 2) {
        bool lower = (g->index & distance) == 0;
        QG_TRY(qg_gang_exchange(g, g->index ^ distance, data, bytes, theirs, bytes));
        join(lower ? data : theirs, lower ? theirs : data, ctx);
        if (!lower)
            memcpy(data, theirs, bytes);
    }
    return QG_OK;
}

/* What members tell each other. */
typedef struct status {
    qg_error error; /* of `member` */
    int32_t member; /* the first that failed; the gang's size when none did */
    uint32_t flags;
} status;

static void join_status(void *a, const void *b, void *ctx)
{
    status *mine = a;
    const status *theirs = b;
    uint32_t flags = mine->flags | theirs->flags;
    (void)ctx;
    if (theirs->member < mine->member)
        *mine = *theirs;
    mine->flags = flags;
}

qg_code qg_gang_agree(const qg_gang *g, qg_code rc, uint32_t *flags)
{
    status s = {.member = g->size, .flags = flags ? *flags : 0};
    qg_error own = {0};
    if (g->size == 1 || rc == QG_ELOST)
        return rc;
    if (rc != QG_OK) {
        own = s.error = *qg_error_last();
        s.member = g->index;
    }
    qg_code reduced = qg_gang_reduce(g, &s, sizeof s, join_status, NULL);
    if (reduced != QG_OK && s.member == g->size)
        return reduced;
    /* A failure that is known counts for more than members who left because of it. */
    if (flags)
        *flags = s.flags;
    if (rc != QG_OK)
        return qg_error_restore(&own);
    if (s.member == g->size)
        return QG_OK;
    s.error.rank = g->rank[s.member];
    return qg_error_restore(&s.error);
}
