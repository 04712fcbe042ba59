// SPDX-License-Identifier: GPL-2.0-only
/*
 * failnth - run a command with its first allocation failing, then with its
 * second, and so on until it has no more of them.
 *
 * What counts as an allocation is up to /sys/kernel/debug/failslab and
 * fail_page_alloc, the filter by stack above all.  Only the command's own
 * process is meant, none that it starts.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUTPUT	4096

#define MAX_PATHS	4

/* Processes cost more than all else here: it looks for itself. */
static const char *undo_file, *undo_text;
static const char *state_file, *state_text;
static const char *present[MAX_PATHS], *dirs[MAX_PATHS];
static unsigned int nr_present, nr_dirs, files_before[MAX_PATHS];
static unsigned int max = 2000;
static long pinned = -1;
static bool verbose;

static char output[MAX_OUTPUT];

__attribute__((noreturn))
static void syntax(void)
{
	fputs("usage: failnth [OPTION...] COMMAND...\n"
	      "       failnth [OPTION...] write TEXT FILE\n"
	      "  -p PATH       must be there after a success, and only then\n"
	      "  -w TEXT=FILE  what undoes a success: a text that is written to a file\n"
	      "  -e DIRECTORY  must have no more files in it than before, after all of that\n"
	      "  -s TEXT=FILE  must have this text then\n"
	      "  -k            as many pages must be pinned as before\n"
	      "  -m MAX        give up after so many allocations (2000)\n"
	      "  -v            say what each of them gave\n", stderr);
	exit(2);
}

__attribute__((noreturn))
static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static void arm(unsigned int n)
{
	char text[16];
	int fd = open("/proc/self/fail-nth", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		give_up("/proc/self/fail-nth");
	snprintf(text, sizeof(text), "%u", n);
	if (write(fd, text, strlen(text)) < 0)
		give_up("fail-nth");
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		give_up(path);
	got = read(fd, text, size - 1);
	if (got < 0)
		give_up(path);
	text[got] = 0;
	close(fd);
}

/* How far a process was from its failure; 0 if it came. */
static long left_of(pid_t pid)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	read_file(path, text, sizeof(text));
	return atol(text);
}

/* In one write(), as an attribute wants it. */
static int write_file(const char *text, const char *path)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		perror(path);
		return 1;
	}
	close(fd);
	return 0;
}

/* Run the command; its output goes to @output. */
static int attempt(char **argv, unsigned int n, bool *injected)
{
	size_t have = 0;
	siginfo_t info;
	int status, pipefd[2];
	ssize_t got;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC))
		give_up("pipe");
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (!pid) {
		dup2(pipefd[1], 1);
		dup2(pipefd[1], 2);
		arm(n);
		if (!strcmp(argv[0], "write") && argv[1] && argv[2])
			_exit(write_file(argv[1], argv[2]));
		execvp(argv[0], argv);
		give_up(argv[0]);
	}
	close(pipefd[1]);
	/* What does not fit is read nevertheless, or the command blocks. */
	while ((got = read(pipefd[0], output + have,
			   sizeof(output) - 1 - have)) > 0) {
		have += got;
		if (have > sizeof(output) / 2)
			have = sizeof(output) / 2;
	}
	output[have] = 0;
	close(pipefd[0]);

	/* Its descriptors were closed under the fault, too: read it now. */
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		give_up("waitid");
	*injected = !left_of(pid);
	if (waitpid(pid, &status, 0) != pid)
		give_up("waitpid");
	return status;
}

/* How many pages are pinned for long, by anybody. */
static long count_pinned(void)
{
	static char text[16384];
	static const char *const name[] = {
		"\nnr_foll_pin_acquired ", "\nnr_foll_pin_released ",
	};
	long val[2];
	int i;

	/* adds up what each CPU counted for itself */
	read_file("/proc/sys/vm/stat_refresh", text, sizeof(text));
	read_file("/proc/vmstat", text, sizeof(text));
	for (i = 0; i < 2; i++) {
		const char *at = strstr(text, name[i]);

		if (!at) {
			fprintf(stderr, "/proc/vmstat has no%s\n", name[i]);
			exit(2);
		}
		val[i] = atol(at + strlen(name[i]));
	}
	return val[0] - val[1];
}

