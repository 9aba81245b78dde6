/*
 * A main for compilers without libFuzzer: try each file in each folder named.
 * So the seeds, and every input that was once a crash, are tests wherever the
 * tests run.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1024 * 1024)

static unsigned tried;

static int
try_file(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	void *copy;
	size_t size;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	fprintf(stderr, "%s: %zu bytes\n", path, size);
	copy = fuzz_copy(bytes, size > 0 ? size : 1);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	tried++;
	return 0;
}

/* A folder that is not there holds no inputs. */
static int
try_folder(const char *path)
{
	char pattern[4096];
	glob_t found;
	int failed = 0;

	snprintf(pattern, sizeof(pattern), "%s/*", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !failed; i++)
		failed = try_file(found.gl_pathv[i]);
	globfree(&found);
	return failed;
}

int
main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		if (try_folder(argv[i]) != 0)
			return EXIT_FAILURE;
	printf("%u inputs tried\n", tried);
	return tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
