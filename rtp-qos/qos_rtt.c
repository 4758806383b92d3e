/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_rtt.h"

#include <stddef.h>

#define NS_PER_SEC  1000000000ull
#define LONGEST_NS  (10 * (int64_t)NS_PER_SEC)
#define STANDING_NS NS_PER_SEC

/* DLSR is in steps of 15 us and measured by the far end's clock, which may be off by 200 ppm: next to an
 * end the round trip is less than that, and may seem to be below zero. */
#define STEP_NS	      (NS_PER_SEC / 65536)
#define DRIFT_DIVISOR 5000

/* When it passed, or NULL. */
static uint64_t *find(struct qos_rtt_marks *marks, uint32_t middle)
{
	for (unsigned i = 0; i < QOS_RTT_MARKS; i++)
		if (marks->middle[i] == middle)
			return &marks->at_ns[i];
	return NULL;
}

void qos_rtt_pass(struct qos_rtt_marks *marks, uint32_t middle, uint64_t now_ns)
{
	uint64_t *known_ns = middle ? find(marks, middle) : NULL;

	if (!middle)
		return;
	if (known_ns) {
		if (now_ns - *known_ns > STANDING_NS)
			*known_ns = 0;
		return;
	}
	marks->at_ns[marks->next] = now_ns;
	marks->middle[marks->next] = middle;
	marks->next = (uint8_t)((marks->next + 1) % QOS_RTT_MARKS);
}

/* In nanoseconds; 64 bits hold all of DLSR's 18 hours. */
static int64_t delay_ns(uint32_t delay)
{
	return (int64_t)((uint64_t)delay * NS_PER_SEC >> 16);
}

enum qos_rtt_status qos_rtt_answer(
	struct qos_rtt_marks *marks, uint32_t middle, uint32_t delay, uint64_t now_ns, uint32_t *us)
{
	const uint64_t *at_ns;
	int64_t held = delay_ns(delay);
	int64_t rtt;

	if (!middle || !delay)
		return QOS_RTT_NOTHING;
	at_ns = find(marks, middle);
	if (!at_ns || !*at_ns)
		return QOS_RTT_UNKNOWN;
	/* Without a new SR, DLSR grows from report to report. */
	if (middle == marks->last && delay <= marks->last_delay)
		return QOS_RTT_REPEATED;
	marks->last = middle;
	marks->last_delay = delay;
	rtt = (int64_t)(now_ns - *at_ns) - held;
	if (rtt < 0 && rtt >= -(int64_t)STEP_NS - held / DRIFT_DIVISOR)
		rtt = 0;
	if (rtt < 0 || rtt > LONGEST_NS)
		return QOS_RTT_RANGE;
	*us = (uint32_t)((rtt + 500) / 1000);
	return QOS_RTT_OK;
}

void qos_rtt_add(struct qos_rtt *rtt, uint32_t us)
{
	rtt->us[rtt->samples++ % QOS_RTT_SAMPLES] = us;
}

bool qos_rtt_ms(const struct qos_rtt *rtt, double *ms)
{
	unsigned n = rtt->samples < QOS_RTT_SAMPLES ? rtt->samples : QOS_RTT_SAMPLES;
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < n; i++)
		least = rtt->us[i] < least ? rtt->us[i] : least;
	*ms = n ? least / 1000.0 : 0;
	return n > 0;
}
