/*
 * test_perturb.c - units of a text, perturbed sequences, deduplication and batches, on a linear toy
 * that counts what it is asked.
 */
#include "text/wordpiece.h"
#include "qt.h"

#include "linear_toy.h"
#include "qgrid/perturb.h"
#include "qgrid/softmax.h"
#include "qgrid/tokenizer.h"

#include <string.h>

static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};

/* [CLS] aa bb1 bb2 cc aa [SEP]: four words, one of two pieces, one twice. */
static const int32_t ids[] = {2, 10, 11, 12, 13, 10, 3};
static const int32_t by_word[] = {-1, 0, 1, 1, 2, 3, -1};
static const qg_sample four = {.key = 7, .n = 7, .ids = ids, .unit = by_word, .units = 4};

typedef struct rig {
    qg_arena *a;
    linear_toy toy;
    qg_explainable model;
    qg_perturber *p;
} rig;

static void rig_start(rig *r, int max_tokens, int budget)
{
    r->a = qg_arena_create(0);
    r->model = linear_toy_make(&r->toy, 1);
    r->model.max_tokens = max_tokens;
    qt_ok(qg_perturber_make(&r->p, r->a, &r->model, specials, budget));
}

static int64_t add(rig *r, const char *present, qg_masking masking)
{
    uint8_t keep[16];
    int64_t slot;
    for (size_t i = 0; i < strlen(present); i++)
        keep[i] = present[i] == '1';
    qt_ok(qg_perturb_add(&slot, r->p, &four, keep, masking));
    return slot;
}

static double toy_logit(const rig *r, const int32_t *tokens, int n, int k)
{
    double sum = (double)r->toy.bias[k];
    for (int i = 0; i < n; i++)
        sum += linear_toy_term(&r->toy, tokens[i], k);
    return sum;
}

static void check(rig *r, int64_t slot, const int32_t *tokens, int n)
{
    for (int k = 0; k < TOY_CLASSES; k++)
        qt_close("logit", qg_perturb_value(r->p, slot, k, QG_EXPLAIN_LOGIT),
                 toy_logit(r, tokens, n, k), 0, 1e-12);
}

static void each_masking_puts_what_it_says(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 0);
    int64_t mask = add(&r, "1011", QG_MASKING_MASK), gone = add(&r, "1011", QG_MASKING_DELETE);
    int64_t pad = add(&r, "0011", QG_MASKING_PAD), unk = add(&r, "1000", QG_MASKING_UNK), all;
    int64_t none = add(&r, "0000", QG_MASKING_DELETE), hid = add(&r, "1011", QG_MASKING_HIDE);
    qt_ok(qg_perturb_add(&all, r.p, &four, NULL, QG_MASKING_DELETE));
    qt_ok(qg_perturb_run(r.p));
    check(&r, mask, (int32_t[]){2, 10, 4, 4, 13, 10, 3}, 7);
    check(&r, gone, (int32_t[]){2, 10, 13, 10, 3}, 5);
    check(&r, pad, (int32_t[]){2, 0, 0, 0, 13, 10, 3}, 7);
    check(&r, unk, (int32_t[]){2, 10, 1, 1, 1, 1, 3}, 7);
    check(&r, none, (int32_t[]){2, 3}, 2);
    check(&r, hid, (int32_t[]){2, 10, 13, 10, 3}, 5);
    check(&r, all, ids, 7);
    qg_arena_destroy(r.a);
}

static void probabilities_have_the_bits_of_softmax(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 0);
    int64_t slot = add(&r, "1101", QG_MASKING_MASK);
    qt_ok(qg_perturb_run(r.p));
    double p[TOY_CLASSES], got[TOY_CLASSES];
    qg_softmax(p, qg_perturb_logits(r.p, slot), TOY_CLASSES);
    for (int k = 0; k < TOY_CLASSES; k++)
        got[k] = qg_perturb_value(r.p, slot, k, QG_EXPLAIN_PROBABILITY);
    qt_same("probabilities", got, p, TOY_CLASSES, sizeof *p);
    qg_arena_destroy(r.a);
}

