#include "net/shutdown_word.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static struct evbuffer *in;

static void
setup(void)
{
	in = evbuffer_new();
	ck_assert_ptr_nonnull(in);
}

static void
teardown(void)
{
	evbuffer_free(in);
}

/* Add bytes in a chain of their own, so that what was
 * sent in pieces lies in pieces. */
static void
add_chain(const void *bytes, size_t length)
{
	struct evbuffer *chain = evbuffer_new();

	ck_assert_ptr_nonnull(chain);
	ck_assert_int_eq(evbuffer_add(chain, bytes, length), 0);
	ck_assert_int_eq(evbuffer_add_buffer(in, chain), 0);
	evbuffer_free(chain);
}

static void
empty(void)
{
	evbuffer_drain(in, evbuffer_get_length(in));
}

/* Match, and see that the buffer is as it was. */
static enum shutdown_word_result
match(const char *word)
{
	size_t length = evbuffer_get_length(in);
	char *before = malloc(length + 1);
	char *after = malloc(length + 1);
	enum shutdown_word_result result;

	ck_assert_ptr_nonnull(before);
	ck_assert_ptr_nonnull(after);
	evbuffer_copyout(in, before, length);
	result = shutdown_word_match(word, in);
	ck_assert_uint_eq(evbuffer_get_length(in), length);
	evbuffer_copyout(in, after, length);
	ck_assert_int_eq(memcmp(before, after, length), 0);
	free(before);
	free(after);
	return result;
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *word;
	const char *bytes;
	size_t length;
	enum shutdown_word_result result;
} cases[] = {
	/* Nothing else. */
	{ "bye", BYTES("bye"), SHUTDOWN_WORD_RECEIVED },
	{ "quit", BYTES("quit"), SHUTDOWN_WORD_RECEIVED },
	{ "a b", BYTES("a b"), SHUTDOWN_WORD_RECEIVED },
	{ "\xE4\xF6\xFC\x80", BYTES("\xE4\xF6\xFC\x80"),
	    SHUTDOWN_WORD_RECEIVED },

	/* Only CR and LF behind it. */
	{ "quit", BYTES("quit\n"), SHUTDOWN_WORD_RECEIVED },
	{ "quit", BYTES("quit\r"), SHUTDOWN_WORD_RECEIVED },
	{ "quit", BYTES("quit\r\n"), SHUTDOWN_WORD_RECEIVED },
	{ "quit", BYTES("quit\n\r\r\n\n"), SHUTDOWN_WORD_RECEIVED },

	/* Something behind it. */
	{ "quit", BYTES("quitx"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quit "), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quit\0"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quit\r\nx"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quit\r\nquit\r\n"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quitquit"), SHUTDOWN_WORD_OTHER },

	/* Too short to tell, whatever it is. */
	{ "quit", BYTES(""), SHUTDOWN_WORD_PARTIAL },
	{ "quit", BYTES("q"), SHUTDOWN_WORD_PARTIAL },
	{ "quit", BYTES("qu"), SHUTDOWN_WORD_PARTIAL },
	{ "quit", BYTES("qui"), SHUTDOWN_WORD_PARTIAL },
	{ "quit", BYTES("\0\0"), SHUTDOWN_WORD_PARTIAL },
	{ "quit", BYTES("xyz"), SHUTDOWN_WORD_PARTIAL },
	{ "bye", BYTES("by"), SHUTDOWN_WORD_PARTIAL },
	{ "shutdown", BYTES("GET / H"), SHUTDOWN_WORD_PARTIAL },

	/* Another word, wherever it differs. */
	{ "quit", BYTES("Quit"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("qUit"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quIt"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("quiT"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("\nquit"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("GET / HTTP/1.1\r\n\r\n"), SHUTDOWN_WORD_OTHER },
	/* Two differences that cancel out if they are summed. */
	{ "quit", BYTES("qtjt"), SHUTDOWN_WORD_OTHER },
	{ "abcd", BYTES("bacd"), SHUTDOWN_WORD_OTHER },
	/* A difference in the highest bit. */
	{ "quit", BYTES("\xF1uit"), SHUTDOWN_WORD_OTHER },

	/* A frame, even one that begins like the word. */
	{ "quit", BYTES("qu\0"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("qu\0\0\0\6\1\3\0\0\0\1"), SHUTDOWN_WORD_OTHER },
	{ "quit", BYTES("\0\1\0\0\0\6\1\3\0\0\0\1"), SHUTDOWN_WORD_OTHER },
	{ "shutdown", BYTES("sh\0t"), SHUTDOWN_WORD_OTHER },
	/* Zeros elsewhere are no frame. */
	{ "shutdown", BYTES("\0\0u\0"), SHUTDOWN_WORD_PARTIAL },
};

START_TEST(recognises_the_word_only)
{
	add_chain(cases[_i].bytes, cases[_i].length);
	ck_assert_int_eq(match(cases[_i].word), cases[_i].result);
}
END_TEST

START_TEST(how_bytes_are_split_over_chains_makes_no_difference)
{
	for (size_t at = 0; at <= cases[_i].length; at++) {
		empty();
		add_chain(cases[_i].bytes, at);
		add_chain(cases[_i].bytes + at, cases[_i].length - at);
		ck_assert_int_eq(match(cases[_i].word), cases[_i].result);
	}
}
END_TEST

START_TEST(every_byte_may_come_in_a_chain_of_its_own)
{
	for (size_t at = 0; at < cases[_i].length; at++)
		add_chain(cases[_i].bytes + at, 1);
	ck_assert_int_eq(match(cases[_i].word), cases[_i].result);
}
END_TEST

START_TEST(is_partial_until_the_last_byte)
{
	static const char word[] = "shutdown";

	for (size_t i = 0; i < sizeof(word) - 1; i++) {
		ck_assert_int_eq(match(word), SHUTDOWN_WORD_PARTIAL);
		add_chain(word + i, 1);
	}
	ck_assert_int_eq(match(word), SHUTDOWN_WORD_RECEIVED);
}
END_TEST

/* A word of the greatest length, no two neighbours alike. */
static const char *
longest_word(void)
{
	static char word[SHUTDOWN_WORD_MAX + 1];

	for (int i = 0; i < SHUTDOWN_WORD_MAX; i++)
		word[i] = (char)(1 + i % 250);
	return word;
}

START_TEST(longest_word_is_received)
{
	add_chain(longest_word(), SHUTDOWN_WORD_MAX - 1);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_PARTIAL);
	add_chain(longest_word() + SHUTDOWN_WORD_MAX - 1, 1);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_RECEIVED);
	add_chain("\r", 1);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_RECEIVED);
	add_chain("\n", 1);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_RECEIVED);
}
END_TEST

START_TEST(last_byte_of_the_longest_word_counts)
{
	add_chain(longest_word(), SHUTDOWN_WORD_MAX - 1);
	add_chain("x", 1);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_OTHER);
}
END_TEST

START_TEST(what_lies_far_behind_the_word_counts)
{
	char bytes[1000];

	memset(bytes, '\n', sizeof(bytes));
	add_chain("bye", 3);
	add_chain(bytes, sizeof(bytes));
	add_chain("x", 1);
	ck_assert_int_eq(match("bye"), SHUTDOWN_WORD_OTHER);
	empty();
	add_chain(longest_word(), SHUTDOWN_WORD_MAX);
	add_chain("\r\nx", 3);
	ck_assert_int_eq(match(longest_word()), SHUTDOWN_WORD_OTHER);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

START_TEST(any_number_of_line_ends_may_follow)
{
	evbuffer_add(in, "quit", 4);
	for (int i = 0; i < 2000; i++)
		evbuffer_add(in, "\r\n", 2);
	ck_assert_int_eq(
	    shutdown_word_match("quit", in), SHUTDOWN_WORD_RECEIVED);
	evbuffer_add(in, "!", 1);
	ck_assert_int_eq(shutdown_word_match("quit", in), SHUTDOWN_WORD_OTHER);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shutdown_word");
	TCase *tc = tcase_create("shutdown_word");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, recognises_the_word_only, 0, COUNT(cases));
	tcase_add_loop_test(tc,
	    how_bytes_are_split_over_chains_makes_no_difference, 0,
	    COUNT(cases));
	tcase_add_loop_test(
	    tc, every_byte_may_come_in_a_chain_of_its_own, 0, COUNT(cases));
	tcase_add_test(tc, is_partial_until_the_last_byte);
	tcase_add_test(tc, longest_word_is_received);
	tcase_add_test(tc, last_byte_of_the_longest_word_counts);
	tcase_add_test(tc, what_lies_far_behind_the_word_counts);
	tcase_add_test(tc, any_number_of_line_ends_may_follow);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
