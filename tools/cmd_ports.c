/* SPDX-License-Identifier: MIT
 *
 * cairn ports: what this machine has that could be a port, written as
 * cairn.conf(5) wants it. No daemon, no rights: names and the kernel's list.
 *
 * A line's stable name, /dev/tnc/... or /dev/serial/by-id/..., goes before /dev/ttyUSB0: that
 * one depends on the order in which things were plugged in.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "ax25/netdev.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/out.h"

#define LINES_MAX 64

struct ports {
	struct json_out o;
	size_t n;
	char named[LINES_MAX][PATH_MAX];	/* lines that had a stable name */
};

static void put(struct ports *p, const char *prefix, const char *name,
		const char *is, const char *note)
{
	char device[PATH_MAX + 8];

	snprintf(device, sizeof(device), "%s%s", prefix, name);
	json_out_object(&p->o);
	json_out_kv_string(&p->o, "device", device);
	json_out_kv_string(&p->o, "is", is);
	json_out_kv_string(&p->o, "note", note);
	json_out_end_object(&p->o);
}

/* ---- serial lines ---- */

static bool is_named(const struct ports *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->named[i], path))
			return true;
	return false;
}

static void put_line(struct ports *p, const char *path, bool stable)
{
	char real[PATH_MAX];

	if (!realpath(path, real) || is_named(p, real))
		return;
	if (!stable) {
		put(p, "kiss:", path, "serial line", "");
		return;
	}
	if (p->n < LINES_MAX)
		snprintf(p->named[p->n++], PATH_MAX, "%s", real);
	put(p, "kiss:", path, "serial line", real);
}

static void put_lines(struct ports *p, const char *pattern, bool stable)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			put_line(p, g.gl_pathv[i], stable);
	globfree(&g);
}

/* ---- interfaces ---- */

static void put_netdev(void *ctx, const struct netdev *d)
{
	char note[48];

	snprintf(note, sizeof(note), "%s, mtu %u", d->up ? "up" : "down",
		 d->mtu);
	if (d->type == NETDEV_TYPE_AX25)
		put(ctx, "ax25:", d->name, "AX.25 interface", note);
	else if (d->type == NETDEV_TYPE_ETHERNET)
		put(ctx, "bpq:", d->name, "Ethernet", note);
}

static int print(struct ports *p, bool json)
{
	static const struct out_column columns[] = {
		{ "device", "DEVICE", OUT_TEXT }, { "is", "IS", OUT_TEXT },
		{ "note", "NOTE", OUT_TEXT }, { NULL, NULL, OUT_TEXT },
	};
	struct json *v = json_parse(buf_span(&p->o.b), NULL);

	if (json)
		out_json(buf_span(&p->o.b));
	else if (v)
		out_table(v, columns, "no serial line and no interface here; "
			  "a TNC behind TCP is kiss:tcp:HOST:8001");
	if (!json && !netdev_kernel_ax25())
		puts("This kernel has no AX.25: ax0 can be made of a TNC with "
		     "cairn kissattach.");
	json_free(v);
	return v ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int cmd_ports(int argc, char **argv)
{
	static struct ports p;
	struct options o;
	int r = options_read(&o, argc, argv, "ports [--json]\n\n"
		"What this machine has that could be a port, as `device =` in "
		"cairn.conf wants it:\nserial lines by their stable names, "
		"AX.25 interfaces, Ethernet for BPQ. No daemon\nneeded; the "
		"ports in use are in `cairn status`.", NULL, 0, 0), e;

	if (r != OPTIONS_OK)
		return r;
	json_out_array(&p.o);
	put_lines(&p, "/dev/tnc/*", true);
	put_lines(&p, "/dev/serial/by-id/*", true);
	put_lines(&p, "/dev/ttyUSB*", false);
	put_lines(&p, "/dev/ttyACM*", false);
	e = netdev_list(put_netdev, &p);
	json_out_end_array(&p.o);
	if (e)
		fprintf(stderr, "cairn: ports: interfaces: %s\n",
			strerror(-e));
	r = print(&p, o.json);
	buf_fini(&p.o.b);
	return r;
}
