/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator of a live probe hears of when it changes: links and interfaces, whose time a port has, collectors, and
 * the JSON that cannot be written.
 * Owner: control, which alone calls it. */
#ifndef PROBE_WATCH_H
#define PROBE_WATCH_H

#include "dp_options.h"
#include "hep_options.h"

struct probe;

/* What was said last; zeroed at the start. */
struct probe_watch {
	struct probe_watch_port {
		bool is_known;
		bool is_up;
		bool is_gone;
		bool has_nic_time;
	} ports[DP_PORTS_MAX];
	struct probe_watch_collector {
		unsigned addresses;
		unsigned quiet; /* looks without a refusal while messages went out */
		uint64_t refused;
		uint64_t sent;
		bool is_refused;
	} collectors[HEP_COLLECTORS_MAX];
	struct probe_watch_json {
		int error;
		bool is_losing;
		unsigned quiet; /* looks without a lost line */
		uint64_t lost;
		uint64_t lost_before; /* those that were said */
	} json;
};

/* Once a second: a log line of each change. */
void probe_watch(const struct probe *probe, struct probe_watch *was);

#endif
