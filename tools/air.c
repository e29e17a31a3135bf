/* SPDX-License-Identifier: MIT
 *
 * cairn-air: a radio channel in a box. N virtual TNCs, each a pty (DIR/tncN)
 * and, if asked, a KISS/TCP port, on one shared half-duplex channel.
 *
 * It prints "ready DEVICE..." when stations may attach, and when it ends one
 * JSON object of what went over the air.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tools/air_box.h"

#define EXIT_USAGE 2

static const char usage[] =
"usage: cairn-air [options]\n"
"  --stations N      how many, 1..64 (2)\n"
"  --topology T      clique, line, or a file of lines \"A B\" or \"A > B\"\n"
"  --bitrate N       bit/s on the air (1200)\n"
"  --loss X          of a full frame, 0..1 (0.1)\n"
"  --fade S          loss comes in fades of S seconds (0: frame by frame)\n"
"  --capture DB      a signal so much stronger survives a collision (0: none)\n"
"  --txdelay MS      until a station says otherwise by KISS (300)\n"
"  --persistence P   0..255 (63), the same\n"
"  --ackmode W       what TNCs say to it: c (the answer's command), e, no (c)\n"
"  --seed K          of all chance (1)\n"
"  --speed N         virtual time runs N times as fast as real time (1)\n"
"  --dir D           where tnc0, tnc1 ... and air.ctl go (a new one in /tmp)\n"
"  --tcp PORT        also KISS/TCP on 127.0.0.1:PORT+i\n"
"lines on stdin or D/air.ctl: cut A B | heal A B | loss X | stats | quit\n";

struct air_options {
	struct air_config config;
	const char *topology, *dir;
	unsigned speed, tcp_base;
	int ack_command;
};

/* A number in range, or the end of the program. */
static double option_number(const char *name, const char *text, double min,
			    double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max)) {
		fprintf(stderr, "cairn-air: --%s: a number from %g to %g\n",
			name, min, max);
		exit(EXIT_USAGE);
	}
	return v;
}

static int option_ackmode(const char *text)
{
	if (!strcmp(text, "c"))
		return KISS_ACKMODE;
	if (!strcmp(text, "e"))
		return KISS_POLL;
	if (!strcmp(text, "no"))
		return -1;
	fprintf(stderr, "cairn-air: --ackmode: c, e or no\n");
	exit(EXIT_USAGE);
}

static void option_set(struct air_options *o, int c, const char *name,
		       const char *arg)
{
	switch (c) {
	case 'n':
		o->config.stations = (unsigned)
			option_number(name, arg, 1, AIR_STATIONS_MAX);
		break;
	case 'b':
		o->config.bitrate = (unsigned)option_number(name, arg, 1, 1e7);
		break;
	case 'l':
		o->config.loss = option_number(name, arg, 0, 1);
		break;
	case 'f':
		o->config.fade_us = (uint64_t)
			(option_number(name, arg, 0, 3600) * 1e6);
		break;
	case 'c':
		o->config.capture_db = option_number(name, arg, 0, 40);
		break;
	case 'x':
		o->config.txdelay_us = (unsigned)
			(option_number(name, arg, 0, 10000) * 1000);
		break;
	case 'p':
		o->config.persistence = (unsigned)
			option_number(name, arg, 0, 255);
		break;
	case 'k':
		o->config.seed = (uint64_t)option_number(name, arg, 0, 1e15);
		break;
	case 'a':
		o->ack_command = option_ackmode(arg);
		break;
	case 's':
		o->speed = (unsigned)option_number(name, arg, 1, 1000);
		break;
	case 'P':
		o->tcp_base = (unsigned)option_number(name, arg, 1, 65472);
		break;
	}
}

