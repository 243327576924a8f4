/*
 * test_masking.c - the tokens that masked-language modelling predicts.
 */
#include "mlm_texts.h"

#include <math.h>

enum { TEXTS = 3000, LONGEST = 30 };

/* Masks texts [from, to) of a set as one leaf. */
static const qg_train_batch *masked(qg_leaf *leaf, const qg_train_set *set, int from, int to,
                                    const qg_mlm_masking *m, uint64_t step)
{
    int64_t index[TEXTS];
    for (int i = from; i < to; i++)
        index[i - from] = i;
    qt_ok(qg_leaf_gather(leaf, set, index, to - from));
    assert_null(leaf->batch.target);
    qg_mlm_masking_apply(leaf, m, step);
    return &leaf->batch;
}

static void masks_have_the_shares_of_bert(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_leaf leaf;
    qg_mlm_masking m = masking(8);
    qg_train_set set = texts(a, TEXTS, LONGEST);
    double candidates = 0, chosen = 0, mask = 0, same = 0, per_token[VOCAB] = {0}, all[VOCAB] = {0};
    qt_ok(qg_leaf_create(&leaf, a, TEXTS * (LONGEST + 2), TEXTS));
    const qg_train_batch *b = masked(&leaf, &set, 0, TEXTS, &m, 5);
    for (int t = 0; t < TEXTS; t++) {
        int n = 0, real = 0;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            real += set.ids[i] > MASK;
            all[set.ids[i]]++;
            if (b->target[i] < 0) {
                qt_eq("others stay", b->ids[i], set.ids[i]);
                continue;
            }
            qt_eq("target", b->target[i], set.ids[i]);
            assert_true(set.ids[i] > MASK && (b->ids[i] == MASK || b->ids[i] > MASK));
            per_token[set.ids[i]]++;
            mask += b->ids[i] == MASK;
            same += b->ids[i] == set.ids[i];
            n++;
        }
        int want = real == 0 ? 0 : (int)fmax(1, floor(0.15 * real + 0.5));
        qt_eq("chosen of a text", n, want);
        qt_eq("as announced", n,
              qg_mlm_masking_chosen(&m, set.ids + set.splits[t],
                                    (int)(set.splits[t + 1] - set.splits[t])));
        candidates += real;
        chosen += n;
    }
    int64_t index[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        index[i] = i;
    qt_close("weight of the batch", qg_mlm_masking_weight(&m, &set, index, TEXTS), chosen, 0, 0);
    qt_close("share", chosen / candidates, 0.15, 0.1, 0);
    qt_close("[MASK]", mask / chosen, 0.8, 0, 4 * sqrt(0.16 / chosen));
    double unchanged = 0.1 + 0.1 / (VOCAB - 5);
    qt_close("unchanged", same / chosen, unchanged, 0, 4 * sqrt(0.09 / chosen));
    for (int v = MASK + 1; v < VOCAB; v++)
        qt_close("any token alike", per_token[v] / all[v], chosen / candidates, 0,
                 5 * sqrt(0.13 / all[v]));
    qg_arena_destroy(a);
}

static void a_mask_depends_on_seed_step_and_sample_alone(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_leaf whole, part;
    qg_mlm_masking m = masking(8), other = masking(9);
    qg_train_set set = texts(a, 40, LONGEST);
    size_t room = 40 * (LONGEST + 2);
    qt_ok(qg_leaf_create(&whole, a, (int)room, 40));
    qt_ok(qg_leaf_create(&part, a, (int)room, 40));
    const qg_train_batch *b = masked(&whole, &set, 0, 40, &m, 5);
    for (int from = 0; from < 40; from += 7) {
        int to = from + 7 < 40 ? from + 7 : 40;
        const qg_train_batch *p = masked(&part, &set, from, to, &m, 5);
        size_t n = (size_t)p->splits[p->B], first = (size_t)set.splits[from];
        qt_same("ids", p->ids, b->ids + first, n, sizeof *p->ids);
        qt_same("targets", p->target, b->target + first, n, sizeof *p->target);
    }
    size_t bytes = (size_t)set.splits[40] * sizeof *b->target;
    assert_true(memcmp(masked(&part, &set, 0, 40, &m, 6)->target, b->target, bytes) != 0);
    assert_true(memcmp(masked(&part, &set, 0, 40, &other, 5)->target, b->target, bytes) != 0);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(masks_have_the_shares_of_bert),
    cmocka_unit_test(a_mask_depends_on_seed_step_and_sample_alone),
};
QT_MAIN("masking", tests)
