/*
 * test_family.c - every family of the registry: its table against the files that are written and
 * read by it.
 */
#include "qt.h"

#include "nn/forward/model_internal.h"

#include "qgrid/checkpoint.h"
#include "qgrid/file.h"
#include "qgrid/random_model.h"
#include "qgrid/train.h"

#include <string.h>

/* Sizes that are all different, so that no shape is right by chance. */
static qg_config small(const qg_family *f)
{
    static const char *const labels[] = {"a", "b", "c", NULL};
    qg_config c = {.family = f,
                   .classes = 3,
                   .labels = labels,
                   .activation = QG_ACT_GELU,
                   .layer_norm_eps = 1e-6,
                   .initializer_range = 0.05};
    int next = 17;
    for (const qg_config_size *s = f->sizes; s->option; s++)
        *qg_config_size_at(&c, s) = next++;
    c.layers = 3;
    c.heads = 2;
    c.hidden = 36;
    return c;
}

/* The folder of a drawn model. */
static const char *draw(const qg_config *c, bool with_classifier)
{
    static char dir[600];
    qg_str s = {0};
    char path[700];
    snprintf(dir, sizeof dir, "%s%d", qt_tmp(c->family->name), with_classifier);
    qt_ok(qg_mkdirs(dir));
    snprintf(path, sizeof path, "%s/config.json", dir);
    qg_config_text(&s, c, false);
    qt_ok(qg_file_write(path, s.data, s.len));
    qg_str_fini(&s);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    qt_ok(qg_random_model_weights(path, c, with_classifier, 3));
    return dir;
}

static int count(const char *const *names)
{
    int n = 0;
    while (names[n])
        n++;
    return n;
}

static void names_of_families_are_unique(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++) {
        assert_ptr_equal(qg_family_find((*f)->name), *f);
        assert_true(count((*f)->model_types) > 0);
        for (const qg_family *const *g = qg_families; *g; g++)
            for (int i = 0; i < count((*f)->model_types); i++)
                for (int k = 0; k < count((*g)->model_types); k++)
                    qt_eq((*f)->model_types[i],
                          strcmp((*f)->model_types[i], (*g)->model_types[k]) == 0,
                          *f == *g && i == k);
    }
    assert_null(qg_family_find("no such family"));
}

static void the_table_is_the_file_of_a_drawn_model(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++) {
        qg_config c = small(*f);
        qg_arena *a = qg_arena_create(0);
        qg_weights *w;
        qg_module *m;
        int n, tensors = 0;
        int64_t numbers = 0;
        qt_ok(qg_weights_open(&w, draw(&c, true)));
        qt_ok(qg_modules_of(&m, &n, a, &c, QG_OBJECTIVE_CLASSIFICATION));
        for (int i = 0; i < n; i++) {
            qg_parameter p[2];
            int parts = qg_module_parameters(p, &m[i]);
            for (int k = 0; k < parts; k++, tensors++) {
                const qg_tensor *t = qg_weights_find(w, p[k].name);
                if (!t)
                    fail_msg("%s: the file lacks %s", (*f)->name, p[k].name);
                qt_eq(p[k].name, t->ndim, p[k].dims);
                qt_eq(p[k].name, t->shape[0], p[k].rows);
                qt_eq(p[k].name, p[k].dims > 1 ? t->shape[1] : 1, p[k].columns);
                numbers += qg_tensor_count(t);
            }
        }
        qt_eq("tensors of the file", qg_weights_count(w), tensors);
        qt_eq("numbers", qg_parameter_count(&c), numbers);
        qg_weights_close(w);
        qg_arena_destroy(a);
    }
}

static void a_module_has_one_name_and_one_role_in_its_layer(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++)
        for (int o = 0; o < QG_OBJECTIVES; o++) {
            qg_config c = small(*f);
            qg_arena *a = qg_arena_create(0);
            qg_module *m;
            int n, linears = 0;
            qt_ok(qg_modules_of(&m, &n, a, &c, (qg_objective)o));
            for (int i = 0; i < n; i++) {
                linears += m[i].kind == QG_MODULE_LINEAR;
                qt_eq(m[i].name, m[i].layer != QG_OUTSIDE, m[i].part == QG_PART_LAYERS);
                assert_null(strchr(m[i].name, '*'));
                for (int k = 0; k < i; k++) {
                    assert_string_not_equal(m[i].name, m[k].name);
                    assert_false(m[i].role == m[k].role && m[i].layer == m[k].layer);
                }
                if (qg_roles[m[i].role].joined) {
                    qt_eq(m[i].name, m[i].rows, m[i - 1].rows);
                    qt_eq(m[i].name, m[i].columns, m[i - 1].columns);
                    qt_eq(m[i].name, m[i].layer, m[i - 1].layer);
                }
            }
            if (o == QG_OBJECTIVE_CLASSIFICATION)
                qt_eq("Linear layers", qg_linear_count(&c), linears);
            qg_arena_destroy(a);
        }
}

static void what_config_json_says_is_read_back(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++) {
        qg_config c = small(*f), back;
        qg_arena *a = qg_arena_create(0);
        qt_ok(qg_config_load(&back, a, draw(&c, true)));
        assert_ptr_equal(back.family, *f);
        for (const qg_config_size *s = (*f)->sizes; s->option; s++)
            qt_eq(s->key, *qg_config_size_at(&back, s), *qg_config_size_at(&c, s));
        qt_eq("activation", back.activation, c.activation);
        qt_close("eps", back.layer_norm_eps, c.layer_norm_eps, 0, 0);
        qt_close("initializer_range", back.initializer_range, c.initializer_range, 0, 0);
        for (int k = 0; k < c.classes; k++)
            assert_string_equal(back.labels[k], c.labels[k]);
        qg_arena_destroy(a);
    }
}

