#include "fault/control.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault/metrics.h"
#include "fault/proxy.h"
#include "fault/rules.h"
#include "net/listener.h"
#include "suite.h"
#include "system/socket.h"

static struct event_base *base;
static struct fault_rules *rules;
static struct fault_proxy *proxy;
static struct fault_control *control;
static struct address where;

static void
begin_with(const char *token)
{
	struct fault_proxy_config proxy_config = { .max_connections = 1 };
	struct fault_control_config config = { .token = token };
	char error[FAULT_RULES_ERROR_MAX];

	base = event_base_new();
	rules = fault_rules_new(1);
	ck_assert_ptr_nonnull(rules);
	ck_assert_int_eq(fault_rules_add(rules, "close unit 1", error), 0);
	ck_assert_int_eq(address_parse("127.0.0.1:0", 0, &where), 0);
	proxy_config.base = base;
	proxy_config.rules = rules;
	proxy_config.to = where;
	proxy = fault_proxy_new(&proxy_config);
	ck_assert_ptr_nonnull(proxy);
	config.base = base;
	config.rules = rules;
	config.proxy = proxy;
	config.fd = listener_bind(&where, false);
	ck_assert_int_eq(socket_listen(config.fd), 0);
	where = listener_bound(config.fd);
	control = fault_control_new(&config);
	ck_assert_ptr_nonnull(control);
}

static void
end(void)
{
	fault_control_free(control);
	fault_proxy_free(proxy);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	fault_rules_free(rules);
}

