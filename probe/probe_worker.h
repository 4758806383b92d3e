/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker: the flows steered to it, from ring to report. The whole journey of a packet is
 * probe_worker_main and what it calls, in probe_worker.c, probe_media.c, probe_whole.c, probe_sip.c
 * and probe_rtcp.c.
 * Owner: the probe. Threads: its own lcore; counters may be read by others. */
#ifndef PROBE_WORKER_H
#define PROBE_WORKER_H

#include "hep_chunk.h"
#include "pkt_copies.h"
#include "pkt_media.h"
#include "probe.h"
#include "probe_counters.h"
#include "probe_finding.h"
#include "probe_query.h"
#include "probe_whole.h"
#include "qos_ice.h"
#include "qos_interval.h"
#include "qos_probation.h"
#include "qos_rtcp.h"
#include "qos_table.h"
#include "sdp_memo.h"
#include "sip_sctp.h"
#include "sip_tcp.h"

struct probe_rx;
struct rte_mbuf;

/* Rings from one receiver on another thread. */
struct probe_worker_lane {
	struct dp_ring *media;
	struct dp_ring *signalling;
};

struct probe_worker {
	alignas(64) struct probe *probe;
	unsigned index;
	unsigned lane_count;
	struct probe_rx *rx; /* fused: the receiver on this thread, NULL without */
	struct probe_worker_lane *lanes;
	struct cls_scratch *scratch;
	struct dp_mailbox *mailbox; /* NULL without collectors */
	struct qos_table table;
	void *table_memory;
	struct sip_tcp tcp;
	void *tcp_memory;
	struct sip_sctp sctp;
	void *sctp_memory;
	struct pkt_copies copies;
	struct qos_ice_checks ice_checks;
	struct qos_probation probation;
	struct qos_rtcp_recent rtcp_recent;
	struct probe_orphans orphans;
	struct qos_budget report_budget;
	struct qos_call_counters *call_counters;
	const struct qos_origin *origin; /* of the whole packet being taken, else NULL */
	const struct probe_batch *batch; /* being taken, else NULL */
	struct probe_wholes wholes; /* that wait for others */
	struct sdp_memo sections; /* of descriptions */
	uint64_t now_ns; /* packet time: goes back by PROBE_TIME_BACK_NS and more only */
	uint64_t next_tick_ns; /* 0 before the first packet */
	uint64_t horizon_ns; /* after so long without packets nothing is left to happen */
	_Atomic uint64_t done; /* elements taken, of a capture file finished: for its barrier */
	struct probe_query query;
	_Atomic uint64_t outcome[PROBE_OUTCOME_COUNT];
	struct probe_counters counters;
	_Atomic uint64_t loops; /* turns, and those that found work: these depend on wall time */
	_Atomic uint64_t loops_busy;
	struct probe_idle idle;
};

/* 0 or negative errno. */
int probe_worker_init(struct probe_worker *w, struct probe *probe, unsigned index);
void probe_worker_fini(struct probe_worker *w);

/* What: one turn (probe_rings.c): at most QOS_BURST elements of every ring, and media only when little signalling is
 * left. Live, signalling and what is no media may wait for more of it. The thread is registered with liburcu QSBR.
 * Returns how many elements it took; those of a file are finished. */
unsigned probe_worker_take(struct probe_worker *w);

/* Elements in the order of their arrival: descriptors, whole packets, time. */
struct probe_batch {
	const struct pkt_media *media;
	/* Of each, the caller's; NULL where only the descriptor is at hand, or for all of them. */
	struct rte_mbuf *const *packets;
	const uint32_t *slot; /* of each, by qos_table_locate */
	unsigned n; /* at most QOS_BURST */
	bool is_one_time; /* all arrived at the same time */
};

void probe_worker_burst(struct probe_worker *w, const struct probe_batch *b);

/* The lcore's function; arg is the probe_worker. */
int probe_worker_main(void *arg);

/* Anything that a tick could change, but calls. For its own thread, and for one that waited for
 * it. */
bool probe_worker_has_flows(const struct probe_worker *w);

/* Packet time moves on to now_ns: looks at the streams and calls whose second has come. */
void probe_worker_advance(struct probe_worker *w, uint64_t now_ns);

/* probe_media.c: RTP of no known stream yet. origin is NULL when only the descriptor is at hand. */
void probe_media_packet(struct probe_worker *w, const struct pkt_media *m,
	const struct qos_origin *origin, uint64_t now_ns);
/* Whether it is RTP of a stream that is open. */
bool probe_media_is_known(const struct probe_worker *w, const struct pkt_view *view);
/* Looks at the streams of one wheel slot. */
void probe_media_tick(struct probe_worker *w, uint64_t now_ns);
/* Ends all streams: the capture ended. */
void probe_media_drain(struct probe_worker *w, uint64_t now_ns);
/* probe_meaning.c: what a payload type means on a stream; a qos_payload_fn, arg is the worker. */
void probe_media_payload(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload);
/* The current one may mean something else since its call was described anew. */
void probe_media_follow(struct probe_worker *w, uint32_t stream);

