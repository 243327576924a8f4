/*
 * cue.c - cue words in a text: letters and digits are compared, in lower case.
 */
#include "qgrid/cue.h"

#include "qgrid/normalize.h"
#include "unicode.h"

#include <string.h>

/* The letters and digits of a text, end to end, and which of them each word has. */
typedef struct letters {
    char *text;
    size_t len;
    int32_t words;
    size_t *begin, *end; /* [words] */
} letters;

static qg_code read_letters(letters *out, qg_arena *a, const char *text, size_t len)
{
    static const qg_normalization lower = {1, {QG_TEXT_LOWER}};
    bool inside = false;
    size_t size;
    char *s = qg_normalize_text(a, &lower, text, len, &size);
    *out = (letters){.text = s};
    if (!s)
        return QG_ENOMEM;
    QG_NEW(out->begin, a, size / 2 + 1);
    QG_NEW(out->end, a, size / 2 + 1);
    for (size_t i = 0, next; i < size; i = next) {
        int width;
        int32_t c = qg_utf8_decode(s + i, &width);
        next = i + (size_t)width;
        if (qg_is_space(c)) {
            inside = false;
            continue;
        }
        if (!inside)
            out->begin[out->words++] = out->len;
        inside = true;
        if (qg_is_word_character(c) && c != '_') {
            memmove(s + out->len, s + i, (size_t)width);
            out->len += (size_t)width;
        }
        out->end[out->words - 1] = out->len;
    }
    return QG_OK;
}

qg_code qg_cue_readable(bool *readable, qg_arena *scratch, const char *cue)
{
    letters of;
    QG_TRY(read_letters(&of, scratch, cue, strlen(cue)));
    *readable = of.len > 0;
    return QG_OK;
}

/* The last word of a run that begins with word i and has the cue's letters and no others, none of
 * its words taken; -1: there is none. */
static int32_t run_of(const letters *text, const letters *cue, int32_t i, const bool *taken)
{
    size_t begin = text->begin[i];
    if (text->end[i] == begin || cue->len == 0 || text->len - begin < cue->len ||
        memcmp(text->text + begin, cue->text, cue->len) != 0)
        return -1;
    while (i < text->words && !taken[i] && text->end[i] - begin < cue->len)
        i++;
    return i < text->words && !taken[i] && text->end[i] - begin == cue->len ? i : -1;
}

qg_code qg_cue_find(qg_cue_place *place, qg_arena *scratch, const char *text, size_t len,
                    const char *const *cue, int n_cues)
{
    letters of, wanted;
    bool *taken;
    QG_TRY(read_letters(&of, scratch, text, len));
    QG_NEW(taken, scratch, of.words);
    for (int k = 0; k < n_cues; k++) {
        int32_t i = 0, last = -1;
        QG_TRY(read_letters(&wanted, scratch, cue[k], strlen(cue[k])));
        while (i < of.words && (last = run_of(&of, &wanted, i, taken)) < 0)
            i++;
        place[k] = last < 0 ? (qg_cue_place){-1, -1} : (qg_cue_place){i, last};
        for (; last >= 0 && i <= last; i++)
            taken[i] = true;
    }
    return QG_OK;
}
