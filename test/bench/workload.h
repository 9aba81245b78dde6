/*
 * What is asked of a server, over and over, and what it must answer: for a
 * named workload, some dozens of requests that differ in address and unit
 * identifier, each with the bytes of its right response.
 *
 * The contents of the table are known: workload_prepare writes them, and
 * workload_confirm reads back what writing has left.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX         260
#define WORKLOAD_VARIANTS 32

struct frame {
	size_t length;
	uint8_t bytes[FRAME_MAX]; /* the first two are the transaction's */
};

struct exchange {
	struct frame request;
	struct frame response;
	size_t judged; /* so many bytes of the response must be right */
};

struct workload_kind {
	const char *name;
	uint8_t function;
	uint16_t quantity;
	uint8_t second; /* if not 0: the function of every second request */
};

struct workload {
	const struct workload_kind *kind;
	bool data; /* contents of responses must be right */
	struct exchange variants[WORKLOAD_VARIANTS];
};

/* The names, one a line, for a usage message. */
void workload_list(void);

/*
 * Make the requests and responses of the workload of that name. Without data,
 * for servers with canned answers, a response is judged up to its function and
 * byte count, and by its length. Returns 0, or -1: no such name.
 */
int workload_init(struct workload *w, const char *name, bool data);

bool workload_writes(const struct workload *w);

/* Whether every second request reads what the request before it wrote. */
bool workload_alternates(const struct workload *w);

/* The variant that the nth connection begins with. It is a write where writes
 * and reads alternate. The variants follow in their order, over and over. */
uint32_t workload_first(const struct workload *w, uint32_t n);

/* Registers that one request moves; 16 coils are one. */
double workload_registers(const struct workload *w);

/* The nth write that fills the table. Returns false when there is none. */
bool workload_prepare(const struct workload *w, size_t n, struct exchange *x);

/*
 * The nth read that shows the whole table, after requests of the variants in
 * asked, a set of bits. Returns false when there is none.
 */
bool workload_confirm(
    const struct workload *w, uint32_t asked, size_t n, struct exchange *x);

#endif
