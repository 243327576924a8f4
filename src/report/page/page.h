/*
 * page.h - the page of a report: what its parts share.
 *
 * A page is one string of HTML that is read from a results file. What differs between two runs of
 * one job stands in elements with the attribute data-timing; all else is equal to the byte.
 */
#ifndef QGRID_REPORT_PAGE_H
#define QGRID_REPORT_PAGE_H

#include "report/section.h"
#include "report/table.h"

typedef struct qg_page {
    qg_str *out;
    qg_reading *r;
    const qg_report_wish *wish;
    bool shown[QG_SECTIONS]; /* sections that are wanted */
    size_t *drawn;           /* bytes of the page that are figures */
    char digest[65];         /* of all results */
    int64_t *texts;          /* [r->n] rows that units of each cell have; 0: it has no units */
} qg_page;

/* Rows of the largest table in the folder: more of them are for qgrid export. */
enum { QG_PAGE_ROWS = 2000 };

/* The style sheet and the script, line by line; NULL behind the last. */
extern const char *const qg_page_style[], *const qg_page_script[];

/** Appends any text, escaped. Local. */
void qg_page_text(const qg_page *p, const char *text);

/** The number of the cell that a name is of, or the name of a row with a * and the head of a
 *  column in its place; -1: none. @errors QG_ENOMEM. Local. */
qg_code qg_page_find(int *out, const qg_page *p, const char *row, const char *head) QG_MUST_USE;

/** A table with its caption, in a box of its own that scrolls. @errors QG_ENOMEM. Local. */
qg_code qg_page_table(const qg_page *p, const qg_table *t, const qg_table_entry *e) QG_MUST_USE;

/** The figures of a section. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_page_figures(const qg_page *p, int section) QG_MUST_USE;

/** Reads how many rows the units of each cell have. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_page_count_texts(qg_page *p) QG_MUST_USE;

/** The index of cells, in which every number's link ends. @errors QG_ENOMEM. Local. */
qg_code qg_page_cells(const qg_page *p) QG_MUST_USE;

/** Whether the page shows a table in a section, if it has rows. Local. */
bool qg_page_has(const qg_table_entry *e, int section);

/** Writes all tables of the file below a folder, and what describes the folder.
 *  @errors QG_EIO, QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_page_write_tables(const qg_page *p, const char *dir) QG_MUST_USE;
qg_code qg_page_write_crate(const qg_page *p, const char *dir) QG_MUST_USE;

/** Appends bytes as base64. Local. */
void qg_base64(qg_str *out, const unsigned char *b, size_t n);

/** Parts of sections; nothing where the file has nothing of it. @errors QG_ESTORE, QG_ENOMEM.
 * Local.
 */
qg_code qg_page_study(const qg_page *p) QG_MUST_USE;
qg_code qg_page_words(const qg_page *p) QG_MUST_USE;
qg_code qg_page_course(const qg_page *p) QG_MUST_USE;
qg_code qg_page_citation(const qg_page *p) QG_MUST_USE;

/** A text attribute of the file, "" where it is absent. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_page_attribute(const char **out, const qg_page *p, const char *group,
                          const char *name) QG_MUST_USE;

/** The whole page. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_page_write(qg_page *p) QG_MUST_USE;

#endif
