/* SPDX-License-Identifier: MIT
 *
 * status: what the station is doing; without a daemon, what to do next.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "lib/log/log.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/neighbours.h"
#include "tools/out.h"

/* ---- without a daemon ---- */

static bool exists(const char *dir, const char *name)
{
	char path[544];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static int next_steps(const char *dir)
{
	const char *key = exists(dir, "key") ? "(done) " : "";
	const char *conf = exists(dir, "cairn.conf") ? "(done) " : "";

	printf("No cairnd is at work in %s. The next steps:\n\n"
	       "  1. %scairn -d %s key gen\n"
	       "  2. %scairn config example > %s/cairn.conf\n"
	       "     and put your call sign and your TNC into it\n"
	       "  3. cairnd -d %s\n\n"
	       "Then `cairn heard` shows who is there. Nothing is sent before "
	       "`cairn tx on`.\n", dir, key, dir, conf, dir, dir);
	return EXIT_CODE_NO_DAEMON;
}

static bool daemon_answers(const char *dir)
{
	int fd = ctl_connect(dir);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || (fd != -ENOENT && fd != -ECONNREFUSED);
}

/* ---- with one ---- */

static void print_member(const char *label, const struct json *v,
			 const char *key)
{
	printf("%-9s ", label);
	out_text(stdout, json_string(json_get(v, key)));
	putchar('\n');
}

static void print_station(const struct json *v, const struct json *node)
{
	int64_t unsealed = json_int(json_get(node, "own_unsealed"));
	char age[24];

	print_member("station", v, "callsign");
	print_member("dataset", v, "dataset");
	printf("%-9s %s\n", "transmit", json_bool(json_get(v, "transmitting"))
	       ? "on" : "off (cairn tx on)");
	printf("%-9s %lld events of %lld authors, %lld records", "holds",
	       (long long)json_int(json_get(node, "events")),
	       (long long)json_int(json_get(node, "authors")),
	       (long long)json_int(json_get(node, "records")));
	if (unsealed)	/* counted above once they are sealed */
		printf("; %lld of its own to be sealed", (long long)unsealed);
	printf("\n%-9s %s, engine %.*s\n", "up",
	       out_age(age, (uint64_t)json_int(json_get(v, "uptime_s"))),
	       (int)json_string(json_get(v, "engine")).n,
	       (const char *)json_string(json_get(v, "engine")).p);
}

/* Only where there were pauses: most stations never see one. */
static void print_reading(const struct json *r)
{
	int64_t worker = json_int(json_get(r, "pauses_worker"));
	int64_t disk = json_int(json_get(r, "pauses_disk"));
	struct span why = json_string(json_get(r, "why"));

	if (!worker && !disk)
		return;
	printf("%-9s ", "reading");
	if (json_bool(json_get(r, "paused")))
		printf("paused for the %.*s; ", (int)why.n,
		       (const char *)why.p);
	printf("paused %lld times for the worker, %lld for the disk, %.1f s "
	       "in all\n", (long long)worker, (long long)disk,
	       json_real(json_get(r, "paused_s")));
}

static void print_damage(const struct json *log)
{
	const struct json *list = json_get(log, "damage");
	int64_t n = json_int(json_get(log, "damage_ranges"));
	char text[LOG_RANGE_TEXT_MAX];

	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct log_range r = {
			log_position((uint64_t)json_int(json_get(v, "segment")),
				(uint32_t)json_int(json_get(v, "offset"))),
			log_position(
				(uint64_t)json_int(json_get(v, "end_segment")),
				(uint32_t)json_int(json_get(v, "end_offset"))),
		};

		printf("damage    %s%s\n", log_range_text(text, r),
		       json_bool(json_get(log, "damage_known")) ? " (old)" :
		       "");
	}
	if (n > (int64_t)json_len(list))
		printf("damage    and %lld ranges more\n",
		       (long long)(n - (int64_t)json_len(list)));
}

static void print_missing(const struct json *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct span call = json_string(json_get(v, "callsign"));

		printf("missing   events %lld..%lld of ",
		       (long long)json_int(json_get(v, "from")),
		       (long long)json_int(json_get(v, "to")));
		out_text(stdout, call.n ? call :
			 json_string(json_get(v, "author")));
		puts(": asked for again");
	}
}

