/* SPDX-License-Identifier: BSD-3-Clause */
/* The first octets of a payload, where some codecs say what follows. Of a stream they are looked at now and then,
 * in a packet that is at hand: media descriptors carry none.
 * Owner: value type. Threads: any; no state. */
#ifndef QOS_HEAD_H
#define QOS_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "qos_emodel.h"

enum {
	QOS_HEAD_OCTETS = 2,
};

struct qos_head {
	uint8_t pt; /* of the packet */
	uint8_t octets; /* known; 0: nothing is */
	uint8_t octet[QOS_HEAD_OCTETS];
};

/* The audio band of a packet, as the scale it is judged on. */
struct qos_band {
	uint8_t scale; /* enum qos_scale */
	bool is_known : 1;
	bool is_medium : 1; /* 6 kHz, which is on no scale: taken for wideband */
};

/* What EVS says before a frame that is not compact. */
struct qos_evs_toc {
	bool is_known;
	bool has_cmr; /* an octet with a request of the receiver's stands before */
	bool is_io; /* a mode of AMR-WB */
	uint8_t rate; /* index of the frame type, rising with the bit rate */
};

/* What: payload: as far as captured. */
static inline struct qos_head qos_head_of(struct bytes payload, uint8_t pt)
{
	struct qos_head head = {.pt = pt};

	if (!payload.p)
		return head;
	for (; head.octets < payload.n && head.octets < QOS_HEAD_OCTETS; head.octets++)
		head.octet[head.octets] = payload.p[head.octets];
	return head;
}

/* What: by the table of contents that every packet begins with, RFC 6716 section 3.1, table 2. */
struct qos_band qos_head_opus(const struct qos_head *head);

/* What: 3GPP TS 26.445 Annex A.2.2.1; of a compact packet it means nothing. */
struct qos_evs_toc qos_head_evs(const struct qos_head *head);

#endif
