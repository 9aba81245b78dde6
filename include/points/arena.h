/* Memory that is allocated in small pieces and freed as a whole. */
#ifndef POINTS_ARENA_H
#define POINTS_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks; /* owned; initially NULL */
};

/* Room for size bytes, aligned for any type; NULL when memory is exhausted. */
void *arena_take(struct arena *a, size_t size);

/* A copy of that many bytes. */
void *arena_copy(struct arena *a, const void *bytes, size_t size);

void arena_free(struct arena *a);

#endif
