#include "roles/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "suite.h"

static char message[ROLES_MESSAGE_MAX];
static struct roles *roles;

static void
teardown(void)
{
	roles_free(roles);
	roles = NULL;
}

static void
read_bytes(const char *text, size_t length)
{
	roles_free(roles);
	message[0] = '\0';
	roles =
	    roles_read_text(text, length, "roles", DATATABLE_SEPARATE, message);
	ck_assert_msg((roles == NULL) == (message[0] != '\0'), "%s", message);
}

/* Read a file that is right. */
static void
read_text(const char *text)
{
	read_bytes(text, strlen(text));
	ck_assert_msg(roles != NULL, "%s: %s", text, message);
}

static const struct role *
role(const char *name)
{
	const struct role *r = roles_find(roles, name);

	ck_assert_msg(r != NULL, "no role %s", name);
	return r;
}

static bool
may(const struct role *r, enum role_right right, enum datatable_kind kind,
    uint16_t address, uint16_t quantity)
{
	struct mb_request q = { .kind = kind };

	*(right == ROLE_READ ? &q.read : &q.write) =
	    (struct mb_range){ address, quantity };
	return role_may_request(r, DATATABLE_SEPARATE, &q);
}

static bool
may_read(const char *name, uint16_t address, uint16_t quantity)
{
	return may(
	    role(name), ROLE_READ, DATATABLE_REGISTERS, address, quantity);
}

static bool
may_write(const char *name, uint16_t address, uint16_t quantity)
{
	return may(
	    role(name), ROLE_WRITE, DATATABLE_REGISTERS, address, quantity);
}

static bool
may_read_coils(const char *name, uint16_t address, uint16_t quantity)
{
	return may(role(name), ROLE_READ, DATATABLE_COILS, address, quantity);
}

static bool
may_write_coils(const char *name, uint16_t address, uint16_t quantity)
{
	return may(role(name), ROLE_WRITE, DATATABLE_COILS, address, quantity);
}

/* --- what is right ---------------------------------------------------------
 */

/* The example of the manual page. */
START_TEST(example_is_read)
{
	roles = roles_read(EXAMPLE, DATATABLE_SEPARATE, message);
	ck_assert_msg(roles != NULL, "%s", message);
	ck_assert_uint_eq(roles->count, 4);
	ck_assert(may_read("Operator", 0, 65535));
	ck_assert(may_read_coils("Operator", 0, 2000));
	ck_assert(may_write("Operator", 1000, 1000));
	ck_assert(!may_write("Operator", 999, 2));
	ck_assert(!may_write("Operator", 1999, 2));
	ck_assert(may_write_coils("Operator", 0, 16));
	ck_assert(!may_write_coils("Operator", 15, 2));
	ck_assert(!role("Operator")->may_quit);
	ck_assert(may_read("Historian", 5, 1));
	ck_assert(!may_read_coils("Historian", 5, 1));
	ck_assert(!may_write("Historian", 5, 1));
	ck_assert(may_read("Plant Manager", 5, 1));
	ck_assert(may_write("Plant Manager", 5, 1));
	ck_assert(role("Plant Manager")->may_quit);
	ck_assert(may_read(ROLES_NO_ROLE, 99, 1));
	ck_assert(!may_read(ROLES_NO_ROLE, 99, 2));
	ck_assert_ptr_nonnull(roles->plain);
	ck_assert(may(roles->plain, ROLE_READ, DATATABLE_COILS, 65535, 1));
	ck_assert(!may(roles->plain, ROLE_WRITE, DATATABLE_COILS, 65535, 1));
	ck_assert_ptr_null(roles_find(roles, "operator"));
	ck_assert_ptr_null(roles_find(roles, "plain"));
}
END_TEST

