/*
 * record.c - the course of a training, read back from the folder that it left.
 *
 *   training.json    {"key": ..., "batches": B, "epochs": E, "steps": S, "end": null or a sentence}
 *   training.jsonl   a line for each step and epoch
 */
#include "output.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/seal.h"

#include <math.h>
#include <string.h>

qg_code qg_training_mark_write(qg_arena *a, const char *dir, const char *key,
                               const qg_training_record *r)
{
    qg_str s = {0};
    char *path = qg_path_join(a, dir, QG_TRAINING_MARK);
    if (!path)
        return QG_ENOMEM;
    qg_str_add(&s, "{\"key\": ");
    if (key)
        qg_str_add_json(&s, key, strlen(key));
    else
        qg_str_add(&s, "null");
    qg_str_addf(&s, ", \"batches\": %d, \"epochs\": %d, \"steps\": %llu, \"end\": ", r->batches,
                r->epochs, (unsigned long long)r->steps);
    if (r->end)
        qg_str_add_json(&s, r->end, strlen(r->end));
    else
        qg_str_add(&s, "null");
    qg_str_add(&s, "}\n");
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK)
        rc = qg_file_write(path, s.data, s.len);
    qg_str_fini(&s);
    return rc;
}

static qg_code load_mark(qg_json_doc *doc, qg_arena *a, const char *dir)
{
    char *path = qg_path_join(a, dir, QG_TRAINING_MARK);
    return path ? qg_json_load(doc, a, path, 1 << 20) : QG_ENOMEM;
}

/* Of a folder that has the right key, and is damaged all the same. */
static void tell_once(const char *dir)
{
    static char told[QG_SHA256_HEX];
    char name[QG_SHA256_HEX];
    qg_sha256_bytes(name, dir, strlen(dir));
    if (strcmp(told, name) != 0)
        qg_warn("%s: %s; the model is trained again", qg_error_last()->path, qg_error_last()->msg);
    memcpy(told, name, sizeof told);
}

bool qg_training_is_complete(const char *dir, const char *key)
{
    static const char *const files[] = {"config.json", "model.safetensors", "training.jsonl"};
    qg_json_doc doc;
    bool complete = false;
    qg_arena *a = qg_arena_create(0);
    if (a && load_mark(&doc, a, dir) == QG_OK) {
        const qg_json *own = qg_json_get(doc.root, "key");
        complete = own && own->type == QG_JSON_STRING && strcmp(own->string, key) == 0;
    } else if (a && qg_dir_exists(dir))
        tell_once(dir);
    for (size_t i = 0; complete && i < sizeof files / sizeof files[0]; i++) {
        const char *path = qg_path_join(a, dir, files[i]);
        complete = path && qg_file_exists(path);
    }
    if (complete && qg_seal_check(dir) != QG_OK) {
        complete = false;
        tell_once(dir);
    }
    qg_arena_destroy(a);
    qg_error_clear();
    return complete;
}

typedef struct lines {
    qg_arena *arena;
    const char *path;
    int64_t number; /* of the line in hand, from 1 */
    qg_training_record *record;
    uint64_t steps;
    int epochs;
} lines;

static qg_code number(double *out, const qg_json_doc *doc, const qg_json *object, const char *key)
{
    const qg_json *v = qg_json_get(object, key);
    if (v && v->type == QG_JSON_NULL)
        *out = (double)NAN;
    else if (v && v->type == QG_JSON_NUMBER)
        *out = v->number;
    else
        return QG_JSON_FAIL(doc, v ? v : object, QG_EFORMAT, "has no number '%s'", key);
    return QG_OK;
}

