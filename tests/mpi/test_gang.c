/*
 * test_gang.c - messages among the members of a gang: intact, in the order of the tree, and apart
 * from those of a gang that has broken.
 */
#include "gang_rig.h"

#include "qgrid/clock.h"
#include "qgrid/rng.h"
#include "qgrid/optimizer.h"

#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20 };

static unsigned char byte_of(int from, size_t i)
{
    return (unsigned char)((size_t)from * 31 + i * 7 + i / 251);
}

static void exchange(const qg_gang *g, int peer, size_t out, size_t in)
{
    unsigned char *a = malloc(out + 1), *b = malloc(in + 1);
    assert_non_null(a);
    assert_non_null(b);
    for (size_t i = 0; i < out; i++)
        a[i] = byte_of(g->index, i);
    b[in] = 99;
    qt_ok(qg_gang_exchange(g, peer, a, out, b, in));
    for (size_t i = 0; i < in; i++)
        if (b[i] != byte_of(peer, i))
            fail_msg("byte %zu of %zu is wrong", i, in);
    qt_eq("nothing behind the end", b[in], 99);
    free(a);
    free(b);
}

static void members_exchange_bytes_of_any_number(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 4096, MIB - 1, MIB, MIB + 1, 9 * MIB + 13};
    enum { N = sizeof sizes / sizeof sizes[0] };
    (void)state;
    for (int size = 2; size <= 8; size *= 2) {
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        for (int distance = 1; distance < size; distance *= 2) {
            int peer = g.index ^ distance;
            for (size_t i = 0; i < N; i++) {
                exchange(&g, peer, sizes[i], sizes[i]);
                bool low = g.index < peer;
                exchange(&g, peer, sizes[low ? i : N - 1 - i], sizes[low ? N - 1 - i : i]);
            }
        }
    }
}

static float *random_block(int member, size_t n)
{
    qg_rng rng = qg_rng_make(5, "gang/block", (uint64_t)member);
    float *block = malloc(n * sizeof *block + 1);
    assert_non_null(block);
    for (size_t i = 0; i < n; i++)
        block[i] = (float)(qg_rng_normal(&rng) * (i % 5 == 0 ? 1e6 : 1));
    return block;
}

static void check_sum(const qg_gang *g, size_t count)
{
    float *all[8], *own = random_block(g->index, count);
    size_t starts[9];
    for (int i = 0; i <= g->size; i++)
        starts[i] = qg_slice_start(count, g->size, i);
    for (int i = 0; i < g->size; i++)
        all[i] = random_block(i, count);
    qg_tree_sum(all, g->size, 0, count);
    int mine = qg_gang_slice(g);
    qt_ok(qg_gang_reduce_scatter(g, own, starts, qg_tree_add));
    qt_same("slice", own + starts[mine], all[0] + starts[mine], starts[mine + 1] - starts[mine],
            sizeof *own);
    qt_ok(qg_gang_gather(g, own, starts, sizeof *own, QG_BY_SLICE));
    qt_same("block", own, all[0], count, sizeof *own);
    free(own);
    for (int i = 0; i < g->size; i++)
        free(all[i]);
}

static void sums_are_those_of_the_plain_tree(void **state)
{
    static const size_t counts[] = {1, 1000, 5 * QG_NORM_BLOCK + 17, 40 * QG_NORM_BLOCK - 1};
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_gang g;
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            if (gang_form(&g, size))
                check_sum(&g, counts[i]);
    }
}

static void slices_are_indexes_with_the_bits_reversed(void **state)
{
    static const int want[] = {0, 4, 2, 6, 1, 5, 3, 7};
    (void)state;
    for (int i = 0; i < 8; i++)
        qt_eq("slice", qg_gang_slice(&(qg_gang){.size = 8, .index = i}), want[i]);
    qt_eq("alone", qg_gang_slice(&qg_gang_alone), 0);
}

static void parts_of_any_length_are_gathered_by_member(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        static const size_t starts[] = {0, 3, 3, 4, 104, 105, 105, 205, 300};
        double block[300] = {0};
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        for (size_t i = starts[g.index]; i < starts[g.index + 1]; i++)
            block[i] = (double)i + 0.25;
        qt_ok(qg_gang_gather(&g, block, starts, sizeof block[0], QG_BY_MEMBER));
        for (size_t i = 0; i < starts[size]; i++)
            qt_close("element", block[i], (double)i + 0.25, 0, 0);
    }
}

