#include "points/point_image.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "modbus/modbus.h"
#include "points/point.h"

#define ALL_BITS 0xFFFF

/* The most coils of a writing: datatable_read_coils reads fewer than all. */
#define COILS_MAX (MB_ADDRESSES / 2)

/* Where anything was set: from the first word to the one behind the last. */
struct extent {
	uint32_t first, end;
};

static const struct extent nowhere = { MB_ADDRESSES, 0 };

/*
 * The image has the values. Which of them were set stands beside it: bits of
 * registers, and coils. Where coils are bits of registers, either write of a
 * bit that was set as both writes the later value, since both are read from the
 * image in the end.
 */
struct point_image {
	struct datatable *values; /* owned */
	uint16_t masks[MB_ADDRESSES];
	uint16_t coils[DATATABLE_PACKED_WORDS(MB_ADDRESSES)];
	struct extent set_masks, set_coils; /* words of these */

	/* The coils of each writing, packed. The most words are needed when
	 * every other coil is set. */
	uint16_t packed[MB_ADDRESSES / 2];
};

struct point_image *
point_image_new(enum datatable_overlay overlay)
{
	struct point_image *image = calloc(1, sizeof(*image));

	if (image == NULL)
		return NULL;
	image->values = datatable_new(overlay);
	if (image->values == NULL) {
		free(image);
		return NULL;
	}
	image->set_masks = image->set_coils = nowhere;
	return image;
}

void
point_image_free(struct point_image *image)
{
	if (image == NULL)
		return;
	datatable_free(image->values);
	free(image);
}

static void
forget(uint16_t *words, struct extent *set)
{
	if (set->first < set->end)
		memset(words + set->first, 0,
		    (set->end - set->first) * sizeof(*words));
	*set = nowhere;
}

void
point_image_clear(struct point_image *image)
{
	forget(image->masks, &image->set_masks);
	forget(image->coils, &image->set_coils);
}

static void
extend(struct extent *set, uint32_t first, uint32_t quantity)
{
	if (first < set->first)
		set->first = first;
	if (first + quantity > set->end)
		set->end = first + quantity;
}

void
point_image_set(
    struct point_image *image, const struct point *p, const uint16_t *raw)
{
	static const struct client nobody;
	const struct datatable_writer writer = { .client = &nobody };
	uint16_t address = p->address;
	uint16_t quantity = (uint16_t)point_quantity(p);
	uint16_t mask = ALL_BITS;
	uint16_t word;

	if (p->kind == DATATABLE_COILS) {
		datatable_write_coils(
		    image->values, &writer, address, quantity, raw);
		image->coils[address / 16] |= (uint16_t)(1 << address % 16);
		extend(&image->set_coils, address / 16, 1);
		return;
	}
	if (p->bit != POINT_NO_BIT) {
		mask = (uint16_t)(1 << p->bit);
		word = *datatable_registers(image->values, address);
		word = (uint16_t)(raw[0] != 0 ? word | mask : word & ~mask);
		raw = &word;
	}
	datatable_write_registers(
	    image->values, &writer, address, quantity, raw);
	for (uint16_t i = 0; i < quantity; i++)
		image->masks[address + i] |= mask;
	extend(&image->set_masks, address, quantity);
}

void
point_image_complete(struct point_image *image)
{
	for (size_t i = 0; i < MB_ADDRESSES; i++)
		if (image->masks[i] != 0)
			image->masks[i] = ALL_BITS;
}

/* The first word from a place on that is not 0, or end. Few are set where many
 * are looked at: that takes four at a time. */
static uint32_t
skip_zeros(const uint16_t *words, uint32_t from, uint32_t end)
{
	uint64_t four;

	for (; from + 4 <= end; from += 4) {
		memcpy(&four, words + from, sizeof(four));
		if (four != 0)
			break;
	}
	while (from < end && words[from] == 0)
		from++;
	return from;
}

static bool
has_coil(const struct point_image *image, uint32_t address)
{
	return image->coils[address / 16] >> address % 16 & 1;
}

/* Find the writings of registers: runs of whole ones, and of ones that have
 * bits only. out may be NULL: they are only counted. Returns their number. */
static size_t
find_registers(const struct point_image *image, struct writing *out)
{
	const uint16_t *values = datatable_registers(image->values, 0);
	const uint16_t *masks = image->masks;
	const struct extent *set = &image->set_masks;
	size_t count = 0;
	uint32_t from = set->first, end;

	for (; (from = skip_zeros(masks, from, set->end)) < set->end;
	     from = end) {
		bool whole = masks[from] == ALL_BITS;

		end = from + 1;
		while (end < set->end && masks[end] != 0 &&
		    (masks[end] == ALL_BITS) == whole)
			end++;
		if (out != NULL)
			out[count] = (struct writing){
				.kind = DATATABLE_REGISTERS,
				.address = from,
				.quantity = end - from,
				.words = values + from,
				.masks = whole ? NULL : masks + from,
			};
		count++;
	}
	return count;
}

/* The first coil from a place on that was set, or MB_ADDRESSES. */
static uint32_t
next_coil(const struct point_image *image, uint32_t from)
{
	uint32_t end = image->set_coils.end;
	uint32_t word = from / 16;

	if (word < image->set_coils.first)
		from = (word = image->set_coils.first) * 16;
	while (word < end && image->coils[word] >> from % 16 == 0)
		from = (word = skip_zeros(image->coils, word + 1, end)) * 16;
	if (word >= end)
		return MB_ADDRESSES;
	while (!has_coil(image, from))
		from++;
	return from;
}

/* The same for coils, which are packed for each writing. */
static size_t
find_coils(struct point_image *image, struct writing *out)
{
	uint16_t *packed = image->packed;
	size_t count = 0;
	uint32_t from = 0, end;

	for (; (from = next_coil(image, from)) < MB_ADDRESSES; from = end) {
		end = from + 1;
		while (end < MB_ADDRESSES && end - from < COILS_MAX &&
		    has_coil(image, end))
			end++;
		if (out != NULL) {
			datatable_read_coils(image->values, (uint16_t)from,
			    (uint16_t)(end - from), packed);
			out[count] = (struct writing){
				.kind = DATATABLE_COILS,
				.address = from,
				.quantity = end - from,
				.words = packed,
			};
			packed += DATATABLE_PACKED_WORDS(end - from);
		}
		count++;
	}
	return count;
}

struct writing *
point_image_writings(struct point_image *image, size_t *count)
{
	size_t registers = find_registers(image, NULL);
	size_t coils = find_coils(image, NULL);
	struct writing *out =
	    malloc((registers + coils + 1) * sizeof(*out)); /* never 0 bytes */

	if (out == NULL)
		return NULL;
	find_registers(image, out);
	find_coils(image, out + registers);
	*count = registers + coils;
	return out;
}
