#include "api/rates.h"

#include "modbus/function.h"
#include "service/counters.h"

uint64_t
rates_writes(const struct counters *counters)
{
	uint64_t writes = 0;

	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		if (mb_functions[i].most_written != 0)
			writes += counters->requests_by_function[i];
	return writes;
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
