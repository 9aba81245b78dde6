/*
 * What comes over HTTP and is ours to parse: queries, bodies, hosts, origins,
 * and registers as numbers and strings.
 *
 * Input: a byte that chooses what the rest is; for values then a type, an
 * order, of a string its length, and words.
 *
 * Holds: every text gives a result or an error of one line; numbers are within
 * what was asked for; no more words are written than there is room for; a value
 * that was printed is stored again as the words that it came from; nobody is
 * let in by a Host that is neither an address nor a name that was given.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "http/body.h"
#include "http/guard.h"
#include "http/parameters.h"
#include "table/values.h"

#define ROOM 64

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void
must_be_one_line(const char *error, size_t room)
{
	must(strnlen(error, room) < room && error[0] != '\0');
	for (; *error != '\0'; error++)
		must(*error != '\n');
}

/* The rest of an input as a string of exactly its length. */
static char *
text_of(struct input *in)
{
	char *text = malloc(in->left + 1);

	must(text != NULL);
	if (in->left > 0)
		memcpy(text, in->next, in->left);
	text[in->left] = '\0';
	return text;
}

static void
try_parameters(const char *text)
{
	static const char *const words[] = { "one", "two" };
	struct parameters q;
	uint64_t n;

	parameters_parse(&q, text);
	for (size_t i = 0; i < q.count; i++)
		must(strlen(q.pairs[i].value) <= strlen(text));
	n = parameters_number(&q, "quantity", 10, 65535, 77);
	must(n >= 10 && n <= 65535);
	parameters_address(&q, "address", DATATABLE_REGISTERS, 77);
	must(parameters_choice(&q, "type", words, 2, 1) < 2);
	if (parameters_finish(&q) != NULL)
		must_be_one_line(q.error, sizeof(q.error));
	must(q.count <= PARAMETERS_PAIRS_MAX);
}

static void
try_members(json_t *object)
{
	static const char *const names[] = { "values", "address", "type" };
	uint16_t *words = malloc(ROOM * sizeof(*words));
	char error[BODY_ERROR_MAX], note[REFERENCE_NOTE_MAX];
	json_t *members[3];
	uint16_t address;
	struct value_form form;
	long got;

	must(words != NULL);
	if (body_members(object, names, 3, members, error) != 0)
		must_be_one_line(error, sizeof(error));
	if (body_address(members[1], "address", DATATABLE_COILS, &address, note,
		error) != 0)
		must_be_one_line(error, sizeof(error));
	if (body_form(members[2], NULL, &form, error) != 0) {
		must_be_one_line(error, sizeof(error));
		form = (struct value_form){ .type = VALUE_FLOAT32 };
	}
	if (members[0] != NULL) {
		got = body_values(
		    members[0], "values", &form, words, ROOM, error);
		must(got >= -1 && got <= ROOM);
		if (got < 0)
			must_be_one_line(error, sizeof(error));
		got = body_coils(members[0], "values", words, 16 * ROOM, error);
		must(got >= -1 && got <= 16 * ROOM);
	}
	free(words);
}

static void
try_body(const uint8_t *bytes, size_t size)
{
	char error[BODY_ERROR_MAX];
	json_t *object = body_parse((const char *)bytes, size, error);

	if (object == NULL)
		must_be_one_line(error, sizeof(error));
	else
		try_members(object);
	json_decref(object);
}

static bool
is_a_number_of_any_nan(const struct value_form *form, const char *text)
{
	return (form->type == VALUE_FLOAT32 || form->type == VALUE_FLOAT64) &&
	    strcmp(text, "\"NaN\"") == 0;
}

