/*
 * test_mixed.c - a model of which a part is under another precision: the parts of a family's
 * table, and that mixed models give the bits of the models that they are mixed from.
 */
#include "qt.h"

#include "qgrid/explained_model.h"
#include "qgrid/mixed.h"
#include "qgrid/precision.h"
#include "units/shared_layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, C = 32, K = 3, B = 3, T = 15, LINEARS = 6 * LAYERS + 2, KINDS = 8 };
enum { PARTS = 2 + (LAYERS + 2) + KINDS + LINEARS };
static const int32_t splits[B + 1] = {0, 4, 9, 15};
static const int32_t ids[T] = {2, 17, 30, 3, 2, 5, 6, 99, 3, 2, 40, 41, 17, 8, 3};
static const qg_batch batch = {.B = B, .ids = ids, .splits = splits};

static const char *folder(void)
{
    static char dir[512];
    char command[2048];
    const char *tools = getenv("QGRID_TOOLS");
    if (dir[0])
        return dir;
    snprintf(dir, sizeof dir, "%s", qt_tmp("model"));
    snprintf(command, sizeof command,
             "'%s/random_model' --seed 5 --layers 3 --hidden 32 --heads 4 --ffn 48 --vocab-size "
             "100 --positions 16 --scale 0.2 -o '%s'",
             tools ? tools : "build/release/tools", dir);
    qt_eq("random_model", system(command), 0);
    return dir;
}

static qg_model *opened(const qg_precision *p, int embeddings)
{
    qg_model_source src = {.dir = folder()};
    qg_precision_spec s = qg_precision_plain(p);
    qg_model *m;
    char packed[600];
    snprintf(packed, sizeof packed, "%s-%s-%d", folder(), qg_precision_name(p), embeddings);
    if (embeddings >= 0)
        s.embeddings = embeddings;
    if (!qg_is_packed(packed))
        qt_ok(qg_model_pack(&src, &s, packed));
    qt_ok(qg_model_open(&m, packed));
    return m;
}

/* Two models of one checkpoint, mixed. */
typedef struct rig {
    qg_arena *arena;
    qg_model *fp32, *other, *mixed;
    qg_model_part *part;
    int n;
} rig;

static void start(rig *r, const qg_precision *p, int embeddings)
{
    r->arena = qg_arena_create(0);
    r->fp32 = opened(qg_precision_find("fp32"), -1);
    r->other = opened(p, embeddings);
    qt_ok(qg_model_mix(&r->mixed, r->fp32, r->other));
    qt_ok(qg_model_parts(&r->part, &r->n, r->arena, qg_model_config(r->fp32)));
}

static void stop(rig *r)
{
    qg_model_close(r->mixed);
    qg_model_close(r->other);
    qg_model_close(r->fp32);
    qg_arena_destroy(r->arena);
}

typedef struct answer {
    float logits[B * K], hidden[(LAYERS + 1) * T * C];
} answer;

static answer ask(qg_model *m)
{
    answer a;
    qg_capture capture = {.hidden = a.hidden};
    qt_ok(qg_model_forward(a.logits, m, &batch, &capture));
    return a;
}

static const qg_model_part *named(const rig *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->part[i].name, name) == 0)
            return &r->part[i];
    fail_msg("there is no part '%s'", name);
    return NULL;
}

