/*
 * test_random_model.c - the tool that makes Hugging Face folders with random weights.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SMALL "--layers 2 --hidden 32 --heads 4 --ffn 48 --vocab-size 500 --positions 16"

/* Runs the tool with the arguments; its standard error goes to `log`. Returns the exit status. */
static int run(const char *arguments, const char *log)
{
    char command[4096];
    const char *tools = getenv("QGRID_TOOLS");
    snprintf(command, sizeof command, "'%s/random_model' %s 2>'%s'",
             tools ? tools : "build/release/tools", arguments, log);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static qg_weights *make(const char *options, const char *name)
{
    char arguments[2048];
    qg_weights *w;
    const char *dir = qt_tmp(name);
    snprintf(arguments, sizeof arguments, "%s -o '%s'", options, dir);
    qt_eq("exit status", run(arguments, qt_tmp("log")), 0);
    qt_ok(qg_weights_open(&w, dir));
    return w;
}

static const char *text_of(qg_arena *a, const char *path)
{
    char *text;
    size_t size;
    qt_ok(qg_file_read(&text, &size, a, path, 1 << 20));
    return text;
}

static void moments(const qg_tensor *t, double *mean, double *std)
{
    const float *x = t->data;
    double sum = 0, sq = 0;
    int64_t n = qg_tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        sum += (double)x[i];
        sq += (double)x[i] * (double)x[i];
    }
    *mean = sum / (double)n;
    *std = sqrt(sq / (double)n);
}

static void weights_are_berts_initialisation(void **state)
{
    (void)state;
    double mean, std;
    qg_weights *w = make("--seed 42 " SMALL, "m1");
    qt_eq("tensors", qg_weights_count(w), 5 + 2 * 16 + 2 + 2);
    const qg_tensor *words = qg_weights_find(w, "bert.embeddings.word_embeddings.weight");
    const qg_tensor *up = qg_weights_find(w, "bert.encoder.layer.1.intermediate.dense.weight");
    assert_true(words && up);
    qt_eq("rows", up->shape[0], 48);
    qt_eq("columns", up->shape[1], 32);
    moments(words, &mean, &std);
    qt_close("mean", mean, 0, 0, 5e-4);
    qt_close("deviation", std, 0.02, 0.02, 0);
    for (int i = 0; i < 32; i++)
        qt_close("padding row", (double)((const float *)words->data)[i], 0, 0, 0);
    moments(qg_weights_find(w, "classifier.bias"), &mean, &std);
    qt_close("bias", std, 0, 0, 0);
    moments(qg_weights_find(w, "bert.encoder.layer.0.output.LayerNorm.weight"), &mean, &std);
    qt_close("gain", mean, 1, 0, 0);
    qt_close("gain", std, 1, 0, 0);
    qt_eq("classes", qg_weights_find(w, "classifier.weight")->shape[0], 3);
    qg_weights_close(w);
}

static void numbers_depend_on_seed_and_name_only(void **state)
{
    (void)state;
    static const char name[] = "bert.encoder.layer.1.output.dense.weight";
    qg_weights *a = make("--seed 42 " SMALL, "m2");
    qg_weights *b = make("--seed 42 --no-head --layers 3 --hidden 32 --heads 2 --ffn 48 "
                         "--vocab-size 7 --types 1",
                         "m3");
    qg_weights *c = make("--seed 43 " SMALL, "m4");
    const qg_tensor *t = qg_weights_find(a, name);
    qt_same("same seed", qg_weights_find(b, name)->data, t->data, t->bytes, 1);
    assert_memory_not_equal(qg_weights_find(c, name)->data, t->data, t->bytes);
    assert_memory_not_equal(qg_weights_find(a, "bert.encoder.layer.0.output.dense.weight")->data,
                            t->data, t->bytes);
    assert_null(qg_weights_find(b, "classifier.weight"));
    qg_weights_close(a);
    qg_weights_close(b);
    qg_weights_close(c);
}

