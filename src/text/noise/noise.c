/*
 * noise.c - the table of perturbations: read from a job, applied one after the other.
 */
#include "noise.h"

#include <string.h>

static const char *const names[QG_PERTURBATIONS + 1] = {
#define QG_PERTURBATION(id, name, help) #name,
#include "qgrid/perturbations.def"
#undef QG_PERTURBATION
};

static const struct {
    const char *help, *purpose;
    qg_noise_fn *apply;
} rows[] = {
#define QG_PERTURBATION(id, name, help) {help, "noise/" #name, qg_noise_##name},
#include "qgrid/perturbations.def"
#undef QG_PERTURBATION
};

const char *const *qg_perturbation_names(void)
{
    return names;
}

const char *qg_perturbation_help(qg_perturbation what)
{
    return rows[what].help;
}

/* --------------------------------------------------------------------------------------- reading
 */

static qg_code find(qg_perturbation *out, const qg_json_doc *doc, const qg_json *at,
                    const char *name)
{
    char known[200];
    for (int i = 0; i < QG_PERTURBATIONS; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (qg_perturbation)i;
            return QG_OK;
        }
    return QG_JSON_FAIL(doc, at, QG_EJOB, "perturbation '%s' is not one of: %s", name,
                        qg_join_names(known, sizeof known, names));
}

qg_code qg_perturbation_read(qg_perturbation *out, const qg_json_doc *doc, const qg_json *v)
{
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, the name of a perturbation is expected",
                            qg_json_kind(v));
    return find(out, doc, v, v->string);
}

qg_code qg_noise_read(qg_noise *out, const qg_json_doc *doc, const qg_json *v)
{
    if (v->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(doc, v, QG_EJOB,
                            "found %s, an object of perturbations and their chances is expected",
                            qg_json_kind(v));
    if (v->count == 0)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "is empty");
    if (v->count > QG_MOST_NOISES)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "%d perturbations, at most %d are allowed", v->count,
                            QG_MOST_NOISES);
    for (const qg_json *m = v->child; m; m = m->next) {
        QG_TRY(find(&out->what[out->n], doc, m, m->key));
        if (m->type != QG_JSON_NUMBER || !(m->number >= 0 && m->number <= 1))
            return QG_JSON_FAIL(doc, m, QG_EJOB, "a chance is a number in [0, 1]");
        out->level[out->n++] = m->number;
    }
    return QG_OK;
}

char *qg_noise_name(qg_arena *a, const qg_noise *how)
{
    char *text = qg_arena_strdup(a, how->n > 0 ? "" : "none");
    for (int i = 0; i < how->n && text; i++)
        text = qg_arena_printf(a, "%s%s%s %g", text, i ? ", " : "", names[how->what[i]],
                               how->level[i]);
    return text;
}

/* ---------------------------------------------------------------------------- texts and their
 * words
 */

void qg_noise_put(qg_noise_out *out, const char *bytes, size_t n, int32_t word)
{
    qg_str_addn(&out->text, bytes, n);
    for (size_t i = 0; i < n; i++)
        qg_str_addn(&out->word, &word, sizeof word);
}

void qg_noise_copy(qg_noise_out *out, const qg_noise_in *in, size_t start, size_t end)
{
    qg_str_addn(&out->text, in->text + start, end - start);
    qg_str_addn(&out->word, in->word + start, (end - start) * sizeof *in->word);
}

/* White space at `at`: its bytes, 0: there is none. */
static size_t space_at(const qg_noise_in *in, size_t at)
{
    int width;
    return qg_is_space(qg_utf8_decode(in->text + at, &width)) ? (size_t)width : 0;
}

bool qg_noise_next_word(const qg_noise_in *in, size_t *start, size_t *end)
{
    size_t at = *end, n;
    while (at < in->len && (n = space_at(in, at)) > 0)
        at += n;
    *start = at;
    while (at < in->len && space_at(in, at) == 0)
        at += (size_t)qg_utf8_width((unsigned char)in->text[at]);
    *end = at;
    return *end > *start;
}

