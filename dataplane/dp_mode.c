/* SPDX-License-Identifier: BSD-3-Clause */
/* One fused core does about what an rx core and a worker core do together, so that is the choice wherever
 * every worker gets a queue. */
#include "dp_mode.h"

static unsigned threads(const struct dp_cpu_list *list)
{
	return list->count ? list->count : 1;
}

unsigned dp_worker_threads(const struct dp_options *options)
{
	return threads(&options->workers);
}

enum dp_mode dp_port_mode(const struct dp_options *options, const struct dp_port_options *port)
{
	if (port->mode != DP_MODE_AUTO)
		return (enum dp_mode)port->mode;
	/* Whoever names CPUs for rx threads wants them. */
	if (options->rx.count || port->queues < threads(&options->workers))
		return DP_PIPELINE;
	return DP_FUSED;
}

enum dp_mode dp_file_mode(const struct dp_options *options)
{
	return options->file_mode == DP_PIPELINE ? DP_PIPELINE : DP_FUSED;
}

static bool has_mode(const struct dp_options *options, bool offline, enum dp_mode mode)
{
	if (offline)
		return dp_file_mode(options) == mode;
	for (unsigned i = 0; i < options->port_count; i++)
		if (dp_port_mode(options, &options->ports[i]) == mode)
			return true;
	return false;
}

unsigned dp_rx_threads(const struct dp_options *options, bool offline)
{
	if (!has_mode(options, offline, DP_PIPELINE))
		return 0;
	return offline ? 1 : threads(&options->rx);
}

unsigned dp_fused_workers(const struct dp_options *options, bool offline)
{
	if (!has_mode(options, offline, DP_FUSED))
		return 0;
	return offline ? 1 : threads(&options->workers);
}