static void equal_sequences_are_scored_once(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 0);
    int64_t first = add(&r, "0111", QG_MASKING_MASK), other = add(&r, "1110", QG_MASKING_MASK);
    qt_eq("same mask, same slot", add(&r, "0111", QG_MASKING_MASK), first);
    assert_true(first != other);
    /* aa at both ends: without one of them the text is of the same length, but another */
    assert_true(add(&r, "0111", QG_MASKING_DELETE) != add(&r, "1110", QG_MASKING_DELETE));
    qt_eq("nothing absent: how it would be masked does not matter", add(&r, "1111", QG_MASKING_PAD),
          add(&r, "1111", QG_MASKING_DELETE));
    qt_ok(qg_perturb_run(r.p));
    qt_eq("texts", r.toy.texts, 5);
    qt_ok(qg_perturb_run(r.p));
    qt_eq("nothing new, nothing run", r.toy.texts, 5);
    qt_eq("known from before", add(&r, "1110", QG_MASKING_MASK), other);
    qg_perturb_counts c = qg_perturb_count(r.p);
    qt_eq("asked", c.asked, 8);
    qt_eq("distinct", c.distinct, 5);
    qt_eq("tokens", c.tokens, 7 + 7 + 6 + 6 + 7);
    qg_arena_destroy(r.a);
}

/* 2^12 subsets of 12 tokens: the table and the arrays grow several times. */
static void thousands_keep_apart_and_batches_stay_below_the_budget(void **state)
{
    (void)state;
    enum { UNITS = 12, SETS = 1 << UNITS, BUDGET = 100 };
    rig r;
    rig_start(&r, TOY_TOKENS, BUDGET);
    int32_t long_ids[UNITS + 2], unit[UNITS + 2];
    static int64_t slot[SETS];
    for (int i = 0; i < UNITS + 2; i++) {
        long_ids[i] = i == 0 ? 2 : i == UNITS + 1 ? 3 : 20 + i;
        unit[i] = i == 0 || i == UNITS + 1 ? -1 : i - 1;
    }
    qg_sample s = {.n = UNITS + 2, .ids = long_ids, .unit = unit, .units = UNITS};
    for (int set = 0; set < SETS; set++) {
        uint8_t keep[UNITS];
        for (int u = 0; u < UNITS; u++)
            keep[u] = (uint8_t)(set >> u & 1);
        qt_ok(qg_perturb_add(&slot[set], r.p, &s, keep, QG_MASKING_DELETE));
        qt_eq("slots in order", slot[set], set);
    }
    qt_ok(qg_perturb_run(r.p));
    assert_true(r.toy.most_tokens <= BUDGET && r.toy.most_tokens > BUDGET - UNITS - 2);
    qt_eq("batches", r.toy.calls, qg_perturb_count(r.p).batches);
    for (int set = 0; set < SETS; set++) {
        double want = toy_logit(&r, (int32_t[]){2, 3}, 2, 1);
        for (int u = 0; u < UNITS; u++)
            want += set >> u & 1 ? linear_toy_term(&r.toy, 21 + u, 1) : 0;
        qt_close("logit", qg_perturb_value(r.p, slot[set], 1, QG_EXPLAIN_LOGIT), want, 0, 1e-12);
    }
    qg_arena_destroy(r.a);
}

static void a_text_longer_than_the_budget_goes_alone(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 3);
    int64_t a = add(&r, "0111", QG_MASKING_MASK), b = add(&r, "1111", QG_MASKING_MASK);
    qt_ok(qg_perturb_run(r.p));
    qt_eq("calls", r.toy.calls, 2);
    check(&r, a, (int32_t[]){2, 4, 11, 12, 13, 10, 3}, 7);
    check(&r, b, ids, 7);
    qg_arena_destroy(r.a);
}

