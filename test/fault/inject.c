#include "inject.h"

static const unsigned variants[INJECT_KINDS] = {
	[INJECT_EVENT_MEMORY] = 1,
	[INJECT_OWN_MEMORY] = 1,
	[INJECT_TLS_MEMORY] = 1,
	[INJECT_ACCEPT] = 8,
	[INJECT_READ] = 6,
	[INJECT_WRITE] = 6,
	[INJECT_IOCTL] = 2,
	[INJECT_EPOLL] = 1,
	[INJECT_WAIT] = 1,
};

const char *const inject_names[INJECT_KINDS] = {
	[INJECT_EVENT_MEMORY] = "libevent's memory",
	[INJECT_OWN_MEMORY] = "our memory",
	[INJECT_TLS_MEMORY] = "OpenSSL's memory",
	[INJECT_ACCEPT] = "accept4",
	[INJECT_READ] = "recv, readv",
	[INJECT_WRITE] = "send, writev",
	[INJECT_IOCTL] = "ioctl",
	[INJECT_EPOLL] = "epoll_ctl",
	[INJECT_WAIT] = "epoll_wait",
};

static struct {
	struct inject_plan plan;
	bool armed;
	uint64_t calls; /* of the kinds in the plan */
	uint64_t random;
	struct inject_counts counts[INJECT_KINDS];
} state;

void
inject_begin(const struct inject_plan *plan)
{
	state.plan = *plan;
	state.armed = false;
	state.calls = 0;
	state.random = plan->seed;
	for (int kind = 0; kind < INJECT_KINDS; kind++)
		state.counts[kind] = (struct inject_counts){ 0 };
}

void
inject_arm(bool armed)
{
	state.armed = armed;
}

void
inject_nth(enum inject_kind kind, uint64_t n)
{
	const struct inject_plan plan = {
		.kinds = 1U << kind,
		.first = n,
		.row = 1,
	};

	inject_begin(&plan);
	inject_arm(true);
}

struct inject_counts
inject_count(enum inject_kind kind)
{
	return state.counts[kind];
}

uint64_t
inject_failed(void)
{
	uint64_t failed = 0;

	for (int kind = 0; kind < INJECT_KINDS; kind++)
		failed += state.counts[kind].failed;
	return failed;
}

unsigned
inject_variants(enum inject_kind kind)
{
	return variants[kind];
}

/* Xorshift (Marsaglia, 2003). */
unsigned
inject_random(unsigned limit)
{
	state.random ^= state.random << 13;
	state.random ^= state.random >> 7;
	state.random ^= state.random << 17;
	return (unsigned)((state.random >> 16) % limit);
}

static bool
is_due(void)
{
	const struct inject_plan *p = &state.plan;

	if (p->one_in != 0)
		return inject_random(p->one_in) == 0;
	return state.calls >= p->first && state.calls < p->first + p->row;
}

bool
inject_now(enum inject_kind kind, unsigned *variant)
{
	struct inject_counts *n = &state.counts[kind];

	if (!state.armed)
		return false;
	n->calls++;
	if ((state.plan.kinds & 1U << kind) == 0)
		return false;
	state.calls++;
	if (!is_due())
		return false;
	n->failed++;
	*variant = state.plan.one_in != 0 ? inject_random(variants[kind]) :
					    state.plan.variant % variants[kind];
	return true;
}
