/* SPDX-License-Identifier: MIT
 *
 * A TPACKET_V3 ring on an AX.25 interface: see sniff.h.
 *
 *   ring    block | block | ...      the kernel fills one, marks it ours
 *   block   header | packet -> packet -> ...    we give it back as a whole
 */
#include "ax25/sniff.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHERTYPE_ALL 3
#define BLOCK_SIZE (1u << 16)
#define BLOCKS 16u
#define SLOT_SIZE 4096u
#define BLOCK_MS 50		/* a block that is not full is ours after this */
#define MARKS 0xa0

struct sniff {
	int fd;
	uint8_t *ring;
	unsigned at;		/* the block that is next */
};

static int interface_type(int fd, const char *name)
{
	struct ifreq r = { 0 };

	if (strlen(name) >= sizeof(r.ifr_name))
		return -ENODEV;
	memcpy(r.ifr_name, name, strlen(name));
	return ioctl(fd, SIOCGIFHWADDR, &r) ? -errno :
					      r.ifr_hwaddr.sa_family;
}

static int ring_map(struct sniff *s)
{
	const struct tpacket_req3 req = {
		.tp_block_size = BLOCK_SIZE, .tp_block_nr = BLOCKS,
		.tp_frame_size = SLOT_SIZE,
		.tp_frame_nr = BLOCK_SIZE / SLOT_SIZE * BLOCKS,
		.tp_retire_blk_tov = BLOCK_MS,
	};
	int v3 = TPACKET_V3;

	if (setsockopt(s->fd, SOL_PACKET, PACKET_VERSION, &v3, sizeof(v3)) ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -errno;
	s->ring = mmap(NULL, BLOCK_SIZE * BLOCKS, PROT_READ | PROT_WRITE,
		       MAP_SHARED, s->fd, 0);
	if (s->ring == MAP_FAILED) {
		s->ring = NULL;
		return -errno;
	}
	return 0;
}

static int attach(struct sniff *s, const char *name)
{
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_ALL),
	};
	int type, e;

	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	type = interface_type(s->fd, name);
	if (type < 0)
		return type;
	if (type != ARPHRD_AX25)
		return -EPROTOTYPE;
	e = ring_map(s);
	a.sll_ifindex = (int)if_nametoindex(name);
	if (!e && bind(s->fd, (struct sockaddr *)&a, sizeof(a)))
		e = -errno;
	return e;
}

static void say_why(int e, const char *name, char why[200])
{
	switch (e) {
	case -EPERM:
	case -EACCES:
		snprintf(why, 200, "%.20s: reading an interface needs "
			 "CAP_NET_RAW: be root, or once: setcap "
			 "cap_net_raw+ep PROGRAM", name);
		break;
	case -ENODEV:
		snprintf(why, 200, "%.20s: no such interface; `cairn ports` "
			 "lists them", name);
		break;
	case -EPROTOTYPE:
		snprintf(why, 200, "%.20s: is no AX.25 interface", name);
		break;
	default:
		snprintf(why, 200, "%.20s: %s", name, strerror(-e));
	}
}

int sniff_open(struct sniff **out, const char *name, char why[200])
{
	struct sniff *s = calloc(1, sizeof(*s));
	int e = s ? attach(s, name) : -ENOMEM;

	*out = s;
	if (!e)
		return 0;
	say_why(e, name, why);
	sniff_close(s);
	*out = NULL;
	return e;
}

void sniff_close(struct sniff *s)
{
	if (!s)
		return;
	if (s->ring)
		munmap(s->ring, BLOCK_SIZE * BLOCKS);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* The packets of a block; false if fn wants no more. */
static bool block_read(struct tpacket_block_desc *block,
		       bool (*fn)(void *, const struct sniff_frame *),
		       void *ctx)
{
	uint8_t *p = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t n = block->hdr.bh1.num_pkts; n > 0; n--) {
		struct tpacket3_hdr *h = (struct tpacket3_hdr *)p;
		struct sockaddr_ll *a = (struct sockaddr_ll *)
			(p + TPACKET_ALIGN(sizeof(*h)));
		struct sniff_frame f = {
			.wall_us = (uint64_t)h->tp_sec * 1000000 +
				   h->tp_nsec / 1000,
			.sent = a->sll_pkttype == PACKET_OUTGOING,
			.data = { p + h->tp_mac, h->tp_snaplen },
		};

		if (f.sent && f.data.n)
			p[h->tp_mac] &= (uint8_t)~MARKS;
		if (!fn(ctx, &f))
			return false;
		p += h->tp_next_offset;
	}
	return true;
}

static int wait(const struct sniff *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	socklen_t len = sizeof(int);
	int e = 0;

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p.revents & POLLERR)
		getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &e, &len);
	return -e;
}

int sniff_run(struct sniff *s, bool (*fn)(void *ctx,
	      const struct sniff_frame *f), void *ctx)
{
	for (;;) {
		struct tpacket_block_desc *b = (struct tpacket_block_desc *)
			(s->ring + s->at * BLOCK_SIZE);
		uint32_t *status = &b->hdr.bh1.block_status;
		bool more;
		int e;

		if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER)) {
			e = wait(s);
			if (e)
				return e;
			continue;
		}
		more = block_read(b, fn, ctx);
		__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		s->at = (s->at + 1) % BLOCKS;
		if (!more)
			return 0;
	}
}