static const struct {
	const char *text;
	const char *name;
} right[] = {
	{ "role A\n", "A" },
	{ "role A", "A" },
	{ "role A\r\n", "A" },
	{ "\xEF\xBB\xBFrole A\n", "A" },
	{ "\n  \t\n#\n# role B\n\trole\tA\t# no rights\n\n", "A" },
	{ "role A#x\nrole \"A#x\"", NULL },
	{ "role \"A#x\" quit#x", NULL },
	{ "role \"A#x\" quit #x", "A#x" },
	{ "role \"Say \\\"A\\\" \\\\ B\" quit", "Say \"A\" \\ B" },
	{ "role \"A\"#x", NULL },
	{ "role \"A\" #\"x", "A" },
	{ "role role read all", "role" },
	{ "role read read all", "read" },
	{ "role no-role read all", "no-role" },
	{ "role plain read all", "plain" },
	{ "role \" \" read all", " " },
	{ "role Wärter read all", "Wärter" },
	{ "role "
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
	    "f" },
	{ "no-role", "" },
	{ "no-role read all\nno-role write all\nplain\nplain quit", "" },
	{ "role A quit quit read all read coils write coils:1 coils:2-3", "A" },
};

START_TEST(right_files_are_read)
{
	if (right[_i].name == NULL) {
		read_bytes(right[_i].text, strlen(right[_i].text));
		ck_assert_ptr_null(roles);
		return;
	}
	read_text(right[_i].text);
	ck_assert_uint_eq(roles->count, 1);
	ck_assert_str_eq(roles->list[0].name, right[_i].name);
}
END_TEST

static const struct {
	const char *what;
	bool coils[3];     /* may it read 0, 5, 65535? */
	bool registers[3]; /* likewise */
} whats[] = {
	{ "all", { true, true, true }, { true, true, true } },
	{ "coils", { true, true, true }, { false, false, false } },
	{ "registers", { false, false, false }, { true, true, true } },
	{ "coils:5", { false, true, false }, { false, false, false } },
	{ "coils:5-65535", { false, true, true }, { false, false, false } },
	{ "registers:0", { false, false, false }, { true, false, false } },
	{ "registers:0-5", { false, false, false }, { true, true, false } },
	{ "registers:0-4 registers:5-65535", { false, false, false },
	    { true, true, true } },
	{ "HR0-5", { false, false, false }, { true, true, false } },
	{ "C5", { false, true, false }, { false, false, false } },
	{ "coils registers:5", { true, true, true }, { false, true, false } },
};

START_TEST(each_what_is_taken)
{
	static const uint16_t addresses[] = { 0, 5, 65535 };
	char text[100];

	snprintf(text, sizeof(text), "role A read %s", whats[_i].what);
	read_text(text);
	for (int i = 0; i < 3; i++) {
		ck_assert(
		    may_read_coils("A", addresses[i], 1) == whats[_i].coils[i]);
		ck_assert(
		    may_read("A", addresses[i], 1) == whats[_i].registers[i]);
		ck_assert(!may_write("A", addresses[i], 1));
		ck_assert(!may_write_coils("A", addresses[i], 1));
	}
}
END_TEST

START_TEST(lines_add_up_in_any_order)
{
	read_text("role A write registers:10-19\nrole B read all\n"
		  "role A read registers:0-9\nrole A write registers:0-9\n");
	ck_assert(may_write("A", 0, 20));
	ck_assert(may_read("A", 0, 10));
	ck_assert(!may_read("A", 10, 1));
	ck_assert(!role("A")->may_quit);
	read_text("role A quit\nrole A\n");
	ck_assert(role("A")->may_quit);
}
END_TEST

/* --- what is wrong ---------------------------------------------------------
 */

#define WHATS                                                                  \
	"all, coils, registers, or coils:A-B or registers:A-B with addresses " \
	"from 0 to 65535"
#define NAME   "a name of 1 to 64 bytes without control characters"
#define MARKS  "quotation marks around a name with #, \" or \\"
#define SLASH  "\\\\ for a backslash, and \\\" for a quotation mark"
#define CLOSED "a quotation mark at its end"

