/*
 * Files of recorded values: comma-separated values, which a points file has as
 * well, so that the same is said of lines, quotes, separators and comments; or
 * what "mbasyncserver journal --csv" prints. mbasyncserver-points(5) has the
 * details.
 */
#ifndef SIMULATION_REPLAY_FILE_H
#define SIMULATION_REPLAY_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "points/point.h"
#include "points/shape.h"
#include "simulation/replay.h"
#include "system/file.h"

/* Bytes of a file. */
#define REPLAY_FILE_MAX (64 * 1024 * 1024)

/* The path of a file that a points file names; path has room for
 * REPLAY_PATH_MAX bytes. Returns path. */
#define REPLAY_PATH_MAX (FILE_PATH_MAX + SIMULATE_MAX + 2)
const char *replay_path(const char *points_file, const char *file, char *path);

/*
 * Read the values of p from a regular file, with those columns; of each the
 * moment is 0 where there is no column of times. Returns NULL with one line in
 * error, which has room for SERIES_ERROR_MAX bytes: "FILE:LINE: COLUMN: "CELL":
 * expected ...".
 */
struct replay *replay_read(const struct point *p, const struct shape *shape,
    const char *path, char *error);

/* The same of a stream, which is read to its end. */
struct replay *replay_read_stream(const struct point *p,
    const struct shape *shape, FILE *f, const char *path, char *error);

#endif
