/* SPDX-License-Identifier: BSD-3-Clause */
/* Signalling of other protocols, in text over UDP: told by how it begins, and handed on as it is.
 * Owner: slices into the payload. Threads: any; no state, no allocation, linear in the payload. */
#ifndef SIG_TEXT_H
#define SIG_TEXT_H

#include "bytes.h"

/* In the order of capture.also. */
enum sig_text_kind {
	SIG_MGCP = 0, /* RFC 3435 section 3 */
	SIG_MEGACO, /* H.248 text, RFC 3525 Annex B */
	SIG_SYSLOG, /* RFC 5424, RFC 3164 */
	SIG_NONE,
};

/* What: the protocol of a payload; SIG_NONE: none of these. *id: what its messages have in common, never empty:
 * the call of MGCP, else the transaction; of a log line the Call-ID that it names, else "syslog". What may begin
 * like many things is believed on its own port only: responses of MGCP on 2427 and 2727, syslog on 514. */
enum sig_text_kind sig_text_parse(
	struct bytes payload, uint16_t sport, uint16_t dport, struct bytes *id);

#endif
