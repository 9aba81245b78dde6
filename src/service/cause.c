#include "service/cause.h"

const struct cause causes[CONN_CAUSES] = {
	[CONN_CLOSED_BY_PEER] = { "closed_by_peer", "closed by peer", false },
	[CONN_BROKEN] = { "broken", "connection broken", false },
	[CONN_BAD_PROTOCOL] = { "bad_protocol", "protocol identifier is not 0",
	    true },
	[CONN_BAD_LENGTH] = { "bad_length", "length is not 2 to 254", true },
	[CONN_NOT_THE_WORD] = { "not_the_word",
	    "neither Modbus nor the shut-down word", true },
	[CONN_WORD_REFUSED] = { "word_refused",
	    "may not use the shut-down word", true },
	[CONN_FRAME_LATE] = { "frame_late", "frame not complete in time",
	    true },
	[CONN_STALLED] = { "stalled", "peer does not read its replies", true },
	[CONN_IDLE] = { "idle", "idle for too long", false },
	[CONN_EVICTED] = { "evicted", "longest idle at the connection limit",
	    false },
	[CONN_OUTCOME_UNKNOWN] = { "outcome_unknown",
	    "outcome of a write unknown, reply withheld", true },
	[CONN_NO_MEMORY] = { "no_memory", "out of memory", true },
	[CONN_SHUT_DOWN] = { "shut_down", "sent the shut-down word", false },
	[CONN_STOPPING] = { "stopping", "server is stopping", false },
};
