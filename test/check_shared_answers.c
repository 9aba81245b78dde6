/* What the engine of Redis asks, byte by byte, and what it makes of answers. */
#include <stdio.h>
#include <string.h>

#include "fake_redis.h"
#include "one_engine.h"

#define PATIENCE 60000

static void
setup(void)
{
	one_engine_begin();
	fake_begin();
	one_engine_new(fake_url(""), PATIENCE, NULL);
	fake_connect();
}

static void
teardown(void)
{
	one_engine_end();
	fake_end();
}

/* --- questions ---------------------------------------------------------- */

static const struct engine_field fields[] = { { "a", 1 }, { "x\0\r\n", 4 },
	{ "b", 1 }, { "", 0 } };

static void
find_first(void)
{
	engine->methods->find(engine, 0);
}

static void
find(void)
{
	engine->methods->find(engine, 12);
}

static void
read_entries(void)
{
	engine->methods->read(engine, 7);
}

static void
get_snapshot(void)
{
	engine->methods->get_snapshot(engine);
}

static void
append(void)
{
	engine->methods->append(engine, 42, fields, 4);
}

/* In one turn of the loop. */
static void
append_two(void)
{
	engine->methods->append(engine, 42, fields, 2);
	engine->methods->append(engine, 43, fields, 2);
}

static void
append_and_count(void)
{
	engine->methods->append(engine, 42, fields, 2);
	engine->methods->count_copies(engine, 2, 300);
}

static void
begin(void)
{
	engine->methods->begin(engine, fields, 2);
}

static void
count_copies(void)
{
	engine->methods->count_copies(engine, 2, 300);
}

static void
put_snapshot(void)
{
	engine->methods->put_snapshot(
	    engine, 900, 0xABCDEF, 33, 800, "s\0t", 3);
}

static void
announce(void)
{
	engine->methods->announce(engine, "k", "t");
}

static void
announce_end(void)
{
	engine->methods->announce(engine, "k", NULL);
}

#define BYTES(text)                                                            \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

#define XADD                                                                   \
	"*6\r\n$4\r\nXADD\r\n$6\r\nmb:log\r\n$10\r\nNOMKSTREAM\r\n"            \
	"$3\r\n1-*\r\n$1\r\na\r\n$4\r\nx\0\r\n\r\n"

#define GETALL "*2\r\n$7\r\nHGETALL\r\n$10\r\nmb:servers\r\n"

enum question {
	FIND_FIRST,
	FIND,
	READ,
	GET,
	APPEND,
	APPEND_TWO,
	APPEND_AND_COUNT,
	BEGIN,
	COPIES,
	PUT,
	ANNOUNCE,
	ANNOUNCE_END,
	QUESTIONS,
};

