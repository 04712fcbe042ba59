// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprof - where the kernel spends its time while a command runs:
 *
 *	kprof [-p PERIOD_NS] [-t TOP] [-R ROW] [-r RUNS] [-n PACKETS] COMMAND...
 *
 * Samples the instruction pointer of every CPU by the software event cpu-clock,
 * which needs no PMU and so works in an emulated machine, idle time excluded,
 * and prints the functions that were seen most often and the share of each
 * thread.  The command says itself from when until when, see profile.h.
 *
 * The command, which handles so many packets, is run so often.  With -n each
 * share is given in nanoseconds per packet, too, which are instructions if the
 * guest's clock counts those.  The samples themselves are in there, with about
 * 1200 instructions each.  They are taken in an interrupt: what runs with
 * interrupts off is seen where it turns them on again.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile.h"

#define MAX_CPUS	64
#define MAX_THREADS	512
#define BUF_SIZE	(256 * 4096UL)

struct sample {
	struct perf_event_header h;
	uint64_t ip;
	uint32_t pid, tid;
};

struct symbol {
	uint64_t addr;
	char name[56], module[24];
	uint64_t seen;
};

struct thread {
	uint32_t tid;
	char comm[20];
	uint64_t kernel, user;
};

static const char *row = "?";
static struct symbol *symbols;
static size_t nr_symbols;
static struct thread threads[MAX_THREADS];
static unsigned int nr_threads;
static uint64_t total, user, lost;
static double per_sample;	/* nanoseconds per packet */

static int nr_cpus;
static struct pollfd fds[MAX_CPUS + 1];	/* and signals */
static struct perf_event_mmap_page *pages[MAX_CPUS];

__attribute__((noreturn))
static void give_up(const char *what)
{
	printf("ERR|%s|kprof: %s: %s\n", row, what, strerror(errno));
	exit(1);
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int by_seen(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->seen > y->seen ? -1 : x->seen < y->seen;
}

static int by_time(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;
	uint64_t tx = x->kernel + x->user, ty = y->kernel + y->user;

	return tx > ty ? -1 : tx < ty;
}

static void load_symbols(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], type, name[256], module[64];
	unsigned long long addr;
	size_t room = 0;

	while (f && fgets(line, sizeof(line), f)) {
		module[0] = 0;
		if (sscanf(line, "%llx %c %255s [%63[^]]", &addr, &type, name,
			   module) < 3 || !strchr("tTwW", type))
			continue;
		if (nr_symbols == room) {
			room = room ? 2 * room : 65536;
			symbols = realloc(symbols, room * sizeof(*symbols));
			if (!symbols)
				give_up("symbols");
		}
		symbols[nr_symbols].addr = addr;
		symbols[nr_symbols].seen = 0;
		snprintf(symbols[nr_symbols].name, sizeof(symbols->name),
			 "%.55s", name);
		snprintf(symbols[nr_symbols].module, sizeof(symbols->module),
			 "%.23s", module);
		nr_symbols++;
	}
	if (!nr_symbols)
		give_up("/proc/kallsyms");
	fclose(f);
	qsort(symbols, nr_symbols, sizeof(*symbols), by_addr);
}

static struct symbol *symbol_at(uint64_t ip)
{
	size_t low = 0, high = nr_symbols;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (symbols[mid].addr <= ip)
			low = mid;
		else
			high = mid;
	}
	return &symbols[low];
}

static struct thread *thread_of(uint32_t tid)
{
	struct thread *t;
	char path[64];
	FILE *f;

