#include "simulation/simulation.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "points/point_image.h"
#include "points/points.h"
#include "points/value.h"
#include "service/service.h"
#include "service/writing.h"
#include "simulation/schedule.h"
#include "system/error.h"

struct mover {
	const struct point *point; /* borrowed */
	struct series *series;     /* owned */
};

struct simulation {
	struct mover *movers; /* owned; by their periods */
	size_t count;
	uint64_t seed;
	struct schedule schedule;
	struct point_image *image; /* owned; what is gathered in a turn */

	struct simulation_world world;
	struct event *timer; /* owned; NULL until the start */
	uint64_t started;    /* clock_ms */
	bool running;

	/* The tick in progress: the group and the mover that come next. */
	bool ticking;
	size_t group, mover;

	struct order_write *waits; /* borrowed: submitted, and not settled */
	size_t submitted;          /* points of the last submission */
	struct simulation_figures figures;
	bool refused; /* the last submission was */
	struct log_limit limit;
};

/* --- what moves ----------------------------------------------------------- */

static int
compare_movers(const void *left, const void *right)
{
	const struct mover *a = left, *b = right;
	unsigned p = series_period(a->series), q = series_period(b->series);

	if (p != q)
		return p < q ? -1 : 1;
	return (a->point > b->point) - (a->point < b->point);
}

/* Returns 0, or -1 with the error. */
static int
add_mover(struct simulation *s, const struct points *ps, const struct point *p,
    char *error)
{
	struct series *series = series_new(p, points_file(ps), s->seed, error);

	if (series == NULL)
		return -1;
	s->movers[s->count++] = (struct mover){ p, series };
	return 0;
}

static int
out_of_memory(char *error)
{
	snprintf(error, SERIES_ERROR_MAX, "%s", error_text(ENOMEM));
	return -1;
}

/* Returns 0, or -1 with the error. */
static int
make_movers(struct simulation *s, const struct points *ps, char *error)
{
	size_t count = points_simulated(ps);

	if (count == 0)
		return 0;
	s->movers = calloc(count, sizeof(*s->movers));
	if (s->movers == NULL)
		return out_of_memory(error);
	for (size_t i = 0; i < points_count(ps); i++) {
		const struct point *p = points_at(ps, i);

		if (p->simulate[0] != '\0' && add_mover(s, ps, p, error) != 0)
			return -1;
	}
	qsort(s->movers, s->count, sizeof(*s->movers), compare_movers);
	return 0;
}

/* Returns 0, or -1 with the error. */
static int
make_schedule(struct simulation *s, char *error)
{
	unsigned *periods = malloc((s->count + 1) * sizeof(*periods));
	int result;

	if (periods == NULL)
		return out_of_memory(error);
	for (size_t i = 0; i < s->count; i++)
		periods[i] = series_period(s->movers[i].series);
	result = schedule_init(&s->schedule, periods, s->count);
	free(periods);
	return result == 0 ? 0 : out_of_memory(error);
}

struct simulation *
simulation_new(const struct points *ps, enum datatable_overlay overlay,
    uint64_t seed, char *error)
{
	struct simulation *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		out_of_memory(error);
		return NULL;
	}
	s->seed = seed;
	s->running = true;
	s->limit.kind = "simulate";
	s->image = point_image_new(overlay);
	if (s->image == NULL)
		out_of_memory(error);
	else if (make_movers(s, ps, error) == 0 && make_schedule(s, error) == 0)
		return s;
	simulation_free(s);
	return NULL;
}

void
simulation_free(struct simulation *s)
{
	if (s == NULL)
		return;
	log_limit_flush(&s->limit, 1);
	if (s->waits != NULL)
		order_forget(s->waits);
	if (s->timer != NULL)
		event_free(s->timer);
	schedule_end(&s->schedule);
	point_image_free(s->image);
	for (size_t i = 0; i < s->count; i++)
		series_free(s->movers[i].series);
	free(s->movers);
	free(s);
}

/* --- a tick --------------------------------------------------------------- */

static uint64_t
elapsed(const struct simulation *s)
{
	return clock_ms() - s->started;
}

/* Come back for the rest of this tick in the next turn, or for the next one at
 * its time. */
static void
arm(struct simulation *s)
{
	uint64_t now = elapsed(s);
	uint64_t next = s->ticking ? now : s->schedule.next;
	uint64_t wait = next > now ? next - now : 0;
	const struct timeval tv = { (time_t)(wait / 1000),
		(suseconds_t)(wait % 1000 * 1000) };

	if (s->timer == NULL || !s->running || s->count == 0)
		return;
	/* Without memory for a timer, look again in each turn. */
	if (event_add(s->timer, &tv) != 0)
		event_active(s->timer, EV_TIMEOUT, 0);
}

