/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounded JSON text in a caller's buffer, valid whatever bytes the network sent: control characters
 * are escaped, NUL and octets that are not UTF-8 become U+FFFD (RFC 8259, RFC 3629).
 * Owner: the caller. Threads: one at a time. A text that did not fit has length 0. */
#ifndef HEP_JSON_H
#define HEP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "hep_options.h"
#include "qos_report.h"
#include "rtcp_packet.h"

struct hep_json {
	char *buf;
	size_t room;
	size_t used;
	bool is_failed;
	bool needs_comma;
};

void hep_json_init(struct hep_json *j, void *buf, size_t room);
/* key NULL: an element of an array, or the outermost value. */
void hep_json_open(struct hep_json *j, const char *key, char bracket); /* '{' or '[' */
void hep_json_close(struct hep_json *j, char bracket); /* '}' or ']' */
void hep_json_string(struct hep_json *j, const char *key, struct bytes text);
void hep_json_u64(struct hep_json *j, const char *key, uint64_t v);
void hep_json_i64(struct hep_json *j, const char *key, int64_t v);
/* Fixed-point text with decimals places; NaN and infinities become null. */
void hep_json_double(struct hep_json *j, const char *key, double v, int decimals);
void hep_json_null(struct hep_json *j, const char *key);
/* Length of the text without a NUL, 0 when it did not fit. */
size_t hep_json_finish(const struct hep_json *j);

/* What: the members of a type 34 quality report, without the braces, so that other members can stand
 * beside them: RTPAgent's keys with the definitions of rtp-qos/qos_report.h (hep.md of the field:
 * upper-case, flat), and SSRC, DUP_PK, OUT_ORDER, SSRC_CHG, RESTARTS, CAP_DROP, MOS_SCALE, MOS_BASIS. A stream
 * without score has null in the six MOS and RFACTOR members and in MOS_SCALE. */
void hep_json_report(struct hep_json *j, const struct qos_report *report, uint32_t final_type);

/* What: those of hep_json_report that say what RTCP says of the stream: round trips and delay (RTT, RTT_A,
 * RTT_B, TA_MS, DELAY_SRC, ID, MOS_LQ, MOS_CQ, RFACTOR_CQ; null where nothing is known), RTCP_PK, SRTCP_PK and
 * FAR_REPORTS; then, only if there are such reports, the receiver's view FAR_*, feedback (NACK, NACK_PK, PLI,
 * FIR, REMB, REMB_BPS) and XR VoIP metrics XR_*. */
void hep_json_rtcp_keys(struct hep_json *j, const struct qos_report *report);

/* What: the members of a type 5 RTCP report, without the braces: one object per compound, with the
 * report blocks of all its SR and RR packets (hep_rtcp_json.c says which key holds what). payload
 * must have passed rtcp_validate. */
void hep_json_rtcp(struct hep_json *j, struct bytes payload);

#endif
