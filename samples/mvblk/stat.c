// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: what the requests of an instance add up to, as /proc/diskstats has it of a
 * disk of the host.
 *
 * Each queue counts for itself, and only its user does.  The time is read once for some
 * requests together.
 */

#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sysfs.h>

#include "mvblk.h"
#include "req.h"

static u64 mvblk_stat_ms(u64 ns)
{
	return div_u64(ns, NSEC_PER_MSEC);
}

/* As the block layer has it, what is neither read nor discarded counts as written. */
static enum mvblk_stat_group mvblk_stat_group(const struct mvblk_req *req)
{
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		return MVBLK_STAT_READ;
	case VIRTIO_BLK_T_DISCARD:
		return MVBLK_STAT_DISCARD;
	case VIRTIO_BLK_T_FLUSH:
		return MVBLK_STAT_FLUSH;
	default:
		return MVBLK_STAT_WRITE;
	}
}

/**
 * mvblk_stat_tick() - the time has gone on
 * @q: the queue
 *
 * To be called before requests are taken or have ended.
 *
 * Context: the user of the queue.
 */
void mvblk_stat_tick(struct mvblk_queue *q)
{
	struct mvblk_stat *stat = &q->stat;
	u64 now = ktime_get_ns();

	if (q->reqs->nr_busy)
		WRITE_ONCE(stat->busy, stat->busy + (now - stat->now));
	stat->now = now;
}

/**
 * mvblk_stat_count() - a request is given back
 * @req: the request
 *
 * Context: the user of the queue.
 */
void mvblk_stat_count(const struct mvblk_req *req)
{
	struct mvblk_stat *stat = &req->q->stat;
	struct mvblk_stat_sums *sums;

	/* It was none of those that have a type. */
	if (req->type == U32_MAX)
		return;
	sums = &stat->sums[mvblk_stat_group(req)];
	WRITE_ONCE(sums->requests, sums->requests + 1);
	WRITE_ONCE(sums->sectors, sums->sectors + req->sectors);
	WRITE_ONCE(sums->ns, sums->ns + (stat->now - req->start));
}

/**
 * mvblk_stat_show() - print what the requests of an instance add up to
 * @blk: the instance
 * @buf: of a sysfs attribute
 *
 * The 17 numbers have the order of /sys/block/.../stat.
 *
 * Context: process context.
 * Return: length.
 */
ssize_t mvblk_stat_show(struct mvblk *blk, char *buf)
{
	struct mvblk_stat_sums sums[MVBLK_STAT_GROUPS] = { };
	const struct mvblk_stat_sums *s;
	u64 busy = 0, waited = 0;
	unsigned int i, g;
	ssize_t len = 0;

	for (i = 0; i < blk->soft.desc->nr_vqs; i++) {
		/* Queues may be busy at the same time: the one that is most. */
		busy = max(busy, READ_ONCE(blk->queues[i].stat.busy));
		for (g = 0; g < MVBLK_STAT_GROUPS; g++) {
			s = &blk->queues[i].stat.sums[g];
			sums[g].requests += READ_ONCE(s->requests);
			sums[g].sectors += READ_ONCE(s->sectors);
			sums[g].ns += READ_ONCE(s->ns);
		}
	}
	for (g = 0; g < MVBLK_STAT_GROUPS; g++)
		waited += sums[g].ns;

	for (g = MVBLK_STAT_READ; g <= MVBLK_STAT_WRITE; g++)
		len += sysfs_emit_at(buf, len, "%llu 0 %llu %llu ",
				     sums[g].requests, sums[g].sectors,
				     mvblk_stat_ms(sums[g].ns));
	len += sysfs_emit_at(buf, len, "%u %llu %llu ", mvblk_nr_busy(blk),
			     mvblk_stat_ms(busy), mvblk_stat_ms(waited));
	s = &sums[MVBLK_STAT_DISCARD];
	len += sysfs_emit_at(buf, len, "%llu 0 %llu %llu ", s->requests,
			     s->sectors, mvblk_stat_ms(s->ns));
	s = &sums[MVBLK_STAT_FLUSH];
	len += sysfs_emit_at(buf, len, "%llu %llu\n", s->requests,
			     mvblk_stat_ms(s->ns));
	return len;
}
