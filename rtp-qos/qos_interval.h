/* SPDX-License-Identifier: BSD-3-Clause */
/* How often a stream is reported: every report_interval, or, when report_interval_min is set, by how it goes.
 * A stream that is suspect by loss, jitter or MOS is reported every report_interval_min; one that is good
 * waits twice as long after each report, up to report_interval_max. And how many PERIODIC reports a worker
 * makes in a second.
 * Owner: the stream, the worker. Threads: that worker only. */
#ifndef QOS_INTERVAL_H
#define QOS_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "qos_options.h"

struct qos_stream_hot;
struct qos_stream_cold;

/* Whether it is suspect since its last report: as it can be told between two reports, which is by loss and
 * jitter; with has_mos also by the MOS of the last one. False when the interval is fixed. */
bool qos_interval_is_suspect(const struct qos_options *options, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, bool has_mos);

/* The interval to the next report; last_ns: the one before, 0 for the first. */
uint64_t qos_interval_next(const struct qos_options *options, uint64_t last_ns, bool is_suspect);

/* The longest there can be. */
uint64_t qos_interval_longest(const struct qos_options *options);

/* Reports made in this second of packet time. */
struct qos_budget {
	uint64_t second;
	uint32_t used;
};

/* What: takes one of per_second (0: as many as wanted). False: none left in this second. */
bool qos_budget_take(struct qos_budget *budget, uint32_t per_second, uint64_t now_ns);

#endif