static void parts_are_those_of_the_table(void **state)
{
    (void)state;
    rig r;
    start(&r, qg_precision_find("int8"), -1);
    qt_eq("parts", r.n, PARTS);
    qt_eq("counted", qg_model_part_count(qg_model_config(r.fp32)), PARTS);
    static const struct {
        int at;
        const char *name;
        qg_model_part_kind kind;
        int layer, first;
        bool embeddings;
    } want[] = {
        {0, "nothing", QG_MODEL_PART_whole, QG_OUTSIDE, LAYERS, false},
        {1, "all", QG_MODEL_PART_whole, QG_OUTSIDE, 0, true},
        {2, "embeddings", QG_MODEL_PART_block, QG_OUTSIDE, 0, true},
        {4, "layer 1", QG_MODEL_PART_block, 1, 1, false},
        {6, "head", QG_MODEL_PART_block, QG_OUTSIDE, LAYERS, false},
        {7, "query", QG_MODEL_PART_kind, QG_OUTSIDE, 0, false},
        {10, "attention_output", QG_MODEL_PART_kind, QG_OUTSIDE, 0, false},
        {14, "classifier", QG_MODEL_PART_kind, QG_OUTSIDE, LAYERS, false},
        {15, "bert.encoder.layer.0.attention.self.query", QG_MODEL_PART_linear, 0, 0, false},
        {PARTS - 3, "bert.encoder.layer.2.output.dense", QG_MODEL_PART_linear, 2, 2, false},
        {PARTS - 1, "classifier", QG_MODEL_PART_linear, QG_OUTSIDE, LAYERS, false},
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const qg_model_part *p = &r.part[want[i].at];
        assert_string_equal(p->name, want[i].name);
        qt_eq(p->name, p->kind, want[i].kind);
        qt_eq(p->name, p->layer, want[i].layer);
        qt_eq(p->name, p->first, want[i].first);
        qt_eq(p->name, p->embeddings, want[i].embeddings);
    }
    stop(&r);
}

/* Blocks have each module once, and so have Linear layers and kinds the Linear ones. */
static void parts_of_a_kind_cover_the_model_once(void **state)
{
    (void)state;
    rig r;
    qg_module *m;
    int n;
    start(&r, qg_precision_find("int8"), -1);
    qt_ok(qg_modules_of(&m, &n, r.arena, qg_model_config(r.fp32), QG_OBJECTIVE_CLASSIFICATION));
    for (int i = 0; i < n; i++) {
        int times[QG_MODEL_PART_KINDS] = {0};
        int linear = m[i].kind == QG_MODULE_LINEAR;
        for (int k = 0; k < r.n; k++)
            times[r.part[k].kind] += r.part[k].takes[i];
        qt_eq("whole", times[QG_MODEL_PART_whole], 1);
        qt_eq("block", times[QG_MODEL_PART_block], 1);
        qt_eq("kind", times[QG_MODEL_PART_kind], linear);
        qt_eq("linear", times[QG_MODEL_PART_linear], linear);
    }
    stop(&r);
}

/* Of every precision that there is, int8 with 8-bit tables, too. */
static void all_is_the_other_model_and_nothing_is_fp32(void **state)
{
    (void)state;
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        for (int embeddings = -1; embeddings <= (int)QG_EMBED_INT8; embeddings += 3) {
            rig r;
            start(&r, *p, embeddings);
            answer fp32 = ask(r.fp32), other = ask(r.other);
            answer first = ask(r.mixed); /* takes nothing as long as nobody says so */
            qg_model_take_part(r.mixed, named(&r, "all"));
            answer all = ask(r.mixed);
            qg_model_take_part(r.mixed, named(&r, "nothing"));
            answer nothing = ask(r.mixed);
            qt_same("before", &first, &fp32, 1, sizeof first);
            qt_same("all", &all, &other, 1, sizeof all);
            qt_same("nothing", &nothing, &fp32, 1, sizeof nothing);
            stop(&r);
        }
}

/* Where a layer is the only one under the precision, what goes into it is fp32's, and what comes
 * out is what the precision's own layer makes of that. */
static void a_block_is_the_other_models_layer_on_states_of_fp32(void **state)
{
    (void)state;
    for (const qg_precision *const *p = qg_precisions; *p; p++) {
        rig r;
        start(&r, *p, -1);
        answer fp32 = ask(r.fp32);
        size_t one = (size_t)T * C;
        for (int l = 0; l < LAYERS; l++) {
            float last[B * K];
            char name[32];
            snprintf(name, sizeof name, "layer %d", l);
            qg_model_take_part(r.mixed, named(&r, name));
            answer mixed = ask(r.mixed);
            qt_same("below", mixed.hidden, fp32.hidden, (size_t)(l + 1) * one, sizeof(float));
            /* fp32 from its output on */
            qt_ok(qg_model_forward_from(last, r.fp32, &batch, l + 1,
                                        mixed.hidden + (size_t)(l + 1) * one));
            qt_same("above", last, mixed.logits, B * K, sizeof(float));
        }
        stop(&r);
    }
}