static void must_be_there(bool success, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < nr_present; i++) {
		if (!access(present[i], F_OK) == success)
			continue;
		printf("allocation %u: %s, but %s %s\n%s", n,
		       success ? "success" : "failure",
		       success ? "no" : "there is", present[i], output);
		exit(1);
	}
}

static void must_be_as_before(unsigned int n)
{
	char text[256];
	long now;

	if (state_file) {
		read_file(state_file, text, sizeof(text));
		text[strcspn(text, "\n")] = 0;
		if (strcmp(text, state_text)) {
			printf("after allocation %u failed, %s is %s\n%s", n,
			       state_file, text, output);
			exit(1);
		}
	}
	if (pinned >= 0) {
		now = count_pinned();
		if (now != pinned) {
			printf("after allocation %u failed, %ld pages are pinned, not %ld\n%s",
			       n, now, pinned, output);
			exit(1);
		}
	}
}

/* How many files are in a directory; none if it is not there. */
static unsigned int count_files(const char *path)
{
	unsigned int count = 0;
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return 0;
	while ((e = readdir(dir)))
		count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(dir);
	return count;
}

static void must_have_no_more(unsigned int n)
{
	unsigned int i, now;

	for (i = 0; i < nr_dirs; i++) {
		now = count_files(dirs[i]);
		if (now <= files_before[i])
			continue;
		printf("after allocation %u failed, %s has %u files, not %u\n%s", n,
		       dirs[i], now, files_before[i], output);
		exit(1);
	}
}

/* TEXT=FILE */
static void split(char *arg, const char **text, const char **file)
{
	char *at = strchr(arg, '=');

	if (!at)
		syntax();
	*at = 0;
	*text = arg;
	*file = at + 1;
}

static void one_more(const char **paths, unsigned int *nr, const char *path)
{
	if (*nr == MAX_PATHS)
		syntax();
	paths[(*nr)++] = path;
}

int main(int argc, char **argv)
{
	unsigned int n, refused = 0, survived = 0;
	int opt, status;
	bool injected;

	while ((opt = getopt(argc, argv, "+e:km:p:s:vw:")) != -1) {
		switch (opt) {
		case 'e':
			one_more(dirs, &nr_dirs, optarg);
			files_before[nr_dirs - 1] = count_files(optarg);
			break;
		case 'k':
			pinned = count_pinned();
			break;
		case 'm':
			max = atoi(optarg);
			break;
		case 'p':
			one_more(present, &nr_present, optarg);
			break;
		case 's':
			split(optarg, &state_text, &state_file);
			break;
		case 'v':
			verbose = true;
			break;
		case 'w':
			split(optarg, &undo_text, &undo_file);
			break;
		default:
			syntax();
		}
	}
	if (optind == argc)
		syntax();
	argv += optind;
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (n = 1; n <= max; n++) {
		status = attempt(argv, n, &injected);
		if (WIFSIGNALED(status)) {
			printf("allocation %u: killed by signal %d\n%s", n,
			       WTERMSIG(status), output);
			return 1;
		}
		if (verbose)
			printf("%u: status %d%s %s\n", n, WEXITSTATUS(status),
			       injected ? "" : ", no fault", output);
		must_be_there(!WEXITSTATUS(status), n);
		if (!WEXITSTATUS(status) && undo_file &&
		    write_file(undo_text, undo_file))
			return 1;
		must_have_no_more(n);
		must_be_as_before(n);
		if (!WEXITSTATUS(status)) {
			if (!injected)
				break;
			survived++;
		} else if (injected) {
			refused++;
			/* nothing wrong in itself, but worth a look */
			if (!strstr(output, "Cannot allocate memory") &&
			    !strstr(output, "ENOMEM"))
				printf("allocation %u: %s", n,
				       *output ? output : "no message\n");
		} else {
			printf("allocation %u: it fails though none did\n%s",
			       n, output);
			return 1;
		}
	}
	if (n > max) {
		printf("no end after %u allocations\n", max);
		return 1;
	}
	printf("%u allocations failed one by one: %u errors, %u without effect\n",
	       n - 1, refused, survived);
	if (n == 1) {
		puts("there was no allocation to fail");
		return 1;
	}
	return 0;
}
