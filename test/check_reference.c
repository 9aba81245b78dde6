#include "table/reference.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"

/* One line of reference_examples.txt, which says what the columns mean. */
struct example {
	char text[32];
	char in[16];
	char is[REFERENCE_TEXT_MAX];
	char other[REFERENCE_TEXT_MAX];
};

#define EXAMPLES_MAX 256

static struct example examples[EXAMPLES_MAX];
static int example_count;

/* Returns 0, or -1 when the file is not as expected. */
static int
read_examples(void)
{
	FILE *file = fopen(EXAMPLES, "r");
	char line[200];
	int result = 0;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL) {
		struct example *e = &examples[example_count];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (example_count == EXAMPLES_MAX ||
		    sscanf(line, "%31s %15s %10s %10s", e->text, e->in, e->is,
			e->other) != 4) {
			result = -1;
			break;
		}
		example_count++;
	}
	fclose(file);
	return example_count == 0 ? -1 : result;
}

static enum datatable_kind
asked(const struct example *e)
{
	return strcmp(e->in, "coils") == 0 ? DATATABLE_COILS :
					     DATATABLE_REGISTERS;
}

START_TEST(an_address_is_read_as_the_table_says)
{
	const struct example *e = &examples[_i];
	char out[REFERENCE_TEXT_MAX] = "-";
	struct reference r;

	if (reference_parse(e->text, asked(e), &r) == REFERENCE_OK)
		reference_format(&r, out);
	ck_assert_msg(strcmp(out, e->is) == 0, "%s: %s", e->text, out);
	strcpy(out, "-");
	if (reference_is_ambiguous(e->text, &r))
		reference_format(&r, out);
	ck_assert_msg(strcmp(out, e->other) == 0, "%s: or %s", e->text, out);
}
END_TEST

/* What names its kind is read alike by all of the functions. */
START_TEST(a_named_address_is_no_number)
{
	const struct example *e = &examples[_i];
	struct reference r, named;
	bool is_named = reference_parse_named(e->text, &named) == REFERENCE_OK;

	for (int kind = 0; kind < 2 && is_named; kind++) {
		ck_assert_int_eq(
		    reference_parse(e->text, (enum datatable_kind)kind, &r),
		    REFERENCE_OK);
		ck_assert_int_eq(r.kind, named.kind);
		ck_assert_int_eq(r.is_input, named.is_input);
		ck_assert_int_eq(r.address, named.address);
		ck_assert_int_eq(r.bit, named.bit);
		ck_assert(!reference_is_ambiguous(e->text, &r));
	}
	if (!is_named && strcmp(e->is, "-") != 0)
		ck_assert_uint_eq(
		    strspn(e->text, "0123456789."), strlen(e->text));
}
END_TEST

