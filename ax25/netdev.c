/* SPDX-License-Identifier: MIT
 *
 * rtnetlink, taken apart by libnl: see netdev.h. The socket is the engine's,
 * so that news of interfaces is one more stream.
 *
 *   request  RTM_GETLINK, all        answers: RTM_NEWLINK..., NLMSG_DONE
 *   group    RTNLGRP_LINK            RTM_NEWLINK, RTM_DELLINK as they happen
 */
#include "ax25/netdev.h"
#include <errno.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (64 * 1024)

static const struct {
	struct nlmsghdr h;
	struct ifinfomsg i;
} request = {
	.h = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK,
	       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
};

static int netlink_open(unsigned groups)
{
	const struct sockaddr_nl a = {
		.nl_family = AF_NETLINK, .nl_groups = groups,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), e;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

/* False if the message is of no interface. */
static bool link_parse(struct netdev *d, struct nlmsghdr *h)
{
	struct nlattr *attr[IFLA_MAX + 1];
	const struct ifinfomsg *i;

	if ((h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK) ||
	    nlmsg_parse(h, sizeof(*i), attr, IFLA_MAX, NULL) < 0 ||
	    !attr[IFLA_IFNAME])
		return false;
	i = nlmsg_data(h);
	*d = (struct netdev){ .index = (unsigned)i->ifi_index,
			      .type = i->ifi_type,
			      .up = i->ifi_flags & IFF_UP };
	nla_strlcpy(d->name, attr[IFLA_IFNAME], sizeof(d->name));
	if (attr[IFLA_MTU])
		d->mtu = nla_get_u32(attr[IFLA_MTU]);
	if (attr[IFLA_ADDRESS] &&
	    nla_len(attr[IFLA_ADDRESS]) == sizeof(d->address))
		memcpy(d->address, nla_data(attr[IFLA_ADDRESS]),
		       sizeof(d->address));
	return true;
}

/* Calls fn for each interface in an answer; true at the end of a list. */
static bool links_read(struct span answer,
		       void (*fn)(void *ctx, const struct netdev *d, bool gone),
		       void *ctx)
{
	union {		/* libnl wants it aligned, and not const */
		struct nlmsghdr h;
		uint8_t bytes[ANSWER_MAX];
	} *a = malloc(sizeof(*a));
	int left = (int)(answer.n < ANSWER_MAX ? answer.n : ANSWER_MAX);
	bool done = false;
	struct netdev d;

	if (!a)
		return true;
	memcpy(a->bytes, answer.p, (size_t)left);
	for (struct nlmsghdr *h = &a->h; nlmsg_ok(h, left);
	     h = nlmsg_next(h, &left)) {
		done |= h->nlmsg_type == NLMSG_DONE ||
			h->nlmsg_type == NLMSG_ERROR;
		if (link_parse(&d, h))
			fn(ctx, &d, h->nlmsg_type == RTM_DELLINK);
	}
	free(a);
	return done;
}

/* ---- a list ---- */

struct list {
	void (*fn)(void *ctx, const struct netdev *d);
	void *ctx;
};

static void list_add(void *ctx, const struct netdev *d, bool gone)
{
	struct list *l = ctx;

	if (!gone)
		l->fn(l->ctx, d);
}

int netdev_list(void (*fn)(void *ctx, const struct netdev *d), void *ctx)
{
	struct list l = { fn, ctx };
	uint8_t *answer = malloc(ANSWER_MAX);
	int fd = netlink_open(0);
	ssize_t n = answer ? fd : -ENOMEM;

	if (n >= 0 && send(fd, &request, sizeof(request), 0) < 0)
		n = -errno;
	while (n >= 0) {
		n = recv(fd, answer, ANSWER_MAX, 0);
		if (n < 0)
			n = -errno;
		else if (links_read(SPAN(answer, n), list_add, &l))
			break;
	}
	free(answer);
	if (fd >= 0)
		close(fd);
	return n < 0 ? (int)n : 0;
}

/* ---- news of one ---- */

struct netdev_watch {
	struct ring_stream *stream;
	char name[NETDEV_NAME_MAX];
	unsigned index;		/* of the one that is there; 0 = none */
	bool listing;		/* the answer to the request is coming */
	void (*changed)(void *ctx, const struct netdev *d);
	void *ctx;
};

static void watch_link(void *ctx, const struct netdev *d, bool gone)
{
	struct netdev_watch *w = ctx;
	bool named = strcmp(d->name, w->name) == 0 && !gone;

	if (!named && d->index != w->index)
		return;
	w->index = named ? d->index : 0;	/* else gone, or renamed */
	w->changed(w->ctx, named ? d : NULL);
}

static void watch_data(void *ctx, struct span answer)
{
	struct netdev_watch *w = ctx;

	if (!links_read(answer, watch_link, w) || !w->listing)
		return;
	w->listing = false;
	if (!w->index)
		w->changed(w->ctx, NULL);
}

static void watch_closed(void *ctx, int error)
{
	(void)ctx;
	(void)error;	/* no news any more: what is known stays */
}

struct netdev_watch *netdev_watch_new(struct ring *r, const char *name,
				      void (*changed)(void *ctx,
						      const struct netdev *d),
				      void *ctx)
{
	static const struct ring_stream_ops ops = {
		.data = watch_data, .closed = watch_closed,
	};
	struct netdev_watch *w = calloc(1, sizeof(*w));
	int fd = w ? netlink_open(RTMGRP_LINK) : -ENOMEM;

	if (fd >= 0) {
		w->changed = changed;
		w->ctx = ctx;
		w->listing = true;
		memcpy(w->name, name, strnlen(name, sizeof(w->name) - 1));
		w->stream = ring_stream_new(r, fd, RING_CONTROL, &ops, w);
	}
	if (fd >= 0 && w->stream) {
		ring_stream_write(w->stream, SPAN(&request, sizeof(request)));
		return w;
	}
	errno = fd < 0 ? -fd : errno;
	if (fd >= 0)
		close(fd);
	free(w);
	return NULL;
}

void netdev_watch_free(struct netdev_watch *w)
{
	if (!w)
		return;
	ring_stream_close(w->stream);
	free(w);
}

bool netdev_kernel_ax25(void)
{
	int fd = socket(AF_AX25, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EAFNOSUPPORT;
}
