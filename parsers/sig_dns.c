/* SPDX-License-Identifier: BSD-3-Clause */
#include "sig_dns.h"

enum {
	HEADER_BYTES = 12,
	QUESTION_BYTES = 4, /* behind the name: type and class */
	RECORD_BYTES = 10, /* behind the name: type, class, TTL, length */
	WIRE_NAME_MAX = 255,
	LABEL_MAX = 63,
	POINTER = 0xc0,
	POINTERS_MAX = 32,
	OPCODE_MAX = 6,
};

static void put_octet(struct sig_dns_name *name, uint8_t c)
{
	if (c > ' ' && c < 0x7f && c != '.' && c != '\\') {
		name->text[name->n++] = (char)c;
		return;
	}
	name->text[name->n++] = '\\';
	name->text[name->n++] = (char)('0' + c / 100);
	name->text[name->n++] = (char)('0' + c / 10 % 10);
	name->text[name->n++] = (char)('0' + c % 10);
}

static void put_label(struct sig_dns_name *name, struct bytes label)
{
	if (name->n)
		name->text[name->n++] = '.';
	for (size_t i = 0; i < label.n; i++)
		put_octet(name, label.p[i]);
}

/* The labels from at on; *end: behind the name where it began. A pointer leads to a name that ended before (RFC 1035
 * section 4.1.4). */
static bool take_labels(struct bytes in, size_t at, size_t *end, struct sig_dns_name *name)
{
	size_t wire = 1, lowest = at, limit = in.n;
	unsigned pointers = 0;

	while (at < limit && in.p[at]) {
		size_t n = in.p[at];

		if (n >= POINTER) {
			if (limit - at < 2 || ++pointers > POINTERS_MAX)
				return false;
			if (pointers == 1)
				*end = at + 2;
			at = be16(in.p + at) & 0x3fff;
			if (at >= lowest || at < HEADER_BYTES)
				return false;
			limit = lowest;
			lowest = at;
			continue;
		}
		wire += 1 + n;
		if (n > LABEL_MAX || n >= limit - at || wire > WIRE_NAME_MAX)
			return false;
		put_label(name, bytes_of(in.p + at + 1, n));
		at += 1 + n;
	}
	if (at >= limit)
		return false;
	if (!pointers)
		*end = at + 1;
	return true;
}

bool sig_dns_name(struct bytes in, size_t *at, struct sig_dns_name *name)
{
	name->n = 0;
	if (!take_labels(in, *at, at, name))
		return false;
	if (!name->n)
		name->text[name->n++] = '.';
	return true;
}

bool sig_dns_question(const struct sig_dns *dns, size_t *at, struct sig_dns_name *name,
	uint16_t *type, uint16_t *class)
{
	if (!*at)
		*at = HEADER_BYTES;
	if (!sig_dns_name(dns->in, at, name) || dns->in.n - *at < QUESTION_BYTES)
		return false;
	*type = be16(dns->in.p + *at);
	*class = be16(dns->in.p + *at + 2);
	*at += QUESTION_BYTES;
	return true;
}

size_t sig_dns_records(const struct sig_dns *dns)
{
	struct sig_dns_name name;
	uint16_t type, class;
	size_t at = HEADER_BYTES;

	for (unsigned i = 0; i < dns->questions; i++)
		if (!sig_dns_question(dns, &at, &name, &type, &class))
			return dns->in.n;
	return at;
}

/* The name is passed over only: whoever writes the record reads it. */
static bool skip_name(struct bytes in, size_t *at)
{
	while (*at < in.n && in.p[*at] && in.p[*at] < POINTER) {
		if (in.p[*at] > LABEL_MAX)
			return false;
		*at += 1 + (size_t)in.p[*at];
	}
	if (*at >= in.n)
		return false;
	*at += in.p[*at] ? 2 : 1;
	return *at <= in.n;
}

