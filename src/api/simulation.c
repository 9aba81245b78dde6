#include "api/simulation.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/context.h"
#include "api/metric.h"
#include "api/submit.h"
#include "api/text_writer.h"
#include "base/log.h"
#include "http/body.h"
#include "http/parameters.h"
#include "http/request.h"
#include "simulation/simulation.h"

void
simulation_write_status(const struct simulation *s, struct text_writer *t)
{
	const struct simulation_figures f = simulation_figures(s);

	text_writer_add(t,
	    "{\"running\":%s,\"points\":%zu,\"seed\":%" PRIu64
	    ",\"ticks\":%" PRIu64 ",\"skipped\":%" PRIu64
	    ",\"refused\":%" PRIu64 "}",
	    simulation_is_running(s) ? "true" : "false", simulation_points(s),
	    simulation_seed(s), f.ticks, f.skipped, f.refused);
}

void
simulation_write_metrics(const struct simulation *s, struct text_writer *t)
{
	const struct simulation_figures f = simulation_figures(s);

	metric_add_one(t, "simulation_running", "gauge",
	    "1, or 0 while the simulation is paused.",
	    simulation_is_running(s));
	metric_add_one(t, "simulation_submissions_total", "counter",
	    "Submissions of the simulation, each of values of one tick.",
	    f.submissions);
	metric_add_one(t, "simulation_points_written_total", "counter",
	    "Values of points that the simulation has written.", f.written);
	metric_add_one(t, "simulation_ticks_skipped_total", "counter",
	    "Ticks of the simulation whose time had passed.", f.skipped);
	metric_add_one(t, "simulation_refused_total", "counter",
	    "Submissions of the simulation that were refused.", f.refused);
}

/* Returns the simulation, or NULL after a reply that there is none. */
static struct simulation *
simulation_of(struct http_request *request)
{
	const struct api *api = request->context;

	if (api->config.simulation == NULL)
		http_request_fail(request, 404,
		    "nothing is simulated: --simulate would move points");
	return api->config.simulation;
}

static void
reply(struct http_request *request, const struct simulation *s)
{
	struct evbuffer *body = http_request_new_body(request);
	struct text_writer t;

	if (body == NULL)
		return;
	text_writer_begin(&t, body);
	simulation_write_status(s, &t);
	text_writer_add(&t, "\n");
	if (text_writer_end(&t) != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply_json_text(request, body);
	evbuffer_free(body);
}

void
api_get_simulation(struct http_request *request)
{
	const struct simulation *s = simulation_of(request);
	struct parameters q;

	if (s == NULL)
		return;
	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else
		reply(request, s);
}

static void
set_running(
    const struct http_request *request, struct simulation *s, bool running)
{
	char who[ADDRESS_TEXT_MAX];

	if (running == simulation_is_running(s))
		return;
	simulation_set_running(s, running);
	log_line(LOG_WARN, "simulate: %s over HTTP by %s",
	    running ? "resumed" : "paused",
	    address_format(&request->client.address, who));
}

/* Returns 0, or -1 with an error. */
static int
read_running(json_t *body, bool *running, char *error)
{
	static const char *const name = "running";
	json_t *member;

	if (body_members(body, &name, 1, &member, error) != 0)
		return -1;
	if (!json_is_boolean(member)) {
		snprintf(
		    error, BODY_ERROR_MAX, "running: expected true or false");
		return -1;
	}
	*running = json_is_true(member);
	return 0;
}

void
api_put_simulation(struct http_request *request)
{
	struct simulation *s = simulation_of(request);
	char error[BODY_ERROR_MAX];
	bool running;
	json_t *body;

	if (s == NULL || !api_allows_write(request) ||
	    !api_is_writer(request) || (body = api_take_body(request)) == NULL)
		return;
	if (read_running(body, &running, error) != 0) {
		http_request_fail(request, 400, "%s", error);
	} else {
		set_running(request, s, running);
		reply(request, s);
	}
	json_decref(body);
}
