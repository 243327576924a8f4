/*
 * transfer.c - messages between two members of a gang, in pieces, with a few of them under way.
 *
 * Pieces go through buffers of this file, 1 MiB each, so that they stay in the cache. This is what
 * makes giving up safe: MPI may hold on to the buffer of a message that nobody will ever take, and
 * that buffer is then never the caller's.
 */
#include "transfer.h"

#include "comm.h"

#include "qgrid/clock.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 1 << 20,
    WAYS = 2,  /* out, in */
    DEPTH = 4, /* pieces under way in each */
    SLOTS = WAYS * DEPTH,
    EAGER_POLLS = 1000,  /* before the first nap */
    PIECES_PER_POLL = 64 /* while there is no need to wait */
};
static const double patience = 0.2; /* seconds for what is under way when the work is given up */

qg_code qg_gang_start(struct qg_mpi *m)
{
    int *value, found = 0;
    m->members = MPI_COMM_NULL;
    QG_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &m->gangs));
    QG_MPI(MPI_Comm_set_errhandler(m->gangs, MPI_ERRORS_RETURN));
    QG_MPI(MPI_Comm_get_attr(m->gangs, MPI_TAG_UB, &value, &found));
    m->last_tag = found ? *value : 32767; /* what the standard promises */
    return QG_OK;
}

/* The tag of a gang's messages: those that a broken gang has left are not taken for another's. */
static int tag_of(const qg_gang *g)
{
    return (int)(g->number % ((uint32_t)g->par->mpi->last_tag + 1u));
}

typedef struct traffic {
    const qg_transfer *t;
    struct qg_mpi *mpi;
    int rank, tag;
    size_t sent, asked;         /* bytes for which a message was posted */
    MPI_Request request[SLOTS]; /* first those of sending */
    size_t at[SLOTS];           /* offset of the piece in the slot */
    int polls;                  /* in vain, since something last came */
    double nap;
} traffic;

static size_t piece(size_t all, size_t at)
{
    return all - at < PIECE ? all - at : PIECE;
}

/* [SLOTS][PIECE] */
static char *buffer(const traffic *x, int slot)
{
    return x->mpi->pieces + (size_t)slot * PIECE;
}

/* Posts what can be posted. */
static int post(traffic *x)
{
    const qg_transfer *t = x->t;
    int rc = MPI_SUCCESS;
    for (int s = 0; s < DEPTH && x->sent < t->send_bytes && rc == MPI_SUCCESS; s++) {
        if (x->request[s] != MPI_REQUEST_NULL)
            continue;
        size_t n = piece(t->send_bytes, x->sent);
        memcpy(buffer(x, s), (const char *)t->send + x->sent, n);
        rc = MPI_Isend(buffer(x, s), (int)n, MPI_BYTE, x->rank, x->tag, x->mpi->gangs,
                       &x->request[s]);
        x->sent += n;
    }
    for (int s = DEPTH; s < SLOTS && x->asked < t->receive_bytes && rc == MPI_SUCCESS; s++) {
        if (x->request[s] != MPI_REQUEST_NULL)
            continue;
        size_t n = piece(t->receive_bytes, x->asked);
        rc = MPI_Irecv(buffer(x, s), (int)n, MPI_BYTE, x->rank, x->tag, x->mpi->gangs,
                       &x->request[s]);
        x->at[s] = x->asked;
        x->asked += n;
    }
    return rc;
}

/* A piece in a receiving slot. */
static int take(const traffic *x, int slot, const MPI_Status *s)
{
    const qg_transfer *t = x->t;
    size_t want = piece(t->receive_bytes, x->at[slot]);
    int n = 0, rc = MPI_Get_count(s, MPI_BYTE, &n);
    if (rc != MPI_SUCCESS || (size_t)n != want)
        return rc == MPI_SUCCESS ? MPI_ERR_TRUNCATE : rc;
    t->take((char *)t->receive + x->at[slot], buffer(x, slot), want, t->ctx);
    return MPI_SUCCESS;
}

/* Takes in what has arrived; *n: how many messages came to an end, MPI_UNDEFINED: none is left. */
static int poll(int *n, traffic *x)
{
    int done[SLOTS], rc;
    MPI_Status status[SLOTS];
    rc = MPI_Testsome(SLOTS, x->request, n, done, status);
    if (rc == MPI_ERR_IN_STATUS)
        for (int i = 0; i < *n; i++)
            if (status[i].MPI_ERROR != MPI_SUCCESS && status[i].MPI_ERROR != MPI_ERR_PENDING)
                return status[i].MPI_ERROR;
    for (int i = 0; rc == MPI_SUCCESS && *n != MPI_UNDEFINED && i < *n; i++)
        if (done[i] >= DEPTH)
            rc = take(x, done[i], &status[i]);
    return rc;
}

