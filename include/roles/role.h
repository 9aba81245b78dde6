/*
 * What a role may do: rights to read and to write, and to stop the server.
 *
 * Rights are sets of bits. Register r is the bits 16r..16r+15. In the overlaid
 * layout coil n is bit n: so a right to a register is one to its 16 coils, and
 * a right to all its 16 coils is one to the register, but 15 of them are not.
 * In the separate layout the coils lie behind the registers.
 */
#ifndef ROLES_ROLE_H
#define ROLES_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/identity.h"
#include "modbus/request.h"
#include "roles/bit_set.h"
#include "service/access.h"
#include "table/datatable.h"

enum role_right {
	ROLE_READ,
	ROLE_WRITE,
};

struct role {
	char name[IDENTITY_ROLE_SIZE];
	unsigned line; /* of the file, the last one that is about it */
	struct bit_set rights[2]; /* by enum role_right; joined, see below */
	bool some[2][2]; /* whether that right is to any bit of that kind, by
			    enum role_right and enum datatable_kind */
	bool may_quit;
};

/* Give a right to a range. Returns 0, or -1 when memory is exhausted. */
int role_allow(struct role *r, enum datatable_overlay overlay,
    enum role_right right, const struct access_range *range);

/* All rights are given: prepare for the questions below. */
void role_finish(struct role *r, enum datatable_overlay overlay);

/*
 * Whether it may use a function code at any address: whether it has each right
 * that the function needs to some bit of its kind. A function that needs none
 * may be used, and one that this server does not have may not.
 */
bool role_may_use(const struct role *r, uint8_t function);

/* Whether it may do all that a request asks for. */
bool role_may_request(const struct role *r, enum datatable_overlay overlay,
    const struct mb_request *request);

/* Free its rights. */
void role_clear(struct role *r);

#endif
