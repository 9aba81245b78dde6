/*
 * Judges a recording: plays it on a disk, cuts the power at random points, and
 * opens what may be on the disk then with the store itself, as the server does
 * when it starts. Every write that had been acknowledged must be there, whole;
 * and nothing may look like damage.
 *
 *   power_check [-s SEED] [-n IMAGES] [-o IMAGE] [-l log|database|names] [-e]
 *       [-w] [-a WRITES] RECORDING STATE DIRECTORY
 *
 * STATE is the state file of the end, DIRECTORY an empty one for the images.
 * -o judges one image of the seed, -l has the disk lie about syncs, once the
 * recording has begun, -e cuts the power only when all is done, -w judges
 * nothing and writes the images, each into a directory of its number, with a
 * line for each: number, writes acknowledged, and 1 if there may be no file
 * yet. Without -n, the files as they are in the end are written into DIRECTORY.
 *
 * The exit status is 0 when all is well, 1 when an image is not: those are
 * kept, and explained on the standard error. 2: there is nothing to judge.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "history.h"
#include "image.h"
#include "state/batch.h"
#include "table/datatable.h"

#define STATE_NAME  "state"
#define BEGIN       "The recording begins.\n"
#define BACKUP_NAME "backup"
#define PAGE        512
#define KEPT_MAX    5 /* images that are bad */
#define NONE        SIZE_MAX
#define KINDS       (RECORDED_STRANGE + 2) /* and one for pages of a database */

/* So far so good: an image is not meant to survive anything. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/* The entries of a recording. */
struct recording {
	const uint8_t *bytes; /* mapped */
	size_t *entries;      /* owned: where they begin */
	size_t count;
	size_t begin;           /* the first one that counts */
	size_t *of_kind[KINDS]; /* owned: numbers of entries */
	size_t kind_count[KINDS];
};

/* A power cut: entries before at have happened. */
struct cut {
	size_t at;
	size_t image;
	struct lots lots;
};

struct check {
	uint64_t seed;
	size_t images;
	size_t only; /* or NONE */
	enum disk_lie lie;
	bool at_end;          /* only */
	bool writes;          /* and judges nothing */
	int64_t acknowledged; /* before the recording, or -1 */
	const char *directory;
	struct recording recording;
	struct history *history;
	struct disk disk;
	size_t bad;
	size_t lost; /* of the bad ones: acknowledged writes are missing */
};

/* The recording -------------------------------------------------------------*/

static void
get_entry(const struct recording *r, size_t number, struct recording_entry *e,
    const uint8_t **data)
{
	memcpy(e, r->bytes + r->entries[number], sizeof(*e));
	*data = r->bytes + r->entries[number] + sizeof(*e);
}

static void *
grow(void *memory, size_t count)
{
	void *grown = realloc(memory, (count + 1) * sizeof(size_t));

	if (grown == NULL)
		abort();
	return grown;
}

/* Pages that move into a database are a kind of their own. */
static unsigned
kind_of(const struct recording_entry *e)
{
	if (e->kind == RECORDED_WRITE && e->length == PAGE &&
	    e->place % PAGE == 0)
		return RECORDED_STRANGE + 1;
	return e->kind;
}

static void
add_entry(struct recording *r, size_t place)
{
	struct recording_entry e;
	unsigned kind;

	if ((r->count & (r->count - 1)) == 0)
		r->entries = grow(r->entries, 2 * r->count);
	r->entries[r->count] = place;
	memcpy(&e, r->bytes + place, sizeof(e));
	kind = kind_of(&e);
	if ((r->kind_count[kind] & (r->kind_count[kind] - 1)) == 0)
		r->of_kind[kind] =
		    grow(r->of_kind[kind], 2 * r->kind_count[kind]);
	r->of_kind[kind][r->kind_count[kind]++] = r->count++;
}

