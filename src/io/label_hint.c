/*
 * label_hint.c - what the values of a label column may mean, where they are no labels of the job.
 */
#include "io/dataset_labels.h"

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

/* The group of words that say the same, or -1. */
static int group_of(const char *folded)
{
    for (size_t g = 0; g < sizeof same / sizeof same[0]; g++)
        for (int i = 0; same[g][i]; i++)
            if (strcmp(same[g][i], folded) == 0)
                return (int)g;
    return -1;
}

/* Without what two spellings of a name differ in; arena, NULL when out of memory. */
static const char *plain(qg_arena *a, const char *name)
{
    static const qg_normalization how = {2, {QG_TEXT_WHITESPACE, QG_TEXT_LOWER}};
    size_t len;
    return qg_normalize_text(a, &how, name, strlen(name), &len);
}

/* *out is NULL where a value is like no label. */
static qg_code meaning(const char **out, qg_arena *a, const char *value, const char *const *labels)
{
    const char *v = plain(a, value);
    *out = NULL;
    if (!v)
        return QG_ENOMEM;
    for (int i = 0; v[0] && labels[i]; i++) {
        const char *l = plain(a, labels[i]);
        if (!l)
            return QG_ENOMEM;
        if (strcmp(v, l) == 0 || (group_of(v) >= 0 && group_of(v) == group_of(l))) {
            *out = labels[i];
            return QG_OK;
        }
    }
    return QG_OK;
}

/* The label of a number, where the values are the numbers 0 .. K - 1; else NULL. */
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

/* Labels in quotes: those of a table that is read without them. */
static bool are_quoted(const qg_unknown_labels *u)
{
    for (int i = 0; i < u->n; i++) {
        size_t n = strlen(u->value[i]);
        if (n < 2 || u->value[i][0] != '"' || u->value[i][n - 1] != '"')
            return false;
    }
    return true;
}

const char *qg_label_hint(qg_arena *a, const qg_unknown_labels *u, const char *const *labels)
{
    qg_str s = {0};
    bool by_number = false;
    if (u->n == 0 || u->more)
        return "";
    if (are_quoted(u))
        return "\"quoting\": \"double\" would take the quotes off";
    qg_str_add(&s, "\"label_map\": {");
    for (int i = 0; i < u->n; i++) {
        const char *means;
        if (meaning(&means, a, u->value[i], labels) != QG_OK) {
            qg_str_fini(&s);
            return NULL;
        }
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
