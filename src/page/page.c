#include "page/page.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <string.h>

#include "http/request.h"

/* The page loads nothing from elsewhere, and no other page embeds it. */
#define CONTENT_SECURITY                                                       \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"connect-src 'self'; img-src 'self' data:; base-uri 'none'; "          \
	"form-action 'none'; frame-ancestors 'none'"

const struct page_asset *
page_find(const char *path)
{
	const struct page_asset *asset = page_assets;

	while (asset->path != NULL && strcmp(asset->path, path) != 0)
		asset++;
	return asset->path == NULL ? NULL : asset;
}

/* Whether the client has asset in its cache. */
static bool
is_cached(const struct http_request *request, const struct page_asset *asset)
{
	const char *etag = http_request_header(request, "If-None-Match");

	return etag != NULL && strcmp(etag, asset->etag) == 0;
}

void
page_reply(struct http_request *request, const struct page_asset *asset)
{
	struct evbuffer *body = evbuffer_new();

	http_request_add_header(request, "ETag", asset->etag);
	http_request_add_header(request, "Cache-Control", "no-cache");
	http_request_add_header(
	    request, "Content-Security-Policy", CONTENT_SECURITY);
	if (is_cached(request, asset))
		http_request_reply(request, 304, NULL, NULL);
	else if (body == NULL ||
	    evbuffer_add_reference(
		body, asset->data, asset->size, NULL, NULL) != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply(request, 200, asset->type, body);
	if (body != NULL)
		evbuffer_free(body);
}
