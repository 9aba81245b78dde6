/*
 * Values of points that are to be written together, gathered in an image of the
 * table: one that is set later sees those before it, also where points share
 * registers, or coils and registers. What becomes of it are writings of the
 * coils, registers and bits that the points have, and of no others.
 */
#ifndef POINTS_POINT_IMAGE_H
#define POINTS_POINT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "service/writing.h"

struct point;
struct point_image;

/* NULL when memory is exhausted. */
struct point_image *point_image_new(enum datatable_overlay overlay);

/* Accepts NULL. */
void point_image_free(struct point_image *image);

/* Forget all values that were set, for others. */
void point_image_clear(struct point_image *image);

/* Set a value: raw is as points/value.h has it. */
void point_image_set(
    struct point_image *image, const struct point *p, const uint16_t *raw);

/* Write registers of which bits were set as a whole: the rest as in a new
 * table, zeros. */
void point_image_complete(struct point_image *image);

/*
 * The writings, for writing_submit: registers in the order of their addresses,
 * then coils. They point into the image. Returns an array that the caller
 * frees, or NULL when memory is exhausted.
 */
struct writing *point_image_writings(struct point_image *image, size_t *count);

#endif