static void nothing_left_and_too_long_are_errors(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, 6, 0);
    int64_t slot;
    uint8_t none[4] = {0};
    int32_t bare_unit[] = {0, 1};
    qg_sample bare = {.n = 2, .ids = ids + 1, .unit = bare_unit, .units = 2};
    qt_fails(qg_perturb_add(&slot, r.p, &bare, none, QG_MASKING_DELETE), QG_EMODEL, "nothing",
             NULL);
    qt_fails(qg_perturb_add(&slot, r.p, &four, NULL, QG_MASKING_MASK), QG_EMODEL, "7 tokens", "6",
             NULL);
    qt_ok(qg_perturb_add(&slot, r.p, &four, none, QG_MASKING_DELETE));
    qt_eq("a refused sequence takes no slot", slot, 0);
    qg_arena_destroy(r.a);
}

static void a_failed_batch_can_be_run_again(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 7);
    int64_t a = add(&r, "0111", QG_MASKING_MASK), b = add(&r, "1111", QG_MASKING_MASK);
    r.toy.fail_at = 2;
    qt_fails(qg_perturb_run(r.p), QG_ELOST, "told to fail", NULL);
    qt_ok(qg_perturb_run(r.p));
    qt_eq("the first batch was kept", r.toy.calls, 3);
    check(&r, a, (int32_t[]){2, 4, 11, 12, 13, 10, 3}, 7);
    check(&r, b, ids, 7);
    qg_arena_destroy(r.a);
}

/* ------------------------------------------------------------------------------------ places */

/* A model of the places of the tokens: logit 0 is the sum of 2^place, logit 1 that of the ids. */
typedef struct ruler {
    rig r;
    int calls_with_places;
} ruler;

static qg_code measure(void *ctx, float *logits, const qg_batch *b)
{
    ruler *m = ctx;
    m->calls_with_places += b->positions != NULL;
    for (int t = 0; t < b->B; t++) {
        int64_t places = 0, sum = 0;
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            places += (int64_t)1 << (b->positions ? b->positions[i] : i - b->splits[t]);
            sum += b->ids[i];
        }
        logits[2 * t] = (float)places;
        logits[2 * t + 1] = (float)sum;
    }
    return QG_OK;
}

static void ruler_start(ruler *m, int max_tokens, int budget)
{
    m->calls_with_places = 0;
    m->r.a = qg_arena_create(0);
    m->r.model =
        (qg_explainable){.ctx = m, .classes = 2, .max_tokens = max_tokens, .logits = measure};
    qt_ok(qg_perturber_make(&m->r.p, m->r.a, &m->r.model, specials, budget));
}

static long long places(const ruler *m, int64_t slot)
{
    return (long long)qg_perturb_value(m->r.p, slot, 0, QG_EXPLAIN_LOGIT);
}

static void hidden_tokens_leave_their_places_empty(void **state)
{
    (void)state;
    ruler m;
    ruler_start(&m, 7, 0);
    int64_t before = add(&m.r, "1011", QG_MASKING_DELETE);
    qt_ok(qg_perturb_run(m.r.p));
    qt_eq("places that say nothing are not given", m.calls_with_places, 0);
    int64_t hid = add(&m.r, "1011", QG_MASKING_HIDE), none = add(&m.r, "0000", QG_MASKING_HIDE);
    int64_t masked = add(&m.r, "1011", QG_MASKING_MASK),
            after = add(&m.r, "0011", QG_MASKING_DELETE);
    qt_ok(qg_perturb_run(m.r.p));
    qt_eq("places are given", m.calls_with_places, 1);
    qt_eq("moved up", places(&m, before), 0x1f);
    qt_eq("kept", places(&m, hid), 0x73);
    qt_eq("the specials stay", places(&m, none), 0x41);
    qt_eq("masked", places(&m, masked), 0x7f);
    qt_eq("moved up", places(&m, after), 0xf);
    qt_close("the same tokens", qg_perturb_value(m.r.p, hid, 1, QG_EXPLAIN_LOGIT),
             qg_perturb_value(m.r.p, before, 1, QG_EXPLAIN_LOGIT), 0, 0);
    qg_arena_destroy(m.r.a);
}

