/*
 * Why a connection ended: one row for each cause, which the log, the counters
 * and the metrics share.
 */
#ifndef SERVICE_CAUSE_H
#define SERVICE_CAUSE_H

#include <stdbool.h>

/* Each connection ends for exactly one of these. */
enum conn_cause {
	CONN_CLOSED_BY_PEER,
	CONN_BROKEN, /* reset, unreachable: the system's error says which */
	CONN_REFUSED_BYTES,  /* by its transport */
	CONN_NO_LONGER_GOOD, /* its certificate; the transport says why */
	CONN_BAD_PROTOCOL,
	CONN_BAD_LENGTH,
	CONN_NOT_THE_WORD, /* neither a frame nor the shut-down word */
	CONN_WORD_REFUSED,
	CONN_FRAME_LATE,
	CONN_STALLED,
	CONN_IDLE,
	CONN_EVICTED,
	CONN_OUTCOME_UNKNOWN, /* of one of its writes: see ORDER_UNKNOWN */
	CONN_NO_MEMORY,
	CONN_SHUT_DOWN, /* it sent the shut-down word */
	CONN_STOPPING,
	CONN_CAUSES /* how many there are */
};

struct cause {
	const char *label; /* in metrics */
	const char *text;  /* in the log */
	bool misuse;       /* logged as a warning, not as info */
};

extern const struct cause causes[CONN_CAUSES];

#endif
