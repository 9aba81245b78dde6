/* Memory: libevent's and OpenSSL's hooks, and what our code calls. */
#include <errno.h>
#include <event2/event.h>
#include <openssl/crypto.h>
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
static size_t live_tls;
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

/* --- OpenSSL's ---------------------------------------------------------- */

static void *
tls_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0 || fails(INJECT_TLS_MEMORY))
		return NULL;
	return counted(__real_malloc(size), &live_tls);
}

static void
tls_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	live_tls -= block != NULL;
	__real_free(block);
}

/* OpenSSL asks nobody else for nothing, or to free by this. */
static void *
tls_realloc(void *block, size_t size, const char *file, int line)
{
	if (block == NULL)
		return tls_malloc(size, file, line);
	if (size == 0) {
		tls_free(block, file, line);
		return NULL;
	}
	return fails(INJECT_TLS_MEMORY) ? NULL : realloc(block, size);
}

void
inject_install(void)
{
	CRYPTO_set_mem_functions(tls_malloc, tls_realloc, tls_free);
	event_set_mem_functions(event_malloc, event_realloc, event_free_block);
}

size_t
inject_live_event(void)
{
	return live_event;
}

size_t
inject_live_tls(void)
{
	return live_tls;
}

size_t
inject_live_own(void)
{
	return live_own;
}
