/*
 * What may be asked of the journal: times, and the command line.
 *
 * Input: a byte; odd, and the rest is the text of a time; even, and the rest is
 * the arguments, each ended by a NUL.
 *
 * Holds: parsing gives 0 or -1, the same each time; an error is one line. A
 * time that was parsed is the same once it is printed and parsed again, and is
 * not later than now unless it names its day.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "fuzz.h"
#include "journal/query.h"

#define ARGUMENTS_MAX 64
#define NOW           INT64_C(1795331767662123)

static void
try_time(const char *text)
{
	char printed[TIMESTAMP_TEXT_MAX];
	int64_t moment, again;

	if (timestamp_parse(text, NOW, &moment) != 0)
		return;
	must(strlen(timestamp_format(moment, printed)) < sizeof(printed) - 1);
	timestamp_format_iso(moment, printed);
	must(strlen(printed) < sizeof(printed) - 1);
	if (printed[0] != '-' && moment >= 0 && strlen(printed) == 32) {
		must(timestamp_parse(printed, NOW, &again) == 0);
		must(again == moment);
	}
	if (strlen(text) < strlen("1970-01-01"))
		must(moment <= NOW);
}

static void
check_query(const struct query *q)
{
	if (q->action == QUERY_HELP)
		return;
	must(q->state != NULL && q->state[0] != '\0');
	must((q->action == QUERY_RESTORE) == (q->output != NULL));
	must(q->since <= q->until);
	must(q->range_count <= QUERY_RANGES_MAX);
	must(q->clients.count <= ACCESS_LIST_MAX);
	for (size_t i = 0; i < q->range_count; i++)
		must(q->ranges[i].first <= q->ranges[i].last);
	query_includes(q, DATATABLE_OVERLAID, DATATABLE_COILS, 65535);
}

static void
check_error(const char *error)
{
	must(memchr(error, '\0', COMMAND_LINE_ERROR_MAX) != NULL);
	must(error[0] != '\0');
	for (const char *p = error; *p != '\0'; p++)
		must(!iscntrl((unsigned char)*p));
}

static void
try_command_line(char *text, size_t length)
{
	static char name[] = "journal";
	char error[COMMAND_LINE_ERROR_MAX];
	char *argv[ARGUMENTS_MAX + 2] = { name };
	struct query q;
	int argc = 1, result;

	for (size_t i = 0; i < length && argc <= ARGUMENTS_MAX;
	     i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	result = query_parse(argc, argv, NOW, &q, error);
	must(result == 0 || result == -1);
	if (result == 0)
		check_query(&q);
	else
		check_error(error);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t which = input_byte(&in);
	char *text = malloc(in.left + 1);

	must(text != NULL);
	memcpy(text, in.next, in.left);
	text[in.left] = '\0';
	if (which % 2 != 0)
		try_time(text);
	else
		try_command_line(text, in.left);
	free(text);
	return 0;
}
