// SPDX-License-Identifier: GPL-2.0-only
/*
 * sleepctl SECONDS STATE - write STATE to /sys/power/state, with an alarm that
 * wakes the machine up.  By a timer, because not every kernel has a file of the
 * clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STATE	"/sys/power/state"

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct itimerspec alarm = {};
	double asleep;
	int timer, fd;

	if (argc != 3 || atoi(argv[1]) <= 0) {
		fprintf(stderr, "sleepctl SECONDS STATE\n");
		return 2;
	}
	timer = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC);
	if (timer < 0)
		return fail("timerfd_create");
	alarm.it_value.tv_sec = atoi(argv[1]);
	if (timerfd_settime(timer, 0, &alarm, NULL))
		return fail("timerfd_settime");

	fd = open(STATE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(STATE);
	asleep = now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
	if (write(fd, argv[2], strlen(argv[2])) < 0)
		return fail(STATE);
	asleep = now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC) - asleep;
	printf("asleep for %.1f s\n", asleep);
	return 0;
}
