#include "base/log.h"

#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "suite.h"

/*
 * Check runs each test in a process of its own, so a test may give the
 * standard descriptors to pipes and leave them there.
 */

#define LINE_BYTES 1000 /* with the newline */

/* Where what was written to standard error and output can be read. */
static int error_end;
static int output_end;

/* What take has read. */
static char taken[1 << 20];

/* A window of lines ends after 5 s, which a busy machine may let pass within a
 * test: so the steady clock stands still in one. */
static bool still;

/* Stands before the C library's. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!still ||
	    (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE))
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){ .tv_sec = 1000 };
	return 0;
}

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

/* Put a pipe in the place of fd. Returns the end to read, which never waits. */
static int
redirect(int fd)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	set_nonblocking(ends[0]);
	ck_assert_int_eq(dup2(ends[1], fd), fd);
	close(ends[1]);
	return ends[0];
}

/* Put a socket in the place of standard error, as the journal does. */
static void
redirect_to_socket(int type)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, ends), 0);
	set_nonblocking(ends[0]);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	error_end = ends[0];
}

static void
setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	unsetenv("JOURNAL_STREAM");
	still = true;
	setenv("TZ", "TST-5:30", 1);
	tzset();
	log_open();
	error_end = redirect(STDERR_FILENO);
	output_end = redirect(STDOUT_FILENO);
}

/* All that can be read now, as text. */
static const char *
take(int fd)
{
	size_t length = 0;
	ssize_t n;

	while ((n = read(fd, taken + length, sizeof(taken) - 1 - length)) > 0)
		length += (size_t)n;
	taken[length] = '\0';
	return taken;
}

/* What one log line says behind its time, from the level on. */
static const char *
take_event(void)
{
	const char *line = take(error_end);

	ck_assert_uint_gt(strlen(line), 24);
	return line + 24;
}

/* Past the time, the level and the newline of the line before. */
static const char *
next_event(const char *event)
{
	const char *end = strchr(event, '\n');

	ck_assert_ptr_nonnull(end);
	ck_assert_uint_gt(strlen(end), 25);
	return end + 25;
}

static void
assert_event(const char *event, const char *expected)
{
	size_t length = strlen(expected);

	ck_assert_msg(
	    strncmp(event, expected, length) == 0 && event[length] == '\n',
	    "%s", event);
}

static size_t
count_lines(const char *text)
{
	size_t lines = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		lines++;
	return lines;
}

static const struct {
	enum log_level level;
	const char *name;
	const char *journal_prefix;
} levels[] = {
	{ LOG_ERROR, "error", "<3>" },
	{ LOG_WARN, "warn", "<4>" },
	{ LOG_INFO, "info", "<6>" },
	{ LOG_DEBUG, "debug", "<7>" },
};

#define LEVELS ((int)(sizeof(levels) / sizeof(*levels)))

START_TEST(writes_the_lines_up_to_its_level)
{
	log_set_level(levels[_i].level);
	for (int i = 0; i < LEVELS; i++) {
		const char *line;

		log_line(levels[i].level, "event: %d", i);
		line = take(error_end);
		ck_assert_uint_eq(count_lines(line), i <= _i ? 1 : 0);
	}
	ck_assert_str_eq(take(output_end), "");
}
END_TEST

START_TEST(levels_have_names)
{
	enum log_level level = LOG_DEBUG;

	ck_assert_int_eq(log_parse_level("error", &level), 0);
	ck_assert_int_eq(level, LOG_ERROR);
	ck_assert_int_eq(log_parse_level("WARN", &level), 0);
	ck_assert_int_eq(level, LOG_WARN);
	ck_assert_int_eq(log_parse_level("info", &level), 0);
	ck_assert_int_eq(level, LOG_INFO);
	ck_assert_int_eq(log_parse_level("warning", &level), -1);
	ck_assert_int_eq(log_parse_level("", &level), -1);
	ck_assert_int_eq(level, LOG_INFO);
	ck_assert_int_eq(log_parse_level("debug", &level), 0);
	ck_assert_int_eq(level, LOG_DEBUG);
}
END_TEST

