#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
disk_init(struct disk *d)
{
	memset(d, 0, sizeof(*d));
}

void
disk_clear(struct disk *d)
{
	while (d->newest != NULL) {
		struct disk_file *f = d->newest;

		d->newest = f->older;
		free(f->content);
		free(f->ops);
		free(f);
	}
}

static void *
grow(void *memory, size_t size)
{
	void *grown = realloc(memory, size);

	if (grown == NULL)
		abort();
	return grown;
}

/* Files --------------------------------------------------------------------*/

/* The last one of that inode is meant. */
static struct disk_file *
find_file(const struct disk *d, uint64_t inode)
{
	struct disk_file *f = d->newest;

	while (f != NULL && f->inode != inode)
		f = f->older;
	if (f == NULL)
		abort(); /* the directory was not empty at the start */
	return f;
}

static void
add_op(struct disk_file *f, struct disk_op op)
{
	if (f->count == f->capacity) {
		f->capacity = 2 * f->capacity + 16;
		f->ops = grow(f->ops, f->capacity * sizeof(*f->ops));
	}
	f->ops[f->count++] = op;
}

static void
resize(struct disk_file *f, size_t size)
{
	if (size > f->size) {
		f->content = grow(f->content, size);
		memset(f->content + f->size, 0, size - f->size);
	}
	f->size = size;
}

static void
apply(struct disk_file *f, const struct disk_op *op)
{
	size_t place = (size_t)op->place;

	if (op->truncates) {
		resize(f, place);
		return;
	}
	if (place + op->length > f->size)
		resize(f, place + op->length);
	memcpy(f->content + place, op->data, op->length);
}

static bool
lies_about(const struct disk *d, const struct disk_file *f)
{
	size_t n = strlen(f->name);
	bool log = n > 4 && strcmp(f->name + n - 4, "-wal") == 0;

	return d->lie == (log ? DISK_LIES_LOG : DISK_LIES_DATABASE);
}

static void
make_safe(struct disk *d, struct disk_file *f)
{
	if (lies_about(d, f))
		return;
	if (f->reach == 0)
		return;
	for (size_t i = 0; i < f->reach; i++)
		apply(f, &f->ops[i]);
	f->count -= f->reach;
	memmove(f->ops, f->ops + f->reach, f->count * sizeof(*f->ops));
	f->reach = 0;
}

/* Names --------------------------------------------------------------------*/

void
disk_name_apply(struct disk_names *names, const struct disk_name_op *op)
{
	struct disk_name *list = names->list;
	size_t i = 0;

	while (i < names->count && strcmp(list[i].name, op->name) != 0)
		i++;
	if (op->file == NULL) {
		if (i < names->count)
			list[i] = list[--names->count];
		return;
	}
	if (i == DISK_NAMES_MAX)
		abort();
	if (i == names->count)
		names->count++;
	memcpy(list[i].name, op->name, DISK_NAME_MAX);
	list[i].file = op->file;
}

static void
add_name_op(struct disk *d, const char *name, size_t length,
    struct disk_file *file, bool with_next)
{
	struct disk_name_op *op = &d->ops[d->count];

	if (d->count == sizeof(d->ops) / sizeof(*d->ops) ||
	    length >= DISK_NAME_MAX)
		abort();
	d->count++;
	memset(op, 0, sizeof(*op));
	memcpy(op->name, name, length);
	op->file = file;
	op->with_next = with_next;
}

static void
make_names_safe(struct disk *d)
{
	if (d->lie == DISK_LIES_NAMES || d->reach == 0)
		return;
	for (size_t i = 0; i < d->reach; i++)
		disk_name_apply(&d->names, &d->ops[i]);
	d->count -= d->reach;
	memmove(d->ops, d->ops + d->reach, d->count * sizeof(*d->ops));
	d->reach = 0;
}

static void
create(struct disk *d, uint64_t inode, const char *name, size_t length)
{
	struct disk_file *f = calloc(1, sizeof(*f));

	if (f == NULL || length >= DISK_NAME_MAX)
		abort();
	f->inode = inode;
	memcpy(f->name, name, length);
	f->older = d->newest;
	d->newest = f;
	add_name_op(d, name, length, f, false);
}

/* A rename gives the new name, then takes the old one. */
static void
rename_file(struct disk *d, uint64_t inode, const char *names, size_t length)
{
	size_t n = strlen(names);

	add_name_op(
	    d, names + n + 1, length - n - 1, find_file(d, inode), true);
	add_name_op(d, names, n, NULL, false);
}

void
disk_play(struct disk *d, const struct recording_entry *e, const uint8_t *data)
{
	const char *text = (const char *)data;

	switch ((enum recording_kind)e->kind) {
	case RECORDED_CREATE:
		create(d, e->file, text, e->length);
		break;
	case RECORDED_WRITE:
		add_op(find_file(d, e->file),
		    (struct disk_op){
			.length = e->length, .place = e->place, .data = data });
		break;
	case RECORDED_TRUNCATE:
		add_op(find_file(d, e->file),
		    (struct disk_op){ .truncates = true, .place = e->place });
		break;
	case RECORDED_SYNC_BEGIN:
		find_file(d, e->file)->reach = find_file(d, e->file)->count;
		break;
	case RECORDED_SYNC_END:
		make_safe(d, find_file(d, e->file));
		break;
	case RECORDED_NAMES_SYNC_BEGIN:
		d->reach = d->count;
		break;
	case RECORDED_NAMES_SYNC_END:
		make_names_safe(d);
		break;
	case RECORDED_RENAME:
		rename_file(d, e->file, text, e->length);
		break;
	case RECORDED_UNLINK:
		add_name_op(d, text, e->length, NULL, false);
		break;
	case RECORDED_STRANGE:
		fprintf(stderr, "strange: %.*s\n", (int)e->length, text);
		d->strange = true;
		break;
	case RECORDED_SENT:
	case RECORDED_SAID:
		break;
	}
}
