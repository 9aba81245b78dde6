#include "page/page.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/compress.h"
#include "http/etag.h"
#include "http/request.h"

#define POLICY                                                                 \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"connect-src 'self'; img-src 'self' data:; base-uri 'none'; "          \
	"form-action 'none'; frame-ancestors"

const struct page_asset *
page_find(const char *path)
{
	const struct page_asset *asset = page_assets;

	while (asset->path != NULL && strcmp(asset->path, path) != 0)
		asset++;
	return asset->path == NULL ? NULL : asset;
}

/* Append text to a policy, or only count it. Returns the new end. */
static size_t
append(char *policy, size_t end, const char *text)
{
	size_t length = strlen(text);

	if (policy != NULL)
		memcpy(policy + end, text, length + 1);
	return end + length;
}

/* Write the policy, or only count its bytes. */
static size_t
write_policy(char *policy, const char *const *frames, size_t count)
{
	size_t end = append(policy, 0, POLICY);

	if (count == 0)
		end = append(policy, end, " 'none'");
	for (size_t i = 0; i < count; i++) {
		bool self = strcmp(frames[i], "self") == 0;

		end = append(policy, end, " ");
		end = append(policy, end, self ? "'self'" : frames[i]);
	}
	return end;
}

char *
page_policy_new(const char *const *frames, size_t count)
{
	char *policy = malloc(write_policy(NULL, frames, count) + 1);

	if (policy != NULL)
		write_policy(policy, frames, count);
	return policy;
}

/* Whether the client has asset in its cache. */
static bool
is_cached(const struct http_request *request, const struct page_asset *asset)
{
	return etag_is_named(
	    http_request_header(request, "If-None-Match"), asset->etag);
}

/* The packed form has the same content, but other bytes. */
static void
add_validator(
    struct http_request *request, const struct page_asset *asset, bool packed)
{
	char etag[64];

	snprintf(etag, sizeof(etag), "%s%s", packed ? "W/" : "", asset->etag);
	http_request_add_header(request, "ETag", etag);
	if (asset->packed_size != 0)
		http_request_add_header(request, "Vary", "Accept-Encoding");
}

void
page_reply(struct http_request *request, const struct page_asset *asset,
    const char *policy)
{
	const bool packed = asset->packed_size != 0 &&
	    compress_is_accepted(
		http_request_header(request, "Accept-Encoding"));
	struct evbuffer *body = evbuffer_new();

	add_validator(request, asset, packed);
	http_request_add_header(request, "Cache-Control", "no-cache");
	http_request_add_header(request, "Content-Security-Policy", policy);
	if (is_cached(request, asset))
		http_request_reply(request, 304, NULL, NULL);
	else if (body == NULL ||
	    evbuffer_add_reference(body, packed ? asset->packed : asset->data,
		packed ? asset->packed_size : asset->size, NULL, NULL) != 0)
		http_request_fail(request, 500, "out of memory");
	else {
		if (packed)
			http_request_add_header(
			    request, "Content-Encoding", "gzip");
		http_request_reply(request, 200, asset->type, body);
	}
	if (body != NULL)
		evbuffer_free(body);
}