START_TEST(level_is_info_by_default)
{
	log_line(LOG_DEBUG, "event: subject");
	ck_assert_str_eq(take(error_end), "");
	log_line(LOG_INFO, "event: subject");
	assert_event(take_event(), "info event: subject");
}
END_TEST

START_TEST(line_is_date_time_level_event)
{
	char pattern[200];
	regex_t regex;

	snprintf(pattern, sizeof(pattern),
	    "^[0-9]{4}-[0-9]{2}-[0-9]{2} "
	    "[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3} %s event: subject: 7\n$",
	    levels[_i].name);
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	log_set_level(LOG_DEBUG);
	log_line(levels[_i].level, "event: %s: %d", "subject", 7);
	take(error_end);
	ck_assert_msg(regexec(&regex, taken, 0, NULL, 0) == 0, "%s", taken);
	regfree(&regex);
}
END_TEST

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The local time at the head of a line. */
static int64_t
time_of(const char *line)
{
	struct tm local = { .tm_isdst = -1 };
	const char *ms = strptime(line, "%Y-%m-%d %H:%M:%S", &local);

	ck_assert_ptr_nonnull(ms);
	ck_assert_int_eq(*ms, '.');
	return (int64_t)mktime(&local) * 1000 + strtol(ms + 1, NULL, 10);
}

START_TEST(time_is_the_local_time)
{
	int64_t before = now_ms();
	int64_t written;

	log_line(LOG_INFO, "event");
	written = time_of(take(error_end));
	ck_assert_int_ge(written, before);
	ck_assert_int_le(written, now_ms());
}
END_TEST

START_TEST(requested_lines_are_written_at_every_level)
{
	log_set_level(LOG_ERROR);
	log_asked(LOG_DEBUG, "trace: %d", 1);
	assert_event(take_event(), "debug trace: 1");
}
END_TEST

START_TEST(percent_signs_in_values_are_left_alone)
{
	log_line(LOG_INFO, "event: %s", "%s%n");
	assert_event(take_event(), "info event: %s%n");
}
END_TEST

/* count times x, then the rest of text. */
static const char *
xs(int count, const char *text)
{
	static char out[4000];

	memset(out, 'x', (size_t)count);
	snprintf(out + count, sizeof(out) - (size_t)count, "%s", text);
	return out;
}

START_TEST(newlines_in_values_do_not_end_the_line)
{
	log_line(LOG_INFO, "state: %s: made", "a\nb\n");
	assert_event(take_event(), "info state: a?b?: made");
}
END_TEST

/* Time, level and blanks take 29 bytes of an info line, the newline one. */
#define ROOM (LINE_BYTES - 29 - 1)

static const struct {
	int length;
	size_t written;
} lengths[] = {
	{ ROOM - 1, LINE_BYTES - 1 },
	{ ROOM, LINE_BYTES },
	{ ROOM + 1, LINE_BYTES },
	{ 3000, LINE_BYTES },
};

START_TEST(long_line_is_cut_to_1000_bytes)
{
	const char *line;

	log_line(LOG_INFO, "%s", xs(lengths[_i].length, ""));
	log_line(LOG_INFO, "next");
	line = take(error_end);
	ck_assert_uint_eq(strspn(line + 29, "x"), lengths[_i].written - 30);
	ck_assert_int_eq(line[lengths[_i].written - 1], '\n');
	assert_event(line + lengths[_i].written + 24, "info next");
	ck_assert_uint_eq(count_lines(line), 2);
}
END_TEST

START_TEST(line_of_1000_bytes_is_whole)
{
	log_line(LOG_INFO, "%s", xs(ROOM - 1, "y"));
	ck_assert_uint_eq(strlen(take(error_end)), LINE_BYTES);
	ck_assert_str_eq(taken + LINE_BYTES - 2, "y\n");
}
END_TEST

