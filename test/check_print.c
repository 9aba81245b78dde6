#include "journal/print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "suite.h"

static char *text;
static size_t length;
static FILE *out;

static void
setup(void)
{
	setenv("TZ", "IST-5:30", 1);
	tzset();
	out = open_memstream(&text, &length);
	ck_assert_ptr_nonnull(out);
}

static void
teardown(void)
{
	free(text);
}

static void
assert_printed(const char *expected)
{
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, expected);
}

static const struct print *
as(enum query_format format, bool points)
{
	static struct print p;

	p = (struct print){ .out = out, .format = format, .points = points };
	return &p;
}

/* With columns for identities. */
static const struct print *
with_identities(enum query_format format, bool points)
{
	static struct print p;

	p = *as(format, points);
	p.identities = true;
	return &p;
}

static struct row
row_by(const char *client)
{
	struct row r = {
		.record = {
			.number = 42,
			.time = INT64_C(1795331767662123),
			.connection = 7,
			.unit = 255,
			.function = 16,
			.kind = DATATABLE_REGISTERS,
			.address = 65534,
			.quantity = 2,
		},
		.kind = DATATABLE_REGISTERS,
		.before = { 1, 2 },
		.after = { 3, 65535 },
	};

	strcpy(r.record.client, client);
	return r;
}

START_TEST(changes_as_columns)
{
	struct row r = row_by("192.0.2.1:50000");

	print_change_names(as(QUERY_TEXT, false));
	print_change(as(QUERY_TEXT, false), &r, 1, NULL);
	assert_printed(
	    "TIME                     CLIENT                 UNIT  FC  "
	    "ADDRESS         BEFORE   AFTER\n"
	    "2026-11-22 12:46:07.662  192.0.2.1:50000         255  16  "
	    "register 65535       2   65535\n");
}
END_TEST

START_TEST(changes_as_csv)
{
	struct row r = row_by("[2001:db8::1]:50000");

	print_change_names(as(QUERY_CSV, false));
	print_change(as(QUERY_CSV, false), &r, 0, NULL);
	assert_printed(
	    "number,time,client,port,connection,unit,function,table,address,"
	    "before,after\n"
	    "42,2026-11-22T12:46:07.662123+05:30,2001:db8::1,50000,7,255,16,"
	    "registers,65534,1,3\n");
}
END_TEST

START_TEST(changes_as_json)
{
	struct row r = row_by("[2001:db8::1]:50000");

	r.kind = DATATABLE_COILS;
	r.record.address = 0;
	print_change_names(as(QUERY_JSONL, false));
	print_change(as(QUERY_JSONL, false), &r, 1, NULL);
	assert_printed(
	    "{\"number\":42,\"time\":\"2026-11-22T12:46:07.662123+05:30\","
	    "\"client\":\"2001:db8::1\",\"port\":50000,\"connection\":7,"
	    "\"unit\":255,\"function\":16,\"table\":\"coils\",\"address\":1,"
	    "\"before\":0,\"after\":1}\n");
}
END_TEST

/* A file that somebody made may say anything. */
START_TEST(strange_clients_are_quoted)
{
	static const struct {
		enum query_format format;
		const char *begin;
	} expected[] = {
		{ QUERY_CSV,
		    "42,2026-11-22T12:46:07.662123+05:30,\"a,\"\"b\nc\",\"d,"
		    "\"" },
		{ QUERY_JSONL,
		    "{\"number\":42,\"time\":\"2026-11-22T12:46:07.662123+05:30"
		    "\",\"client\":\"a,\\\"b\\u000ac\",\"port\":null," },
	};
	struct row r = row_by("a,\"b\nc:d,");

	print_change(as(expected[_i].format, false), &r, 0, NULL);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_msg(
	    strncmp(text, expected[_i].begin, strlen(expected[_i].begin)) == 0,
	    "%s", text);
}
END_TEST

START_TEST(json_has_no_byte_beyond_ascii)
{
	struct row r = row_by("\xC3\xA9\\\x7F");

	print_change(as(QUERY_JSONL, false), &r, 0, NULL);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_ptr_nonnull(
	    strstr(text, "\"client\":\"\\u00c3\\u00a9\\\\\\u007f\""));
}
END_TEST

