#include "api/point_request.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "base/utf8.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/points.h"

const struct points *
api_points(struct http_request *request)
{
	const struct api *api = request->context;

	if (api->config.points == NULL)
		http_request_fail(request, 404,
		    "this server has no points: --points would name them");
	return api->config.points;
}

void
api_fail_no_point(struct http_request *request, const char *name, size_t length)
{
	if (length == 0 || length > POINT_NAME_MAX ||
	    memchr(name, '\0', length) != NULL || !utf8_is_valid(name, length))
		http_request_fail(request, 404,
		    "points: expected a name: 1 to %d bytes of UTF-8",
		    POINT_NAME_MAX);
	else
		http_request_fail(request, 404,
		    "points: \"%.*s\": no such point", (int)length, name);
}

const struct point *
api_point_of_path(struct http_request *request)
{
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->evhttp));
	const struct points *points = api_points(request);
	const struct point *p;
	size_t length;
	char *name;

	if (points == NULL)
		return NULL;
	name = evhttp_uridecode(path + strlen(API_POINT_PATH), 0, &length);
	if (name == NULL) {
		http_request_fail(request, 500, "out of memory");
		return NULL;
	}
	p = points_find(points, name, length);
	if (p == NULL)
		api_fail_no_point(request, name, length);
	free(name);
	return p;
}

int
api_point_of_query(struct http_request *request, struct parameters *q,
    const struct point **point)
{
	static const char *const others[] = { "address", "quantity", "kind" };
	const char *name = parameters_text(q, "point");
	const struct points *points;

	*point = NULL;
	if (name == NULL || q->error[0] != '\0')
		return 0; /* the handler tells the error */
	points = api_points(request);
	if (points == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (parameters_text(q, others[i]) != NULL) {
			http_request_fail(request, 400,
			    "%s: expected none beside a point", others[i]);
			return -1;
		}
	*point = points_find(points, name, strlen(name));
	if (*point != NULL)
		return 0;
	api_fail_no_point(request, name, strlen(name));
	return -1;
}
