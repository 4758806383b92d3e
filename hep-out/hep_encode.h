/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP message, RTCP compound, other signalling, quality report or log to one HEP3 message.
 * Owner: the caller's buffer; nothing is kept. Threads: any; no state, no allocation, no I/O. */
#ifndef HEP_ENCODE_H
#define HEP_ENCODE_H

#include "bytes.h"
#include "hep_chunk.h"
#include "hep_options.h"
#include "pkt_decode.h"
#include "qos_report.h"

/* All return the message's length, or 0 when it does not fit into room or HEP_MESSAGE_MAX. */

/* What: octets as they came: SIP (type 1), other signalling in text, the body of a voice quality report (35). view
 * gives addresses, ports, VLAN, TOS; time_ns since the epoch; id the correlation id, for all but SIP not empty, before
 * the payload, since Kamailio reads it as a C string. */
size_t hep_encode_octets(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	enum hep_type type, struct bytes octets, struct bytes id, void *buf, size_t room);

/* What: an RTCP compound as JSON, type 5. correlation_id must not be empty: collectors drop records
 * without one. */
size_t hep_encode_rtcp(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	struct bytes correlation_id, void *buf, size_t room);

/* What: the same of a DNS message that passed sig_dns_parse, type 53. */
size_t hep_encode_dns(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	struct bytes correlation_id, void *buf, size_t room);

/* What: the same of a Diameter message that passed sig_diameter_parse, type 56. */
size_t hep_encode_diameter(const struct hep_options *o, const struct pkt_view *view,
	uint64_t time_ns, struct bytes correlation_id, void *buf, size_t room);

/* What: a quality report as JSON, type 34, with the MOS, R-factor and jitter chunks. */
size_t hep_encode_report(
	const struct hep_options *o, const struct qos_report *report, void *buf, size_t room);

/* Something said of a call. */
struct hep_log {
	const struct pkt_flow *flow; /* of the media it is about */
	uint64_t time_ns;
	uint16_t vlan;
	struct bytes correlation_id;
	struct bytes text;
};

/* What: a line of text, type 100. */
size_t hep_encode_log(
	const struct hep_options *o, const struct hep_log *log, void *buf, size_t room);

#endif