static bool
open_recording(struct recording *r, const char *path)
{
	struct recording_head head;
	struct recording_entry e;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *mapped;

	if (fd < 0 || fstat(fd, &st) != 0)
		return false;
	mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED)
		return false;
	r->bytes = mapped;
	memcpy(&head, r->bytes, sizeof(head));
	for (size_t at = sizeof(head); at < head.used;
	     at += (sizeof(e) + e.length + RECORDING_STEP - 1) /
		 RECORDING_STEP * RECORDING_STEP) {
		memcpy(&e, r->bytes + at, sizeof(e));
		add_entry(r, at);
	}
	return r->count > 0;
}

static void
find_begin(struct recording *r)
{
	struct recording_entry e;
	const uint8_t *data;

	for (size_t i = 0; i < r->count; i++) {
		get_entry(r, i, &e, &data);
		if (e.kind == RECORDED_SAID && e.length == strlen(BEGIN) &&
		    memcmp(data, BEGIN, e.length) == 0)
			r->begin = i + 1;
	}
}

static const char *
name_of_file(const struct disk *d, uint64_t inode)
{
	const struct disk_file *f = d->newest;

	while (f != NULL && f->inode != inode)
		f = f->older;
	return f == NULL ? "" : f->name;
}

static void
explain_entry(const struct check *c, size_t number)
{
	static const char *const what[] = {
		[RECORDED_CREATE] = "create",
		[RECORDED_WRITE] = "write",
		[RECORDED_TRUNCATE] = "truncate",
		[RECORDED_SYNC_BEGIN] = "sync begins",
		[RECORDED_SYNC_END] = "sync ends",
		[RECORDED_NAMES_SYNC_BEGIN] = "sync of names begins",
		[RECORDED_NAMES_SYNC_END] = "sync of names ends",
		[RECORDED_RENAME] = "rename",
		[RECORDED_UNLINK] = "unlink",
		[RECORDED_SENT] = "sent to",
		[RECORDED_SAID] = "said",
		[RECORDED_STRANGE] = "strange",
	};
	struct recording_entry e;
	const uint8_t *data;
	bool text;

	if (number >= c->recording.count)
		return;
	get_entry(&c->recording, number, &e, &data);
	text = e.kind != RECORDED_WRITE && e.length > 0;
	fprintf(stderr, "  entry %zu: %s %s at %" PRId64 ", %u bytes %.*s\n",
	    number, what[e.kind], name_of_file(&c->disk, e.file), e.place,
	    e.length, text ? (int)strnlen((const char *)data, e.length) : 0,
	    (const char *)data);
}

/* Images --------------------------------------------------------------------*/

static void
empty_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	if (d == NULL)
		abort();
	while ((entry = readdir(d)) != NULL)
		if (*entry->d_name != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
}