static const struct {
	void (*ask)(void);
	enum fake_side side;
	struct {
		const char *bytes;
		size_t length;
	} command;
} questions[] = {
	[FIND_FIRST] = { find_first, READER,
	    BYTES("*6\r\n$6\r\nXRANGE\r\n$6\r\nmb:log\r\n$1\r\n-\r\n$1\r\n+\r\n"
		  "$5\r\nCOUNT\r\n$1\r\n1\r\n") },
	[FIND] = { find, READER,
	    BYTES("*4\r\n$6\r\nXRANGE\r\n$6\r\nmb:log\r\n$4\r\n1-12\r\n"
		  "$4\r\n1-12\r\n") },
	[READ] = { read_entries, READER,
	    BYTES("*8\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$3\r\n500\r\n"
		  "$5\r\nCOUNT\r\n$4\r\n1000\r\n$7\r\nSTREAMS\r\n"
		  "$6\r\nmb:log\r\n$3\r\n1-7\r\n") },
	[GET] = { get_snapshot, READER,
	    BYTES("*2\r\n$3\r\nGET\r\n$11\r\nmb:snapshot\r\n") },
	[APPEND] = { append, WRITER,
	    BYTES("*8\r\n$4\r\nXADD\r\n$6\r\nmb:log\r\n$10\r\nNOMKSTREAM\r\n"
		  "$3\r\n1-*\r\n$1\r\na\r\n$4\r\nx\0\r\n\r\n$1\r\nb\r\n"
		  "$0\r\n\r\n") },
	[APPEND_TWO] = { append_two, WRITER,
	    BYTES("*1\r\n$5\r\nMULTI\r\n" XADD XADD "*1\r\n$4\r\nEXEC\r\n") },
	[APPEND_AND_COUNT] = { append_and_count, WRITER,
	    BYTES(XADD "*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n300\r\n") },
	[BEGIN] = { begin, WRITER,
	    BYTES("*5\r\n$4\r\nXADD\r\n$6\r\nmb:log\r\n$3\r\n1-1\r\n"
		  "$1\r\na\r\n$4\r\nx\0\r\n\r\n") },
	[COPIES] = { count_copies, WRITER,
	    BYTES("*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n300\r\n") },
	[PUT] = { put_snapshot, WRITER,
	    BYTES("*10\r\n$4\r\nEVAL\r\n$297\r\n"
		  "local id='1-'..ARGV[1] "
		  "local e=redis.call('XRANGE',KEYS[1],id,id) "
		  "if #e~=1 or e[1][2][2]~=ARGV[2] or e[1][2][4]~=ARGV[3] "
		  "then return 0 end "
		  "redis.call('SET',KEYS[2],ARGV[4]) "
		  "redis.call('XADD',KEYS[1],'1-*','snapshot',ARGV[1]) "
		  "redis.call('XTRIM',KEYS[1],'MINID','~','1-'..ARGV[5],"
		  "'LIMIT',0) return 1"
		  "\r\n$1\r\n2\r\n$6\r\nmb:log\r\n$11\r\nmb:snapshot\r\n"
		  "$3\r\n900\r\n$16\r\n0000000000abcdef\r\n$2\r\n33\r\n"
		  "$3\r\ns\0t\r\n$3\r\n800\r\n") },
	[ANNOUNCE] = { announce, WRITER,
	    BYTES("*4\r\n$4\r\nHSET\r\n$10\r\nmb:servers\r\n$1\r\nk\r\n"
		  "$1\r\nt\r\n" GETALL) },
	[ANNOUNCE_END] = { announce_end, WRITER,
	    BYTES("*3\r\n$4\r\nHDEL\r\n$10\r\nmb:servers\r\n$"
		  "1\r\nk\r\n" GETALL) },
};

static void
ask(enum question q)
{
	questions[q].ask();
	expect_bytes(questions[q].side, questions[q].command.bytes,
	    questions[q].command.length);
}

/* --- answers that fit --------------------------------------------------- */

#define ENTRY(id, value) "*2\r\n" id "*2\r\n$1\r\nn\r\n$1\r\n" value "\r\n"
#define TWO              "+OK\r\n+QUEUED\r\n+QUEUED\r\n"
#define ABORT            "-EXECABORT Transaction discarded because of"
#define FOREIGN          "lost: mb:log is not a log of this program\n"

