#include "shared_start.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "first_values_start.h"
#include "options.h"
#include "points/first_values.h"
#include "points/points.h"
#include "service/writing.h"
#include "shared/member.h"
#include "shared/redis.h"
#include "system/error.h"
#include "system/private_file.h"
#include "system/process.h"
#include "tls/pem.h"

#define PASSWORD_MAX (SHARED_SECRET_SIZE - 1)

/* Returns an exit status. */
static int
out_of_memory(void)
{
	log_line(LOG_ERROR, "start: shared: %s", error_text(ENOMEM));
	return EX_OSERR;
}

/* The URL with the password of the file, if there is one. Returns an exit
 * status. */
static int
complete_url(const struct options *o, struct shared_url *url)
{
	const char *file = o->shared.password;
	const char *why = NULL;

	*url = o->shared.url;
	if (file != NULL)
		why = private_file_read_word(file, 1, PASSWORD_MAX,
		    "expected a line of 1 to 256 printable characters without "
		    "a space",
		    url->password);
	if (why == NULL)
		return EX_OK;
	log_line(LOG_ERROR, "start: --shared-password: \"%s\": %s", file, why);
	return EX_CONFIG;
}

/* Returns an exit status. */
static int
check_ca(const struct options *o)
{
	const char *file = o->shared.ca;
	STACK_OF(X509) *certificates = NULL;
	const char *why = NULL;

	if (file != NULL)
		why = tls_pem_certificates(file, &certificates);
	sk_X509_pop_free(certificates, X509_free);
	if (why == NULL)
		return EX_OK;
	log_line(LOG_ERROR, "start: --shared-ca: \"%s\": %s", file, why);
	return EX_CONFIG;
}

/* Returns an exit status. */
static int
read_files(const struct options *o, struct shared_url *url)
{
	int status = complete_url(o, url);

	return status == EX_OK ? check_ca(o) : status;
}

int
shared_start_check(const struct options *o)
{
	struct shared_url url;

	return read_files(o, &url);
}

size_t
shared_start_descriptors(const struct options *o)
{
	return o->shared.text == NULL ? 0 : REDIS_DESCRIPTORS;
}

/* The requests that make the first values of points, for the server that makes
 * the table. Returns 0, or -1 when there is no memory. */
static int
encode_first_values(const struct options *o, const struct points *points,
    struct shared_start *s)
{
	struct first_values *values;

	if (!o->shared.init || points == NULL)
		return 0;
	values = first_values_new(points, o->overlay, FIRST_VALUES_OVER_ZEROS);
	if (values == NULL)
		return -1;
	s->first = writing_encode(
	    first_values_writings(values), first_values_count(values));
	first_values_free(values);
	return s->first == NULL ? -1 : 0;
}

/* Returns an exit status. */
static int
new_engine(
    const struct options *o, struct event_base *base, struct engine **engine)
{
	char why[REDIS_WHY_MAX];
	struct shared_url url;
	const struct redis_config config = {
		.base = base,
		.url = &url,
		.name = o->shared.name,
		.ca = o->shared.ca,
	};
	int status = read_files(o, &url);

	if (status != EX_OK)
		return status;
	*engine = redis_new(&config, why);
	if (*engine != NULL)
		return EX_OK;
	log_line(LOG_ERROR, "start: shared: %s", why);
	return o->shared.ca != NULL ? EX_CONFIG : EX_OSERR;
}

/* Takes engine over. Returns an exit status. */
static int
new_member(const struct options *o, const struct shared_start_target *target,
    struct engine *engine, struct shared_start *s)
{
	struct member_config config = {
		.base = target->base,
		.engine = engine,
		.table = target->table,
		.overlay = o->overlay,
		.init = o->shared.init,
		.host = s->host,
		.identities = target->identities,
		.copies = o->shared.copies,
		.timeout = o->shared.timeout,
		.snapshot = o->shared.snapshot,
		.live = target->live,
		.failed = target->failed,
		.arg = target->arg,
	};

	if (config.identities == NULL)
		config.identities = &s->identities;
	if (s->first != NULL) {
		config.first = s->first->pdus;
		config.first_count = s->first->count;
	}
	s->member = member_new(&config);
	return s->member == NULL ? out_of_memory() : EX_OK;
}

int
shared_start_new(const struct options *o,
    const struct shared_start_target *target, struct shared_start *s)
{
	struct engine *engine;
	int status;

	*s = (struct shared_start){ .member = NULL };
	if (o->shared.text == NULL)
		return EX_OK;
	identities_init(&s->identities);
	if (encode_first_values(o, target->points, s) != 0)
		return out_of_memory();
	status = new_engine(o, target->base, &engine);
	return status == EX_OK ? new_member(o, target, engine, s) : status;
}

void
shared_start_connect(struct shared_start *s, uint16_t port)
{
	char name[SHARED_START_HOST_SIZE - sizeof(":65535") + 1];

	if (s->member == NULL)
		return;
	if (process_host_name(name, sizeof(name)) != 0)
		snprintf(name, sizeof(name), "localhost");
	snprintf(s->host, sizeof(s->host), "%s:%u", name, port);
	member_start(s->member);
}

void
shared_start_live(struct shared_start *s, const struct points *points,
    const struct datatable *table)
{
	free(s->first);
	s->first = NULL;
	if (points != NULL)
		first_values_start_compare(points, table);
}

void
shared_start_free(struct shared_start *s)
{
	member_free(s->member);
	free(s->first);
	*s = (struct shared_start){ .member = NULL };
}