/* A JSON string becomes text, and so do numbers that have no fraction. */
static void
must_be_stored_again(
    const struct value_form *form, const char *text, const uint16_t *words)
{
	bool real = form->type == VALUE_FLOAT32 || form->type == VALUE_FLOAT64;
	uint16_t again[VALUE_WORDS_MAX];
	char bare[VALUE_TEXT_MAX + 1];
	int result;

	if (is_a_number_of_any_nan(form, text))
		return; /* there are many, and one text */
	if (text[0] == '"') {
		snprintf(bare, sizeof(bare), "%.*s", (int)strlen(text) - 2,
		    text + 1);
		result = value_store_text(form, bare, strlen(bare), again);
	} else if (real) {
		result = value_store(form,
		    (struct value_number){
			.is_real = true, .real = strtod(text, NULL) },
		    again);
	} else {
		result = value_store_text(form, text, strlen(text), again);
	}
	must(result == 0);
	must(
	    memcmp(again, words, value_form_words(form) * sizeof(*again)) == 0);
}

/* A string is JSON, and what that says is stored as what was read, unless bytes
 * were replaced and it does not fit. */
static void
must_be_stored_as_text(
    const struct value_form *form, const char *text, size_t length)
{
	json_t *value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
	uint16_t again[VALUE_FORM_WORDS_MAX];
	char text_again[VALUE_TEXT_MAX];
	const char *string = json_string_value(value);

	must(string != NULL);
	if (value_store_text(form, string, json_string_length(value), again) ==
	    0) {
		must(value_format(form, again, text_again) == length);
		must(memcmp(text_again, text, length) == 0);
	} else {
		must(strstr(string, "\xEF\xBF\xBD") != NULL);
	}
	json_decref(value);
}

static void
try_value(struct input *in)
{
	struct value_form form = { .type = (enum value_type)(
				       input_byte(in) % (VALUE_TYPES + 1)) };
	uint16_t words[VALUE_FORM_WORDS_MAX] = { 0 };
	char text[VALUE_TEXT_MAX + 1];
	size_t length;

	form.order = (enum value_order)(input_byte(in) % VALUE_ORDERS);
	if (form.type == VALUE_STRING)
		form.bytes = (uint8_t)(1 + input_byte(in) % VALUE_STRING_MAX);
	for (unsigned i = 0; i < value_form_words(&form); i++)
		words[i] = (uint16_t)(input_byte(in) << 8 | input_byte(in));
	length = value_format(&form, words, text);
	must(length > 0 && length <= value_text_max(&form));
	if (form.type == VALUE_STRING) {
		must_be_stored_as_text(&form, text, length);
		return;
	}
	text[length] = '\0';
	must_be_stored_again(&form, text, words);
}

static void
try_host(const char *text)
{
	static const char *const names[] = { "plc.example" };
	static const char *const origins[] = { "https://plc.example:8443" };
	bool allowed = guard_allows_host(text, names, 1);

	if (allowed && strncasecmp(text, "localhost", 9) != 0 &&
	    strncasecmp(text, "plc.example", 11) != 0)
		must(isxdigit((unsigned char)text[0]) || text[0] == '[' ||
		    text[0] == ':');
	if (guard_allows_origin(text, "192.0.2.7", names, 1, false))
		must(strncasecmp(text, "http", 4) == 0 &&
		    (strcasestr(text, "://plc.example") != NULL ||
			strstr(text, "://192.0.2.7") != NULL));
	if (guard_is_origin(text))
		must(strncasecmp(text, "http", 4) == 0 &&
		    strpbrk(text, " ;,'*\r\n") == NULL);
	must(guard_lists_origin(text, origins, 1) <= guard_is_origin(text));
	if (guard_is_name(text))
		must(strpbrk(text, ":/ \n") == NULL);
	must(!guard_allows_token(text, "0123456789abcdef") ||
	    strlen(text) == strlen("Bearer 0123456789abcdef"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what = input_byte(&in) % 4;
	char *text;

	if (what == 0)
		try_value(&in);
	if (what == 1)
		try_body(in.next, in.left);
	if (what < 2)
		return 0;
	text = text_of(&in);
	if (what == 2)
		try_parameters(text);
	else
		try_host(text);
	free(text);
	return 0;
}
