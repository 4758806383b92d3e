/* SPDX-License-Identifier: BSD-3-Clause */
/* What RTCP says of a stream, beside what the probe sees of it: the report blocks of whoever receives it,
 * round trips to both ends, XR VoIP metrics, feedback. A block belongs to the stream of its SSRC in the
 * other direction on the addresses of the report.
 * Owner: a stream's cold half. Threads: the worker of the flow only; the counters are the table's. */
#ifndef QOS_RTCP_H
#define QOS_RTCP_H

#include "pkt_flow.h"
#include "pkt_hash.h"
#include "qos_rtt.h"
#include "rtcp_packet.h"

enum {
	QOS_RTCP_RECENT = 256, /* compounds that a mirrored copy is known by */
};

struct qos_report;
struct qos_rtcp_ahead;
struct qos_table;

/* What most compounds need comes first, up to rrtr: three lines, of which the second is needed by all. */
struct qos_rtcp {
	struct qos_rtt_marks sr; /* of its sender, answered by who receives it */
	uint32_t compounds; /* of its sender */

	/* Of the receiver's report blocks: the last ones, and the most. */
	uint32_t blocks;
	int32_t lost;
	uint32_t jitter; /* RTP clock units */
	uint32_t max_jitter;
	uint8_t fraction; /* of 256 */
	uint8_t max_fraction;
	struct qos_rtt to_source; /* from the probe and back */
	struct qos_rtt to_receiver;
	uint32_t srtcp; /* of its sender, encrypted */
	uint32_t rembs;

	struct qos_rtt_marks rrtr; /* of who receives it, answered by its sender */
	uint32_t nacks, nack_packets; /* messages, and packets that they ask for */
	uint32_t plis, firs;
	uint64_t remb_bit_rate; /* the last */
	bool has_fir;
	uint8_t fir_number; /* of the last request: the same again is no new one */

	bool has_xr;
	struct rtcp_voip_metrics xr; /* the last */
};

/* Compounds lately seen. A mirror port that copies a packet where it comes and where it goes shows it
 * twice within milliseconds. */
struct qos_rtcp_recent {
	struct {
		uint64_t hash;
		uint64_t at_ns;
	} seen[QOS_RTCP_RECENT];
};

/* What: true when the same payload was on the same addresses at most 50 ms before. Notes it if not. */
bool qos_rtcp_is_repeated(struct qos_rtcp_recent *recent, const struct pkt_flow *flow,
	struct bytes payload, const struct pkt_seed *seed, uint64_t now_ns);

/* What: gives each part of a compound to the stream that it is about. flow: that of the RTP between the
 * same ends, in the direction of the compound. payload must have passed rtcp_validate. ahead: what was found for it
 * before, or for another, or NULL. */
void qos_rtcp_on_compound(struct qos_table *t, const struct pkt_flow *flow, struct bytes payload,
	const struct qos_rtcp_ahead *ahead, uint64_t now_ns);

/* What: the same for SRTCP, of which the first eight octets are in clear (RFC 3711 section 3.4). Returns
 * whether it begins with a BYE; *ssrc is the sender. payload has at least eight octets. */
bool qos_rtcp_on_srtcp(
	struct qos_table *t, const struct pkt_flow *flow, struct bytes payload, uint32_t *ssrc);

/* Fills what report has of it. clock: of the stream, Hz, 0 unknown. */
void qos_rtcp_describe(const struct qos_rtcp *rtcp, uint32_t clock, struct qos_report *report);

#endif
