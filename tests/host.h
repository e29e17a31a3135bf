/* SPDX-License-Identifier: MIT
 *
 * cairnd in this process, for a benchmark and a test: its loop is turned by
 * the caller, its one port is a KISS server on another thread.
 */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "lib/base/report.h"

/* ---- the sender ---- */

struct sender {
	int listen_fd;
	uint16_t port;
	struct span stream;
	pthread_t thread;
};

/* Sends all of it and reads what comes, until the other end closes. */
static inline void sender_talk(int fd, struct span left)
{
	uint8_t scrap[4096];

	for (;;) {
		struct pollfd p = { fd, POLLIN | (left.n ? POLLOUT : 0), 0 };
		ssize_t n;

		poll(&p, 1, -1);
		if (p.revents & (POLLIN | POLLHUP | POLLERR) &&
		    recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT) == 0)
			return;
		n = p.revents & POLLOUT ? send(fd, left.p, left.n,
				MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			left = SPAN(left.p + n, left.n - (size_t)n);
	}
}

static inline void *sender_main(void *arg)
{
	struct sender *s = arg;
	int fd = accept(s->listen_fd, NULL, NULL);

	if (fd >= 0)
		sender_talk(fd, s->stream);
	close(fd);
	close(s->listen_fd);
	return NULL;
}

static inline void sender_start(struct sender *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listen_fd, (void *)&a, sizeof(a)) ||
	    listen(s->listen_fd, 1) ||
	    getsockname(s->listen_fd, (void *)&a, &len) ||
	    pthread_create(&s->thread, NULL, sender_main, s)) {
		perror("sender");
		exit(1);
	}
	s->port = ntohs(a.sin_port);
}

/* ---- the daemon ---- */

static inline void host_configure(struct config *c, uint16_t port)
{
	char spec[64], err[CONFIG_ERROR_MAX];

	config_init(c);
	snprintf(spec, sizeof(spec), "tnc=kiss:tcp:127.0.0.1:%u", port);
	if (config_set(c, "callsign", "N0AAA-1", err) ||
	    config_set(c, "transmit", "yes", err) ||
	    config_add_port(c, spec, err) || config_finish(c, err)) {
		fprintf(stderr, "host: %s\n", err);
		exit(1);
	}
}

static inline void host_folder(const char *dir)
{
	struct rns_identity id;
	char path[300];
	int fd;

	rns_identity_generate(&id);
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/key", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, id.prv, sizeof(id.prv)) != sizeof(id.prv)) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static inline void host_remove(const char *dir)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "host: %s stays\n", dir);
}

/* In a folder with a key, connected to the sender. */
static inline struct daemon *host_open(const char *dir, struct sender *s)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int code;

	report_set_level(REPORT_ERROR);
	sender_start(s);
	host_configure(&d->config, s->port);
	if (daemon_open(d, dir, &code))
		exit(1);
	glue_start(d);
	return d;
}

static inline void host_close(struct daemon *d, struct sender *s)
{
	daemon_close(d);
	free(d);
	pthread_join(s->thread, NULL);
}
