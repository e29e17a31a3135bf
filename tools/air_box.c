/* SPDX-License-Identifier: MIT
 *
 * The channel in virtual time: the ring's clock times `speed`.
 */
#include <errno.h>
#include "tools/air_box.h"

#define KISS_TICK_US 10000	/* TNC parameters count 10 ms */

uint64_t air_box_now_us(const struct air_box *b)
{
	return (ring_now_us(b->ring) - b->start_us) * b->speed;
}

void air_box_turn(void *box)
{
	struct air_box *b = box;
	struct air_delivery d;
	uint64_t wake_us;

	while (air_next(b->air, air_box_now_us(b), &d))
		air_port_deliver(b, d.to, d.frame);
	for (unsigned i = 0; i < b->config.stations; i++)
		if (air_idle(b->air, i))
			air_port_sent(b, i);
	wake_us = air_wake_us(b->air);
	if (wake_us == UINT64_MAX)
		ring_timer_clear(b->ring, &b->wake);
	else
		ring_timer_set(b->ring, &b->wake, b->start_us +
			       (wake_us + b->speed - 1) / b->speed);
}

/* A TNC that is full drops the frame, as a real one does. */
void air_box_frame(struct air_box *b, unsigned station,
		   const struct kiss_frame *f)
{
	unsigned value = f->data.n ? f->data.p[0] : 0;

	if (f->port != 0 || f->data.n == 0)
		return;
	switch (f->command) {
	case KISS_DATA:
		air_append(b->air, station, f->data, air_box_now_us(b));
		break;
	case KISS_TXDELAY:
		air_set_txdelay(b->air, station, value * KISS_TICK_US);
		break;
	case KISS_PERSISTENCE:
		air_set_persistence(b->air, station, value);
		break;
	case KISS_SLOTTIME:
		air_set_slot(b->air, station, value * KISS_TICK_US);
		break;
	case KISS_TXTAIL:
		air_set_txtail(b->air, station, value * KISS_TICK_US);
		break;
	}
}

int air_box_stats(const struct air_box *b, char *dst, size_t cap)
{
	const struct air_stats *s = air_stats(b->air);

	return snprintf(dst, cap, "{\"stations\":%u,\"seconds\":%.1f,"
			"\"bytes\":%llu,\"frames\":%llu,\"keyups\":%llu,"
			"\"airtime_s\":%.1f,\"collisions\":%llu,"
			"\"lost\":%llu,\"delivered\":%llu}\n",
			b->config.stations, (double)air_box_now_us(b) / 1e6,
			(unsigned long long)s->bytes,
			(unsigned long long)s->frames,
			(unsigned long long)s->keyups,
			(double)s->airtime_us / 1e6,
			(unsigned long long)s->collisions,
			(unsigned long long)s->lost,
			(unsigned long long)s->delivered);
}

/* ---- topology ---- */

/* "A B", "A > B", or a line with nothing but a comment. */
static int topology_line(struct air_box *b, char *line)
{
	unsigned x, y;
	int end = 0;

	line[strcspn(line, "#\n")] = '\0';
	if (line[strspn(line, " \t\r")] == '\0')
		return 0;
	if (sscanf(line, "%u > %u %n", &x, &y, &end) != 2 || end == 0) {
		end = 0;
		if (sscanf(line, "%u %u %n", &x, &y, &end) != 2)
			return -EINVAL;
	}
	if (line[end] || x >= b->config.stations || y >= b->config.stations ||
	    x == y)
		return -EINVAL;
	air_hears(b->air, x, y, true);
	if (!strchr(line, '>'))
		air_hears(b->air, y, x, true);
	return 0;
}

static int topology_file(struct air_box *b, const char *name, char err[160])
{
	FILE *f = fopen(name, "r");
	char line[256];
	int n = 0, bad = 0;

	if (!f) {
		snprintf(err, 160, "topology: neither clique nor line, nor a "
			 "file: %.70s: %s", name, strerror(errno));
		return -1;
	}
	while (!bad && fgets(line, sizeof(line), f)) {
		n++;
		bad = topology_line(b, line);
	}
	fclose(f);
	if (bad)
		snprintf(err, 160, "%.90s:%d: want \"A B\" or \"A > B\" with "
			 "stations below %u", name, n, b->config.stations);
	return bad ? -1 : 0;
}

int air_box_topology(struct air_box *b, const char *name, char err[160])
{
	unsigned n = b->config.stations;
	bool clique = strcmp(name, "clique") == 0;

	if (!clique && strcmp(name, "line") != 0)
		return topology_file(b, name, err);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < (clique ? n : i + 2) && j < n; j++)
			air_link(b->air, i, j, true);
	return 0;
}
