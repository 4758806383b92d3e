/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP messages as test cases: text in, fields out. For the two programs that test sip_msg.c. */
#ifndef SIP_CASE_H
#define SIP_CASE_H

#include "sip_msg.h"
#include "unit.h"

/* Headers that most cases share. */
#define VIA    "Via: SIP/2.0/UDP pc1.example.net:5060;branch=z9hG4bKvia1\r\n"
#define FROM   "From: <sip:ann@example.net>;tag=f1\r\n"
#define TO     "To: <sip:bob@example.org>\r\n"
#define CALLID "Call-ID: call-1@pc1.example.net\r\n"
#define CSEQ   "CSeq: 7 INVITE\r\n"
#define USUAL  VIA FROM TO CALLID CSEQ
#define INVITE "INVITE sip:bob@example.org SIP/2.0\r\n"

/* What is to be read; a field that a case does not name has the value of USUAL above. */
struct sip_case {
	const char *name;
	const char *text;
	enum sip_status status;
	enum sip_method method;
	const char *method_name; /* where NULL, sip_method_name(method) */
	const char *request_uri;
	uint16_t code; /* not 0: a response */
	const char *reason;
	const char *call_id;
	uint32_t cseq;
	const char *from_uri;
	const char *from_user;
	const char *from_tag;
	const char *to_uri;
	const char *to_user;
	const char *to_tag;
	const char *contact_uri;
	const char *via;
	const char *branch;
	int64_t length;
	const char *body;
	bool is_body_cut;
	bool is_head_cut;
};

static inline void check_slice(const struct sip_case *c, const char *field, struct bytes got,
	const char *want, const char *usual)
{
	if (!want)
		want = usual;
	if (!bytes_eq(got, bytes_from_str(want)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", c->name, field, (int)got.n,
			got.n ? (const char *)got.p : "", want);
}

static inline void check_number(
	const struct sip_case *c, const char *field, int64_t got, int64_t want)
{
	if (got != want)
		fail_msg("%s: %s is %lld, not %lld", c->name, field, (long long)got,
			(long long)want);
}

static inline void check_fields(const struct sip_case *c, const struct sip_msg *msg)
{
	check_number(c, "is_request", msg->is_request, c->code == 0);
	check_number(c, "method", msg->method, c->method);
	check_slice(c, "method_name", msg->method_name, c->method_name, sip_method_name(c->method));
	check_slice(c, "request_uri", msg->request_uri, c->request_uri,
		c->code ? "" : "sip:bob@example.org");
	check_number(c, "status code", msg->status, c->code);
	check_slice(c, "reason", msg->reason, c->reason, "");
	check_slice(c, "call_id", msg->call_id, c->call_id, "call-1@pc1.example.net");
	check_number(c, "cseq", msg->cseq, c->cseq ? c->cseq : 7);
	check_slice(c, "from.uri", msg->from.uri, c->from_uri, "sip:ann@example.net");
	check_slice(c, "from.user", msg->from.user, c->from_user, "ann");
	check_slice(c, "from.tag", msg->from.tag, c->from_tag, "f1");
	check_slice(c, "to.uri", msg->to.uri, c->to_uri, "sip:bob@example.org");
	check_slice(c, "to.user", msg->to.user, c->to_user, "bob");
	check_slice(c, "to.tag", msg->to.tag, c->to_tag, "");
	check_slice(c, "contact.uri", msg->contact.uri, c->contact_uri, "");
	check_slice(
		c, "via", msg->via, c->via, "SIP/2.0/UDP pc1.example.net:5060;branch=z9hG4bKvia1");
	check_slice(c, "via_branch", msg->via_branch, c->branch, "z9hG4bKvia1");
	check_number(c, "content_length", msg->content_length, c->length);
	check_slice(c, "body", msg->body, c->body, "");
	check_number(c, "is_body_cut", msg->is_body_cut, c->is_body_cut);
	check_number(c, "is_head_cut", msg->is_head_cut, c->is_head_cut);
}

static inline void check_cases(const struct sip_case *cases, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct sip_case *c = &cases[i];
		size_t n = strlen(c->text);
		uint8_t *copy = guarded_copy(c->text, n);
		struct sip_msg msg;

		check_number(c, "status", sip_msg_parse(bytes_of(copy, n), &msg), c->status);
		if (c->status == SIP_OK) {
			sip_msg_parse_parties(&msg);
			sip_msg_parse_hops(&msg);
			check_fields(c, &msg);
		}
		guarded_free(copy, n);
	}
}

static inline void check_truncation(const struct sip_msg *msg, const struct sip_msg *whole)
{
	assert_true(bytes_eq(msg->call_id, whole->call_id));
	assert_true(bytes_eq(msg->method_name, whole->method_name));
	assert_int_equal(msg->cseq, whole->cseq);
	assert_true(!msg->from.tag.n || bytes_eq(msg->from.tag, whole->from.tag));
	assert_true(!msg->to.tag.n || bytes_eq(msg->to.tag, whole->to.tag));
	assert_true(msg->is_head_cut || bytes_eq(msg->head, whole->head));
	assert_true(msg->body.n <= whole->body.n);
	if (whole->content_length > 0 && !msg->is_head_cut && msg->body.n < whole->body.n)
		assert_true(msg->is_body_cut);
}

/* A cut message is either refused, or what identifies the call is that of the whole. */
static inline void check_truncations(const struct sip_case *c)
{
	struct sip_msg whole;
	struct sip_msg msg;

	if (sip_msg_parse(bytes_from_str(c->text), &whole) != SIP_OK)
		return;
	sip_msg_parse_parties(&whole);
	for (size_t n = 0; n < strlen(c->text); n++) {
		uint8_t *copy = guarded_copy(c->text, n);

		if (sip_msg_parse(bytes_of(copy, n), &msg) == SIP_OK) {
			sip_msg_parse_parties(&msg);
			sip_msg_parse_hops(&msg);
			check_truncation(&msg, &whole);
		}
		guarded_free(copy, n);
	}
}

#endif