static const struct {
	const char *text;
	const char *message;
} wrong[] = {
	{ "", "\"roles\": the file is empty" },
	{ "\n", "\"roles\": expected a line that begins with role or no-role" },
	{ "plain read all\n",
	    "\"roles\": expected a line that begins with role or no-role" },
	{ "rolle A", "roles:1: \"rolle\": expected role, no-role or plain" },
	{ "Role A", "roles:1: \"Role\": expected role, no-role or plain" },
	{ "\"role\" A",
	    "roles:1: \"role\": expected role, no-role or plain, without "
	    "quotation marks" },
	{ "role", "roles:1: \"role\": expected a name behind it" },
	{ "role # A", "roles:1: \"role\": expected a name behind it" },
	{ "role \"\"", "roles:1: \"\": expected " NAME },
	{ "role \"a\tb\"", "roles:1: \"a\\tb\": expected " NAME },
	{ "role \"a\x7F\"", "roles:1: \"a\\x7f\": expected " NAME },
	{ "role a\x01", "roles:1: \"a\\x01\": expected " NAME },
	{ "role a\xC2\x85", "roles:1: \"a\\xc2\\x85\": expected " NAME },
	{ "role "
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!",
	    "roles:1: \"0123456789abcdef0123456789abcdef0123456789abcdef012345"
	    "6789abcdef!\": expected " NAME },
	{ "role \""
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!\"",
	    "roles:1: \"0123456789abcdef0123456789abcdef0123456789abcdef012345"
	    "6789abcdef!\": expected " NAME },
	{ "role C#Dev", "roles:1: \"C#Dev\": expected " MARKS },
	{ "role a\"b\"", "roles:1: \"a\"b\"\": expected " MARKS },
	{ "role a\\b", "roles:1: \"a\\b\": expected " MARKS },
	{ "role \"a\\nb\"", "roles:1: \"a\\nb\": expected " SLASH },
	{ "role \"a\"b", "roles:1: \"a\"b: expected a blank behind the name" },
	{ "role \"a\"\"b\"",
	    "roles:1: \"a\"\"b\": expected a blank behind the name" },
	{ "role \"Plant read all",
	    "roles:1: \"Plant read all: expected " CLOSED },
	{ "role \"Plant\\", "roles:1: \"Plant\\: expected " CLOSED },
	{ "role \"Plant\\\"", "roles:1: \"Plant\\\": expected " CLOSED },
	{ "role A\n\nrole B raed all",
	    "roles:3: \"raed\": expected read, write or quit" },
	{ "role A fly", "roles:1: \"fly\": expected read, write or quit" },
	{ "role A Read all",
	    "roles:1: \"Read\": expected read, write or quit" },
	{ "role A all", "roles:1: \"all\": expected read, write or quit" },
	{ "role A quit all", "roles:1: \"all\": expected read, write or quit" },
	{ "role A read all fly",
	    "roles:1: \"fly\": expected read, write or quit" },
	{ "role Plant Manager read all",
	    "roles:1: \"Manager\": expected read, write or quit" },
	{ "role A \"read\" all",
	    "roles:1: \"read\": expected read, write or quit, without "
	    "quotation marks" },
	{ "role A read",
	    "roles:1: \"read\": expected all, coils, ... behind it" },
	{ "role A read # all",
	    "roles:1: \"read\": expected all, coils, ... behind it" },
	{ "role A write quit",
	    "roles:1: \"write\": expected all, coils, ... behind it" },
	{ "no-role read write all",
	    "roles:1: \"read\": expected all, coils, ... behind it" },
	{ "role A read everything",
	    "roles:1: \"everything\": expected " WHATS },
	{ "role A read \"all\"",
	    "roles:1: \"all\": expected " WHATS ", without quotation marks" },
	{ "role A read registers:5-4",
	    "roles:1: \"registers:5-4\": expected " WHATS },
	{ "role A read coils write registers:5-4",
	    "roles:1: \"registers:5-4\": expected " WHATS },
	{ "role A read coils registers:5-4",
	    "roles:1: \"registers:5-4\": expected " WHATS },
	{ "role A read registers:",
	    "roles:1: \"registers:\": expected " WHATS },
	{ "role A read registers:65536",
	    "roles:1: \"registers:65536\": expected " WHATS },
	{ "role A read registers:0-65536",
	    "roles:1: \"registers:0-65536\": expected " WHATS },
	{ "role A read registers:-1",
	    "roles:1: \"registers:-1\": expected " WHATS },
	{ "role A read registers:1 -2", "roles:1: \"-2\": expected " WHATS },
	{ "role A read 5", "roles:1: \"5\": expected " WHATS },
	{ "role A read all,coils", "roles:1: \"all,coils\": expected " WHATS },
	{ "role A read all#", "roles:1: \"all#\": expected " WHATS },
	{ "role A\nrole \xFF read all", "roles:2: expected text in UTF-8" },
	{ "role A\n# \xC3", "roles:2: expected text in UTF-8" },
	{ "role A\rrole B", "roles:1: \"A\\x0drole\": expected " NAME },
};

