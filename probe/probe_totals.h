/* SPDX-License-Identifier: BSD-3-Clause */
/* All counters of a run, summed over threads, by name.
 * Threads: any; sums of relaxed loads, exact once the threads have ended. */
#ifndef PROBE_TOTALS_H
#define PROBE_TOTALS_H

#include <stdint.h>

#include "probe.h"

struct probe_total {
	const char *name;
	const char *help;
	uint64_t value;
};

enum {
	PROBE_TOTALS_MAX = 128,
	PROBE_HEP_REASONS_MAX = 8,
};

/* Frames received. */
uint64_t probe_totals_frames(const struct probe *probe);
/* Of them those with this fate, an enum probe_outcome. */
uint64_t probe_totals_outcome(const struct probe *probe, unsigned outcome);
/* SIP messages: a TCP segment may hold several. */
uint64_t probe_totals_sip(const struct probe *probe);

/* Each returns how many of PROBE_TOTALS_MAX entries it filled. */

/* Every frame's fate: the values add up to probe_totals_frames once nothing is under way. */
unsigned probe_totals_outcomes(const struct probe *probe, struct probe_total *totals);
/* Workers, streams, calls, media endpoints. */
unsigned probe_totals_counters(const struct probe *probe, struct probe_total *totals);

struct probe_hep_totals {
	uint64_t made; /* copies: messages times collectors */
	uint64_t sent;
	unsigned reason_count;
	uint64_t dropped[PROBE_HEP_REASONS_MAX];
	const char *reasons[PROBE_HEP_REASONS_MAX];
	const char *helps[PROBE_HEP_REASONS_MAX];
	uint64_t unreachable; /* sent, and answered by "port unreachable" */
};

/* made = sent + all dropped + what is still queued. */
void probe_totals_hep(const struct probe *probe, struct probe_hep_totals *hep);

#endif
