/*
 * What the files of a member share; only they include it.
 *
 *   member.c          made and freed; how it is
 *   member_life.c     connected and not, until it is live
 *   member_load.c     the table, from the engine
 *   member_read.c     entries, and their execution
 *   member_write.c    own writes: submitted, refused, expired, held by copies
 *   member_servers.c  who else is there
 *   member_simulation.c  who of them simulates
 */
#ifndef SHARED_MEMBER_PRIVATE_H
#define SHARED_MEMBER_PRIVATE_H

#include "shared/entry.h"
#include "shared/lease.h"
#include "shared/member.h"
#include "shared/pending.h"
#include "shared/replica.h"

struct event;

enum member_state {
	MEMBER_AWAY,       /* not connected; retry is armed */
	MEMBER_CONNECTING, /* ready or lost comes */
	MEMBER_CHECKING,   /* found: is the last entry still there? */
	MEMBER_SNAPSHOT,   /* snapshot comes */
	MEMBER_MATCHING,   /* found: does the snapshot belong to the log? */
	MEMBER_FIRST,      /* found: the first entry that is left */
	MEMBER_BEGINNING,  /* begun comes */
	MEMBER_FOLLOWING,  /* entries are read, and the own hello is expected */
	MEMBER_LIVE,
	MEMBER_FAILED,
};

/* Another server, or this one, as it was last announced. */
struct member_server {
	char key[20];
	char text[320];
	uint64_t changed; /* ms; when the text last changed */
};

struct member_servers {
	struct event *timer; /* owned; runs while the member is live */
	char key[20];        /* this server's */
	uint64_t count;      /* of its announcements */
	bool asking;         /* announced comes */
	struct member_server list[SESSIONS_MAX];
	size_t length;
};

/* How enough copies come to hold own writes. */
struct member_copies {
	struct event *event; /* owned; active: count at the end of this turn */
	bool counting;       /* copies comes */
	uint64_t counted;    /* number of the last write that is counted */
	uint64_t confirmed;  /* enough copies hold writes up to this number */
};

/* What a line has said of who simulates. */
enum member_said {
	SAID_NOTHING,
	SAID_OWN,
	SAID_OTHER,
	SAID_PERHAPS, /* another may */
};

struct member {
	struct member_config config;
	struct engine *engine; /* owned */
	struct order order;
	enum member_state state;
	struct event *retry; /* owned; connect, or say hello once more */
	unsigned back_off;   /* ms */

	/* The table that is served, and one that is being loaded anew.
	 * reading is the one that takes entries: served, or loading while
	 * loading.table is not NULL. */
	struct replica served;
	struct replica loading;
	struct datatable *fresh; /* owned; loading.table, or NULL */
	struct replica *reading;
	uint64_t last_snapshot; /* number of the entry that it is of */
	bool was_live;
	bool anew;      /* the served one is not what the log says */
	bool anew_told; /* a line has said so */
	bool no_table;  /* the engine has lost it */

	/* Entries that were read and wait for copies. Borrowed. */
	const struct engine_entry *held;
	size_t held_count;

	uint64_t session;  /* of the last hello */
	uint64_t previous; /* of the hello before */
	uint64_t closes;   /* the last own session that was open */
	uint64_t hello;    /* number of the last hello */
	uint64_t number;   /* of the last write or hello, over all sessions */
	uint64_t hello_at; /* ms; when it was answered; 0: it was not */
	bool hello_refused;
	struct pending *pending;     /* owned */
	struct entry_writer *writer; /* owned */
	struct event *expiry;        /* owned; armed while some are pending */
	struct member_copies copies;
	bool refusing;       /* no write was accepted since one was refused */
	uint64_t refused_at; /* ms */

	uint8_t *snapshot; /* owned; room to encode one */
	bool storing;      /* stored comes */
	uint64_t store_at; /* ms; not before */

	struct lease lease;
	enum member_said said;

	const struct identity *identity; /* of the last foreign writer, held */
	struct member_servers servers;
	struct member_figures figures;
	bool away_told;
	uint64_t told_at; /* ms */
};

/* member_life.c */

extern const struct engine_events member_events;

int member_life_new(struct member *m);
void member_life_free(struct member *m);

/* Drop the connection, and connect again later. why: for a line, if this is
 * news; NULL: a line was written. */
void member_drop(struct member *m, const char *why);

/* End the program; a line was written. */
void member_fail(struct member *m);

/* The table is there as of reading->number: follow the log. */
void member_follow(struct member *m);

/* Open a new session, instead of the one that is open or on the way. */
void member_say_hello(struct member *m);

/* An own hello was refused: try again later. */
void member_hello_refused(struct member *m);

/* The own hello was read. Entries behind it may follow. */
void member_live(struct member *m);

/* member_load.c */

/* Load the table from the engine, for the first time or anew. differs: the last
 * entry is another one now; otherwise it is not there. */
void member_load(struct member *m, bool differs);
void member_load_snapshot(struct member *m, const void *bytes, size_t length);
void member_load_found(struct member *m, const struct engine_entry *entry);
void member_load_begun(struct member *m, int made, const char *why);

/* The log is of a table of the other mode. */
void member_other_mode(struct member *m);

/* What is being loaded is what is served from now on. */
void member_load_end(struct member *m);

/* What is being loaded is thrown away. */
void member_load_cancel(struct member *m);

/* member_read.c */

/* Execute entries, and read on. */
void
member_read(struct member *m, const struct engine_entry *entries, size_t count);

/* Go on with entries that were held for copies. */
void member_read_held(struct member *m);

/* member_write.c */

int member_write_new(struct member *m);
void member_write_free(struct member *m);
int member_submit(void *arg, struct order_write *write);

/* Settle a list with an outcome, and count it. */
void member_settle(
    struct member *m, struct order_writes *writes, enum order_outcome outcome);

void member_appended(
    struct member *m, uint64_t tag, enum engine_append result, const char *why);

/* Have the copies counted at the end of this turn, if they matter. */
void member_count_copies(struct member *m);
void member_copies_counted(struct member *m, unsigned count);

/* Whether an own write may be executed as far as copies matter. */
bool member_is_confirmed(const struct member *m, uint64_t number);

/* Put a snapshot, if it is time: an own write of this session was just
 * executed as the last entry. */
bool member_snapshot_is_due(const struct member *m);
void member_put_snapshot(struct member *m, uint64_t session, uint64_t number);

/* member_simulation.c */

/* A write was read, of whomever, that counts: note it if it is a simulated one.
 */
void member_note_simulated(struct member *m, const struct entry *e);

/* member_servers.c */

/* The host that has announced this session, or NULL. */
const char *member_servers_host(const struct member *m, uint64_t session);

int member_servers_new(struct member *m);
void member_servers_free(struct member *m);
void member_servers_start(struct member *m);
void member_servers_stop(struct member *m);
void member_servers_announced(
    struct member *m, const struct engine_field *pairs, size_t count);

#endif
