/*
 * style.c - the style sheet of the page. Colours are custom properties: those of the reader's
 * choice, light or dark, unless the page's own switch says otherwise.
 */
#include "page.h"

// clang-format off
const char qg_page_style[] =
    "body{font:16px/1.55 system-ui,sans-serif}\n";
// clang-format on
