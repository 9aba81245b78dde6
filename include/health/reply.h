/*
 * What "mbasyncserver health" sends, and what it makes of the reply: pure.
 *
 * Modbus: Return Query Data (Modbus Application Protocol V1.1b3, 6.8), which
 * touches no data and is answered whatever the rules of points allow. HTTP: GET
 * /healthz by HTTP/1.0 (RFC 1945), whose reply ends with the connection.
 */
#ifndef HEALTH_REPLY_H
#define HEALTH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/printable.h"

#define HEALTH_QUESTION_MAX 200  /* bytes of any question */
#define HEALTH_REPLY_MAX    8192 /* bytes that are looked at */

enum health_verdict {
	HEALTH_WAIT, /* for more of the reply */
	HEALTH_WELL,
	HEALTH_UNWELL, /* why says what is wrong */
};

/* Write the question for a server at an address; returns its length. question
 * has room for HEALTH_QUESTION_MAX bytes. */
size_t health_modbus_question(const struct address *at, uint8_t *question);
size_t health_http_question(const struct address *at, uint8_t *question);

/*
 * Judge the length bytes that have come, of which reply[length] is 0; ended:
 * there will be no more. why has room for PRINTABLE_SIZE bytes, and is one
 * line. HEALTH_WAIT is not returned when ended, or for HEALTH_REPLY_MAX bytes.
 */
enum health_verdict
health_modbus_judge(const uint8_t *reply, size_t length, bool ended, char *why);
enum health_verdict
health_http_judge(const uint8_t *reply, size_t length, bool ended, char *why);

#endif
