/* SPDX-License-Identifier: MIT
 *
 * The configuration: a small INI file (cairn.conf(5)) and the flags of cairnd,
 * read by the same setters into the same struct.
 *
 *   key = value            # to the end of the line, outside "quotes"
 *   [port NAME]
 *   key = value
 *
 * Nothing is guessed and nothing is ignored: an unknown key, a key said twice,
 * a value without its unit, a line over 199 bytes is an error that names FILE
 * and LINE. Parsing works on memory, so that it can be fuzzed.
 */
#pragma once
#include "kiss/tnc.h"
#include "lib/node/node.h"

#define CONFIG_LINE_MAX 199
#define CONFIG_FILE_MAX (64 * 1024)
#define CONFIG_ERROR_MAX 768
#define CONFIG_WHY_MAX 240

enum config_device {
	DEVICE_NONE, DEVICE_KISS, DEVICE_TCP, DEVICE_LISTEN, DEVICE_AX25,
	DEVICE_BPQ, DEVICE_AXUDP, DEVICE_AGW,
};

struct config_port {
	enum config_device device;
	char spec[256];			/* as it was written */
	char host[256], service[8];	/* tcp, listen, axudp, agw */
	char local[8];			/* axudp: our port, or "" */
	uint8_t radio;			/* agw: 0..15 */
	char interface[16];		/* ax25, bpq */
	char mirror[16];		/* an interface to show it on, or "" */
	struct tnc_config tnc;		/* kiss; -1 = not named */
	struct node_port_config node;	/* complete after config_finish */
	uint32_t named;			/* bit per key that was said */
};

struct config {
	char callsign[12];	/* "" = none yet: receive only */
	char dataset[64];
	bool transmit;
	int author_quota_mb;	/* payload kept of one author */
	int fetch_kb;		/* contents kept unasked; 0 = none */
	int blobs_mb;		/* contents, in all */
	int clock_drift_h;	/* followed ahead of the own clock; 0 = any */
	struct node_control control[NODE_CONTROL_MAX];
	char voltage[256];	/* a file with microvolts; "" = none */
	unsigned time_scale;	/* flag only; 1 but on a simulated channel */
	size_t n_ports;
	struct config_port ports[NODE_PORTS_MAX];
	uint32_t named;
};

void config_init(struct config *c);

/* A file's text. 0, or -EINVAL and "NAME:LINE: what is wrong" in err. */
int config_parse(struct config *c, const char *name, struct span text,
		 char err[CONFIG_ERROR_MAX]);
/* The same for a path; -errno if it cannot be read. */
int config_load(struct config *c, const char *path,
		char err[CONFIG_ERROR_MAX]);

/* A flag: replaces what the file said. */
int config_set(struct config *c, const char *key, const char *value,
	       char err[CONFIG_ERROR_MAX]);
/* --port [NAME=]DEVICE[,key=value...]: a further port. */
int config_add_port(struct config *c, const char *spec,
		    char err[CONFIG_ERROR_MAX]);

/* Fills in what was not named, and checks what only the whole can tell. */
int config_finish(struct config *c, char err[CONFIG_ERROR_MAX]);

/* Why this station cannot transmit whatever the switch says (no call sign, a
 * placeholder): why, filled; NULL if it can. */
const char *config_call_missing(const struct config *c, char why[80]);

/* Whether two ports would be printed alike. */
bool config_port_same(const struct config_port *a, const struct config_port *b);
/* The effective configuration in the file's own language (cairnd -n -v). */
void config_print(const struct config *c, struct buf *out);
