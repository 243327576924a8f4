/*
 * test_method.c - the registry of methods: what a job may say about them, canonical texts, errors.
 */
#include "qt.h"

#include "qgrid/method.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

typedef struct reader {
    qg_arena *a;
    qg_json_doc doc;
    qg_problems problems;
    qg_method_spec spec;
} reader;

static qg_code read_text(reader *r, const char *text)
{
    r->problems = (qg_problems){.arena = r->a};
    qt_ok(qg_json_parse(&r->doc, r->a, "job.json", text, strlen(text)));
    const qg_json *list = qg_json_get(r->doc.root, "methods");
    return qg_method_spec_read(&r->spec, &r->doc, list->child, &r->problems);
}

static reader reader_start(void)
{
    return (reader){.a = qg_arena_create(0)};
}

/* The text of a job with one method. */
static const char *job_of(reader *r, const char *entry)
{
    return qg_arena_printf(r->a, "{\"methods\": [%s]}", entry);
}

static void good(reader *r, const char *entry)
{
    qt_ok(read_text(r, job_of(r, entry)));
    qt_eq("problems", r->problems.n, 0);
}

/* Every row is complete, and names are unique. */
static void methods_are_registered_in_full(void **state)
{
    (void)state;
    int n = 0;
    for (const qg_method *const *m = qg_methods; *m; m++, n++) {
        assert_ptr_equal(qg_method_find((*m)->name), *m);
        assert_true(strlen((*m)->summary) > 10 && strlen((*m)->paper) > 10);
        assert_true((*m)->explain && (*m)->cost && (*m)->options && (*m)->size > 0);
        for (const qg_opt *o = (*m)->options; o->key; o++) {
            assert_true(o->help && strlen(o->help) > 3);
            assert_true(o->offset < (*m)->size);
            assert_true(o->type == QG_OPT_ENUM || o->min < o->max);
        }
    }
    qt_eq("methods", n, 14);
    assert_null(qg_method_find("lim"));
}

static void a_name_alone_has_all_defaults(void **state)
{
    (void)state;
    reader r = reader_start();
    for (const qg_method *const *m = qg_methods; *m; m++) {
        char entry[100];
        qg_method_spec name;
        snprintf(entry, sizeof entry, "\"%s\"", (*m)->name);
        good(&r, entry);
        name = r.spec;
        assert_string_equal(name.name, (*m)->name);
        assert_ptr_equal(name.method, *m);
        snprintf(entry, sizeof entry, "{\"name\": \"x\", \"method\": \"%s\"}", (*m)->name);
        good(&r, entry);
        assert_string_equal(r.spec.name, "x");
        assert_string_equal(r.spec.canonical, name.canonical);
        qt_same("options", r.spec.options, name.options, (*m)->size, 1);
    }
    good(&r, "\"lime\"");
    assert_string_equal(
        r.spec.canonical,
        "{\"method\":\"lime\",\"samples\":1000,\"features\":0,\"selection\":\"auto\","
        "\"kernel_width\":25,\"ridge\":1,\"output\":\"probability\",\"masking\":\"delete\","
        "\"unit\":\"distinct_word\",\"aggregation\":\"sum\"}");
    good(&r, "\"integrated_gradients\"");
    assert_string_equal(
        r.spec.canonical,
        "{\"method\":\"integrated_gradients\",\"rule\":\"gausslegendre\",\"steps\":50,"
        "\"tolerance\":0,\"most_steps\":1600,\"baseline\":\"pad\",\"output\":\"logit\","
        "\"layer\":\"word_embeddings\",\"aggregation\":\"sum\"}");
    qg_arena_destroy(r.a);
}

/* The largest number, the last name: nothing that is a default. */
static void add_extreme(qg_str *s, const qg_opt *o)
{
    int last = 0;
    qg_str_addf(s, ",\"%s\":", o->key);
    while (o->names && o->names[last + 1])
        last++;
    if (o->type == QG_OPT_ENUM)
        qg_str_addf(s, "\"%s\"", o->names[last]);
    else
        qg_str_addf(s, "%.17g", o->max);
}

