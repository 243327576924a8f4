/*
 * script.c - the script of the page: sorting, filtering, light and dark. The page is read without.
 */
#include "page.h"

// clang-format off
const char qg_page_script[] =
    "'use strict';\n";
// clang-format on
