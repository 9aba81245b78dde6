/* What the system says of this process: proc(5). */
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

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

#endif
