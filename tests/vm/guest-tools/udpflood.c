// SPDX-License-Identifier: GPL-2.0-only
/*
 * udpflood - send datagrams to a port as fast as it goes, also where nobody is: that the
 * queue is full, or an interface goes away, is no error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static const char data[1000];
	unsigned long i, count;
	int fd;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: udpflood ADDRESS PORT COUNT\n", stderr);
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	count = strtoul(argv[3], NULL, 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0) {
		perror("socket");
		return 1;
	}
	for (i = 0; i < count; i++) {
		if (sendto(fd, data, sizeof(data), MSG_DONTWAIT, (void *)&to,
			   sizeof(to)) >= 0)
			continue;
		/* The last datagram may have come back as an error, too. */
		if (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED) {
			usleep(100);
		} else if (errno == ENETUNREACH || errno == EHOSTUNREACH ||
			   errno == ENETDOWN || errno == ENODEV) {
			usleep(10000);
		} else {
			perror("sendto");
			return 1;
		}
	}
	return 0;
}
