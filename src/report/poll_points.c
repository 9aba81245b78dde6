#include "report/poll_points.h"

#include <string.h>

#include "modbus/function.h"
#include "report/client_report.h"
#include "report/hint.h"

/* Bits of the table: of coils, or of registers, where register n has the bits
 * 16 n to 16 n + 15, which are the overlaid coils. */
struct span {
	uint32_t begin;
	uint32_t end; /* the bit behind it */
};

/* The most bits of a read: those of 125 registers, or 2000 coils. */
#define READ_BITS_MAX 2000

_Static_assert(READ_BITS_MAX >= 16 * MB_MAX_READ_REGISTERS, "registers");
_Static_assert(READ_BITS_MAX >= MB_MAX_READ_COILS, "coils");

/* A read. */
struct reading {
	const struct points *points;
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;
	struct span span;

	/* The bits of points that are read whole; once it is needed. */
	bool has_whole;
	uint8_t whole[READ_BITS_MAX]; /* 1 or 0 */
};

static struct span
span_of(enum datatable_kind kind, uint32_t address, uint32_t quantity)
{
	uint32_t bits = kind == DATATABLE_COILS ? 1 : 16;

	return (struct span){ address * bits, (address + quantity) * bits };
}

static struct span
span_of_point(const struct point *p)
{
	struct span s = span_of(p->kind, p->address, point_quantity(p));

	if (p->bit != POINT_NO_BIT) {
		s.begin += (uint8_t)p->bit;
		s.end = s.begin + 1;
	}
	return s;
}

static bool
is_within(const struct span *inner, const struct span *outer)
{
	return inner->begin >= outer->begin && inner->end <= outer->end;
}

static struct reading
reading_of(const struct points *ps, const struct report_poll *poll)
{
	enum datatable_kind kind = mb_functions[poll->function].kind;

	return (struct reading){
		.points = ps,
		.kind = kind,
		.address = poll->address,
		.quantity = poll->quantity,
		.span = span_of(kind, poll->address, poll->quantity),
	};
}

static void
find_whole(struct reading *r)
{
	struct points_walk walk =
	    points_touched(r->points, r->kind, r->address, r->quantity);
	const struct point *p;

	while ((p = points_next(&walk)) != NULL) {
		struct span s = span_of_point(p);

		if (is_within(&s, &r->span))
			memset(&r->whole[s.begin - r->span.begin], 1,
			    s.end - s.begin);
	}
	r->has_whole = true;
}

/* Whether a point that is touched is read by halves: some of it is read, and is
 * no whole point either. */
static bool
is_half(struct reading *r, const struct point *p)
{
	struct span s = span_of_point(p);

	if (point_quantity(p) == 1 || is_within(&s, &r->span))
		return false;
	if (!r->has_whole)
		find_whole(r);
	if (s.begin < r->span.begin)
		s.begin = r->span.begin;
	if (s.end > r->span.end)
		s.end = r->span.end;
	return memchr(&r->whole[s.begin - r->span.begin], 0, s.end - s.begin) !=
	    NULL;
}

/* Pass each point that a poll reads by halves to found. It lies beyond an end
 * of the read, and so has the first item or the last; it may be passed twice.
 */
static void
each_half(const struct points *ps, const struct report_poll *poll,
    void (*found)(void *arg, const struct point *p), void *arg)
{
	struct reading r = reading_of(ps, poll);
	const uint32_t ends[] = { r.address, r.address + r.quantity - 1 };

	for (size_t i = 0; i < 2; i++) {
		struct points_walk walk =
		    points_touched(ps, r.kind, ends[i], 1);
		const struct point *p;

		while ((p = points_next(&walk)) != NULL)
			if (is_half(&r, p))
				found(arg, p);
	}
}

static void
note_half(void *arg, const struct point *p)
{
	struct poll_points *out = arg;

	(void)p;
	out->half = true;
}

struct poll_points
poll_points(const struct points *ps, const struct report_poll *poll)
{
	enum datatable_kind kind = mb_functions[poll->function].kind;
	struct poll_points out = {
		.names =
		    points_names_of(ps, kind, poll->address, poll->quantity),
		.unnamed =
		    !points_cover(ps, kind, poll->address, poll->quantity),
	};

	each_half(ps, poll, note_half, &out);
	return out;
}

/* Points, each of them once. */
struct set {
	const struct points *points;
	struct points_names names;
	uint8_t has[POINTS_MAX / 8]; /* by place */
};

