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

#define MAX_EMPTY	4

static const char *after_cmd, *undo_cmd, *undo_file, *undo_text;
static const char *present;
static const char *empty[MAX_EMPTY];
static unsigned int nr_empty;
static unsigned int max = 2000;
static bool verbose;

static char output[MAX_OUTPUT];

__attribute__((noreturn))
static void syntax(void)
{
	fputs("usage: failnth [OPTION...] COMMAND...\n"
	      "       failnth [OPTION...] write TEXT FILE\n"
	      "  -a AFTER      shell command that must succeed after a failure\n"
	      "  -u UNDO       shell command that must succeed after a success\n"
	      "  -w TEXT=FILE  or this instead: a text that is written to a file\n"
	      "  -e DIRECTORY  must be empty, or not there, after all of that\n"
	      "  -p PATH       must be there after a success\n"
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

/* How far a process was from its failure; 0 if it came. */
static long left_of(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	if (read(fd, text, sizeof(text) - 1) < 0)
		give_up(path);
	close(fd);
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

static void must_run(const char *cmd, const char *why, unsigned int n)
{
	if (!cmd || !system(cmd))
		return;
	printf("after %s with allocation %u failing, this fails: %s\n%s", why,
	       n, cmd, output);
	exit(1);
}

static void must_be_empty(const char *path, unsigned int n)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		printf("after allocation %u failed, %s has %s\n%s", n, path,
		       e->d_name, output);
		exit(1);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	unsigned int i, n, refused = 0, survived = 0;
	int opt, status;
	bool injected;

	while ((opt = getopt(argc, argv, "+a:e:m:p:u:vw:")) != -1) {
		switch (opt) {
		case 'a':
			after_cmd = optarg;
			break;
		case 'e':
			if (nr_empty == MAX_EMPTY)
				syntax();
			empty[nr_empty++] = optarg;
			break;
		case 'm':
			max = atoi(optarg);
			break;
		case 'p':
			present = optarg;
			break;
		case 'u':
			undo_cmd = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		case 'w':
			undo_file = strchr(optarg, '=');
			if (!undo_file)
				syntax();
			undo_text = strndup(optarg, undo_file++ - optarg);
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
		if (!WEXITSTATUS(status)) {
			if (present && access(present, F_OK)) {
				printf("allocation %u: success, but no %s\n%s",
				       n, present, output);
				return 1;
			}
			must_run(undo_cmd, "success", n);
			if (undo_file && write_file(undo_text, undo_file))
				return 1;
		} else {
			must_run(after_cmd, "failure", n);
		}
		for (i = 0; i < nr_empty; i++)
			must_be_empty(empty[i], n);
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
