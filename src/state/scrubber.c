#include "state/scrubber.h"

#include <stddef.h>

#include "base/clock.h"
#include "state/scrub.h"

/* A scrub pauses for so many times the duration of its step, so that it takes a
 * sixth of the disk and of a core, and until no commit has been done for a
 * moment, but not for ever. */
#define PAUSE        5
#define PAUSE_MIN_NS UINT64_C(1000000)
#define QUIET_NS     UINT64_C(5000000)
#define LATEST_NS    UINT64_C(100000000)

/* When memory is exhausted, or there is no space to record damage. */
#define RETRY_NS UINT64_C(1000000000)

#define NEVER UINT64_MAX

void
scrubber_init(struct scrubber *s, struct store *store)
{
	*s = (struct scrubber){ .store = store };
}

void
scrubber_end(struct scrubber *s)
{
	scrub_end(s->scrub);
	s->scrub = NULL;
}

bool
scrubber_worked(struct scrubber *s)
{
	s->worked_at = clock_ns();
	return scrub_is_due(s->store);
}

static uint64_t
due(const struct scrubber *s)
{
	uint64_t quiet = s->worked_at + QUIET_NS;
	uint64_t latest = s->from + LATEST_NS;

	if (s->scrub == NULL && !scrub_is_due(s->store))
		return NEVER;
	if (quiet < s->from)
		return s->from;
	return quiet < latest ? quiet : latest;
}

/* How long to pause after a step that took so long. */
static uint64_t
pause_after(const struct scrubber *s, uint64_t took)
{
	if (!scrub_figures(s->store)->checking)
		return RETRY_NS;
	return PAUSE * took > PAUSE_MIN_NS ? PAUSE * took : PAUSE_MIN_NS;
}

static void
step(struct scrubber *s, uint64_t now, struct scrubber_turn *turn,
    struct store_error *why)
{
	bool was_checking = scrub_figures(s->store)->checking;
	enum scrub_state state = scrub_step(s->scrub, why);
	uint64_t end = clock_ns();

	turn->stepped = true;
	turn->ended = was_checking && !scrub_figures(s->store)->checking;
	turn->lost = state == SCRUB_LOST;
	if (state == SCRUB_IN_PROGRESS) {
		s->from = end + pause_after(s, end - now);
	} else {
		s->from = 0;
		scrubber_end(s);
	}
}

struct scrubber_turn
scrubber_step(struct scrubber *s, struct store_error *why)
{
	struct scrubber_turn turn = { .due = due(s) };
	uint64_t now = clock_ns();

	if (now < turn.due)
		return turn;
	s->from = now + RETRY_NS;
	if (s->scrub == NULL)
		s->scrub = scrub_begin(s->store);
	if (s->scrub != NULL)
		step(s, now, &turn, why);
	turn.due = due(s);
	return turn;
}
