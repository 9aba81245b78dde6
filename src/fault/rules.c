#include "fault/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault/rule.h"
#include "modbus/mbap.h"
#include "system/error.h"

/* A rule, and what it has seen. */
struct entry {
	struct fault_rule rule;
	char *text;     /* owned */
	uint64_t asked; /* requests that it concerns */
	uint64_t acts;
};

struct list {
	struct entry *entries; /* owned */
	size_t count, room;
	bool ranged; /* a rule has a range: requests are decoded */
};

struct fault_rules {
	uint64_t seed;
	struct list list;
};

struct fault_rules *
fault_rules_new(uint64_t seed)
{
	struct fault_rules *rules = calloc(1, sizeof(*rules));

	if (rules != NULL)
		rules->seed = seed;
	return rules;
}

static void
clear(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].text);
	free(list->entries);
}

void
fault_rules_free(struct fault_rules *rules)
{
	if (rules == NULL)
		return;
	clear(&rules->list);
	free(rules);
}

static int
no_memory(char *error)
{
	snprintf(error, FAULT_RULES_ERROR_MAX, "%s", error_text(ENOMEM));
	return -1;
}

/* Have room for one more rule. Returns 0, or -1. */
static int
make_room(struct list *list)
{
	size_t room = list->room == 0 ? 8 : 2 * list->room;
	struct entry *entries;

	if (list->count < list->room)
		return 0;
	entries = realloc(list->entries, room * sizeof(*entries));
	if (entries == NULL)
		return -1;
	list->entries = entries;
	list->room = room;
	return 0;
}

/* Add a rule of length bytes. Returns 0, or -1 with an error. */
static int
add(struct list *list, const char *text, size_t length, char *error)
{
	struct entry entry = { .acts = 0 };

	if (list->count == FAULT_RULES_MAX) {
		snprintf(error, FAULT_RULES_ERROR_MAX,
		    "one more rule: expected at most %d", FAULT_RULES_MAX);
		return -1;
	}
	if (fault_rule_parse(text, length, &entry.rule, error) != 0)
		return -1;
	if (make_room(list) != 0 ||
	    (entry.text = strndup(text, length)) == NULL)
		return no_memory(error);
	list->entries[list->count++] = entry;
	list->ranged = list->ranged || entry.rule.given[FAULT_IF_COILS] ||
	    entry.rule.given[FAULT_IF_REGISTERS];
	return 0;
}

int
fault_rules_add(struct fault_rules *rules, const char *text, char *error)
{
	return add(&rules->list, text, strlen(text), error);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Add the rule of a line, unless it is empty or a comment. */
static int
add_line(struct list *list, const char *line, size_t length, char *error)
{
	while (length > 0 && is_blank(line[length - 1]))
		length--;
	while (length > 0 && is_blank(*line)) {
		line++;
		length--;
	}
	if (length == 0 || *line == '#')
		return 0;
	return add(list, line, length, error);
}

/* Add the rules of all lines. Returns 0, or -1 with an error. */
static int
add_lines(struct list *list, const char *text, size_t length, char *error)
{
	const char *const end = text + length;
	char wrong[FAULT_RULES_ERROR_MAX];

	for (size_t number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline == NULL ? end : newline;

		if (add_line(list, text, (size_t)(stop - text), wrong) != 0) {
			snprintf(error, FAULT_RULES_ERROR_MAX, "line %zu: %.*s",
			    number, FAULT_RULES_ERROR_MAX - 32, wrong);
			return -1;
		}
		text = newline == NULL ? end : newline + 1;
	}
	return 0;
}

int
fault_rules_replace(
    struct fault_rules *rules, const char *text, size_t length, char *error)
{
	struct list list = { .count = 0 };

	if (add_lines(&list, text, length, error) != 0) {
		clear(&list);
		return -1;
	}
	clear(&rules->list);
	rules->list = list;
	return 0;
}

size_t
fault_rules_count(const struct fault_rules *rules)
{
	return rules->list.count;
}

const char *
fault_rules_text(const struct fault_rules *rules, size_t i)
{
	return rules->list.entries[i].text;
}

uint64_t
fault_rules_acts(const struct fault_rules *rules, size_t i)
{
	return rules->list.entries[i].acts;
}

/* splitmix64: the next number of a sequence. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Where the sequence of a rule begins for a request. */
static uint64_t
begin_sequence(uint64_t seed, size_t rule, const struct fault_request *request)
{
	const uint64_t numbers[] = { rule, request->connection,
		request->number };
	uint64_t state = seed;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		state = draw(&state) ^ numbers[i];
	return draw(&state);
}

/* Whether the conditions that count hold for a request that the rule concerns,
 * which is counted. */
static bool
is_due(struct entry *entry)
{
	const struct fault_rule *rule = &entry->rule;
	const uint64_t n = ++entry->asked;

	if (n <= rule->after) /* 0 where it is not given */
		return false;
	return !rule->given[FAULT_IF_FIRST] || n - rule->after <= rule->first;
}

/* Act, unless chance is against it; returns whether it does. */
static bool
decide(struct entry *entry, uint64_t state, struct fault_act *act)
{
	const struct fault_rule *rule = &entry->rule;
	const uint64_t chance = draw(&state) % (100 * FAULT_PERCENT);
	const unsigned range = rule->delay_to - rule->delay_from + 1;

	if (rule->given[FAULT_IF_CHANCE] && chance >= rule->chance)
		return false;
	act->effect = rule->effect;
	act->delay = rule->delay_from + (unsigned)(draw(&state) % range);
	act->exception = rule->exception;
	act->part = rule->part;
	act->random = draw(&state);
	entry->acts++;
	return true;
}

struct fault_act
fault_rules_judge(
    struct fault_rules *rules, const struct fault_request *request)
{
	struct fault_subject subject = { .request = request };
	struct fault_act result = { .effect = FAULT_PASS };

	if (rules->list.ranged)
		subject.decodes = mb_request_decode(mbap_pdu(request->frame),
				      mbap_pdu_length(request->frame),
				      &subject.decoded) == MB_EX_NONE;
	for (size_t i = 0; i < rules->list.count; i++) {
		struct entry *entry = &rules->list.entries[i];

		if (!fault_rule_concerns(&entry->rule, &subject) ||
		    !is_due(entry) ||
		    !decide(entry, begin_sequence(rules->seed, i + 1, request),
			&result))
			continue;
		result.rule = i + 1;
		break;
	}
	return result;
}
