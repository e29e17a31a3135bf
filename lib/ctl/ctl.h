/* SPDX-License-Identifier: MIT
 *
 * The control socket DIR/control: SOCK_SEQPACKET, JSON messages, shared by
 * cairnd and cairn (docs/formats.md, "Control").
 *
 *   request  {"verb":"create","args":["R-100","site_assessment"]}
 *   replies  any number of JSON objects, one a message, then
 *            {"end":0}  or  {"end":EXIT,"error":"one sentence"}
 *
 * EXIT is the exit code of `cairn`. Streams (`log -f`, `monitor`) end when
 * either side closes; a reader that is too slow is dropped.
 */
#pragma once
#include "lib/base/json.h"

#define CTL_MESSAGE_MAX (256 * 1024)
#define CTL_ARGS_MAX 64
#define CTL_ARG_MAX 4096

enum { EXIT_CODE_OK = 0, EXIT_CODE_FAILED = 1, EXIT_CODE_USAGE = 2,
       EXIT_CODE_NO_DAEMON = 3, EXIT_CODE_PERMISSION = 4 };

struct ctl_request {
	char verb[24];
	size_t n_args;
	char *args[CTL_ARGS_MAX];	/* owned */
};
int ctl_request_parse(struct ctl_request *r, struct span message);
void ctl_request_fini(struct ctl_request *r);
void ctl_request_write(struct json_out *o, const char *verb,
		       size_t n_args, char *const *args);
void ctl_end_write(struct json_out *o, int exit_code, const char *error);

/* Client side, blocking. Connects to DIR/control: fd, -ENOENT/-ECONNREFUSED
 * (no daemon), -EACCES. */
int ctl_connect(const char *dir);
/* Sends, then calls fn for every reply object (parsed and as text) until the
 * end; returns the exit code, error[] filled (256 bytes). */
int ctl_call(int fd, const char *verb, size_t n_args, char *const *args,
	     void (*fn)(void *ctx, const struct json *v, struct span text),
	     void *ctx, char *error);
/* The same for replies that are long, and not parsed. */
int ctl_call_text(int fd, const char *verb, size_t n_args, char *const *args,
		  void (*fn)(void *ctx, struct span text), void *ctx,
		  char *error);
/* The station's folder: -d value, else $CAIRN_DIR, /var/lib/cairn as root,
 * $XDG_STATE_HOME/cairn, ~/.local/state/cairn. 0 or -ENAMETOOLONG. */
int ctl_station_dir(char *dst, size_t cap, const char *option);
