/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target over files without libFuzzer: `make check` replays every
 * corpus this way. Arguments are files or folders of files.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "lib/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static int replay_file(const char *path)
{
	struct buf b = { 0 };
	uint8_t *tight;

	if (file_read(path, SIZE_MAX, &b))
		return perror(path), 1;
	tight = malloc(b.len ? b.len : 1); /* exact size, for ASan */
	if (b.len)
		memcpy(tight, b.p, b.len);
	LLVMFuzzerTestOneInput(tight, b.len);
	free(tight);
	buf_fini(&b);
	replayed++;
	return 0;
}

static int replay_path(const char *path)
{
	struct dirent *e;
	struct stat st;
	int bad = 0;
	DIR *d;

	if (stat(path, &st))
		return perror(path), 1;
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	d = opendir(path);
	if (!d)
		return perror(path), 1;
	while ((e = readdir(d))) {
		char name[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		bad |= replay_path(name);
	}
	closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= replay_path(argv[i]);
	printf("replayed %zu inputs\n", replayed);
	return bad || replayed == 0;
}
