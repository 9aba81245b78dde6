#include "image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

/* What is in sectors that belong to a file and were never written: nothing, or
 * what the disk held there before. */
enum filler {
	FILL_ZEROS,
	FILL_NOISE,
	FILL_OLD, /* other bytes of the file, that look right */
	FILLERS,
};

/* How one image is drawn. */
struct way {
	size_t sector; /* bytes that are written whole or not at all */
	uint64_t all;  /* of 100 sectors, so many have everything; */
	uint64_t
	    nothing;     /* of the others, so many nothing; others in between */
	bool journalled; /* sizes and names change in order, as on ext4 */
	enum filler filler;
};

/* One file, while its image is made. */
struct draft {
	const struct disk_file *file;
	const struct way *way;
	uint8_t *bytes; /* owned; whole sectors */
	size_t sectors;
	size_t *upto; /* owned: by sector, so many of the ops have reached it */
	bool *written;   /* owned: by sector */
	size_t size_ops; /* so many of the ops have changed the size */
};

/* splitmix64 */
uint64_t
lots_draw(struct lots *l)
{
	uint64_t z = l->state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

uint64_t
lots_below(struct lots *l, uint64_t n)
{
	return lots_draw(l) % n;
}

static struct way
draw_way(struct lots *l)
{
	static const uint64_t chances[] = { 0, 10, 50, 90, 99, 100 };
	const uint64_t n = sizeof(chances) / sizeof(*chances);

	return (struct way){
		.sector = lots_below(l, 3) == 0 ? 4096 : 512,
		.all = chances[lots_below(l, n)],
		.nothing = chances[lots_below(l, n)],
		.journalled = lots_below(l, 2) == 0,
		.filler = (enum filler)lots_below(l, FILLERS),
	};
}

/* How many of count ops, the first ones, have taken effect. */
static size_t
draw_count(struct lots *l, const struct way *way, size_t count)
{
	if (lots_below(l, 100) < way->all)
		return count;
	if (lots_below(l, 100) < way->nothing)
		return 0;
	return (size_t)lots_below(l, count + 1);
}

static void *
reserve(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

/* Files --------------------------------------------------------------------*/

/* The size after the first n ops. */
static size_t
size_after(const struct disk_file *f, size_t n)
{
	size_t size = f->size;

	for (size_t i = 0; i < n; i++) {
		size_t end = (size_t)f->ops[i].place + f->ops[i].length;

		if (f->ops[i].truncates || end > size)
			size = end;
	}
	return size;
}

static size_t
largest_size(const struct disk_file *f)
{
	size_t largest = f->size;

	for (size_t i = 0; i < f->count; i++) {
		size_t end = (size_t)f->ops[i].place + f->ops[i].length;

		if (end > largest)
			largest = end;
	}
	return largest;
}

/* A truncation that has not happened, on a file system that does things in
 * order: what was written behind it has gone to sectors of no file. */
static size_t
draw_limit(const struct draft *d)
{
	const struct disk_file *f = d->file;

	for (size_t i = d->size_ops; d->way->journalled && i < f->count; i++)
		if (f->ops[i].truncates)
			return i;
	return f->count;
}

/* So many sectors before there are frames of a log, of 536 bytes, just where
 * there are here. */
static size_t
copied_from(size_t sector)
{
	return sector < 67 ? 0 : sector - 67;
}

static void
fill(struct draft *d, struct lots *l, size_t sector)
{
	size_t size = d->way->sector;
	uint8_t *bytes = d->bytes + sector * size;

	switch (d->way->filler) {
	case FILL_NOISE:
		for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
			uint64_t noise = lots_draw(l);

			memcpy(bytes + i, &noise, sizeof(noise));
		}
		break;
	case FILL_OLD:
		memmove(bytes, d->bytes + copied_from(sector) * size, size);
		break;
	default:
		break;
	}
}

static void
draft_begin(struct draft *d, struct lots *l)
{
	const struct disk_file *f = d->file;
	size_t sector = d->way->sector;
	size_t limit;

	d->sectors = (largest_size(f) + sector - 1) / sector;
	d->bytes = reserve(d->sectors, sector);
	d->upto = reserve(d->sectors, sizeof(*d->upto));
	d->written = reserve(d->sectors, sizeof(*d->written));
	d->size_ops = draw_count(l, d->way, f->count);
	limit = draw_limit(d);
	if (f->size > 0)
		memcpy(d->bytes, f->content, f->size);
	for (size_t i = 0; i < d->sectors; i++) {
		d->upto[i] = draw_count(l, d->way, f->count);
		if (d->upto[i] > limit)
			d->upto[i] = limit;
		d->written[i] = i * sector < f->size;
		if (!d->written[i])
			fill(d, l, i);
	}
}

static void
draft_write(struct draft *d, size_t number)
{
	const struct disk_op *op = &d->file->ops[number];
	size_t sector = d->way->sector;
	size_t begin = (size_t)op->place, end = begin + op->length;

	for (size_t at = begin, next; at < end; at = next) {
		size_t i = at / sector;

		next = (i + 1) * sector < end ? (i + 1) * sector : end;
		if (number >= d->upto[i])
			continue;
		if (!d->written[i])
			memset(d->bytes + i * sector, 0, sector);
		d->written[i] = true;
		memcpy(d->bytes + at, op->data + (at - begin), next - at);
	}
}

/*
 * Sectors behind a new end are lost with the size, not each on its own. Where
 * the file has grown again since there are zeros, or, on a file system that is
 * not so orderly, what was there before.
 */
static void
draft_truncate(struct draft *d, size_t number)
{
	size_t sector = d->way->sector;
	size_t size = (size_t)d->file->ops[number].place;

	if (number >= d->size_ops)
		return;
	for (size_t i = size / sector; i < d->sectors; i++) {
		size_t at = i * sector < size ? size : i * sector;

		if (d->way->journalled || number < d->upto[i])
			memset(d->bytes + at, 0, (i + 1) * sector - at);
	}
}

static void
save(const char *directory, const char *name, const uint8_t *bytes, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "wbe");
	if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
		abort();
}

