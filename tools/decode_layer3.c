/* SPDX-License-Identifier: MIT
 *
 * What stands in an AX.25 frame behind the PID, in a line: NET/ROM, IP, ARP,
 * segments, FRMR and XID. A printer, as tcpdump's are: it reads and writes at
 * once, and says "short" where the bytes end too early.
 *
 *   NET/ROM   from 7 | to 7 | ttl 1 | circuit 2 | tx 1 | rx 1 | opcode 1
 *             or FF | mnemonic 6 | (to 7 | mnemonic 6 | via 7 | quality 1)...
 *   segment   first 80 | left 7F, then (first only) the PID of the whole
 */
#include "tools/decode.h"

#define PID_ISO8208 0x01
#define PID_SEGMENT 0x08
#define PID_IP 0xcc
#define PID_ARP 0xcd
#define PID_NETROM 0xcf
#define FRMR 0x87
#define NODES_ENTRY 21
#define NETROM_HEAD 15		/* as far as the TTL */
#define ARP_AX25 3
#define ETHERTYPE_IP 0xcc	/* in an ARP on AX.25 the PID stands for it */

static const struct {
	uint8_t pid;
	const char *name;
} pids[] = {
	{ PID_ISO8208, "x.25" }, { 0x06, "vj-tcp" }, { 0x07, "vj-tcp-full" },
	{ PID_SEGMENT, "segment" }, { AX25_PID_CAIRN, "cairn" },
	{ 0xc3, "texnet" }, { 0xc4, "lqp" }, { 0xca, "appletalk" },
	{ 0xcb, "appletalk-arp" }, { PID_IP, "ip" }, { PID_ARP, "arp" },
	{ 0xce, "flexnet" }, { PID_NETROM, "netrom" },
	{ AX25_PID_NONE, "none" }, { 0xff, "escape" },
};

const char *decode_pid_name(uint8_t pid)
{
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		if (pids[i].pid == pid)
			return pids[i].name;
	return NULL;
}

static void put_rest(struct buf *b, struct rd *r)
{
	struct span rest = rd_rest(r);

	if (r->bad)
		put_str(b, ", short");
	else if (rest.n)
		put_payload(b, rest);
}

/* ---- NET/ROM ---- */

/* A call sign in the form it has in AX.25 addresses; strangers fill it with
 * anything. */
static void put_shifted(struct buf *b, struct span s)
{
	uint8_t call[6];
	size_t n = 0;

	for (; s.p && n < sizeof(call) && s.p[n] > 0x40; n++)
		call[n] = s.p[n] >> 1;
	for (size_t i = 0; i < n; i++)
		buf_add_u8(b, call[i] > ' ' && call[i] < 0x7f ? call[i] : '.');
	if (s.p && (s.p[6] >> 1 & 15)) {
		buf_add_u8(b, '-');
		put_uint(b, s.p[6] >> 1 & 15);
	}
}

static void put_mnemonic(struct buf *b, struct span s)
{
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		buf_add_u8(b, s.p[i] > ' ' && s.p[i] < 0x7f ? s.p[i] : '.');
}

static void put_nodes(struct buf *b, struct rd *r)
{
	size_t n;

	put_str(b, " nodes from ");
	put_mnemonic(b, rd_bytes(r, 6));
	n = rd_left(r) / NODES_ENTRY;
	put_str(b, ", ");
	put_uint(b, n);
	for (size_t i = 0; i < n; i++) {
		struct span e = rd_bytes(r, NODES_ENTRY);

		put_str(b, i ? ", " : ": ");
		put_mnemonic(b, SPAN(e.p + 7, 6));
		buf_add_u8(b, ':');
		put_shifted(b, e);
		put_str(b, " via ");
		put_shifted(b, SPAN(e.p + 13, 7));
		put_str(b, " q ");
		put_uint(b, e.p[20]);
	}
	put_rest(b, r);
}

static void put_circuit(struct buf *b, struct rd *r)
{
	static const char *const ops[16] = { "protocol", "connect",
		"connect-ack", "disconnect", "disconnect-ack", "info",
		"info-ack", "reset" };
	unsigned index = rd_u8(r), id = rd_u8(r), tx = rd_u8(r),
		 rx = rd_u8(r), op = rd_u8(r);
	const char *name = ops[op & 15] ? ops[op & 15] : "op ?";

	if (r->bad)
		return;
	buf_printf(b, " %s %u/%u", name, index, id);
	if ((op & 15) == 5 || (op & 15) == 6)
		buf_printf(b, " ns %u nr %u", tx, rx);
	buf_printf(b, "%s%s%s", op & 0x80 ? " choke" : "",
		   op & 0x40 ? " nak" : "", op & 0x20 ? " more" : "");
}

static void put_netrom(struct buf *b, struct span info)
{
	struct rd r = rd_init(info);

	put_str(b, "netrom");
	if (info.n && info.p[0] == 0xff) {
		rd_u8(&r);
		put_nodes(b, &r);
		return;
	}
	if (info.n < NETROM_HEAD) {
		put_str(b, " short");
		put_payload(b, info);
		return;
	}
	buf_add_u8(b, ' ');
	put_shifted(b, rd_bytes(&r, AX25_ADDRESS_SIZE));
	put_str(b, " > ");
	put_shifted(b, rd_bytes(&r, AX25_ADDRESS_SIZE));
	put_str(b, " ttl ");
	put_uint(b, rd_u8(&r));
	put_circuit(b, &r);
	put_rest(b, &r);
}

