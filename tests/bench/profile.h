/* SPDX-License-Identifier: GPL-2.0-only */
/* How a program that runs under kprof says what is to be profiled. */
#ifndef PROFILE_H
#define PROFILE_H

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define PROFILE_ENV	"KPROF"
#define PROFILE_ON	SIGUSR1
#define PROFILE_OFF	SIGUSR2

static inline void profile(bool on)
{
	if (!getenv(PROFILE_ENV))
		return;
	kill(getppid(), on ? PROFILE_ON : PROFILE_OFF);
	/* It may need this CPU. */
	usleep(10000);
}

#endif
