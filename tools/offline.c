/* SPDX-License-Identifier: MIT
 *
 * A cairnd for the time of one verb: see offline.h.
 */
#include "tools/offline.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "tools/client.h"
#include "tools/reader.h"

#define POLL_US 20000

/* What it was started with the last time stands in DIR/state: the dataset's
 * name is in every id. */
struct start {
	char dir[512], dataset[64], callsign[16];
};

static void member_copy(char *dst, size_t cap, const struct json *state,
			const char *key)
{
	struct span s = json_string(json_get(state, key));

	snprintf(dst, cap, "%.*s", (int)s.n, s.n ? (const char *)s.p : "");
}

static void start_read(struct start *s)
{
	struct json *state;

	*s = (struct start){ .dir = "" };
	client_dir(s->dir);
	state = reader_state(s->dir);
	member_copy(s->dataset, sizeof(s->dataset), state, "dataset");
	member_copy(s->callsign, sizeof(s->callsign), state, "callsign");
	json_free(state);
}

/* The cairnd beside this program, else the one in the path. It ends with this
 * program, however that ends (Ctrl-C, a pipe that nobody reads). */
static void daemon_exec(const struct start *s, pid_t parent)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);
	const char *args[] = { "cairnd", "--offline", "-d", s->dir, NULL, NULL,
			       NULL, NULL, NULL };
	size_t at = 4;

	if (s->dataset[0]) {
		args[at++] = "--dataset";
		args[at++] = s->dataset;
	}
	if (s->callsign[0]) {
		args[at++] = "--callsign";
		args[at++] = s->callsign;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_CODE_FAILED);
	path[n < 0 ? 0 : n] = 0;
	strcat(path, "d");	/* cairn -> cairnd */
	execv(path, (char *const *)(void *)args);
	execvp("cairnd", (char *const *)(void *)args);
	fprintf(stderr, "cairn: cairnd is not there\n");
	_exit(EXIT_CODE_FAILED);
}

/* Until it answers, or has given up: its words are on stderr then. */
static int daemon_wait(struct offline *o, const struct start *s)
{
	int status;

	while ((o->fd = ctl_connect(s->dir)) < 0) {
		if (waitpid(o->pid, &status, WNOHANG) == o->pid) {
			o->pid = 0;
			return WIFEXITED(status) && WEXITSTATUS(status) ?
			       WEXITSTATUS(status) : EXIT_CODE_FAILED;
		}
		usleep(POLL_US);
	}
	return EXIT_CODE_OK;
}

int offline_open(struct offline *o, const char *verb)
{
	pid_t self = getpid();
	struct start s;

	start_read(&s);
	*o = (struct offline){ .fd = ctl_connect(s.dir) };
	if (o->fd >= 0)
		return EXIT_CODE_OK;
	if (o->fd == -EACCES || o->fd == -EPERM)
		return client_connect(verb, &o->fd);	/* says so */
	o->pid = fork();
	if (o->pid == 0)
		daemon_exec(&s, self);
	if (o->pid < 0) {
		o->pid = 0;
		fprintf(stderr, "cairn: %s: no process: %s\n", verb,
			strerror(errno));
		return EXIT_CODE_FAILED;
	}
	return daemon_wait(o, &s);
}

void offline_close(struct offline *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (!o->pid)
		return;
	kill(o->pid, SIGTERM);
	waitpid(o->pid, NULL, 0);
}
