/*
 * dispatch.h - from the command line to a command.
 */
#ifndef QGRID_TOP_H
#define QGRID_TOP_H

/** The whole program; returns the exit status. */
int qg_main(int argc, char **argv);

/** Prints version, commit, compiler, libraries, processor. */
int qg_print_version(void);

#endif