static void the_folder_is_complete(void **state)
{
    (void)state;
    char options[2048];
    qg_arena *a = qg_arena_create(0);
    qt_write(qt_tmp("v.txt"), "[PAD]\n[UNK]\nsatu", 16);
    snprintf(options, sizeof options,
             "--seed 1 --layers 1 --hidden 8 --heads 2 --ffn 8 --positions 24 --labels yes,no "
             "--scale 0.5 --vocab '%s'",
             qt_tmp("v.txt"));
    qg_weights *w = make(options, "m5");
    qt_eq("vocabulary", qg_weights_find(w, "bert.embeddings.word_embeddings.weight")->shape[0], 3);
    qt_eq("classes", qg_weights_find(w, "classifier.weight")->shape[0], 2);
    qg_weights_close(w);
    assert_string_equal(text_of(a, qt_tmp("m5/vocab.txt")), "[PAD]\n[UNK]\nsatu");
    assert_non_null(
        strstr(text_of(a, qt_tmp("m5/tokenizer_config.json")), "\"model_max_length\": 24"));
    const qg_json *config = qt_json(a, qt_tmp("m5/config.json"));
    qt_close("vocab_size", qg_json_get(config, "vocab_size")->number, 3, 0, 0);
    qt_close("initializer_range", qg_json_get(config, "initializer_range")->number, 0.5, 0, 0);
    assert_string_equal(qg_json_get(qg_json_get(config, "id2label"), "1")->string, "no");

    /* The same from that config: copied as it stands, or with other labels. */
    snprintf(options, sizeof options, "--seed 1 --config '%s' --tokenizer-config '%s'",
             qt_tmp("m5/config.json"), qt_tmp("m5/tokenizer_config.json"));
    w = make(options, "m6");
    qg_weights_close(w);
    assert_string_equal(text_of(a, qt_tmp("m6/config.json")), text_of(a, qt_tmp("m5/config.json")));
    char one[QG_SHA256_HEX], two[QG_SHA256_HEX];
    qt_ok(qg_sha256_file(one, qt_tmp("m5/model.safetensors")));
    qt_ok(qg_sha256_file(two, qt_tmp("m6/model.safetensors")));
    assert_string_equal(one, two);
    snprintf(options, sizeof options, "--seed 1 --config '%s' --labels a,b,c",
             qt_tmp("m5/config.json"));
    w = make(options, "m7");
    qt_eq("classes", qg_weights_find(w, "classifier.weight")->shape[0], 3);
    qg_weights_close(w);
    config = qt_json(a, qt_tmp("m7/config.json"));
    qt_eq("labels", qg_json_get(config, "id2label")->count, 3);
    qt_close("hidden_size", qg_json_get(config, "hidden_size")->number, 8, 0, 0);
    qg_arena_destroy(a);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *piece;
    } bad[] = {
        {"", 2, "--seed N and -o DIR are needed"},
        {"--seed 1", 2, "--seed N and -o DIR are needed"},
        {"--seed x -o /tmp/no", 2, "--seed 'x' is not a whole number from 0"},
        {"--seed 1 --layers 0 -o /tmp/no", 2, "--layers '0' is not a whole number from 1 to 1024"},
        {"--seed 1 --hidden 10 --heads 3 -o /tmp/no", 2, "hidden size 10 is not a multiple of 3"},
        {"--seed 1 --scale -1 -o /tmp/no", 2, "--scale '-1' is not a number above 0"},
        {"--seed 1 --labels a,,b -o /tmp/no", 2, "--labels 'a,,b' is not a list"},
        {"--seed 1 -o /tmp/no more", 2, "unexpected argument 'more'"},
        {"--nonsense", 2, "random_model --help"},
        {"--seed 1 --config /no/config.json -o /tmp/no", 1, "/no/config.json: cannot open"},
        {"--seed 1 --layers 2 --config /dev/null -o /tmp/no", 1, "not a regular file"},
        {"--seed 1 --layers 1 --hidden 8 --heads 1 --ffn 8 -o /proc/no", 1, "cannot create folder"},
    };
    char log[600];
    qg_arena *a = qg_arena_create(0);
    snprintf(log, sizeof log, "%s", qt_tmp("log"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qt_eq(bad[i].arguments, run(bad[i].arguments, log), bad[i].status);
        if (!strstr(text_of(a, log), bad[i].piece))
            fail_msg("'%s' says: %s", bad[i].arguments, text_of(a, log));
    }
    qt_write(qt_tmp("bad.json"), "{\"hidden_size\": 1.5}", 20);
    char arguments[1024];
    snprintf(arguments, sizeof arguments, "--seed 1 -o /tmp/no --config '%s'", qt_tmp("bad.json"));
    qt_eq("status", run(arguments, log), 1);
    assert_non_null(
        strstr(text_of(a, log), "bad.json:1:2: /hidden_size: a whole number from 1 to"));
    qt_eq("help", run("--help >/dev/null", log), 0);
    assert_false(qg_dir_exists("/tmp/no"));
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(weights_are_berts_initialisation),
    cmocka_unit_test(numbers_depend_on_seed_and_name_only),
    cmocka_unit_test(the_folder_is_complete),
    cmocka_unit_test(wrong_arguments_are_refused),
};
QT_MAIN("random_model", tests)
