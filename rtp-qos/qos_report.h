/* SPDX-License-Identifier: BSD-3-Clause */
/* The quality of one RTP stream at one moment, as plain data: all that hep-out and the tables on
 * the screen need.
 * Owner: value type, no pointers. Threads: any. */
#ifndef QOS_REPORT_H
#define QOS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt_flow.h"
#include "qos_call.h"
#include "qos_codec.h"
#include "qos_options.h"
#include "rtcp_packet.h"

enum qos_report_type {
	QOS_PERIODIC = 0,
	QOS_FINAL,
};

/* Why a stream ended. No report says it: it tells a side that fell silent from one that was
 * done. */
enum qos_end {
	QOS_END_NONE = 0, /* PERIODIC */
	QOS_END_BYE, /* its call is over, or its addresses are those of the next one */
	QOS_END_RTCP_BYE,
	QOS_END_TIMEOUT,
	QOS_END_CAPTURE, /* heptap stopped, or the file ended */
};

/* What: "mirror", "network", NULL without any: who repeated so many of packets, by how many there
 * are. The IP identification would not tell: it is 0 in what most hosts send of media, and IPv6 has
 * none. */
static inline const char *qos_duplicate_source(uint64_t duplicates, uint64_t packets)
{
	return 2 * duplicates > packets ? "mirror" : duplicates ? "network" : NULL;
}

/* Where a delay is known from, the least certain first. */
enum qos_delay_source {
	QOS_DELAY_NONE = 0,
	QOS_DELAY_CONF, /* configured */
	QOS_DELAY_XR, /* a receiver's XR VoIP metrics */
	QOS_DELAY_RTCP, /* measured at the probe, both sides */
};

/* RTPAgent's (qos_rtpagent.h). */
struct qos_agent_scores {
	double mos, min_mos, mean_mos;
	double r, min_r, mean_r;
};

struct qos_report {
	enum qos_report_type type;
	enum qos_end end;
	uint64_t report_ns; /* packet time of the report, ns since the epoch */
	uint64_t start_ns; /* first packet */
	uint64_t last_ns; /* last packet that counted: not a repeated one */

	/* On the wire. */
	struct pkt_flow flow;
	uint32_t ssrc;
	uint16_t vlan;
	uint8_t tos;
	uint8_t ttl;
	bool has_mac;
	uint8_t src_mac[6];
	uint8_t dst_mac[6];

	/* Of the call. */
	bool has_call;
	char call_id[QOS_CALL_ID_MAX]; /* "" without call */
	char correlation_id[QOS_CALL_ID_MAX]; /* Call-ID, or made from the addresses without call */
	char leg_id[QOS_CALL_ID_MAX]; /* qos_leg_id; "" without */
	uint8_t party; /* who sends: 0 caller, 1 callee */
	uint8_t dir; /* 0 caller to callee, 1 callee to caller */

	struct qos_payload payload; /* last audio or video payload type */
	uint32_t codec_changes;
	uint8_t first_pt; /* before the first of them, and its codec's name as in payload */
	char first_name[QOS_CODEC_NAME_MAX];
	bool is_video;
	bool is_one_way; /* the other side of its call was found to send nothing */

	/* Counts since the stream began. RFC 3550 A.3, but duplicates never make up for losses. */
	uint64_t packets; /* different sequence numbers received */
	uint64_t expected;
	uint64_t lost; /* expected - packets */
	uint64_t bytes; /* payload octets of packets */
	uint64_t duplicates;
	uint64_t reordered; /* RFC 4737: arrived after a later one */
	uint64_t sequence_errors; /* not the next number: gap, late or repeated */
	uint64_t ts_still; /* packets whose media time is that of the one before */
	uint64_t own_drops; /* the probe's own: neither expected nor lost */
	double frames_per_s; /* of video; NaN without */
	uint32_t events; /* RFC 4733: DTMF digits and the like */
	uint32_t reorder_extent; /* most later ones before one of those reordered */
	uint32_t ts_jumps; /* media time was set anew */
	uint32_t restarts; /* sequence started anew, RFC 3550 A.1 */
	uint32_t ssrc_changes; /* streams with another SSRC on the same addresses before this one */

