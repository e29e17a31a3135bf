/* SPDX-License-Identifier: MIT
 *
 * tcpdump's expressions, compiled by libpcap, run over frames in memory: a
 * program for each link type that a capture may have.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/capture.h"

#define SNAP_LEN 65535

struct capture_filter {
	struct bpf_program ax25, bare;
};

static int compile(struct bpf_program *p, int link, const char *expression,
		   char why[256])
{
	pcap_t *dead = pcap_open_dead(link, SNAP_LEN);
	int e = dead ? pcap_compile(dead, p, expression, 1,
				    PCAP_NETMASK_UNKNOWN) : -1;

	if (e)
		snprintf(why, 256, "%s", dead ? pcap_geterr(dead) :
			 "out of memory");
	if (dead)
		pcap_close(dead);
	return e ? -1 : 0;
}

int capture_filter_new(struct capture_filter **out, const char *expression,
		       char why[256])
{
	struct capture_filter *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f) {
		snprintf(why, 256, "out of memory");
		return -1;
	}
	if (compile(&f->ax25, PCAPNG_LINK_AX25_KISS, expression, why) ||
	    compile(&f->bare, PCAPNG_LINK_USER0, expression, why)) {
		capture_filter_free(f);
		*out = NULL;
		return -1;
	}
	return 0;
}

void capture_filter_free(struct capture_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->ax25);
	pcap_freecode(&f->bare);
	free(f);
}

bool capture_filter_match(const struct capture_filter *f, uint16_t link,
			  struct span data)
{
	const struct bpf_program *p = link == PCAPNG_LINK_USER0 ? &f->bare :
								  &f->ax25;
	const struct pcap_pkthdr h = {
		.caplen = (bpf_u_int32)data.n, .len = (bpf_u_int32)data.n,
	};

	return pcap_offline_filter(p, &h, data.p);
}
