/*
 * study.c - a small study, computed in this process.
 */
#include "study.h"

#include "qgrid/file.h"
#include "qgrid/gang.h"
#include "qgrid/log.h"
#include "qgrid/random_model.h"
#include "qgrid/summaries.h"

#include <stdlib.h>
#include <string.h>

static const char config[] =
    "{\"model_type\": \"bert\", \"hidden_size\": 8, \"num_hidden_layers\": 1, "
    "\"num_attention_heads\": 2, \"intermediate_size\": 16, \"vocab_size\": 13, "
    "\"max_position_embeddings\": 16, \"type_vocab_size\": 2, \"layer_norm_eps\": 1e-12, "
    "\"hidden_act\": \"gelu\", \"id2label\": {\"0\": \"a\", \"1\": \"b\"}}";
static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##s\nfilm\nun\n##aff\n##able\nbagus\njelek\n";
static const char texts[] =
    "text,label\nfilm bagus,a\nfilm jelek,b\nun bagus a,a\njelek film un,b\n";
static const char job[] =
    "{\"name\": \"s\", \"labels\": [\"a\", \"b\"], \"models\": {\"m\": \"%s\"}, "
    "\"datasets\": {\"d\": {\"path\": \"%s\", \"format\": \"csv\"}}, "
    "\"experiments\": {\"e\": {\"model\": \"m\", \"dataset\": \"d\"}}, "
    "\"precisions\": [\"fp32\", \"int8\"], \"bootstrap\": 100, \"explain\": {\"methods\": "
    "[\"saliency\", {\"method\": \"lime\", \"samples\": 16}], \"samples\": {\"per_class\": 1}, "
    "\"internals\": true, \"randomisation\": true}, "
    "\"sensitivity\": {\"methods\": [\"saliency\", \"lime\"]}}";

static void must(qg_code rc)
{
    if (rc != QG_OK)
        fuzz_check(false, qg_error_last()->msg);
}

static void write_model(qg_arena *a)
{
    qg_config c;
    must(qg_mkdirs(fuzz_path("model")));
    fuzz_write("model/config.json", config, sizeof config - 1);
    fuzz_write("model/vocab.txt", vocab, sizeof vocab - 1);
    must(qg_config_load(&c, a, fuzz_path("model")));
    must(qg_random_model_weights(fuzz_path("model/model.safetensors"), &c, true, 1));
}

static void plan(fuzz_study *s)
{
    qg_problems problems = {.arena = s->arena};
    write_model(s->arena);
    fuzz_write("texts.csv", texts, sizeof texts - 1);
    const char *text = qg_arena_printf(s->arena, job, fuzz_path("model"), fuzz_path("texts.csv"));
    const char *path = qg_arena_strdup(s->arena, fuzz_write("study.json", text, strlen(text)));
    qg_code rc = qg_job_load(&s->job, s->arena, path, NULL, &problems);
    if (rc == QG_OK)
        rc = qg_plan_make(&s->plan, s->arena, &s->job, NULL, &problems);
    fuzz_check(rc == QG_OK, problems.n ? problems.item[0].msg : "the study has a plan");
    must(qg_layout_make(&s->layout, s->arena, &s->plan));
}

/* A task's units come behind those of the tasks that it needs. */
static void compute(fuzz_study *s, qg_results *r)
{
    qg_work *work;
    must(qg_work_create(&work, s->arena));
    qg_farm_worker worker = qg_work_callbacks(work);
    s->input = qg_arena_alloc(s->arena, (size_t)s->plan.n_units, sizeof *s->input);
    s->result = qg_arena_alloc(s->arena, (size_t)s->plan.n_units, sizeof *s->result);
    FUZZ_CHECK(s->input && s->result);
    for (int u = 0; u < s->plan.n_units; u++) {
        must(qg_work_input(&s->input[u], r, u, fuzz_path("cache")));
        must(worker.execute(worker.ctx, s->input[u].data, s->input[u].len, &s->result[u],
                            &qg_gang_alone));
        qg_work_result result = {s->result[u].data, s->result[u].len, "fuzz"};
        must(qg_results_put(r, u, &result));
    }
    must(qg_finish_cells(r));
    qg_work_destroy(work);
}

static void make(fuzz_study *s)
{
    qg_store *store;
    qg_results r;
    char *bytes;
    s->arena = fuzz_arena();
    qg_log_quiet(true);
    plan(s);
    s->file = qg_arena_strdup(s->arena, fuzz_path("study.h5"));
    must(qg_store_create(&store, s->file, &s->layout));
    must(qg_results_open(&r, s->arena, &s->plan, store));
    compute(s, &r);
    qg_results_close(&r);
    must(qg_store_close(store));
    must(qg_file_read(&bytes, &s->size, s->arena, s->file, (size_t)1 << 26));
    s->bytes = (const uint8_t *)bytes;
}

const fuzz_study *fuzz_study_get(void)
{
    static fuzz_study s;
    if (!s.arena)
        make(&s);
    return &s;
}

uint8_t *fuzz_changed(size_t *size, const void *bytes, const uint8_t *change, size_t n)
{
    enum { HEAD = 4 };
    uint8_t *copy = malloc(*size ? *size : 1);
    FUZZ_CHECK(copy);
    if (*size)
        memcpy(copy, bytes, *size);
    while (n >= HEAD && *size > 0) {
        size_t count = change[0], left = n - HEAD;
        size_t at = ((size_t)change[1] | (size_t)change[2] << 8 | (size_t)change[3] << 16) % *size;
        if (count == 0)
            *size = at;
        count = count < left ? count : left;
        for (size_t i = 0; i < count && at + i < *size; i++)
            copy[at + i] = change[HEAD + i];
        change += HEAD + count;
        n -= HEAD + count;
    }
    return copy;
}
