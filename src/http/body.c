#include "http/body.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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
		fail(error, "body: not JSON, line %d, column %d: %.100s",
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

int
body_number(const json_t *member, const char *name, size_t max, size_t fallback,
    size_t *number, char *error)
{
	*number = fallback;
	if (member == NULL)
		return 0;
	if (!json_is_integer(member) || json_integer_value(member) < 0 ||
	    (uint64_t)json_integer_value(member) > max)
		return fail(error, "%s: expected a whole number from 0 to %zu",
		    name, max);
	*number = (size_t)json_integer_value(member);
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

static int
store(const json_t *value, enum value_type type, enum value_order order,
    uint16_t *words)
{
	const struct value_form form = { .type = type, .order = order };

	if (json_is_integer(value))
		return value_store(&form,
		    (struct value_number){ .whole = json_integer_value(value) },
		    words);
	if (json_is_real(value))
		return value_store(&form,
		    (struct value_number){
			.is_real = true, .real = json_real_value(value) },
		    words);
	if (json_is_string(value))
		return value_store_text(&form, json_string_value(value),
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
body_values(const json_t *member, const char *name, enum value_type type,
    enum value_order order, uint16_t *words, size_t most, char *error)
{
	const struct value_form form = { .type = type, .order = order };
	unsigned step = value_form_words(&form);
	size_t count;

	if (check_array(member, name, most / step, error) != 0)
		return -1;
	count = json_array_size(member);
	for (size_t i = 0; i < count; i++)
		if (store(json_array_get(member, i), type, order,
			words + i * step) != 0)
			return fail(error, "%s[%zu]: not a value of type %s",
			    name, i, value_type_names[type]);
	return (long)(count * step);
}

/* 1, 0, or -1 when value is not a coil's. */
static int
coil_of(const json_t *value)
{
	if (json_is_boolean(value))
		return json_is_true(value);
	if (json_is_integer(value) &&
	    (json_integer_value(value) == 0 || json_integer_value(value) == 1))
		return (int)json_integer_value(value);
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