/* Masked-language modelling has few of them. */
static qg_code read_scores(qg_scores *out, const qg_json_doc *doc, const qg_json *object)
{
#define X(name, text)                                                                              \
    out->name = (double)NAN;                                                                       \
    if (qg_json_get(object, #name))                                                                \
        QG_TRY(number(&out->name, doc, object, #name));
    QG_METRIC_LIST(X)
#undef X
    return QG_OK;
}

static qg_code read_epoch(lines *l, const qg_json_doc *doc)
{
    qg_training_record *r = l->record;
    const qg_json *scores = qg_json_get(doc->root, "validation");
    const qg_json *best = qg_json_get(doc->root, "best");
    if (l->epochs >= r->epochs || !scores)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "is no epoch of this training");
    qg_training_epoch *e = &r->epoch[l->epochs];
    QG_TRY(number(&e->loss, doc, doc->root, "loss"));
    QG_TRY(read_scores(&e->scores, doc, scores));
    if (qg_json_get(doc->root, "validation_fp32"))
        QG_TRY(read_scores(&e->fp32, doc, qg_json_get(doc->root, "validation_fp32")));
    if (best && best->boolean)
        r->best = l->epochs;
    l->epochs++;
    return QG_OK;
}

static qg_code read_step(lines *l, const qg_json_doc *doc)
{
    double tokens;
    if (l->steps >= l->record->steps)
        return QG_JSON_FAIL(doc, doc->root, QG_EFORMAT, "is no step of this training");
    qg_step_report *s = &l->record->step[l->steps++];
    QG_TRY(number(&s->loss, doc, doc->root, "loss"));
    QG_TRY(number(&s->learning_rate, doc, doc->root, "learning_rate"));
    QG_TRY(number(&s->norm, doc, doc->root, "grad_norm"));
    QG_TRY(number(&tokens, doc, doc->root, "tokens"));
    s->tokens = (int64_t)tokens;
    return QG_OK;
}

static qg_code read_lines(lines *l, const char *text, size_t size)
{
    for (size_t at = 0; at < size; l->number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end ? (size_t)(end - text) - at : size - at;
        qg_json_doc doc = {.first_line = l->number};
        qg_mark m = qg_arena_mark(l->arena);
        QG_TRY(qg_json_parse(&doc, l->arena, l->path, text + at, len));
        QG_TRY(qg_json_get(doc.root, "step") ? read_step(l, &doc) : read_epoch(l, &doc));
        qg_arena_release(l->arena, m);
        at += len + 1;
    }
    if (l->steps != l->record->steps || l->epochs != l->record->epochs || l->record->best < 0)
        return QG_FAIL_AT(QG_EFORMAT, l->path, 0, 0, NULL,
                          "has %llu steps and %d epochs, %llu and %d were done",
                          (unsigned long long)l->steps, l->epochs,
                          (unsigned long long)l->record->steps, l->record->epochs);
    return QG_OK;
}

qg_code qg_training_read(qg_training_record *out, qg_arena *a, const char *dir)
{
    enum { MOST = 1 << 28 };
    qg_json_doc mark;
    double batches, epochs, steps;
    char *text;
    size_t size;
    lines l = {.arena = a, .number = 1, .record = out};
    *out = (qg_training_record){.best = -1};
    QG_TRY(load_mark(&mark, a, dir));
    QG_TRY(number(&batches, &mark, mark.root, "batches"));
    QG_TRY(number(&epochs, &mark, mark.root, "epochs"));
    QG_TRY(number(&steps, &mark, mark.root, "steps"));
    if (!(batches >= 1 && batches < MOST && epochs >= 0 && epochs < MOST && steps >= 0 &&
          steps < MOST))
        return QG_JSON_FAIL(&mark, mark.root, QG_EFORMAT, "has lengths that cannot be");
    const qg_json *end = qg_json_get(mark.root, "end");
    out->batches = (int)batches;
    out->epochs = (int)epochs;
    out->steps = (uint64_t)steps;
    out->end = end && end->type == QG_JSON_STRING ? end->string : NULL;
    QG_NEW(out->epoch, a, out->epochs);
    QG_NEW(out->step, a, out->steps);
    l.path = qg_path_join(a, dir, "training.jsonl");
    if (!l.path)
        return QG_ENOMEM;
    QG_TRY(qg_file_read(&text, &size, a, l.path, (size_t)MOST));
    return read_lines(&l, text, size);
}
