/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of gaps of the probe's own making share: what it gave up, and what ports tell of it. */
#ifndef QOS_STREAM_DROPS_CASE_H
#define QOS_STREAM_DROPS_CASE_H

#include "qos_stream_case.h"

/* What the probe gave up so far, as the receiver counts it: ahead of what the stream sees. */
static uint64_t given_up;

/* What ports dropped, as they said when they were asked last. */
static struct qos_drops ports;

static inline struct qos_drops count_drops(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return (struct qos_drops){.all = given_up, .past = given_up};
}

static inline struct qos_drops ask_ports(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return ports;
}

static inline void begin(struct rig *rig, uint64_t before)
{
	given_up = before;
	rig_init(rig);
	rig->env.drops_fn = count_drops;
	feed_voice(rig, 0, 9);
}

static inline void begin_with_ports(struct rig *rig)
{
	begin(rig, 0);
	ports = (struct qos_drops){.readings = 7};
	rig->env.drops_fn = ask_ports;
}

/* They are asked so often, and say then that they dropped so many more. */
static inline void read_ports(unsigned times, uint64_t more)
{
	ports.readings += times;
	ports.all += more;
	ports.ports += more;
}

static inline void look(struct rig *rig)
{
	qos_stream_note_drops(&rig->env, &rig->hot, &rig->cold);
}

static inline void expect(struct rig *rig, uint64_t lost, uint64_t own_drops)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_int_equal(r.lost, lost);
	assert_int_equal(r.own_drops, own_drops);
	assert_int_equal(r.expected, r.packets + r.lost);
}

#endif
