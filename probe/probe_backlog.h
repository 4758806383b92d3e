/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker that receives gives up follows from how its polls went: an overload fills queues, but so does what came
 * while the worker had no CPU, and that is worked off.
 * Owner: the receiver. Threads: that one. */
#ifndef PROBE_BACKLOG_H
#define PROBE_BACKLOG_H

#include <stdint.h>

#include "dp_rx.h"
#include "probe_shed.h"

struct probe_backlog {
	const struct dp_rx_queue *queue; /* looked at last */
	int waiting; /* frames in it then, -1: not known */
	uint64_t polled_ns; /* of the last poll that gave packets */
};

/* What: after each poll, which gave so many packets. shed: the worker's own. */
void probe_backlog_poll(struct probe_backlog *backlog, struct probe_shed *shed,
	const struct dp_rx *rx, unsigned taken);

#endif
