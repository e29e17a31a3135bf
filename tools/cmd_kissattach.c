/* SPDX-License-Identifier: MIT
 *
 * cairn kissattach: a TNC as interfaces of type AX.25, one for each of its
 * KISS ports, on any kernel.
 *
 *   TNC --KISS--> frame of port n --> interface n --> tcpdump, axlisten ...
 *   TNC <--KISS-- data that is the operator's, parameters <-- programs
 *
 * What programs write goes on the air only under the call sign that was given:
 * as its source, or repeated by it. Without one nothing does.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "ax25/frame.h"
#include "ax25/tun.h"
#include "kiss/tnc.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"

#define INTERFACES_MAX 16

struct attach;

struct interface {
	struct attach *attach;
	const char *name;
	uint8_t port;
	struct tun *tun;
	uint64_t received, sent, refused, parameters;
};

struct attach {
	struct ring *ring;
	struct tnc *tnc;
	struct tnc_config config;
	struct ax25_address call;	/* "" = receive only */
	size_t n;
	struct interface interfaces[INTERFACES_MAX];
	uint64_t errors, other_ports;
	bool failed, verbose;
};

static int fail(const char *what, const char *why, int code)
{
	fprintf(stderr, "cairn: kissattach: %s%s%s\n", what, *what ? ": " : "",
		why);
	return code;
}

/* ---- from the TNC ---- */

static void on_frame(void *ctx, const struct kiss_frame *f)
{
	struct attach *a = ctx;
	struct interface *i = &a->interfaces[f->port];

	if (f->command != KISS_DATA || f->port >= a->n) {
		a->other_ports += f->command == KISS_DATA;
		return;
	}
	i->received += tun_show(i->tun, 0, f->data) == 0;
}

static void on_error(void *ctx, enum kiss_error e, struct span raw)
{
	struct attach *a = ctx;

	a->errors++;
	if (a->verbose)
		fprintf(stderr, "cairn: kissattach: kiss %s, %zu bytes\n",
			kiss_error_name(e), raw.n);
}

static void on_state(void *ctx, bool up, const char *why)
{
	struct attach *a = ctx;

	fprintf(stderr, "cairn: kissattach: %s%s\n", up ? a->config.device : why,
		up ? ": up" : "");
}

static const struct tnc_ops tnc_ops = {
	.frame = on_frame, .error = on_error, .state = on_state,
};

/* ---- from programs ---- */

static bool same_call(const struct ax25_address *a,
		      const struct ax25_address *b)
{
	return strcmp(a->call, b->call) == 0;
}

/* Whether the frame is sent, or repeated, by the operator; SSIDs are his. */
static bool may_send(const struct attach *a, struct span data)
{
	struct ax25_frame f;
	bool his;

	if (!a->call.call[0] || ax25_parse(&f, data) != AX25_OK)
		return false;
	his = same_call(&f.source, &a->call);
	for (unsigned i = 0; i < f.n_digis; i++)
		his |= f.digi[i].c_or_h && same_call(&f.digi[i], &a->call);
	return his;
}

static void on_written(void *ctx, uint8_t type, struct span data)
{
	uint8_t command = type & 0x0f;
	struct interface *i = ctx;
	struct attach *a = i->attach;

	if (command != KISS_DATA) {	/* as kissparms sets them */
		i->parameters += command <= KISS_FULLDUPLEX && data.n == 1 &&
			!tnc_forward(a->tnc, (uint8_t)(i->port << 4 | command),
				     data);
		return;
	}
	if (may_send(a, data) &&
	    tnc_forward(a->tnc, (uint8_t)(i->port << 4), data) == 0) {
		i->sent++;
		return;
	}
	if (i->refused++ == 0 || a->verbose)
		fail(i->name, a->call.call[0] ? "a frame that is not of this "
		     "call sign was not sent" : "a frame was not sent: no "
		     "--callsign", 0);
}

static void on_gone(void *ctx, int error)
{
	struct interface *i = ctx;

	fail(i->name, error ? strerror(-error) : "the interface is gone", 0);
	i->attach->failed = true;
	ring_stop(i->attach->ring);
}

static const struct tun_ops tun_ops = { on_written, on_gone };

/* ---- life ---- */

static void on_stop(void *ctx, int signo)
{
	struct attach *a = ctx;

	(void)signo;
	ring_stop(a->ring);
}

static void say_counts(const struct attach *a)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct interface *f = &a->interfaces[i];

		printf("%s: %llu received, %llu sent, %llu not sent, %llu "
		       "parameters\n", f->name,
		       (unsigned long long)f->received,
		       (unsigned long long)f->sent,
		       (unsigned long long)f->refused,
		       (unsigned long long)f->parameters);
	}
	printf("%s: %llu KISS errors, %llu frames of other ports\n",
	       a->config.device, (unsigned long long)a->errors,
	       (unsigned long long)a->other_ports);
}