/* The forms of their own, and why a text is refused. */
static const struct {
	const char *text;
	enum reference_status prefixed, digits, named;
	const char *is; /* where it is REFERENCE_OK */
} forms[] = {
	{ "HR16", REFERENCE_OK, REFERENCE_OTHER_FORM, REFERENCE_OK, "HR16" },
	{ "di5", REFERENCE_OK, REFERENCE_OTHER_FORM, REFERENCE_OK, "DI5" },
	{ "IR1.15", REFERENCE_OK, REFERENCE_OTHER_FORM, REFERENCE_OK,
	    "IR1.15" },
	{ "HR1.16", REFERENCE_BAD_BIT, REFERENCE_OTHER_FORM, REFERENCE_BAD_BIT,
	    NULL },
	{ "HR1.", REFERENCE_BAD_BIT, REFERENCE_OTHER_FORM, REFERENCE_BAD_BIT,
	    NULL },
	{ "C1.1", REFERENCE_BAD_BIT, REFERENCE_OTHER_FORM, REFERENCE_BAD_BIT,
	    NULL },
	{ "HR65536", REFERENCE_OUT_OF_RANGE, REFERENCE_OTHER_FORM,
	    REFERENCE_OUT_OF_RANGE, NULL },
	{ "HR65536x", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
	{ "HR", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
	{ "", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    NULL },
	{ " HR1", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
	{ "40017", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OTHER_FORM,
	    "HR16" },
	{ "30001.2", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OTHER_FORM,
	    "IR0.2" },
	{ "30001.x", REFERENCE_OTHER_FORM, REFERENCE_BAD_BIT,
	    REFERENCE_OTHER_FORM, NULL },
	{ "10001.2", REFERENCE_OTHER_FORM, REFERENCE_BAD_BIT,
	    REFERENCE_OTHER_FORM, NULL },
	{ "00001", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OTHER_FORM,
	    "C0" },
	{ "000001", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OTHER_FORM,
	    "C0" },
	{ "065536", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OTHER_FORM,
	    "C65535" },
	{ "065537", REFERENCE_OTHER_FORM, REFERENCE_OUT_OF_RANGE,
	    REFERENCE_OTHER_FORM, NULL },
	{ "40000", REFERENCE_OTHER_FORM, REFERENCE_OUT_OF_RANGE,
	    REFERENCE_OTHER_FORM, NULL },
	{ "40000.1", REFERENCE_OTHER_FORM, REFERENCE_OUT_OF_RANGE,
	    REFERENCE_OTHER_FORM, NULL },
	{ "400017", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OK, "HR16" },
	{ "465536.0", REFERENCE_OTHER_FORM, REFERENCE_OK, REFERENCE_OK,
	    "HR65535.0" },
	{ "465537", REFERENCE_OTHER_FORM, REFERENCE_OUT_OF_RANGE,
	    REFERENCE_OUT_OF_RANGE, NULL },
	{ "400000", REFERENCE_OTHER_FORM, REFERENCE_OUT_OF_RANGE,
	    REFERENCE_OUT_OF_RANGE, NULL },
	{ "4001", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
	{ "4000001", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
	{ "20001", REFERENCE_OTHER_FORM, REFERENCE_OTHER_FORM,
	    REFERENCE_OTHER_FORM, NULL },
};

static void
check_form(int i, enum reference_status status, enum reference_status expected,
    const struct reference *r)
{
	char out[REFERENCE_TEXT_MAX];

	ck_assert_msg(status == expected, "\"%s\": %d, not %d", forms[i].text,
	    (int)status, (int)expected);
	if (status == REFERENCE_OK)
		ck_assert_str_eq(reference_format(r, out), forms[i].is);
}

START_TEST(each_form_says_why_it_refuses)
{
	const char *text = forms[_i].text;
	struct reference r;
	enum reference_status status = reference_parse_prefixed(text, &r);

	check_form(_i, status, forms[_i].prefixed, &r);
	status = reference_parse_digits(text, &r);
	check_form(_i, status, forms[_i].digits, &r);
	status = reference_parse_named(text, &r);
	check_form(_i, status, forms[_i].named, &r);
}
END_TEST

static const struct {
	const char *text;
	enum datatable_kind kind;
	const char *note;
} notes[] = {
	{ "40017", DATATABLE_REGISTERS,
	    "40017 is the address on the wire; the reference 40017 is HR16" },
	{ "39999", DATATABLE_REGISTERS,
	    "39999 is the address on the wire; the reference 39999 is IR9998" },
	{ "065535", DATATABLE_COILS,
	    "065535 is the address on the wire; the reference 065535 is "
	    "C65534" },
	{ "40017", DATATABLE_COILS, "" },
	{ "10006", DATATABLE_REGISTERS, "" },
	{ "400017", DATATABLE_REGISTERS, "" },
	{ "HR40017", DATATABLE_REGISTERS, "" },
	{ "4001", DATATABLE_REGISTERS, "" },
	{ "40000", DATATABLE_REGISTERS, "" },
	{ NULL, DATATABLE_REGISTERS, "" },
};

START_TEST(a_note_says_both_readings)
{
	char out[REFERENCE_NOTE_MAX];

	ck_assert_str_eq(reference_note(notes[_i].text, notes[_i].kind, out),
	    notes[_i].note);
}
END_TEST

START_TEST(takes_an_address_and_leaves_the_rest)
{
	const char *text = "HR16-400020-20.5";
	struct reference r;

	ck_assert_int_eq(reference_take_named(&text, &r), REFERENCE_OK);
	ck_assert_str_eq(text, "-400020-20.5");
	ck_assert_int_eq(r.address, 16);
	text++;
	ck_assert_int_eq(
	    reference_take(&text, DATATABLE_COILS, &r), REFERENCE_OK);
	ck_assert_str_eq(text, "-20.5");
	ck_assert_int_eq(r.kind, DATATABLE_REGISTERS);
	ck_assert_int_eq(r.address, 19);
	text++;
	ck_assert_int_eq(reference_take_named(&text, &r), REFERENCE_OTHER_FORM);
	ck_assert_str_eq(text, "20.5");
	ck_assert_int_eq(
	    reference_take(&text, DATATABLE_COILS, &r), REFERENCE_OK);
	ck_assert_str_eq(text, ".5");
	ck_assert_int_eq(r.kind, DATATABLE_COILS);
	ck_assert_int_eq(r.address, 20);
	ck_assert_int_eq(r.bit, -1);
}
END_TEST

static const struct {
	struct reference r;
	const char *prefixed;
	const char *digits;
} formats[] = {
	{ { DATATABLE_REGISTERS, false, 0, -1 }, "HR0", "40001" },
	{ { DATATABLE_REGISTERS, false, 9998, -1 }, "HR9998", "49999" },
	{ { DATATABLE_REGISTERS, false, 9999, -1 }, "HR9999", "410000" },
	{ { DATATABLE_REGISTERS, false, 65535, 15 }, "HR65535.15", "465536" },
	{ { DATATABLE_REGISTERS, true, 16, 3 }, "IR16.3", "30017" },
	{ { DATATABLE_COILS, false, 65535, -1 }, "C65535", "065536" },
	{ { DATATABLE_COILS, false, 5, -1 }, "C5", "00006" },
	{ { DATATABLE_COILS, true, 5, -1 }, "DI5", "10006" },
};

START_TEST(formats_both_forms)
{
	char out[REFERENCE_TEXT_MAX];

	ck_assert_str_eq(
	    reference_format(&formats[_i].r, out), formats[_i].prefixed);
	ck_assert_str_eq(
	    reference_format_digits(&formats[_i].r, out), formats[_i].digits);
}
END_TEST

static bool
are_equal(const struct reference *a, const struct reference *b)
{
	return a->kind == b->kind && a->is_input == b->is_input &&
	    a->address == b->address && a->bit == b->bit;
}

static bool
survives(struct reference r)
{
	char out[REFERENCE_TEXT_MAX];
	struct reference again;

	reference_format(&r, out);
	if (reference_parse_prefixed(out, &again) != REFERENCE_OK ||
	    !are_equal(&r, &again))
		return false;
	reference_format_digits(&r, out);
	r.bit = -1;
	return reference_parse_digits(out, &again) == REFERENCE_OK &&
	    are_equal(&r, &again);
}

START_TEST(every_address_survives_its_text)
{
	for (int i = 0; i < 65536; i++) {
		uint16_t address = (uint16_t)i;
		int bit = i % 17 - 1;

		for (int input = 0; input < 2; input++)
			if (!survives((struct reference){
				DATATABLE_REGISTERS, input, address, bit }) ||
			    !survives((struct reference){
				DATATABLE_COILS, input, address, -1 }))
				ck_abort_msg("%d", i);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reference");
	TCase *tc = tcase_create("reference");

	if (read_examples() != 0) {
		fprintf(stderr, "%s: not as expected\n", EXAMPLES);
		return 1;
	}
	tcase_add_loop_test(
	    tc, an_address_is_read_as_the_table_says, 0, example_count);
	tcase_add_loop_test(tc, a_named_address_is_no_number, 0, example_count);
	tcase_add_loop_test(tc, each_form_says_why_it_refuses, 0,
	    sizeof(forms) / sizeof(*forms));
	tcase_add_loop_test(
	    tc, a_note_says_both_readings, 0, sizeof(notes) / sizeof(*notes));
	tcase_add_test(tc, takes_an_address_and_leaves_the_rest);
	tcase_add_loop_test(
	    tc, formats_both_forms, 0, sizeof(formats) / sizeof(*formats));
	tcase_add_test(tc, every_address_survives_its_text);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
