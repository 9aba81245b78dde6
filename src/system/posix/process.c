#include "system/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS "/proc/self/fd"
#define SECOND      UINT64_C(1000000000)

struct process_memory
process_memory(void)
{
	struct process_memory memory = { 0, 0 };
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return memory;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &memory.total,
		&memory.resident) != 2)
		memory = (struct process_memory){ 0, 0 };
	fclose(file);
	memory.total *= page;
	memory.resident *= page;
	return memory;
}

uint64_t
process_cpu_ns(void)
{
	struct timespec used = { 0, 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * SECOND + (uint64_t)used.tv_nsec;
}

uint64_t
process_open_descriptors(void)
{
	struct stat st;
	uint64_t n = 0;
	DIR *directory;

	/* Its size is their number, since Linux 6.2. */
	if (stat(DESCRIPTORS, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	directory = opendir(DESCRIPTORS);
	if (directory == NULL)
		return 0;
	/* No other thread uses this stream. */
	/* cppcheck-suppress readdirCalled */
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		n += entry->d_name[0] != '.';
	closedir(directory);
	return n - 1; /* without that of the directory */
}

uint64_t
process_max_descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}
