// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of a PCI function a program may map for its doorbells.
 */

#include "unit.h"
#include "../../parents/vp_mdev/doorbell.h"

#define START	0xfe003000ULL

static void test_inside(void)
{
	CHECK(vp_mdev_doorbell_fits(START, PAGE_SIZE, START));
	CHECK(vp_mdev_doorbell_fits(START, 4 * PAGE_SIZE, START));
	CHECK(vp_mdev_doorbell_fits(START, 4 * PAGE_SIZE,
				    START + 3 * PAGE_SIZE));
	/* A structure need not begin with a page. */
	CHECK(vp_mdev_doorbell_fits(START - 4, PAGE_SIZE + 4, START));
	CHECK(vp_mdev_doorbell_fits(~0ULL - PAGE_SIZE + 1, PAGE_SIZE,
				    ~0ULL - PAGE_SIZE + 1));
}

static void test_beyond(void)
{
	CHECK(!vp_mdev_doorbell_fits(START, PAGE_SIZE - 1, START));
	CHECK(!vp_mdev_doorbell_fits(START, 0, START));
	CHECK(!vp_mdev_doorbell_fits(START, 4 * PAGE_SIZE,
				     START + 4 * PAGE_SIZE));
	CHECK(!vp_mdev_doorbell_fits(START, 4 * PAGE_SIZE - 1,
				     START + 3 * PAGE_SIZE));
	CHECK(!vp_mdev_doorbell_fits(START - 4, PAGE_SIZE + 3, START));
	CHECK(!vp_mdev_doorbell_fits(START, ~0U, START + (1ULL << 32)));
}

/* The first doorbell of the function is not where the structure begins. */
static void test_before(void)
{
	CHECK(!vp_mdev_doorbell_fits(START + 4, 8 * PAGE_SIZE, START));
	CHECK(!vp_mdev_doorbell_fits(START, 8 * PAGE_SIZE, START - PAGE_SIZE));
	CHECK(!vp_mdev_doorbell_fits(START, 2 * PAGE_SIZE,
				     START + 2 * PAGE_SIZE));
}

const struct unit_test doorbell_tests[] = {
	{ "a doorbell's page within the structure is accepted", test_inside },
	{ "a doorbell's page that reaches beyond the structure is refused",
	  test_beyond },
	{ "a doorbell's page that begins before the structure is refused",
	  test_before },
	{ }
};
