/*
 * A roles file, for both layouts of the table.
 *
 * Input: the file.
 *
 * Holds: it is read, or there is one line that says what is wrong. Roles are
 * found by their names, within the limits, and their rights are joined. What a
 * role may do at some address, it may do by its function. The same lines in the
 * opposite order give the same roles.
 */
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "fuzz.h"
#include "roles/file.h"

#define BITS (2 * MB_ADDRESSES * 16)

static const char byte_order_mark[] = "\xEF\xBB\xBF";

static void
check_message(const char *message)
{
	size_t length = strnlen(message, ROLES_MESSAGE_MAX);

	must(length > 0 && length < ROLES_MESSAGE_MAX);
	must(text_is_printable(message, length, ""));
	must(strncmp(message, "f:", 2) == 0 ||
	    strncmp(message, "\"f\": ", 5) == 0);
}

/* Returns NULL where something is wrong. */
static struct roles *
read_roles(const void *text, size_t size, enum datatable_overlay overlay)
{
	void *copy = fuzz_copy(size > 0 ? text : "", size > 0 ? size : 1);
	char message[ROLES_MESSAGE_MAX] = "";
	struct roles *roles =
	    roles_read_text(copy, size, "f", overlay, message);

	free(copy);
	if (roles == NULL)
		check_message(message);
	else
		must(message[0] == '\0');
	return roles;
}

static void
check_set(const struct bit_set *s)
{
	must(s->count <= ROLES_RANGES_MAX);
	for (size_t i = 0; i < s->count; i++) {
		must(s->ranges[i].first <= s->ranges[i].last);
		must(s->ranges[i].last < BITS);
		must(i == 0 || s->ranges[i].first > s->ranges[i - 1].last + 1);
	}
}

/* A read and a write of an item near a bit. */
static void
check_request(const struct roles *roles, const struct role *r,
    enum datatable_kind kind, uint32_t address)
{
	struct mb_request q = { .kind = kind };
	const struct mb_range range = { (uint16_t)address, 1 };
	bool coils = kind == DATATABLE_COILS;

	q.read = range;
	if (role_may_request(r, roles->overlay, &q))
		must(role_may_use(r,
		    coils ? MB_FC_READ_COILS : MB_FC_READ_HOLDING_REGISTERS));
	q.read = (struct mb_range){ 0, 0 };
	q.write = range;
	if (role_may_request(r, roles->overlay, &q))
		must(role_may_use(r,
		    coils ? MB_FC_WRITE_SINGLE_COIL :
			    MB_FC_WRITE_SINGLE_REGISTER));
}

static void
check_role(const struct roles *roles, const struct role *r)
{
	for (int right = ROLE_READ; right <= ROLE_WRITE; right++) {
		const struct bit_set *s = &r->rights[right];

		check_set(s);
		for (size_t i = 0; i < s->count; i++) {
			uint32_t bit = s->ranges[i].first;

			check_request(roles, r, DATATABLE_COILS, bit % 65536);
			check_request(
			    roles, r, DATATABLE_REGISTERS, bit / 16 % 65536);
		}
	}
}

static void
check_roles(const struct roles *roles)
{
	must(roles->count >= 1 && roles->count <= ROLES_MAX + 1);
	for (size_t i = 0; i < roles->count; i++) {
		const struct role *r = &roles->list[i];

		must(memchr(r->name, '\0', sizeof(r->name)) != NULL);
		must(text_is_printable(r->name, strlen(r->name), ""));
		must(roles_find(roles, r->name) == r);
		check_role(roles, r);
	}
	must(roles->count <= ROLES_MAX || roles->list[0].name[0] == '\0');
	if (roles->plain != NULL)
		check_role(roles, roles->plain);
}

/* The lines of a text in the opposite order, each with its end; to be freed. */
static char *
turn_round(const char *text, size_t length)
{
	char *out = malloc(length + 2), *to = out;
	const char *end = text + length;

	must(out != NULL);
	while (end > text) {
		const char *from = end - 1;

		while (from > text && from[-1] != '\n')
			from--;
		memcpy(to, from, (size_t)(end - from));
		to += end - from;
		if (end[-1] != '\n')
			*to++ = '\n';
		end = from;
	}
	*to = '\0';
	return out;
}

static void
must_be_same(const struct role *a, const struct role *b)
{
	must(strcmp(a->name, b->name) == 0);
	must(a->may_quit == b->may_quit);
	must(memcmp(a->some, b->some, sizeof(a->some)) == 0);
	for (int right = ROLE_READ; right <= ROLE_WRITE; right++) {
		const struct bit_set *x = &a->rights[right];
		const struct bit_set *y = &b->rights[right];

		must(x->count == y->count);
		must(x->count == 0 ||
		    memcmp(x->ranges, y->ranges,
			x->count * sizeof(*x->ranges)) == 0);
	}
}

static void
check_turned_round(const struct roles *roles, const char *text, size_t length)
{
	char *turned;
	struct roles *other;

	if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
		text += 3;
		length -= 3;
	}
	if (length == ROLES_FILE_MAX || length == 0)
		return;
	turned = turn_round(text, length);
	other = read_roles(turned, strlen(turned), roles->overlay);
	must(other != NULL);
	must(other->count == roles->count);
	for (size_t i = 0; i < roles->count; i++)
		must_be_same(&roles->list[i], &other->list[i]);
	must((roles->plain == NULL) == (other->plain == NULL));
	if (roles->plain != NULL)
		must_be_same(roles->plain, other->plain);
	roles_free(other);
	free(turned);
}

static void
try_file(const uint8_t *data, size_t size, enum datatable_overlay overlay)
{
	struct roles *roles = read_roles(data, size, overlay);

	if (roles == NULL)
		return;
	check_roles(roles);
	check_turned_round(roles, (const char *)data, size);
	roles_free(roles);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_file(data, size, DATATABLE_SEPARATE);
	try_file(data, size, DATATABLE_OVERLAID);
	return 0;
}
