// SPDX-License-Identifier: GPL-2.0-only
/*
 * "check": what a host needs, one function for each.  A finding says what is so; those
 * that are not "ok" or "info" say what to do.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* What a small guest has; a program that locks less is an exception. */
#define MEMLOCK_ENOUGH	(256ULL << 20)
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

#define CALLOUT		"/etc/mdevctl.d/scripts.d/callouts/virtio-mdev-callout"

static const char *const modules[] = {
	"mdev_core", "mdev_vfio", "mdev_soft_net", "virtio_mdev", "vhost_mdev",
	"vfio_mdev", "net_mdev", "mvnet", "mvblk", "mvrng", "vp_mdev",
};

static struct json_object *findings;
static bool wrong;

/* The last two arguments are the finding, as of printf(). */
__attribute__((format(printf, 4, 5)))
static void finding(const char *check, const char *result, const char *advice,
		    const char *fmt, ...)
{
	struct json_object *one = json_object_new_object();
	char text[TOOL_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tool_add(one, "check", check);
	tool_add(one, "result", result);
	tool_add(one, "finding", text);
	if (advice)
		tool_add(one, "advice", advice);
	json_object_array_add(findings, one);
	if (!strcmp(result, "error"))
		wrong = true;
}

static bool is(const char *name)
{
	char path[PATH_MAX];

	file_path(path, "%s", name);
	return file_is(path);
}

static bool is_loaded(const char *module)
{
	char path[PATH_MAX];

	file_path(path, "/sys/module/%s", module);
	return file_is_dir(path);
}

static void release(char *name, size_t size)
{
	char path[PATH_MAX];

	file_path(path, "/proc/sys/kernel/osrelease");
	if (!file_read(path, name, size))
		snprintf(name, size, "unknown");
}

static bool is_installed(const char *kernel, const char *module)
{
	char path[PATH_MAX], name[TOOL_NAME];

	snprintf(name, sizeof(name), "/%s.ko", module);
	file_path(path, "/lib/modules/%s/modules.dep", kernel);
	return file_has(path, name, false);
}

static void check_kernel(void)
{
	char kernel[TOOL_NAME], config[PATH_MAX];
	const char *advice =
		"Debian's cloud kernel lacks it: apt-get install linux-image-amd64, boot that";

	release(kernel, sizeof(kernel));
	file_path(config, "/boot/config-%s", kernel);
	if (is_loaded("mdev") || is_installed(kernel, "mdev") ||
	    file_has(config, "CONFIG_VFIO_MDEV=", true))
		finding("kernel", "ok", NULL, "kernel %s has CONFIG_VFIO_MDEV",
			kernel);
	else
		finding("kernel", "error", advice,
			"kernel %s has no CONFIG_VFIO_MDEV", kernel);
}

static void check_versions(void)
{
	char path[PATH_MAX], version[TOOL_NAME];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		file_path(path, "/sys/module/%s", modules[i]);
		if (!file_is_dir(path) ||
		    !file_read_at(path, "version", version, sizeof(version)))
			continue;
		if (strcmp(version, TOOL_VERSION))
			finding("versions", "warning",
				"unload the modules and load them again, or reboot; dkms status has what is installed",
				"%s is version %s, this program is %s",
				modules[i], version, TOOL_VERSION);
	}
}

static void check_modules(void)
{
	char kernel[TOOL_NAME], path[PATH_MAX];
	struct json_object *ports;

	release(kernel, sizeof(kernel));
	if (!is_loaded("mdev_core") && !is_installed(kernel, "mdev_core")) {
		finding("modules", "error",
			"install the headers of the kernel, linux-headers-amd64, then virtio-mdev-dkms; dkms status tells why it was not built",
			"kernel %s has no module mdev_core", kernel);
		return;
	}
	check_versions();
	file_path(path, "/sys/class/mdev_port");
	ports = file_names(path);
	if (json_object_array_length(ports))
		finding("modules", "ok", NULL, "%zu ports of parent drivers",
			json_object_array_length(ports));
	else
		finding("modules", "warning",
			"modprobe net_mdev, for a network device; a name in /etc/modules-load.d loads it at boot",
			"no parent driver is loaded, so nothing can be created");
	json_object_put(ports);
}

