/* SPDX-License-Identifier: BSD-3-Clause */
/* The time-stamps that a port's NIC puts on frames: used as long as each fits the time of the poll
 * (dp_hwclock.h), which frames keep otherwise. One that does not ends it for its queue, until all
 * from one anchor to the next, a second later, fit well: a stream has one clock, and not in turn
 * two that differ.
 * Owner: the port. Threads: control creates, anchors and destroys; each queue is stamped by the
 * thread that polls it; figures by any thread. */
#ifndef DP_NIC_TIME_H
#define DP_NIC_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "dp_clock.h"
#include "dp_options.h"

struct dp_nic_time;
struct rte_eth_dev_info;
struct rte_mbuf;

enum {
	DP_NIC_TIME_REFUSED_MAX =
		64, /* in a row; then no more are looked at until the next anchor */
	DP_NIC_TIME_PROOF = 16, /* stamps that fit, at least, before they are used again */
};

/* A queue's stamps are used again when none is further after the poll: half of what ended it, so
 * that a clock at the edge of that does not come and go. */
#define DP_NIC_TIME_FUTURE_MAX_NS 500000

struct dp_nic_time_stats {
	uint64_t used; /* frames that have the NIC's time */
	uint64_t refused; /* stamps that did not fit */
	bool is_in_use; /* the last frame of a queue has the NIC's */
};

/* What the device has to be configured with; 0: nothing. */
uint64_t dp_nic_time_offload(
	const struct dp_port_options *options, const struct rte_eth_dev_info *info);
/* What: once the port is configured, with these offloads. NULL when its frames have no stamps, none
 * are wanted, or packet buffers have no room for them (rte_errno then, else 0). */
struct dp_nic_time *dp_nic_time_create(const struct dp_port_options *options, unsigned port_id,
	const char *driver, uint64_t offloads);
void dp_nic_time_destroy(struct dp_nic_time *time); /* NULL: nothing */

/* What: reads the NIC's clock beside ours, where it has one to read. Control only, once a second.
 * NULL: nothing. */
void dp_nic_time_anchor(struct dp_nic_time *time, const struct dp_clock *clock);

/* What: of frames that were polled at now_ns and have that as dp_meta's time, sets it to when they
 * came. */
void dp_nic_time_stamp(struct dp_nic_time *time, unsigned queue, struct rte_mbuf *const *burst,
	unsigned n, uint64_t now_ns);

/* NULL: all zero. */
void dp_nic_time_stats(const struct dp_nic_time *time, struct dp_nic_time_stats *stats);

#endif
