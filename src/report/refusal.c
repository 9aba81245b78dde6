#include "report/refusal.h"

#include <stdbool.h>

static bool
same(const struct mb_range *a, const struct mb_range *b)
{
	return a->address == b->address && a->quantity == b->quantity;
}

static struct report_refusal *
find(struct report_refusals *refusals, const struct mb_request *q)
{
	struct report_refusal *least = &refusals->list[0];

	for (size_t i = 0; i < refusals->count; i++) {
		struct report_refusal *r = &refusals->list[i];

		if (r->function == q->function && same(&r->read, &q->read) &&
		    same(&r->write, &q->write))
			return r;
		if (r->count < least->count)
			least = r;
	}
	if (refusals->count < REPORT_REFUSALS_MAX)
		least = &refusals->list[refusals->count++];
	*least = (struct report_refusal){
		.function = q->function,
		.read = q->read,
		.write = q->write,
	};
	return least;
}

void
report_refusals_note(
    struct report_refusals *refusals, const struct mb_request *request)
{
	find(refusals, request)->count++;
}
