#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/number.h"
#include "fault/rule.h"

#define BLANKS " \t"

const char *const fault_effect_names[FAULT_EFFECTS] = {
	[FAULT_PASS] = "pass",
	[FAULT_DELAY] = "delay",
	[FAULT_SILENCE] = "silence",
	[FAULT_EXCEPTION] = "exception",
	[FAULT_CLOSE] = "close",
	[FAULT_CORRUPT] = "corrupt",
	[FAULT_SPLIT] = "split",
};

const char *const fault_part_names[FAULT_PARTS] = {
	[FAULT_TRANSACTION] = "transaction",
	[FAULT_UNIT] = "unit",
	[FAULT_FUNCTION] = "function",
	[FAULT_LENGTH] = "length",
	[FAULT_DATA] = "data",
};

/* The words that are left of a rule. */
struct words {
	char *next;
	char *error; /* has room for FAULT_RULES_ERROR_MAX bytes */
};

/* The next word, or "" at the end. */
static char *
take_word(struct words *w)
{
	char *word = w->next + strspn(w->next, BLANKS);
	char *end = word + strcspn(word, BLANKS);

	w->next = *end == '\0' ? end : end + 1;
	*end = '\0';
	return word;
}

/* Say what was expected in place of a word. Returns -1. */
static int
fail(struct words *w, const char *word, const char *expected)
{
	char escaped[ESCAPED_MAX];

	if (*word == '\0')
		snprintf(w->error, FAULT_RULES_ERROR_MAX,
		    "at the end: expected %s", expected);
	else
		snprintf(w->error, FAULT_RULES_ERROR_MAX, "\"%s\": expected %s",
		    text_escape(word, strlen(word), escaped), expected);
	return -1;
}

/* "100ms", "2s" or "5m" in ms. Returns what follows, or NULL. */
static const char *
take_time(const char *text, unsigned *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 } };
	uint64_t number;
	const char *end = number_take(text, FAULT_DELAY_MAX, &number);

	for (size_t i = 0; end != NULL && i < sizeof(units) / sizeof(*units);
	     i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(end, units[i].name, length) != 0)
			continue;
		if (number * units[i].ms > FAULT_DELAY_MAX)
			return NULL;
		*ms = (unsigned)(number * units[i].ms);
		return end + length;
	}
	return NULL;
}

static int
parse_delay(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);
	const char *end = take_time(word, &rule->delay_from);

	rule->delay_to = rule->delay_from;
	if (end != NULL && strncmp(end, "..", 2) == 0)
		end = take_time(end + 2, &rule->delay_to);
	if (end == NULL || *end != '\0' || rule->delay_from > rule->delay_to)
		return fail(w, word,
		    "a time such as 100ms, 2s or 1m, up to 60m, or two of "
		    "them: 100ms..2s");
	return 0;
}

static int
parse_exception(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);
	uint64_t code;

	if (number_parse(word, 1, UINT8_MAX, &code) != 0)
		return fail(w, word, "an exception code from 1 to 255");
	rule->exception = (uint8_t)code;
	return 0;
}

static int
parse_corrupt(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);

	for (int part = 0; part < FAULT_PARTS; part++)
		if (strcmp(word, fault_part_names[part]) == 0) {
			rule->part = (enum fault_part)part;
			return 0;
		}
	return fail(w, word, "transaction, unit, function, length or data");
}

static int
parse_effect(struct words *w, struct fault_rule *rule)
{
	static int (*const parse[FAULT_EFFECTS])(
	    struct words * w, struct fault_rule * rule) = {
		[FAULT_DELAY] = parse_delay,
		[FAULT_EXCEPTION] = parse_exception,
		[FAULT_CORRUPT] = parse_corrupt,
	};
	const char *word = take_word(w);
	int effect = FAULT_PASS + 1;

	while (effect < FAULT_EFFECTS &&
	    strcmp(word, fault_effect_names[effect]) != 0)
		effect++;
	if (effect == FAULT_EFFECTS)
		return fail(w, word,
		    "delay, silence, exception, close, corrupt or split");
	rule->effect = (enum fault_effect)effect;
	return parse[effect] == NULL ? 0 : parse[effect](w, rule);
}

static int
parse_unit(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);
	uint64_t first, last;
	const char *end = number_take(word, UINT8_MAX, &first);

	last = first;
	if (end != NULL && *end == '-')
		end = number_take(end + 1, UINT8_MAX, &last);
	if (end == NULL || *end != '\0' || first > last)
		return fail(w, word,
		    "a unit identifier from 0 to 255, or two of them: 1-9");
	rule->unit_first = (uint8_t)first;
	rule->unit_last = (uint8_t)last;
	return 0;
}

static int
parse_function(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);
	uint64_t code;

	if (number_parse(word, 0, UINT8_MAX, &code) != 0)
		return fail(w, word, "a function code from 0 to 255");
	rule->function = (uint8_t)code;
	return 0;
}

