/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of sequence numbers that a stream is expected to have, and jumps in them. */
#ifndef QOS_COUNT_CASE_H
#define QOS_COUNT_CASE_H

#include "qos_stream_case.h"

struct counts {
	uint64_t packets, lost, duplicates, reordered, errors;
	uint32_t restarts;
	uint64_t strays;
};

static inline void assert_counts(struct rig *rig, struct counts want)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_int_equal(r.packets, want.packets);
	assert_int_equal(r.lost, want.lost);
	assert_int_equal(r.expected, want.packets + want.lost);
	assert_int_equal(r.duplicates, want.duplicates);
	assert_int_equal(r.reordered, want.reordered);
	assert_int_equal(r.sequence_errors, want.errors);
	assert_int_equal(r.restarts, want.restarts);
	assert_int_equal(rig->cold.strays, want.strays);
	assert_int_equal(r.bytes, 160 * want.packets);
}

/* Numbers from to to at the time of packet at and on: a jump in the sequence that took no time. */
static inline void feed_jump(struct rig *rig, uint32_t from, uint32_t to, uint32_t at)
{
	for (uint32_t i = from; i <= to; i++) {
		struct rtp p = voice(at + i - from);

		p.seq = (uint16_t)i;
		feed(rig, p);
	}
}

#endif