/* The whole pass, and one from states of fp32 below the part on: of every part and precision. */
static void shared_lower_layers_give_the_bits_of_the_whole_pass(void **state)
{
    (void)state;
    for (const qg_precision *const *p = qg_precisions; *p; p++) {
        rig r;
        start(&r, *p, -1);
        answer fp32 = ask(r.fp32);
        for (int i = 0; i < r.n; i++) {
            const qg_model_part *part = &r.part[i];
            float shared[B * K];
            qg_model_take_part(r.mixed, part);
            answer whole = ask(r.mixed);
            if (part->embeddings)
                continue;
            qt_ok(qg_model_forward_from(shared, r.mixed, &batch, part->first,
                                        fp32.hidden + (size_t)part->first * T * C));
            qt_same(part->name, shared, whole.logits, B * K, sizeof(float));
        }
        stop(&r);
    }
}

/* What is rounded shows: under int4 each Linear layer's part gives logits of its own, unlike fp32's
 * and unlike each other's. */
static void each_linear_layer_alone_changes_the_logits(void **state)
{
    (void)state;
    rig r;
    float seen[LINEARS + 1][B * K];
    int n = 0;
    start(&r, qg_precision_find("int4"), -1);
    memcpy(seen[n++], ask(r.fp32).logits, sizeof seen[0]);
    for (int i = 0; i < r.n; i++) {
        if (r.part[i].kind != QG_MODEL_PART_linear)
            continue;
        qg_model_take_part(r.mixed, &r.part[i]);
        memcpy(seen[n], ask(r.mixed).logits, sizeof seen[0]);
        for (int k = 0; k < n; k++)
            if (memcmp(seen[n], seen[k], sizeof seen[0]) == 0)
                fail_msg("%s gives what another part gives", r.part[i].name);
        n++;
    }
    qt_eq("Linear layers", n, LINEARS + 1);
    stop(&r);
}

/* What the model that is differentiated says. */
typedef struct gradients {
    float logits[B * K], words[T * C], dx[T * C];
    double value[B];
} gradients;

static qg_explained_model *explained(const qg_precision *p)
{
    qg_model_source src = {.dir = folder()};
    qg_precision_spec s = qg_precision_plain(p);
    qg_explained_options o = {0};
    qg_explained_model *m;
    qt_ok(qg_explained_model_create(&m, &src, &s, &o));
    return m;
}

static gradients differentiate(qg_explained_model *m)
{
    static const int32_t target[B] = {0, 2, 1};
    qg_explainable e = qg_explained_model_functions(m, NULL);
    gradients g;
    memset(&g, 0, sizeof g);
    qt_ok(e.logits(e.ctx, g.logits, &batch));
    qt_ok(e.embed(e.ctx, g.words, &batch, QG_EXPLAIN_WORD_EMBEDDINGS));
    qt_ok(e.gradient(e.ctx, g.value, g.dx, g.words, &batch, target, QG_EXPLAIN_LOGIT,
                     QG_EXPLAIN_WORD_EMBEDDINGS));
    return g;
}

static void gradients_of_all_and_nothing_are_those_of_the_models(void **state)
{
    (void)state;
    for (const qg_precision *const *p = qg_precisions; *p; p++) {
        rig r;
        start(&r, *p, -1);
        qg_explained_model *fp32 = explained(qg_precision_find("fp32")), *m = explained(*p);
        gradients want = differentiate(fp32), own = differentiate(m), got;
        qt_ok(qg_explained_model_take_part(m, named(&r, "nothing")));
        got = differentiate(m);
        qt_same("nothing", &got, &want, 1, sizeof got);
        qt_ok(qg_explained_model_take_part(m, named(&r, "value")));
        qt_ok(qg_explained_model_take_part(m, named(&r, "all")));
        got = differentiate(m);
        qt_same("all", &got, &own, 1, sizeof got);
        qt_ok(qg_explained_model_take_part(m, named(&r, "layer 1")));
        qt_ok(qg_explained_model_take_part(m, NULL));
        got = differentiate(m);
        qt_same("as it was", &got, &own, 1, sizeof got);
        qg_explained_model_destroy(m);
        qg_explained_model_destroy(fp32);
        stop(&r);
    }
}

static double distance(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < B * K; i++)
        sum += fabs((double)a[i] - (double)b[i]);
    return sum;
}

/* Part by part the model that is differentiated is the one that is deployed: much nearer to it than
 * that is to fp32. */