static int
parse_client(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);

	if (cidr_parse(word, &rule->client) != 0)
		return fail(w, word,
		    "an address, or a block of them: 192.0.2.0/24 or "
		    "2001:db8::/32");
	return 0;
}

/* A percentage, with up to three digits behind the point. Returns 0, or -1. */
static int
parse_percentage(const char *text, unsigned *chance)
{
	uint64_t whole, part = 0;
	const char *end = number_take(text, 100, &whole);

	if (end != NULL && *end == '.') {
		const char *digits = end + 1;

		end = number_take(digits, FAULT_PERCENT - 1, &part);
		if (end == NULL || end - digits > 3)
			return -1;
		for (long n = end - digits; n < 3; n++)
			part *= 10;
	}
	*chance = (unsigned)(whole * FAULT_PERCENT + part);
	return end != NULL && strcmp(end, "%") == 0 &&
		*chance <= 100 * FAULT_PERCENT ?
	    0 :
	    -1;
}

static int
parse_chance(struct words *w, struct fault_rule *rule)
{
	const char *word = take_word(w);

	if (parse_percentage(word, &rule->chance) != 0)
		return fail(w, word,
		    "a percentage from 0% to 100%, such as 2.5%, with at most "
		    "three digits behind the point");
	return 0;
}

static int
parse_count(struct words *w, uint64_t least, uint64_t *count)
{
	const char *word = take_word(w);

	if (number_parse(word, least, UINT32_MAX, count) != 0)
		return fail(w, word,
		    least == 0 ? "a number of requests up to 4294967295" :
				 "a number of requests from 1 to 4294967295");
	return 0;
}

static int
parse_after(struct words *w, struct fault_rule *rule)
{
	return parse_count(w, 0, &rule->after);
}

static int
parse_first(struct words *w, struct fault_rule *rule)
{
	return parse_count(w, 1, &rule->first);
}

/* The conditions that are a word, and another one. */
static const struct {
	const char *name; /* NULL: not of this form */
	int (*parse)(struct words *w, struct fault_rule *rule);
} conditions[FAULT_CONDITIONS] = {
	[FAULT_IF_UNIT] = { "unit", parse_unit },
	[FAULT_IF_FUNCTION] = { "function", parse_function },
	[FAULT_IF_CLIENT] = { "client", parse_client },
	[FAULT_IF_CHANCE] = { "chance", parse_chance },
	[FAULT_IF_AFTER] = { "after", parse_after },
	[FAULT_IF_FIRST] = { "first", parse_first },
};

/* The condition of a word, or FAULT_CONDITIONS. */
static enum fault_condition
find_condition(const char *word)
{
	for (int i = 0; i < FAULT_CONDITIONS; i++)
		if (conditions[i].name != NULL &&
		    strcmp(word, conditions[i].name) == 0)
			return (enum fault_condition)i;
	return FAULT_CONDITIONS;
}

static enum fault_condition
set_range(struct fault_rule *rule, const struct access_range *range)
{
	if (range->kind == DATATABLE_COILS) {
		rule->coils = *range;
		return FAULT_IF_COILS;
	}
	rule->registers = *range;
	return FAULT_IF_REGISTERS;
}

/* Note that a condition is given. */
static int
give(struct words *w, struct fault_rule *rule, enum fault_condition condition,
    const char *word)
{
	if (rule->given[condition])
		return fail(w, word, "one condition of a kind");
	rule->given[condition] = true;
	return 0;
}

static int
parse_condition(struct words *w, struct fault_rule *rule, const char *word)
{
	enum fault_condition condition = find_condition(word);
	struct access_range range;

	if (condition != FAULT_CONDITIONS)
		return give(w, rule, condition, word) != 0 ?
		    -1 :
		    conditions[condition].parse(w, rule);
	if (access_range_parse(word, &range) != 0)
		return fail(w, word,
		    "unit N, function N, coils:A-B, registers:A-B with "
		    "addresses from 0 to 65535, client CIDR, chance P%, after "
		    "N or first N");
	return give(w, rule, set_range(rule, &range), word);
}

int
fault_rule_parse(
    const char *text, size_t length, struct fault_rule *rule, char *error)
{
	char copy[FAULT_RULE_TEXT_MAX + 1];
	struct words w = { copy, error };

	*rule = (struct fault_rule){ .effect = FAULT_PASS };
	if (length > FAULT_RULE_TEXT_MAX) {
		snprintf(error, FAULT_RULES_ERROR_MAX,
		    "%zu bytes: expected at most %d", length,
		    FAULT_RULE_TEXT_MAX);
		return -1;
	}
	if (memchr(text, '\0', length) != NULL) {
		snprintf(error, FAULT_RULES_ERROR_MAX,
		    "a NUL: expected printable characters");
		return -1;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (parse_effect(&w, rule) != 0)
		return -1;
	for (char *word; *(word = take_word(&w)) != '\0';)
		if (parse_condition(&w, rule, word) != 0)
			return -1;
	return 0;
}
