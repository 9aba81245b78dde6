/*
 * Access rules: a policy that says which clients may connect, write, and send
 * the shut-down word, and which addresses are read-only.
 */
#ifndef SERVICE_ACCESS_H
#define SERVICE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cidr.h"
#include "modbus/request.h"
#include "service/policy.h"
#include "table/datatable.h"

/* Entries that each list of rules has room for. */
#define ACCESS_LIST_MAX 64

/* Blocks of clients; an empty list is everyone. */
struct access_list {
	struct cidr blocks[ACCESS_LIST_MAX];
	size_t count;
};

/* Addresses first..last, both included. */
struct access_range {
	enum datatable_kind kind;
	uint16_t first;
	uint16_t last;
};

/*
 * Parse "coils:A-B" or "registers:A-B", or "...:A" alone, A <= B; with an A
 * that names its kind, such as "HR16-20" or "C5", the word may be omitted.
 * Addresses are as in table/reference.h, without a bit, and all of one kind.
 * Returns 0, or -1 and leaves range undefined.
 */
int access_range_parse(const char *text, struct access_range *range);

/* What an option expects whose value is such a range, for its error message. */
#define ACCESS_RANGE_EXPECTED                                                  \
	"HR16, HR16-20, C5, registers:A-B or coils:A-B with addresses from "   \
	"0 to 65535, at most 64 times"

struct access {
	struct access_list connect;   /* others are disconnected at once */
	struct access_list write;     /* writes of others: exception 01 */
	struct access_list shut_down; /* others are disconnected */
	bool read_only;               /* no writes at all: exception 02 */
	struct access_range read_only_ranges[ACCESS_LIST_MAX]; /* the same */
	size_t read_only_range_count;

	/* Where coils are bits of registers, a write of coils is judged by the
	 * registers that it changes. */
	enum datatable_overlay overlay;
};

/* Add a block to a list. Returns 0, or -1 when text is not a block, or the list
 * is full. */
int access_list_add(struct access_list *list, const char *text);

/* Whether an address lies in one of the blocks, or the list is empty. */
bool
access_list_contains(const struct access_list *list, const struct address *a);

/* Make a range read-only. Returns 0, or -1 when text is not a range, or the
 * list is full. */
int access_add_read_only(struct access *rules, const char *text);

/* Whether there is any rule at all. */
bool access_has_rules(const struct access *rules);

/* The policy that answers by these rules, which it borrows. */
struct policy access_policy(struct access *rules);

#endif
