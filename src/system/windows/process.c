#include "system/process.h"

#include "api.h"

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>

#include "wide.h"

#define FILETIME_NS 100 /* its unit */

struct process_memory
process_memory(void)
{
	PROCESS_MEMORY_COUNTERS_EX used = { .cb = sizeof(used) };

	if (!K32GetProcessMemoryInfo(GetCurrentProcess(),
		(PROCESS_MEMORY_COUNTERS *)&used, sizeof(used)))
		return (struct process_memory){ 0, 0 };
	return (struct process_memory){
		.resident = used.WorkingSetSize,
		.total = used.PrivateUsage,
	};
}

static uint64_t
nanoseconds(const FILETIME *t)
{
	return ((uint64_t)t->dwHighDateTime << 32 | t->dwLowDateTime) *
	    FILETIME_NS;
}

uint64_t
process_cpu_ns(void)
{
	FILETIME created, ended, system, user;

	if (!GetProcessTimes(
		GetCurrentProcess(), &created, &ended, &system, &user))
		return 0;
	return nanoseconds(&system) + nanoseconds(&user);
}

uint64_t
process_open_descriptors(void)
{
	DWORD handles;

	return GetProcessHandleCount(GetCurrentProcess(), &handles) ? handles :
								      0;
}

/* There is none that counts: 16,777,216 handles. */
uint64_t
process_max_descriptors(void)
{
	return 0;
}

/* libevent's select takes sets of any size. */
size_t
process_descriptor_limit(void)
{
	return SIZE_MAX;
}

void
process_raise_descriptor_limit(void)
{
}

uint64_t
process_id(void)
{
	return GetCurrentProcessId();
}

/* Copy a text of Windows. Returns 0, or -1 when there is none. */
static int
copy(const wchar_t *wide, char *text, size_t size)
{
	char *utf8 = wide_to_utf8(wide);

	if (utf8 == NULL || utf8[0] == '\0') {
		free(utf8);
		return -1;
	}
	snprintf(text, size, "%s", utf8);
	free(utf8);
	return 0;
}

const char *
process_path(char *path, size_t size)
{
	wchar_t wide[MAX_PATH];
	DWORD length = GetModuleFileNameW(NULL, wide, MAX_PATH);

	if (length == 0 || length == MAX_PATH || copy(wide, path, size) != 0)
		return NULL;
	return path;
}

int
process_host_name(char *name, size_t size)
{
	wchar_t wide[256];
	DWORD length = sizeof(wide) / sizeof(*wide);

	if (!GetComputerNameExW(ComputerNameDnsHostname, wide, &length))
		return -1;
	return copy(wide, name, size);
}

bool
process_port_is_privileged(uint16_t port)
{
	(void)port;
	return false;
}
