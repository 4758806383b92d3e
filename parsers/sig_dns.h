/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages (RFC 1035) as far as voice needs them: names with compression, SRV (RFC 2782), NAPTR (RFC 3403) and
 * with it ENUM (RFC 6116).
 * Owner: slices into the message, names in the caller's buffers. Threads: any; no state, no allocation. */
#ifndef SIG_DNS_H
#define SIG_DNS_H

#include "bytes.h"

enum {
	SIG_DNS_PORT = 53,
	SIG_DNS_NAME_MAX = 1024, /* octets of a name as text: 255 on the wire, each \DDD at most */
	SIG_DNS_QUESTIONS_MAX = 4,
	SIG_DNS_SECTIONS = 3, /* answers, authority, additional */
};

enum sig_dns_type {
	SIG_DNS_A = 1,
	SIG_DNS_NS = 2,
	SIG_DNS_CNAME = 5,
	SIG_DNS_SOA = 6,
	SIG_DNS_PTR = 12,
	SIG_DNS_MX = 15,
	SIG_DNS_TXT = 16,
	SIG_DNS_AAAA = 28,
	SIG_DNS_SRV = 33,
	SIG_DNS_NAPTR = 35,
	SIG_DNS_OPT = 41,
	SIG_DNS_ANY = 255,
};

enum sig_dns_flag {
	SIG_DNS_QR = 0x8000, /* a response */
	SIG_DNS_AA = 0x0400,
	SIG_DNS_TC = 0x0200,
	SIG_DNS_RD = 0x0100,
	SIG_DNS_RA = 0x0080,
};

struct sig_dns {
	struct bytes in; /* the message */
	uint16_t id;
	uint16_t flags; /* enum sig_dns_flag, opcode and response code among them */
	uint16_t questions;
	uint16_t records[SIG_DNS_SECTIONS]; /* as the header announces */
	bool is_cut; /* records that it announces are missing */
};

/* A name as text, dots between labels; the root is ".". What is no printable ASCII, dots and backslashes in a label
 * are \DDD (RFC 1035 section 5.1). */
struct sig_dns_name {
	size_t n;
	char text[SIG_DNS_NAME_MAX];
};

struct sig_dns_record {
	size_t name; /* where its name stands in the message */
	uint16_t type, class;
	uint32_t ttl;
	size_t at; /* where its data stands */
	struct bytes data;
};

struct sig_dns_srv {
	uint16_t priority, weight, port;
	struct sig_dns_name target;
};

struct sig_dns_naptr {
	uint16_t order, preference;
	struct bytes flags, service, regexp;
	struct sig_dns_name replacement;
};

static inline unsigned sig_dns_opcode(const struct sig_dns *dns)
{
	return dns->flags >> 11 & 15;
}

static inline unsigned sig_dns_rcode(const struct sig_dns *dns)
{
	return dns->flags & 15;
}

/* What: reads the header and walks over all that follows. False: no message of 1 to SIG_DNS_QUESTIONS_MAX questions,
 * or something in it is no name. What is missing at the end, be it by the capture, makes it is_cut. */
bool sig_dns_parse(struct bytes in, struct sig_dns *dns);

/* What: whether a message that sig_dns_parse refused, and that the capture cut, may be one: it ended in its header or
 * in a question. */
bool sig_dns_ended_early(struct bytes in);

/* What: asks for SRV of a service of voice, for NAPTR, or of e164.arpa. */
bool sig_dns_is_voice(const struct sig_dns *dns);

/* What: the next question; *at is 0 before the first. False: there is none any more. */
bool sig_dns_question(const struct sig_dns *dns, size_t *at, struct sig_dns_name *name,
	uint16_t *type, uint16_t *class);

/* What: where the records begin. */
size_t sig_dns_records(const struct sig_dns *dns);

/* What: the next record, and *at behind it. False: what follows is none that is whole. */
bool sig_dns_record(const struct sig_dns *dns, size_t *at, struct sig_dns_record *record);

/* What: the name at *at, and *at behind it. Pointers go back only, so that none goes round. */
bool sig_dns_name(struct bytes in, size_t *at, struct sig_dns_name *name);

/* What: the data of a record of CNAME, PTR or NS, SRV, NAPTR. False: it is malformed. */
bool sig_dns_target(
	const struct sig_dns *dns, const struct sig_dns_record *record, struct sig_dns_name *name);
bool sig_dns_srv(
	const struct sig_dns *dns, const struct sig_dns_record *record, struct sig_dns_srv *srv);
bool sig_dns_naptr(const struct sig_dns *dns, const struct sig_dns_record *record,
	struct sig_dns_naptr *naptr);

/* What: the telephone number that a name of ENUM stands for, with its plus; 0 when it is none. out has room for
 * SIG_DNS_NAME_MAX octets. */
size_t sig_dns_number(const struct sig_dns_name *name, char *out);

/* NULL: no type with a name here. */
const char *sig_dns_type_name(uint16_t type);

#endif
