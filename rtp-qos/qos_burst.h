/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts and gaps of loss, RFC 3611 section 4.7.2 with Gmin 16: bad packets (lost, or discarded by a jitter
 * buffer) with fewer than 16 good ones between them belong together. Two or more are a burst, from the first
 * to the last; a single one is isolated and belongs to the gap. Exact, where the counters of RFC 3611 A.2
 * take the first loss of all for a burst and never count the good packets at the end.
 * Owner: the stream. Threads: its worker. Constant time however long a run is. */
#ifndef QOS_BURST_H
#define QOS_BURST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QOS_GMIN = 16, /* good packets in a row that end a burst, RFC 3611 section 4.7.2 */
};

struct qos_burst {
	uint64_t first, last; /* of the cluster that the next bad packet may still join */
	uint64_t bad; /* all */
	uint64_t runs; /* of bad packets without a good one between */
	uint64_t burst_packets; /* of closed bursts, good ones within included */
	uint64_t burst_bad;
	uint64_t burst_end; /* last of the last closed burst */
	uint32_t bursts;
	uint32_t open_bad; /* of the open cluster; 0: none is open */
	bool begins_bad; /* the stream began with a burst: no gap before it */
};

/* What RFC 3611 section 4.7.2 asks for; durations in packets. */
struct qos_burst_figures {
	uint64_t bursts;
	double burst_density; /* bad ones among the packets of bursts; 0 without bursts */
	double gap_density; /* among the others */
	double burst_packets; /* mean length */
	double gap_packets;
};

/* What: count packets in a row are bad, the first of which is the stream's packet number position. In rising
 * order only. */
void qos_burst_add(struct qos_burst *b, uint64_t position, uint64_t count);

/* Of the first expected packets. */
void qos_burst_measure(
	const struct qos_burst *b, uint64_t expected, struct qos_burst_figures *figures);

/* G.107 section 3.7 (BurstR): mean length of a run of bad packets to that of random loss at the same rate; at
 * least 1, which it is without loss as well. */
double qos_burst_ratio(uint64_t bad, uint64_t runs, uint64_t expected);

#endif
