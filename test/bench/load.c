/*
 * mbload: load for a Modbus/TCP server, from one thread, every response
 * checked. Prints one figure a line: its name, a space, a number.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "asker.h"

static const char usage[] =
    "usage: mbload [OPTION...] HOST PORT\n"
    "  --connections N  default 50\n"
    "  --pipeline N     requests a connection asks at a time, default 1\n"
    "  --workload NAME  what to ask, default read10, see below\n"
    "  --requests N     stop after N requests\n"
    "  --seconds N      stop after so long, default 1\n"
    "  --no-data        the server has no table: do not judge contents\n"
    "  --step           print \"ready\" when connected and wait for a line;\n"
    "                   print \"done\" and keep the connections until EOF\n"
    "  --pause PID      stop the server while a burst of requests is sent\n"
    "  --burst N        connections in a burst, default 10\n"
    "  --tls FOLDER     over TLS, with the files of scripts/test-certificates\n"
    "workloads:\n";

struct settings {
	struct plan plan;
	uint64_t requests;
	double seconds;
	int step;
	int no_data;
	struct secure_files tls;
	char paths[3][4096];
};

static void
fail_usage(void)
{
	fputs(usage, stderr);
	workload_list();
	exit(2);
}

static uint32_t
number(const char *text, uint32_t lowest, uint32_t highest)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < lowest ||
	    value > highest)
		asker_fail(
		    "%s: not %" PRIu32 " to %" PRIu32, text, lowest, highest);
	return (uint32_t)value;
}

/* A client that may do all. */
static void
choose_tls(struct settings *s, const char *folder)
{
	static const char *const names[] = { "manager.pem", "manager.key",
		"ca.pem" };

	for (size_t i = 0; i < 3; i++)
		snprintf(s->paths[i], sizeof(s->paths[i]), "%s/%s", folder,
		    names[i]);
	s->tls = (struct secure_files){ s->paths[0], s->paths[1], s->paths[2] };
	s->plan.tls = &s->tls;
	/* OpenSSL writes to connections that are lost without more ado. */
	signal(SIGPIPE, SIG_IGN);
}

static void
parse(int argc, char **argv, struct settings *s)
{
	const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' },
		{ "pipeline", required_argument, NULL, 'p' },
		{ "workload", required_argument, NULL, 'w' },
		{ "requests", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "pause", required_argument, NULL, 'P' },
		{ "burst", required_argument, NULL, 'b' },
		{ "tls", required_argument, NULL, 't' },
		{ "no-data", no_argument, &s->no_data, 1 },
		{ "step", no_argument, &s->step, 1 },
		{ NULL, 0, NULL, 0 },
	};
	struct plan *p = &s->plan;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 0:
			break;
		case 'c':
			p->connections = number(optarg, 1, 100000);
			break;
		case 'p':
			p->pipeline = number(optarg, 1, 1000);
			break;
		case 'w':
			p->workload = optarg;
			break;
		case 'r':
			s->requests = number(optarg, 0, UINT32_MAX);
			s->seconds = 0;
			break;
		case 's':
			s->seconds = number(optarg, 1, 86400);
			break;
		case 'P':
			p->paused = (pid_t)number(optarg, 1, INT32_MAX);
			break;
		case 'b':
			p->burst = number(optarg, 1, 100000);
			break;
		case 't':
			choose_tls(s, optarg);
			break;
		default:
			fail_usage();
		}
	}
	if (argc - optind != 2)
		fail_usage();
	p->host = argv[optind];
	p->port = argv[optind + 1];
	p->data = !s->no_data;
}

static void
raise_descriptor_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* Processor time of this program in seconds. */
static double
used_time(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	    (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* Say where we are, and wait for a line, or the end of the input. */
static void
step(const struct settings *s, const char *where)
{
	char line[16];

	if (!s->step)
		return;
	puts(where);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return;
}

static void
print_latency(const struct latency *l)
{
	printf("p50_us %.1f\n", (double)latency_percentile(l, 0.5) / 1e3);
	printf("p99_us %.1f\n", (double)latency_percentile(l, 0.99) / 1e3);
	printf("max_us %.1f\n", (double)l->highest / 1e3);
}

static void
run(const struct settings *s, struct asker *a)
{
	static struct latency latency;
	double used = used_time();
	uint64_t start = asker_now();
	uint64_t requests = asker_run(a, s->requests, s->seconds, &latency);
	double seconds = (double)(asker_now() - start) / 1e9;
	double rate = (double)requests / seconds;

	printf("requests %" PRIu64 "\n", requests);
	printf("seconds %.6f\n", seconds);
	printf("requests_per_s %.0f\n", rate);
	printf("registers_per_s %.0f\n", rate * asker_registers(a));
	print_latency(&latency);
	/* Near 1, the load is the limit, not the server. */
	printf("load_busy %.3f\n", (used_time() - used) / seconds);
}

int
main(int argc, char **argv)
{
	static struct settings s;
	struct asker *a;

	s = (struct settings){
		.plan = { .workload = "read10",
		    .connections = 50,
		    .pipeline = 1,
		    .burst = 10 },
		.requests = UINT64_MAX,
		.seconds = 1,
	};
	parse(argc, argv, &s);
	raise_descriptor_limit();
	a = asker_new(&s.plan);
	step(&s, "ready");
	run(&s, a);
	step(&s, "done");
	asker_confirm(a);
	asker_free(a);
	return EXIT_SUCCESS;
}
