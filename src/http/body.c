#include "http/body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a whole number as text, including the NUL. */
#define NUMBER_TEXT_MAX 24

/* Text of a client that the error quotes becomes printable ASCII: it may
 * contain line ends, or be cut within a UTF-8 character. */
static int __attribute__((format(printf, 2, 3)))
fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, BODY_ERROR_MAX, format, args);
	va_end(args);
	for (; *error != '\0'; error++)
		if (*error < ' ' || *error > '~')
			*error = '?';
	return -1;
}

/* The index of the quotation mark that ends the string at text[i]. */
static size_t
string_end(const char *text, size_t length, size_t i)
{
	for (i++; i < length && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i;
}

static int
check_size(const char *text, size_t length, char *error)
{
	size_t containers = 0;
	size_t values = 1;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			i = string_end(text, length, i);
		else if (text[i] == '[' || text[i] == '{')
			containers++;
		else if (text[i] == ',')
			values++;
	}
	if (containers > BODY_CONTAINERS_MAX)
		return fail(error,
		    "body: expected at most %d arrays and "
		    "objects",
		    BODY_CONTAINERS_MAX);
	if (values > BODY_VALUES_MAX)
		return fail(
		    error, "body: expected at most %d values", BODY_VALUES_MAX);
	return 0;
}

