#include "state/saving.h"

#include "state/batch.h"

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct saving *s = arg;

	saving_hurry(s);
	s->is_due(fd, what, s->arg);
}

int
saving_begin(struct saving *s, struct event_base *base,
    enum datatable_overlay overlay, struct timeval after,
    event_callback_fn is_due, void *arg)
{
	*s = (struct saving){
		.unsaved = { .overlay = overlay },
		.after = after,
		.is_due = is_due,
		.arg = arg,
	};
	s->timer = evtimer_new(base, timer_cb, s);
	return s->timer == NULL ? -1 : 0;
}

void
saving_end(struct saving *s)
{
	if (s->timer != NULL)
		event_free(s->timer);
	datatable_free(s->table);
}

int
saving_reserve(struct saving *s)
{
	if (s->table == NULL)
		s->table = datatable_new(s->unsaved.overlay);
	return s->table == NULL ? -1 : 0;
}

void
saving_add(struct saving *s, const struct datatable_change *change)
{
	unsaved_add(&s->unsaved, change);
	if (!evtimer_pending(s->timer, NULL))
		evtimer_add(s->timer, &s->after);
}

bool
saving_needs(struct saving *s, const struct datatable_change *change)
{
	s->due = s->due || unsaved_has(&s->unsaved, change);
	return s->due;
}

void
saving_hurry(struct saving *s)
{
	s->due = s->due || s->unsaved.any;
}

bool
saving_is_due(const struct saving *s)
{
	return s->due;
}

void
saving_take(struct saving *s, struct batch *b, const struct datatable *table)
{
	if (!s->due)
		return;
	datatable_copy(s->table, table);
	batch_set_table(b, s->table);
	unsaved_clear(&s->unsaved);
	evtimer_del(s->timer);
	s->due = false;
}

void
saving_give_back(struct saving *s, const struct batch *b)
{
	s->due = s->due || batch_table(b) != NULL;
}
