/* Which rows of a journal are damaged: the first ranges of them, and their
 * number. Pure. */
#ifndef STATE_DAMAGE_H
#define STATE_DAMAGE_H

#include <stdint.h>

#define DAMAGE_RANGES_MAX 16

struct damage_range {
	int64_t first;
	int64_t last;
};

struct damage {
	int64_t rows;         /* all of them; 0: none is damaged */
	unsigned range_count; /* known ones, in order */
	struct damage_range ranges[DAMAGE_RANGES_MAX];
};

/* Add rows first..last, all above those already added. Adjacent ranges become
 * one. */
void damage_add(struct damage *d, int64_t first, int64_t last);

/* Room for the text of damage_format. */
#define DAMAGE_TEXT_MAX (DAMAGE_RANGES_MAX * 42 + 32)

/* Write "7, 12-15 and 300 more" to text; "" for none. Returns text. */
const char *damage_format(const struct damage *d, char *text);

#endif
