/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a type 53 DNS message: the keys that heplify writes, numbers as on the wire, and with them
 * names of types and codes, SRV, NAPTR, PTR, and the number of ENUM. */
#include "hep_json.h"
#include "sig_dns.h"

enum {
	RECORDS_MAX = 64, /* written of all sections */
};

static struct bytes text_of(const struct sig_dns_name *name)
{
	return bytes_of(name->text, name->n);
}

static void put_type(struct hep_json *j, uint16_t type, uint16_t class)
{
	const char *name = sig_dns_type_name(type);

	hep_json_u64(j, "type", type);
	if (name)
		hep_json_string(j, "type_name", bytes_from_str(name));
	hep_json_u64(j, "class", class);
}

static void put_questions(struct hep_json *j, const struct sig_dns *dns)
{
	char number[SIG_DNS_NAME_MAX];
	struct sig_dns_name name;
	uint16_t type, class;
	size_t at = 0, n;

	hep_json_open(j, "questions", '[');
	for (unsigned i = 0; i < dns->questions; i++) {
		if (!sig_dns_question(dns, &at, &name, &type, &class))
			break;
		hep_json_open(j, NULL, '{');
		hep_json_string(j, "name", text_of(&name));
		put_type(j, type, class);
		n = sig_dns_number(&name, number);
		if (n)
			hep_json_string(j, "number", bytes_of(number, n));
		hep_json_close(j, '}');
	}
	hep_json_close(j, ']');
}

static bool put_srv(
	struct hep_json *j, const struct sig_dns *dns, const struct sig_dns_record *record)
{
	struct sig_dns_srv srv;

	if (!sig_dns_srv(dns, record, &srv))
		return false;
	hep_json_open(j, "srv", '{');
	hep_json_u64(j, "priority", srv.priority);
	hep_json_u64(j, "weight", srv.weight);
	hep_json_u64(j, "port", srv.port);
	hep_json_string(j, "target", text_of(&srv.target));
	hep_json_close(j, '}');
	return true;
}

static bool put_naptr(
	struct hep_json *j, const struct sig_dns *dns, const struct sig_dns_record *record)
{
	struct sig_dns_naptr naptr;

	if (!sig_dns_naptr(dns, record, &naptr))
		return false;
	hep_json_open(j, "naptr", '{');
	hep_json_u64(j, "order", naptr.order);
	hep_json_u64(j, "preference", naptr.preference);
	hep_json_string(j, "flags", naptr.flags);
	hep_json_string(j, "service", naptr.service);
	hep_json_string(j, "regexp", naptr.regexp);
	hep_json_string(j, "replacement", text_of(&naptr.replacement));
	hep_json_close(j, '}');
	return true;
}

static bool put_target(struct hep_json *j, const char *key, const struct sig_dns *dns,
	const struct sig_dns_record *record)
{
	struct sig_dns_name name;

	if (!sig_dns_target(dns, record, &name))
		return false;
	hep_json_string(j, key, text_of(&name));
	return true;
}

/* False: of a type that is not read, or malformed. */
static bool put_data(
	struct hep_json *j, const struct sig_dns *dns, const struct sig_dns_record *record)
{
	switch (record->type) {
	case SIG_DNS_A:
	case SIG_DNS_AAAA:
		if (record->data.n != (record->type == SIG_DNS_A ? 4 : 16))
			return false;
		hep_json_ip(j, "ip", record->data);
		return true;
	case SIG_DNS_NS:
		return put_target(j, "ns", dns, record);
	case SIG_DNS_CNAME:
		return put_target(j, "cname", dns, record);
	case SIG_DNS_PTR:
		return put_target(j, "ptr", dns, record);
	case SIG_DNS_SRV:
		return put_srv(j, dns, record);
	case SIG_DNS_NAPTR:
		return put_naptr(j, dns, record);
	default:
		return false;
	}
}

static void put_record(
	struct hep_json *j, const struct sig_dns *dns, const struct sig_dns_record *record)
{
	size_t at = record->name;
	struct sig_dns_name name;

	hep_json_open(j, NULL, '{');
	if (sig_dns_name(dns->in, &at, &name))
		hep_json_string(j, "name", text_of(&name));
	else
		hep_json_null(j, "name");
	put_type(j, record->type, record->class);
	hep_json_u64(j, "ttl", record->ttl);
	if (!put_data(j, dns, record))
		hep_json_u64(j, "length", record->data.n);
	hep_json_close(j, '}');
}

/* False: there is no more room, in number or in octets. */
static bool put_part(struct hep_json *j, const struct sig_dns *dns,
	const struct sig_dns_record *record, unsigned *left)
{
	struct hep_json_mark mark;

	if (!*left)
		return false;
	--*left;
	mark = hep_json_begin_part(j);
	put_record(j, dns, record);
	return hep_json_end_part(j, &mark);
}

/* False: some were left out. OPT (RFC 6891) is about the messages, not of what they say. */
static bool put_sections(struct hep_json *j, const struct sig_dns *dns)
{
	static const char *const keys[SIG_DNS_SECTIONS] = {"answers", "authority", "additional"};
	size_t at = sig_dns_records(dns);
	struct sig_dns_record record;
	unsigned left = RECORDS_MAX;
	bool is_all = true;

	for (unsigned i = 0; i < SIG_DNS_SECTIONS; i++) {
		hep_json_open(j, keys[i], '[');
		for (unsigned k = 0; k < dns->records[i] && is_all; k++) {
			if (!sig_dns_record(dns, &at, &record))
				break;
			if (record.type != SIG_DNS_OPT)
				is_all = put_part(j, dns, &record, &left);
		}
		hep_json_close(j, ']');
	}
	return is_all;
}

/* RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
static void put_rcode(struct hep_json *j, unsigned rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};

	hep_json_u64(j, "rescode", rcode);
	if (rcode < sizeof(names) / sizeof(names[0]))
		hep_json_string(j, "rcode", bytes_from_str(names[rcode]));
}

void hep_json_dns(struct hep_json *j, struct bytes payload)
{
	struct sig_dns dns;

	if (!sig_dns_parse(payload, &dns))
		return;
	hep_json_u64(j, "id", dns.id);
	hep_json_bool(j, "qr", dns.flags & SIG_DNS_QR);
	hep_json_u64(j, "opcode", sig_dns_opcode(&dns));
	hep_json_bool(j, "aa", dns.flags & SIG_DNS_AA);
	hep_json_bool(j, "tc", dns.flags & SIG_DNS_TC);
	hep_json_bool(j, "rd", dns.flags & SIG_DNS_RD);
	hep_json_bool(j, "ra", dns.flags & SIG_DNS_RA);
	put_rcode(j, sig_dns_rcode(&dns));
	hep_json_u64(j, "qdc", dns.questions);
	hep_json_u64(j, "anc", dns.records[0]);
	hep_json_u64(j, "nsc", dns.records[1]);
	hep_json_u64(j, "arc", dns.records[2]);
	put_questions(j, &dns);
	if (!put_sections(j, &dns) || dns.is_cut)
		hep_json_bool(j, "cut", true);
}
