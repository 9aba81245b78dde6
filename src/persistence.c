#include "persistence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "options.h"
#include "state/store.h"

/* Open the state file, and create it first if the options say so. Returns NULL
 * with why. */
static struct store *
open_store(const struct options *o, struct store_error *why)
{
	if (o->state_init && access(o->state, F_OK) != 0 && errno == ENOENT) {
		if (store_create(o->state, o->overlay, why) != 0)
			return NULL;
		log_line(LOG_INFO, "state: %s: created, all zeros", o->state);
	}
	return store_open(o->state, STORE_WRITE, &o->overlay, why);
}

static int
fail(struct store *store, const struct store_error *why)
{
	struct store_error ignored;

	log_line(LOG_ERROR, "state: %s", why->text);
	store_close(store, &ignored);
	return why->status;
}

size_t
persistence_descriptors(const struct options *o)
{
	if (o->state == NULL)
		return 0;
	return STATE_DESCRIPTORS +
	    (o->state_backup == NULL ? 0 : STATE_BACKUP_DESCRIPTORS);
}

int
persistence_start(const struct options *o, const struct state_config *config,
    struct state **state)
{
	struct store_error why;
	struct store *store;

	*state = NULL;
	if (o->state == NULL)
		return EX_OK;
	store = open_store(o, &why);
	if (store == NULL)
		return fail(store, &why);
	store_load(store, config->table);
	store_keep_journal(store, o->keep);
	*state = state_new(store, config);
	if (*state == NULL) {
		why.status = EX_OSERR;
		snprintf(why.text, sizeof(why.text), "%s", strerror(errno));
		return fail(store, &why);
	}
	log_line(LOG_INFO, "state: %s: restored", o->state);
	return EX_OK;
}