	for (t = threads; t < threads + nr_threads; t++) {
		if (t->tid == tid)
			return t;
	}
	if (nr_threads == MAX_THREADS)
		return &threads[MAX_THREADS - 1];
	nr_threads++;
	t->tid = tid;
	snprintf(path, sizeof(path), "/proc/%u/comm", tid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%19[^\n]", t->comm) != 1)
		t->comm[0] = '?';
	if (f)
		fclose(f);
	return t;
}

static void account(const struct sample *s)
{
	struct thread *t;

	if (s->pid == (uint32_t)getpid())
		return;
	t = thread_of(s->tid);
	total++;
	if ((s->h.misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
	    PERF_RECORD_MISC_KERNEL) {
		symbol_at(s->ip)->seen++;
		t->kernel++;
	} else {
		t->user++;
		user++;
	}
}

static void drain(struct perf_event_mmap_page *page)
{
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	const uint8_t *data = (const uint8_t *)page + 4096;
	uint64_t tail = page->data_tail;

	while (tail < head) {
		union {
			struct sample s;
			uint8_t raw[64];
		} r;
		size_t i;

		for (i = 0; i < sizeof(r.s.h); i++)
			r.raw[i] = data[(tail + i) % BUF_SIZE];
		for (; i < r.s.h.size && i < sizeof(r.raw); i++)
			r.raw[i] = data[(tail + i) % BUF_SIZE];
		if (r.s.h.type == PERF_RECORD_SAMPLE)
			account(&r.s);
		else if (r.s.h.type == PERF_RECORD_LOST)
			lost++;
		tail += r.s.h.size;
	}
	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

static void drain_all(void)
{
	int i;

	for (i = 0; i < nr_cpus; i++)
		drain(pages[i]);
}

static void open_events(uint64_t period)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID,
		.disabled = 1,
		.exclude_idle = 1,
		.exclude_hv = 1,
		.watermark = 1,
		.wakeup_watermark = BUF_SIZE / 2,
	};
	int i;

	for (i = 0; i < nr_cpus; i++) {
		fds[i].fd = syscall(SYS_perf_event_open, &attr, -1, i, -1,
				    PERF_FLAG_FD_CLOEXEC);
		fds[i].events = POLLIN;
		if (fds[i].fd < 0)
			give_up("perf_event_open");
		pages[i] = mmap(NULL, 4096 + BUF_SIZE, PROT_READ | PROT_WRITE,
				MAP_SHARED, fds[i].fd, 0);
		if (pages[i] == MAP_FAILED)
			give_up("mmap");
	}
}

static void switch_events(unsigned long request)
{
	int i;

	for (i = 0; i < nr_cpus; i++)
		ioctl(fds[i].fd, request);
}

/* Returns when the command has ended. */
static void follow(pid_t pid)
{
	struct signalfd_siginfo info;

	while (waitpid(pid, NULL, WNOHANG) != pid) {
		poll(fds, nr_cpus + 1, 200);
		if (fds[nr_cpus].revents & POLLIN &&
		    read(fds[nr_cpus].fd, &info, sizeof(info)) ==
		    sizeof(info)) {
			if (info.ssi_signo == PROFILE_ON)
				switch_events(PERF_EVENT_IOC_ENABLE);
			else if (info.ssi_signo == PROFILE_OFF)
				switch_events(PERF_EVENT_IOC_DISABLE);
		}
		/* while the threads still are there and have names */
		drain_all();
	}
	drain_all();
}

static void print_line(double seen, const char *name, const char *module)
{
	printf("PROF|%s|%6.2f%%", row, seen * 100.0 / total);
	if (per_sample)
		printf(" %8.1f", seen * per_sample);
	printf("  %s%s%s%s\n", name, *module ? " [" : "", module,
	       *module ? "]" : "");
}

/* Each run has threads of its own: those of one name count as one. */
static void merge_threads(void)
{
	unsigned int i, j;

	for (i = 0; i < nr_threads; i++) {
		for (j = 0; strcmp(threads[j].comm, threads[i].comm); j++)
			;
		if (j == i)
			continue;
		threads[j].kernel += threads[i].kernel;
		threads[j].user += threads[i].user;
		threads[i] = threads[--nr_threads];
		i--;
	}
}

/* What each module has in sum, of symbols that are sorted by_seen(). */
static void print_modules(void)
{
	uint64_t seen;
	size_t i, j;

	for (i = 0; i < nr_symbols && symbols[i].seen; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(symbols[j].module, symbols[i].module))
				break;
		}
		if (j < i)
			continue;
		for (seen = 0; j < nr_symbols && symbols[j].seen; j++) {
			if (!strcmp(symbols[j].module, symbols[i].module))
				seen += symbols[j].seen;
		}
		print_line(seen, "module", *symbols[i].module ?
			   symbols[i].module : "kernel");
	}
}

static void report(unsigned int top)
{
	char text[64];
	size_t i;

	printf("PROF|%s|%llu samples, %llu records lost\n", row,
	       (unsigned long long)total, (unsigned long long)lost);
	if (!total)
		return;
	if (per_sample)
		printf("PROF|%s|  share      ns/packet\n", row);
	print_line(total, "all", "");
	print_line(user, "user", "");
	merge_threads();
	qsort(threads, nr_threads, sizeof(*threads), by_time);
	for (i = 0; i < nr_threads && i < 6; i++) {
		snprintf(text, sizeof(text), "thread %s", threads[i].comm);
		print_line(threads[i].kernel + threads[i].user, text, "");
	}
	qsort(symbols, nr_symbols, sizeof(*symbols), by_seen);
	print_modules();
	for (i = 0; i < top && i < nr_symbols && symbols[i].seen; i++)
		print_line(symbols[i].seen, symbols[i].name,
			   symbols[i].module);
}

static void run(char **argv, const sigset_t *set)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, set, NULL);
		execvp(argv[0], argv);
		_exit(127);
	}
	follow(pid);
}

int main(int argc, char **argv)
{
	unsigned int top = 45, runs = 1, packets = 0, i;
	/* The kernel takes no less than 10000. */
	uint64_t period = 50021;
	sigset_t set;
	int c;

	while ((c = getopt(argc, argv, "+p:t:R:r:n:")) != -1) {
		switch (c) {
		case 'p':
			period = strtoull(optarg, NULL, 0);
			break;
		case 't':
			top = atoi(optarg);
			break;
		case 'R':
			row = optarg;
			break;
		case 'r':
			runs = atoi(optarg);
			break;
		case 'n':
			packets = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (optind >= argc || nr_cpus > MAX_CPUS)
		return 2;
	if (packets && runs)
		per_sample = (double)period / packets / runs;

	load_symbols();
	open_events(period);
	sigemptyset(&set);
	sigaddset(&set, PROFILE_ON);
	sigaddset(&set, PROFILE_OFF);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[nr_cpus].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	fds[nr_cpus].events = POLLIN;
	if (fds[nr_cpus].fd < 0)
		give_up("signalfd");

	setenv(PROFILE_ENV, "1", 1);
	for (i = 0; i < runs; i++)
		run(argv + optind, &set);
	report(top);
	return 0;
}
