/*
 * The page: files that are compiled into the program. CMake turns src/page/
 * into page_assets when the program is built (cmake/embed.cmake).
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stddef.h>

struct http_request;

struct page_asset {
	const char *path; /* "/" for index.html; NULL ends the table */
	const char *type; /* media type */
	const char *etag; /* including its quotation marks */
	const unsigned char *data;
	size_t size;
	const unsigned char *packed; /* the same, compressed by gzip */
	size_t packed_size;          /* 0: it would gain nothing */
};

extern const struct page_asset page_assets[];

/* The asset of exactly that path, or NULL. */
const struct page_asset *page_find(const char *path);

/*
 * The policy of the page, for browsers: it loads nothing from elsewhere, and
 * only pages of the origins in frames embed it; "self" is its own origin.
 * Returns a text that the caller frees, or NULL when memory is exhausted.
 */
char *page_policy_new(const char *const *frames, size_t count);

/* Reply with an asset and the policy, or with 304 when the client has it in its
 * cache. */
void page_reply(struct http_request *request, const struct page_asset *asset,
    const char *policy);

#endif