static void
set_add(void *arg, const struct point *p)
{
	struct set *set = arg;
	size_t place = points_place(set->points, p);
	uint8_t bit = (uint8_t)(1 << place % 8);

	if ((set->has[place / 8] & bit) != 0)
		return;
	set->has[place / 8] |= bit;
	points_names_add(&set->names, p);
}

struct hints {
	const struct points *points;
	const struct report_host *host;
	const struct hint_receiver *to;
};

/* Of several points it is about, which points to the first. */
static void
hint_names(const struct hints *h, const char *exceptions, const char *what,
    const struct points_names *names)
{
	char text[POINTS_NAMES_TEXT_MAX];

	if (names->count != 0)
		hint_put(h->to,
		    &(struct report_which){
			.exceptions = exceptions, .point = names->shown[0] },
		    "%s %s", what, points_names_text(names, "\"", text));
}

static struct report_which
range_of(const char *exceptions, uint8_t function, const struct mb_range *range)
{
	return (struct report_which){
		.exceptions = exceptions,
		.kind = mb_functions[function].kind,
		.range = *range,
	};
}

static void
hint_halves(const struct hints *h)
{
	struct set halves = { .points = h->points };

	for (size_t i = 0; i < h->host->poll_count; i++) {
		const struct report_poll *poll = &h->host->polls[i];

		if (poll->count > 1)
			each_half(h->points, poll, set_add, &halves);
	}
	hint_names(h, "none", "reads half of", &halves.names);
}

static bool
is_unnamed(const struct points *ps, uint8_t function, uint16_t address,
    uint16_t quantity)
{
	return !points_cover(
	    ps, mb_functions[function].kind, address, quantity);
}

static void
hint_unnamed_polls(const struct hints *h)
{
	const struct report_poll *example = NULL;
	struct report_which which;
	unsigned n = 0;

	for (size_t i = 0; i < h->host->poll_count; i++) {
		const struct report_poll *p = &h->host->polls[i];

		if (p->count < 2 ||
		    !is_unnamed(
			h->points, p->function, p->address, p->quantity))
			continue;
		if (n++ == 0)
			example = p;
	}
	if (n == 0)
		return;
	which = range_of("none", example->function,
	    &(struct mb_range){ example->address, example->quantity });
	hint_put(h->to, &which,
	    "polls addresses without a point: %u %s, such as %s, "
	    "address %u quantity %u",
	    n, n == 1 ? "poll" : "polls", mb_function_name(example->function),
	    example->address, example->quantity);
}

/* Add the read-only points of a refused write. Returns whether there are
 * any. */
static bool
add_read_only(struct set *set, const struct report_refusal *refusal)
{
	struct points_walk walk =
	    points_touched(set->points, mb_functions[refusal->function].kind,
		refusal->write.address, refusal->write.quantity);
	const struct point *p;
	bool any = false;

	while ((p = points_next(&walk)) != NULL) {
		if (!p->read_only)
			continue;
		set_add(set, p);
		any = true;
	}
	return any;
}

static const struct mb_range *
unnamed_range(const struct points *ps, const struct report_refusal *r)
{
	if (is_unnamed(ps, r->function, r->read.address, r->read.quantity))
		return &r->read;
	if (is_unnamed(ps, r->function, r->write.address, r->write.quantity))
		return &r->write;
	return NULL;
}

static void
hint_refusals(const struct hints *h)
{
	const struct report_refusals *refusals = &h->host->refusals;
	struct set read_only = { .points = h->points };
	const struct report_refusal *example = NULL;
	const struct mb_range *range;
	struct report_which which;

	for (size_t i = 0; i < refusals->count; i++) {
		const struct report_refusal *r = &refusals->list[i];

		if (!add_read_only(&read_only, r) && example == NULL &&
		    unnamed_range(h->points, r) != NULL)
			example = r;
	}
	hint_names(h, "2", "writes what is read-only:", &read_only.names);
	if (example == NULL)
		return;
	range = unnamed_range(h->points, example);
	which = range_of("2", example->function, range);
	hint_put(h->to, &which,
	    "is refused at addresses without a point, such as %s, address %u "
	    "quantity %u",
	    mb_function_name(example->function), range->address,
	    range->quantity);
}

void
poll_points_hints(const struct points *ps, const struct report_host *h,
    const struct hint_receiver *to)
{
	const struct hints hints = { ps, h, to };

	hint_halves(&hints);
	hint_unnamed_polls(&hints);
	hint_refusals(&hints);
}
