/*
 * The series of values of one simulated point: what the column simulate of its
 * row says, as a function of the tick. mbasyncserver-points(5) describes the
 * shapes. Two servers with the same seed and the same row compute the same
 * series, whatever other points there are.
 */
#ifndef SIMULATION_SERIES_H
#define SIMULATION_SERIES_H

#include <stdint.h>

#include "points/point.h"

struct series;

/* Milliseconds from one tick to the next. */
#define SERIES_PERIOD_MIN 1
#define SERIES_PERIOD_MAX 3600000

/* Room for any error text of series_new. */
#define SERIES_ERROR_MAX 512

/*
 * The series of p, whose simulate is not empty and was checked when the points
 * file was read. p is borrowed and outlives the series. A file to replay is
 * read here, whole, and not again.
 *
 * Returns NULL with one line in error, which names the file and the line of it:
 * there is no such file, it has no values for p, or there is no memory.
 */
struct series *series_new(const struct point *p, uint64_t seed, char *error);

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