static int interfaces_open(struct attach *a, char *const *names, size_t n)
{
	char why[200];

	for (size_t i = 0; i < n; i++) {
		struct interface *f = &a->interfaces[i];
		int e;

		*f = (struct interface){ .attach = a, .name = names[i],
					 .port = (uint8_t)i };
		e = tun_open(&f->tun, a->ring, f->name, &tun_ops, f, why);
		if (e)
			return fail("", why, e == -EPERM || e == -EACCES ?
				    EXIT_CODE_PERMISSION : EXIT_CODE_FAILED);
		a->n++;
		fprintf(stderr, "cairn: kissattach: %s is KISS port %zu of "
			"%s\n", f->name, i, a->config.device);
	}
	return EXIT_CODE_OK;
}

static int run(struct attach *a)
{
	int e = 0;

	a->tnc = tnc_new(a->ring, &a->config, &tnc_ops, a);
	if (!a->tnc)
		return fail("", strerror(ENOMEM), EXIT_CODE_FAILED);
	ring_signal(a->ring, SIGINT, on_stop, a);
	ring_signal(a->ring, SIGTERM, on_stop, a);
	if (!a->call.call[0])
		fail("", "receiving only; --callsign lets programs send", 0);
	e = ring_run(a->ring);
	say_counts(a);
	return e || a->failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int attach(struct attach *a, char *const *names, size_t n)
{
	int e = ring_new(&a->ring, getenv("CAIRN_ENGINE")), code;

	if (e)
		return fail("engine", strerror(-e), EXIT_CODE_FAILED);
	code = interfaces_open(a, names, n);
	if (code == EXIT_CODE_OK)
		code = run(a);
	tnc_free(a->tnc);
	for (size_t i = 0; i < a->n; i++)
		tun_close(a->interfaces[i].tun);
	ring_free(a->ring);
	return code;
}

/* ---- the command line ---- */

static int call_read(struct ax25_address *call, const char *text)
{
	if (!text)
		return EXIT_CODE_OK;
	if (ax25_address_parse(call, text) || !ax25_call_valid(call->call))
		return fail(text, ax25_call_placeholder(call->call) ?
			    "is a placeholder: put your own call sign here" :
			    "is not a call sign to transmit with",
			    EXIT_CODE_USAGE);
	return EXIT_CODE_OK;
}

/* "300ms", or "63"; nothing is not sent. */
static int parameter_read(int *value, const char *name, const char *text,
			  const char *unit, long max)
{
	char *end;
	long v;

	*value = -1;
	if (!text)
		return EXIT_CODE_OK;
	v = strtol(text, &end, 10);
	if (end == text || strcmp(end, unit) || v < 0 || v > max) {
		fprintf(stderr, "cairn: kissattach: %s wants 0%s to %ld%s\n",
			name, unit, max, unit);
		return EXIT_CODE_USAGE;
	}
	*value = (int)v;
	return EXIT_CODE_OK;
}

int cmd_kissattach(int argc, char **argv)
{
	static struct attach a;
	const char *call = NULL, *delay = NULL, *tail = NULL, *slot = NULL,
		   *persistence = NULL, *full = NULL;
	const struct option_spec own[] = {
		{ "--callsign", NULL, &call }, { "--txdelay", NULL, &delay },
		{ "--txtail", NULL, &tail }, { "--slottime", NULL, &slot },
		{ "--persistence", NULL, &persistence },
		{ "--fullduplex", NULL, &full }, { NULL, NULL, NULL },
	};
	struct tnc_config *c = &a.config;
	struct options o;
	char why[160];
	int r = options_read(&o, argc, argv,
		"kissattach DEVICE INTERFACE... [--callsign CALL]\n"
		"    [--txdelay 300ms] [--txtail MS] [--slottime MS] "
		"[--persistence 0..255]\n"
		"    [--fullduplex 0|1] [-v]\n\n"
		"A TNC (/dev/ttyUSB0@9600 or tcp:HOST:8001) as AX.25 "
		"interfaces, the first for its\nKISS port 0 and so on. "
		"Parameters are sent only if they are named. What programs\n"
		"send goes on the air only under CALL. Ends on ^C with "
		"counts.", own, 2, 1 + INTERFACES_MAX);

	if (r != OPTIONS_OK)
		return r;
	a.verbose = o.verbose;
	if (tnc_parse_device(c, o.args[0], why))
		return fail("", why, EXIT_CODE_USAGE);
	r = call_read(&a.call, call);
	if (parameter_read(&c->txdelay_ms, "--txdelay", delay, "ms", 2550) ||
	    parameter_read(&c->txtail_ms, "--txtail", tail, "ms", 2550) ||
	    parameter_read(&c->slottime_ms, "--slottime", slot, "ms", 2550) ||
	    parameter_read(&c->persistence, "--persistence", persistence, "",
			   255) ||
	    parameter_read(&c->fullduplex, "--fullduplex", full, "", 1))
		r = EXIT_CODE_USAGE;
	return r == EXIT_CODE_OK ? attach(&a, o.args + 1, o.n_args - 1) : r;
}
