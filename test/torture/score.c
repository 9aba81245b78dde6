#include "score.h"

#include <stdarg.h>
#include <stdio.h>

struct verdict
pass(void)
{
	return (struct verdict){ .outcome = PASSED };
}

struct verdict
fail(const char *format, ...)
{
	struct verdict v = { .outcome = FAILED };
	va_list args;

	va_start(args, format);
	vsnprintf(v.text, sizeof(v.text), format, args);
	va_end(args);
	return v;
}

struct verdict
not_applicable(const char *format, ...)
{
	struct verdict v = { .outcome = NOT_APPLICABLE };
	va_list args;

	va_start(args, format);
	vsnprintf(v.text, sizeof(v.text), format, args);
	va_end(args);
	return v;
}

void
score_begin(struct score *s, const char *group)
{
	s->group = group;
	s->in_group = (struct tally){ { 0 } };
}

void
score_add(struct score *s, const char *name, const char *clause,
    const struct verdict *v)
{
	s->in_group.count[v->outcome]++;
	s->total.count[v->outcome]++;
	if (v->outcome == FAILED)
		printf(
		    "FAIL %s: %s: %s [%s]\n", s->group, name, v->text, clause);
	else if (s->quiet)
		return;
	else if (v->outcome == PASSED)
		printf("ok   %s: %s\n", s->group, name);
	else
		printf("n/a  %s: %s: %s\n", s->group, name, v->text);
	fflush(stdout);
}

/* "score GROUP PASSED/JUDGED", and what was not judged; scripts/scoreboard
 * reads these lines. */
static void
print_tally(const char *name, const struct tally *t)
{
	unsigned judged = t->count[PASSED] + t->count[FAILED];

	printf("score %s %u/%u", name, t->count[PASSED], judged);
	if (t->count[NOT_APPLICABLE] > 0)
		printf(" (%u n/a)", t->count[NOT_APPLICABLE]);
	putchar('\n');
	fflush(stdout);
}

void
score_end(struct score *s)
{
	print_tally(s->group, &s->in_group);
}

bool
score_finish(const struct score *s)
{
	print_tally("total", &s->total);
	return s->total.count[FAILED] == 0 && s->total.count[PASSED] > 0;
}
