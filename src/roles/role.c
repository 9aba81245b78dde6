#include "roles/role.h"

#define BITS_PER_REGISTER 16
#define SEPARATE_COILS    (MB_ADDRESSES * BITS_PER_REGISTER)

/* The bits of the addresses first..last of a kind. */
static struct bit_range
bits_of(enum datatable_overlay overlay, enum datatable_kind kind,
    uint32_t first, uint32_t last)
{
	uint32_t coils = overlay == DATATABLE_OVERLAID ? 0 : SEPARATE_COILS;

	if (kind == DATATABLE_COILS)
		return (struct bit_range){ coils + first, coils + last };
	return (struct bit_range){ first * BITS_PER_REGISTER,
		last * BITS_PER_REGISTER + BITS_PER_REGISTER - 1 };
}

int
role_allow(struct role *r, enum datatable_overlay overlay,
    enum role_right right, const struct access_range *range)
{
	return bit_set_add(&r->rights[right],
	    bits_of(overlay, range->kind, range->first, range->last));
}

void
role_finish(struct role *r, enum datatable_overlay overlay)
{
	static const enum datatable_kind kinds[] = { DATATABLE_COILS,
		DATATABLE_REGISTERS };

	for (int right = ROLE_READ; right <= ROLE_WRITE; right++) {
		bit_set_join(&r->rights[right]);
		for (int i = 0; i < 2; i++)
			r->some[right][kinds[i]] = bit_set_touches(
			    &r->rights[right],
			    bits_of(overlay, kinds[i], 0, MB_ADDRESSES - 1));
	}
}

bool
role_may_use(const struct role *r, uint8_t function)
{
	const struct mb_function *f = mb_function(function);

	return f != NULL &&
	    (f->most_read == 0 || r->some[ROLE_READ][f->kind]) &&
	    (f->most_written == 0 || r->some[ROLE_WRITE][f->kind]);
}

/* Whether it has a right to a range, as it has to one of quantity 0. */
static bool
has(const struct role *r, enum datatable_overlay overlay, enum role_right right,
    enum datatable_kind kind, const struct mb_range *range)
{
	uint32_t first = range->address;

	return range->quantity == 0 ||
	    bit_set_includes(&r->rights[right],
		bits_of(overlay, kind, first, first + range->quantity - 1));
}

bool
role_may_request(const struct role *r, enum datatable_overlay overlay,
    const struct mb_request *q)
{
	return has(r, overlay, ROLE_READ, q->kind, &q->read) &&
	    has(r, overlay, ROLE_WRITE, q->kind, &q->write);
}

void
role_clear(struct role *r)
{
	bit_set_clear(&r->rights[ROLE_READ]);
	bit_set_clear(&r->rights[ROLE_WRITE]);
}