static void
make_directory(const struct check *c, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s", c->directory, name);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		abort();
	empty_directory(path);
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* One write more, to see that it goes on. */
static bool
write_once(struct store *s, struct datatable *t, char *error)
{
	const struct client client = { .id = 1 };
	const struct datatable_writer writer = { .client = &client };
	const uint16_t before = 0, after = 0x5A5A;
	const struct datatable_change change = { .writer = &writer,
		.kind = DATATABLE_REGISTERS,
		.quantity = 1,
		.before = &before,
		.after = &after };
	struct batch *b = batch_new();
	struct store_error why;
	bool good;

	datatable_write_registers(t, &writer, 0, 1, &after);
	batch_reserve(b, 1, 1);
	batch_add(b, &change, 0);
	good = store_commit(s, b, &why) == STORE_DONE;
	if (!good)
		snprintf(error, HISTORY_ERROR_MAX, "then: %.300s", why.text);
	batch_free(b);
	return good;
}

/* As the server starts; then it writes, and stops. */
static bool
judge_state(struct check *c, const char *directory, char *error)
{
	enum datatable_overlay overlay = history_overlay(c->history);
	struct datatable *t;
	struct store_error why;
	struct store *s;
	char path[PATH_MAX + sizeof("/" STATE_NAME)];
	bool good;

	snprintf(path, sizeof(path), "%s/" STATE_NAME, directory);
	if (!exists(path)) {
		if (history_serves(c->history)) {
			snprintf(error, HISTORY_ERROR_MAX,
			    "lost: there is no state file");
			return false;
		}
		if (store_create(path, overlay, &why) != 0) {
			snprintf(error, HISTORY_ERROR_MAX, "not made: %.300s",
			    why.text);
			return false;
		}
	}
	s = store_open(path, STORE_WRITE, &overlay, &why);
	if (s == NULL) {
		snprintf(error, HISTORY_ERROR_MAX, "refused: %.300s", why.text);
		return false;
	}
	good = history_begins_with(
	    c->history, s, history_acknowledged(c->history), error);
	t = datatable_new(overlay);
	store_load(s, t);
	good = good && write_once(s, t, error);
	datatable_free(t);
	if (store_close(s, &why) != 0 && good) {
		good = false;
		snprintf(
		    error, HISTORY_ERROR_MAX, "not closed: %.300s", why.text);
	}
	return good;
}

/* A backup is there as a whole or not at all; and once it is said to be done,
 * with all that had been acknowledged when it began. */
static bool
judge_backup(struct check *c, const char *directory, char *error)
{
	int64_t least = history_backed_up(c->history);
	struct store_error why;
	struct store *s;
	char path[PATH_MAX + sizeof("/" BACKUP_NAME)];
	bool good;

	snprintf(path, sizeof(path), "%s/" BACKUP_NAME, directory);
	if (!exists(path)) {
		snprintf(error, HISTORY_ERROR_MAX, "lost: the backup");
		return least < 0;
	}
	s = store_open(path, STORE_READ, NULL, &why);
	if (s == NULL) {
		snprintf(error, HISTORY_ERROR_MAX, "backup refused: %.300s",
		    why.text);
		return false;
	}
	good = history_begins_with(c->history, s, least, error);
	store_close(s, &why);
	return good;
}

/* Make the image once more, as it was before the store had it, and say what it
 * is and what is wrong with it. */
static void
keep(struct check *c, const struct cut *cut, const char *error)
{
	char name[40], path[PATH_MAX];

	c->bad++;
	if (strncmp(error, "lost", 4) == 0)
		c->lost++;
	if (c->bad > KEPT_MAX || c->lie != DISK_HONEST)
		return;
	snprintf(name, sizeof(name), "bad-%zu", cut->image);
	make_directory(c, name, path);
	fprintf(stderr, "seed %" PRIu64 ", image %zu: %s\n  kept as %s\n",
	    c->seed, cut->image, error, path);
	fprintf(stderr, "  the power is cut between\n");
	explain_entry(c, cut->at - 1);
	explain_entry(c, cut->at);
	image_make(&c->disk, cut->lots, path, stderr);
}

static void
judge(struct check *c, const struct cut *cut)
{
	char path[PATH_MAX], error[HISTORY_ERROR_MAX] = "";

	make_directory(c, "image", path);
	image_make(&c->disk, cut->lots, path, NULL);
	if (!judge_state(c, path, error) || !judge_backup(c, path, error))
		keep(c, cut, error);
}

static void
write_image(struct check *c, const struct cut *cut)
{
	char name[40], path[PATH_MAX];

	snprintf(name, sizeof(name), "%zu", cut->image);
	make_directory(c, name, path);
	image_make(&c->disk, cut->lots, path, NULL);
	printf("%zu %" PRId64 " %d\n", cut->image,
	    history_acknowledged(c->history), !history_serves(c->history));
}

/* Cuts ----------------------------------------------------------------------*/

/* Half of them anywhere, half at an entry of a kind that is drawn first: rare
 * ones are those where something can go wrong. */
static struct cut
draw_cut(const struct check *c, size_t image)
{
	const struct recording *r = &c->recording;
	struct cut cut = { .image = image,
		.lots.state = c->seed * 0x9E3779B97F4A7C15 + image };

	if (c->at_end)
		cut.at = r->count;
	while (cut.at <= r->begin) {
		uint64_t kind = lots_below(&cut.lots, 2 * KINDS);
		uint64_t count = kind < KINDS ? r->kind_count[kind] : r->count;
		size_t number;

		if (count == 0)
			continue;
		number = lots_below(&cut.lots, count);
		if (kind < KINDS)
			number = r->of_kind[kind][number];
		cut.at = number + lots_below(&cut.lots, 2);
	}
	return cut;
}

static int
compare_cuts(const void *a, const void *b)
{
	const struct cut *one = a, *other = b;

	return (one->at > other->at) - (one->at < other->at);
}

/* Play the recording once, and stop at each cut. Returns false if it can't be
 * judged. */
static bool
play(struct check *c, const struct cut *cuts, size_t count)
{
	struct recording_entry e;
	const uint8_t *data;
	size_t next = 0;

	for (size_t i = 0; i < c->recording.count; i++) {
		get_entry(&c->recording, i, &e, &data);
		c->disk.lie = i < c->recording.begin ? DISK_HONEST : c->lie;
		disk_play(&c->disk, &e, data);
		if (c->history != NULL && i >= c->recording.begin &&
		    !history_play(c->history, &e, data))
			return false;
		for (; next < count && cuts[next].at == i + 1; next++)
			if (c->writes)
				write_image(c, &cuts[next]);
			else
				judge(c, &cuts[next]);
	}
	return !c->disk.strange;
}

static bool
check_cuts(struct check *c)
{
	struct cut *cuts = calloc(c->images, sizeof(*cuts));
	size_t count = 0;
	bool good;

	if (cuts == NULL)
		abort();
	for (size_t i = 0; i < c->images; i++)
		if (c->only == NONE || c->only == i)
			cuts[count++] = draw_cut(c, i);
	qsort(cuts, count, sizeof(*cuts), compare_cuts);
	good = play(c, cuts, count);
	free(cuts);
	if (!c->writes)
		printf("seed %" PRIu64 ": %zu images, %zu bad, of these %zu "
		       "have lost what was acknowledged\n",
		    c->seed, count, c->bad, c->lost);
	return good;
}

/* The command line
 * ------------------------------------------------------------*/

static bool
set_lie(struct check *c, const char *text)
{
	static const char *const lies[] = {
		[DISK_LIES_LOG] = "log",
		[DISK_LIES_DATABASE] = "database",
		[DISK_LIES_NAMES] = "names",
	};

	for (int i = DISK_LIES_LOG; i <= DISK_LIES_NAMES; i++)
		if (strcmp(text, lies[i]) == 0)
			c->lie = (enum disk_lie)i;
	return c->lie != DISK_HONEST;
}

static bool
parse(struct check *c, int argc, char **argv)
{
	bool good = true;
	int option;

	while ((option = getopt(argc, argv, "s:n:o:l:ewa:")) != -1) {
		if (option == 's')
			c->seed = strtoull(optarg, NULL, 10);
		else if (option == 'n')
			c->images = strtoull(optarg, NULL, 10);
		else if (option == 'o')
			c->only = strtoull(optarg, NULL, 10);
		else if (option == 'l')
			good = good && set_lie(c, optarg);
		else if (option == 'a')
			c->acknowledged = strtoll(optarg, NULL, 10);
		else if (option == 'e')
			c->at_end = true;
		else if (option == 'w')
			c->writes = true;
		else
			good = false;
	}
	return good && argc - optind == 3;
}

int
main(int argc, char **argv)
{
	static struct check c = { .seed = 1, .only = NONE, .acknowledged = -1 };
	bool good;

	if (!parse(&c, argc, argv) ||
	    !open_recording(&c.recording, argv[optind])) {
		fprintf(stderr, "power_check: no recording to judge\n");
		return 2;
	}
	find_begin(&c.recording);
	c.directory = argv[optind + 2];
	disk_init(&c.disk);
	if (c.images > 0) {
		c.history = history_new(argv[optind + 1]);
		if (c.history == NULL)
			return 2;
		if (c.acknowledged >= 0)
			history_go_on(c.history, c.acknowledged);
		good = check_cuts(&c);
		history_free(c.history);
	} else {
		good = play(&c, NULL, 0);
		image_make_whole(&c.disk, c.directory);
	}
	disk_clear(&c.disk);
	if (!good)
		return 2;
	return c.bad > 0 ? 1 : 0;
}