START_TEST(wrong_files_are_refused)
{
	read_bytes(wrong[_i].text, strlen(wrong[_i].text));
	ck_assert_ptr_null(roles);
	ck_assert_str_eq(message, wrong[_i].message);
}
END_TEST

START_TEST(nul_is_refused)
{
	read_bytes("role A\nrole B\0\n", 15);
	ck_assert_str_eq(message, "roles:2: expected text without NUL");
	read_bytes("role A\n#\0\n", 10);
	ck_assert_str_eq(message, "roles:2: expected text without NUL");
}
END_TEST

/* --- limits ----------------------------------------------------------------
 */

static char text[ROLES_FILE_MAX + 100];

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + length, sizeof(text) - length, format, args);
	va_end(args);
}

START_TEST(takes_64_roles)
{
	text[0] = '\0';
	for (unsigned i = 0; i < 64; i++)
		add("role R%u read all\n", i);
	add("no-role\nplain\nrole R%u quit\n", 63);
	read_text(text);
	ck_assert_uint_eq(roles->count, 65);
	for (unsigned i = 0; i < 64; i++) {
		char name[8];

		snprintf(name, sizeof(name), "R%u", i);
		ck_assert(role(name)->may_quit == (i == 63));
	}
	add("role R%u\n", 64);
	read_bytes(text, strlen(text));
	ck_assert_str_eq(
	    message, "roles:68: \"R64\": expected at most 64 roles");
}
END_TEST

START_TEST(no_role_has_room_behind_64_roles)
{
	text[0] = '\0';
	for (unsigned i = 0; i < 64; i++)
		add("role R%02u read all\n", i);
	add("no-role read registers:%u", 7);
	read_text(text);
	ck_assert(may_read(ROLES_NO_ROLE, 7, 1));
	ck_assert(!may_read(ROLES_NO_ROLE, 8, 1));
	ck_assert(may_read("R00", 8, 1));
	ck_assert(may_read("R63", 8, 1));
}
END_TEST

static const struct {
	const char *who;
	const char *shown;
} whose[] = {
	{ "role A", "A" },
	{ "role \"Plant \\\"B\\\"\"", "Plant \"B\"" },
	{ "no-role", "no-role" },
	{ "role A\nplain", "plain" },
};

START_TEST(takes_64_ranges_of_each_right)
{
	char expected[200];

	snprintf(text, sizeof(text), "%s", whose[_i].who);
	add(" read coils:%u", 0);
	for (unsigned i = 0; i < 63; i++)
		add(" registers:%u", 2 * i);
	add(" write coils:%u", 0);
	for (unsigned i = 0; i < 63; i++)
		add(" registers:%u", 2 * i);
	read_text(text);
	add(" registers:%u", 2 * 63);
	read_bytes(text, strlen(text));
	snprintf(expected, sizeof(expected),
	    "roles:%d: \"%s\": expected at most 64 ranges to write",
	    strchr(whose[_i].who, '\n') == NULL ? 1 : 2, whose[_i].shown);
	ck_assert_str_eq(message, expected);
	add(" read registers:%u", 2 * 63);
	read_bytes(text, strlen(text));
	ck_assert_ptr_null(roles);
	ck_assert_ptr_nonnull(strstr(message, "at most 64 ranges to read"));
}
END_TEST

