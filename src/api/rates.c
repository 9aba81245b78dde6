#include "api/rates.h"

#include "service/counters.h"

uint64_t
rates_writes(const struct counters *counters)
{
	const uint64_t *n = counters->requests_by_function;

	return n[MB_FC_WRITE_SINGLE_COIL] + n[MB_FC_WRITE_SINGLE_REGISTER] +
	    n[MB_FC_WRITE_MULTIPLE_COILS] + n[MB_FC_WRITE_MULTIPLE_REGISTERS] +
	    n[MB_FC_MASK_WRITE_REGISTER] +
	    n[MB_FC_READ_WRITE_MULTIPLE_REGISTERS];
}

void
rates_init(struct rates *r, const struct counters *counters)
{
	*r = (struct rates){
		.requests = counters->requests,
		.writes = rates_writes(counters),
	};
}

void
rates_sample(struct rates *r, const struct counters *counters, uint64_t time)
{
	uint64_t writes = rates_writes(counters);

	r->seconds[r->count++ % RATES_SECONDS] = (struct rate){
		.time = time,
		.requests = counters->requests - r->requests,
		.writes = writes - r->writes,
	};
	r->requests = counters->requests;
	r->writes = writes;
}

size_t
rates_count(const struct rates *r)
{
	return r->count < RATES_SECONDS ? r->count : RATES_SECONDS;
}

const struct rate *
rates_get(const struct rates *r, size_t i)
{
	return &r->seconds[(r->count - rates_count(r) + i) % RATES_SECONDS];
}
