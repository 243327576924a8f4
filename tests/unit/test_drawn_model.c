/*
 * test_drawn_model.c - parameters drawn anew in place of a model's own, part by part, and noise on
 * its word vectors: what a parameter-randomisation check looks at.
 */
#include "qt.h"

#include "qgrid/checkpoint.h"
#include "qgrid/explained_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2, C = 32, V = 100, K = 3, B = 3, T = 15, PARTS = LAYERS + 3 };
static const int32_t splits[B + 1] = {0, 4, 9, 15}, target[B] = {0, 2, 1};
static const int32_t ids[T] = {2, 17, 30, 3, 2, 5, 6, 99, 3, 2, 40, 41, 17, 8, 3};
static const qg_batch batch = {B, ids, splits};

static const char *folder(int seed)
{
    static char dir[2][512];
    char command[2048];
    const char *tools = getenv("QGRID_TOOLS");
    if (dir[seed][0])
        return dir[seed];
    snprintf(dir[seed], sizeof dir[seed], "%s", qt_tmp(seed ? "one" : "two"));
    snprintf(command, sizeof command,
             "'%s/random_model' --seed %d --layers 2 --hidden 32 --heads 4 --ffn 48 --vocab-size "
             "100 --positions 16 --scale 0.2 -o '%s'",
             tools ? tools : "build/release/tools", seed, dir[seed]);
    qt_eq("random_model", system(command), 0);
    return dir[seed];
}

typedef struct drawn {
    qg_explained_model *m;
    qg_explainable e;
} drawn;

static void start(drawn *d, int seed)
{
    qg_model_source src = {.dir = folder(seed)};
    qg_precision_spec s = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
    qg_explained_options o = {0};
    qt_ok(qg_explained_model_create(&d->m, &src, &s, &o));
    d->e = qg_explained_model_functions(d->m, NULL);
}

/* What a model says of the texts. */
typedef struct answer {
    float logits[B * K], words[T * C], dx[T * C];
    double value[B];
} answer;

static answer ask(const drawn *d)
{
    answer a;
    memset(&a, 0, sizeof a);
    qt_ok(d->e.logits(d->e.ctx, a.logits, &batch));
    qt_ok(d->e.embed(d->e.ctx, a.words, &batch, QG_EXPLAIN_WORD_EMBEDDINGS));
    qt_ok(d->e.gradient(d->e.ctx, a.value, a.dx, a.words, &batch, target, QG_EXPLAIN_LOGIT,
                        QG_EXPLAIN_WORD_EMBEDDINGS));
    return a;
}

