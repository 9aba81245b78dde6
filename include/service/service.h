/*
 * What a request meets between its frame and its reply: it is decoded, put to
 * the policy, executed, counted and shown to the taps; and the reply to a write
 * may have to wait for the gate.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct counters;
struct datatable;
struct gate;
struct mbap_frame;
struct policy;
struct tap;

/* All borrowed; what is plugged in may be NULL. */
struct service {
	struct datatable *table;
	struct counters *counters;   /* of requests and their bytes */
	const struct policy *policy; /* or NULL */
	const struct tap *tap;       /* or NULL */
	struct gate *gate;           /* or NULL */
};

/* Of a reply. */
struct service_reply {
	size_t length;   /* of the whole ADU, 9..260 */
	uint64_t ticket; /* it waits for this one of the gate; 0: it need not */
};

/* Tell the taps that a run of requests may follow. */
void service_begin_run(const struct service *s);

/*
 * Answer client's request, a whole frame, and write the reply into adu, which
 * has room for MB_ADU_MAX bytes and is not where the frame lies. Whatever is
 * wrong with the request, there is a reply: then it is an exception, and
 * nothing has changed.
 */
struct service_reply service_answer(const struct service *s,
    const struct client *client, const struct mbap_frame *frame, uint8_t *adu);

#endif
