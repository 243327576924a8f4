/*
 * isa.h - names of functions in code that is compiled once per instruction set.
 *
 * A file such as rowops__avx2.c defines QG_ISA as avx2 and includes the body; QG_FN(exp) is then
 * qg_exp__avx2.
 */
#ifndef QGRID_ISA_H
#define QGRID_ISA_H

#define QG_PASTE3(a, b, c) a##b##__##c
#define QG_PASTE(a, b, c)  QG_PASTE3(a, b, c)
#define QG_FN(name)        QG_PASTE(qg_, name, QG_ISA)

#endif
