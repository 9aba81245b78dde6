#include "http/compress.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "suite.h"

static const struct {
	const char *header;
	bool accepted;
} headers[] = {
	{ NULL, false },
	{ "", false },
	{ "gzip", true },
	{ "GZip", true },
	{ "x-gzip", true },
	{ "gzip, deflate, br, zstd", true }, /* Chromium */
	{ "deflate, gzip, br", true },       /* curl */
	{ "deflate,gzip;q=1.0,*;q=0.5", true },
	{ "br", false },
	{ "gzipped", false },
	{ "gzi", false },
	{ "*", true },
	{ "*;q=0", false },
	{ "*;q=0, gzip", true },
	{ "*, gzip;q=0", false },
	{ "gzip;q=0", false },
	{ "gzip;q=0.0", false },
	{ "gzip;q=0.000", false },
	{ "gzip;q=0.001", true },
	{ "gzip ; q=0.5", true },
	{ "gzip\t;\tQ=0.5 ,br", true },
	{ "gzip;q=1.000", true },
	{ "gzip;q=1.001", false },
	{ "gzip;q=2", false },
	{ "gzip;q=", false },
	{ "gzip;q=.5", false },
	{ "gzip;q=0.5555", false },
	{ "gzip;q=-1", false },
	{ "gzip;level=9", false },
	{ "gzip;", false },
	{ "gzip;q=0.5, identity", false },
	{ "gzip;q=0.5, identity;q=0.4", true },
	{ "gzip;q=0.5, identity;q=0.5", true },
	{ "identity;q=0", false },
	{ "identity", false },
	{ ",, ,gzip", true },
	{ ", ,;q=1", false },
	{ "gzip gzip", false },
};

START_TEST(what_a_client_accepts)
{
	ck_assert_msg(
	    compress_is_accepted(headers[_i].header) == headers[_i].accepted,
	    "%s", headers[_i].header);
}
END_TEST

START_TEST(texts_suit)
{
	ck_assert(compress_suits("application/json"));
	ck_assert(compress_suits("application/x-ndjson"));
	ck_assert(compress_suits("application/x-pcapng"));
	ck_assert(compress_suits("text/html; charset=utf-8"));
	ck_assert(compress_suits("text/plain; version=0.0.4"));
	ck_assert(!compress_suits("text/event-stream"));
	ck_assert(!compress_suits("image/png"));
	ck_assert(!compress_suits(""));
}
END_TEST

/* What gzip makes of it. Returns the length. */
static size_t
unpack(struct evbuffer *packed, char *text, size_t room)
{
	size_t length = evbuffer_get_length(packed);
	z_stream z = { .next_in = evbuffer_pullup(packed, -1),
		.avail_in = (uInt)length,
		.next_out = (unsigned char *)text,
		.avail_out = (uInt)room };

	ck_assert_int_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq(z.avail_in, 0);
	inflateEnd(&z);
	return z.total_out;
}

static const size_t lengths[] = { 0, 1, COMPRESS_STEP - 1, COMPRESS_STEP,
	COMPRESS_STEP + 1, 10 * COMPRESS_STEP + 7 };

START_TEST(what_is_packed_is_unpacked)
{
	const bool random = _i % 2 != 0, in_parts = _i / 2 % 2 != 0;
	const size_t length = lengths[_i / 4];
	struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
	struct compress *c = compress_new();
	char *text = malloc(length + 1), *back = malloc(length + 1);
	unsigned steps = 0;

	for (size_t i = 0; i < length; i++)
		text[i] = (char)(random ? rand() : "12345,"[i % 6]);
	evbuffer_add(in, text, in_parts ? length / 2 : length);
	if (in_parts) {
		while (compress_step(c, in, out, false) == COMPRESS_MORE)
			steps++;
		ck_assert_uint_eq(evbuffer_get_length(in), 0);
		evbuffer_add(in, text + length / 2, length - length / 2);
	}
	while (compress_step(c, in, out, true) == COMPRESS_MORE)
		steps++;
	ck_assert_uint_le(steps, length / COMPRESS_STEP);
	ck_assert_uint_eq(evbuffer_get_length(in), 0);
	if (!random && length > COMPRESS_STEP)
		ck_assert_uint_lt(evbuffer_get_length(out), length / 50);
	ck_assert_uint_eq(unpack(out, back, length + 1), length);
	ck_assert_mem_eq(back, text, length);
	compress_free(c);
	evbuffer_free(in);
	evbuffer_free(out);
	free(text);
	free(back);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("compress");
	TCase *tc = tcase_create("compress");

	tcase_add_loop_test(tc, what_a_client_accepts, 0,
	    (int)(sizeof(headers) / sizeof(*headers)));
	tcase_add_test(tc, texts_suit);
	tcase_add_loop_test(tc, what_is_packed_is_unpacked, 0,
	    4 * (int)(sizeof(lengths) / sizeof(*lengths)));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
