/* SPDX-License-Identifier: BSD-3-Clause */
/* Signalling of other protocols in text, a datagram or a message out of TCP: told by how it begins, and handed on as
 * it is.
 * Owner: slices into the payload. Threads: any; no state, no allocation, linear in the payload. */
#ifndef SIG_TEXT_H
#define SIG_TEXT_H

#include "bytes.h"
#include "sig_kind.h"

/* What: the protocol of a payload; SIG_NONE: none of these. *id: what its messages have in common, never empty:
 * the call of MGCP, else the transaction; of a log line the Call-ID that it names, else "syslog". What may begin
 * like many things is believed on its own port only: responses of MGCP on 2427 and 2727, syslog on 514 and
 * 601. */
enum sig_kind sig_text_parse(
	struct bytes payload, uint16_t sport, uint16_t dport, struct bytes *id);

#endif
