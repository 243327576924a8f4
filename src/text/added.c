/*
 * added.c - the list of added tokens, and where they stand in a text as typed.
 *
 * As in Hugging Face's tokenizers (AddedVocabulary): of the tokens that begin at one place the
 * longest counts, matches do not overlap, and one that has to be a single word and is none is
 * passed over whole. Their flags lstrip and rstrip take white space into the token; here that
 * changes nothing, since white space ends words and is in no token, and offsets are the token's
 * own.
 */
#include "added.h"

#include "unicode.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ADDED = 1 << 20, KEYS = 256 };

static bool ends_in_space(const char *text)
{
    int width;
    size_t len = strlen(text), last = len - 1;
    while (last > 0 && ((unsigned char)text[last] & 0xc0) == 0x80)
        last--;
    return qg_is_white_space(qg_utf8_decode(text, &width)) ||
           qg_is_white_space(qg_utf8_decode(text + last, &width));
}

/* What a second place says of a token that is there. */
static qg_code complete(qg_added_token *old, const qg_added_token *t, const qg_json_doc *doc,
                        const qg_json *at)
{
    if (t->id >= 0 && old->id >= 0 && t->id != old->id)
        return QG_JSON_FAIL(doc, at, QG_EMODEL,
                            "the added token '%.60s' has id %d here, %d elsewhere", t->text, t->id,
                            old->id);
    if (t->weight == QG_ADDED_LISTED && old->weight == QG_ADDED_LISTED &&
        (t->single_word != old->single_word || t->normalized != old->normalized))
        return QG_JSON_FAIL(doc, at, QG_EMODEL, "the added token '%.60s' has other flags elsewhere",
                            t->text);
    if (t->id >= 0)
        old->id = t->id;
    if (t->weight > old->weight) {
        old->single_word = t->single_word;
        old->normalized = t->normalized;
        old->weight = t->weight;
    }
    return QG_OK;
}

qg_code qg_added_put(qg_added *list, qg_arena *a, const qg_added_token *t, const qg_json_doc *doc,
                     const qg_json *at)
{
    int number;
    if (!t->text[0])
        return QG_OK;
    if (t->id >= MOST_ADDED)
        return QG_JSON_FAIL(doc, at, QG_EUNSUPPORTED, "id %d, ids of added tokens are below %d",
                            t->id, MOST_ADDED);
    list->names.arena = a;
    QG_TRY(qg_string_table_put(&number, &list->names, t->text, strlen(t->text)));
    if (number < list->n)
        return complete(&list->token[number], t, doc, at);
    if (list->n == list->cap) {
        int cap = list->cap ? 2 * list->cap : 16;
        list->token =
            qg_arena_grow(a, list->token, (size_t)list->n, (size_t)cap, sizeof *list->token);
        if (!list->token)
            return QG_ENOMEM;
        list->cap = cap;
    }
    list->token[list->n++] = *t;
    return QG_OK;
}

const qg_added_token *qg_added_named(const qg_added *list, const char *text)
{
    int number = qg_string_table_find(&list->names, text, strlen(text));
    return number < 0 ? NULL : &list->token[number];
}

/* --------------------------------------------------------------------------------------- ids */

