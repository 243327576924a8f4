/*
 * tokenizers.h - every kind of tokenizers.def: one object qg_tokenizer_<name> each.
 */
#ifndef QGRID_TEXT_TOKENIZERS_H
#define QGRID_TEXT_TOKENIZERS_H

#include "qgrid/tokenizer.h"

#define QG_TOKENIZER(id) extern const qg_tokenizer_kind qg_tokenizer_##id;
#include "tokenizers.def"
#undef QG_TOKENIZER

#endif
