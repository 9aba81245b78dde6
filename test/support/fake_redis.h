/* A Redis that a test plays: it sees each byte of a command, and answers what
 * it likes. To be used with one_engine. */
#ifndef FAKE_REDIS_H
#define FAKE_REDIS_H

#include <stddef.h>

enum fake_side {
	READER, /* the connection that came first */
	WRITER,
};

#define MASTER "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"

/* Listen on IPv4 loopback, at a port that the system chooses. */
void fake_begin(void);
void fake_end(void);

/* A socket with a port of IPv4 loopback that nobody listens at: whoever
 * connects there is refused. To be closed by the caller. */
int fake_deaf(void);
unsigned fake_port_of(int fd);

/* Its port; and a URL, with what stands in front of the host. Static. */
unsigned fake_port(void);
const char *fake_url(const char *credentials);

/* Wait for a command, which must be these words, separated by '|', and nothing
 * else. */
void expect(enum fake_side side, const char *words);

/* Wait for these bytes. */
void expect_bytes(enum fake_side side, const char *bytes, size_t length);

/* Send bytes at once; or one by one, each in a turn of its own. */
void answer(enum fake_side side, const char *text);
void answer_slowly(enum fake_side side, const char *text);
void answer_bytes(enum fake_side side, const char *bytes, size_t length);

/* Close a connection, or both. */
void fake_close(enum fake_side side);
void fake_close_all(void);

/* Connect the engine, until it is ready; or where it connects already. */
void fake_connect(void);
void fake_welcome(void);

#endif