static int by_id(const void *a, const void *b)
{
    const qg_added_token *x = *(const qg_added_token *const *)a;
    const qg_added_token *y = *(const qg_added_token *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

static qg_code settle(qg_added_token *t, const qg_vocab *vocab, const char *where)
{
    int known = qg_vocab_find(vocab, t->text, strlen(t->text), false);
    if (ends_in_space(t->text))
        return QG_FAIL_AT(QG_EUNSUPPORTED, where, 0, 0, NULL,
                          "the added token '%.60s' has white space at its ends, which is not "
                          "supported",
                          t->text);
    if (t->id < 0)
        t->id = known;
    if (t->id < 0)
        return QG_FAIL_AT(QG_EMODEL, where, 0, 0, NULL,
                          "the added token '%.60s' has no id: it is neither in the vocabulary nor "
                          "in added_tokens.json, added_tokens_decoder or tokenizer.json",
                          t->text);
    if (known >= 0 && known != t->id)
        return QG_FAIL_AT(QG_EMODEL, where, 0, 0, NULL,
                          "the added token '%.60s' has id %d, the vocabulary says %d", t->text,
                          t->id, known);
    if (known < 0 && t->id < vocab->n && vocab->token[t->id] && vocab->token[t->id][0])
        return QG_FAIL_AT(QG_EMODEL, where, 0, 0, NULL,
                          "the added token '%.60s' has id %d, which is '%.60s' in the vocabulary",
                          t->text, t->id, vocab->token[t->id]);
    return QG_OK;
}

qg_code qg_added_settle(qg_added *list, qg_arena *a, const qg_vocab *vocab, const char *where)
{
    const qg_added_token **sorted;
    QG_NEW(sorted, a, list->n + 1);
    for (int i = 0; i < list->n; i++) {
        QG_TRY(settle(&list->token[i], vocab, where));
        sorted[i] = &list->token[i];
    }
    qsort(sorted, (size_t)list->n, sizeof *sorted, by_id);
    for (int i = 1; i < list->n; i++)
        if (sorted[i]->id == sorted[i - 1]->id)
            return QG_FAIL_AT(QG_EMODEL, where, 0, 0, NULL,
                              "the added tokens '%.60s' and '%.60s' have one id, %d",
                              sorted[i - 1]->text, sorted[i]->text, sorted[i]->id);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- index */

typedef struct entry {
    int token, key;
    size_t len;
} entry;

static int by_key(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->len != y->len)
        return x->len > y->len ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static qg_code make_index(qg_added_index *out, qg_arena *a, const qg_added *list, bool normalized)
{
    entry *all;
    int n = 0, i = 0;
    QG_NEW(all, a, list->n + 1);
    QG_NEW(out->token, a, list->n + 1);
    QG_NEW(out->from, a, KEYS + 1);
    for (int k = 0; k < list->n; k++) {
        const qg_added_token *t = &list->token[k];
        if (t->normalized != normalized || (normalized && t->form_len == 0))
            continue;
        all[n++] = (entry){k, normalized ? t->form[0] % KEYS : (unsigned char)t->text[0],
                           normalized ? (size_t)t->form_len : strlen(t->text)};
    }
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int key = 0; key <= KEYS; key++) {
        while (i < n && all[i].key < key)
            i++;
        out->from[key] = i;
    }
    for (i = 0; i < n; i++)
        out->token[i] = all[i].token;
    return QG_OK;
}

qg_code qg_added_finish(qg_added *list, qg_arena *a)
{
    QG_TRY(make_index(&list->raw, a, list, false));
    return make_index(&list->forms, a, list, true);
}

/* ----------------------------------------------------------------------------------- finding */

/* Whether word characters touch text[start..end). */
static bool is_touched(const char *text, size_t len, size_t start, size_t end)
{
    int width;
    size_t before = start;
    while (before > 0 && ((unsigned char)text[--before] & 0xc0) == 0x80)
        continue;
    return (start > 0 && qg_is_joined(qg_utf8_decode(text + before, &width))) ||
           (end < len && qg_is_joined(qg_utf8_decode(text + end, &width)));
}

qg_added_place qg_added_find(const qg_added *list, const char *text, size_t len, size_t from)
{
    const int *first = list->raw.from;
    for (size_t i = from; i < len;) {
        int key = (unsigned char)text[i];
        const qg_added_token *found = NULL;
        size_t size = 0;
        for (int k = first[key]; k < first[key + 1] && !found; k++) {
            const qg_added_token *t = &list->token[list->raw.token[k]];
            size = strlen(t->text);
            if (size <= len - i && memcmp(text + i, t->text, size) == 0)
                found = t;
        }
        if (found && !(found->single_word && is_touched(text, len, i, i + size)))
            return (qg_added_place){i, i + size, found};
        i += found ? size : 1;
    }
    return (qg_added_place){len, len, NULL};
}
