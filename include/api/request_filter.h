/*
 * Which recorded requests are asked for, by the parameters client, subject,
 * function, address, point, exception and since. Every one that is given must
 * hold.
 */
#ifndef API_REQUEST_FILTER_H
#define API_REQUEST_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/identity.h"
#include "report/asked.h"
#include "report/recorder.h"

struct http_request;
struct parameters;

/* 256 function codes or exceptions, a bit for each. */
struct request_codes {
	bool any; /* all of them: none was asked for */
	uint8_t bits[32];
};

struct request_filter {
	enum datatable_overlay overlay;
	bool has_client;
	struct address client; /* of port 0: of any port */
	bool has_subject;
	char subject[IDENTITY_NAME_SIZE]; /* empty: no certificate */
	struct request_codes functions;
	struct request_codes exceptions; /* 0: none */
	bool has_range;
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;
	uint64_t since_id;  /* 0, or those with a higher id only */
	int64_t since_time; /* microseconds since 1970, or INT64_MIN: those
			       after it only */
};

/* Read the parameters. Returns 0, or -1 after a reply with the error. */
int request_filter_read(struct http_request *request, struct parameters *q,
    struct request_filter *filter);

/* Whether a request is newer than the filter's since. */
bool request_filter_is_since(
    const struct request_filter *filter, const struct recorded *q);

/* Whether it is one of those asked for, since aside. */
bool request_filter_matches(const struct request_filter *filter,
    const struct recorded *q, const struct asked *a);

#endif