static void print_trouble(const struct json *v, const struct json *node)
{
	const struct json *log = json_get(v, "log");

	print_reading(json_get(v, "reading"));
	if (json_string(json_get(log, "error")).n)
		print_member("LOG", log, "error");
	if (json_int(json_get(log, "pages_lost")))
		printf("LOG       %lld pages cannot be read any more "
		       "(cairn fsck)\n",
		       (long long)json_int(json_get(log, "pages_lost")));
	if (json_string(json_get(log, "recovery")).n &&
	    !json_bool(json_get(log, "damage_known")))
		print_member("recovery", log, "recovery");
	print_damage(log);
	print_missing(json_get(node, "missing"));
	if (!json_bool(json_get(v, "clock_good")))
		puts("clock     not trusted: no time source");
	if (json_int(json_get(node, "clock_skews")))
		printf("skew      %lld events are stamped too far ahead "
		       "(cairn feeds)\n",
		       (long long)json_int(json_get(node, "clock_skews")));
	if (json_bool(json_get(node, "hold_down")))
		puts("hold      own events wait until a neighbour was heard");
}

/* What is left of an hour's share, or until when it is overdrawn. */
static const char *budget_text(char dst[40], double left_s,
			       double duty_percent)
{
	char age[24];

	if (left_s >= 0 || duty_percent <= 0)
		snprintf(dst, 40, "%.1f s left", left_s);
	else
		snprintf(dst, 40, "again in %s", out_age(age,
			 (uint64_t)(-left_s * 100 / duty_percent) + 1));
	return dst;
}

static void print_port(const struct json *p, const struct json *node)
{
	const struct json *waiting = json_get(node, "waiting");
	struct span name = json_string(json_get(p, "name"));
	struct span why = json_string(json_get(p, "why"));
	char left[40];

	printf("port %.*s  %s", (int)name.n, (const char *)name.p,
	       json_bool(json_get(p, "up")) ? "up" : "down");
	if (!json_bool(json_get(p, "up")) && why.n) {
		fputs(": ", stdout);
		out_text(stdout, why);
	} else if (json_is(waiting, JSON_STRING)) {
		fputs(", silent: ", stdout);
		out_text(stdout, json_string(waiting));
	}
	printf("\n  in %lld frames", (long long)json_int(json_get(p, "rx_frames")));
	if (json_int(json_get(p, "rx_errors")))
		printf(" and %lld errors",
		       (long long)json_int(json_get(p, "rx_errors")));
	printf(", out %lld; neighbours %lld\n",
	       (long long)json_int(json_get(p, "tx_frames")),
	       (long long)json_int(json_get(node, "neighbours")));
	if (!span_equal(json_string(json_get(node, "profile")),
			SPAN_STR("radio")))
		return;
	printf("  sent %.1f s of at most %.1f %% of the time, %s; "
	       "heard %.1f s; busy %.1f %% of the hour\n",
	       json_real(json_get(node, "airtime_s")),
	       json_real(json_get(p, "duty_percent")),
	       budget_text(left, json_real(json_get(node, "budget_left_s")),
			   json_real(json_get(p, "duty_percent"))),
	       json_real(json_get(node, "heard_s")),
	       json_real(json_get(node, "busy_60min_percent")));
}

static void print_status(void *ctx, const struct json *v, struct span text)
{
	const struct json *node = json_get(v, "node");
	const struct json *ports = json_get(v, "ports");

	(void)ctx;
	(void)text;
	print_station(v, node);
	print_trouble(v, node);
	for (size_t i = 0; i < json_len(ports); i++)
		print_port(json_at(ports, i),
			   json_at(json_get(node, "ports"), i));
}

static void print_neighbours(void *ctx, const struct json *v, struct span text)
{
	(void)ctx;
	(void)text;
	if (!json_len(v))
		return;
	putchar('\n');
	neighbours_print(v, false, "");
}

int cmd_status(int argc, char **argv)
{
	struct options o;
	char dir[512];
	int code = options_read(&o, argc, argv, "[status] [--json]\n\n"
		"Call sign, what is held, ports and what they wait for, and "
		"the neighbours. Without\ncairnd: the next steps (exit code "
		"3).", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	if (!o.json && !daemon_answers(client_dir(dir)))
		return next_steps(dir);
	code = client_call(argv[0], 0, NULL,
			   o.json ? client_print_json : print_status, NULL);
	if (code == EXIT_CODE_OK && !o.json)
		code = client_call("neighbours", 0, NULL, print_neighbours,
				   NULL);
	return code;
}
