/* SPDX-License-Identifier: MIT
 *
 * A TUN device of type AX.25: see tun.h. IFF_NO_PI would not do: the kernel
 * then guesses the protocol from the first byte, and knows only IP.
 */
#include "ax25/tun.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "/dev/net/tun"
#define PI_SIZE 4
#define PROTOCOL_AX25 2
#define MTU 512

struct tun {
	struct ring_stream *stream;
	const struct tun_ops *ops;
	void *ctx;
};

static void on_data(void *ctx, struct span bytes)
{
	struct rd r = rd_init(bytes);
	struct tun *t = ctx;
	uint64_t protocol;
	uint8_t type;

	rd_bytes(&r, 2);
	protocol = rd_be(&r, 2);
	type = rd_u8(&r);
	if (!r.bad && protocol == PROTOCOL_AX25) /* the rest is IPv6's hello */
		t->ops->frame(t->ctx, type, rd_rest(&r));
}

static void on_closed(void *ctx, int error)
{
	struct tun *t = ctx;

	t->ops->gone(t->ctx, error);
}

static const struct ring_stream_ops stream_ops = {
	.data = on_data, .closed = on_closed,
};

static int bring_up(struct ifreq *r)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e = 0;

	if (s < 0)
		return -errno;
	r->ifr_mtu = MTU;
	if (ioctl(s, SIOCSIFMTU, r))
		e = -errno;
	r->ifr_flags = IFF_UP | IFF_RUNNING;
	if (!e && ioctl(s, SIOCSIFFLAGS, r))
		e = -errno;
	close(s);
	return e;
}

/* The fd of a fresh interface, or -errno. */
static int make(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_TUN_EXCL };
	size_t n = strlen(name);
	int fd, e = 0;

	if (n == 0 || n >= sizeof(r.ifr_name) || strpbrk(name, "/% \t"))
		return -EINVAL;
	memcpy(r.ifr_name, name, n);
	fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &r) ||
	    ioctl(fd, TUNSETLINK, (unsigned long)ARPHRD_AX25))
		e = -errno;
	if (!e)
		e = bring_up(&r);
	if (!e)
		return fd;
	close(fd);
	return e;
}

static void say_why(int e, const char *name, char why[200])
{
	switch (e) {
	case -EPERM:
	case -EACCES:
		snprintf(why, 200, "%.20s: making an interface needs "
			 "CAP_NET_ADMIN: be root, or once: setcap "
			 "cap_net_admin+ep PROGRAM", name);
		break;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		snprintf(why, 200, "%.20s: no " DEVICE " here (modprobe tun)",
			 name);
		break;
	case -EBUSY:
		snprintf(why, 200, "%.20s: there is an interface of that name",
			 name);
		break;
	case -EINVAL:
		snprintf(why, 200, "%.20s: no name for an interface (1 to 15 "
			 "characters, such as ax0)", name);
		break;
	default:
		snprintf(why, 200, "%.20s: %s", name, strerror(-e));
	}
}

static int attach(struct tun *t, struct ring *ring, const char *name)
{
	int fd = make(name), e;

	if (fd < 0)
		return fd;
	t->stream = ring_stream_new(ring, fd, RING_PACKET, &stream_ops, t);
	if (t->stream)
		return 0;
	e = -errno;
	close(fd);
	return e;
}

int tun_open(struct tun **out, struct ring *ring, const char *name,
	     const struct tun_ops *ops, void *ctx, char why[200])
{
	struct tun *t = calloc(1, sizeof(*t));
	int e = -ENOMEM;

	*out = t;
	if (t) {
		t->ops = ops;
		t->ctx = ctx;
		e = attach(t, ring, name);
	}
	if (!e)
		return 0;
	say_why(e, name, why);
	free(t);
	*out = NULL;
	return e;
}

void tun_close(struct tun *t)
{
	if (!t)
		return;
	ring_stream_close(t->stream);
	free(t);
}

int tun_show(struct tun *t, uint8_t type, struct span data)
{
	uint8_t packet[PI_SIZE + 1 + TUN_FRAME_MAX];
	struct wr w = wr_init(packet, sizeof(packet));

	wr_be(&w, 2, 0);
	wr_be(&w, 2, PROTOCOL_AX25);
	wr_u8(&w, type);
	wr_bytes(&w, data);
	if (w.full)
		return -EMSGSIZE;
	/* never waits: the kernel takes the packet or drops it */
	return write(ring_stream_fd(t->stream), packet, w.len) < 0 ? -errno : 0;
}