START_TEST(line_is_one_write)
{
	char line[2 * LINE_BYTES];
	ssize_t n;

	redirect_to_socket(SOCK_SEQPACKET);
	log_line(LOG_INFO, "event: one");
	log_line(LOG_INFO, "event: two");
	n = recv(error_end, line, sizeof(line), 0);
	ck_assert_int_eq(n, 29 + 11);
	ck_assert_int_eq(memcmp(line + 24, "info event: one\n", 16), 0);
	n = recv(error_end, line, sizeof(line), 0);
	ck_assert_int_eq(n, 29 + 11);
	ck_assert_int_eq(memcmp(line + 24, "info event: two\n", 16), 0);
}
END_TEST

/* Tell the program what systemd tells it: standard error's device and inode,
 * each plus something. */
static void
set_journal_stream(unsigned device_plus, unsigned inode_plus)
{
	char stream[64];
	struct stat st;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju",
	    (uintmax_t)st.st_dev + device_plus,
	    (uintmax_t)st.st_ino + inode_plus);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
}

START_TEST(journal_gets_priorities_and_no_time)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "%sevent: subject\n",
	    levels[_i].journal_prefix);
	log_set_level(LOG_DEBUG);

	set_journal_stream(0, 0);
	log_open();
	log_line(levels[_i].level, "event: %s", "subject");
	ck_assert_str_eq(take(error_end), expected);

	redirect_to_socket(SOCK_STREAM);
	set_journal_stream(0, 0);
	log_open();
	log_line(levels[_i].level, "event: %s", "subject");
	ck_assert_str_eq(take(error_end), expected);
}
END_TEST

START_TEST(journal_line_is_cut_to_1000_bytes)
{
	set_journal_stream(0, 0);
	log_open();
	log_line(LOG_INFO, "%s", xs(3000, ""));
	ck_assert_uint_eq(strlen(take(error_end)), LINE_BYTES);
	ck_assert_int_eq(taken[LINE_BYTES - 1], '\n');
}
END_TEST

static void
assert_not_the_journal(void)
{
	log_open();
	log_line(LOG_INFO, "event");
	assert_event(take_event(), "info event");
}

START_TEST(standard_error_elsewhere_is_not_the_journal)
{
	set_journal_stream(1, 0);
	assert_not_the_journal();
	set_journal_stream(0, 1);
	assert_not_the_journal();

	/* Once it was, and then it is redirected. */
	set_journal_stream(0, 0);
	log_open();
	error_end = redirect(STDERR_FILENO);
	assert_not_the_journal();
}
END_TEST

static const char *const bad_streams[] = { "", ":", "x", "1", "1:", "-1:-1",
	"99999999999999999999999:99999999999999999999999" };

START_TEST(nonsense_is_not_the_journal)
{
	setenv("JOURNAL_STREAM", bad_streams[_i], 1);
	assert_not_the_journal();
}
END_TEST

/* Log count lines of one kind. */
static void
log_many(struct log_limit *limit, int count)
{
	for (int i = 0; i < count; i++)
		log_limited(limit, LOG_INFO, "event: %d", i);
}

START_TEST(limit_lets_10_lines_pass)
{
	struct log_limit limit = { .kind = "events" };

	log_many(&limit, 10);
	ck_assert_uint_eq(count_lines(take(error_end)), 10);
	ck_assert_uint_eq(limit.suppressed, 0);
	log_many(&limit, 15);
	ck_assert_str_eq(take(error_end), "");
	ck_assert_uint_eq(limit.suppressed, 15);
}
END_TEST

START_TEST(limit_opens_a_window_of_5_seconds)
{
	struct log_limit limit = { .kind = "events" };
	uint64_t before = clock_ms();
	uint64_t end;

	log_many(&limit, 1);
	end = limit.window_end;
	ck_assert_uint_ge(end, before + 5000);
	ck_assert_uint_le(end, clock_ms() + 5000);
	/* Later lines don't move it. */
	limit.window_end = --end;
	log_many(&limit, 20);
	ck_assert_uint_eq(limit.window_end, end);
}
END_TEST

