/*
 * OpenSSL's memory, of which one handshake takes thousands of blocks: a call
 * fails while a context is made of the files, or while a client is served.
 * fault_tls STEP: of all these calls every STEP-th one, in turn.
 *
 * Holds: no crash and no leak (the sanitizer's matter, as OpenSSL keeps some);
 * there is a context, or an error line; a client has right answers, or is
 * disconnected; and afterwards the server serves as if nothing had been.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "inject.h"
#include "net/door.h"
#include "net/server.h"
#include "rig.h"
#include "rig_tls.h"

#define ROWS 2

/* What OpenSSL may keep for good after so many failures, in blocks: what it
 * has fetched, and its words for errors. */
#define KEPT_MAX 2000

/* After so many failures the server must serve. */
#define CHECK_EVERY 16

static const uint64_t rows[ROWS] = { 1, 6 };

static struct rig rig;
static uint64_t step;

/* Returns whether anything failed. */
static bool
try_context(uint64_t first, uint64_t row)
{
	const struct inject_plan plan = {
		.kinds = 1U << INJECT_TLS_MEMORY | 1U << INJECT_OWN_MEMORY,
		.first = first,
		.row = row,
	};
	char error[TLS_TEXT_SIZE] = "";
	struct tls_context *context;

	rig_say("context, call %llu, %llu in a row", (unsigned long long)first,
	    (unsigned long long)row);
	inject_begin(&plan);
	inject_arm(true);
	context = tls_context_new(rig_tls_files(), error);
	inject_arm(false);
	must((context != NULL) == (error[0] == '\0'));
	must(context != NULL || inject_failed() > 0);
	tls_context_free(context);
	return inject_failed() > 0;
}

/* A client comes, asks, and goes. Returns whether anything failed. */
static bool
try_client(uint64_t first, uint64_t row)
{
	const struct inject_plan plan = {
		.kinds = 1U << INJECT_TLS_MEMORY,
		.first = first,
		.row = row,
	};
	struct rig_client *c;

	rig_say("client, call %llu, %llu in a row", (unsigned long long)first,
	    (unsigned long long)row);
	inject_begin(&plan);
	c = rig_connect(&rig, 0, false);
	rig_ask_kind(c, 2, 0);
	rig_settle(&rig);
	rig_await(&rig, rig_is_served(c));
	must(!c->closed || inject_failed() > 0);
	rig_disconnect(c, false);
	rig_settle(&rig);
	rig_await(&rig,
	    server_counters(rig.server)->connections == 0 &&
		door_guests(rig.door) == 0);
	return inject_failed() > 0;
}

static void
check_serves(void)
{
	rig.calm = true;
	rig_check_serves(&rig);
	rig_await(&rig, server_counters(rig.server)->connections == 0);
	rig.calm = false;
}

static void
sweep(const char *what, bool (*attempt)(uint64_t first, uint64_t row),
    void (*check)(void))
{
	uint64_t most = 0;
	unsigned attempts = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t first = 1;
		size_t live = inject_live_tls();

		/* Both versions of TLS take their turns. */
		while (attempt(first, rows[i]) || attempt(first, rows[i])) {
			if (check != NULL && attempts++ % CHECK_EVERY == 0)
				check();
			first += step;
		}
		must(inject_live_tls() < live + KEPT_MAX);
		if (first > most)
			most = first;
	}
	must(most > 100);
	printf("%s: %llu calls\n", what, (unsigned long long)most);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const struct inject_plan none = { .kinds = 0 };

	step = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	if (step == 0) {
		fprintf(stderr, "usage: fault_tls STEP\n");
		return EXIT_FAILURE;
	}
	rig_init();
	inject_begin(&none);
	must(rig_choose("tls"));
	sweep("context", try_context, NULL);
	inject_begin(&none);
	must(rig_begin(&rig));
	check_serves();
	sweep("client", try_client, check_serves);
	check_serves();
	rig_stop(&rig);
	rig_await(&rig, rig.stops == 1);
	rig_end(&rig);
	return EXIT_SUCCESS;
}
