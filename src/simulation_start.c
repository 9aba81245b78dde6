#include "simulation_start.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "options.h"
#include "simulation/simulation.h"
#include "system/error.h"

int
simulation_start_new(
    const struct options *o, const struct points *ps, struct simulation **s)
{
	char error[SERIES_ERROR_MAX];

	*s = NULL;
	if (!o->simulate || ps == NULL)
		return EX_OK;
	*s = simulation_new(ps, o->overlay, o->seed, error);
	if (*s != NULL)
		return EX_OK;
	log_line(LOG_ERROR, "simulate: %s", error);
	return EX_CONFIG;
}

int
simulation_start_run(const struct options *o, struct simulation *s,
    const struct simulation_world *world)
{
	if (s == NULL)
		return EX_OK;
	if (simulation_start(s, world) != 0) {
		log_line(LOG_ERROR, "start: simulation: %s", error_text(errno));
		return EX_OSERR;
	}
	if (simulation_points(s) == 0)
		return EX_OK;
	log_line(LOG_WARN,
	    "simulate: %zu points move by themselves, seed %" PRIu64,
	    simulation_points(s), simulation_seed(s));
	if (o->state != NULL)
		log_line(LOG_INFO,
		    "simulate: their values are kept in the table, not in the "
		    "journal");
	return EX_OK;
}