START_TEST(first_line_after_the_window_is_preceded_by_the_count)
{
	struct log_limit limit = { .kind = "events" };
	const char *event;

	log_many(&limit, 13);
	take(error_end);
	limit.window_end = 1; /* long ago */
	log_many(&limit, 1);
	event = take_event();
	assert_event(event, "warn log: events: 3 more not shown");
	assert_event(next_event(event), "info event: 0");
	ck_assert_uint_eq(count_lines(taken), 2);

	/* And a new window has begun. */
	ck_assert_uint_gt(limit.window_end, clock_ms());
	log_many(&limit, 10);
	ck_assert_uint_eq(count_lines(take(error_end)), 9);
	ck_assert_uint_eq(limit.suppressed, 1);
}
END_TEST

START_TEST(flush_writes_the_count_after_the_window)
{
	struct log_limit limit = { .kind = "events" };

	log_many(&limit, 12);
	take(error_end);
	log_limit_flush(&limit, 0);
	ck_assert_str_eq(take(error_end), "");
	limit.window_end = 1;
	log_limit_flush(&limit, 0);
	assert_event(take_event(), "warn log: events: 2 more not shown");
	ck_assert_uint_eq(limit.window_end, 0);
	log_limit_flush(&limit, 0);
	ck_assert_str_eq(take(error_end), "");
}
END_TEST

START_TEST(final_flush_does_not_wait_for_the_end_of_the_window)
{
	struct log_limit limit = { .kind = "events" };

	log_many(&limit, 11);
	take(error_end);
	log_limit_flush(&limit, 1);
	assert_event(take_event(), "warn log: events: 1 more not shown");
	log_limit_flush(&limit, 1);
	ck_assert_str_eq(take(error_end), "");
}
END_TEST

START_TEST(nothing_suppressed_is_nothing_to_tell)
{
	struct log_limit limit = { .kind = "events" };

	log_limit_flush(&limit, 0);
	log_limit_flush(&limit, 1);
	log_many(&limit, 10);
	take(error_end);
	log_limit_flush(&limit, 1);
	ck_assert_str_eq(take(error_end), "");
	ck_assert_uint_eq(limit.window_end, 0);
	/* The window is closed all the same: ten more may pass. */
	log_many(&limit, 11);
	ck_assert_uint_eq(count_lines(take(error_end)), 10);
}
END_TEST

START_TEST(lines_above_the_level_are_not_counted)
{
	struct log_limit limit = { .kind = "events" };

	log_set_level(LOG_WARN);
	log_many(&limit, 20);
	ck_assert_uint_eq(limit.written, 0);
	ck_assert_uint_eq(limit.suppressed, 0);
	ck_assert_uint_eq(limit.window_end, 0);
	ck_assert_str_eq(take(error_end), "");
}
END_TEST

START_TEST(kinds_have_limits_of_their_own)
{
	struct log_limit some = { .kind = "some" };
	struct log_limit others = { .kind = "others" };

	log_many(&some, 11);
	take(error_end);
	log_many(&others, 1);
	assert_event(take_event(), "info event: 0");
	ck_assert_uint_eq(others.suppressed, 0);
}
END_TEST

/* Far more than a pipe holds. */
#define FLOOD 20000

static void
flood(void)
{
	for (int i = 0; i < FLOOD; i++)
		log_line(LOG_INFO, "event: %d", i);
}

/* The lines that passed are whole, and the first ones. Returns how many. */
static size_t
take_flood(void)
{
	size_t passed = count_lines(take(error_end));
	const char *line = taken;
	char expected[64];

	for (size_t i = 0; i < passed; i++) {
		snprintf(expected, sizeof(expected), "info event: %zu", i);
		assert_event(line + 24, expected);
		line = strchr(line, '\n') + 1;
	}
	ck_assert_str_eq(line, "");
	return passed;
}

static void
assert_next_line_counts_lost(size_t lost)
{
	char expected[100];
	const char *event;

	snprintf(expected, sizeof(expected),
	    "warn log: %zu lines dropped: standard error was not ready", lost);
	log_line(LOG_INFO, "event: at last");
	event = take_event();
	assert_event(event, expected);
	assert_event(next_event(event), "info event: at last");
	ck_assert_uint_eq(count_lines(taken), 2);

	/* Told once. */
	log_line(LOG_INFO, "event: again");
	assert_event(take_event(), "info event: again");
	ck_assert_uint_eq(count_lines(taken), 1);
}

