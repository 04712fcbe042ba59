// SPDX-License-Identifier: GPL-2.0-only
/* Which command, and the options that are the same for all. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct tool_options options = {
	.interval = 1,
};

static const struct command {
	const char *name;
	const char *usage;
	const char *help;
	int (*run)(int argc, char **argv);
	int min, max;	/* arguments; a max of -1 is any number */
} commands[] = {
	{ "types", "", "what can be created, and how often", cmd_types, 0, 0 },
	{ "list", "", "instances, and who uses them", cmd_list, 0, 0 },
	{ "show", "UUID...", "all about instances", cmd_show, 1, -1 },
	{ "create", "[-n] [PORT/]TYPE [ATTRIBUTE=VALUE...] [UUID]",
	  "make an instance, set it up, bind its class driver (-n: do not bind)",
	  cmd_create, 1, -1 },
	{ "set", "UUID ATTRIBUTE=VALUE...", "set attributes", cmd_set, 2, -1 },
	{ "remove", "UUID...", "remove instances", cmd_remove, 1, -1 },
	{ "bind", "UUID [virtio|vhost|vfio]",
	  "bind the class driver, or that of another class", cmd_bind, 1, 2 },
	{ "unbind", "UUID", "take the class driver away", cmd_unbind, 1, 1 },
	{ "stats", "[-i SECONDS] [-c COUNT] [UUID...]",
	  "rates of virtqueues, again and again", cmd_stats, 0, -1 },
	{ "check", "", "whether this host has what it takes", cmd_check, 0, 0 },
	{ "callout", "-t TYPE -e EVENT -a ACTION -s STATE -u UUID -p PARENT",
	  "what mdevctl calls", cmd_callout, 0, -1 },
};

static void help(FILE *to)
{
	unsigned int i;

	fprintf(to, "usage: virtio-mdev [-j] COMMAND [ARGUMENT...]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %s %s\n\t%s\n", commands[i].name,
			commands[i].usage, commands[i].help);
	fprintf(to, "\n"
		"  -j, --json     one JSON document in place of text\n"
		"  -h, --help     this\n"
		"  -V, --version\n\n"
		"Exit status: 0 done, 1 refused by the kernel, 2 usage, 3 not found,\n"
		"4 not permitted, 5 check found an error.  See virtio-mdev(8).\n");
}

static const struct command *command_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage(const struct command *command)
{
	return tool_error(TOOL_USAGE, "usage: virtio-mdev %s %s", command->name,
			  command->usage);
}

static bool number(const char *text, double max, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return !errno && end != text && !*end && *value > 0 && *value <= max;
}

#define OPTIONS "jhVni:c:"

/* Options may be anywhere: getopt_long() moves them to the front. */
static int parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "no-bind", no_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ },
	};
	double value;
	int c;

	/* of errors in other options, too */
	while ((c = getopt_long(argc, argv, OPTIONS, longs, NULL)) != -1)
		if (c == 'j')
			options.json = true;
	optind = 0;

	while ((c = getopt_long(argc, argv, OPTIONS, longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			break;
		case 'n':
			options.no_bind = true;
			break;
		case 'i':
			if (!number(optarg, 86400, &options.interval))
				return tool_error(TOOL_USAGE,
						  "-i %s: seconds are needed, above 0, up to 86400",
						  optarg);
			break;
		case 'c':
			if (!number(optarg, 1e9, &value) || value < 1)
				return tool_error(TOOL_USAGE,
						  "-c %s: a number is needed, 1 or more",
						  optarg);
			options.count = value;
			break;
		case 'h':
			help(stdout);
			exit(TOOL_OK);
		case 'V':
			printf("virtio-mdev %s\n", TOOL_VERSION);
			exit(TOOL_OK);
		default:
			tool_advise("virtio-mdev -h lists the options");
			return tool_error(TOOL_USAGE, "unknown or incomplete option");
		}
	}
	return TOOL_OK;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	const struct command *command;
	int ret;

	/* mdevctl calls whatever is in a directory of its own, with options only */
	if (!strcmp(name, "virtio-mdev-callout"))
		return cmd_callout(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "callout"))
		return cmd_callout(argc - 1, argv + 1);

	opterr = 0;
	ret = parse(argc, argv);
	if (ret)
		return ret;
	argc -= optind;
	argv += optind;
	if (!argc) {
		if (!options.json)
			help(stderr);
		tool_advise("virtio-mdev -h lists them");
		return tool_error(TOOL_USAGE, "a command is needed");
	}
	command = command_find(argv[0]);
	if (!command) {
		tool_advise("virtio-mdev -h lists the commands");
		return tool_error(TOOL_USAGE, "no command %s", argv[0]);
	}
	argc--;
	argv++;
	if (argc < command->min || (command->max >= 0 && argc > command->max))
		return usage(command);
	ret = command->run(argc, argv);
	/* a full disk, perhaps */
	if ((fflush(stdout) || ferror(stdout)) && !ret)
		ret = tool_error(TOOL_FAILED, "cannot write the result: %s", strerror(errno));
	return ret;
}