static void equal_sequences_at_other_places_are_others(void **state)
{
    (void)state;
    ruler m;
    ruler_start(&m, 7, 0);
    int64_t plain = add(&m.r, "1111", QG_MASKING_MASK);
    int64_t moved = add(&m.r, "1101", QG_MASKING_DELETE);
    qt_eq("nothing hidden, before places are kept", add(&m.r, "1111", QG_MASKING_HIDE), plain);
    qt_eq("and after", add(&m.r, "1111", QG_MASKING_DELETE), plain);
    qt_eq("known from before", add(&m.r, "1101", QG_MASKING_DELETE), moved);
    int64_t hid = add(&m.r, "1101", QG_MASKING_HIDE);
    assert_true(hid != moved);
    qt_eq("hidden again", add(&m.r, "1101", QG_MASKING_HIDE), hid);
    int32_t twice[] = {10, 10}, unit[] = {0, 1};
    qg_sample two = {.n = 2, .ids = twice, .unit = unit, .units = 2};
    int64_t first, second, one;
    qt_ok(qg_perturb_add(&first, m.r.p, &two, (uint8_t[]){1, 0}, QG_MASKING_HIDE));
    qt_ok(qg_perturb_add(&second, m.r.p, &two, (uint8_t[]){0, 1}, QG_MASKING_HIDE));
    qt_ok(qg_perturb_add(&one, m.r.p, &two, (uint8_t[]){0, 1}, QG_MASKING_DELETE));
    assert_true(first != second);
    qt_eq("what is hidden at the end leaves no gap", one, first);
    qt_ok(qg_perturb_run(m.r.p));
    qt_eq("places", places(&m, first), 1);
    qt_eq("places", places(&m, second), 2);
    qt_eq("distinct", qg_perturb_count(m.r.p).distinct, 5);
    qg_arena_destroy(m.r.a);
}

/* 2^12 - 1 subsets of the same word twelve times: only places tell them apart. */
static void thousands_of_places_keep_apart(void **state)
{
    (void)state;
    enum { UNITS = 12, SETS = 1 << UNITS };
    ruler m;
    ruler_start(&m, UNITS, 100);
    int32_t word[UNITS], unit[UNITS];
    for (int i = 0; i < UNITS; i++) {
        word[i] = 10;
        unit[i] = i;
    }
    qg_sample s = {.n = UNITS, .ids = word, .unit = unit, .units = UNITS};
    for (int set = 1; set < SETS; set++) {
        uint8_t keep[UNITS];
        int64_t slot;
        for (int u = 0; u < UNITS; u++)
            keep[u] = (uint8_t)(set >> u & 1);
        qt_ok(qg_perturb_add(&slot, m.r.p, &s, keep, QG_MASKING_HIDE));
        qt_eq("slots in order", slot, set - 1);
    }
    qt_ok(qg_perturb_run(m.r.p));
    for (int set = 1; set < SETS; set++)
        qt_eq("places", places(&m, set - 1), set);
    qg_arena_destroy(m.r.a);
}

static void a_place_beyond_the_model_is_an_error(void **state)
{
    (void)state;
    ruler m;
    int64_t slot;
    ruler_start(&m, 6, 0);
    qt_fails(qg_perturb_add(&slot, m.r.p, &four, (uint8_t[]){1, 0, 1, 1}, QG_MASKING_HIDE),
             QG_EMODEL, "7 tokens", "6", NULL);
    qt_eq("five tokens that move up fit", add(&m.r, "1011", QG_MASKING_DELETE), 0);
    int32_t unit[] = {-1, 0, 1, 1, 2, 3, 3};
    qg_sample loose = {.n = 7, .ids = ids, .unit = unit, .units = 4};
    qt_ok(qg_perturb_add(&slot, m.r.p, &loose, (uint8_t[]){1, 0, 1, 0}, QG_MASKING_HIDE));
    qt_ok(qg_perturb_run(m.r.p));
    qt_eq("so do hidden ones at the end", places(&m, slot), 0x13);
    qg_arena_destroy(m.r.a);
}

