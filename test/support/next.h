/*
 * For libraries that are preloaded: the function of that name that they hide.
 * Not the system call, since its number and how it takes offsets of 64 bits
 * depend on the processor.
 */
#ifndef NEXT_H
#define NEXT_H

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Set *function, a pointer to a function, which dlsym gives as a pointer to
 * data. Aborts if there is none. */
static inline void
next_find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	memcpy(function, &found, sizeof(found));
}

#endif
