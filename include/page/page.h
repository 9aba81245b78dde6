/*
 * The page: files compiled into the program. CMake turns src/http/page/ into
 * page_assets when the program is built (cmake/embed.cmake).
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stddef.h>

struct page_asset {
	const char *path; /* "/" for index.html; NULL ends the table */
	const char *type; /* media type */
	const char *etag; /* with its quotes */
	const unsigned char *data;
	size_t size;
};

extern const struct page_asset page_assets[];

/* The asset of exactly that path, or NULL. */
const struct page_asset *
page_find(const struct page_asset *assets, const char *path);

#endif
