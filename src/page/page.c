#include "page/page.h"

#include <string.h>

const struct page_asset *
page_find(const struct page_asset *assets, const char *path)
{
	for (; assets->path != NULL; assets++)
		if (strcmp(assets->path, path) == 0)
			return assets;
	return NULL;
}
