/*
 * labels_fit.c - the classes of a study against those that a model names.
 */
#include "qgrid/model.h"

#include "qgrid/str.h"

#include <string.h>

qg_code qg_labels_fit(const char *const *labels, int n, const char *dir, const qg_config *c)
{
    char theirs[200], ours[200];
    if (c->classes != n)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                          "the model has %d classes, but %d labels are given%s", c->classes, n,
                          c->has_head_labels ? ""
                                             : "; config.json names none: if there is no "
                                               "classifier, say \"head\": \"random\" to draw one");
    if (!c->has_head_labels || strncmp(c->labels[0], "LABEL_", 6) == 0)
        return QG_OK;
    for (int k = 0; k < n; k++)
        if (strcmp(c->labels[k], labels[k]) != 0)
            return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                              "the model's labels are %s, given are %s (the order counts)",
                              qg_join_names(theirs, sizeof theirs, c->labels),
                              qg_join_names(ours, sizeof ours, labels));
    return QG_OK;
}
