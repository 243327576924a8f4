/*
 * section.h - sections of the report.
 */
#ifndef QGRID_REPORT_SECTION_H
#define QGRID_REPORT_SECTION_H

/* The sections of sections.def, in the order of the page. */
typedef enum qg_section {
    QG_NO_SECTION, /* not on the page */
#define QG_SECTION(NAME, id, title) QG_SECTION_##NAME,
#include "sections.def"
#undef QG_SECTION
    QG_SECTIONS
} qg_section;

/* A section by its number: its anchor on the page, and its heading. */
typedef struct qg_section_name {
    const char *id, *title; /* NULL for QG_NO_SECTION */
} qg_section_name;

extern const qg_section_name qg_section_names[QG_SECTIONS];

#endif