/* ------------------------------------------------------------------------------------ memory */

static qg_code ask_some(qg_arena *a, void *ctx)
{
    rig *r = ctx;
    qg_perturber *p;
    QG_TRY(qg_perturber_make(&p, a, &r->model, specials, 0));
    for (int set = 0; set < 16; set++) {
        uint8_t keep[4] = {set & 1, set >> 1 & 1, set >> 2 & 1, set >> 3 & 1};
        int64_t slot;
        QG_TRY(qg_perturb_add(&slot, p, &four, keep, set < 8 ? QG_MASKING_MASK : QG_MASKING_HIDE));
    }
    return qg_perturb_run(p);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    rig r;
    rig_start(&r, TOY_TOKENS, 0);
    qt_torture(ask_some, &r);
    qg_arena_destroy(r.a);
}

/* ------------------------------------------------------------------------------------- units */

static qg_encoding encode(qg_arena *a, const char *text, int max_length)
{
    static const char vocab[] =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nbagus\nsekali\ntidak\n##nya\nrumah\n!\n,\n_\n";
    qg_tokenizer *t;
    qg_encoding e;
    const char *path = qt_tmp("vocab.txt");
    qt_write(path, vocab, sizeof vocab - 1);
    qt_ok(qg_wordpiece_make(&t, a, path, true, -1));
    qt_ok(qg_tokenizer_encode(&e, t, a, text, strlen(text), max_length));
    qt_ok(qg_encoding_forms(&e, a, text, strlen(text)));
    return e;
}

static void check_units(const qg_sample *s, const int32_t *want, int n, int units)
{
    qt_eq("tokens", s->n, n);
    qt_eq("units", s->units, units);
    for (int i = 0; i < n; i++)
        qt_eq("unit", s->unit[i], want[i]);
}

static void words_tokens_and_distinct_words_with_spans(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    /* [CLS] bagus rumah ##nya bagus ! [SEP] */
    qg_encoding e = encode(a, "bagus rumahnya  bagus !", 0);
    qg_sample s;
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_WORD, 5));
    check_units(&s, (int32_t[]){-1, 0, 1, 1, 2, 3, -1}, 7, 4);
    qt_eq("span", s.span[1].start, 6);
    qt_eq("span", s.span[1].end, 14);
    qt_eq("span", s.span[2].byte_start, 16);
    qt_eq("key", (long long)s.key, 5);
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_TOKEN, 5));
    check_units(&s, (int32_t[]){-1, 0, 1, 2, 3, 4, -1}, 7, 5);
    qt_eq("span", s.span[2].start, 11);
    qt_eq("span", s.span[2].end, 14);
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_DISTINCT_WORD, 5));
    check_units(&s, (int32_t[]){-1, 0, 1, 1, 0, 2, -1}, 7, 3);
    qt_eq("the first place", s.span[0].start, 0);
    qt_eq("span", s.span[2].start, 22);
    double token[7];
    qg_scores_of_tokens(token, (double[]){1, 2, 3}, &s);
    qt_close_f64("per token", token, (double[]){0, 1, 2, 2, 1, 3, 0}, 7, 0, 0);
    qg_arena_destroy(a);
}

static void a_word_and_its_beginning_are_two_words(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_encoding e = encode(a, "rumah rumahnya rumah", 0);
    qg_sample s;
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_DISTINCT_WORD, 0));
    check_units(&s, (int32_t[]){-1, 0, 1, 1, 0, -1}, 6, 2);
    qg_arena_destroy(a);
}

/* What is unknown has one id, and what is lower-cased loses its case: the string tells them apart.
 */
static void words_are_distinct_by_their_strings(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_encoding e = encode(a, "Bagus xx yy bagus xx \u00e9 e\u0301 bagus", 0);
    qg_sample s;
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_DISTINCT_WORD, 0));
    check_units(&s, (int32_t[]){-1, 0, 1, 2, 3, 1, 4, 5, 3, -1}, 10, 6);
    qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_WORD, 0));
    qt_eq("places", s.units, 8);
    qg_arena_destroy(a);
}

