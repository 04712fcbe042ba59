// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run inputs without libFuzzer: all files of the folders given.
 */

#include <dirent.h>

#include "entry.h"

#define INPUT_LEN	65536

static void replay(const char *folder, const char *name)
{
	char path[4096];
	size_t len;
	u8 *data;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	in = fopen(path, "rb");
	if (!in) {
		perror(path);
		exit(2);
	}
	data = malloc(INPUT_LEN);
	len = fread(data, 1, INPUT_LEN, in);
	fclose(in);
	fuzz_run(data, len);
	free(data);
}

int main(int argc, char **argv)
{
	unsigned int n = 0;
	struct dirent *d;
	DIR *dir;
	int i;

	for (i = 1; i < argc; i++) {
		dir = opendir(argv[i]);
		if (!dir) {
			perror(argv[i]);
			return 2;
		}
		while ((d = readdir(dir))) {
			if (d->d_name[0] == '.')
				continue;
			replay(argv[i], d->d_name);
			n++;
		}
		closedir(dir);
	}
	printf("%u inputs\n", n);
	return !n;
}
