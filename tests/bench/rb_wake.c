// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringbench: what two processes pay that wait for each other, with no device and no
 * frame between them.  No round trip between a program with rings and a process of the
 * host costs less.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile.h"
#include "ringbench.h"

static void wake(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		_exit(1);
}

static void wait_read(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		_exit(1);
}

void do_wake(void)
{
	uint64_t *rtt = calloc(opt.count, sizeof(*rtt));
	int to = eventfd(0, EFD_CLOEXEC), from = eventfd(0, EFD_CLOEXEC);
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	unsigned int i;
	pid_t pid;

	if (!rtt || to < 0 || from < 0)
		die("memory or eventfds");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			wait_read(to);
			wake(from);
		}
	}
	profile(true);
	for (i = 0; i < opt.count; i++) {
		rtt[i] = now();
		wake(to);
		/* as the others wait for a call */
		if (poll(&pfd, 1, 10000) != 1)
			die("no answer");
		wait_read(from);
		rtt[i] = now() - rtt[i];
	}
	profile(false);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	qsort(rtt, opt.count, sizeof(*rtt), rb_by_value);
	result(".rtt.p50", "ns", rtt[opt.count / 2]);
	result(".rtt.p99", "ns", rtt[opt.count * 99ULL / 100]);
	free(rtt);
	close(to);
	close(from);
}
