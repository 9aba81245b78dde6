/*
 * What keeps the log of a shared table: entries with dense numbers from 1 on,
 * each a list of fields, and one snapshot. No word here of which program that
 * is; shared/redis.h is Redis and Valkey, and a test has one of its own.
 *
 *   connect → ready → find, read, get_snapshot, append … → lost → connect …
 *
 * Every call but connect and describe is for the time between ready and lost.
 * Answers come from the event loop, never from within a call. Each kind of
 * question is asked once at a time, but append, which may be in flight many
 * times: the engine takes them in the sequence of the calls.
 */
#ifndef SHARED_ENGINE_H
#define SHARED_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/* Names and values of an entry take turns: name, value, name, value. */
struct engine_field {
	const void *bytes; /* borrowed */
	size_t length;
};

struct engine_entry {
	uint64_t number; /* from 1 on */
	const struct engine_field *fields;
	size_t count; /* of the fields, even */
};

enum engine_append {
	ENGINE_APPENDED, /* it is, or will be, in the log; but see 1-copies */
	ENGINE_NO_LOG,   /* it is not: there is no log any more */
	ENGINE_REFUSED,  /* it is not: no memory, read-only, no permission */
	ENGINE_ALONE,    /* it is not: too few copies would hold it */
};

struct engine_events {
	/* Connected to one that takes writes. */
	void (*ready)(void *arg);

	/* The connection has failed, or ended. What was appended and has no
	 * answer may still arrive. why is one line without newline. */
	void (*lost)(void *arg, const char *why);

	/* The answer to find; NULL: there is no such entry. */
	void (*found)(void *arg, const struct engine_entry *entry);

	/* The answer to read: entries in sequence, or none after a while: the
	 * engine lives. They are borrowed until the next read, or lost. */
	void (*entries)(
	    void *arg, const struct engine_entry *entries, size_t count);

	/* The answer to get_snapshot; NULL: there is none. */
	void (*snapshot)(void *arg, const void *bytes, size_t length);

	/* The answer to append, with its tag. why is one line where it was
	 * refused. */
	void (*appended)(void *arg, uint64_t tag, enum engine_append result,
	    const char *why);

	/* The answer to begin: 1 where this call has made the log, 0 where
	 * there is one, -1 where the engine refuses. */
	void (*begun)(void *arg, int made, const char *why);

	/* The answer to count_copies. */
	void (*copies)(void *arg, unsigned count);

	/* The answer to put_snapshot: whether it was stored. */
	void (*stored)(void *arg, int done);

	/* The answer to announce: keys and texts of all servers, in turns. */
	void (*announced)(
	    void *arg, const struct engine_field *pairs, size_t count);
};

struct engine;

struct engine_methods {
	/* Connect, to the next address where there are several. */
	void (*connect)(struct engine *e);

	/* Drop the connections: no answer comes any more, nor lost. */
	void (*disconnect)(struct engine *e);

	/* The address that it is, or was last, connected to; for log lines.
	 * Borrowed until the next connect. */
	const char *(*describe)(const struct engine *e);

	/* The entry of that number; 0: the first that is left. */
	void (*find)(struct engine *e, uint64_t number);

	/* Entries behind that of this number; waits a while for the first. */
	void (*read)(struct engine *e, uint64_t after);

	/* Add an entry to the log, which must exist. The fields are copied. */
	void (*append)(struct engine *e, uint64_t tag,
	    const struct engine_field *fields, size_t count);

	/* Make the log with its first entry, of number 1, if there is none. */
	void (*begin)(
	    struct engine *e, const struct engine_field *fields, size_t count);

	/* How many copies beside the engine itself hold all that was appended
	 * before this call; it waits at most ms milliseconds until so many are
	 * there. What is appended later may wait behind it. */
	void (*count_copies)(struct engine *e, unsigned enough, unsigned ms);

	void (*get_snapshot)(struct engine *e);

	/*
	 * Replace the snapshot, add the entry snapshot, and forget entries
	 * before first: all of it, or nothing where entry number is not the
	 * write number of session any more.
	 */
	void (*put_snapshot)(struct engine *e, uint64_t number,
	    uint64_t session, uint64_t write_number, uint64_t first,
	    const void *bytes, size_t length);

	/* Keep a text under a key beside the log, for the other servers, and
	 * ask for those of all; NULL: remove it, and ask. Both are copied. */
	void (*announce)(struct engine *e, const char *key, const char *text);

	void (*free)(struct engine *e);
};

/* The first member of every engine. */
struct engine {
	const struct engine_methods *methods;
	const struct engine_events *events; /* borrowed; whoever uses it sets
					       both before connect */
	void *arg;
};

#endif
