/*
 * The one engine that a test works on, driven turn by turn on its own loop.
 * What it tells becomes text, a line each: "ready", "lost: WHY", "found 7 a b",
 * "found none", "entries" and " 7 a b" for each, "snapshot 3 BYTES",
 * "snapshot none", "appended TAG RESULT WHY", "begun 1", "copies 2",
 * "stored 1", "announced key text".
 */
#ifndef ONE_ENGINE_H
#define ONE_ENGINE_H

#include "base/clock.h"
#include "shared/redis.h"
#include "suite.h"

/* Any process may be paused for some time, again and again. */
#define ENGINE_PATIENCE_MS 240000

extern struct event_base *engine_base;
extern struct engine *engine;
extern char told[];

/* What is to be done when the next line was told, from within; NULL: nothing.
 * Once. */
extern void (*when_told)(void);

/* A base, which wakes up every few milliseconds. */
void one_engine_begin(void);

/* Make the engine: a URL, a patience in ms, a file of authorities or NULL. */
void one_engine_new(const char *url, unsigned patience, const char *ca);

/* Free everything. */
void one_engine_end(void);

/* Turn the loop until that is all that was told; forget it. */
void await_told(const char *expected);

/* Turn the loop once. */
void turn_engine(void);

/* Hold a port of [::1], where localhost is looked for, too: nobody listens
 * there then. Returns a descriptor, which the caller closes, or -1: somebody
 * does. */
int hold_ipv6(unsigned port);

/* An engine's field of a text. */
struct engine_field field(const char *text);

/* Turn the loop until the expression is true. */
#define await_engine(expression)                                               \
	do {                                                                   \
		uint64_t until_ = clock_ms() + ENGINE_PATIENCE_MS;             \
                                                                               \
		while (!(expression)) {                                        \
			turn_engine();                                         \
			ck_assert_msg(clock_ms() < until_,                     \
			    "waited for %s; told: %s", #expression, told);     \
		}                                                              \
	} while (0)

#endif