bool sig_dns_record(const struct sig_dns *dns, size_t *at, struct sig_dns_record *record)
{
	size_t here = *at, length;
	const uint8_t *p;

	if (!skip_name(dns->in, &here) || dns->in.n - here < RECORD_BYTES)
		return false;
	p = dns->in.p + here;
	length = be16(p + 8);
	here += RECORD_BYTES;
	if (length > dns->in.n - here)
		return false;
	*record = (struct sig_dns_record){
		.name = *at,
		.type = be16(p),
		.class = be16(p + 2),
		.ttl = be32(p + 4),
		.at = here,
		.data = bytes_of(p + RECORD_BYTES, length),
	};
	*at = here + length;
	return true;
}

static bool has_records(const struct sig_dns *dns, size_t at)
{
	struct sig_dns_record record;

	for (unsigned i = 0; i < SIG_DNS_SECTIONS; i++)
		for (unsigned k = 0; k < dns->records[i]; k++)
			if (!sig_dns_record(dns, &at, &record))
				return false;
	return true;
}

bool sig_dns_parse(struct bytes in, struct sig_dns *dns)
{
	struct sig_dns_name name;
	uint16_t type, class;
	size_t at = 0;

	if (in.n < HEADER_BYTES)
		return false;
	*dns = (struct sig_dns){
		.in = in,
		.id = be16(in.p),
		.flags = be16(in.p + 2),
		.questions = be16(in.p + 4),
		.records = {be16(in.p + 6), be16(in.p + 8), be16(in.p + 10)},
	};
	if (!dns->questions || dns->questions > SIG_DNS_QUESTIONS_MAX ||
		sig_dns_opcode(dns) > OPCODE_MAX)
		return false;
	for (unsigned i = 0; i < dns->questions; i++)
		if (!sig_dns_question(dns, &at, &name, &type, &class))
			return false;
	dns->is_cut = !has_records(dns, at);
	return true;
}

/* Behind the name at at; beyond the input where that ends in it, 0 where it is none. */
static size_t after_name(struct bytes in, size_t at)
{
	size_t first = at;

	while (at < in.n && in.p[at] && in.p[at] <= LABEL_MAX && at - first < WIRE_NAME_MAX)
		at += 1 + in.p[at];
	if (at >= in.n)
		return in.n + 1;
	if (in.p[at])
		return in.p[at] >= POINTER ? at + 2 : 0;
	return at + 1;
}

bool sig_dns_ended_early(struct bytes in)
{
	size_t at = HEADER_BYTES;
	unsigned questions;

	if (in.n < HEADER_BYTES)
		return true;
	questions = be16(in.p + 4);
	if (!questions || questions > SIG_DNS_QUESTIONS_MAX || (in.p[2] >> 3 & 15) > OPCODE_MAX)
		return false;
	for (unsigned i = 0; i < questions && at; i++) {
		at = after_name(in, at);
		if (at && at + QUESTION_BYTES > in.n)
			return true;
		at += at ? QUESTION_BYTES : 0;
	}
	return false;
}

static bool is_enum(const struct sig_dns_name *name)
{
	struct bytes text = bytes_of(name->text, name->n), end = BYTES_LIT("e164.arpa");

	if (text.n > end.n && text.p[text.n - end.n - 1] != '.')
		return false;
	return text.n >= end.n && bytes_eq_nocase(bytes_skip(text, text.n - end.n), end);
}

/* Services that calls are set up, routed or relayed with: SIP (RFC 3263), of Microsoft's names too, H.323 (H.225.0 annex
 * O), STUN and TURN (RFC 8489, 8656), Diameter (RFC 6733), MSRP (RFC 4976), IAX (RFC 5456). With what begins alike:
 * _sips, _sipfederationtls, _stun-behavior, _h323cs. Not the directories of _ldap and _kerberos. */
