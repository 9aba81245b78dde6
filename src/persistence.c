#include "persistence.h"

#include <errno.h>
#include <stdio.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "options.h"
#include "state/store.h"
#include "system/error.h"
#include "system/file.h"

static int
create(const struct options *o, struct store_error *why)
{
	if (store_create(o->state, o->overlay, why) != 0)
		return -1;
	log_line(LOG_INFO, "state: %s: created, all zeros", o->state);
	return 0;
}

/* The file is missing: create it if the options say so. Returns 0, or -1 with
 * why. */
static int
replace_missing(const struct options *o, struct store_error *why)
{
	if (o->state_init)
		return create(o, why);
	return store_fail(why, EX_CONFIG,
	    "%s: no such file; is its volume mounted? Where there never was "
	    "one, --state-create creates it: see mbasyncserver-state(5)",
	    o->state);
}

/* Returns NULL with why. */
static struct store *
open_store(const struct options *o, struct store_error *why)
{
	if (!file_exists(o->state) && errno == ENOENT &&
	    replace_missing(o, why) != 0)
		return NULL;
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

int
persistence_create(const struct options *o)
{
	struct store_error why;

	return create(o, &why) == 0 ? EX_OK : fail(NULL, &why);
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
		snprintf(why.text, sizeof(why.text), "%s", error_text(errno));
		return fail(store, &why);
	}
	log_line(LOG_INFO, "state: %s: restored", o->state);
	if (o->sync == STATE_SYNC_INTERVAL)
		log_line(LOG_WARN,
		    "state: %s: --state-sync interval: a crash loses "
		    "acknowledged writes of the last %u ms",
		    o->state, o->sync_interval);
	return EX_OK;
}