/* The reply to a request, until the connection ends. Static. */
static const char *
ask(const char *request)
{
	static char reply[8192];
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t have = 0;
	ssize_t n = -1;

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), 0);
	ck_assert_int_eq(
	    send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	while (n != 0) {
		event_base_loop(base, EVLOOP_ONCE);
		n = recv(
		    fd, reply + have, sizeof(reply) - 1 - have, MSG_DONTWAIT);
		have += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	reply[have] = '\0';
	return reply;
}

#define HEAD(line) line " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

static void
check_reply(const char *request, const char *status, const char *text)
{
	const char *reply = ask(request);

	ck_assert_msg(strncmp(reply, status, strlen(status)) == 0, "%s", reply);
	ck_assert_msg(strstr(reply, text) != NULL, "%s", reply);
}

START_TEST(replaces_and_removes_rules)
{
	begin_with(NULL);
	check_reply(HEAD("GET /rules") "\r\n", "HTTP/1.1 200",
	    "\r\n\r\nclose unit 1\n");
	check_reply(
	    HEAD("PUT /rules") "Content-Length: 12\r\n\r\nsplit\nclose\n",
	    "HTTP/1.1 200", "\r\n\r\nsplit\nclose\n");
	ck_assert_uint_eq(fault_rules_count(rules), 2);
	check_reply(HEAD("PUT /rules") "Content-Length: 4\r\n\r\n\ncut",
	    "HTTP/1.1 400", "{\"error\":\"line 2: \\\"cut\\\": expected");
	ck_assert_uint_eq(fault_rules_count(rules), 2);
	check_reply(HEAD("DELETE /rules") "\r\n", "HTTP/1.1 200", "\r\n\r\n");
	ck_assert_uint_eq(fault_rules_count(rules), 0);
	end();
}
END_TEST

START_TEST(changes_need_the_token)
{
	begin_with("0123456789abcdef");
	check_reply(
	    HEAD("DELETE /rules") "\r\n", "HTTP/1.1 401", "--http-token");
	check_reply(HEAD("PUT /rules") "Authorization: Bearer 0123456789abcdeg"
				       "\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 401", "WWW-Authenticate: Bearer");
	ck_assert_uint_eq(fault_rules_count(rules), 1);
	check_reply(HEAD("GET /rules") "\r\n", "HTTP/1.1 200", "close");
	check_reply(
	    HEAD("DELETE /rules") "Authorization: Bearer 0123456789abcdef\r\n"
				  "\r\n",
	    "HTTP/1.1 200", "");
	ck_assert_uint_eq(fault_rules_count(rules), 0);
	end();
}
END_TEST

static const struct {
	const char *request, *status, *text;
} replies[] = {
	{ HEAD("GET /healthz") "\r\n", "HTTP/1.1 200", "\r\n\r\nok\n" },
	{ HEAD("GET /metrics") "\r\n", "HTTP/1.1 200",
	    "mbfault_rule_acts_total{rule=\"1\",text=\"close unit 1\"} 0\n" },
	{ HEAD("GET /") "\r\n", "HTTP/1.1 404", "mbfault(1)" },
	{ HEAD("POST /rules") "\r\n", "HTTP/1.1 405",
	    "Allow: GET, HEAD, PUT, DELETE, OPTIONS\r\n" },
	{ HEAD("PUT /metrics") "Content-Length: 0\r\n\r\n", "HTTP/1.1 405",
	    "Allow: GET, HEAD, OPTIONS\r\n" },
	{ HEAD("OPTIONS /rules") "\r\n", "HTTP/1.1 204", "Allow: GET" },
	{ HEAD("DELETE /rules") "Origin: http://evil.example\r\n\r\n",
	    "HTTP/1.1 403", "Origin" },
	{ "GET /rules HTTP/1.1\r\nHost: evil.example\r\n"
	  "Connection: close\r\n\r\n",
	    "HTTP/1.1 403", "Host" },
	{ HEAD("DELETE /rules") "Sec-Fetch-Site: cross-site\r\n\r\n",
	    "HTTP/1.1 403", "Sec-Fetch-Site" },
};

START_TEST(replies_to_each_path_and_who_may_ask)
{
	begin_with(NULL);
	check_reply(replies[_i].request, replies[_i].status, replies[_i].text);
	ck_assert_uint_eq(fault_rules_count(rules), 1);
	end();
}
END_TEST

START_TEST(metrics_have_each_effect_and_each_rule)
{
	struct fault_figures figures = { .accepted = 1,
		.refused = 2,
		.unreachable = 3,
		.connections = 4,
		.requests = 5,
		.replies = 6 };
	struct evbuffer *out = evbuffer_new();
	char line[100];

	rules = fault_rules_new(1);
	ck_assert_int_eq(
	    fault_rules_replace(rules, "split\nclose", 11, line), 0);
	for (int i = FAULT_PASS; i < FAULT_EFFECTS; i++)
		figures.acts[i] = 10 + (uint64_t)i;
	ck_assert_int_eq(fault_metrics_put(&figures, rules, out), 0);
	evbuffer_add(out, "", 1);
	for (int i = FAULT_PASS; i < FAULT_EFFECTS; i++) {
		snprintf(line, sizeof(line),
		    "\nmbfault_acts_total{effect=\"%s\"} %d\n",
		    fault_effect_names[i], 10 + i);
		ck_assert_ptr_nonnull(
		    strstr((char *)evbuffer_pullup(out, -1), line));
	}
	ck_assert_ptr_nonnull(
	    strstr((char *)evbuffer_pullup(out, -1), "\nmbfault_rules 2\n"));
	ck_assert_ptr_nonnull(strstr((char *)evbuffer_pullup(out, -1),
	    "\nmbfault_rule_acts_total{rule=\"2\",text=\"close\"} 0\n"));
	ck_assert_ptr_nonnull(strstr((char *)evbuffer_pullup(out, -1),
	    "\nmbfault_connections_unreachable_total 3\n"));
	evbuffer_free(out);
	fault_rules_free(rules);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_control");
	TCase *t = tcase_create("control");

	tcase_add_test(t, replaces_and_removes_rules);
	tcase_add_test(t, changes_need_the_token);
	tcase_add_loop_test(t, replies_to_each_path_and_who_may_ask, 0,
	    (int)(sizeof(replies) / sizeof(*replies)));
	tcase_add_test(t, metrics_have_each_effect_and_each_rule);
	suite_add_tcase(s, t);
	return suite_run(s);
}
