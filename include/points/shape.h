/*
 * The column simulate of a points file: the shape in which a value moves by
 * itself, such as "sine(55..70, 120s) every 2s". mbasyncserver-points(5)
 * describes the shapes. Pure.
 */
#ifndef POINTS_SHAPE_H
#define POINTS_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "points/point.h"

/* Bytes of a cell of that column. */
#define SIMULATE_MAX 250

/* Any time, in milliseconds; and the one from tick to tick where the cell does
 * not say. */
#define SHAPE_TIME_MIN 1
#define SHAPE_TIME_MAX 3600000
#define SHAPE_EVERY    1000

/* The number of any column of a file that is replayed, from 1 on. */
#define SHAPE_COLUMN_MAX 4096

enum shape_kind {
	SHAPE_SINE,
	SHAPE_RAMP,
	SHAPE_RANDOM,
	SHAPE_WALK,
	SHAPE_COUNT,
	SHAPE_TOGGLE,
	SHAPE_REPLAY,
};

/* A column of a file: by its number, or where that is 0 by its name; "" where
 * the cell does not say. */
struct shape_column {
	unsigned number;
	char name[SIMULATE_MAX + 1];
};

struct shape {
	enum shape_kind kind;
	unsigned every;  /* milliseconds from one tick to the next */
	unsigned period; /* likewise, of sine, ramp and toggle */

	/* A and B of sine, ramp, random and walk, as raw values: two that
	 * differ, and no NaN or infinity. */
	uint16_t from[VALUE_WORDS_MAX], to[VALUE_WORDS_MAX];

	/* STEP of walk and count, as a difference of raw values: not 0, finite,
	 * for whole types a whole number of fewer than 2^64, and for walk
	 * positive and at most that between A and B. */
	double step;

	/* Of replay. Either both columns have a number or none has. */
	char file[SIMULATE_MAX + 1];
	struct shape_column column, time;
};

/*
 * Parse the cell of a point whose type and scaling are known. Returns 0, or -1
 * and what was expected, which has room for POINT_EXPECTED_MAX bytes.
 */
int shape_parse(const struct point *p, const char *text, size_t length,
    struct shape *shape, char *expected);

#endif
