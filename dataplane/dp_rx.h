/* SPDX-License-Identifier: BSD-3-Clause */
/* One rx thread's packet sources: queues of ports, or capture files. Bursts come out time-stamped.
 * Owner: the rx thread. Threads: one; counters may be read by others with relaxed loads. */
#ifndef DP_RX_H
#define DP_RX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dp_clock.h"
#include "dp_file.h"
#include "dp_port.h"

struct dp_filter;

enum {
	DP_BURST = 32,
	DP_RX_QUEUES_MAX = 64,
};

struct dp_rx_queue {
	const struct dp_port *port;
	struct dp_nic_time *nic_time; /* the port's; NULL: time is the poll's */
	uint16_t port_id;
	uint16_t queue;
	uint32_t size; /* descriptors */
	uint64_t full; /* packets of polls in a row that came back full, or left much waiting */
};

struct dp_rx {
	const struct dp_clock *clock;
	struct dp_file *file; /* NULL for ports */
	const struct dp_filter *filter; /* of the last burst's source; NULL: takes every frame */
	uint64_t last_ns; /* of the last poll that gave a burst; live time never goes back */
	bool is_done; /* files: everything was read */
	unsigned queue_count;
	unsigned next_queue;
	struct dp_rx_queue queues[DP_RX_QUEUES_MAX];
	_Atomic uint64_t frames;
	_Atomic uint64_t bytes;
};

/* The queue in which most may wait, by its size; NULL without queues. */
const struct dp_rx_queue *dp_rx_fullest(const struct dp_rx *rx);

/* filter: of the file; those of ports are the ports'. */
void dp_rx_init(struct dp_rx *rx, const struct dp_clock *clock, struct dp_file *file,
	const struct dp_filter *filter);
/* -ENOSPC when there are too many. */
int dp_rx_add_queue(struct dp_rx *rx, const struct dp_port *port, uint16_t queue);

/* What: one burst (at most DP_BURST) from the next source that has one, each mbuf with dp_meta filled
 * and now owned by the caller. A live burst gets one TSC reading, or the NIC's time-stamps, frames of a file the
 * file's times. A VLAN tag that the NIC took out is put back. Returns 0 when nothing came. */
unsigned dp_rx_poll(struct dp_rx *rx, struct rte_mbuf **burst);

/* What: of the burst that was polled last, those that its source's filter chooses, in the order they came. The
 * others are freed. Returns how many are left. */
unsigned dp_rx_filter(const struct dp_rx *rx, struct rte_mbuf **burst, unsigned n);

#endif