static bool equal(const float *a, const float *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

static void each_part_changes_the_output_and_the_last_the_words(void **state)
{
    (void)state;
    drawn d;
    start(&d, 0);
    answer own = ask(&d), before = own;
    for (int part = 0; part < PARTS; part++) {
        qt_ok(qg_explained_model_draw_part(d.m, part, 9));
        answer now = ask(&d);
        assert_false(equal(now.logits, before.logits, B * K));
        qt_eq("words", equal(now.words, own.words, T * C), part + 1 < PARTS);
        before = now;
    }
    qg_explained_model_restore(d.m);
    answer again = ask(&d);
    qt_same("as it was read", &again, &own, 1, sizeof own);
    qg_explained_model_destroy(d.m);
}

/* Nothing of the model that there was is left; what is drawn depends on the seed alone. */
static void drawn_models_are_equal_whatever_they_were(void **state)
{
    (void)state;
    drawn a, b;
    start(&a, 0);
    start(&b, 1);
    answer x = ask(&a), y = ask(&b);
    assert_false(equal(x.logits, y.logits, B * K));
    for (int part = 0; part < PARTS; part++) {
        qt_ok(qg_explained_model_draw_part(a.m, part, 9));
        qt_ok(qg_explained_model_draw_part(b.m, PARTS - 1 - part, 9));
    }
    x = ask(&a);
    y = ask(&b);
    qt_same("all parts, in any order", &x, &y, 1, sizeof x);
    qt_ok(qg_explained_model_draw_part(b.m, 2, 10));
    y = ask(&b);
    assert_false(equal(x.logits, y.logits, B * K));
    qg_explained_model_destroy(a.m);
    qg_explained_model_destroy(b.m);
}

/* The initialisation of transformers: N(0, initializer_range), the classifier N(0, 0.02). */
static void what_is_drawn_is_what_a_new_model_has(void **state)
{
    (void)state;
    enum { ROWS = 40 }; /* of words, from 5 on */
    drawn d;
    start(&d, 0);
    int32_t id[ROWS + 1], one[ROWS + 2], place[ROWS + 1];
    float x[(ROWS + 1) * C];
    double sum = 0, square = 0;
    qg_arena *a = qg_arena_create(0);
    qg_config config;
    qt_ok(qg_config_load(&config, a, folder(0)));
    for (int i = 0; i <= ROWS; i++) {
        id[i] = i ? 4 + i : config.pad_id;
        one[i] = i;
        place[i] = 0;
    }
    one[ROWS + 1] = ROWS + 1;
    qg_batch rows = {ROWS + 1, id, one, place};
    qt_ok(qg_explained_model_draw_part(d.m, PARTS - 1, 9));
    qt_ok(d.e.embed(d.e.ctx, x, &rows, QG_EXPLAIN_WORD_EMBEDDINGS));
    for (int i = C; i < (ROWS + 1) * C; i++) {
        sum += (double)x[i];
        square += (double)x[i] * (double)x[i];
    }
    const double n = ROWS * C, sd = config.initializer_range;
    qt_close("mean", sum / n, 0, 0, 5 * sd / sqrt(n));
    qt_close("deviation", sqrt(square / n), sd, 5 / sqrt(2 * n), 0);
    for (int c = 0; c < C; c++)
        qt_close("padding", (double)x[c], 0, 0, 0);
    qg_arena_destroy(a);
    qg_explained_model_destroy(d.m);
}

static void noise_is_on_the_words_named(void **state)
{
    (void)state;
    static const int32_t some[] = {17, 40, 41, 17};
    drawn d;
    start(&d, 0);
    answer own = ask(&d);
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0.5, 3, 0));
    answer first = ask(&d);
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0.5, 3, 1));
    answer second = ask(&d);
    for (int i = 0; i < T; i++) {
        bool named = ids[i] == 17 || ids[i] == 40 || ids[i] == 41;
        qt_eq("moved", !equal(first.words + i * C, own.words + i * C, C), named);
        qt_eq("moved again", !equal(first.words + i * C, second.words + i * C, C), named);
    }
    assert_true(equal(first.words + C, first.words + 12 * C, C)); /* one token, one noise */
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0.5, 3, 0));
    answer again = ask(&d);
    qt_same("the first again", &again, &first, 1, sizeof again);
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0, 0, -1));
    again = ask(&d);
    qt_same("without", &again, &own, 1, sizeof again);
    /* a part that is drawn has no noise that was there */
    qt_ok(qg_explained_model_draw_part(d.m, 0, 9));
    own = ask(&d);
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0.5, 3, 0));
    qt_ok(qg_explained_model_draw_part(d.m, 0, 9));
    again = ask(&d);
    qt_same("drawn", &again, &own, 1, sizeof again);
    /* and a model that was restored takes noise as it did at first */
    qg_explained_model_restore(d.m);
    qt_ok(qg_explained_model_disturb(d.m, some, 4, 0.5, 3, 0));
    again = ask(&d);
    qt_same("restored", &again, &first, 1, sizeof again);
    qg_explained_model_destroy(d.m);
}

/* Of many numbers, with the word table's deviation as its unit. */
static void noise_has_the_size_that_is_said(void **state)
{
    (void)state;
    enum { ROWS = 90 };
    drawn d;
    start(&d, 0);
    int32_t id[V], one[V + 1], place[V] = {0};
    static float x[V * C], y[V * C];
    double mean = 0, table = 0, square = 0;
    for (int i = 0; i < V; i++) {
        id[i] = i;
        one[i + 1] = i + 1;
    }
    one[0] = 0;
    qg_batch rows = {V, id, one, place};
    qt_ok(d.e.embed(d.e.ctx, x, &rows, QG_EXPLAIN_WORD_EMBEDDINGS));
    qt_ok(qg_explained_model_disturb(d.m, id + 10, ROWS, 0.5, 3, 0));
    qt_ok(d.e.embed(d.e.ctx, y, &rows, QG_EXPLAIN_WORD_EMBEDDINGS));
    for (int i = 0; i < V * C; i++)
        mean += (double)x[i] / (V * C);
    for (int i = 0; i < V * C; i++) {
        table += ((double)x[i] - mean) * ((double)x[i] - mean) / (V * C);
        square += ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]) / (ROWS * C);
    }
    qt_close("deviation", sqrt(square), 0.5 * sqrt(table), 5 / sqrt(2.0 * ROWS * C), 0);
    qg_explained_model_destroy(d.m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_part_changes_the_output_and_the_last_the_words),
    cmocka_unit_test(drawn_models_are_equal_whatever_they_were),
    cmocka_unit_test(what_is_drawn_is_what_a_new_model_has),
    cmocka_unit_test(noise_is_on_the_words_named),
    cmocka_unit_test(noise_has_the_size_that_is_said),
};
QT_MAIN("drawn_model", tests)
