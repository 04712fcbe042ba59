// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the plugin of QEMU that notes which code of modules runs (../plugin.c) where
 * modules are loaded, before anything of them runs, and which test script begins:
 *
 *	load NAME TEXT SIZE INIT-TEXT SIZE	addresses and sizes in hexadecimal
 *	live NAME				initialised: init text is about to go
 *	gone NAME
 *	script NAME				written to the parameter "script"
 */

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>

/* By this displacement the plugin knows the load that sends a character. */
#define MARK "0x6d766376"

/* A load from here is a character: the low byte of the address. */
static u8 channel[256] __aligned(256);
/* Guards the channel: modules may be loaded on several CPUs. */
static DEFINE_MUTEX(channel_lock);

static void send(const char *text)
{
	mutex_lock(&channel_lock);
	for (; *text; text++) {
		unsigned long at = (unsigned long)&channel[(u8)*text];

		asm volatile("movzbl " MARK "(%%rdx), %%eax"
			     : : "d" (at - 0x6d766376) : "eax", "memory");
	}
	mutex_unlock(&channel_lock);
}

static int mvcover_notify(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;
	const struct module_memory *text = &mod->mem[MOD_TEXT];
	const struct module_memory *init = &mod->mem[MOD_INIT_TEXT];
	char line[192];

	switch (state) {
	case MODULE_STATE_COMING:
		snprintf(line, sizeof(line), "load %s %lx %x %lx %x\n", mod->name,
			 (unsigned long)text->base, text->size,
			 (unsigned long)init->base, init->size);
		break;
	case MODULE_STATE_LIVE:
		snprintf(line, sizeof(line), "live %s\n", mod->name);
		break;
	case MODULE_STATE_GOING:
		snprintf(line, sizeof(line), "gone %s\n", mod->name);
		break;
	default:
		return NOTIFY_DONE;
	}
	send(line);
	return NOTIFY_OK;
}

static struct notifier_block mvcover_notifier = {
	.notifier_call = mvcover_notify,
	/* before those that may run code of the module */
	.priority = INT_MAX,
};

static int script_set(const char *name, const struct kernel_param *kp)
{
	char line[96];

	snprintf(line, sizeof(line), "script %.*s\n", (int)strcspn(name, "\n"), name);
	send(line);
	return 0;
}

static const struct kernel_param_ops script_ops = {
	.set = script_set,
};
module_param_cb(script, &script_ops, NULL, 0200);
MODULE_PARM_DESC(script, "name of the test script that begins");

static int __init mvcover_init(void)
{
	return register_module_notifier(&mvcover_notifier);
}

static void __exit mvcover_exit(void)
{
	unregister_module_notifier(&mvcover_notifier);
}

module_init(mvcover_init);
module_exit(mvcover_exit);

MODULE_DESCRIPTION("Where modules are loaded, for the plugin of tests/cover");
MODULE_LICENSE("GPL");
