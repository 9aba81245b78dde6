/*
 * What a disk may hold after a power cut: all that is safe, and of what is not
 * whatever the lots say. Each sector of a file has, on its own, what it had
 * after some of the writes to it; the size is that after some of the changes;
 * names have changed or not.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>
#include <stdio.h>

struct disk;

/* Lots that can be drawn again: the same numbers for the same start. */
struct lots {
	uint64_t state;
};

uint64_t lots_draw(struct lots *l); /* 0..2^64-1 */
uint64_t lots_below(struct lots *l, uint64_t n);

/* Write the files of an image into an empty directory, and to explain, unless
 * it is NULL, what the lots have said. Aborts where it can't. */
void image_make(const struct disk *d, struct lots lots, const char *directory,
    FILE *explain);

/* The image where nothing is lost. */
void image_make_whole(const struct disk *d, const char *directory);

#endif