START_TEST(values_with_what_is_known)
{
	struct row by = row_by("192.0.2.1:50000");
	struct row until = row_by("192.0.2.2:50000");
	struct print_value v = { .kind = DATATABLE_COILS,
		.address = 5,
		.value = 1,
		.by = &by,
		.until = &until };

	until.record.time += 1000000;
	print_value_names(as(QUERY_TEXT, false));
	print_value(as(QUERY_TEXT, false), &v);
	print_value_names(as(QUERY_CSV, false));
	print_value(as(QUERY_CSV, false), &v);
	print_value_names(as(QUERY_JSONL, false));
	print_value(as(QUERY_JSONL, false), &v);
	assert_printed(
	    "ADDRESS          VALUE  SINCE                           "
	    "CLIENT                 UNIT  FC  UNTIL\n"
	    "coil     5           1  2026-11-22 12:46:07.662         "
	    "192.0.2.1:50000         255  16  2026-11-22 12:46:08.662\n"
	    "table,address,value,since,client,port,unit,function,until\n"
	    "coils,5,1,2026-11-22T12:46:07.662123+05:30,192.0.2.1,50000,255,16,"
	    "2026-11-22T12:46:08.662123+05:30\n"
	    "{\"table\":\"coils\",\"address\":5,\"value\":1,"
	    "\"since\":\"2026-11-22T12:46:07.662123+05:30\","
	    "\"client\":\"192.0.2.1\",\"port\":50000,\"unit\":255,"
	    "\"function\":16,\"until\":\"2026-11-22T12:46:08.662123+05:30\"}"
	    "\n");
}
END_TEST

START_TEST(values_of_which_little_is_known)
{
	struct print_value v = { .kind = DATATABLE_REGISTERS,
		.address = 9,
		.value = 65535,
		.since = INT64_C(1795331767662123) };

	print_value(as(QUERY_TEXT, false), &v);
	print_value(as(QUERY_CSV, false), &v);
	print_value(as(QUERY_JSONL, false), &v);
	v.created = true;
	print_value(as(QUERY_TEXT, false), &v);
	print_value(as(QUERY_CSV, false), &v);
	print_value(as(QUERY_JSONL, false), &v);
	assert_printed(
	    "register 9       65535  before 2026-11-22 12:46:07.662  "
	    "-                         -   -  -\n"
	    "registers,9,65535,,,,,,\n"
	    "{\"table\":\"registers\",\"address\":9,\"value\":65535,"
	    "\"since\":null,\"client\":null,\"port\":null,\"unit\":null,"
	    "\"function\":null,\"until\":null}\n"
	    "register 9       65535  2026-11-22 12:46:07.662         "
	    "-                         -   -  -\n"
	    "registers,9,65535,2026-11-22T12:46:07.662123+05:30,,,,,\n"
	    "{\"table\":\"registers\",\"address\":9,\"value\":65535,"
	    "\"since\":\"2026-11-22T12:46:07.662123+05:30\",\"client\":null,"
	    "\"port\":null,\"unit\":null,\"function\":null,\"until\":null}\n");
}
END_TEST

#define NAMES "status, \"\xC3\xBC\", fault +4"

/* Column by column as without. */
START_TEST(changes_with_the_names_of_points)
{
	struct row r = row_by("192.0.2.1:50000");

	print_change_names(as(QUERY_TEXT, true));
	print_change(as(QUERY_TEXT, true), &r, 0, NAMES);
	print_change(as(QUERY_TEXT, true), &r, 1, "");
	print_change_names(as(QUERY_CSV, true));
	print_change(as(QUERY_CSV, true), &r, 0, NAMES);
	print_change(as(QUERY_CSV, true), &r, 1, "");
	print_change_names(as(QUERY_JSONL, true));
	print_change(as(QUERY_JSONL, true), &r, 0, NAMES);
	print_change(as(QUERY_JSONL, true), &r, 1, "");
	assert_printed(
	    "TIME                     CLIENT                 UNIT  FC  "
	    "ADDRESS         BEFORE   AFTER  NAME\n"
	    "2026-11-22 12:46:07.662  192.0.2.1:50000         255  16  "
	    "register 65534       1       3  status, \"\xC3\xBC\", fault "
	    "+4\n"
	    "2026-11-22 12:46:07.662  192.0.2.1:50000         255  16  "
	    "register 65535       2   65535  -\n"
	    "number,time,client,port,connection,unit,function,table,address,"
	    "before,after,point\n"
	    "42,2026-11-22T12:46:07.662123+05:30,192.0.2.1,50000,7,255,16,"
	    "registers,65534,1,3,\"status, \"\"\xC3\xBC\"\", fault +4\"\n"
	    "42,2026-11-22T12:46:07.662123+05:30,192.0.2.1,50000,7,255,16,"
	    "registers,65535,2,65535,\n"
	    "{\"number\":42,\"time\":\"2026-11-22T12:46:07.662123+05:30\","
	    "\"client\":\"192.0.2.1\",\"port\":50000,\"connection\":7,"
	    "\"unit\":255,\"function\":16,\"table\":\"registers\","
	    "\"address\":65534,\"before\":1,\"after\":3,"
	    "\"point\":\"status, \\\"\xC3\xBC\\\", fault +4\"}\n"
	    "{\"number\":42,\"time\":\"2026-11-22T12:46:07.662123+05:30\","
	    "\"client\":\"192.0.2.1\",\"port\":50000,\"connection\":7,"
	    "\"unit\":255,\"function\":16,\"table\":\"registers\","
	    "\"address\":65535,\"before\":2,\"after\":65535,"
	    "\"point\":null}\n");
}
END_TEST