bool qg_noise_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char qg_noise_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool qg_noise_letters(const qg_noise_in *in, size_t *start, size_t *end)
{
    while (*start < *end && !qg_noise_is_letter(in->text[*start]))
        ++*start;
    while (*end > *start && !qg_noise_is_letter(in->text[*end - 1]))
        --*end;
    return *end > *start;
}

size_t qg_noise_below(qg_rng *rng, size_t n)
{
    return (size_t)(qg_rng_uniform(rng) * (double)n);
}

/* ------------------------------------------------------------------------------------ application
 */

static int count_words(const qg_noise_in *in)
{
    size_t start, end = 0;
    int n = 0;
    while (qg_noise_next_word(in, &start, &end))
        n++;
    return n;
}

/* Every byte of a word is from it. */
static qg_code number_words(qg_noise_in *in, qg_arena *a)
{
    size_t start, end = 0;
    int32_t n = 0, *word;
    QG_NEW(word, a, in->len + 1);
    memset(word, -1, (in->len + 1) * sizeof *word);
    for (; qg_noise_next_word(in, &start, &end); n++)
        for (size_t i = start; i < end; i++)
            word[i] = n;
    in->word = word;
    return QG_OK;
}

/* The word that all bytes from `start` to `end` are from; -1: there is none. */
static int32_t only_word(const qg_noise_in *in, size_t start, size_t end)
{
    for (size_t i = start + 1; i < end; i++)
        if (in->word[i] != in->word[start])
            return -1;
    return in->word[start];
}

/* Which word each is from; a word of which two have something is nobody's. */
static qg_code find_words(qg_noisy *out, qg_arena *a, const qg_noise_in *in, int given)
{
    size_t start, end = 0;
    int32_t *from, *seen;
    int n = 0;
    out->n_words = count_words(in);
    QG_NEW(from, a, out->n_words + 1);
    QG_NEW(seen, a, given + 1);
    for (; qg_noise_next_word(in, &start, &end); n++) {
        int32_t before = -1;
        from[n] = only_word(in, start, end);
        for (size_t i = start; i < end; i++) {
            if (in->word[i] >= 0 && in->word[i] != before)
                seen[in->word[i]]++;
            before = in->word[i];
        }
    }
    for (int i = 0; i < n; i++)
        if (from[i] >= 0 && seen[from[i]] > 1)
            from[i] = -1;
    out->from = from;
    return QG_OK;
}

/* A stream for each text: the first bytes of its hash. */
static uint64_t stream_of(const char *text, size_t len)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3U;
    return h;
}

/* One perturbation; *in is what becomes of it, in the arena. */
static qg_code apply(qg_noise_in *in, qg_arena *a, const qg_noise *how, int step, uint64_t stream)
{
    qg_noise_out out = {0};
    qg_noise_in changed;
    qg_rng rng = qg_rng_make((uint64_t)how->seed, rows[how->what[step]].purpose, stream);
    rows[how->what[step]].apply(&out, in, how->level[step], &rng);
    qg_code rc = qg_str_status(&out.text) == QG_OK ? qg_str_status(&out.word) : QG_ENOMEM;
    size_t n = out.text.len;
    changed.text = rc == QG_OK ? qg_arena_strndup(a, n ? out.text.data : "", n) : NULL;
    int32_t *word = rc == QG_OK ? qg_arena_alloc(a, n + 1, sizeof *word) : NULL;
    if (word && n > 0)
        memcpy(word, out.word.data, n * sizeof *word);
    qg_str_fini(&out.text);
    qg_str_fini(&out.word);
    if (!changed.text || !word)
        return QG_ENOMEM;
    changed.len = n;
    changed.word = word;
    if (count_words(&changed) > 0)
        *in = changed;
    return QG_OK;
}

qg_code qg_noise_apply(qg_noisy *out, qg_arena *a, const qg_noise *how, const char *text,
                       size_t len)
{
    qg_noise_in in = {.text = text, .len = len};
    uint64_t stream = stream_of(text, len);
    QG_TRY(number_words(&in, a));
    int given = count_words(&in);
    for (int i = 0; i < how->n; i++)
        QG_TRY(apply(&in, a, how, i, stream));
    *out = (qg_noisy){.text = in.text, .len = in.len};
    return find_words(out, a, &in, given);
}
