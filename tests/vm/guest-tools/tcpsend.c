// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcpsend - send standard input to a TCP port, in writes that are large enough
 * for frames of the largest size; busybox's nc writes a kilobyte at a time.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK	(256 * 1024)

static char buf[CHUNK];

/* As much as there is, up to a chunk: less only at the end. */
static ssize_t fill(void)
{
	size_t have = 0;
	ssize_t n;

	while (have < CHUNK) {
		n = read(0, buf + have, CHUNK - have);
		if (n < 0)
			return -1;
		if (!n)
			break;
		have += n;
	}
	return have;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	ssize_t n, done, sent;
	int fd;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: tcpsend ADDRESS PORT <FILE\n", stderr);
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("connect");
		return 1;
	}
	while ((n = fill()) > 0) {
		for (done = 0; done < n; done += sent) {
			sent = write(fd, buf + done, n - done);
			if (sent < 0) {
				perror("write");
				return 1;
			}
		}
	}
	/* The other end closes when it has all. */
	if (n < 0 || shutdown(fd, SHUT_WR) || read(fd, buf, 1)) {
		perror("tcpsend");
		return 1;
	}
	return 0;
}
