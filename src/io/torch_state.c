/*
 * torch_state.c - which dict of a checkpoint holds the model, and its tensors by name.
 *
 * A checkpoint is a state_dict, or a dict with one somewhere inside, beside the epoch, the
 * optimizer's own tensors and other things.
 */
#include "io/torch_objects.h"

#include <string.h>

enum { MAX_DEPTH = 8, MAX_NAME = 4096 };

static const char *const model_keys[] = {"state_dict", "model_state_dict", "model",
                                         "module",     "weights",          NULL};

static bool is_tensor(const qg_pickle_value *v)
{
    return v->kind == QG_PICKLE_OBJECT && v->len == QG_TORCH_TENSOR;
}

static bool has_tensors(const qg_pickle_seq *dict)
{
    for (size_t i = 0; i < dict->n; i += 2)
        if (dict->item[i].kind == QG_PICKLE_STRING && is_tensor(&dict->item[i + 1]))
            return true;
    return false;
}

static bool is_model_key(const qg_pickle_value *key)
{
    for (int i = 0; model_keys[i]; i++)
        if (qg_pickle_is_text(key, model_keys[i]))
            return true;
    return false;
}

static bool is_optimizer_key(const qg_pickle_value *key)
{
    return key->kind == QG_PICKLE_STRING && key->len >= 5 && memcmp(key->text, "optim", 5) == 0;
}

static const char *key_text(char out[64], const qg_pickle_value *key)
{
    int len = key->kind == QG_PICKLE_STRING && key->len < 64 ? (int)key->len : 0;
    snprintf(out, 64, "%.*s", len, len ? key->text : "");
    return out;
}

/*
 * *out = the dict of tensors in or below `dict`, NULL if there is none. A dict under a key that
 * models are kept under wins, then `dict` itself, then the only other one. Each dict is entered
 * once, so a dict that contains itself ends.
 */
static qg_code find_dict(qg_pickle_seq **out, const qg_torch *t, qg_pickle_seq *dict, int depth)
{
    const qg_pickle_value *found_key = NULL;
    char a[64], b[64];
    *out = NULL;
    if (dict->seen || depth > MAX_DEPTH)
        return QG_OK;
    dict->seen = true;
    for (int named = 1; named >= 0; named--) {
        if (!named && has_tensors(dict)) {
            *out = dict;
            return QG_OK;
        }
        for (size_t i = 0; i < dict->n; i += 2) {
            const qg_pickle_value *key = &dict->item[i];
            qg_pickle_seq *hit;
            if (key[1].kind != QG_PICKLE_DICT || is_model_key(key) != (named == 1) ||
                is_optimizer_key(key))
                continue;
            QG_TRY(find_dict(&hit, t, key[1].seq, depth + 1));
            if (hit && *out)
                return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, NULL,
                                  "holds several dicts of tensors, '%s' and '%s' among them: save "
                                  "the model's state_dict alone",
                                  key_text(a, found_key), key_text(b, key));
            if (hit) {
                *out = hit;
                found_key = key;
            }
        }
        if (*out)
            return QG_OK;
    }
    return QG_OK;
}

static qg_code add_tensor(qg_torch *t, const qg_pickle_value *key, qg_torch_tensor *v)
{
    if (key->len > MAX_NAME || memchr(key->text, 0, key->len))
        return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, NULL,
                          "the name of a tensor has a NUL or more than %d bytes", MAX_NAME);
    qg_tensor out = {.name = qg_arena_strndup(t->w->arena, key->text, key->len)};
    if (!out.name)
        return QG_ENOMEM;
    QG_TRY(qg_torch_contiguous(t, out.name, v));
    out.dtype = v->storage->dtype;
    out.ndim = v->ndim;
    memcpy(out.shape, v->shape, sizeof out.shape);
    out.data = v->contiguous;
    out.bytes = (size_t)qg_tensor_count(&out) * qg_dtype_size(out.dtype);
    return qg_weights_add(t->w, &out);
}

qg_code qg_torch_add_tensors(qg_torch *t, const qg_pickle_value *root)
{
    qg_pickle_seq *dict = NULL;
    if (root->kind == QG_PICKLE_DICT)
        QG_TRY(find_dict(&dict, t, root->seq, 0));
    if (!dict)
        return QG_FAIL_AT(QG_EFORMAT, t->path, 0, 0, NULL, "holds %s without a dict of tensors",
                          qg_pickle_kind_name(root->kind));
    for (size_t i = 0; i < dict->n; i += 2)
        if (dict->item[i].kind == QG_PICKLE_STRING && is_tensor(&dict->item[i + 1]))
            QG_TRY(add_tensor(t, &dict->item[i], dict->item[i + 1].object));
    return QG_OK;
}
