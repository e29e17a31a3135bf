/* SPDX-License-Identifier: MIT
 *
 * Running an operator's merge, bounded: see merge_program.h.
 */
#include "tools/merge_program.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/event/event.h"

#define TIME_MAX_S 10
#define MEMORY_MAX (256u << 20)

struct place {
	char program[600], folder[64];
	char file[3][80];
};

/* ---- the three files ---- */

static int file_write(const char *path, struct span s)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, s.p, s.n);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)s.n ? 0 : -EIO;
}

static int place_make(struct place *p, const char *dir, const char *name,
		      const struct span content[3])
{
	static const char *const names[] = { "base", "a", "b" };
	int err = 0;

	snprintf(p->program, sizeof(p->program), "%s/merge/%s", dir, name);
	snprintf(p->folder, sizeof(p->folder), "/tmp/cairn-merge.XXXXXX");
	if (access(p->program, X_OK))
		return -errno;
	if (!mkdtemp(p->folder))
		return -errno;
	for (int i = 0; i < 3; i++) {
		snprintf(p->file[i], sizeof(p->file[i]), "%s/%s", p->folder,
			 names[i]);
		if (file_write(p->file[i], content[i]))
			err = -EIO;
	}
	return err;
}

static void place_remove(const struct place *p)
{
	for (int i = 0; i < 3; i++)
		unlink(p->file[i]);
	rmdir(p->folder);
}

/* ---- the child ---- */

static void limit(int what, rlim_t max)
{
	struct rlimit l = { max, max };

	setrlimit(what, &l);
}

static void child(const struct place *p, int to)
{
	const char *args[] = { p->program, p->file[0], p->file[1], p->file[2],
			       NULL };
	static char path[] = "PATH=/usr/bin:/bin";
	char *const env[] = { path, NULL };
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	limit(RLIMIT_CPU, TIME_MAX_S);
	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, MEMORY_MAX);
	execve(p->program, (char *const *)(void *)args, env);
	fprintf(stderr, "cairn: resource: %s: %s\n", p->program,
		strerror(errno));
	_exit(127);
}

/* Until it has closed its output, said too much, or its time is up. */
static int output_read(struct buf *out, int from)
{
	uint64_t end = clock_read(1).mono_us + TIME_MAX_S * US_PER_S;
	struct pollfd p = { .fd = from, .events = POLLIN };
	size_t before = out->len;
	ssize_t n = 1;

	while (n > 0) {
		uint64_t now = clock_read(1).mono_us;

		if (now >= end ||
		    poll(&p, 1, (int)((end - now) / US_PER_MS) + 1) == 0)
			return -ETIMEDOUT;
		n = read(from, buf_reserve(out, 4096), 4096);
		if (n > 0)
			out->len += (size_t)n;
		if (out->len - before > EVENT_PAYLOAD_MAX)
			return -EMSGSIZE;
	}
	return n < 0 ? -errno : 0;
}

/* Its whole group goes, whatever it left behind. */
static int child_end(pid_t pid, int err)
{
	int status = 0;

	if (err)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	if (!err && (!WIFEXITED(status) || WEXITSTATUS(status)))
		err = -ECANCELED;
	return err;
}

static int place_run(const struct place *p, struct buf *out)
{
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		child(p, ends[1]);
	setpgid(pid, pid);
	close(ends[1]);
	err = pid < 0 ? -errno : output_read(out, ends[0]);
	close(ends[0]);
	return pid < 0 ? err : child_end(pid, err);
}

int merge_program_run(struct buf *out, const char *dir, const char *name,
		      struct span base, struct span a, struct span b)
{
	const struct span content[3] = { base, a, b };
	struct place p = { .folder = "" };
	size_t before = out->len;
	int err = place_make(&p, dir, name, content);

	if (!err)
		err = place_run(&p, out);
	if (p.file[0][0])
		place_remove(&p);
	if (!err)
		return 0;
	out->len = before;
	fprintf(stderr, "cairn: resource: %s: %s\n", p.program,
		err == -ECANCELED ? "could not merge" :
		err == -EMSGSIZE ? "says more than an event holds" :
		strerror(-err));
	return err;
}