/* Returns whether anything is due. */
static bool
begin_tick(struct simulation *s)
{
	const struct simulation_world *w = &s->world;
	uint64_t now = elapsed(s);
	size_t due;

	log_limit_flush(&s->limit, 0);
	if (now < s->schedule.next)
		return false;
	if (w->may_tick != NULL &&
	    !w->may_tick(w->arg, s->schedule.groups[0].period)) {
		schedule_pass(&s->schedule, now);
		return false;
	}
	due = schedule_tick(&s->schedule, now);
	s->figures.ticks += due;
	s->ticking = due > 0;
	s->group = 0;
	s->mover = 0;
	return s->ticking;
}

/* The next mover of the tick, or NULL behind the last one. */
static const struct mover *
next_mover(struct simulation *s)
{
	for (; s->group < s->schedule.count; s->group++) {
		const struct schedule_group *g = &s->schedule.groups[s->group];

		if (s->mover < g->first)
			s->mover = g->first;
		if (g->due && s->mover < g->end)
			return &s->movers[s->mover++];
	}
	s->ticking = false;
	return NULL;
}

static void
move(struct simulation *s, const struct mover *m)
{
	const struct schedule_group *g = &s->schedule.groups[s->group];
	uint16_t words[POINT_WORDS_MAX];

	point_read(m->point, s->world.service->table, words);
	series_next(m->series, g->tick, words, words);
	point_image_set(s->image, m->point, words);
}

/* Compute the values of a turn. Returns their number. */
static size_t
gather(struct simulation *s)
{
	size_t n = 0;

	while (n < SIMULATION_POINTS_A_TURN) {
		const struct mover *m = next_mover(s);

		if (m == NULL)
			break;
		move(s, m);
		n++;
	}
	return n;
}

/* Told when that changes, as the next tick is tried all the same. */
static void
note_refused(struct simulation *s, bool refused)
{
	if (refused != s->refused)
		log_limited(&s->limit, refused ? LOG_WARN : LOG_INFO,
		    refused ?
			"simulate: writes are refused: points stand still" :
			"simulate: points move again");
	s->refused = refused;
}

static void
conclude(struct simulation *s, bool written)
{
	if (written) {
		s->figures.written += s->submitted;
	} else {
		s->figures.refused++;
		s->ticking = false;
	}
	note_refused(s, !written);
	arm(s);
}

static void
settled(void *owner, enum order_outcome outcome)
{
	struct simulation *s = owner;

	s->waits = NULL;
	conclude(s, outcome == ORDER_EXECUTE);
}

/* Write what was gathered. */
static void
submit(struct simulation *s)
{
	const struct client simulation = { .address = address_simulation,
		.way = CLIENT_OTHER };
	size_t count = 0;
	struct writing *writings = point_image_writings(s->image, &count);
	struct writing_result result = {
		.exception = MB_EX_SERVER_DEVICE_FAILURE,
	};

	if (writings != NULL)
		result = writing_submit(
		    s->world.service, &simulation, writings, count, settled, s);
	free(writings);
	point_image_clear(s->image);
	s->figures.submissions++;
	s->waits = result.waits;
	if (s->waits == NULL)
		conclude(s, result.exception == MB_EX_NONE);
}

static void
turn(evutil_socket_t fd, short what, void *arg)
{
	struct simulation *s = arg;

	(void)fd;
	(void)what;
	if (!s->ticking && !begin_tick(s)) {
		arm(s);
		return;
	}
	s->submitted = gather(s);
	if (s->submitted > 0)
		submit(s);
	else
		arm(s);
}

/* --- from outside --------------------------------------------------------- */

int
simulation_start(struct simulation *s, const struct simulation_world *world)
{
	s->world = *world;
	s->started = clock_ms();
	s->timer = evtimer_new(world->base, turn, s);
	if (s->timer == NULL)
		return -1;
	arm(s);
	return 0;
}

void
simulation_set_running(struct simulation *s, bool running)
{
	if (running == s->running)
		return;
	s->running = running;
	s->ticking = false;
	if (s->timer == NULL)
		return;
	if (!running)
		event_del(s->timer);
	schedule_pass(&s->schedule, elapsed(s));
	if (s->waits == NULL)
		arm(s);
}

bool
simulation_is_running(const struct simulation *s)
{
	return s->running;
}

size_t
simulation_points(const struct simulation *s)
{
	return s->count;
}

uint64_t
simulation_seed(const struct simulation *s)
{
	return s->seed;
}

struct simulation_figures
simulation_figures(const struct simulation *s)
{
	struct simulation_figures figures = s->figures;

	figures.skipped = s->schedule.skipped;
	return figures;
}
