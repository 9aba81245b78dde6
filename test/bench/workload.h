/*
 * What is asked of a server, over and over, and what it must answer: for a
 * named workload, some requests that differ in address and unit identifier,
 * each with the bytes of its right response.
 *
 * The contents of the table are known: workload_prepare writes them, and
 * workload_confirm reads back what writing has left.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX             260
#define WORKLOAD_VARIANTS_MAX 1024

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
	uint32_t variants;
	uint32_t stride; /* from a variant to the one that follows it; odd */
	bool varies;     /* each request writes a value of its own */
};

struct workload {
	const struct workload_kind *kind;
	bool data; /* contents of responses must be right */
	struct exchange variants[WORKLOAD_VARIANTS_MAX];
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
 * and reads alternate. */
uint32_t workload_first(const struct workload *w, uint32_t n);

/* The variant that is n requests after this one. */
uint32_t workload_next(const struct workload *w, uint32_t variant, uint32_t n);

/* If each request writes a value of its own, make it that one: the value of the
 * first register, in the variant's request and response. */
void workload_vary(struct workload *w, uint32_t variant, uint16_t value);

/* Registers that one request moves; 16 coils are one. */
double workload_registers(const struct workload *w);

/* The nth write that fills the table. Returns false when there is none. */
bool workload_prepare(const struct workload *w, size_t n, struct exchange *x);

/*
 * The nth read that shows the whole table, after requests of each variant for
 * which asked is true. Returns false when there is none, or when what was
 * written is not known, as each request wrote a value of its own.
 */
bool workload_confirm(
    const struct workload *w, const bool *asked, size_t n, struct exchange *x);

#endif
