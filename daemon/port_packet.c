/* SPDX-License-Identifier: MIT
 *
 * AX.25 interfaces of the kernel, and BPQ Ethernet, through packet sockets.
 *
 *   ax25:ax0    KISS type byte | AX.25
 *   bpq:eth0    Ethernet header 14, type 08FF | length 2, little-endian, 5 more
 *               than the frame's | AX.25
 *
 *   no interface --news--> wrong type, down --news--> open --news, error--> ...
 *
 * The kernel's news decide (ax25/netdev.h): an interface may come, go and come
 * again. What the socket says in between (ENETDOWN) is no end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ax25/netdev.h"
#include "daemon/port.h"
#include "kiss/codec.h"

#define ETHERTYPE_AX25 0x0002
#define ETHERTYPE_BPQ 0x08ff
#define ETHERNET_HEAD 14
#define BPQ_EXTRA 5
#define PACKET_MAX (ETHERNET_HEAD + 2 + KISS_FRAME_MAX)

struct link {
	struct netdev_watch *watch;
	unsigned index;
	uint8_t address[6];
};

static bool is_bpq(const struct port *p)
{
	return p->config->device == DEVICE_BPQ;
}

/* ---- frames ---- */

/* Only data; the type byte is 00 in what comes from a TNC. */
static void ax25_take(struct port *p, struct span packet)
{
	if (packet.n > 1 && (packet.p[0] & 0x0f) == KISS_DATA)
		port_received(p, SPAN(packet.p + 1, packet.n - 1));
}

static void bpq_take(struct port *p, struct span packet)
{
	struct rd r = rd_init(packet);
	uint64_t len;

	rd_bytes(&r, ETHERNET_HEAD);
	len = rd_le(&r, 2);
	if (r.bad || len <= BPQ_EXTRA || len - BPQ_EXTRA > rd_left(&r))
		port_failed(p, "bad-length", packet);
	else
		port_received(p, rd_bytes(&r, len - BPQ_EXTRA));
}

static void on_packet(void *ctx, struct span packet)
{
	struct port *p = ctx;

	if (is_bpq(p))
		bpq_take(p, packet);
	else
		ax25_take(p, packet);
}

static struct span packet_make(const struct port *p, uint8_t dst[PACKET_MAX],
			       struct span frame)
{
	const struct link *l = p->link;
	struct wr w = wr_init(dst, PACKET_MAX);

	if (is_bpq(p)) {
		wr_be(&w, 6, 0xffffffffffff);
		wr_bytes(&w, SPAN(l->address, sizeof(l->address)));
		wr_be(&w, 2, ETHERTYPE_BPQ);
		wr_le(&w, 2, frame.n + BPQ_EXTRA);
	} else {
		wr_u8(&w, KISS_DATA);
	}
	wr_bytes(&w, frame);
	return w.full ? SPAN(NULL, 0) : wr_span(&w);
}

static int packet_send(struct port *p, const struct span *frames, size_t n)
{
	uint8_t bytes[PACKET_MAX];
	int e = 0;

	for (size_t i = 0; i < n && !e; i++) {
		struct span packet = packet_make(p, bytes, frames[i]);

		e = packet.n ? ring_stream_write(p->stream, packet) :
			       -EMSGSIZE;
	}
	return e;
}

/* ---- the interface ---- */

static void on_closed(void *ctx, int error)
{
	port_down(ctx, error ? strerror(-error) : "the socket closed");
}

static const struct ring_stream_ops stream_ops = {
	.data = on_packet, .closed = on_closed,
};

static int socket_open(const struct port *p)
{
	const struct link *l = p->link;
	uint16_t protocol = htons(is_bpq(p) ? ETHERTYPE_BPQ : ETHERTYPE_AX25);
	const struct sockaddr_ll a = {
		.sll_family = AF_PACKET, .sll_protocol = protocol,
		.sll_ifindex = (int)l->index,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), e;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

static void link_up(struct port *p)
{
	int fd = socket_open(p);

	if (fd == -EPERM || fd == -EACCES) {
		port_down(p, "a packet socket needs CAP_NET_RAW: setcap "
			  "cap_net_raw+ep cairnd, or AmbientCapabilities= in "
			  "its unit");
		return;
	}
	if (fd >= 0)
		fd = port_stream(p, fd, RING_PACKET, &stream_ops);
	if (fd < 0)
		port_down(p, strerror(-fd));
	else
		port_changed(p, true, "up");
}

static void say_none(struct port *p)
{
	char why[160];

	snprintf(why, sizeof(why), "no interface %s%s",
		 p->config->interface, is_bpq(p) || netdev_kernel_ax25() ? " yet" :
		 ": this kernel has no AX.25; use the TNC itself (kiss:), or "
		 "make one of it: cairn kissattach");
	port_down(p, why);
}

static void on_news(void *ctx, const struct netdev *d)
{
	struct port *p = ctx;
	struct link *l = p->link;
	uint16_t type = is_bpq(p) ? NETDEV_TYPE_ETHERNET : NETDEV_TYPE_AX25;
	char why[100];

	if (!d) {
		say_none(p);
	} else if (d->type != type) {
		snprintf(why, sizeof(why), "%s is no %s interface", d->name,
			 is_bpq(p) ? "Ethernet" : "AX.25");
		port_down(p, why);
	} else if (!d->up) {
		snprintf(why, sizeof(why), "%s is down: ip link set %s up",
			 d->name, d->name);
		port_down(p, why);
	} else if (!p->stream || l->index != d->index) {
		ring_stream_close(p->stream);
		p->stream = NULL;
		l->index = d->index;
		memcpy(l->address, d->address, sizeof(l->address));
		link_up(p);
	}
}

static void packet_start(struct port *p)
{
	struct link *l = p->link;

	l->watch = netdev_watch_new(p->ring, p->config->interface, on_news, p);
	if (!l->watch)
		port_changed(p, false, strerror(errno));
}

static void packet_stop(struct port *p)
{
	struct link *l = p->link;

	netdev_watch_free(l->watch);
}

const struct port_driver port_packet = {
	.link_size = sizeof(struct link), .start = packet_start,
	.stop = packet_stop, .send = packet_send,
};
