/* SPDX-License-Identifier: MIT
 *
 * station.status: once a day the station says how it is, so that a relay on a
 * hill can be looked after from below. The first time an hour after the start,
 * then a day after the last one that the log knows of; where nobody vouches for
 * the clock, after a day of uptime.
 */
#include <stdio.h>
#include <sys/statvfs.h>
#include "daemon/daemon.h"
#include "lib/event/payload.h"

#define LOOK_US (3600 * US_PER_S)
#define DAY_MS (86400ULL * 1000)

static uint64_t up_us(const struct daemon *d)
{
	return daemon_now(d).mono_us / d->config.time_scale - d->started_us;
}

/* Microvolts, as the kernel's power_supply tells them. */
static bool volts_read(const char *path, double *volts)
{
	FILE *f = path[0] ? fopen(path, "re") : NULL;
	long long uv = 0;
	bool good = f && fscanf(f, "%lld", &uv) == 1 && uv >= 0 &&
		    uv < 1000000000;

	if (f)
		fclose(f);
	*volts = (double)(uv / 10000) / 100;
	return good;
}

static uint64_t tnc_errors(const struct daemon *d)
{
	uint64_t n = 0;

	for (size_t i = 0; i < d->n_ports; i++)
		n += d->ports[i].errors + d->ports[i].send_failures;
	return n;
}

static unsigned disk_free_permille(const struct daemon *d)
{
	struct statvfs v;

	if (statvfs(d->station.dir, &v) || !v.f_blocks)
		return 0;
	return (unsigned)(v.f_bavail * 1000 / v.f_blocks);
}

static void put_number(struct buf *b, enum payload_key key, uint64_t v)
{
	payload_put_uint(b, key);
	payload_put_uint(b, v);
}

static void health_put(const struct daemon *d, struct buf *b)
{
	double volts;
	bool has_volts = volts_read(d->config.voltage, &volts);

	payload_put_map(b, 5 + has_volts);
	payload_put_uint(b, KEY_VERSION);
	payload_put_text(b, SPAN_STR(CAIRN_VERSION));
	put_number(b, KEY_UPTIME, up_us(d) / US_PER_S);
	put_number(b, KEY_LOG_BYTES, log_durable(d->log));
	put_number(b, KEY_DISK_FREE, disk_free_permille(d));
	if (has_volts) {
		payload_put_uint(b, KEY_VOLTS);
		payload_put_real(b, volts);
	}
	put_number(b, KEY_TNC_ERRORS, tnc_errors(d));
}

int health_tell(struct daemon *d)
{
	struct buf b = { 0 };
	int e;

	health_put(d, &b);
	e = node_write(d->node, KIND_STATION_STATUS, buf_span(&b), NULL,
		       daemon_now(d));
	buf_fini(&b);
	d->health_us = up_us(d);
	return e;
}

bool health_day_over(uint64_t told_ms, struct clock_now now, uint64_t silent_us)
{
	if (!told_ms)
		return true;
	if (!now.wall_good || now.wall_ms < told_ms)
		return silent_us >= DAY_MS * US_PER_MS;
	return now.wall_ms - told_ms >= DAY_MS;
}

static void health_look(void *ctx)
{
	struct daemon *d = ctx;
	uint64_t told_ms = view_station_told_ms(node_view(d->node),
						node_label(d->node));

	if (health_day_over(told_ms, daemon_now(d), up_us(d) - d->health_us) &&
	    health_tell(d) == 0)
		glue_actions(d);
	health_start(d);
}

void health_init(struct daemon *d)
{
	d->health = (struct ring_timer){ .fn = health_look, .ctx = d };
}

void health_start(struct daemon *d)
{
	if (!d->offline)
		ring_timer_set(d->ring, &d->health,
			       ring_now_us(d->ring) + LOOK_US);
}