static void options_parse(struct air_options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "stations", 1, NULL, 'n' }, { "topology", 1, NULL, 't' },
		{ "bitrate", 1, NULL, 'b' }, { "loss", 1, NULL, 'l' },
		{ "fade", 1, NULL, 'f' }, { "capture", 1, NULL, 'c' },
		{ "txdelay", 1, NULL, 'x' }, { "persistence", 1, NULL, 'p' },
		{ "seed", 1, NULL, 'k' }, { "speed", 1, NULL, 's' },
		{ "ackmode", 1, NULL, 'a' }, { "dir", 1, NULL, 'd' }, { "tcp", 1, NULL, 'P' },
		{ "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int c, at = 0;

	while ((c = getopt_long(argc, argv, "", longopts, &at)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else if (c == '?') {
			exit(EXIT_USAGE);
		} else if (c == 't') {
			o->topology = optarg;
		} else if (c == 'd') {
			o->dir = optarg;
		} else {
			option_set(o, c, longopts[at].name, optarg);
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
}

/* The folder asked for, made if need be, or a new one. */
static int box_dir(struct air_box *b, const char *dir, char err[160])
{
	char fresh[] = "/tmp/cairn-air.XXXXXX";

	if (!dir)
		dir = mkdtemp(fresh);
	else if (mkdir(dir, 0700) && errno != EEXIST)
		dir = NULL;
	if (!dir || strlen(dir) >= sizeof(b->dir)) {
		snprintf(err, 160, "no folder for the TNCs: %s",
			 strerror(errno));
		return -1;
	}
	memcpy(b->dir, dir, strlen(dir) + 1);
	return 0;
}

static void box_signal(void *ctx, int signo)
{
	struct air_box *b = ctx;

	(void)signo;
	ring_stop(b->ring);
}

/* The timer only ends the wait: the work is done once a turn. */
static void box_wake(void *ctx)
{
	(void)ctx;
}

static int box_open(struct air_box *b, const struct air_options *o,
		    char err[160])
{
	int e = ring_new(&b->ring, NULL);

	if (e) {
		snprintf(err, 160, "no event loop: %s", strerror(-e));
		return -1;
	}
	b->config = o->config;
	b->speed = o->speed;
	b->tcp_base = o->tcp_base;
	b->ack_command = o->ack_command;
	b->start_us = ring_now_us(b->ring);
	b->wake.fn = box_wake;
	b->air = air_new(&b->config);
	if (!b->air) {
		snprintf(err, 160, "no channel");
		return -1;
	}
	ring_on_turn(b->ring, air_box_turn, b);
	ring_signal(b->ring, SIGINT, box_signal, b);
	ring_signal(b->ring, SIGTERM, box_signal, b);
	signal(SIGTTIN, SIG_IGN);	/* a background job reads no terminal */
	signal(SIGPIPE, SIG_IGN);
	if (air_box_topology(b, o->topology, err) ||
	    box_dir(b, o->dir, err) || air_ports_open(b, err))
		return -1;
	if (air_control_open(b, err)) {
		air_ports_close(b);
		return -1;
	}
	return 0;
}

static void box_close(struct air_box *b, bool own_dir)
{
	air_control_close(b);
	air_ports_close(b);
	if (own_dir)
		rmdir(b->dir);
	ring_free(b->ring);	/* last turns still look at the channel */
	air_free(b->air);
}

static void box_ready(const struct air_box *b)
{
	printf("ready");
	for (unsigned i = 0; i < b->config.stations; i++)
		printf(" %s", b->tnc[i].link);
	for (unsigned i = 0; b->tcp_base && i < b->config.stations; i++)
		printf(" tcp:127.0.0.1:%u", b->tcp_base + i);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct air_box box;
	struct air_options o = {
		.config = air_default, .topology = "clique", .speed = 1,
		.ack_command = KISS_ACKMODE,
	};
	char err[160], stats[512];

	options_parse(&o, argc, argv);
	if (box_open(&box, &o, err)) {
		fprintf(stderr, "cairn-air: %s\n", err);
		return 1;
	}
	box_ready(&box);
	ring_run(box.ring);
	air_box_stats(&box, stats, sizeof(stats));
	box_close(&box, !o.dir);
	fputs(stats, stdout);
	return 0;
}