static void every_option_goes_to_text_and_back(void **state)
{
    (void)state;
    reader r = reader_start();
    for (const qg_method *const *m = qg_methods; *m; m++) {
        qg_str text = {0};
        qg_method_spec back;
        qg_str_addf(&text, "{\"method\":\"%s\"", (*m)->name);
        for (const qg_opt *o = (*m)->options; o->key; o++)
            add_extreme(&text, o);
        qg_str_add(&text, "}");
        qt_ok(qg_str_status(&text));
        good(&r, text.data);
        assert_string_equal(r.spec.canonical, text.data);
        qt_ok(qg_method_spec_parse(&back, r.a, r.spec.canonical));
        assert_string_equal(back.canonical, text.data);
        assert_string_equal(back.name, (*m)->name);
        assert_ptr_equal(back.method, *m);
        qt_same("options", back.options, r.spec.options, (*m)->size, 1);
        qg_str_fini(&text);
    }
    qg_arena_destroy(r.a);
}

static void the_canonical_text_leaves_out_names_and_order(void **state)
{
    (void)state;
    reader r = reader_start();
    good(&r, "{\"unit\": \"token\", \"name\": \"my\", \"method\": \"random\", \"sigma\": 0.1}");
    const char *want = "{\"method\":\"random\",\"sigma\":0.10000000000000001,\"unit\":\"token\","
                       "\"aggregation\":\"sum\"}";
    assert_string_equal(r.spec.name, "my");
    assert_string_equal(r.spec.canonical, want);
    good(&r, "{\"sigma\": 1e-1, \"method\": \"random\", \"unit\": \"token\"}");
    assert_string_equal(r.spec.name, "random");
    assert_string_equal(r.spec.canonical, want);
    qg_arena_destroy(r.a);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *place, *says;
    } bad[] = {
        {"\"lim\"", "/methods/0", "there is no method 'lim', did you mean 'lime'"},
        {"\"xyzzyxyzzy\"", "/methods/0",
         "known are: integrated_gradients, sequential_integrated_gradients, "},
        {"7", "/methods/0", "found a number, the name of a method is expected"},
        {"[\"lime\"]", "/methods/0", "found an array"},
        {"{}", "/methods/0", "key 'method' is missing"},
        {"{\"samples\": 5}", "/methods/0", "key 'method' is missing"},
        {"{\"method\": 3}", "/methods/0/method", "found a number"},
        {"{\"method\": \"limee\"}", "/methods/0/method", "did you mean 'lime'"},
        {"{\"method\": \"lime\", \"sample\": 5}", "/methods/0/sample",
         "unknown key 'sample', did you mean 'samples'?"},
        {"{\"method\": \"random\", \"steps\": 5}", "/methods/0/steps",
         "known are: name, method, sigma, unit, aggregation"},
        {"{\"method\": \"lime\", \"samples\": 1}", "/methods/0/samples",
         "1 is outside [2, 1000000]"},
        {"{\"method\": \"lime\", \"samples\": 2.5}", "/methods/0/samples", "found a fraction"},
        {"{\"method\": \"lime\", \"kernel_width\": 0}", "/methods/0/kernel_width", "is outside"},
        {"{\"method\": \"lime\", \"unit\": \"words\"}", "/methods/0/unit",
         "'words' is not one of: word, token, distinct_word"},
        {"{\"method\": \"lime\", \"name\": 5}", "/methods/0/name", "a string is expected"},
        {"{\"method\": \"integrated_gradients\", \"rule\": \"trapezoid\", \"steps\": 1}",
         "/methods/0", "\"rule\" trapezoid needs at least 2 \"steps\""},
        {"{\"method\": \"integrated_gradients\", \"tolerance\": 0.1, \"most_steps\": 20}",
         "/methods/0", "\"most_steps\" 20 is less than \"steps\" 50"},
        {"{\"method\": \"sequential_integrated_gradients\", \"rule\": \"trapezoid\", \"steps\": 1}",
         "/methods/0", "\"rule\" trapezoid needs at least 2 \"steps\""},
        {"{\"method\": \"expected_gradients\", \"reference\": \"zero\"}", "/methods/0/reference",
         "'zero' is not one of: vocabulary, text, mask, pad"},
        {"{\"method\": \"occlusion\", \"window\": 2, \"stride\": 3}", "/methods/0",
         "\"stride\" 3 is more than \"window\" 2"},
        {"{\"method\": \"kernel_shap\", \"exact_units\": 17}", "/methods/0/exact_units",
         "17 is outside [0, 16]"},
        {"{\"method\": \"smoothgrad\", \"score\": \"l1\"}", "/methods/0/score",
         "gradient_x_input, l2"},
    };
    reader r = reader_start();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qt_eq(bad[i].entry, read_text(&r, job_of(&r, bad[i].entry)), QG_EJOB);
        qt_eq("problems", r.problems.n, 1);
        const qg_error *e = &r.problems.item[0];
        qt_eq("code", e->code, QG_EJOB);
        assert_string_equal(e->field, bad[i].place);
        assert_string_equal(e->path, "job.json");
        assert_true(e->line == 1 && e->column > 1);
        if (!strstr(e->msg, bad[i].says))
            fail_msg("%s: '%s' lacks '%s'", bad[i].entry, e->msg, bad[i].says);
    }
    qg_arena_destroy(r.a);
}