START_TEST(values_with_the_names_of_points)
{
	struct row by = row_by("192.0.2.1:50000");
	struct print_value v = { .kind = DATATABLE_COILS,
		.address = 5,
		.value = 1,
		.since = INT64_C(1795331767662123),
		.names = "pump" };

	print_value_names(as(QUERY_TEXT, true));
	print_value(as(QUERY_TEXT, true), &v);
	v.by = v.until = &by;
	v.names = "";
	print_value(as(QUERY_TEXT, true), &v);
	print_value_names(as(QUERY_CSV, true));
	print_value(as(QUERY_CSV, true), &v);
	print_value_names(as(QUERY_JSONL, true));
	v = (struct print_value){ .kind = DATATABLE_COILS, .names = "pump" };
	print_value(as(QUERY_CSV, true), &v);
	print_value(as(QUERY_JSONL, true), &v);
	assert_printed(
	    "ADDRESS          VALUE  SINCE                           "
	    "CLIENT                 UNIT  FC  UNTIL                    NAME\n"
	    "coil     5           1  before 2026-11-22 12:46:07.662  "
	    "-                         -   -  -                        pump\n"
	    "coil     5           1  2026-11-22 12:46:07.662         "
	    "192.0.2.1:50000         255  16  2026-11-22 12:46:07.662  -\n"
	    "table,address,value,since,client,port,unit,function,until,point\n"
	    "coils,5,1,2026-11-22T12:46:07.662123+05:30,192.0.2.1,50000,255,16,"
	    "2026-11-22T12:46:07.662123+05:30,\n"
	    "coils,0,0,,,,,,,pump\n"
	    "{\"table\":\"coils\",\"address\":0,\"value\":0,"
	    "\"since\":null,\"client\":null,\"port\":null,\"unit\":null,"
	    "\"function\":null,\"until\":null,\"point\":\"pump\"}\n");
}
END_TEST

static struct row
row_of_hmi(void)
{
	struct row r = row_by("192.0.2.7:50000");

	strcpy(r.record.subject, "CN=HMI 3,O=Plant");
	strcpy(r.record.role, "Chef d'\xC3\xA9quipe");
	return r;
}

#define CHANGE_JSON(host)                                                      \
	"{\"number\":42,\"time\":\"2026-11-22T12:46:07.662123+05:30\","        \
	"\"client\":\"192.0.2." host                                           \
	"\",\"port\":50000,\"connection\":7,\"unit\":255,\"function\":16,"     \
	"\"table\":\"registers\",\"address\":65534,\"before\":1,\"after\":3"