	/* Milliseconds. */
	/* Mean time between packets received, silence taken out: of the interval, FINAL: of all. */
	double delta_ms;
	/* Extremes are since the stream began, and 2 microseconds exact; the least NaN before the
	 * first. */
	double min_delta_ms, max_delta_ms;
	double jitter_ms; /* RFC 3550 A.8, now */
	double mean_jitter_ms; /* mean of the jitter series */
	double min_jitter_ms, max_jitter_ms;
	double skew_ms; /* nominal minus arrival, negative is late */
	double max_skew_ms; /* largest magnitude, with its sign */

	/* Loss and discards of the jitter buffer chosen, RFC 3611 section 4.7.2 and G.107 BurstR.
	 * The times are NaN while the length of a frame is unknown. */
	double burst_ratio;
	uint64_t bursts;
	double burst_density, gap_density;
	double burst_ms, gap_ms; /* means */

	/* Each emulated jitter buffer, since the stream began; MOS only when has_score, on its
	 * scale. */
	uint64_t discards[QOS_BUFFERS];
	double buffer_mos[QOS_BUFFERS];

	/* From looks once a second; NaN while there are too few. */
	double frame_ms; /* media time of a packet */
	double drift_ppm; /* the sender's clock against the probe's; above 0 it is fast */
	double pdv_p50_ms, pdv_p95_ms, pdv_p99_ms;
	/* RTP clock by the wall's, where the one given is wrong or none is; else 0. */
	uint32_t clock_hz;

	/* E-model of effective loss without delay (MOS-LQ); only when has_score, all on the scale
	 * named. The interval's own, NaN if its packets were a codec's without figures; the least
	 * and the mean by packets since the stream's codec is one of that scale. An interval
	 * without packets repeats the one before. */
	bool has_score;
	enum qos_scale scale;
	enum qos_basis basis; /* where the figures of the codec are from */
	double mos, min_mos, mean_mos;
	double r, min_r, mean_r;
	double ie, bpl; /* of the codec and mode that was scored last */
	double ie_eff; /* of the interval */
	uint64_t scored; /* packets expected in the interval that was scored; 0: none was */

	struct qos_agent_scores agent; /* has_agent: wanted; has no need of a codec with figures */

	/* Round trips from the probe to the stream's source (A) and to its receiver (B), by RTCP
	 * without any clock but the probe's: the least of the last five. From end to end it is
	 * their sum. */
	double rtt_a_ms, rtt_b_ms;

	/* Filled by qos_delay_describe: G.107's mouth-to-ear delay Ta, its impairment Id, and with
	 * it the R and MOS of the conversation. Only with a delay_source, the last three only when
	 * has_score too. */
	double ta_ms;
	double id, r_cq, mos_cq;
	double min_mos_cq, mean_mos_cq; /* of the intervals with a delay, as min_mos and mean_mos */

	/* What the receiver reports of the stream, RFC 3550 section 6.4; nothing while far_reports
	 * is 0. */
	double far_loss_pct, far_max_loss_pct; /* between two reports: of the last one, the most */
	double far_jitter_ms,
		far_max_jitter_ms; /* NaN: the clock is not known, or it is no jitter */
	int32_t far_lost; /* cumulative; duplicates count against it */
	uint32_t far_reports; /* report blocks */

	uint64_t remb_bit_rate; /* of the last REMB */
	uint32_t nacks, nack_packets, plis, firs, rembs; /* feedback of the receiver */
	uint32_t rtcp_packets; /* compounds of the source */
	uint32_t srtcp_packets; /* those that are encrypted */
	enum qos_delay_source delay_source;
	struct rtcp_voip_metrics xr; /* the receiver's last, RFC 3611 section 4.7 */
	bool has_agent, has_rtt_a, has_rtt_b, has_xr;
};

/* Whether there are an R and a MOS of the conversation, and an Id. */
static inline bool qos_report_has_cq(const struct qos_report *report)
{
	return report->has_score && report->delay_source != QOS_DELAY_NONE;
}

/* A call's worst stream in one word, of which the least is the worst, that with the least mean R; 0
 * for a stream without score. R counts the same impairments on all three scales (G.711 without loss
 * is 93.2 of 93.2, 129 and 148; G.107.1), MOS does not, so MOS of two scales are never compared:
 * the worst is shown with its scale. */
uint32_t qos_worst_pack(const struct qos_report *report);
enum qos_scale qos_worst_scale(uint32_t worst);
double qos_worst_mos(uint32_t worst);

/* What: an id for media that no call is known for, the same for both directions, since collectors
 * drop records without one. */
void qos_correlation_id(const struct pkt_flow *flow, char *id, size_t size);

#endif
