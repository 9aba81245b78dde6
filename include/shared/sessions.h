/*
 * The open sessions of a log, as every server knows them from the log alone. A
 * write counts only while the session of its author is open.
 */
#ifndef SHARED_SESSIONS_H
#define SHARED_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSIONS_MAX 64

struct sessions {
	struct {
		uint64_t session;
		uint64_t last; /* number of its last entry */
	} open[SESSIONS_MAX];
	size_t count;
};

/* Open a session with the entry of this number, and close another; 0: none. The
 * 65th takes the place of the one that has been silent longest: the smallest
 * last number. */
void sessions_open(
    struct sessions *s, uint64_t session, uint64_t closes, uint64_t number);

/* Whether a session is open; then it has spoken by the entry of this number. */
bool sessions_speak(struct sessions *s, uint64_t session, uint64_t number);

#endif
