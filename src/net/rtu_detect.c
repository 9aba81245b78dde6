#include "net/rtu_detect.h"

#include "modbus/rtu.h"

/* The entry of a host. If there is none, the entry with the oldest frame
 * becomes that of this host. */
static struct rtu_suspect *
find(struct rtu_detect *d, const struct address *host)
{
	struct rtu_suspect *oldest = d->hosts;

	for (size_t i = 0; i < RTU_DETECT_HOSTS; i++) {
		struct rtu_suspect *s = &d->hosts[i];

		if (s->frames != 0 && address_same_host(&s->host, host))
			return s;
		if (s->last < oldest->last)
			oldest = s;
	}
	*oldest = (struct rtu_suspect){ .host = *host };
	return oldest;
}

bool
rtu_detect(struct rtu_detect *d, const struct address *host, uint64_t now,
    const uint8_t *bytes, size_t length)
{
	size_t frames = rtu_count_requests(bytes, length);
	struct rtu_suspect *s;

	if (frames == 0)
		return false;
	s = find(d, host);
	if (now - s->last > RTU_DETECT_MEMORY_MS) {
		s->frames = 0;
		s->reported = false;
	}
	s->frames += frames;
	s->last = now;
	if (s->reported || s->frames < RTU_DETECT_FRAMES)
		return false;
	s->reported = true;
	return true;
}