START_TEST(changes_by_certificates)
{
	struct row hmi = row_of_hmi(), plain = row_by("192.0.2.1:50000");

	print_change_names(with_identities(QUERY_TEXT, false));
	print_change(with_identities(QUERY_TEXT, false), &hmi, 0, NULL);
	print_change(with_identities(QUERY_TEXT, true), &plain, 0, "pump");
	print_change_names(with_identities(QUERY_CSV, true));
	print_change(with_identities(QUERY_CSV, true), &hmi, 0, "pump");
	print_change(with_identities(QUERY_CSV, true), &plain, 0, "");
	print_change(with_identities(QUERY_JSONL, false), &hmi, 0, NULL);
	hmi.record.role[0] = '\0';
	print_change(with_identities(QUERY_JSONL, false), &hmi, 0, NULL);
	print_change(with_identities(QUERY_JSONL, false), &plain, 0, NULL);
	assert_printed(
	    "TIME                     CLIENT                 UNIT  FC  "
	    "ADDRESS         BEFORE   AFTER  SUBJECT                         "
	    "ROLE\n"
	    "2026-11-22 12:46:07.662  192.0.2.7:50000         255  16  "
	    "register 65534       1       3  CN=HMI 3,O=Plant                "
	    "Chef d'\xC3\xA9quipe\n"
	    "2026-11-22 12:46:07.662  192.0.2.1:50000         255  16  "
	    "register 65534       1       3  -                               "
	    "-             pump\n"
	    "number,time,client,port,connection,unit,function,table,address,"
	    "before,after,subject,role,point\n"
	    "42,2026-11-22T12:46:07.662123+05:30,192.0.2.7,50000,7,255,16,"
	    "registers,65534,1,3,\"CN=HMI 3,O=Plant\",Chef d'\xC3\xA9quipe,"
	    "pump\n"
	    "42,2026-11-22T12:46:07.662123+05:30,192.0.2.1,50000,7,255,16,"
	    "registers,65534,1,3,,,\n" CHANGE_JSON(
		"7") ",\"subject\":\"CN=HMI 3,O=Plant\",\"role\":\"Chef "
		     "d'\xC3\xA9quipe\"}\n" CHANGE_JSON(
			 "7") ",\"subject\":\"CN=HMI "
			      "3,O=Plant\"}\n" CHANGE_JSON("1") "}\n");
}
END_TEST

START_TEST(values_by_certificates)
{
	struct row hmi = row_of_hmi();
	const struct print_value v = { .kind = DATATABLE_REGISTERS,
		.address = 5,
		.value = 7,
		.by = &hmi };
	const struct print_value never = { .kind = DATATABLE_REGISTERS,
		.created = true };

	print_value_names(with_identities(QUERY_TEXT, false));
	print_value(with_identities(QUERY_TEXT, false), &v);
	print_value_names(with_identities(QUERY_CSV, false));
	print_value(with_identities(QUERY_CSV, false), &v);
	print_value(with_identities(QUERY_CSV, false), &never);
	print_value(with_identities(QUERY_JSONL, false), &v);
	assert_printed(
	    "ADDRESS          VALUE  SINCE                           CLIENT   "
	    "              UNIT  FC  UNTIL                    SUBJECT         "
	    "                ROLE\n"
	    "register 5           7  2026-11-22 12:46:07.662         "
	    "192.0.2.7:50000         255  16  -                        "
	    "CN=HMI 3,O=Plant                Chef d'\xC3\xA9quipe\n"
	    "table,address,value,since,client,port,unit,function,until,"
	    "subject,role\n"
	    "registers,5,7,2026-11-22T12:46:07.662123+05:30,192.0.2.7,50000,"
	    "255,16,,\"CN=HMI 3,O=Plant\",Chef d'\xC3\xA9quipe\n"
	    "registers,0,0,1970-01-01T05:30:00.000000+05:30,,,,,,,\n"
	    "{\"table\":\"registers\",\"address\":5,\"value\":7,\"since\":"
	    "\"2026-11-22T12:46:07.662123+05:30\",\"client\":\"192.0.2.7\","
	    "\"port\":50000,\"unit\":255,\"function\":16,\"until\":null,"
	    "\"subject\":\"CN=HMI 3,O=Plant\",\"role\":\"Chef "
	    "d'\xC3\xA9quipe\"}\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("print");
	TCase *tc = tcase_create("print");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, changes_as_columns);
	tcase_add_test(tc, changes_as_csv);
	tcase_add_test(tc, changes_as_json);
	tcase_add_loop_test(tc, strange_clients_are_quoted, 0, 2);
	tcase_add_test(tc, json_has_no_byte_beyond_ascii);
	tcase_add_test(tc, values_with_what_is_known);
	tcase_add_test(tc, values_of_which_little_is_known);
	tcase_add_test(tc, changes_with_the_names_of_points);
	tcase_add_test(tc, values_with_the_names_of_points);
	tcase_add_test(tc, changes_by_certificates);
	tcase_add_test(tc, values_by_certificates);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
