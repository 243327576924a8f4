/*
 * cue.h - where the cue words of a linguistic probe stand in a text.
 */
#ifndef QGRID_CUE_H
#define QGRID_CUE_H

#include "qgrid/arena.h"

#include <stdbool.h>

/* A run of white-space words of a text, 0-based, the last one included. */
typedef struct qg_cue_place {
    int32_t first, last;
} qg_cue_place;

/** Whether a cue has anything to look for: a letter or a digit. @errors QG_ENOMEM. Local. */
qg_code qg_cue_readable(bool *readable, qg_arena *scratch, const char *cue) QG_MUST_USE;

/**
 * Looks for cues in a text, one after the other, each at the first place that none before it has.
 *
 * A cue is at words i to j where these have its letters and digits and no others, whatever the
 * case, the punctuation and the spaces: "baik-baik" is found in "Baik baik," and "tidak semua" in
 * "(Tidak) SEMUA!", but "baik" in neither.
 *
 * @param[out] place  [n_cues] in the order of the cues; first is -1 where the text has not this one
 * @param      text   valid UTF-8
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_cue_find(qg_cue_place *place, qg_arena *scratch, const char *text, size_t len,
                    const char *const *cue, int n_cues) QG_MUST_USE;

#endif
