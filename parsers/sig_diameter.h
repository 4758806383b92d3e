/* SPDX-License-Identifier: BSD-3-Clause */
/* Diameter messages (RFC 6733) and the AVPs of IMS: Cx and Dx (3GPP TS 29.229), Sh (29.329), Rx (29.214).
 * Owner: slices into the message. Threads: any; no state, no allocation, linear in the message. */
#ifndef SIG_DIAMETER_H
#define SIG_DIAMETER_H

#include "bytes.h"

enum {
	SIG_DIAMETER_HEADER = 20, /* octets */
};

enum sig_diameter_application {
	SIG_DIAMETER_CX = 16777216, /* Dx too */
	SIG_DIAMETER_SH = 16777217,
	SIG_DIAMETER_RX = 16777236,
};

enum sig_diameter_flag {
	SIG_DIAMETER_REQUEST = 0x80,
	SIG_DIAMETER_PROXIABLE = 0x40,
	SIG_DIAMETER_ERROR = 0x20,
	SIG_DIAMETER_RETRANSMITTED = 0x10,
};

struct sig_diameter {
	uint8_t flags; /* enum sig_diameter_flag */
	uint32_t command;
	uint32_t application;
	uint32_t hop_by_hop, end_to_end;
	struct bytes avps;
};

struct sig_avp {
	uint32_t code;
	uint32_t vendor; /* 0: the IETF's */
	struct bytes data;
};

enum sig_avp_type {
	SIG_AVP_OCTETS = 0,
	SIG_AVP_TEXT,
	SIG_AVP_NUMBER, /* of 4 or 8 octets */
	SIG_AVP_GROUP, /* AVPs */
	SIG_AVP_ADDRESS, /* behind its family, RFC 6733 section 4.3.1 */
	SIG_AVP_OCTETS_IP, /* IPv4 */
	SIG_AVP_DIGITS, /* TBCD */
	SIG_AVP_KEY, /* a secret */
};

/* What an AVP is called; NULL: unknown. */
struct sig_avp_name {
	uint32_t code, vendor;
	const char *name;
	enum sig_avp_type type;
};

/* What: whether octets, 4 or more at the front, are the header of a message, as far as they go: version, length and a
 * command in use. Reserved flags are ignored (RFC 6733 section 3), and an application may be any vendor's. */
bool sig_diameter_begins(struct bytes in);

/* What: the same, without reserved flags and with an application that is registered: asked for where nothing else, as
 * its port or the message before, says that it is Diameter. */
bool sig_diameter_is_likely(struct bytes in);

/* The length that a header says, of 4 octets or more. */
static inline uint32_t sig_diameter_length(struct bytes in)
{
	return be32(in.p) & 0xffffff;
}

/* What: reads one message from its first octet to its last. False: it is none, or its AVPs are not whole. */
bool sig_diameter_parse(struct bytes in, struct sig_diameter *d);

/* What: takes the next AVP off the front. False: there is none, or *in is not empty and what follows is malformed. */
bool sig_avp_next(struct bytes *in, struct sig_avp *avp);

/* Whether octets are AVPs to the last one; none are. */
bool sig_avps_are_whole(struct bytes in);

/* What: the first AVP of a code of the IETF's. False: there is none. */
bool sig_avp_find(struct bytes in, uint32_t code, struct sig_avp *avp);

const struct sig_avp_name *sig_avp_name(const struct sig_avp *avp);

/* "Cx" and so on; NULL: an application that is not read. */
const char *sig_diameter_interface(uint32_t application);

/* The first two letters of a command of these applications, "MA" of MAR and MAA; NULL: another. */
const char *sig_diameter_command(uint32_t command);

/* Session-Id, empty without. */
struct bytes sig_diameter_session(const struct sig_diameter *d);

#endif
