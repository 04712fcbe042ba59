// SPDX-License-Identifier: GPL-2.0-only
/* Pages of memory that do not come until they are let go: by userfaultfd. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client.h"

void stall_init_pages(struct stall *s, unsigned int nr)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	s->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0)
		die("userfaultfd: %s", vm_err(-errno));
	must(vm_ioctl(s->fd, UFFDIO_API, &api));
	s->len = (size_t)nr * VM_PAGE;
	s->page = mmap(NULL, s->len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->page == MAP_FAILED)
		die("mmap");
	reg.range.start = (unsigned long)s->page;
	reg.range.len = s->len;
	must(vm_ioctl(s->fd, UFFDIO_REGISTER, &reg));
}

void stall_init(struct stall *s)
{
	stall_init_pages(s, 1);
}

void stall_arm(struct stall *s)
{
	if (madvise(s->page, s->len, MADV_DONTNEED))
		die("madvise: %s", vm_err(-errno));
}

__u8 *stall_where(struct stall *s, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&p, 1, ms) != 1)
		return NULL;
	if (read(s->fd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return NULL;
	return (__u8 *)(uintptr_t)(msg.arg.pagefault.address &
				   ~(VM_PAGE - 1ULL));
}

bool stall_caught(struct stall *s, int ms)
{
	return stall_where(s, ms);
}

void stall_give(struct stall *s, __u8 *page)
{
	struct uffdio_zeropage z = {
		.range = { (unsigned long)page, VM_PAGE },
	};

	must(vm_ioctl(s->fd, UFFDIO_ZEROPAGE, &z));
}

void stall_let_go(struct stall *s)
{
	stall_give(s, s->page);
}

void stall_free(struct stall *s)
{
	close(s->fd);
	munmap(s->page, s->len);
}