/* Not commutative: shows who stands left. */
static void append(void *a, const void *b, void *ctx)
{
    (void)ctx;
    char *text = a;
    size_t n = strlen(text);
    memcpy(text + n, b, strlen(b) + 1);
}

static void reductions_join_in_the_order_of_members(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        char text[16] = "";
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        text[0] = (char)('a' + g.index);
        qt_ok(qg_gang_reduce(&g, text, sizeof text, append, NULL));
        assert_int_equal(strlen(text), size);
        assert_memory_equal(text, "abcdefgh", (size_t)size);
    }
}

static void members_agree_on_flags(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        uint32_t flags = 1u << g.index;
        qt_ok(qg_gang_agree(&g, QG_OK, &flags));
        qt_eq("flags", flags, (1 << size) - 1);
        qt_ok(qg_gang_agree(&g, QG_OK, NULL));
    }
}

static void an_error_of_one_reaches_all(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        uint32_t flags = 0;
        int bad = size - 1;
        qg_code rc = QG_OK;
        if (g.index == bad)
            rc = QG_FAIL_AT(QG_ENUMERIC, "texts.tsv", 7, 0, NULL, "the loss is nan");
        rc = qg_gang_agree(&g, rc, &flags);
        qt_fails(qg_gang_agree(&g, rc, &flags), QG_ENUMERIC, "texts.tsv:7", "the loss is nan",
                 NULL);
        if (g.index != bad)
            qt_eq("rank", qg_error_last()->rank, bad);
        qt_fails(qg_gang_agree(&g, QG_FAIL(QG_ELOST, "apart"), &flags), QG_ELOST, "apart", NULL);
    }
}

static double give_up_at;

static bool impatient(void *ctx)
{
    (void)ctx;
    return qg_clock() > give_up_at;
}

/* Member 1 sends a long message that member 0 never takes; 0 waits for one that never comes. */
static void a_gang_that_gives_up_leaves_nothing_for_the_next(void **state)
{
    enum { BYTES = 6 * MIB };
    qg_gang g;
    (void)state;
    for (int round = 0; round < 3; round++) {
        if (!gang_form(&g, 2))
            continue;
        char *data = calloc(BYTES, 1);
        assert_non_null(data);
        g.poll = impatient;
        give_up_at = qg_clock() + 0.05;
        qg_code rc = g.index ? qg_gang_exchange(&g, 0, data, BYTES, data, 0)
                             : qg_gang_exchange(&g, 1, data, 0, data, 1);
        free(data);
        /* Member 0 may have been handed the beginning of the message: one byte was expected. */
        qt_fails(rc, QG_ELOST, NULL);
        assert_true(qg_clock() - give_up_at < 100);
    }
    for (int size = 2; size <= 8; size *= 2)
        if (gang_form(&g, size))
            exchange(&g, g.index ^ 1, 3 * MIB + 1, 3 * MIB + 1);
}

static void mpi_sums_too(void **state)
{
    enum { N = 100001 };
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_gang g;
        float *all[8];
        for (int again = 0; again < 2; again++) {
            if (!gang_form(&g, size))
                continue;
            float *own = random_block(g.index, N);
            for (int i = 0; i < size; i++)
                all[i] = random_block(i, N);
            qg_tree_sum(all, size, 0, N);
            qt_ok(qg_gang_sum_mpi(&g, own, N));
            qt_close_f32("sum", own, all[0], N, 1e-5, 1);
            free(own);
            for (int i = 0; i < size; i++)
                free(all[i]);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_indexes_with_the_bits_reversed),
        cmocka_unit_test(members_exchange_bytes_of_any_number),
        cmocka_unit_test(sums_are_those_of_the_plain_tree),
        cmocka_unit_test(parts_of_any_length_are_gathered_by_member),
        cmocka_unit_test(reductions_join_in_the_order_of_members),
        cmocka_unit_test(members_agree_on_flags),
        cmocka_unit_test(an_error_of_one_reaches_all),
        cmocka_unit_test(a_gang_that_gives_up_leaves_nothing_for_the_next),
        cmocka_unit_test(mpi_sums_too),
    };
    return gang_main("gang", tests, sizeof tests / sizeof tests[0]);
}