static void
draft_explain(const struct draft *d, const char *name, size_t size, FILE *to)
{
	size_t whole = 0, none = 0;

	for (size_t i = 0; i < d->sectors; i++) {
		whole += d->upto[i] == d->file->count;
		none += d->upto[i] == 0;
	}
	fprintf(to,
	    "  %s: %zu bytes; safe were %zu, asked for %zu; of %zu operations "
	    "not safe, %zu sectors have all, %zu none, %zu some\n",
	    name, size, d->file->size, size_after(d->file, d->file->count),
	    d->file->count, whole, none, d->sectors - whole - none);
}

static void
make_file(const struct disk_file *f, const struct way *way, struct lots *l,
    const char *directory, const char *name, FILE *explain)
{
	struct draft d = { .file = f, .way = way };
	size_t size;

	draft_begin(&d, l);
	for (size_t i = 0; i < f->count; i++)
		if (f->ops[i].truncates)
			draft_truncate(&d, i);
		else
			draft_write(&d, i);
	size = size_after(f, d.size_ops);
	save(directory, name, d.bytes, size);
	if (explain != NULL && f->count > 0)
		draft_explain(&d, name, size, explain);
	free(d.bytes);
	free(d.upto);
	free(d.written);
}

/* Names --------------------------------------------------------------------*/

static void
explain_name(const struct disk_name_op *op, bool happened, FILE *to)
{
	fprintf(to, "  the name %s %s: %s\n", op->name,
	    op->file == NULL ? "goes" : "is given",
	    happened ? "happened" : "did not happen");
}

/* In order, or each as it likes; a rename at least never takes the old name
 * before it has given the new one. */
static struct disk_names
draw_names(
    const struct disk *d, const struct way *way, struct lots *l, FILE *explain)
{
	struct disk_names names = d->names;
	size_t count = draw_count(l, way, d->count);
	bool before = true; /* whether the op before this one has happened */

	if (count > 0 && count < d->count && d->ops[count - 1].with_next)
		count++;
	for (size_t i = 0; i < d->count; i++) {
		bool second = i > 0 && d->ops[i - 1].with_next;
		bool happens = i < count;

		if (!way->journalled)
			happens =
			    draw_count(l, way, 1) == 1 && (!second || before);
		if (happens)
			disk_name_apply(&names, &d->ops[i]);
		if (explain != NULL)
			explain_name(&d->ops[i], happens, explain);
		before = happens;
	}
	return names;
}

static void
make(const struct disk *d, const struct way *way, struct lots *l,
    const char *directory, FILE *explain)
{
	struct disk_names names = draw_names(d, way, l, explain);

	for (size_t i = 0; i < names.count; i++)
		make_file(names.list[i].file, way, l, directory,
		    names.list[i].name, explain);
}

void
image_make(const struct disk *d, struct lots lots, const char *directory,
    FILE *explain)
{
	struct way way = draw_way(&lots);

	if (explain != NULL)
		fprintf(explain,
		    "  sectors of %zu bytes; sizes and names %s; new sectors "
		    "hold %s\n",
		    way.sector, way.journalled ? "in order" : "in any order",
		    way.filler == FILL_ZEROS     ? "zeros" :
			way.filler == FILL_NOISE ? "noise" :
						   "old bytes");
	make(d, &way, &lots, directory, explain);
}

void
image_make_whole(const struct disk *d, const char *directory)
{
	const struct way way = { .sector = 512, .all = 100 };
	struct lots lots = { 0 };

	make(d, &way, &lots, directory, NULL);
}