static bool is_voice_service(const struct sig_dns_name *name)
{
	static const char *const begins[] = {
		"_sip", "_h323", "_stun", "_turn", "_diameter", "_aaa", "_msrp", "_iax"};
	struct bytes text = bytes_of(name->text, name->n);

	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		struct bytes begin = bytes_from_str(begins[i]);

		if (bytes_eq_nocase(bytes_head(text, begin.n), begin))
			return true;
	}
	return false;
}

bool sig_dns_is_voice(const struct sig_dns *dns)
{
	struct sig_dns_name name;
	uint16_t type, class;
	size_t at = 0;

	for (unsigned i = 0; i < dns->questions; i++)
		if (sig_dns_question(dns, &at, &name, &type, &class) &&
			(type == SIG_DNS_NAPTR || is_enum(&name) ||
				(type == SIG_DNS_SRV && is_voice_service(&name))))
			return true;
	return false;
}

/* A name that ends where the data does. */
static bool last_name(const struct sig_dns *dns, const struct sig_dns_record *record, size_t skip,
	struct sig_dns_name *name)
{
	size_t at = record->at + skip, end = record->at + record->data.n;

	return sig_dns_name(bytes_head(dns->in, end), &at, name) && at == end;
}

bool sig_dns_target(
	const struct sig_dns *dns, const struct sig_dns_record *record, struct sig_dns_name *name)
{
	return last_name(dns, record, 0, name);
}

bool sig_dns_srv(
	const struct sig_dns *dns, const struct sig_dns_record *record, struct sig_dns_srv *srv)
{
	const uint8_t *p = record->data.p;

	if (record->data.n < 6)
		return false;
	srv->priority = be16(p);
	srv->weight = be16(p + 2);
	srv->port = be16(p + 4);
	return last_name(dns, record, 6, &srv->target);
}

/* RFC 1035 section 3.3: one octet of length, then so many. */
static bool take_string(struct bytes *in, struct bytes *text)
{
	if (!in->n || in->p[0] >= in->n)
		return false;
	*text = bytes_of(in->p + 1, in->p[0]);
	*in = bytes_skip(*in, 1 + text->n);
	return true;
}

bool sig_dns_naptr(
	const struct sig_dns *dns, const struct sig_dns_record *record, struct sig_dns_naptr *naptr)
{
	struct bytes rest = bytes_skip(record->data, 4);

	if (record->data.n < 4)
		return false;
	naptr->order = be16(record->data.p);
	naptr->preference = be16(record->data.p + 2);
	return take_string(&rest, &naptr->flags) && take_string(&rest, &naptr->service) &&
	       take_string(&rest, &naptr->regexp) &&
	       last_name(dns, record, record->data.n - rest.n, &naptr->replacement);
}

/* RFC 6116 section 3.2: digits in reverse, a dot behind each. */
size_t sig_dns_number(const struct sig_dns_name *name, char *out)
{
	size_t digits = name->n - (sizeof("e164.arpa") - 1), n = 0;

	if (!is_enum(name) || digits == 0 || digits % 2)
		return 0;
	out[n++] = '+';
	for (size_t i = digits; i; i -= 2) {
		char c = name->text[i - 2];

		if (c < '0' || c > '9' || name->text[i - 1] != '.')
			return 0;
		out[n++] = c;
	}
	return n;
}

const char *sig_dns_type_name(uint16_t type)
{
	static const char *const names[] = {
		[SIG_DNS_A] = "A",
		[SIG_DNS_NS] = "NS",
		[SIG_DNS_CNAME] = "CNAME",
		[SIG_DNS_SOA] = "SOA",
		[SIG_DNS_PTR] = "PTR",
		[SIG_DNS_MX] = "MX",
		[SIG_DNS_TXT] = "TXT",
		[SIG_DNS_AAAA] = "AAAA",
		[SIG_DNS_SRV] = "SRV",
		[SIG_DNS_NAPTR] = "NAPTR",
		[SIG_DNS_OPT] = "OPT",
		[SIG_DNS_ANY] = "ANY",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}
