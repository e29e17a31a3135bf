/* SPDX-License-Identifier: MIT
 *
 * Asking cairnd: see client.h.
 */
#include "tools/client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "lib/event/payload.h"
#include "tools/out.h"

const char *client_dir(char dst[512])
{
	if (ctl_station_dir(dst, 512, NULL)) {
		fprintf(stderr, "cairn: the folder's path is too long\n");
		exit(EXIT_CODE_USAGE);
	}
	return dst;
}

static int no_connection(const char *verb, const char *dir, int error)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		fprintf(stderr, "cairn: %s: no cairnd is at work in %s; "
			"start one with: cairnd -d %s\n", verb, dir, dir);
		return EXIT_CODE_NO_DAEMON;
	case -EACCES:
	case -EPERM:
		fprintf(stderr, "cairn: %s: %s/control: not allowed\n", verb,
			dir);
		return EXIT_CODE_PERMISSION;
	default:
		fprintf(stderr, "cairn: %s: %s/control: %s\n", verb, dir,
			strerror(-error));
		return EXIT_CODE_FAILED;
	}
}

int client_connect(const char *verb, int *fd)
{
	char dir[512];

	client_dir(dir);
	*fd = ctl_connect(dir);
	return *fd < 0 ? no_connection(verb, dir, *fd) : EXIT_CODE_OK;
}

int client_ask(int fd, const char *verb, size_t n_args, char *const *args,
	       client_fn fn, void *ctx)
{
	char error[256] = "";
	int code = ctl_call(fd, verb, n_args, args, fn, ctx, error);

	if (error[0])
		fprintf(stderr, "cairn: %s: %s\n", verb, error);
	return code;
}

bool client_takes(const char *verb, size_t n_words, char *const *words)
{
	for (size_t i = 0; i < n_words; i++) {
		if (strlen(words[i]) > CTL_ARG_MAX)
			fprintf(stderr, "cairn: %s: a word of more than %d "
				"bytes\n", verb, CTL_ARG_MAX);
		else if (!payload_is_text(SPAN_STR(words[i])))
			fprintf(stderr, "cairn: %s: word %zu is not UTF-8\n",
				verb, i + 1);
		else
			continue;
		return false;
	}
	return true;
}

int client_call(const char *verb, size_t n_args, char *const *args,
		client_fn fn, void *ctx)
{
	int fd, code;

	if (!client_takes(verb, n_args, args))
		return EXIT_CODE_USAGE;
	code = client_connect(verb, &fd);
	if (code != EXIT_CODE_OK)
		return code;
	code = client_ask(fd, verb, n_args, args, fn, ctx);
	close(fd);
	return code;
}

void client_print_json(void *ctx, const struct json *v, struct span text)
{
	(void)ctx;
	(void)v;
	out_json(text);
}
