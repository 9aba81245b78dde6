#include "health/reply.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "modbus/mbap.h"

#define PATH "/healthz"

/* Transaction 1, unit 255: the server itself; data that is sent back. */
static const uint8_t modbus_question[] = { 0, 1, 0, 0, 0, 6, 255,
	MB_FC_DIAGNOSTICS, 0, MB_DIAGNOSTICS_RETURN_QUERY_DATA, 0xA5, 0x37 };

size_t
health_modbus_question(const struct address *at, uint8_t *question)
{
	(void)at;
	memcpy(question, modbus_question, sizeof(modbus_question));
	return sizeof(modbus_question);
}

size_t
health_http_question(const struct address *at, uint8_t *question)
{
	char where[ADDRESS_TEXT_MAX];

	return (size_t)snprintf((char *)question, HEALTH_QUESTION_MAX,
	    "GET " PATH " HTTP/1.0\r\nHost: %s\r\n\r\n",
	    address_format(at, where));
}

static enum health_verdict
unwell(const char *text, char *why)
{
	printable(text, why);
	return HEALTH_UNWELL;
}

/* For a reply that is not complete. */
static enum health_verdict
incomplete(size_t length, bool ended, char *why)
{
	if (ended)
		return unwell(length == 0 ?
			"the connection was closed without a reply" :
			"the connection was closed amid the reply",
		    why);
	if (length >= HEALTH_REPLY_MAX)
		return unwell("the reply is too long", why);
	return HEALTH_WAIT;
}

enum health_verdict
health_modbus_judge(const uint8_t *reply, size_t length, bool ended, char *why)
{
	struct mbap_frame frame;

	switch (mbap_parse(reply, length, &frame)) {
	case MBAP_PARTIAL:
		return incomplete(length, ended, why);
	case MBAP_BAD_PROTOCOL:
	case MBAP_BAD_LENGTH:
		return unwell("the reply is not Modbus/TCP", why);
	case MBAP_READY:
		break;
	}
	if (frame.length == sizeof(modbus_question) &&
	    memcmp(frame.adu, modbus_question, frame.length) == 0)
		return HEALTH_WELL;
	return unwell("the reply is not that of Return Query Data", why);
}

/* The status of a reply to HTTP, or 0. */
static unsigned
status_of(const char *reply)
{
	unsigned status = 0;

	if (strncmp(reply, "HTTP/1.", 7) != 0 ||
	    !isdigit((unsigned char)reply[7]) || reply[8] != ' ')
		return 0;
	for (size_t i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)reply[i]))
			return 0;
		status = status * 10 + (unsigned)(reply[i] - '0');
	}
	return status;
}

/* The first line of the body, which says what is wrong. */
static enum health_verdict
body_of(const char *reply, unsigned status, char *why)
{
	const char *body = strstr(reply, "\r\n\r\n");
	char text[PRINTABLE_SIZE];

	body = body == NULL ? "" : body + 4;
	snprintf(text, sizeof(text), "%u %.*s", status,
	    (int)strcspn(body, "\r\n"), body);
	return unwell(text, why);
}

enum health_verdict
health_http_judge(const uint8_t *reply, size_t length, bool ended, char *why)
{
	const char *text = (const char *)reply;
	unsigned status;

	assert(reply[length] == 0);
	if (!ended && length < HEALTH_REPLY_MAX)
		return HEALTH_WAIT;
	if (length == 0)
		return incomplete(length, ended, why);
	status = status_of(text);
	if (status == 0)
		return unwell("the reply is not HTTP", why);
	return status == 200 ? HEALTH_WELL : body_of(text, status, why);
}
