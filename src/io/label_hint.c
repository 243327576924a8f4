/*
 * label_hint.c - what the values of a label column may mean, where they are no labels of the job.
 */
#include "io/dataset_labels.h"

#include "io/record.h"
#include "qgrid/str.h"

#include <stdlib.h>
#include <string.h>

/* Words of sentiment that say the same. */
static const char *const same[][8] = {
    {"positive", "positif", "pos", "baik", NULL},
    {"neutral", "netral", "neu", "biasa", NULL},
    {"negative", "negatif", "neg", "buruk", NULL},
};

bool qg_unknown_labels_add(qg_unknown_labels *u, qg_arena *a, const char *value, size_t len)
{
    for (int i = 0; i < u->n; i++)
        if (strlen(u->value[i]) == len && memcmp(u->value[i], value, len) == 0)
            return true;
    if (u->n == QG_MOST_UNKNOWN_LABELS) {
        u->more = true;
        return true;
    }
    u->value[u->n] = qg_arena_strndup(a, value, len);
    return u->value[u->n++] != NULL;
}

/* Lower case by ASCII, without white space at the ends. */
static void fold(char *out, size_t size, const char *text)
{
    size_t n = 0, len;
    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        len--;
    for (; n < len && n + 1 < size; n++)
        out[n] = (char)(text[n] >= 'A' && text[n] <= 'Z' ? text[n] + 32 : text[n]);
    out[n] = 0;
}

/* The group of words that say the same, or -1. */
static int group_of(const char *folded)
{
    for (size_t g = 0; g < sizeof same / sizeof same[0]; g++)
        for (int i = 0; same[g][i]; i++)
            if (strcmp(same[g][i], folded) == 0)
                return (int)g;
    return -1;
}

static const char *meaning(const char *value, const char *const *labels)
{
    char v[QG_SHOWN], l[QG_SHOWN];
    fold(v, sizeof v, value);
    for (int i = 0; v[0] && labels[i]; i++) {
        fold(l, sizeof l, labels[i]);
        if (strcmp(v, l) == 0 || (group_of(v) >= 0 && group_of(v) == group_of(l)))
            return labels[i];
    }
    return NULL;
}

/* Whether the values are the numbers 0 .. K - 1, or -1 .. 1 (then that order is negative first). */
static const char *numbered(const qg_unknown_labels *u, int i, const char *const *labels)
{
    int K = 0, seen = 0;
    while (labels[K])
        K++;
    for (int k = 0; k < u->n; k++) {
        char *end;
        long n = strtol(u->value[k], &end, 10);
        seen += *u->value[k] && !*end && n >= 0 && n < K;
    }
    return u->n == K && seen == K ? labels[strtol(u->value[i], NULL, 10)] : NULL;
}

const char *qg_label_hint(qg_arena *a, const qg_unknown_labels *u, const char *const *labels)
{
    qg_str s = {0};
    bool by_number = false;
    if (u->n == 0 || u->more)
        return "";
    qg_str_add(&s, "\"label_map\": {");
    for (int i = 0; i < u->n; i++) {
        const char *means = meaning(u->value[i], labels);
        if (!means) {
            means = numbered(u, i, labels);
            by_number = true;
        }
        if (!means) {
            qg_str_fini(&s);
            return "";
        }
        qg_str_add(&s, i > 0 ? ", " : "");
        qg_str_add_json(&s, u->value[i], strlen(u->value[i]));
        qg_str_add(&s, ": ");
        qg_str_add_json(&s, means, strlen(means));
    }
    qg_str_addf(&s, "} would take %s%s", u->n > 1 ? "them" : "it",
                by_number ? ", if they are numbered in the order of the labels" : "");
    const char *out = s.failed ? NULL : qg_arena_strdup(a, s.data);
    qg_str_fini(&s);
    return out;
}
