/*
 * The series of values of one simulated point: what the column simulate of its
 * row says, as a function of the tick. mbasyncserver-points(5) describes the
 * shapes. Two servers with the same seed and the same row compute the same
 * series, whatever other points there are.
 */
#ifndef SIMULATION_SERIES_H
#define SIMULATION_SERIES_H

#include <limits.h>
#include <stdint.h>

#include "points/point.h"
#include "points/shape.h"

struct series;

/* Milliseconds from one tick to the next. */
#define SERIES_PERIOD_MIN SHAPE_TIME_MIN
#define SERIES_PERIOD_MAX SHAPE_TIME_MAX

/* Room for any error text of series_new, which may have the name of a file. */
#define SERIES_ERROR_MAX (PATH_MAX + 1024)

/*
 * The series of p, whose simulate is not empty and was checked when the points
 * file was read. p is borrowed and outlives the series. A file to replay is
 * read here, whole, and not again; a relative name is one in the folder of the
 * points file.
 *
 * Returns NULL with one line in error, which names the file and the line of it:
 * there is no such file, it has no values for p, or there is no memory. The
 * line is printable, and has no newline.
 */
struct series *series_new(
    const struct point *p, const char *points_file, uint64_t seed, char *error);

/* Accepts NULL. */
void series_free(struct series *s);

/* Milliseconds between ticks, SERIES_PERIOD_MIN..SERIES_PERIOD_MAX. */
unsigned series_period(const struct series *s);

/*
 * The value at a tick, from 1 on, which is tick * series_period milliseconds
 * after the start. held are the words that the point has now, and words gets
 * the next ones: point_quantity(p) of the table, or for a coil and a bit one
 * word that is 0 or 1. They may be the same. Ticks may be left out. Cannot
 * fail; takes less than a few microseconds.
 */
void series_next(const struct series *s, uint64_t tick, const uint16_t *held,
    uint16_t *words);

#endif
