/*
 * config_reader.h - fields of config.json as every family reads them: honoured or refused by name.
 */
#ifndef QGRID_NN_CONFIG_READER_H
#define QGRID_NN_CONFIG_READER_H

#include "qgrid/family.h"

struct qg_config_reader {
    qg_json_doc doc;
    qg_arena *arena;
};

enum { QG_CONFIG_MOST_TOKENS = 1 << 24 };

/** An integer in [least, most]; `missing` where the key is absent or null, below 0: it must be
 *  there. @errors QG_EFORMAT. */
qg_code qg_config_whole(int *out, qg_config_reader *r, const char *key, int missing, int least,
                        int most) QG_MUST_USE;

/** A number in (0, most). */
qg_code qg_config_number(double *out, qg_config_reader *r, const char *key, double missing,
                         double most) QG_MUST_USE;

/** A dropout rate in [0, 1). */
qg_code qg_config_rate(double *out, qg_config_reader *r, const char *key,
                       double missing) QG_MUST_USE;

/** Which of the known names a text field has; 0 where it is absent. @errors QG_EUNSUPPORTED. */
qg_code qg_config_choice(int *out, qg_config_reader *r, const char *key,
                         const char *const *known) QG_MUST_USE;

/** Appends the sizes of the family's table. */
void qg_config_add_sizes(qg_str *s, const qg_config *c);

#endif
