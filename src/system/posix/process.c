#include "system/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <netinet/in.h>
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

size_t
process_descriptor_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return files.rlim_cur;
}

/* From the soft limit to the hard one. */
void
process_raise_descriptor_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

const char *
process_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	return path;
}

int
process_host_name(char *name, size_t size)
{
	if (gethostname(name, size) != 0 || name[0] == '\0')
		return -1;
	name[size - 1] = '\0';
	return 0;
}

bool
process_port_is_privileged(uint16_t port)
{
	return port < IPPORT_RESERVED;
}
