#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "insist.h"

static char directory[64];

void
scratch_begin(void)
{
	snprintf(directory, sizeof(directory), "/tmp/mbasyncserver-XXXXXX");
	insist(mkdtemp(directory) != NULL);
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
scratch_end(void)
{
	nftw(directory, drop, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
scratch_path(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

char *
scratch_read(const char *name, size_t *length)
{
	FILE *f = fopen(scratch_path(name), "rb");
	char *bytes;
	long end;

	if (f == NULL)
		return NULL;
	fseek(f, 0, SEEK_END);
	end = ftell(f);
	rewind(f);
	bytes = malloc((size_t)end + 1);
	insist(bytes != NULL);
	*length = fread(bytes, 1, (size_t)end, f);
	insist(*length == (size_t)end);
	fclose(f);
	return bytes;
}

void
scratch_write(const char *name, const void *bytes, size_t length)
{
	FILE *f = fopen(scratch_path(name), "wb");

	insist(f != NULL);
	insist(fwrite(bytes, 1, length, f) == length);
	insist(fclose(f) == 0);
}
