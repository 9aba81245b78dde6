/* What the system says of this process and its machine. */
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes; both 0 when the system does not tell. */
struct process_memory {
	uint64_t resident;
	uint64_t total; /* virtual */
};

struct process_memory process_memory(void);

/* Nanoseconds of CPU time, of all threads. */
uint64_t process_cpu_ns(void);

/* Descriptors that are open, and the most that may be; 0 when the system does
 * not tell. A system older than Linux 6.2 takes some time to count many. */
uint64_t process_open_descriptors(void);
uint64_t process_max_descriptors(void);

/* How many descriptors the process may have open: files, and connections. Each
 * client needs one. SIZE_MAX where nothing limits them. */
size_t process_descriptor_limit(void);

/* Raise that limit as far as the process may. */
void process_raise_descriptor_limit(void);

/* Write the path of its executable to path, of size bytes. Returns path, or
 * NULL when the system does not tell. */
const char *process_path(char *path, size_t size);

/* Write the name of the machine to name, of size bytes. Returns 0, or -1 when
 * it has none. One that does not fit is cut off, or -1. */
int process_host_name(char *name, size_t size);

/* Whether only a privileged process may bind this port. */
bool process_port_is_privileged(uint16_t port);

#endif
