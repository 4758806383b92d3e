/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_interval.h"

#include "qos_stream.h"

#define NS_PER_SEC 1000000000ull
#define NS_PER_MS  1000000ull

enum {
	/* Fewer say nothing: one packet of ten that is late is no loss yet. */
	PACKETS_LEAST = 25,
	PERCENT_MILLI = 100000, /* a ratio in thousandths of a percent */
};

static bool is_lossy(const struct qos_options *o, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold)
{
	uint64_t packets = qos_stream_packets(hot, cold) - cold->interval_packets;
	uint64_t expected = qos_stream_expected(hot, cold) - cold->interval_expected;

	/* A late packet may repair a loss of the interval before. */
	if (!o->suspect_loss_milli || expected < PACKETS_LEAST || expected <= packets)
		return false;
	return (expected - packets) * PERCENT_MILLI >= o->suspect_loss_milli * expected;
}

static bool is_bad(const struct qos_options *o, const struct qos_stream_cold *cold)
{
	return o->suspect_mos_milli && cold->scored_packets &&
	       cold->mos * 1000 < o->suspect_mos_milli;
}

bool qos_interval_is_suspect(const struct qos_options *options, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, bool has_mos)
{
	if (!options->report_interval_min_ns)
		return false;
	if (options->suspect_jitter_ms && hot->jitter_ns >= options->suspect_jitter_ms * NS_PER_MS)
		return true;
	return is_lossy(options, hot, cold) || (has_mos && is_bad(options, cold));
}

uint64_t qos_interval_next(const struct qos_options *options, uint64_t last_ns, bool is_suspect)
{
	uint64_t next = last_ns ? 2 * last_ns : options->report_interval_ns;

	if (!options->report_interval_min_ns)
		return options->report_interval_ns;
	if (is_suspect)
		return options->report_interval_min_ns;
	return next < qos_interval_longest(options) ? next : qos_interval_longest(options);
}

uint64_t qos_interval_longest(const struct qos_options *options)
{
	return options->report_interval_min_ns ? options->report_interval_max_ns
					       : options->report_interval_ns;
}

bool qos_budget_take(struct qos_budget *budget, uint32_t per_second, uint64_t now_ns)
{
	if (!per_second)
		return true;
	if (budget->second != now_ns / NS_PER_SEC) {
		budget->second = now_ns / NS_PER_SEC;
		budget->used = 0;
	}
	if (budget->used >= per_second)
		return false;
	budget->used++;
	return true;
}