static bool secure_boot(void)
{
	/* four bytes of attributes, then the variable */
	unsigned char bytes[5] = { };
	char path[PATH_MAX];
	FILE *f;

	file_path(path, SECURE_BOOT);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fread(bytes, 1, sizeof(bytes), f) != sizeof(bytes))
		bytes[4] = 0;
	fclose(f);
	return bytes[4] == 1;
}

static void check_signatures(void)
{
	char path[PATH_MAX], enforce[TOOL_NAME];
	bool enforced;

	file_path(path, "/sys/module/module/parameters");
	enforced = file_read_at(path, "sig_enforce", enforce, sizeof(enforce)) &&
		   *enforce == 'Y';
	if (!enforced && !secure_boot())
		finding("signatures", "ok", NULL,
			"the kernel loads modules without a signature");
	else if (is_loaded("mdev_core"))
		finding("signatures", "ok", NULL,
			"Secure Boot is on, and mdev_core is loaded");
	else
		finding("signatures", "warning",
			"mokutil --import /var/lib/dkms/mok.pub, reboot, and enrol the key",
			"Secure Boot is on: modules need a signature by a key that the firmware knows");
}

static void check_iommu(void)
{
	struct json_object *iommus;
	char path[PATH_MAX];

	file_path(path, "/sys/class/iommu");
	iommus = file_names(path);
	if (json_object_array_length(iommus))
		finding("iommu", "ok", NULL, "%zu IOMMUs are in use",
			json_object_array_length(iommus));
	else
		finding("iommu", is_loaded("vp_mdev") ? "warning" : "info",
			"for functions on the PCI bus enable it in the firmware, and with intel_iommu=on on the kernel's command line",
			"there is no IOMMU: devices in software work, virtio functions on the PCI bus (vp_mdev) do not");
	json_object_put(iommus);

	file_path(path, "/sys/module/vhost_mdev/parameters/allow_unsafe_interrupts");
	if (file_has(path, "Y", true))
		finding("iommu", "warning",
			"set it only if all who use hardware are trusted",
			"vhost_mdev.allow_unsafe_interrupts is set");
}

/* A group of more than one device is given to nobody. */
static void check_group(const struct instance *instance)
{
	struct json_object *devices;
	char path[PATH_MAX];
	size_t n;

	if (instance->class_id == class_id_of("virtio"))
		return;
	file_path(path, "/sys/bus/mdev_class/devices/%s/dma_device/iommu_group/devices",
		  instance->uuid);
	devices = file_names(path);
	n = json_object_array_length(devices);
	json_object_put(devices);
	if (n > 1)
		finding("groups", "warning",
			"have the other devices of the group unbound from their drivers; the slot of the card decides the group",
			"the function of %s shares its IOMMU group with %zu others",
			instance->uuid, n - 1);
}

static void check_node(const struct instance *instance, const char *node)
{
	char path[PATH_MAX];
	struct stat st;

	file_path(path, "%s", node);
	if (stat(path, &st)) {
		finding("nodes", "warning",
			"in a container, give it the device; on a host, is devtmpfs mounted on /dev?",
			"%s of %s is missing", node, instance->uuid);
		return;
	}
	if (st.st_uid == 0 && !(st.st_mode & 0006) &&
	    (st.st_gid == 0 || !(st.st_mode & 0060)))
		finding("nodes", "info",
			strncmp(node, "/dev/vfio/", 10) ?
			"60-vhost-mdev.rules of udev/ gives it to the group kvm: is it installed?" :
			"60-vfio-mdev.rules of docs/examples gives it to the group kvm; docs/uapi.md says what that means",
			"%s of %s is for root only", node, instance->uuid);
}

static void check_state(const struct instance *instance)
{
	char state[TOOL_NAME], advice[TOOL_LINE];

	instance_state(instance, state, sizeof(state));
	if (!strcmp(state, "unbound")) {
		snprintf(advice, sizeof(advice), "virtio-mdev bind %s",
			 instance->uuid);
		finding("instances", "info", advice,
			"%s is bound to no class driver", instance->uuid);
	} else if (!strcmp(state, "broken") || !strcmp(state, "failed")) {
		snprintf(advice, sizeof(advice),
			 "dmesg has the reason; its driver has to reset it: virtio-mdev bind %s does",
			 instance->uuid);
		finding("instances", "warning", advice, "%s is %s",
			instance->uuid, state);
	}
}

