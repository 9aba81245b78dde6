#include "service/access.h"

#include <string.h>

#include "base/client.h"
#include "table/reference.h"

#define COILS_PER_REGISTER 16

int
access_list_add(struct access_list *list, const char *text)
{
	if (list->count == ACCESS_LIST_MAX ||
	    cidr_parse(text, &list->blocks[list->count]) != 0)
		return -1;
	list->count++;
	return 0;
}

bool
access_list_contains(const struct access_list *list, const struct address *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (cidr_contains(&list->blocks[i], a))
			return true;
	return list->count == 0;
}

/* Take the kind of a range, if text begins with one. */
static bool
take_kind(const char **text, enum datatable_kind *kind)
{
	if (strncmp(*text, "coils:", 6) == 0) {
		*kind = DATATABLE_COILS;
		*text += 6;
		return true;
	}
	if (strncmp(*text, "registers:", 10) == 0) {
		*kind = DATATABLE_REGISTERS;
		*text += 10;
		return true;
	}
	return false;
}

int
access_range_parse(const char *text, struct access_range *range)
{
	bool has_kind = take_kind(&text, &range->kind);
	enum reference_status status;
	struct reference first, last;

	status = has_kind ? reference_take(&text, range->kind, &first) :
			    reference_take_named(&text, &first);
	if (status != REFERENCE_OK || (has_kind && first.kind != range->kind))
		return -1;
	last = first;
	if (*text == '-') {
		text++;
		if (reference_take(&text, first.kind, &last) != REFERENCE_OK ||
		    last.kind != first.kind)
			return -1;
	}
	if (*text != '\0' || first.address > last.address)
		return -1;
	*range =
	    (struct access_range){ first.kind, first.address, last.address };
	return 0;
}

int
access_add_read_only(struct access *rules, const char *text)
{
	size_t n = rules->read_only_range_count;

	if (n == ACCESS_LIST_MAX ||
	    access_range_parse(text, &rules->read_only_ranges[n]) != 0)
		return -1;
	rules->read_only_range_count++;
	return 0;
}

bool
access_has_rules(const struct access *rules)
{
	return rules->connect.count != 0 || rules->write.count != 0 ||
	    rules->shut_down.count != 0 || rules->read_only ||
	    rules->read_only_range_count != 0;
}

/* The range of registers that overlaid coils are in; any other range as it is.
 */
static struct access_range
to_stored_range(const struct access *rules, struct access_range range)
{
	if (rules->overlay == DATATABLE_OVERLAID &&
	    range.kind == DATATABLE_COILS) {
		range.kind = DATATABLE_REGISTERS;
		range.first /= COILS_PER_REGISTER;
		range.last /= COILS_PER_REGISTER;
	}
	return range;
}

static bool
overlap(const struct access_range *a, const struct access_range *b)
{
	return a->kind == b->kind && a->first <= b->last && b->first <= a->last;
}

static bool
is_read_only(const struct access *rules, const struct mb_request *request)
{
	const struct mb_range *write = &request->write;
	struct access_range written = to_stored_range(rules,
	    (struct access_range){ request->kind, write->address,
		(uint16_t)(write->address + write->quantity - 1) });

	for (size_t i = 0; i < rules->read_only_range_count; i++) {
		struct access_range kept =
		    to_stored_range(rules, rules->read_only_ranges[i]);

		if (overlap(&kept, &written))
			return true;
	}
	return rules->read_only;
}

static bool
may_connect(void *arg, const struct client *who)
{
	const struct access *rules = arg;

	return access_list_contains(&rules->connect, &who->address);
}

static enum mb_exception
may_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	const struct access *rules = arg;

	(void)unit;
	if (!mb_request_writes(request))
		return MB_EX_NONE;
	if (!access_list_contains(&rules->write, &who->address))
		return MB_EX_ILLEGAL_FUNCTION;
	return is_read_only(rules, request) ? MB_EX_ILLEGAL_DATA_ADDRESS :
					      MB_EX_NONE;
}

static bool
may_shut_down(void *arg, const struct client *who)
{
	const struct access *rules = arg;

	return access_list_contains(&rules->shut_down, &who->address);
}

struct policy
access_policy(struct access *rules)
{
	return (struct policy){
		.arg = rules,
		.may_connect = may_connect,
		.may_request = may_request,
		.may_shut_down = may_shut_down,
	};
}