/* What lies between runs of word characters is never touched; cut words have no units. */
static void runs_of_word_characters_are_distinct(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int max_length, n, units;
        int32_t unit[12];
    } cases[] = {
        /* bagus , bagus ! sekali _ tidak , */
        {"bagus,bagus! sekali_tidak ,", 0, 10, 2, {-1, 0, -1, 0, -1, 1, 1, 1, -1, -1}},
        {"rumahnya !bagus,rumahnya", 0, 9, 2, {-1, 0, 0, -1, 1, -1, 0, 0, -1}},
        {"rumahnya rumah,bagus", 5, 5, 2, {-1, 0, 0, 1, -1}},
        {"! , !", 0, 5, 0, {-1, -1, -1, -1, -1}},
        /* one unknown token touches two runs, and one a run and what is none */
        {"xx\u2603yy xx\u2603 yy xx yy\u0301", 0, 7, 2, {-1, 0, 0, 1, 0, 1, -1}},
        {"\u2603xx ! 12 1\u00b2 1\u00b2", 0, 7, 3, {-1, 0, -1, 1, 2, 2, -1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        qg_arena *a = qg_arena_create(0);
        qg_encoding e = encode(a, cases[i].text, cases[i].max_length);
        qg_sample s;
        qt_ok(qg_sample_make(&s, a, &e, QG_FEATURE_DISTINCT_RUN, 0));
        qt_eq(cases[i].text, s.n, cases[i].n);
        check_units(&s, cases[i].unit, cases[i].n, cases[i].units);
        qg_arena_destroy(a);
    }
}

/* Without a text ids tell words apart, and each is a run. */
static void ids_alone_have_forms(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_encoding e = encode(a, "rumah rumahnya xx rumahnya yy rumah", 0);
    static const int32_t want[] = {-1, 0, 1, 1, 2, 1, 1, 2, 0, -1};
    qt_ok(qg_encoding_forms(&e, a, NULL, 0));
    qt_same("words", e.word_form, want, 10, sizeof *want);
    qt_same("runs", e.run_form, want, 10, sizeof *want);
    qg_arena_destroy(a);
}

static void empty_and_truncated_texts(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_sample s;
    qg_encoding empty = encode(a, "  ", 0), cut = encode(a, "bagus sekali tidak bagus", 4);
    qt_ok(qg_sample_make(&s, a, &empty, QG_FEATURE_WORD, 0));
    check_units(&s, (int32_t[]){-1, -1}, 2, 0);
    qt_ok(qg_sample_make(&s, a, &cut, QG_FEATURE_WORD, 0));
    check_units(&s, (int32_t[]){-1, 0, 1, -1}, 4, 2);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_masking_puts_what_it_says),
    cmocka_unit_test(probabilities_have_the_bits_of_softmax),
    cmocka_unit_test(equal_sequences_are_scored_once),
    cmocka_unit_test(thousands_keep_apart_and_batches_stay_below_the_budget),
    cmocka_unit_test(a_text_longer_than_the_budget_goes_alone),
    cmocka_unit_test(nothing_left_and_too_long_are_errors),
    cmocka_unit_test(a_failed_batch_can_be_run_again),
    cmocka_unit_test(hidden_tokens_leave_their_places_empty),
    cmocka_unit_test(equal_sequences_at_other_places_are_others),
    cmocka_unit_test(thousands_of_places_keep_apart),
    cmocka_unit_test(a_place_beyond_the_model_is_an_error),
    cmocka_unit_test(memory_that_runs_out_is_an_error),
    cmocka_unit_test(words_tokens_and_distinct_words_with_spans),
    cmocka_unit_test(a_word_and_its_beginning_are_two_words),
    cmocka_unit_test(words_are_distinct_by_their_strings),
    cmocka_unit_test(runs_of_word_characters_are_distinct),
    cmocka_unit_test(ids_alone_have_forms),
    cmocka_unit_test(empty_and_truncated_texts),
};

QT_MAIN("perturb", tests)