START_TEST(full_pipe_drops_lines_and_the_next_one_counts_them)
{
	size_t passed;

	flood();
	passed = take_flood();
	ck_assert_uint_gt(passed, 0);
	ck_assert_uint_lt(passed, FLOOD);
	assert_next_line_counts_lost(FLOOD - passed);
}
END_TEST

START_TEST(full_socket_drops_lines_and_the_next_one_counts_them)
{
	size_t passed;

	redirect_to_socket(SOCK_STREAM);
	flood();
	passed = take_flood();
	ck_assert_uint_gt(passed, 0);
	ck_assert_uint_lt(passed, FLOOD);
	assert_next_line_counts_lost(FLOOD - passed);
}
END_TEST

/* Line lengths differ, so that some line finds room for a part of it. */
START_TEST(an_unread_terminal_does_not_block)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY);
	int terminal;

	ck_assert_int_ge(ours, 0);
	ck_assert_int_eq(grantpt(ours), 0);
	ck_assert_int_eq(unlockpt(ours), 0);
	terminal = open(ptsname(ours), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(dup2(terminal, STDOUT_FILENO), STDOUT_FILENO);
	log_open();
	for (int i = 0; i < FLOOD; i++) {
		log_line(LOG_INFO, "event: %*d", 1 + i % 40, i);
		log_announce("%*d", 1 + i % 40, i);
	}
	/* Whoever shares the terminal still waits when he writes. */
	ck_assert_int_eq(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(lost_lines_are_reported_at_every_level)
{
	size_t passed;

	flood();
	passed = take_flood();
	log_set_level(LOG_ERROR);
	log_line(LOG_INFO, "not to be written");
	ck_assert_str_eq(take(error_end), "");
	log_line(LOG_ERROR, "event");
	ck_assert_uint_eq(count_lines(take(error_end)), 2);
	ck_assert_ptr_nonnull(strstr(taken, "lines dropped"));
	ck_assert_uint_gt(passed, 0);
}
END_TEST

START_TEST(unreadable_output_loses_lines_without_harm)
{
	close(error_end); /* EPIPE */
	log_line(LOG_INFO, "event: one");
	log_line(LOG_INFO, "event: two");
	error_end = redirect(STDERR_FILENO);
	assert_next_line_counts_lost(2);
}
END_TEST

START_TEST(closed_standard_error_does_no_harm)
{
	int parked = dup(STDERR_FILENO);

	close(STDERR_FILENO); /* EBADF */
	log_line(LOG_INFO, "event: one");
	log_asked(LOG_DEBUG, "event: two");
	log_line(LOG_DEBUG, "not to be written");
	ck_assert_int_eq(dup2(parked, STDERR_FILENO), STDERR_FILENO);
	assert_next_line_counts_lost(2);
}
END_TEST

START_TEST(announces_a_line_as_it_is)
{
	log_set_level(LOG_ERROR);
	log_announce("Starting server on port %d.", 8502);
	ck_assert_str_eq(take(output_end), "Starting server on port 8502.\n");
	ck_assert_str_eq(take(error_end), "");
}
END_TEST

START_TEST(long_announcement_is_cut_to_1000_bytes)
{
	log_announce("%s", xs(999, ""));
	ck_assert_str_eq(take(output_end), xs(999, "\n"));
	log_announce("%s", xs(3000, ""));
	ck_assert_str_eq(take(output_end), xs(999, "\n"));
}
END_TEST

START_TEST(full_standard_output_does_not_block)
{
	for (int i = 0; i < FLOOD; i++)
		log_announce("line %d", i);
	ck_assert_uint_gt(count_lines(take(output_end)), 0);
	log_announce("again");
	ck_assert_str_eq(take(output_end), "again\n");
}
END_TEST

START_TEST(closed_standard_output_does_no_harm)
{
	close(output_end); /* EPIPE */
	log_announce("line");
	close(STDOUT_FILENO); /* EBADF */
	log_announce("line");
}
END_TEST

/* The next descriptor that the system would hand out. */
static int
next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

static void
assert_is_dev_null(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
	ck_assert(st.st_rdev == makedev(1, 3));
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
}

/* The bits of _i are the standard descriptors that are closed. */
START_TEST(open_gives_closed_standard_descriptors_to_dev_null)
{
	int next = next_descriptor();
	struct stat before[3], after;

	for (int fd = 0; fd < 3; fd++) {
		ck_assert_int_eq(fstat(fd, &before[fd]), 0);
		if (_i & 1 << fd)
			close(fd);
	}
	log_open();
	for (int fd = 0; fd < 3; fd++) {
		if (_i & 1 << fd) {
			assert_is_dev_null(fd);
			continue;
		}
		ck_assert_int_eq(fstat(fd, &after), 0);
		ck_assert(before[fd].st_dev == after.st_dev &&
		    before[fd].st_ino == after.st_ino);
	}
	ck_assert_int_eq(next_descriptor(), next);
	log_line(LOG_INFO, "event");
	log_announce("line");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

static TCase *
lines(void)
{
	TCase *tc = tcase_create("lines");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, writes_the_lines_up_to_its_level, 0, LEVELS);
	tcase_add_test(tc, levels_have_names);
	tcase_add_test(tc, level_is_info_by_default);
	tcase_add_loop_test(tc, line_is_date_time_level_event, 0, LEVELS);
	tcase_add_test(tc, time_is_the_local_time);
	tcase_add_test(tc, requested_lines_are_written_at_every_level);
	tcase_add_test(tc, percent_signs_in_values_are_left_alone);
	tcase_add_test(tc, newlines_in_values_do_not_end_the_line);
	tcase_add_loop_test(
	    tc, long_line_is_cut_to_1000_bytes, 0, COUNT(lengths));
	tcase_add_test(tc, line_of_1000_bytes_is_whole);
	tcase_add_test(tc, line_is_one_write);
	tcase_add_test(tc, announces_a_line_as_it_is);
	tcase_add_test(tc, long_announcement_is_cut_to_1000_bytes);
	return tc;
}

static TCase *
journal(void)
{
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, journal_gets_priorities_and_no_time, 0, LEVELS);
	tcase_add_test(tc, journal_line_is_cut_to_1000_bytes);
	tcase_add_test(tc, standard_error_elsewhere_is_not_the_journal);
	tcase_add_loop_test(
	    tc, nonsense_is_not_the_journal, 0, COUNT(bad_streams));
	return tc;
}

static TCase *
limits(void)
{
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, limit_lets_10_lines_pass);
	tcase_add_test(tc, limit_opens_a_window_of_5_seconds);
	tcase_add_test(
	    tc, first_line_after_the_window_is_preceded_by_the_count);
	tcase_add_test(tc, flush_writes_the_count_after_the_window);
	tcase_add_test(tc, final_flush_does_not_wait_for_the_end_of_the_window);
	tcase_add_test(tc, nothing_suppressed_is_nothing_to_tell);
	tcase_add_test(tc, lines_above_the_level_are_not_counted);
	tcase_add_test(tc, kinds_have_limits_of_their_own);
	return tc;
}

static TCase *
harm(void)
{
	TCase *tc = tcase_create("harm");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, full_pipe_drops_lines_and_the_next_one_counts_them);
	tcase_add_test(
	    tc, full_socket_drops_lines_and_the_next_one_counts_them);
	tcase_add_test(tc, an_unread_terminal_does_not_block);
	tcase_add_test(tc, lost_lines_are_reported_at_every_level);
	tcase_add_test(tc, unreadable_output_loses_lines_without_harm);
	tcase_add_test(tc, closed_standard_error_does_no_harm);
	tcase_add_test(tc, full_standard_output_does_not_block);
	tcase_add_test(tc, closed_standard_output_does_no_harm);
	tcase_add_loop_test(
	    tc, open_gives_closed_standard_descriptors_to_dev_null, 0, 8);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("log");

	suite_add_tcase(suite, lines());
	suite_add_tcase(suite, journal());
	suite_add_tcase(suite, limits());
	suite_add_tcase(suite, harm());
	return suite_run(suite);
}
