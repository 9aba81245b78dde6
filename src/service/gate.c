#include "service/gate.h"

#include <stdlib.h>

struct gate {
	gate_hold_fn hold;
	void *arg; /* borrowed */
	TAILQ_HEAD(, gate_waiter) waiters;
};

struct gate *
gate_new(gate_hold_fn hold, void *arg)
{
	struct gate *g = malloc(sizeof(*g));

	if (g == NULL)
		return NULL;
	g->hold = hold;
	g->arg = arg;
	TAILQ_INIT(&g->waiters);
	return g;
}

void
gate_free(struct gate *g)
{
	free(g);
}

uint64_t
gate_hold(struct gate *g)
{
	return g == NULL ? 0 : g->hold(g->arg);
}

void
gate_join(struct gate *g, struct gate_waiter *waiter)
{
	TAILQ_INSERT_TAIL(&g->waiters, waiter, link);
}

void
gate_leave(struct gate *g, struct gate_waiter *waiter)
{
	TAILQ_REMOVE(&g->waiters, waiter, link);
}

void
gate_decide(struct gate *g, uint64_t up_to, enum gate_verdict verdict)
{
	struct gate_waiter *next;

	for (struct gate_waiter *w = TAILQ_FIRST(&g->waiters); w != NULL;
	     w = next) {
		next = TAILQ_NEXT(w, link);
		w->decided(w, up_to, verdict);
	}
}