/* ---- IP ---- */

static void put_ip_address(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (i)
			buf_add_u8(b, '.');
		put_uint(b, s.p[i]);
	}
}

static const char *ip_protocol(uint8_t p)
{
	switch (p) {
	case 1: return "icmp";
	case 4: return "ipip";
	case 6: return "tcp";
	case 17: return "udp";
	case 93: return "axip";
	}
	return NULL;
}

/* Ports stand at the same place in TCP and UDP; a later fragment has none. */
static void put_ip_ports(struct buf *b, struct rd *r)
{
	struct span ports = rd_bytes(r, 4);

	if (ports.p)
		buf_printf(b, " %u > %u", (unsigned)be_get(ports.p, 2),
			   (unsigned)be_get(ports.p + 2, 2));
}

static void put_ip(struct buf *b, struct span info)
{
	struct rd r = rd_init(info);
	struct span h = rd_bytes(&r, 20);
	size_t head = h.p ? (h.p[0] & 15u) * 4 : 0;
	const char *name;

	put_str(b, "ip ");
	if (!h.p || h.p[0] >> 4 != 4 || head < 20) {
		put_str(b, h.p ? "bad header" : "short");
		return;
	}
	put_ip_address(b, SPAN(h.p + 12, 4));
	put_str(b, " > ");
	put_ip_address(b, SPAN(h.p + 16, 4));
	name = ip_protocol(h.p[9]);
	if (name)
		buf_printf(b, " %s", name);
	else
		buf_printf(b, " protocol %u", h.p[9]);
	rd_bytes(&r, head - 20);
	if (be_get(h.p + 6, 2) & 0x1fff)
		buf_printf(b, " fragment at %u",
			   (unsigned)(be_get(h.p + 6, 2) & 0x1fff) * 8);
	else if (h.p[9] == 6 || h.p[9] == 17)
		put_ip_ports(b, &r);
	buf_printf(b, " ttl %u length %u", h.p[8],
		   (unsigned)be_get(h.p + 2, 2));
	if (r.bad)
		put_str(b, ", short");
}

/* hardware 2 | protocol 2 | their lengths 2 | operation 2 | who, whom */
static void put_arp(struct buf *b, struct span info)
{
	struct rd r = rd_init(info);
	unsigned hw = (unsigned)rd_be(&r, 2), proto = (unsigned)rd_be(&r, 2);
	unsigned hlen = rd_u8(&r), plen = rd_u8(&r),
		 op = (unsigned)rd_be(&r, 2);
	struct span who = rd_bytes(&r, hlen), ip = rd_bytes(&r, plen);

	put_str(b, "arp ");
	if (hw != ARP_AX25 || proto != ETHERTYPE_IP || hlen != 7 || plen != 4) {
		buf_printf(b, "hardware %u protocol %04x", hw, proto);
		return;
	}
	rd_bytes(&r, hlen);
	if (op == 1) {
		put_str(b, "who has ");
		put_ip_address(b, rd_bytes(&r, plen));
		put_str(b, "? tell ");
	} else {
		put_str(b, op == 2 ? "reply " : "op ? ");
	}
	put_ip_address(b, ip);
	put_str(b, op == 1 ? " at " : " is at ");
	put_shifted(b, who);
	if (r.bad)
		put_str(b, ", short");
}

/* ---- segments, and frames without a PID ---- */

static void put_segment(struct buf *b, struct span info)
{
	struct rd r = rd_init(info);
	uint8_t head = rd_u8(&r), pid;
	const char *name;

	put_str(b, head & 0x80 ? "segment first, " : "segment, ");
	put_uint(b, head & 0x7f);
	put_str(b, " more");
	if (head & 0x80) {
		pid = rd_u8(&r);
		name = decode_pid_name(pid);
		buf_printf(b, ", pid %02x%s%s", pid, name ? " " : "",
			   name ? name : "");
	}
	put_rest(b, &r);
}

/* control that was refused | V(R), V(S) | why */
static void put_frmr(struct buf *b, struct span info)
{
	if (info.n < 3)
		return;
	buf_printf(b, " of %02x nr %u ns %u%s%s%s%s", info.p[0],
		   info.p[1] >> 5, info.p[1] >> 1 & 7,
		   info.p[2] & 1 ? " control" : "",
		   info.p[2] & 2 ? " info" : "",
		   info.p[2] & 4 ? " length" : "", info.p[2] & 8 ? " nr" : "");
}

bool decode_put_layer3(struct buf *b, const struct ax25_frame *f)
{
	static const struct {
		uint8_t pid;
		void (*put)(struct buf *b, struct span info);
	} printers[] = {
		{ PID_NETROM, put_netrom }, { PID_IP, put_ip },
		{ PID_ARP, put_arp }, { PID_SEGMENT, put_segment },
	};

	if (f->type == AX25_U && (f->control & 0xef) == FRMR)
		put_frmr(b, f->info);
	for (size_t i = 0; f->has_pid && i < 4; i++) {
		if (printers[i].pid != f->pid)
			continue;
		buf_add_u8(b, ' ');
		printers[i].put(b, f->info);
		return true;
	}
	return false;
}