static void gradients_are_those_of_the_mixed_model(void **state)
{
    (void)state;
    static const char *const names[] = {"int8", "int8_tensor", "int4", "int4_g32_a8", "bf16_a16"};
    int seen = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        rig r;
        start(&r, qg_precision_find(names[i]), -1);
        qg_explained_model *m = explained(qg_precision_find(names[i]));
        answer fp32 = ask(r.fp32);
        for (int k = 0; k < r.n; k++) {
            qg_model_take_part(r.mixed, &r.part[k]);
            qt_ok(qg_explained_model_take_part(m, &r.part[k]));
            answer deployed = ask(r.mixed);
            gradients got = differentiate(m);
            double moved = distance(deployed.logits, fp32.logits);
            double apart = distance(got.logits, deployed.logits);
            seen += moved > 1e-3;
            if (apart > 1e-4 && apart > 0.2 * moved)
                fail_msg("%s of %s: %g from what is deployed, which is %g from fp32",
                         r.part[k].name, names[i], apart, moved);
        }
        qg_explained_model_destroy(m);
        stop(&r);
    }
    assert_true(seen > 60);
}

/* What a method asks of every part in the same order, and once something else. */
static void kept_states_give_the_bits_of_the_whole_pass(void **state)
{
    (void)state;
    static const int32_t swapped[T] = {2, 30, 17, 3, 2, 6, 5, 99, 3, 2, 41, 40, 17, 8, 3};
    static const int32_t places[T] = {0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 1, 2, 4, 5, 6};
    const qg_batch asked[] = {batch,
                              {.B = 2, .ids = ids, .splits = splits},
                              {.B = B, .ids = swapped, .splits = splits},
                              {.B = B, .ids = ids, .splits = splits, .positions = places}};
    enum { ASKED = sizeof asked / sizeof asked[0] };
    rig r;
    qg_shared_layers shared;
    start(&r, qg_precision_find("int4_g32_a8"), -1);
    qt_ok(qg_shared_layers_make(&shared, r.fp32, r.mixed));
    qg_explainable e = qg_explainable_of_model(r.mixed);
    qg_shared_layers_use(&e, &shared);
    for (int i = 0; i < r.n; i++) {
        qg_shared_layers_take(&shared, &r.part[i]);
        for (int k = 0; k < ASKED; k++) {
            /* one part has another order than the one before it */
            const qg_batch *b = &asked[i % 7 == 6 ? ASKED - 1 - k : k];
            float got[B * K], want[B * K];
            qt_ok(e.logits(e.ctx, got, b));
            qt_ok(qg_model_forward(want, r.mixed, b, NULL));
            qt_same(r.part[i].name, got, want, (size_t)(b->B * K), sizeof(float));
        }
        qt_eq("kept batches", shared.n, ASKED);
    }
    qg_shared_layers_destroy(&shared);
    stop(&r);
}

/* A pass that failed is run again whole, and did not fail then: what it was given was wrong. */
static void states_that_are_no_numbers_are_an_error(void **state)
{
    (void)state;
    rig r;
    float logits[B * K], *x;
    start(&r, qg_precision_find("int8"), -1);
    x = qg_arena_alloc(r.arena, T * C, sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < T * C; i++)
        x[i] = NAN;
    qg_model_take_part(r.mixed, named(&r, "layer 2"));
    qg_code rc = qg_model_forward_from(logits, r.mixed, &batch, 2, x);
    qt_eq("a pass from states that are no numbers", rc, QG_EBUG);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_those_of_the_table),
        cmocka_unit_test(parts_of_a_kind_cover_the_model_once),
        cmocka_unit_test(all_is_the_other_model_and_nothing_is_fp32),
        cmocka_unit_test(a_block_is_the_other_models_layer_on_states_of_fp32),
        cmocka_unit_test(shared_lower_layers_give_the_bits_of_the_whole_pass),
        cmocka_unit_test(each_linear_layer_alone_changes_the_logits),
        cmocka_unit_test(gradients_of_all_and_nothing_are_those_of_the_models),
        cmocka_unit_test(gradients_are_those_of_the_mixed_model),
        cmocka_unit_test(kept_states_give_the_bits_of_the_whole_pass),
        cmocka_unit_test(states_that_are_no_numbers_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
