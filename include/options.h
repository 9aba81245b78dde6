/*
 * The server's command line. Every option with its help is a row of the table
 * in options.c.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/client.h"
#include "base/command_line.h"
#include "base/log.h"
#include "net/server.h"
#include "service/access.h"
#include "service/units.h"
#include "shared/url.h"
#include "state/state.h"
#include "state/store.h"
#include "table/datatable.h"

/* The port of Modbus/TCP. */
#define OPTIONS_DEFAULT_PORT 502

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CREATE, /* the file of --state */
	OPTIONS_CHECK,  /* these options, and the files that they name */
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/* The port of Modbus/TCP Security. */
#define OPTIONS_TLS_PORT 802

/* How often --listen may be given, and --tls. */
#define OPTIONS_LISTEN_MAX 16

/* How often --http-host may be given, and how often the two others. */
#define OPTIONS_HTTP_HOSTS_MAX   16
#define OPTIONS_HTTP_ORIGINS_MAX 16

/* Where to listen, and for what. */
struct options_listen {
	enum client_way way;
	struct address where; /* undefined for CLIENT_UNIX */
	bool both_families;   /* where is every address, IPv4 and IPv6 */
	const char *path;     /* of a socket, for CLIENT_UNIX; else NULL */
};

/* A table that many servers share. */
struct options_shared {
	const char *text; /* of its URL, or NULL: it is not shared */
	struct shared_url url;
	const char *password; /* file, or NULL: that of the URL, if any */
	const char *ca;       /* file, or NULL: those of the system */
	bool init;            /* make the table if there is none */
	const char *name;
	unsigned copies;
	unsigned timeout;  /* ms */
	uint64_t snapshot; /* entries from one to the next */
};

/* Pointers point into argv. */
struct options {
	enum options_action action;
	uint16_t port; /* 0: the system chooses */
	enum datatable_overlay overlay;
	const char *shutdown_word; /* or NULL */
	bool units_twice;          /* by both options: an error */
	bool plain; /* serve Modbus/TCP without TLS at port of every address,
		       IPv4 and IPv6 */
	struct options_listen listen[OPTIONS_LISTEN_MAX]; /* all but TLS */
	size_t listen_count;

	struct options_listen tls[OPTIONS_LISTEN_MAX];
	size_t tls_count;     /* 0: no Modbus over TLS */
	const char *tls_cert; /* files; these two also for http_tls */
	const char *tls_key;
	const char *tls_ca;  /* NULL without tls, as the next */
	const char *tls_crl; /* or NULL */
	const char *roles;

	enum log_level log_level;
	bool trace;
	size_t max_connections; /* 0: as many as descriptors allow */
	size_t max_per_client;  /* 0: no limit */
	unsigned idle_timeout;  /* seconds; 0: none */
	struct units units;     /* of the last of its two options */
	struct access access;   /* its overlay is the one above */

	const char *state;        /* file, or NULL: the table is not stored */
	bool state_init;          /* create it if it never existed */
	enum state_sync sync;     /* which writes wait for it */
	unsigned sync_interval;   /* ms, of STATE_SYNC_INTERVAL; else 0 */
	struct store_keep keep;   /* of its journal */
	const char *state_backup; /* file, or NULL */

	struct options_shared shared;

	const char *points; /* file, or NULL */
	bool points_only;   /* no other addresses exist */
	bool simulate;      /* move points that say how */
	uint64_t seed;      /* of what is random in that */

	bool client_report; /* log it when the server stops */

	bool http;                  /* serve HTTP, on this address: */
	struct address http_listen; /* port 0: the system chooses */
	bool http_write;
	bool http_tls;          /* with tls_cert and tls_key */
	bool http_plain_token;  /* known to cross the network as it is */
	const char *http_token; /* the name of the file, or NULL */
	const char *http_hosts[OPTIONS_HTTP_HOSTS_MAX];
	size_t http_host_count;
	const char *http_frames[OPTIONS_HTTP_ORIGINS_MAX]; /* origins, self */
	size_t http_frame_count;
	const char *http_origins[OPTIONS_HTTP_ORIGINS_MAX];
	size_t http_origin_count;
	size_t http_recorder; /* bytes; 0: off */
};

/* Room for any error text of options_parse. */
#define OPTIONS_ERROR_MAX COMMAND_LINE_ERROR_MAX

/*
 * Parse the command line into o, the defaults first.
 *
 * Returns 0, or -1 with one line in error, which has room for
 * OPTIONS_ERROR_MAX bytes: it names the option, the value and what was
 * expected, and has no newline. argv may be reordered. Prints nothing, never
 * exits.
 */
int options_parse(int argc, char **argv, struct options *o, char *error);

/* Overwrite the password that a list of processes would show, in the argv that
 * was parsed. */
void options_hide(const struct options *o, int argc, char **argv);

/* The text of --help. The caller frees it; NULL when there is no memory. */
char *options_help(void);

#endif
