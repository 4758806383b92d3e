/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_burst.h"

/* The open cluster is complete: a burst, or one isolated loss. */
static void close_cluster(struct qos_burst *b)
{
	if (b->open_bad > 1) {
		b->begins_bad |= b->first == 0;
		b->bursts++;
		b->burst_packets += b->last - b->first + 1;
		b->burst_bad += b->open_bad;
		b->burst_end = b->last;
	}
	b->open_bad = 0;
}

void qos_burst_add(struct qos_burst *b, uint64_t position, uint64_t count)
{
	if (!count)
		return;
	if (b->open_bad && position - b->last > QOS_GMIN)
		close_cluster(b);
	b->runs += !b->bad || position != b->last + 1;
	if (!b->open_bad)
		b->first = position;
	b->open_bad += (uint32_t)count;
	b->bad += count;
	b->last = position + count - 1;
}

void qos_burst_measure(
	const struct qos_burst *b, uint64_t expected, struct qos_burst_figures *figures)
{
	struct qos_burst all = *b;
	uint64_t gap_packets, gaps;

	close_cluster(&all);
	*figures = (struct qos_burst_figures){.bursts = all.bursts};
	gap_packets = expected > all.burst_packets ? expected - all.burst_packets : 0;
	/* Bursts are apart by a gap; before the first and behind the last there may be one too. */
	gaps = 1;
	if (all.bursts)
		gaps = all.bursts - 1 + !all.begins_bad + (all.burst_end + 1 < expected);
	if (all.bursts) {
		figures->burst_density = (double)all.burst_bad / (double)all.burst_packets;
		figures->burst_packets = (double)all.burst_packets / all.bursts;
	}
	if (gap_packets && gaps) {
		figures->gap_density = (double)(all.bad - all.burst_bad) / (double)gap_packets;
		figures->gap_packets = (double)gap_packets / (double)gaps;
	}
}

double qos_burst_ratio(uint64_t bad, uint64_t runs, uint64_t expected)
{
	double ratio;

	if (!runs || bad >= expected)
		return 1;
	ratio = (double)bad / (double)runs * (1 - (double)bad / (double)expected);
	return ratio > 1 ? ratio : 1;
}