static const struct {
	enum question question;
	const char *answer, *told;
} answers[] = {
	{ FIND_FIRST, "*0\r\n", "found none\n" },
	{ FIND_FIRST, "*1\r\n" ENTRY("$3\r\n1-5\r\n", "v"), "found 5 n v\n" },
	{ FIND, "*0\r\n", "found none\n" },
	{ FIND, "*1\r\n" ENTRY("$4\r\n1-12\r\n", "v"), "found 12 n v\n" },
	{ FIND, "*1\r\n" ENTRY("$4\r\n1-13\r\n", "v"),
	    "lost: an answer that does not fit\n" },
	{ FIND, "*1\r\n" ENTRY("$3\r\n1-0\r\n", "v"), FOREIGN },
	{ FIND, "*1\r\n" ENTRY("$4\r\n2-12\r\n", "v"), FOREIGN },
	{ FIND, "*1\r\n" ENTRY("$15\r\n1690000000000-0\r\n", "v"), FOREIGN },
	{ FIND, "*1\r\n" ENTRY("$22\r\n1-18446744073709551616\r\n", "v"),
	    FOREIGN },
	{ FIND, "*1\r\n" ENTRY("$4\r\n1-1x\r\n", "v"), FOREIGN },
	{ FIND, "*1\r\n" ENTRY("$1\r\n1\r\n", "v"), FOREIGN },
	{ FIND, "-WRONGTYPE no stream\r\n", "lost: WRONGTYPE no stream\n" },
	{ READ, "*-1\r\n", "entries\n" },
	{ READ, "$-1\r\n", "entries\n" },
	{ READ,
	    "*1\r\n*2\r\n$6\r\nmb:log\r\n*2\r\n" ENTRY("$3\r\n1-8\r\n", "v")
		ENTRY("$22\r\n1-18446744073709551615\r\n", "w"),
	    "entries\n 8 n v\n 18446744073709551615 n w\n" },
	{ READ, "*1\r\n*2\r\n$6\r\nmb:log\r\n*0\r\n", "entries\n" },
	{ READ, "*1\r\n*2\r\n$6\r\nmb:log\r\n*1\r\n*2\r\n$3\r\n1-8\r\n*0\r\n",
	    "entries\n 8\n" },
	{ READ,
	    "*1\r\n*2\r\n$6\r\nmb:log\r\n*1\r\n" ENTRY("$3\r\n5-0\r\n", "v"),
	    FOREIGN },
	{ READ, "-UNBLOCKED it is a replica now\r\n",
	    "lost: UNBLOCKED it is a replica now\n" },
	{ GET, "$-1\r\n", "snapshot none\n" },
	{ GET, "$5\r\nab\ncd\r\n", "snapshot 5 ab\ncd\n" },
	{ GET, "$0\r\n\r\n", "snapshot 0 \n" },
	{ APPEND, "$3\r\n1-9\r\n", "appended 42 done\n" },
	{ APPEND, "$-1\r\n", "appended 42 no log: there is no log\n" },
	{ APPEND, "-NOREPLICAS Not enough\r\n",
	    "appended 42 alone: NOREPLICAS Not enough\n" },
	{ APPEND, "-OOM command\r\n", "appended 42 refused: OOM command\n" },
	{ APPEND, "-MISCONF disk\r\n", "appended 42 refused: MISCONF disk\n" },
	{ APPEND, "-NOPERM no\r\n", "appended 42 refused: NOPERM no\n" },
	{ APPEND, "-LOADING\r\n", "appended 42 refused: LOADING\n" },
	{ APPEND, "-MASTERDOWN x\r\n", "appended 42 refused: MASTERDOWN x\n" },
	{ APPEND, "-UNKILLABLE x\r\n", "appended 42 refused: UNKILLABLE x\n" },
	{ APPEND, "-READONLY x\r\n",
	    "appended 42 refused: READONLY x\nlost: READONLY x\n" },
	{ APPEND, "-\r\n", "appended 42 refused: \n" },
	{ APPEND_TWO, TWO "*2\r\n$3\r\n1-9\r\n$4\r\n1-10\r\n",
	    "appended 42 done\nappended 43 done\n" },
	{ APPEND_TWO, TWO "*2\r\n$-1\r\n-OOM x\r\n",
	    "appended 42 no log: there is no log\n"
	    "appended 43 refused: OOM x\n" },
	{ APPEND_TWO, TWO "*1\r\n$3\r\n1-9\r\n",
	    "lost: an answer that does not fit\n" },
	{ APPEND_TWO, TWO "*-1\r\n", "lost: an answer that does not fit\n" },
	{ APPEND_TWO, TWO "*2\r\n$3\r\n1-9\r\n:1\r\n",
	    "appended 42 done\nlost: an answer that does not fit\n" },
	{ APPEND_TWO,
	    "+OK\r\n+QUEUED\r\n-OOM x\r\n" ABORT " previous errors.\r\n",
	    "appended 43 refused: OOM x\nappended 42 refused: OOM x\n" },
	{ APPEND_TWO,
	    "+OK\r\n-NOREPLICAS x\r\n+QUEUED\r\n" ABORT " previous errors.\r\n",
	    "appended 42 alone: NOREPLICAS x\n"
	    "appended 43 alone: NOREPLICAS x\n" },
	{ APPEND_TWO, TWO ABORT ": MISCONF disk\r\n",
	    "appended 42 refused: MISCONF disk\n"
	    "appended 43 refused: MISCONF disk\n" },
	{ APPEND_TWO, TWO ABORT ": READONLY x\r\n",
	    "appended 42 refused: READONLY x\n"
	    "appended 43 refused: READONLY x\nlost: READONLY x\n" },
	{ APPEND_TWO, TWO "-NOPERM exec\r\n",
	    "appended 42 refused: NOPERM exec\n"
	    "appended 43 refused: NOPERM exec\n" },
	{ APPEND_TWO,
	    "-NOPERM multi\r\n$3\r\n1-9\r\n$4\r\n1-10\r\n-NOPERM exec\r\n",
	    "appended 42 done\nappended 43 done\n" },
	{ APPEND_TWO, "+OK\r\n+OK\r\n", "lost: an answer that does not fit\n" },
	{ APPEND_AND_COUNT, "$3\r\n1-9\r\n:2\r\n",
	    "appended 42 done\ncopies 2\n" },
	{ BEGIN, "$3\r\n1-1\r\n", "begun 1\n" },
	{ BEGIN,
	    "-ERR The ID specified in XADD is equal or smaller than the "
	    "target stream top item\r\n",
	    "begun 0\n" },
	{ BEGIN, "-OOM x\r\n", "begun -1: OOM x\n" },
	{ BEGIN, "-READONLY x\r\n",
	    "begun -1: READONLY x\nlost: READONLY x\n" },
	{ COPIES, ":0\r\n", "copies 0\n" },
	{ COPIES, ":2\r\n", "copies 2\n" },
	{ COPIES, ":9223372036854775807\r\n", "copies 4294967295\n" },
	{ COPIES, ":-1\r\n", "lost: an answer that does not fit\n" },
	{ COPIES, "-ERR WAIT no\r\n", "lost: ERR WAIT no\n" },
	{ PUT, ":1\r\n", "stored 1\n" },
	{ PUT, ":0\r\n", "stored 0\n" },
	{ PUT, ":7\r\n", "stored 0\n" },
	{ PUT, "-OOM x\r\n", "stored 0\n" },
	{ PUT, "-READONLY x\r\n", "stored 0\nlost: READONLY x\n" },
	{ ANNOUNCE, ":1\r\n*4\r\n$1\r\nk\r\n$1\r\nt\r\n$1\r\nl\r\n$1\r\nu\r\n",
	    "announced k t l u\n" },
	{ ANNOUNCE, "-OOM x\r\n*0\r\n", "announced\n" },
	{ ANNOUNCE, "-NOPERM x\r\n-NOPERM x\r\n", "announced\n" },
	{ ANNOUNCE, "-READONLY x\r\n", "lost: READONLY x\n" },
	{ ANNOUNCE, ":1\r\n*1\r\n$1\r\nk\r\n",
	    "lost: an answer that does not fit\n" },
	{ ANNOUNCE_END, ":0\r\n*0\r\n", "announced\n" },
};

