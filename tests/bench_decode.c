/* SPDX-License-Identifier: MIT
 *
 * `cairn decode` against tshark: a capture of a million frames, a line each,
 * both as whole processes. No tshark, no figure.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ax25/frame.h"
#include "lib/base/random.h"
#include "lib/pcapng/pcapng.h"
#include "tests/bench.h"

#define FRAMES 1000000
#define CHUNK (1u << 20)

extern char **environ;

struct capture {
	char path[64];
	char cairn[256];
};

static void frame_put(struct buf *b, struct random *r, uint64_t n)
{
	static const char *const dests[] = { "APRS", "CQ", "BEACON", "CAIRN0" };
	struct ax25_address dest, source;
	uint8_t info[320], frame[400] = { 0 };
	size_t len = random_below(r, 310);
	char call[AX25_CALL_TEXT];
	struct pcapng_packet p = { .wall_us = 1700000000000000 + n * 1000 };

	for (size_t i = 0; i < len; i++)
		info[i] = (uint8_t)random_next(r);
	snprintf(call, sizeof(call), "Q%u%c%c-%u", (unsigned)random_below(r, 10),
		 'A' + (int)random_below(r, 26), 'A' + (int)random_below(r, 26),
		 (unsigned)random_below(r, 16));
	ax25_address_parse(&source, call);
	ax25_address_parse(&dest, dests[random_below(r, 4)]);
	p.data = SPAN(frame, 1 + (size_t)ax25_ui_encode(frame + 1, 399, &dest,
			&source, AX25_PID_NONE, SPAN(info, len)));
	pcapng_put_packet(b, &p, NULL);
}

static int capture_make(struct capture *c)
{
	struct random r = { .state = 1 };
	struct buf b = { 0 };
	int fd, bad = 0;

	snprintf(c->path, sizeof(c->path), "/tmp/cairn-bench-XXXXXX");
	fd = mkstemp(c->path);
	if (fd < 0)
		return -1;
	pcapng_put_section(&b, "bench");
	pcapng_put_interface(&b, PCAPNG_LINK_AX25_KISS, "bench");
	for (uint64_t n = 0; n < FRAMES && !bad; n++) {
		frame_put(&b, &r, n);
		if (b.len < CHUNK && n + 1 < FRAMES)
			continue;
		bad = write(fd, b.p, b.len) != (ssize_t)b.len;
		b.len = 0;
	}
	close(fd);
	buf_fini(&b);
	return bad ? -1 : 0;
}

static uint64_t run(char *const argv[])
{
	posix_spawn_file_actions_t to;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&to);
	posix_spawn_file_actions_addopen(&to, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&to, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &to, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&to);
	return status == 0 ? FRAMES : 0;
}

static uint64_t run_cairn(void *ctx)
{
	struct capture *c = ctx;
	char decode[] = "decode";

	return run((char *[]){ c->cairn, decode, c->path, NULL });
}

static uint64_t run_tshark(void *ctx)
{
	struct capture *c = ctx;
	char tshark[] = "tshark", n[] = "-n", read_it[] = "-r";

	return run((char *[]){ tshark, n, read_it, c->path, NULL });
}

void bench_decode(void)
{
	const char *o = getenv("O");
	struct capture c;

	snprintf(c.cairn, sizeof(c.cairn), "%s/cairn", o ? o : "build");
	if (system("command -v tshark > /dev/null"))
		return;
	if (capture_make(&c) == 0)
		bench_compare("decode", "one_line", "frames/s", run_cairn,
			      "tshark", run_tshark, &c, 2);
	unlink(c.path);
}