/* probe_signalling.c: one SIP message out of such, one TCP segment, one SCTP packet. Return the
 * frame's outcome. copy_hash: of probe_worker_copy_hash, 0 for what cannot be a copy. */
enum probe_outcome probe_signalling_sip(
	struct probe_worker *w, const struct pkt_view *view, uint64_t copy_hash, uint64_t now_ns);
enum probe_outcome probe_signalling_tcp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns);
enum probe_outcome probe_signalling_sctp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns);
/* What: a datagram's hash for probe_worker_is_copy; 0 where copies are not looked for, of which
 * none is one. */
uint64_t probe_worker_copy_hash(const struct probe_worker *w, const struct pkt_view *view);
/* Whether a datagram of signalling came before, by the mirror's doing; it did from now on. */
bool probe_worker_is_copy(struct probe_worker *w, uint64_t copy_hash, uint64_t now_ns);
/* HEP, and with capture.hep the SIP in it. */
enum probe_outcome probe_signalling_hep(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns);
/* probe_ice.c: a STUN message; if it is a check between the sides of a call or the answer to one,
 * its ends are where media will be. */
void probe_ice_take(struct probe_worker *w, const struct pkt_view *view);
/* Takes expired calls out of the table, and messages behind holes of TCP connections. */
void probe_signalling_tick(struct probe_worker *w, uint64_t now_ns);
/* The capture ended: nothing fills the holes of TCP connections any more. */
void probe_signalling_drain(struct probe_worker *w, uint64_t now_ns);
void probe_signalling_end_call(
	struct probe *probe, unsigned worker, struct qos_call *call, uint64_t now_ns);

/* probe_also.c: signalling that is handed on because capture.also names it. */
/* MGCP, Megaco and syslog, else PROBE_unknown_udp. */
enum probe_outcome probe_also_udp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns);
/* Whether it must be asked for DNS first: a datagram at port 53 that looks like RTP or RTCP, or any there where
 * capture.also names DNS. */
bool probe_also_may_be_dns(const struct probe_worker *w, const struct pkt_view *view);
/* Such a datagram, whatever else it looks like. False: it is media of a stream or to an endpoint that was announced, or
 * not DNS, or it is cut and capture.also does not name DNS; *outcome says nothing then. */
bool probe_also_dns(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome);

/* What a segment begins like, SIP_TCP_NONE without. */
enum sip_tcp_kind probe_also_begins(const struct probe_worker *w, const struct pkt_view *view);
/* A message out of TCP, of kind w->tcp.kind. *outcome says so, unless it does of a better one;
 * nothing of one that is malformed. */
void probe_also_message(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome);
/* The same of what may be a Diameter message. False: it is none, or capture.also does not name
 * it. */
bool probe_also_diameter(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome);

/* probe_sip_send.c: what is sent of SIP, unless the configuration leaves it out. */
void probe_sip_send(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_msg *msg, struct bytes id);
/* What: the id that hep.correlation_headers name, empty without. A call has that of its first
 * message, or none: what is sent of it has one id. A call that was refused (NULL) has the
 * message's. */
struct bytes probe_sip_leg(const struct cfg_options *o, const struct sip_msg *msg,
	struct qos_call *call, enum qos_call_change change);
/* What a telephone says of another call than its PUBLISH belongs to. */
void probe_sip_vq(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_msg *msg);

/* probe_emit.c: HEP messages into the mailbox. */
/* What is sent as it came. */
void probe_emit_octets(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum hep_type type, struct bytes octets, struct bytes id);
/* What is sent as JSON: how it is encoded is one of the functions of hep_encode.h. */
typedef size_t (*probe_encode_fn)(const struct hep_options *o, const struct pkt_view *view,
	uint64_t time_ns, struct bytes id, void *buf, size_t room);
void probe_emit_json(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	probe_encode_fn encode, struct bytes id);
void probe_emit_report(struct probe_worker *w, const struct qos_report *report);
void probe_emit_finding(struct probe_worker *w, const struct probe_finding *finding);

/* Who asked for this media, or for RTCP of it? The receiver announced where it wants it; behind NAT
 * or before the answer only the sender's own address is known, and where many calls announced the
 * receiver's, as gateways and load generators do, the sender's tells them apart. *party is the
 * sender, where there is a call. */
const struct qos_media *probe_media_find(const struct probe_worker *w, const struct pkt_flow *flow,
	bool is_rtcp, uint64_t now_ns, uint8_t *party);

#endif
