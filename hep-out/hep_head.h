/* SPDX-License-Identifier: BSD-3-Clause */
/* What every HEP3 message begins with: who talked to whom, when, what it is and which agent saw it.
 * Owner: the caller. Threads: one at a time. */
#ifndef HEP_HEAD_H
#define HEP_HEAD_H

#include "hep_options.h"
#include "hep_writer.h"
#include "pkt_flow.h"

struct hep_head {
	const struct pkt_flow *flow;
	uint64_t time_ns;
	enum hep_type type;
	uint16_t vlan; /* 0: none */
	uint8_t tos;
	struct bytes correlation_id; /* BYTES_NONE: none; cut where the call table cuts */
};

void hep_head_put(
	struct hep_writer *w, const struct hep_options *options, const struct hep_head *head);

#endif
