/*
 * section.c - the registry of the report's sections.
 */
#include "section.h"

const qg_section_name qg_section_names[QG_SECTIONS] = {
    [QG_NO_SECTION] = {0},
#define QG_SECTION(NAME, id, title) [QG_SECTION_##NAME] = {#id, title},
#include "sections.def"
#undef QG_SECTION
};