json_t *
body_parse(const char *text, size_t length, char *error)
{
	json_error_t why;
	json_t *object;

	if (length == 0) {
		fail(error, "body: expected a JSON object");
		return NULL;
	}
	if (check_size(text, length, error) != 0)
		return NULL;
	object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
	if (object == NULL) {
		fail(error,
		    json_error_code(&why) == json_error_numeric_overflow ?
			"body: line %d, column %d: %.100s: expected integers "
			"beyond 64 bits signed as strings" :
			"body: not JSON, line %d, column %d: %.100s",
		    why.line, why.column, why.text);
	} else if (!json_is_object(object)) {
		fail(error, "body: expected a JSON object");
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* The index of name in names, or count. */
static size_t
find(const char *name, const char *const *names, size_t count)
{
	size_t i = 0;

	while (i < count && strcmp(name, names[i]) != 0)
		i++;
	return i;
}

int
body_members(json_t *object, const char *const *names, size_t count,
    json_t **members, char *error)
{
	const char *name;
	json_t *member;

	for (size_t i = 0; i < count; i++)
		members[i] = NULL;
	json_object_foreach(object, name, member)
	{
		size_t i = find(name, names, count);

		if (i == count)
			return fail(error, "\"%.40s\": no such member", name);
		members[i] = member;
	}
	return 0;
}

/* Whether value is a whole number, 1.0 among them. */
static bool
is_whole(const json_t *value, int64_t *whole)
{
	if (json_is_real(value))
		return value_is_whole(json_real_value(value), whole);
	*whole = json_integer_value(value);
	return json_is_integer(value);
}

/* The text of a string, or of a whole number, which takes number_text;
 * otherwise NULL. */
static const char *
text_of(const json_t *member, char number_text[NUMBER_TEXT_MAX])
{
	int64_t whole;

	if (!is_whole(member, &whole))
		return json_string_value(member);
	snprintf(number_text, NUMBER_TEXT_MAX, "%" PRId64, whole);
	return number_text;
}

/* The address is not as expected, nor as expected by `more`. */
static int
fail_address(const char *text, const char *name, enum datatable_kind kind,
    const char *more, char *error)
{
	if (text == NULL)
		return fail(error, "%s: expected %s%s", name,
		    reference_expected(kind), more);
	return fail(error, "%s: \"%.40s\": expected %s%s", name, text,
	    reference_expected(kind), more);
}

int
body_address(const json_t *member, const char *name, enum datatable_kind kind,
    uint16_t *address, char *note, char *error)
{
	char number_text[NUMBER_TEXT_MAX];
	const char *text = text_of(member, number_text);

	reference_note(text, kind, note);
	if (text == NULL || reference_parse_address(text, kind, address) != 0)
		return fail_address(text, name, kind, "", error);
	return 0;
}

int
body_register_or_bit(const json_t *member, const char *name, uint16_t *address,
    int *bit, char *note, char *error)
{
	char number_text[NUMBER_TEXT_MAX];
	const char *text = text_of(member, number_text);
	struct reference r;

	reference_note(text, DATATABLE_REGISTERS, note);
	if (text == NULL ||
	    reference_parse(text, DATATABLE_REGISTERS, &r) != REFERENCE_OK ||
	    r.kind != DATATABLE_REGISTERS)
		return fail_address(text, name, DATATABLE_REGISTERS,
		    ", or a bit, HR0.0 to HR65535.15", error);
	*address = r.address;
	*bit = r.bit;
	return 0;
}

int
body_choice(const json_t *member, const char *name, const char *const *words,
    size_t count, size_t fallback, size_t *choice, char *error)
{
	char list[BODY_ERROR_MAX / 2] = "";

	*choice = fallback;
	if (member == NULL)
		return 0;
	if (json_is_string(member)) {
		*choice = find(json_string_value(member), words, count);
		if (*choice < count)
			return 0;
	}
	for (size_t i = 0; i < count; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
		    "%s\"%s\"", i == 0 ? "" : ", ", words[i]);
	return fail(error, "%s: expected one of %s", name, list);
}

int
body_form(const json_t *type, const json_t *order, struct value_form *form,
    char *error)
{
	size_t choice;

	*form = (struct value_form){ .type = VALUE_UINT16 };
	if (type != NULL &&
	    (!json_is_string(type) ||
		value_type_parse(json_string_value(type), form) != 0))
		return fail(
		    error, "type: expected one of %s", value_types_expected);
	if (body_choice(order, "order", value_order_names, VALUE_ORDERS,
		VALUE_ABCD, &choice, error) != 0)
		return -1;
	form->order = (enum value_order)choice;
	return 0;
}

static int
store(const json_t *value, const struct value_form *form, uint16_t *words)
{
	if (json_is_integer(value))
		return value_store(form,
		    (struct value_number){ .whole = json_integer_value(value) },
		    words);
	if (json_is_real(value))
		return value_store(form,
		    (struct value_number){
			.is_real = true, .real = json_real_value(value) },
		    words);
	if (json_is_string(value))
		return value_store_text(form, json_string_value(value),
		    json_string_length(value), words);
	return -1;
}

static int
check_array(const json_t *member, const char *name, size_t most, char *error)
{
	if (!json_is_array(member) || json_array_size(member) == 0)
		return fail(error, "%s: expected an array of values", name);
	if (json_array_size(member) > most)
		return fail(error,
		    "%s: %zu are too many: there is room for %zu up to the "
		    "table's end",
		    name, json_array_size(member), most);
	return 0;
}

long
body_values(const json_t *member, const char *name,
    const struct value_form *form, uint16_t *words, size_t most, char *error)
{
	unsigned step = value_form_words(form);
	char expected[VALUE_EXPECTED_MAX];
	size_t count;

	if (check_array(member, name, most / step, error) != 0)
		return -1;
	count = json_array_size(member);
	for (size_t i = 0; i < count; i++)
		if (store(json_array_get(member, i), form, words + i * step) !=
		    0)
			return fail(error, "%s[%zu]: expected %s", name, i,
			    value_expected(form, expected));
	return (long)(count * step);
}

/* 1, 0, or -1 when value is not a coil's. */
static int
coil_of(const json_t *value)
{
	int64_t whole;

	if (json_is_boolean(value))
		return json_is_true(value);
	if (is_whole(value, &whole) && (whole == 0 || whole == 1))
		return (int)whole;
	return -1;
}

long
body_coils(const json_t *member, const char *name, uint16_t *packed,
    size_t most, char *error)
{
	size_t count;

	if (check_array(member, name, most, error) != 0)
		return -1;
	count = json_array_size(member);
	memset(packed, 0, (count + 15) / 16 * sizeof(*packed));
	for (size_t i = 0; i < count; i++) {
		int coil = coil_of(json_array_get(member, i));

		if (coil < 0)
			return fail(error,
			    "%s[%zu]: expected true, false, 1 or 0", name, i);
		packed[i / 16] |= (uint16_t)(coil << i % 16);
	}
	return (long)count;
}
