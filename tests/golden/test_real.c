/*
 * test_real.c - encoders that others fine-tuned: token ids of the Rust tokenizers, and logits of
 * two models under the precisions that quantize weights only, by numpy in double precision.
 *
 * They are other people's files, so they are read from ../shared/real, where they are. The folder
 * holds a model of six emotions, and the encoder, pooler and classifier of one of two sentiments,
 * which has the first one's embeddings.
 */
#include "golden_model.h"

#include "qgrid/file.h"
#include "qgrid/softmax.h"
#include "qgrid/str.h"
#include "qgrid/tokenizer.h"
#include "qgrid/weights.h"

static const qg_json *reference(qg_arena *a)
{
    return qt_json(a, qt_shared("real/model/reference.json"));
}

static void token_ids_equal_those_of_tokenizers(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_tokenizer *tokenizer;
    const qg_json *f = reference(a), *text = need(f, "texts")->child;
    texts want = read_texts(a, need(f, "ids"), NULL);
    qt_eq("texts", need(f, "texts")->count, want.n);
    qt_ok(qg_tokenizer_load(&tokenizer, a, qt_shared("real/model")));
    for (int i = 0; i < want.n; i++, text = text->next) {
        qg_encoding e;
        int n = want.splits[i + 1] - want.splits[i];
        qt_ok(qg_tokenizer_encode(&e, tokenizer, a, text->string, strlen(text->string), 512));
        qt_eq(text->string, e.n, n);
        qt_same(text->string, e.ids, want.ids + want.splits[i], (size_t)n, sizeof *e.ids);
    }
    qg_arena_destroy(a);
}

static void logits_equal_numpy(qg_arena *a, const char *dir, const char *name)
{
    const qg_json *f = reference(a), *all = need(need(f, "logits"), name);
    texts t = read_texts(a, need(f, "ids"), NULL);
    int count = t.n;
    assert_true(all->count > 0);
    if (slow_kernels()) /* they give the same bits: kernel.h */
        t.n = 6;
    for (const qg_json *p = all->child; p; p = p->next) {
        size_t n;
        double *want = qt_numbers(a, p, &n);
        /* By numpy the weights of Linear layers alone are rounded. */
        qg_precision_spec spec = qg_precision_plain(qg_precision_find(p->key));
        spec.embeddings = spec.vectors = QG_EMBED_FP32;
        qg_model *m = open_model_under(dir, &spec);
        int K = qg_model_config(m)->classes;
        qt_eq("logits", (long long)n, count * K);
        float *got = run(a, m, &t, false);
        for (int i = 0; i < t.n * K; i++)
            qt_close(p->key, (double)got[i], want[i], 0, 5e-5);
        for (int i = 0; i < t.n; i++)
            qt_eq("label", qg_argmax_f32(got + i * K, K), argmax(want + (size_t)(i * K), K));
        qg_model_close(m);
    }
}

static void logits_of_emotions_equal_numpy(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    logits_equal_numpy(a, qt_shared("real/model"), "model");
    qg_arena_destroy(a);
}

/* The checkpoint with all tensors of another one in place of those of the same name. */
static void write_weights(qg_arena *a, const char *path)
{
    qg_weights *base, *other;
    qt_ok(qg_weights_open(&base, qt_shared("real/model/model.safetensors")));
    qt_ok(qg_weights_open(&other, qt_shared("real/model/sst2_encoder.safetensors")));
    int n = qg_weights_count(base), replaced = 0;
    qg_tensor *t = qg_arena_alloc(a, (size_t)n, sizeof *t);
    for (int i = 0; i < n; i++) {
        const qg_tensor *b = qg_weights_at(base, i), *o = qg_weights_find(other, b->name);
        t[i] = o ? *o : *b;
        replaced += o != NULL;
    }
    qt_eq("replaced", replaced, qg_weights_count(other));
    qt_ok(qg_safetensors_write(path, t, n, NULL));
    qg_weights_close(base);
    qg_weights_close(other);
}

/* The configuration up to its labels, which come last, and two others. */
static void write_config(qg_arena *a, const char *path)
{
    qg_json_doc d;
    qg_str s = {0};
    qt_ok(qg_json_load(&d, a, qt_shared("real/model/config.json"), (size_t)1 << 20));
    qg_str_addn(&s, d.text, need(d.root, "id2label")->offset);
    qg_str_add(&s, "\"id2label\": {\"0\": \"negative\", \"1\": \"positive\"}}");
    qt_write(path, s.data, s.len);
    qg_str_fini(&s);
}

static void logits_of_sentiments_equal_numpy(void **state)
{
    (void)state;
    static const char *const same[] = {"vocab.txt", "tokenizer_config.json"};
    char dir[512], path[600], from[64];
    qg_arena *a = qg_arena_create(0);
    snprintf(dir, sizeof dir, "%s", qt_tmp("sentiments"));
    qt_ok(qg_mkdirs(dir));
    for (int i = 0; i < 2; i++) {
        snprintf(from, sizeof from, "real/model/%s", same[i]);
        snprintf(path, sizeof path, "%s/%s", dir, same[i]);
        qt_ok(qg_file_copy(path, qt_shared(from)));
    }
    snprintf(path, sizeof path, "%s/config.json", dir);
    write_config(a, path);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    write_weights(a, path);
    logits_equal_numpy(a, dir, "model_sst2");
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(token_ids_equal_those_of_tokenizers),
    cmocka_unit_test(logits_of_emotions_equal_numpy),
    cmocka_unit_test(logits_of_sentiments_equal_numpy),
};
QT_MAIN("real models", tests)
