/* SPDX-License-Identifier: MIT
 *
 * Control-socket messages, and the client's side of the socket.
 */
#include "lib/ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define END_HEAD "{\"end\":"	/* as ctl_end_write begins */

/* ---- requests ---- */

static int request_verb(struct ctl_request *r, const struct json *v)
{
	struct span verb = json_string(v);

	if (!verb.n || verb.n >= sizeof(r->verb))
		return -EINVAL;
	memcpy(r->verb, verb.p, verb.n);
	return 0;
}

static int request_args(struct ctl_request *r, const struct json *list)
{
	if (json_len(list) > CTL_ARGS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct span s = json_string(v);

		if (!json_is(v, JSON_STRING) || s.n > CTL_ARG_MAX ||
		    (s.n && memchr(s.p, 0, s.n)))
			return -EINVAL;
		r->args[i] = strndup(s.n ? (const char *)s.p : "", s.n);
		if (!r->args[i])
			return -ENOMEM;
		r->n_args++;
	}
	return 0;
}

int ctl_request_parse(struct ctl_request *r, struct span message)
{
	struct json *v = json_parse(message, NULL);
	const struct json *args = v ? json_get(v, "args") : NULL;
	int e = v ? 0 : -EINVAL;

	memset(r, 0, sizeof(*r));
	if (!e)
		e = request_verb(r, json_get(v, "verb"));
	if (!e && args)
		e = json_is(args, JSON_ARRAY) ? request_args(r, args) :
						-EINVAL;
	json_free(v);
	if (e)
		ctl_request_fini(r);
	return e;
}

void ctl_request_fini(struct ctl_request *r)
{
	for (size_t i = 0; i < r->n_args; i++)
		free(r->args[i]);
	r->n_args = 0;
}

void ctl_request_write(struct json_out *o, const char *verb,
		       size_t n_args, char *const *args)
{
	json_out_object(o);
	json_out_kv_string(o, "verb", verb);
	json_out_key(o, "args");
	json_out_array(o);
	for (size_t i = 0; i < n_args; i++)
		json_out_string(o, args[i]);
	json_out_end_array(o);
	json_out_end_object(o);
}

void ctl_end_write(struct json_out *o, int exit_code, const char *error)
{
	json_out_object(o);
	json_out_kv_int(o, "end", exit_code);
	if (error)
		json_out_kv_string(o, "error", error);
	json_out_end_object(o);
}

/* ---- the client ---- */

/* Through the folder's descriptor: a path may be longer than an address. */
int ctl_connect(const char *dir)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = -1, e = dir_fd < 0 ? -errno : 0;

	if (!e) {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		e = fd < 0 ? -errno : 0;
	}
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control",
		 dir_fd);
	if (!e && connect(fd, (struct sockaddr *)&a, sizeof(a)))
		e = -errno;
	if (dir_fd >= 0)
		close(dir_fd);
	if (e && fd >= 0)
		close(fd);
	return e ? e : fd;
}

static int call_send(int fd, const char *verb, size_t n_args,
		     char *const *args)
{
	struct json_out o = { 0 };
	ssize_t n;

	ctl_request_write(&o, verb, n_args, args);
	n = o.b.len > CTL_MESSAGE_MAX ? -1 :
	    send(fd, o.b.p, o.b.len, MSG_NOSIGNAL);
	buf_fini(&o.b);
	return n < 0 ? -EIO : 0;
}

/* Who takes the replies: parsed, or as they are. */
struct taker {
	void (*fn)(void *ctx, const struct json *v, struct span text);
	void (*text)(void *ctx, struct span text);
	void *ctx;
};

static bool is_end(struct span text)
{
	return text.n >= strlen(END_HEAD) &&
		!memcmp(text.p, END_HEAD, strlen(END_HEAD));
}

/* True at the end, with the exit code. */
static bool call_reply(struct span text, int *code, char *error,
		       const struct taker *t)
{
	bool whole = t->text && !is_end(text);
	struct json *v = whole ? NULL : json_parse_shown(text);
	const struct json *end = v ? json_get(v, "end") : NULL;
	struct span why = v ? json_string(json_get(v, "error")) : SPAN("", 0);

	if (whole) {
		t->text(t->ctx, text);
		return false;
	}
	if (!v) {
		snprintf(error, 256, "cairnd's answer is no JSON");
		*code = EXIT_CODE_FAILED;
		return true;
	}
	if (end) {
		*code = (int)json_int(end);
		snprintf(error, 256, "%.*s", (int)why.n, why.n ?
			 (const char *)why.p : "");
	} else if (t->fn) {
		t->fn(t->ctx, v, text);
	}
	json_free(v);
	return end != NULL;
}

static int call(int fd, const char *verb, size_t n_args, char *const *args,
		const struct taker *t, char *error)
{
	uint8_t *message = malloc(CTL_MESSAGE_MAX);
	int code = EXIT_CODE_FAILED;
	bool ended = !message || call_send(fd, verb, n_args, args);

	error[0] = 0;
	if (ended)
		snprintf(error, 256, "the request could not be sent");
	while (!ended) {
		ssize_t n = recv(fd, message, CTL_MESSAGE_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		ended = n <= 0;
		if (ended)
			snprintf(error, 256, "cairnd closed the connection");
		else
			ended = call_reply(SPAN(message, n), &code, error, t);
	}
	free(message);
	return code;
}

int ctl_call(int fd, const char *verb, size_t n_args, char *const *args,
	     void (*fn)(void *ctx, const struct json *v, struct span text),
	     void *ctx, char *error)
{
	struct taker t = { .fn = fn, .ctx = ctx };

	return call(fd, verb, n_args, args, &t, error);
}

int ctl_call_text(int fd, const char *verb, size_t n_args, char *const *args,
		  void (*fn)(void *ctx, struct span text), void *ctx,
		  char *error)
{
	struct taker t = { .text = fn, .ctx = ctx };

	return call(fd, verb, n_args, args, &t, error);
}

/* ---- the station's folder ---- */

static int dir_join(char *dst, size_t cap, const char *a, const char *b)
{
	int n = snprintf(dst, cap, "%s%s", a, b);

	return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

static bool is_set(const char *s)
{
	return s && *s;
}

int ctl_station_dir(char *dst, size_t cap, const char *option)
{
	const char *env = getenv("CAIRN_DIR");
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (is_set(option))
		return dir_join(dst, cap, option, "");
	if (is_set(env))
		return dir_join(dst, cap, env, "");
	if (geteuid() == 0)
		return dir_join(dst, cap, "/var/lib/cairn", "");
	if (is_set(state))
		return dir_join(dst, cap, state, "/cairn");
	return dir_join(dst, cap, is_set(home) ? home : "",
			"/.local/state/cairn");
}
