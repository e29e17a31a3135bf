/* SPDX-License-Identifier: MIT
 *
 * key: the station's identity, DIR/key. It never leaves the file and is never
 * an argument. A station that gets a new key says so under both.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/ctl/ctl.h"
#include "lib/rns/rns.h"
#include "tools/cairn.h"
#include "tools/client.h"

static int key_fail(const char *path, int error, bool making)
{
	const char *why = strerror(-error);

	if (error == -EEXIST)
		why = "there is a key already; it is the station, so it is "
		      "not replaced";
	else if (error == -EPERM)
		why = "others can read it (chmod 600)";
	else if (error == -ENOENT && !making)
		why = "no key yet; make one with: cairn key gen";
	else if (error == -EINVAL)
		why = "not a key (64 bytes)";
	fprintf(stderr, "cairn: key: %s: %s\n", path, why);
	return error == -EPERM || error == -EACCES ? EXIT_CODE_PERMISSION :
						     EXIT_CODE_FAILED;
}

static void key_print(const struct rns_identity *id, const char *path,
		      bool json)
{
	char hash[33], pub[129];
	struct json_out o = { 0 };

	hex_encode(hash, SPAN(id->hash, 16));
	hex_encode(pub, SPAN(id->pub, 64));
	if (!json) {
		printf("author  %s\npublic  %s\nfile    %s\n", hash, pub,
		       path);
		return;
	}
	json_out_object(&o);
	json_out_kv_string(&o, "author", hash);
	json_out_kv_string(&o, "public", pub);
	json_out_kv_string(&o, "file", path);
	json_out_end_object(&o);
	printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

/* DIR and what is missing above it. */
static int make_dirs(char *dir)
{
	for (char *at = dir + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = 0;
		mkdir(dir, 0755);
		*at = '/';
	}
	return mkdir(dir, 0700) && errno != EEXIST ? -errno : 0;
}

static int key_make(struct rns_identity *id, char *dir, const char *path)
{
	int e = make_dirs(dir);

	if (e)
		return e;
	rns_identity_generate(id);
	return rns_identity_save(id, path);
}

static void print_said(void *ctx, const struct json *v, struct span text)
{
	(void)v;
	(void)text;
	puts(ctx);
}

/* retire, succeed: what cairnd writes into the feed. */
static int key_said(const struct options *o)
{
	static char ended[] = "this feed has ended", goes_on[] =
		"this feed goes on where that one ended";
	bool ends = !strcmp(o->args[0], "retire");

	if (!ends && strcmp(o->args[0], "succeed")) {
		fprintf(stderr, "cairn: key: retire or succeed\n");
		return EXIT_CODE_USAGE;
	}
	return client_call(o->args[0], 1, o->args + 1, o->json ?
			   client_print_json : print_said,
			   ends ? ended : goes_on);
}

int cmd_key(int argc, char **argv)
{
	struct rns_identity id;
	struct options o;
	char dir[512], path[544];
	int e, code = options_read(&o, argc, argv, "key gen|show [--json]\n"
		"       cairn key retire|succeed AUTHOR [--json]\n\n"
		"gen      makes DIR/key, never over one that exists\n"
		"show     author and public key; the private one stays in the "
		"file\n"
		"retire   ends this station's feed for good: AUTHOR goes on for "
		"it\n"
		"succeed  this station's feed goes on where AUTHOR's ended; "
		"only what both say counts", NULL, 1, 2);

	if (code != OPTIONS_OK)
		return code;
	if (o.n_args == 2)
		return key_said(&o);
	snprintf(path, sizeof(path), "%s/key", client_dir(dir));
	if (!strcmp(o.args[0], "gen")) {
		e = key_make(&id, dir, path);
	} else if (!strcmp(o.args[0], "show")) {
		e = rns_identity_load(&id, path);
	} else {
		fprintf(stderr, "cairn: key: gen or show\n");
		return EXIT_CODE_USAGE;
	}
	if (e)
		return key_fail(path, e, !strcmp(o.args[0], "gen"));
	key_print(&id, path, o.json);
	crypto_wipe(&id, sizeof(id));
	return EXIT_CODE_OK;
}
