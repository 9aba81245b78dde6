#include "modbus/function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/page.h"
#include "suite.h"

START_TEST(each_row_is_whole)
{
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++) {
		const struct mb_function *f = mb_function((uint8_t)i);

		if (f == NULL)
			continue;
		ck_assert_ptr_eq(f, &mb_functions[i]);
		ck_assert(f->decode != NULL);
		ck_assert(f->execute != NULL);
		ck_assert_uint_ge(f->length, MB_PDU_MIN);
		ck_assert(f->read_at == 0 || f->most_read != 0);
		ck_assert(f->write_at == 0 || f->most_written != 0);
	}
}
END_TEST

/* The next `code: "name"` of a table in JavaScript, or NULL at its end. */
static const char *
next_name(const char *at, unsigned *code, char name[64])
{
	size_t length;

	at += strcspn(at, "0123456789}");
	if (*at == '}')
		return NULL;
	ck_assert_int_eq(sscanf(at, "%u: \"%63[^\"]", code, name), 2);
	at = strchr(at, '"') + 1;
	length = strlen(name);
	ck_assert_int_eq(at[length], '"');
	return at + length + 1;
}

START_TEST(the_page_has_the_same_names)
{
	const struct page_asset *asset = page_find("/functions.js");
	char *script, name[64];
	const char *at;
	unsigned code, names = 0;

	ck_assert_ptr_nonnull(asset);
	script = strndup((const char *)asset->data, asset->size);
	ck_assert_ptr_nonnull(script);
	at = strstr(script, "const FUNCTIONS = {");
	ck_assert_ptr_nonnull(at);
	for (; (at = next_name(at, &code, name)) != NULL; names++) {
		ck_assert_uint_lt(code, MB_FUNCTION_CODES);
		ck_assert_pstr_eq(mb_function_name((uint8_t)code), name);
	}
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		names -= mb_function((uint8_t)i) != NULL;
	ck_assert_uint_eq(names, 0);
	free(script);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("function");
	TCase *tc = tcase_create("function");

	tcase_add_test(tc, each_row_is_whole);
	tcase_add_test(tc, the_page_has_the_same_names);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
