/* SPDX-License-Identifier: BSD-3-Clause */
/* What a telephone says of its calls by itself: application/vq-rtcpxr in a PUBLISH or NOTIFY, RFC 6035.
 * Owner: slices into the body. Threads: any; no state, no allocation, linear in the body. */
#ifndef SIP_VQ_H
#define SIP_VQ_H

#include "pkt_flow.h"
#include "sip_msg.h"

enum sip_vq_kind {
	SIP_VQ_SESSION = 0, /* at the end of a call, or of one direction of its media */
	SIP_VQ_INTERVAL,
	SIP_VQ_ALERT, /* a threshold was crossed */
};

enum sip_vq_metric {
#define X(name, help) SIP_VQ_##name,
#include "sip_vq_metrics.def"
#undef X
	SIP_VQ_METRICS,
};

/* What one end measured, or learnt from the other. */
struct sip_vq_metrics {
	bool is_there;
	struct bytes start, stop; /* as they stand: date and time of RFC 3339 */
	struct bytes codec; /* PD */
	double value[SIP_VQ_METRICS]; /* NaN: not said */
};

struct sip_vq_end {
	struct bytes id; /* LocalID, RemoteID: as a From is */
	uint8_t family; /* 0: no address */
	uint16_t port;
	struct pkt_addr addr;
	bool has_ssrc;
	uint32_t ssrc;
};

struct sip_vq {
	enum sip_vq_kind kind;
	struct bytes call_id;
	struct sip_vq_end local, remote;
	struct sip_vq_metrics local_metrics, remote_metrics;
};

/* "session", "interval", "alert" */
const char *sip_vq_kind_name(enum sip_vq_kind kind);
/* "NLR", ... */
const char *sip_vq_metric_name(enum sip_vq_metric metric);

/* Whether the body of a message is such a report. */
bool sip_vq_is(const struct sip_msg *msg);

/* What: reads a body. Unknown lines and names, and values that are no numbers, are passed over. False: it begins
 * like no report, or names no call. */
bool sip_vq_parse(struct bytes body, struct sip_vq *vq);

#endif