/* Nothing came. Short naps let other ranks on this core go on. */
static void rest(traffic *x)
{
    if (x->polls++ < EAGER_POLLS) {
        sched_yield();
        return;
    }
    x->nap = x->nap > 0 ? x->nap : 2e-5;
    qg_sleep(x->nap);
    x->nap = x->nap < 5e-4 ? 2 * x->nap : 1e-3;
}

/* What is under way has a moment to end. A buffer that MPI still holds after that is never used
 * again: the pool is left to it, deliberately, and the next transfer gets another one. */
static void abandon(traffic *x)
{
    int all = 0;
    double end = qg_clock() + patience;
    for (int s = DEPTH; s < SLOTS; s++)
        if (x->request[s] != MPI_REQUEST_NULL)
            MPI_Cancel(&x->request[s]);
    while (qg_clock() < end) {
        if (MPI_Testall(SLOTS, x->request, &all, MPI_STATUSES_IGNORE) != MPI_SUCCESS || all)
            break;
        qg_sleep(1e-3);
    }
    if (!all)
        x->mpi->pieces = NULL;
}

/* A message to or from a dead rank. */
static qg_code lost(const traffic *x, int rc)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    MPI_Error_string(rc, text, &n);
    return QG_FAIL(QG_ELOST, "rank %d is lost: %s", x->rank, text);
}

/* Whether the last pieces have come together with the request to give up: then they count. */
static bool complete_after_all(traffic *x)
{
    int n = 0;
    if (x->sent < x->t->send_bytes || x->asked < x->t->receive_bytes)
        return false;
    for (int tries = 0; tries < 2 && n != MPI_UNDEFINED; tries++)
        if (poll(&n, x) != MPI_SUCCESS)
            return false;
    return n == MPI_UNDEFINED;
}

static qg_code go(traffic *x, const qg_gang *g)
{
    int n, since = 0;
    for (;;) {
        int rc = post(x);
        if (rc == MPI_SUCCESS)
            rc = poll(&n, x);
        if (rc != MPI_SUCCESS)
            return lost(x, rc);
        if (n == MPI_UNDEFINED)
            return QG_OK;
        since += n;
        if (n == 0)
            rest(x);
        else
            x->polls = 0, x->nap = 0;
        if (n == 0 || since > PIECES_PER_POLL) {
            if (qg_gang_go_on(g) != QG_OK)
                return complete_after_all(x) ? QG_OK : QG_ELOST;
            since = 0;
        }
    }
}

qg_code qg_transfer_run(const qg_transfer *t, const qg_gang *g, int member)
{
    struct qg_mpi *mpi = g->par->mpi;
    traffic x = {.t = t, .mpi = mpi, .rank = g->rank[member], .tag = tag_of(g)};
    if (!mpi->pieces && !(mpi->pieces = malloc((size_t)SLOTS * PIECE)))
        return QG_FAIL(QG_ELOST, "no memory for messages to the gang");
    for (int s = 0; s < SLOTS; s++)
        x.request[s] = MPI_REQUEST_NULL;
    qg_code rc = go(&x, g);
    if (rc != QG_OK)
        abandon(&x);
    return rc;
}

/* ----------------------------------------------------------------------------- for comparison */

/* The communicator of a gang's ranks, made when it is first asked for. */
static qg_code make_members(const qg_gang *g)
{
    struct qg_mpi *m = g->par->mpi;
    MPI_Group world, own;
    if (m->members != MPI_COMM_NULL && m->members_of == g->number)
        return QG_OK;
    if (m->members != MPI_COMM_NULL)
        QG_MPI(MPI_Comm_free(&m->members));
    QG_MPI(MPI_Comm_group(m->gangs, &world));
    QG_MPI(MPI_Group_incl(world, g->size, g->rank, &own));
    QG_MPI(MPI_Comm_create_group(m->gangs, own, tag_of(g), &m->members));
    QG_MPI(MPI_Comm_set_errhandler(m->members, MPI_ERRORS_RETURN));
    QG_MPI(MPI_Group_free(&own));
    QG_MPI(MPI_Group_free(&world));
    m->members_of = g->number;
    return QG_OK;
}

static qg_code sum(const qg_gang *g, float *block, size_t n)
{
    const size_t most = (size_t)1 << 28;
    QG_TRY(make_members(g));
    for (size_t at = 0; at < n; at += most)
        QG_MPI(MPI_Allreduce(MPI_IN_PLACE, block + at, (int)(n - at < most ? n - at : most),
                             MPI_FLOAT, MPI_SUM, g->par->mpi->members));
    return QG_OK;
}

qg_code qg_gang_sum_mpi(const qg_gang *g, float *block, size_t n)
{
    if (g->size == 1 || sum(g, block, n) == QG_OK)
        return QG_OK;
    qg_error why = *qg_error_last();
    return QG_FAIL(QG_ELOST, "%s", why.msg);
}