static void check_instances(void)
{
	struct json_object *names, *nodes;
	struct instance instance;
	char path[PATH_MAX];
	size_t i, j, n;

	file_path(path, "/sys/bus/mdev_class/devices");
	names = file_names(path);
	n = json_object_array_length(names);
	for (i = 0; i < n; i++) {
		if (!instance_find(&instance, tool_item(names, i)))
			continue;
		check_state(&instance);
		check_group(&instance);
		nodes = instance_nodes(&instance);
		for (j = 0; j < json_object_array_length(nodes); j++)
			check_node(&instance, tool_item(nodes, j));
		json_object_put(nodes);
	}
	finding("instances", "ok", NULL, "%zu instances", n);
	json_object_put(names);
}

static void check_vfio(void)
{
	if (!is_loaded("vhost_mdev") && !is_loaded("vfio_mdev"))
		return;
	if (is("/dev/vfio/vfio") || is("/dev/iommu"))
		finding("vfio", "ok", NULL, "programs can have containers");
	else
		finding("vfio", "warning", "modprobe vfio_iommu_type1",
			"there is neither /dev/vfio/vfio nor /dev/iommu");
}

/* Of whoever runs this: a service has limits of its own. */
static void check_memlock(void)
{
	const char *advice =
		"raise it: LimitMEMLOCK= of a service, memlock in /etc/security/limits.conf";
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	if (limit.rlim_cur == RLIM_INFINITY)
		finding("memlock", "ok", NULL,
			"this user may lock as much memory as there is");
	else if (!geteuid())
		finding("memlock", "ok", NULL,
			"root may lock as much memory as there is; others have a limit, here %llu KiB",
			(unsigned long long)limit.rlim_cur >> 10);
	else
		finding("memlock", limit.rlim_cur < MEMLOCK_ENOUGH ? "warning" : "ok",
			limit.rlim_cur < MEMLOCK_ENOUGH ? advice : NULL,
			"this user may lock %llu KiB; a VMM locks the memory of its guest, if it has hardware or the char device",
			(unsigned long long)limit.rlim_cur >> 10);
}

static void check_autoprobe(void)
{
	char path[PATH_MAX];

	file_path(path, "/sys/bus/mdev_class");
	if (!file_is_dir(path) || file_read_uint(path, "drivers_autoprobe"))
		return;
	finding("autoprobe", "info",
		"what this program and mdevctl's callout create is bound all the same",
		"drivers_autoprobe is 0: an instance that is created by hand stays unbound");
}

/* Debian's rule has this path, and its package the other one */
static bool mdevctl_rule_fails(void)
{
	static const char *const dirs[] = {
		"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib",
	};
	char path[PATH_MAX];
	unsigned int i;

	if (is("/usr/sbin/mdevctl"))
		return false;
	/* the first one takes the place of those that follow */
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		file_path(path, "%s/udev/rules.d/60-mdevctl.rules", dirs[i]);
		if (file_is(path))
			return file_has(path, "/usr/sbin/mdevctl", false);
	}
	return false;
}

static void check_mdevctl(void)
{
	if (!is("/usr/bin/mdevctl") && !is("/usr/sbin/mdevctl"))
		return;
	if (mdevctl_rule_fails())
		finding("mdevctl", "warning",
			"ln -s ../bin/mdevctl /usr/sbin/mdevctl",
			"mdevctl's rule for udev runs /usr/sbin/mdevctl, which is not there: no definition is started at boot");
	if (is(CALLOUT))
		finding("mdevctl", "ok", NULL, "mdevctl has the callout");
	else
		finding("mdevctl", "warning",
			"ln -s /usr/sbin/virtio-mdev " CALLOUT,
			"mdevctl has no callout: definitions are not checked, and want instance/bind");
}

static void print(void)
{
	size_t i;

	for (i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *one = json_object_array_get_idx(findings, i);

		printf("%-8s %s: ", tool_string(one, "result"),
		       tool_string(one, "check"));
		tool_put(stdout, tool_string(one, "finding"));
		putchar('\n');
		if (tool_get(one, "advice"))
			printf("%-8s -> %s\n", "", tool_string(one, "advice"));
	}
}

int cmd_check(int argc, char **argv)
{
	findings = json_object_new_array();
	check_kernel();
	check_modules();
	check_signatures();
	check_iommu();
	check_instances();
	check_vfio();
	check_memlock();
	check_autoprobe();
	check_mdevctl();

	if (options.json)
		tool_print_json(findings);
	else
		print();
	json_object_put(findings);
	return wrong ? TOOL_FINDINGS : TOOL_OK;
}