/* A place for every module, and the numbers that the file has. */
static void a_packed_model_has_every_module_in_its_place(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++) {
        qg_config c = small(*f);
        qg_model_source src = {.dir = draw(&c, true)};
        qg_precision_spec fp32 = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
        qg_arena *a = qg_arena_create(0);
        qg_checkpoint checkpoint;
        qg_model *model;
        qg_module *m;
        int n;
        char dir[700];
        snprintf(dir, sizeof dir, "%s/packed", src.dir);
        qt_ok(qg_model_pack(&src, &fp32, dir));
        qt_ok(qg_model_open(&model, dir));
        qt_eq("parameters", qg_model_parameters(model), qg_parameter_count(&c));
        qt_ok(qg_modules_of(&m, &n, a, &c, QG_OBJECTIVE_CLASSIFICATION));
        qt_ok(qg_checkpoint_open(&checkpoint, a, &src, &c));
        for (int i = 0; i < n; i++) {
            size_t size = (size_t)m[i].rows * (size_t)m[i].columns;
            float *want = qg_arena_alloc(a, size, sizeof *want);
            float *got = qg_arena_alloc(a, size, sizeof *got);
            const void *place = qg_model_place(model, &m[i]);
            qg_parameter weight = qg_module_weight(&m[i]);
            qt_ok(qg_checkpoint_read(want, &checkpoint, &weight));
            if (m[i].kind == QG_MODULE_LINEAR)
                qg_unpack_to_f32(got, place);
            else if (m[i].kind == QG_MODULE_TABLE)
                memcpy(got, ((const qg_table *)place)->data, size * sizeof *got);
            else
                memcpy(got, ((const qg_layer_norm *)place)->gamma, size * sizeof *got);
            qt_same(m[i].name, got, want, size, sizeof *got);
        }
        qg_checkpoint_close(&checkpoint);
        qg_model_close(model);
        qg_arena_destroy(a);
    }
}

static void the_block_of_training_holds_the_table(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++)
        for (int o = 0; o < QG_OBJECTIVES; o++) {
            qg_config c = small(*f);
            qg_arena *a = qg_arena_create(0);
            qg_params p;
            qg_module *m;
            int n, tensors = 0;
            qt_ok(o == QG_OBJECTIVE_MLM ? qg_params_plan_mlm(&p, a, &c)
                                        : qg_params_plan(&p, a, &c));
            qt_ok(qg_modules_of(&m, &n, a, &c, (qg_objective)o));
            for (int i = 0; i < n; i++) {
                qg_parameter part[2];
                int parts = qg_module_parameters(part, &m[i]);
                int at = qg_params_at(&p, m[i].role, m[i].layer);
                assert_string_equal(p.param[at].name, part[0].name);
                qt_eq(m[i].name, at >= p.head, m[i].part > QG_PART_LAYERS);
                for (int k = 0; k < parts; k++, tensors++) {
                    const qg_param *t = &p.param[qg_params_find(&p, part[k].name)];
                    qt_eq(t->name, t->rows, part[k].rows);
                    qt_eq(t->name, t->columns, part[k].columns);
                }
                if (m[i].kind != QG_MODULE_LINEAR)
                    continue;
                const qg_linear *l = &p.site[qg_params_site(&p, m[i].role, m[i].layer)];
                assert_true(at >= l->param && at < l->param + l->parts);
                qt_eq(m[i].name, l->k, m[i].columns);
            }
            qt_eq("tensors", p.n, tensors);
            qg_arena_destroy(a);
        }
}

static void an_unknown_model_type_is_refused_with_those_that_are_known(void **state)
{
    (void)state;
    static const char text[] = "{\"model_type\": \"gpt2\"}";
    qg_arena *a = qg_arena_create(0);
    qg_config c;
    qt_ok(qg_mkdirs(qt_tmp("other")));
    qt_write(qt_tmp("other/config.json"), text, sizeof text - 1);
    for (const qg_family *const *f = qg_families; *f; f++)
        for (int i = 0; i < count((*f)->model_types); i++)
            qt_fails(qg_config_load(&c, a, qt_tmp("other")), QG_EUNSUPPORTED, "gpt2",
                     (*f)->model_types[i], NULL);
    qg_arena_destroy(a);
}

static void a_checkpoint_without_classifier_says_how_to_draw_one(void **state)
{
    (void)state;
    for (const qg_family *const *f = qg_families; *f; f++) {
        qg_config c = small(*f);
        qg_arena *a = qg_arena_create(0);
        qg_model_source src = {.dir = draw(&c, false)};
        qg_params p;
        float *values;
        char dir[700];
        snprintf(dir, sizeof dir, "%s/packed", src.dir);
        qg_precision_spec fp32 = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
        qt_fails(qg_model_pack(&src, &fp32, dir), QG_EMODEL, "no classifier", "--head random",
                 NULL);
        src.random_head = true;
        qt_ok(qg_model_pack(&src, &fp32, dir));
        qt_ok(qg_params_load(&p, &values, a, &src, NULL, NULL));
        qg_arena_destroy(a);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_of_families_are_unique),
    cmocka_unit_test(the_table_is_the_file_of_a_drawn_model),
    cmocka_unit_test(a_module_has_one_name_and_one_role_in_its_layer),
    cmocka_unit_test(what_config_json_says_is_read_back),
    cmocka_unit_test(a_packed_model_has_every_module_in_its_place),
    cmocka_unit_test(the_block_of_training_holds_the_table),
    cmocka_unit_test(an_unknown_model_type_is_refused_with_those_that_are_known),
    cmocka_unit_test(a_checkpoint_without_classifier_says_how_to_draw_one),
};
QT_MAIN("family", tests)
