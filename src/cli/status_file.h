/*
 * status_file.h - what a run tells the script that started it.
 */
#ifndef QGRID_STATUS_FILE_H
#define QGRID_STATUS_FILE_H

/** Appends the line "KEY VALUE" to the status file, at once; nothing where `path` is NULL.
 * Launchers hide the exit status of rank 0, and a script does not know when its signals would reach
 * every rank: it reads "started RANKS" once all ranks catch them, "output FILE" once the job is
 * read, and "status N" at the end. A file that cannot be written is warned of: the run itself is
 * not hurt. */
void qg_status_file_put(const char *path, const char *key, const char *value);

/** The same for a whole number. */
void qg_status_file_count(const char *path, const char *key, int value);

#endif