/* More may be written down, as long as they touch in the end. */
START_TEST(ranges_are_counted_once_joined)
{
	snprintf(text, sizeof(text), "role A read");
	for (unsigned i = 0; i < 2000; i++)
		add(" registers:%u", 2 * i);
	read_bytes(text, strlen(text));
	ck_assert_ptr_null(roles);
	add("\nrole A read registers:0-%u", 4000);
	read_text(text);
	ck_assert_uint_eq(role("A")->rights[ROLE_READ].count, 1);
}
END_TEST

START_TEST(takes_64_kib)
{
	memset(text, '#', sizeof(text));
	memcpy(text, "role A\n", 7);
	read_bytes(text, ROLES_FILE_MAX);
	ck_assert_ptr_nonnull(roles);
	read_bytes(text, ROLES_FILE_MAX + 1);
	ck_assert_ptr_null(roles);
	ck_assert_str_eq(message, "\"roles\": expected at most 65536 bytes");
}
END_TEST

/* --- files -----------------------------------------------------------------
 */

/* Read the file "roles" in the folder of the test. */
static void
read_file(void)
{
	roles = roles_read(scratch_path("roles"), DATATABLE_OVERLAID, message);
}

static void
assert_refused(const char *reason)
{
	char expected[ROLES_MESSAGE_MAX];

	read_file();
	ck_assert_ptr_null(roles);
	snprintf(expected, sizeof(expected), "\"%s\": %s",
	    scratch_path("roles"), reason);
	ck_assert_str_eq(message, expected);
}

START_TEST(files_are_read)
{
	scratch_begin();
	assert_refused("No such file or directory");
	memset(text, '#', sizeof(text));
	scratch_write("roles", text, sizeof(text));
	assert_refused("expected at most 65536 bytes");
	scratch_write("roles", text, 0);
	assert_refused("the file is empty");
	unlink(scratch_path("roles"));
	ck_assert_int_eq(mkdir(scratch_path("roles"), 0700), 0);
	assert_refused("Is a directory");
	rmdir(scratch_path("roles"));
	scratch_write("roles", "role A\n", 7);
	read_file();
	ck_assert_msg(roles != NULL, "%s", message);
	ck_assert_int_eq(roles->overlay, DATATABLE_OVERLAID);
	scratch_end();
}
END_TEST

START_TEST(messages_are_one_line)
{
	roles = roles_read_text("x", 1, "a\nb", DATATABLE_OVERLAID, message);
	ck_assert_str_eq(
	    message, "a?b:1: \"x\": expected role, no-role or plain");
	roles = roles_read_text("", 0, "a\nb", DATATABLE_OVERLAID, message);
	ck_assert_str_eq(message, "\"a?b\": the file is empty");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

int
main(void)
{
	Suite *suite = suite_create("roles_file");
	TCase *tc = tcase_create("roles_file");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, example_is_read);
	tcase_add_loop_test(tc, right_files_are_read, 0, COUNT(right));
	tcase_add_loop_test(tc, each_what_is_taken, 0, COUNT(whats));
	tcase_add_test(tc, lines_add_up_in_any_order);
	tcase_add_loop_test(tc, wrong_files_are_refused, 0, COUNT(wrong));
	tcase_add_test(tc, nul_is_refused);
	tcase_add_test(tc, takes_64_roles);
	tcase_add_test(tc, no_role_has_room_behind_64_roles);
	tcase_add_loop_test(tc, takes_64_ranges_of_each_right, 0, COUNT(whose));
	tcase_add_test(tc, ranges_are_counted_once_joined);
	tcase_add_test(tc, takes_64_kib);
	tcase_add_test(tc, files_are_read);
	tcase_add_test(tc, messages_are_one_line);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