START_TEST(tells_what_was_answered)
{
	ask(answers[_i].question);
	answer(questions[answers[_i].question].side, answers[_i].answer);
	await_told(answers[_i].told);
}
END_TEST

START_TEST(tells_what_was_answered_byte_by_byte)
{
	ask(answers[_i].question);
	answer_slowly(questions[answers[_i].question].side, answers[_i].answer);
	await_told(answers[_i].told);
}
END_TEST

START_TEST(is_lost_wherever_an_answer_ends)
{
	const char *text = answers[_i].answer;
	enum fake_side side = questions[answers[_i].question].side;

	/* Two answers, the first of which may be told. */
	for (size_t length = 0; length < strlen(text); length++) {
		ask(answers[_i].question);
		answer_bytes(side, text, length);
		fake_close(side);
		await_engine(strstr(told, "lost: ") != NULL);
		await_told(told);
		fake_close_all();
		fake_connect();
	}
}
END_TEST

/* --- answers that do not ------------------------------------------------ */

static const char *const junk[] = { "+OK\r\n", "-\r\n", ":5\r\n", ":-1\r\n",
	":\r\n", "$-1\r\n", "$-2\r\n", "$0\r\n\r\n", "$3\r\n1-9\r\n", "*0\r\n",
	"*-1\r\n", "*-7\r\n", "*1\r\n*0\r\n", "*1\r\n*-1\r\n", "*1\r\n$-1\r\n",
	"*2\r\n$1\r\na\r\n:1\r\n", "*2\r\n$1\r\na\r\n$-1\r\n",
	"*1\r\n*2\r\n$3\r\n1-9\r\n$-1\r\n", "*1\r\n*2\r\n$3\r\n1-9\r\n*-1\r\n",
	"*1\r\n*2\r\n:1\r\n*0\r\n", "*1\r\n*2\r\n$-1\r\n*0\r\n",
	"*1\r\n*2\r\n$3\r\n1-9\r\n*1\r\n$1\r\na\r\n",
	"*1\r\n*2\r\n$3\r\n1-9\r\n*2\r\n$1\r\na\r\n:5\r\n",
	"*1\r\n*2\r\n$3\r\n1-9\r\n*2\r\n$1\r\na\r\n*0\r\n",
	"*1\r\n*2\r\n$6\r\nmb:log\r\n$1\r\nx\r\n",
	"*1\r\n*2\r\n$6\r\nmb:log\r\n*1\r\n$1\r\nx\r\n",
	"*1\r\n*2\r\n$6\r\nmb:log\r\n*1\r\n*3\r\n$1\r\na\r\n*0\r\n*0\r\n",
	"*2\r\n*2\r\n$1\r\na\r\n*0\r\n*2\r\n$1\r\na\r\n*0\r\n",
	"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	"*2147483647\r\n", "*2147483648\r\n", "*99999999999999999999\r\n",
	"$9223372036854775807\r\nx\r\n", "%1\r\n+a\r\n+b\r\n", ",1.5\r\n",
	"#t\r\n", "_\r\n", "(1\r\n", "=5\r\ntxt:a\r\n", ">1\r\n+x\r\n", "\r\n",
	"GET / HTTP/1.1\r\n", "\x15\x03\x01\r\n" };

START_TEST(survives_answers_that_do_not_fit)
{
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		ask((enum question)_i);
		/* The one behind it answers nothing, or HGETALL. */
		answer_bytes(questions[_i].side, junk[i], strlen(junk[i]));
		answer_bytes(questions[_i].side, "+OK\r\n+OK\r\n", 10);
		fake_close(questions[_i].side);
		await_engine(strstr(told, "lost: ") != NULL);
		await_told(told);
		fake_close_all();
		engine->methods->free(engine);
		one_engine_new(fake_url(""), PATIENCE, NULL);
		fake_connect();
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_answers");
	TCase *tc = tcase_create("answers");
	const int count = sizeof(answers) / sizeof(*answers);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, tells_what_was_answered, 0, count);
	tcase_add_loop_test(tc, tells_what_was_answered_byte_by_byte, 0, count);
	tcase_add_loop_test(tc, is_lost_wherever_an_answer_ends, 0, count);
	tcase_add_loop_test(tc, survives_answers_that_do_not_fit, 0, QUESTIONS);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
