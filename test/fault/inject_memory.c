/* Memory: libevent's hooks, and what our code calls. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "inject.h"

/* The linker's names, for --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *block);

static size_t live_event;
static size_t live_own;

static bool
fails(enum inject_kind kind)
{
	unsigned variant;

	if (!inject_now(kind, &variant))
		return false;
	errno = ENOMEM;
	return true;
}

static void *
counted(void *block, size_t *live)
{
	*live += block != NULL;
	return block;
}

/* --- ours --------------------------------------------------------------- */

void *
__wrap_malloc(size_t size)
{
	if (fails(INJECT_OWN_MEMORY))
		return NULL;
	return counted(__real_malloc(size), &live_own);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (fails(INJECT_OWN_MEMORY))
		return NULL;
	return counted(__real_calloc(n, size), &live_own);
}

void
__wrap_free(void *block)
{
	live_own -= block != NULL;
	__real_free(block);
}

/* --- libevent's --------------------------------------------------------- */

static void *
event_malloc(size_t size)
{
	if (fails(INJECT_EVENT_MEMORY))
		return NULL;
	return counted(__real_malloc(size), &live_event);
}

static void *
event_realloc(void *block, size_t size)
{
	if (fails(INJECT_EVENT_MEMORY))
		return NULL;
	if (block == NULL)
		return counted(__real_malloc(size), &live_event);
	return realloc(block, size);
}

static void
event_free_block(void *block)
{
	live_event -= block != NULL;
	__real_free(block);
}

void
inject_install(void)
{
	event_set_mem_functions(event_malloc, event_realloc, event_free_block);
}

size_t
inject_live_event(void)
{
	return live_event;
}

size_t
inject_live_own(void)
{
	return live_own;
}
