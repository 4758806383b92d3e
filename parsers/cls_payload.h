/* SPDX-License-Identifier: BSD-3-Clause */
/* What protocol an unknown UDP or TCP payload is, by one Hyperscan database of anchored patterns
 * (cls_patterns.def).
 * Owner: the database belongs to the probe and is read-only once made; a scratch belongs to one
 * thread. Threads: any number may share a database, each with its own scratch. */
#ifndef CLS_PAYLOAD_H
#define CLS_PAYLOAD_H

#include "bytes.h"

enum cls_kind {
	CLS_UNKNOWN = 0,
	CLS_SIP, /* request or response line of RFC 3261 and its extensions */
	CLS_RTP, /* version 2, not RTCP: plausible only, see qos_probation.h */
	CLS_RTCP, /* version 2, packet type 192-223 */
	CLS_STUN, /* RFC 8489, by its magic cookie */
	CLS_DTLS, /* RFC 6347 record header */
	CLS_KIND_COUNT
};

struct cls_db;
struct cls_scratch;

/* 0 or negative errno: -ENOMEM, -EINVAL for a pattern Hyperscan refuses. */
int cls_db_create(struct cls_db **db);
void cls_db_destroy(struct cls_db *db);
int cls_scratch_create(const struct cls_db *db, struct cls_scratch **scratch);
void cls_scratch_destroy(struct cls_scratch *scratch);

/* What: the payload's protocol. Leading CR LF before a SIP start line are looked through (RFC 3261
 * section 7.5). Scans at most the first 128 octets. Where several patterns match, the first in
 * cls_patterns.def wins. */
enum cls_kind cls_payload(
	const struct cls_db *db, struct cls_scratch *scratch, struct bytes payload);

/* "sip", "rtp", ... for counters and tests. */
const char *cls_kind_name(enum cls_kind kind);

#endif
