#include "journal/query.h"

#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "base/timestamp.h"
#include "points/points.h"

/* A query under construction. */
struct parse {
	struct query *q;
	int64_t now;
	bool at, restore, since, until; /* given */
};

static enum command_line_set
set_state(void *arg, const char *value)
{
	struct parse *p = arg;

	p->q->state = value;
	return *value == '\0' ? COMMAND_LINE_BAD : COMMAND_LINE_SET;
}

static enum command_line_set
set_time(const struct parse *p, const char *value, int64_t *moment, bool *given)
{
	*given = true;
	if (timestamp_parse(value, p->now, moment) != 0)
		return COMMAND_LINE_BAD;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_at(void *arg, const char *value)
{
	struct parse *p = arg;

	p->q->action = QUERY_AT;
	return set_time(p, value, &p->q->at, &p->at);
}

static enum command_line_set
set_restore_at(void *arg, const char *value)
{
	struct parse *p = arg;

	p->q->action = QUERY_RESTORE;
	return set_time(p, value, &p->q->at, &p->restore);
}

static enum command_line_set
set_output(void *arg, const char *value)
{
	struct parse *p = arg;

	p->q->output = value;
	return *value == '\0' ? COMMAND_LINE_BAD : COMMAND_LINE_SET;
}

static enum command_line_set
set_since(void *arg, const char *value)
{
	struct parse *p = arg;

	return set_time(p, value, &p->q->since, &p->since);
}

static enum command_line_set
set_until(void *arg, const char *value)
{
	struct parse *p = arg;

	return set_time(p, value, &p->q->until, &p->until);
}

/* Each name will become a range. */
static bool
is_full(const struct query *q)
{
	return q->range_count + q->name_count == QUERY_RANGES_MAX;
}

static enum command_line_set
set_address(void *arg, const char *value)
{
	struct query *q = ((struct parse *)arg)->q;

	if (is_full(q) ||
	    access_range_parse(value, &q->ranges[q->range_count]) != 0)
		return COMMAND_LINE_BAD;
	q->range_count++;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_points(void *arg, const char *value)
{
	struct parse *p = arg;

	p->q->points = value;
	return *value == '\0' ? COMMAND_LINE_BAD : COMMAND_LINE_SET;
}

static enum command_line_set
set_point(void *arg, const char *value)
{
	struct query *q = ((struct parse *)arg)->q;

	if (is_full(q) || *value == '\0')
		return COMMAND_LINE_BAD;
	q->names[q->name_count++] = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_client(void *arg, const char *value)
{
	struct parse *p = arg;
	struct access_list *clients = &p->q->clients;
	struct address internal;

	if (address_parse_internal(value, &internal) != 0)
		return access_list_add(clients, value) == 0 ? COMMAND_LINE_SET :
							      COMMAND_LINE_BAD;
	if (clients->count == ACCESS_LIST_MAX)
		return COMMAND_LINE_BAD;
	clients->blocks[clients->count++] = cidr_of(&internal);
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_subject(void *arg, const char *value)
{
	struct query *q = ((struct parse *)arg)->q;

	if (q->subject_count == QUERY_SUBJECTS_MAX || *value == '\0')
		return COMMAND_LINE_BAD;
	q->subjects[q->subject_count++] = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_unchanged(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->q->unchanged = true;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_csv(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->q->format = QUERY_CSV;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_jsonl(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->q->format = QUERY_JSONL;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_help(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->q->action = QUERY_HELP;
	return COMMAND_LINE_STOP;
}

static const struct command_line_option definitions[] = {
	{ "", "state", "FILE", "the name of a state file",
	    COMMAND_LINE_CALL(set_state),
	    "the state file to read; it is not changed" },
	{ "", "at", "TIME", TIMESTAMP_EXPECTED, COMMAND_LINE_CALL(set_at),
	    "show the table at TIME, since when each value was\n"
	    "set, and by which client, instead of changes" },
	{ "", "address", "RANGE", ACCESS_RANGE_EXPECTED,
	    COMMAND_LINE_CALL(set_address),
	    "HR16-20, C5, registers:A-B or coils:A-B: show only\n"
	    "these; may be repeated (default: all)" },
	{ "", "points", "FILE", "the name of a points file",
	    COMMAND_LINE_CALL(set_points),
	    "also show the names of the points in FILE" },
	{ "", "point", "NAME",
	    "the name of a point, with --address at most 64 times",
	    COMMAND_LINE_CALL(set_point),
	    "show only the addresses of this point of --points;\n"
	    "may be repeated" },
	{ "", "client", "CIDR",
	    "an address block such as 192.0.2.0/24 or 2001:db8::/32, or start "
	    "or simulation, at most 64 times",
	    COMMAND_LINE_CALL(set_client),
	    "list only changes by clients from CIDR, or by the\n"
	    "server's own start or simulation; may be repeated" },
	{ "", "subject", "TEXT",
	    "a subject such as \"CN=HMI 3,O=Plant\" or a part such as "
	    "\"O=Plant\", at most 64 times",
	    COMMAND_LINE_CALL(set_subject),
	    "list only changes by clients with a certificate of\n"
	    "this subject, or with this part in it, as in\n"
	    "\"CN=HMI 3\"; may be repeated" },
	{ "", "since", "TIME", TIMESTAMP_EXPECTED, COMMAND_LINE_CALL(set_since),
	    "list only changes at TIME or later" },
	{ "", "until", "TIME", TIMESTAMP_EXPECTED, COMMAND_LINE_CALL(set_until),
	    "list only changes at TIME or earlier" },
	{ "", "unchanged", NULL, NULL, COMMAND_LINE_CALL(set_unchanged),
	    "list also writes of the value that was there before" },
	{ "", "csv", NULL, NULL, COMMAND_LINE_CALL(set_csv),
	    "comma-separated values, the first line names them" },
	{ "", "jsonl", NULL, NULL, COMMAND_LINE_CALL(set_jsonl),
	    "a JSON object in each line" },
	{ "", "restore-at", "TIME", TIMESTAMP_EXPECTED,
	    COMMAND_LINE_CALL(set_restore_at),
	    "create a state file with the table and the journal\n"
	    "as of TIME" },
	{ "", "output", "NEWFILE", "the name of a new file",
	    COMMAND_LINE_CALL(set_output),
	    "the file that --restore-at creates" },
	{ "eh", "help", NULL, NULL, COMMAND_LINE_CALL(set_help),
	    "print this and exit" },
};

static const struct command_line_requirement requirements[] = {
	{ "point", "points", NULL },
};

static const struct command_line query_line = {
	.introduction =
	    "usage: mbasyncserver journal --state FILE [OPTIONS]\n"
	    "Show the journal of a state file: who changed what, and the "
	    "values before.\n\n",
	.options = definitions,
	.count = sizeof(definitions) / sizeof(*definitions),
	.requirements = requirements,
	.requirement_count = sizeof(requirements) / sizeof(*requirements),
	.ending =
	    "\nTIME is local: 03:12, \"2026-11-22 03:12:07.5\", or with a zone "
	    "2026-11-22T03:12Z,\nor -10m (s, m, h, d) before now. Addresses "
	    "begin at 0, as on the wire.\n\n"
	    "Exit status: 0 done, 64 usage, 65 damaged file, 69 the journal "
	    "does not reach\nback to TIME, 71 system error, 74 read or write "
	    "error, 75 a server uses the file,\n77 permission denied, 78 not "
	    "a state file, NEWFILE exists, or the points file\nis missing or "
	    "has errors.\n",
};

/* What is wrong with the combination of options, or NULL. */
static const char *
contradiction(const struct parse *p)
{
	const struct query *q = p->q;

	if (q->state == NULL)
		return "--state: missing: expected the name of a state file";
	if (p->at && p->restore)
		return "--restore-at: expected without --at";
	if (p->restore && q->output == NULL)
		return "--restore-at: expected with --output";
	if (q->output != NULL && !p->restore)
		return "--output: expected with --restore-at";
	if (p->restore && q->range_count != 0)
		return "--address: expected without --restore-at";
	if (p->restore && q->points != NULL)
		return "--points: expected without --restore-at";
	if (q->action != QUERY_LIST &&
	    (p->since || p->until || q->clients.count != 0 ||
		q->subject_count != 0 || q->unchanged))
		return "--since, --until, --client, --subject, --unchanged: "
		       "expected without --at and --restore-at";
	if (p->since && p->until && q->since > q->until)
		return "--until: expected a time that is not before --since";
	return NULL;
}

int
query_parse(int argc, char **argv, int64_t now, struct query *q, char *error)
{
	struct parse p = { .q = q, .now = now };
	const char *wrong;

	*q = (struct query){ .since = INT64_MIN, .until = INT64_MAX };
	if (command_line_parse(&query_line, argc, argv, &p, error) != 0)
		return -1;
	wrong = q->action == QUERY_HELP ? NULL : contradiction(&p);
	if (wrong == NULL)
		return 0;
	snprintf(error, COMMAND_LINE_ERROR_MAX, "%s", wrong);
	return -1;
}

int
query_find_points(struct query *q, const struct points *ps, char *error)
{
	char name[PRINTABLE_SIZE], file[PRINTABLE_SIZE];

	for (size_t i = 0; i < q->name_count; i++) {
		const struct point *p =
		    points_find(ps, q->names[i], strlen(q->names[i]));

		if (p == NULL) {
			snprintf(error, COMMAND_LINE_ERROR_MAX,
			    "--point: \"%s\": no such point in %s",
			    printable(q->names[i], name),
			    printable(points_file(ps), file));
			return -1;
		}
		q->ranges[q->range_count++] =
		    (struct access_range){ p->kind, p->address,
			    (uint16_t)(p->address + point_quantity(p) - 1) };
	}
	return 0;
}

char *
query_help(void)
{
	return command_line_help(&query_line);
}

/* Whether a comma of a subject is between two parts of it. */
static bool
is_between(const char *comma, const char *subject)
{
	unsigned backslashes = 0;

	while (comma - backslashes > subject &&
	    comma[-1 - (int)backslashes] == '\\')
		backslashes++;
	return *comma == ',' && backslashes % 2 == 0;
}

static bool
has_part(const char *subject, const char *part)
{
	const size_t length = strlen(part);
	const char *at = subject;

	for (; (at = strstr(at, part)) != NULL; at++)
		if ((at == subject || is_between(at - 1, subject)) &&
		    (at[length] == '\0' || is_between(at + length, subject)))
			return true;
	return false;
}

bool
query_includes_subject(const struct query *q, const char *subject)
{
	for (size_t i = 0; i < q->subject_count; i++)
		if (has_part(subject, q->subjects[i]))
			return true;
	return q->subject_count == 0;
}

static bool
in_range(const struct access_range *r, unsigned address)
{
	return address >= r->first && address <= r->last;
}

/* The other side of the overlay: a coil's register, or a register's coils. */
static bool
overlays(
    const struct access_range *r, enum datatable_kind kind, unsigned address)
{
	if (kind == DATATABLE_COILS)
		return in_range(r, address / 16);
	return address <= r->last / 16U && address >= r->first / 16U;
}

bool
query_includes(const struct query *q, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address)
{
	for (size_t i = 0; i < q->range_count; i++) {
		const struct access_range *r = &q->ranges[i];
		bool same = r->kind == kind;

		if (same && in_range(r, address))
			return true;
		if (!same && overlay == DATATABLE_OVERLAID &&
		    overlays(r, kind, address))
			return true;
	}
	return q->range_count == 0;
}

bool
query_asks(const struct query *q, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address)
{
	if (q->range_count == 0)
		return kind != DATATABLE_COILS || overlay != DATATABLE_OVERLAID;
	return query_includes(q, DATATABLE_SEPARATE, kind, address);
}
