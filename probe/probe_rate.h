/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model calculator, --rate: what a codec scores at a loss and a delay. No capture, no EAL.
 * Threads: main, instead of a run. */
#ifndef PROBE_RATE_H
#define PROBE_RATE_H

#include <stdbool.h>

#include "qos_codec.h"

struct probe_rate {
	const struct qos_codec *codec;
	double loss; /* percent */
	double burst_r;
	double delay_ms; /* one way, mouth to ear */
	bool has_delay;
	char reason[1024]; /* why it was refused */
};

/* What: reads "codec=AMR-WB/12.65,loss=2,burstr=1,delay=150"; all but codec may be left out. 0, or
 * -EINVAL and the reason. */
int probe_rate_parse(const char *text, struct probe_rate *rate);

/* To standard output, as lines for people or as one JSON object. */
void probe_rate_print(const struct probe_rate *rate, bool is_json);

#endif
