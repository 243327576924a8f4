/*
 * data_card.c - what the texts of a data set are like.
 */
#include "qgrid/data_card.h"

#include "qgrid/metrics.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const qg_card_quantile_names[QG_CARD_QUANTILES + 1] = {
#define X(name, at) #name,
    QG_CARD_QUANTILE_LIST(X)
#undef X
        NULL};

const char *const qg_phenomenon_names[QG_PHENOMENA + 1] = {
#define X(name) #name,
    QG_PHENOMENON_LIST(X)
#undef X
        NULL};

static const struct {
    int phenomenon;
    const char *word;
} phenomenon_words[] = {
#define QG_PHENOMENON_WORD(phenomenon, word) {QG_PHENOMENON_##phenomenon, word},
#include "phenomenon_words.def"
#undef QG_PHENOMENON_WORD
};

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the lengths. NaN where there are none. */
static void find_quantiles(double out[QG_CARD_QUANTILES], double *length, int64_t n)
{
    static const double percentile[] = {
#define X(name, q) q,
        QG_CARD_QUANTILE_LIST(X)
#undef X
    };
    if (n > 0)
        qsort(length, (size_t)n, sizeof *length, by_number);
    for (int i = 0; i < QG_CARD_QUANTILES; i++)
        out[i] = qg_percentile_sorted(length, n, percentile[i]);
}

/* ----------------------------------------------------------------------------------------- words
 */

typedef struct word_list {
    qg_arena *arena;
    const char **word; /* [n] in the arena */
    int64_t n, cap;
} word_list;

/* The next word at *at, which goes on behind it; NULL at the end or when out of memory (*failed).
 */
static const char *next_word(const char **at, qg_arena *a, bool *failed)
{
    for (;;) {
        const char *from = *at + strspn(*at, " \t\r\n\v\f");
        size_t n = strcspn(from, " \t\r\n\v\f");
        if (n == 0)
            return NULL;
        *at = from + n;
        while (n > 0 && ispunct((unsigned char)from[n - 1]))
            n--;
        for (; n > 0 && ispunct((unsigned char)*from); n--)
            from++;
        if (n == 0)
            continue; /* punctuation alone is no word */
        char *word = qg_arena_strndup(a, from, n);
        *failed = !word;
        return word;
    }
}

static qg_code add_words(word_list *l, const char *text)
{
    static const qg_normalization lower = {1, {QG_TEXT_LOWER}};
    const char *word;
    size_t len;
    bool failed = false;
    text = qg_normalize_text(l->arena, &lower, text, strlen(text), &len);
    if (!text)
        return QG_ENOMEM;
    while ((word = next_word(&text, l->arena, &failed))) {
        if (l->n == l->cap) {
            int64_t cap = l->cap ? 2 * l->cap : 4096;
            l->word = qg_arena_grow(l->arena, l->word, (size_t)l->n, (size_t)cap, sizeof *l->word);
            if (!l->word)
                return QG_ENOMEM;
            l->cap = cap;
        }
        l->word[l->n++] = word;
    }
    return failed ? QG_ENOMEM : QG_OK;
}

static int by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_words(word_list *l)
{
    if (l->n > 0)
        qsort(l->word, (size_t)l->n, sizeof *l->word, by_word);
}

static bool is_training_data(const qg_plan *p, const qg_plan_dataset *d)
{
    for (int m = 0; m < p->job->n_models; m++) {
        const qg_plan_training *t = p->models[m].training;
        for (int i = 0; t && i < t->n_train; i++)
            if (t->train[i] == d || strcmp(t->train[i]->hash, d->hash) == 0)
                return true;
    }
    return false;
}

/* All words that the job's models are trained on, sorted; `n` 0: none are. */
static qg_code training_words(word_list *l, const qg_plan *p)
{
    for (int m = 0; m < p->job->n_models; m++) {
        const qg_plan_training *t = p->models[m].training;
        for (int i = 0; t && i < t->n_train; i++) {
            bool before = false; /* seeds share their data */
            for (int k = 0; k < m && !before; k++)
                before = p->models[k].training && i < p->models[k].training->n_train &&
                         p->models[k].training->train[i] == t->train[i];
            for (int64_t r = 0; !before && r < t->train[i]->data.n; r++)
                QG_TRY(add_words(l, t->train[i]->data.text[r]));
        }
    }
    sort_words(l);
    return QG_OK;
}

