/*
 * Injects failures: of memory, and of the system calls that the server and
 * libevent make. Everything is counted; nothing fails unless a plan says so,
 * and only while armed.
 *
 * How they get in between: libevent's and OpenSSL's memory through their own
 * hooks; malloc, calloc, free, accept4, recv and send of our code through the
 * linker's --wrap; readv, writev, ioctl, epoll_ctl and epoll_wait of libevent,
 * read and write of OpenSSL, which are shared libraries, by being defined in
 * the program, which the dynamic linker prefers to libc.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inject_kind {
	INJECT_EVENT_MEMORY, /* libevent's malloc and realloc */
	INJECT_OWN_MEMORY,   /* malloc and calloc in our code */
	INJECT_ACCEPT,       /* accept4 */
	INJECT_TLS_MEMORY,   /* OpenSSL's malloc and realloc */
	INJECT_READ,         /* recv, readv, recvmsg: errors, the end, fewer
				bytes */
	INJECT_WRITE,        /* send, writev, sendmsg: errors, fewer bytes */
	INJECT_IOCTL,        /* ioctl FIONREAD: an error */
	INJECT_EPOLL,        /* epoll_ctl to add or modify: no memory */
	INJECT_WAIT,         /* epoll_wait: interrupted */
	INJECT_KINDS         /* how many there are */
};

#define INJECT_ALL ((1U << INJECT_KINDS) - 1)

struct inject_plan {
	unsigned kinds;  /* a bit, 1 << kind, for each that fails */
	uint64_t first;  /* the call that fails, of all these; 1 is the first */
	uint64_t row;    /* how many fail from there on */
	unsigned one_in; /* instead: each call fails with this probability */
	uint64_t seed;   /* then, not 0 */
	unsigned variant; /* which failure, of those that a call can have */
};

struct inject_counts {
	uint64_t calls; /* while armed */
	uint64_t failed;
};

extern const char *const inject_names[INJECT_KINDS];

/* Put the hooks into libevent and OpenSSL; before anything else is asked of
 * them. */
void inject_install(void);

/* Begin anew: this plan, counts of 0, not armed. */
void inject_begin(const struct inject_plan *plan);

/* From now on count and fail, or let everything pass. */
void inject_arm(bool armed);

/* Begin anew, armed: the n-th call of a kind fails. */
void inject_nth(enum inject_kind kind, uint64_t n);

/* What has been counted since inject_begin. */
struct inject_counts inject_count(enum inject_kind kind);
uint64_t inject_failed(void);

/* Blocks of memory held now, by libevent, by OpenSSL and by our code. */
size_t inject_live_event(void);
size_t inject_live_tls(void);
size_t inject_live_own(void);

/* How many failures a call of this kind can have. */
unsigned inject_variants(enum inject_kind kind);

/* For the calls themselves: whether this one is to fail; then variant says
 * how, 0..inject_variants(kind) - 1. */
bool inject_now(enum inject_kind kind, unsigned *variant);

/* A random number below limit, from the plan's seed. */
unsigned inject_random(unsigned limit);

#endif