static void all_mistakes_are_collected(void **state)
{
    (void)state;
    reader r = reader_start();
    const char *job = job_of(&r, "{\"method\": \"lime\", \"samples\": 0, \"units\": 1, \"ridge\": "
                                 "-1, \"selection\": true}");
    qt_eq("code", read_text(&r, job), QG_EJOB);
    qt_eq("problems", r.problems.n, 4);
    assert_string_equal(r.problems.item[3].field, "/methods/0/selection");
    qg_arena_destroy(r.a);
}

/* A damaged text that was sent or stored. */
static void a_text_that_is_no_method_is_refused(void **state)
{
    (void)state;
    reader r = reader_start();
    qg_method_spec s;
    qt_fails(qg_method_spec_parse(&s, r.a, "{\"method\":"), QG_EFORMAT, NULL);
    qt_fails(qg_method_spec_parse(&s, r.a, "{\"method\":\"lime\",\"samples\":0,\"x\":1}"), QG_EJOB,
             "/samples", "outside", NULL);
    qt_fails(qg_method_spec_parse(&s, r.a, "{\"method\":\"gone\"}"), QG_EJOB, "no method 'gone'",
             NULL);
    qg_arena_destroy(r.a);
}

static qg_code read_and_parse(qg_arena *a, void *ctx)
{
    qg_method_spec s, back;
    qg_json_doc doc;
    qg_problems problems = {.arena = a};
    const char *text = ctx;
    QG_TRY(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    QG_TRY(qg_method_spec_read(&s, &doc, doc.root, &problems));
    return qg_method_spec_parse(&back, a, s.canonical);
}

static void memory_may_end_while_reading(void **state)
{
    (void)state;
    char text[] = "{\"method\": \"occlusion\", \"name\": \"o\", \"window\": 3}";
    qt_torture(read_and_parse, text);
}

/* What is known without a text: nodes of a path, draws, windows. */
static void costs_are_forward_passes(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        int words;
        double cost;
    } known[] = {
        {"\"gradient_x_input\"", 7, 3},
        {"\"attn_lrp\"", 7, 3},
        {"{\"method\": \"integrated_gradients\", \"steps\": 30}", 7, 92},
        {"{\"method\": \"smoothgrad\", \"draws\": 10}", 7, 31},
        {"{\"method\": \"sequential_integrated_gradients\", \"steps\": 5}", 7, 113},
        {"{\"method\": \"expected_gradients\", \"draws\": 10}", 7, 41},
        {"\"occlusion\"", 7, 9},
        {"\"lime\"", 30, 1001},
        {"\"lime\"", 3, 8},
        {"\"kernel_shap\"", 9, 512},
        {"\"kernel_shap\"", 30, 1002},
        {"\"shap\"", 100, 500},
        {"\"attention_rollout\"", 7, 1},
        {"\"random\"", 7, 0},
    };
    reader r = reader_start();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        good(&r, known[i].entry);
        qt_close(known[i].entry, r.spec.method->cost(r.spec.options, known[i].words), known[i].cost,
                 0, 1e-9);
    }
    for (const qg_method *const *m = qg_methods; *m; m++) {
        qt_ok(read_text(&r, qg_arena_printf(r.a, "{\"methods\": [\"%s\"]}", (*m)->name)));
        double none = (*m)->cost(r.spec.options, 0), many = (*m)->cost(r.spec.options, 100000);
        assert_true(none >= 0 && isfinite(many) && many >= none);
    }
    qg_arena_destroy(r.a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(methods_are_registered_in_full),
    cmocka_unit_test(a_name_alone_has_all_defaults),
    cmocka_unit_test(every_option_goes_to_text_and_back),
    cmocka_unit_test(the_canonical_text_leaves_out_names_and_order),
    cmocka_unit_test(mistakes_are_named_with_their_place),
    cmocka_unit_test(all_mistakes_are_collected),
    cmocka_unit_test(a_text_that_is_no_method_is_refused),
    cmocka_unit_test(memory_may_end_while_reading),
    cmocka_unit_test(costs_are_forward_passes),
};
QT_MAIN("methods", tests)