/* Counts the words of the sorted list, and which of them `known` has. */
static void count_words(qg_data_card *out, const word_list *l, const word_list *known)
{
    int64_t distinct = 0, running = 0;
    for (int64_t i = 0, n; i < l->n; i += n) {
        for (n = 1; i + n < l->n && strcmp(l->word[i], l->word[i + n]) == 0;)
            n++;
        out->distinct++;
        if (known->n > 0 &&
            bsearch(&l->word[i], known->word, (size_t)known->n, sizeof *known->word, by_word)) {
            distinct++;
            running += n;
        }
    }
    out->running = l->n;
    if (known->n > 0 && l->n > 0) {
        out->known_distinct = (double)distinct / (double)out->distinct;
        out->known_running = (double)running / (double)l->n;
    }
}

/* The phenomenon that a word stands for, or -1. */
static int phenomenon_of(const char *word)
{
    for (size_t i = 0; i < sizeof phenomenon_words / sizeof phenomenon_words[0]; i++)
        if (strcmp(phenomenon_words[i].word, word) == 0)
            return phenomenon_words[i].phenomenon;
    return -1;
}

static void count_phenomena(qg_data_card *out, const word_list *l, int64_t first)
{
    bool seen[QG_PHENOMENA] = {false};
    for (int64_t i = first; i < l->n; i++) {
        int k = phenomenon_of(l->word[i]);
        if (k < 0)
            continue;
        out->phenomenon_words[k]++;
        out->phenomenon_texts[k] += !seen[k];
        seen[k] = true;
    }
}

int64_t qg_data_card_in_group(const qg_dataset *d, int group, int label)
{
    int64_t n = 0;
    for (int64_t r = 0; r < d->n; r++)
        n += d->group[r] == group && d->label[r] == label;
    return n;
}

static qg_code make_card(qg_data_card *out, const qg_plan *p, int dataset, qg_arena *a)
{
    const qg_dataset *d = &p->datasets[dataset].data;
    word_list words = {.arena = a}, known = {.arena = a};
    double *length;
    QG_NEW(length, a, d->n);
    for (int64_t r = 0; r < d->n; r++) {
        int64_t first = words.n;
        if (d->label[r] < 0)
            out->unlabelled++;
        else
            out->of_class[d->label[r]]++;
        QG_TRY(add_words(&words, d->text[r]));
        count_phenomena(out, &words, first);
        length[r] = (double)(words.n - first);
    }
    find_quantiles(out->words, length, d->n);
    sort_words(&words);
    if (!is_training_data(p, &p->datasets[dataset]))
        QG_TRY(training_words(&known, p));
    count_words(out, &words, &known);
    return QG_OK;
}

qg_code qg_data_card_make(qg_data_card *out, const qg_plan *p, int dataset)
{
    *out = (qg_data_card){.known_distinct = (double)NAN, .known_running = (double)NAN};
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory for a data card");
    qg_code rc = make_card(out, p, dataset, a);
    qg_arena_destroy(a);
    return rc == QG_OK ? QG_OK : QG_FAIL(QG_ENOMEM, "no memory for a data card");
}

/* ---------------------------------------------------------------------------------------- tokens
 */

/* Tokens of a text that was not cut are known; one that may have been is encoded whole. */
static qg_code find_length(double *out, const qg_plan *p, int experiment, int64_t row, qg_arena *a)
{
    const qg_plan_tokens *t = p->tokens[experiment];
    const qg_dataset *d = &p->datasets[t->dataset].data;
    int64_t n = t->splits[row + 1] - t->splits[row];
    *out = (double)n;
    if (n < t->max_length)
        return QG_OK;
    qg_encoding e;
    qg_mark mark = qg_arena_mark(a);
    QG_TRY(qg_tokenizer_encode(&e, p->models[p->job->experiments[experiment].model].tokenizer, a,
                               d->text[row], d->text_len[row], 0));
    *out = (double)e.n;
    qg_arena_release(a, mark);
    return QG_OK;
}

static qg_code make_tokens(qg_token_card *out, const qg_plan *p, int experiment, qg_arena *a)
{
    const qg_plan_tokens *t = p->tokens[experiment];
    int64_t n = p->datasets[t->dataset].data.n, real = t->T - 2 * n;
    double *length;
    QG_NEW(length, a, n);
    for (int64_t r = 0; r < n; r++)
        QG_TRY(find_length(&length[r], p, experiment, r, a));
    find_quantiles(out->tokens, length, n);
    out->cut = n > 0 ? (double)t->truncated / (double)n : (double)NAN;
    out->unknown = real > 0 ? (double)t->unknown / (double)real : (double)NAN;
    return QG_OK;
}

qg_code qg_token_card_make(qg_token_card *out, const qg_plan *p, int experiment)
{
    *out = (qg_token_card){.cut = 0};
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory for a data card");
    qg_code rc = make_tokens(out, p, experiment, a);
    qg_error kept = *qg_error_last();
    qg_arena_destroy(a);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}
