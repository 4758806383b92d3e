/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a SIP message in one forward pass: start line, header fields, body. The tests hold messages
 * in the manner of RFC 4475, each with what becomes of it. */
#include "sip_msg.h"

#include "sip_field_pvt.h"
#include "text_pvt.h"

static const struct {
	const char *name;
	uint8_t len;
} methods[] = {
#define METHOD(method) [SIP_##method] = {#method, sizeof(#method) - 1}
	METHOD(OTHER),
	METHOD(INVITE),
	METHOD(ACK),
	METHOD(BYE),
	METHOD(CANCEL),
	METHOD(OPTIONS),
	METHOD(REGISTER),
	METHOD(PRACK),
	METHOD(SUBSCRIBE),
	METHOD(NOTIFY),
	METHOD(PUBLISH),
	METHOD(INFO),
	METHOD(REFER),
	METHOD(MESSAGE),
	METHOD(UPDATE),
#undef METHOD
};

enum {
	METHOD_COUNT = sizeof(methods) / sizeof(methods[0])
};

enum header {
	HEADER_OTHER = 0,
	HEADER_CALL_ID,
	HEADER_FROM,
	HEADER_TO,
	HEADER_CONTACT,
	HEADER_VIA,
	HEADER_CSEQ,
	HEADER_AGENT,
	HEADER_CONTENT_TYPE,
	HEADER_CONTENT_ENCODING,
	HEADER_CONTENT_LENGTH,
};

/* What is judged only when the whole head has been seen. */
struct pending {
	struct bytes cseq;
	bool is_bad_length;
};

const char *sip_method_name(enum sip_method method)
{
	return methods[(unsigned)method < METHOD_COUNT ? method : SIP_OTHER].name;
}

/* Methods are case-sensitive, RFC 3261 section 7.1. */
static enum sip_method method_of(struct bytes name)
{
	for (unsigned i = SIP_INVITE; i < METHOD_COUNT; i++)
		if (bytes_eq(name, bytes_of(methods[i].name, methods[i].len)))
			return (enum sip_method)i;
	return SIP_OTHER;
}

/* Length of the token at the front. */
static size_t token_len(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && text_is_token[b.p[n]])
		n++;
	return n;
}

/* Takes "SIP/" 1*DIGIT "." 1*DIGIT in any case off the front. Any version will do: it says
 * nothing about whether the rest can be read. */
static bool take_version(struct bytes *b)
{
	uint64_t number;

	if (!bytes_eq_nocase(bytes_head(*b, 4), BYTES_LIT("SIP/")))
		return false;
	*b = bytes_skip(*b, 4);
	if (!text_take_number(b, &number) || !b->n || b->p[0] != '.')
		return false;
	*b = bytes_skip(*b, 1);
	return text_take_number(b, &number);
}

static bool parse_status_line(struct bytes rest, struct sip_msg *msg)
{
	struct bytes code;
	uint64_t status;

	if (!rest.n || !ascii_is_blank(rest.p[0]))
		return false;
	code = text_take_word(&rest);
	if (code.n != 3 || !text_take_number(&code, &status) || code.n)
		return false;
	if (status < 100 || status > 699)
		return false;
	msg->status = (uint16_t)status;
	msg->reason = bytes_trim(rest);
	return true;
}

/* The method is the first word and the version the last. What is between is the Request-URI, even
 * when blanks stand in or around it (RFC 4475 sections 3.1.2.8 to 3.1.2.10). */
static bool parse_request_line(struct bytes line, struct sip_msg *msg)
{
	struct bytes method = text_take_word(&line);
	size_t last = line.n;
	struct bytes version;

	if (!method.n || token_len(method) != method.n)
		return false;
	while (last && !ascii_is_blank(line.p[last - 1]))
		last--;
	version = bytes_skip(line, last);
	if (!take_version(&version) || version.n)
		return false;
	msg->is_request = true;
	msg->method_name = method;
	msg->method = method_of(method);
	msg->request_uri = bytes_trim(bytes_head(line, last));
	return msg->request_uri.n > 0;
}

static bool parse_start_line(struct bytes line, struct sip_msg *msg)
{
	struct bytes rest = line;

	if (take_version(&rest))
		return parse_status_line(rest, msg);
	if (!line.n || ascii_is_blank(line.p[0]))
		return false;
	return parse_request_line(bytes_trim(line), msg);
}

/* RFC 3261 section 7.3.3. */
static enum header compact_header(uint8_t letter)
{
	switch (ascii_lower(letter)) {
	case 'v':
		return HEADER_VIA;
	case 'f':
		return HEADER_FROM;
	case 't':
		return HEADER_TO;
	case 'i':
		return HEADER_CALL_ID;
	case 'm':
		return HEADER_CONTACT;
	case 'c':
		return HEADER_CONTENT_TYPE;
	case 'l':
		return HEADER_CONTENT_LENGTH;
	case 'e':
		return HEADER_CONTENT_ENCODING;
	default:
		return HEADER_OTHER;
	}
}

static inline enum header header_if(struct bytes name, struct bytes wanted, enum header header)
{
	return bytes_eq_nocase(name, wanted) ? header : HEADER_OTHER;
}

static inline enum header header_either(struct bytes name, struct bytes a, enum header header_a,
	struct bytes b, enum header header_b)
{
	return bytes_eq_nocase(name, a) ? header_a : header_if(name, b, header_b);
}

/* By the length there are two at most that it may be. */
static enum header header_of(struct bytes name)
{
	switch (name.n) {
	case 1:
		return compact_header(name.p[0]);
	case 2:
		return header_if(name, BYTES_LIT("To"), HEADER_TO);
	case 3:
		return header_if(name, BYTES_LIT("Via"), HEADER_VIA);
	case 4:
		return header_either(
			name, BYTES_LIT("From"), HEADER_FROM, BYTES_LIT("CSeq"), HEADER_CSEQ);
	case 6:
		return header_if(name, BYTES_LIT("Server"), HEADER_AGENT);
	case 7:
		return header_either(name, BYTES_LIT("Call-ID"), HEADER_CALL_ID,
			BYTES_LIT("Contact"), HEADER_CONTACT);
	case 10:
		return header_if(name, BYTES_LIT("User-Agent"), HEADER_AGENT);
	case 12:
		return header_if(name, BYTES_LIT("Content-Type"), HEADER_CONTENT_TYPE);
	case 14:
		return header_if(name, BYTES_LIT("Content-Length"), HEADER_CONTENT_LENGTH);
	case 16:
		return header_if(name, BYTES_LIT("Content-Encoding"), HEADER_CONTENT_ENCODING);
	default:
		return HEADER_OTHER;
	}
}

/* A repeated header does not change the first: an empty value still has its place in the text. */
static void keep_first(struct bytes *slot, struct bytes value)
{
	if (!slot->p)
		*slot = value;
}

static void parse_party(struct sip_party *party, bool *is_done)
{
	if (!*is_done && party->value.p)
		sip_field_party(party->value, party);
	*is_done = true;
}

void sip_msg_parse_to(struct sip_msg *msg)
{
	parse_party(&msg->to, &msg->has_to);
}

void sip_msg_parse_parties(struct sip_msg *msg)
{
	parse_party(&msg->from, &msg->has_from);
	sip_msg_parse_to(msg);
}

void sip_msg_parse_hops(struct sip_msg *msg)
{
	struct bytes branch;

	if (msg->contact.value.p)
		sip_field_party(sip_field_first(msg->contact.value), &msg->contact);
	msg->via = sip_field_first(msg->via);
	branch = sip_field_param(msg->via, "branch");
	msg->via_branch = text_take_word(&branch);
}

struct bytes sip_msg_header(const struct sip_msg *msg, struct bytes name)
{
	struct bytes rest = bytes_skip(msg->head, bytes_find(msg->head, '\n') + 1);
	struct sip_field field;

	if (!rest.p)
		return BYTES_NONE;
	while (sip_field_next(&rest, &field) == SIP_LINE_FIELD)
		if (bytes_eq_nocase(field.name, name))
			return field.value;
	return BYTES_NONE;
}

struct bytes sip_msg_session(const struct sip_msg *msg)
{
	struct bytes value = sip_msg_header(msg, BYTES_LIT("Session-ID"));
	struct bytes uuid = msg->is_request ? bytes_trim(bytes_head(value, bytes_find(value, ';')))
					    : sip_field_param(value, "remote");

	for (size_t i = 0; i < uuid.n; i++)
		if (uuid.p[i] != '0')
			return uuid;
	return BYTES_NONE;
}

/* Lengths that do not fit 32 bits stand as UINT32_MAX: more than any message holds, and safe to
 * add to an offset. Returns false when the value is no length or contradicts an earlier one. */
static bool take_content_length(struct bytes value, struct sip_msg *msg)
{
	uint64_t length;

	if (!text_take_number(&value, &length) || value.n)
		return false;
	if (length > UINT32_MAX)
		length = UINT32_MAX;
	if (msg->content_length >= 0)
		return msg->content_length == (int64_t)length;
	msg->content_length = (int64_t)length;
	return true;
}

static void take_field(const struct sip_field *field, struct sip_msg *msg, struct pending *pending)
{
	switch (header_of(field->name)) {
	case HEADER_CALL_ID:
		keep_first(&msg->call_id, field->value);
		break;
	case HEADER_FROM:
		keep_first(&msg->from.value, field->value);
		break;
	case HEADER_TO:
		keep_first(&msg->to.value, field->value);
		break;
	case HEADER_CONTACT:
		keep_first(&msg->contact.value, field->value);
		break;
	case HEADER_VIA:
		keep_first(&msg->via, field->value);
		break;
	case HEADER_CSEQ:
		keep_first(&pending->cseq, field->value);
		break;
	case HEADER_AGENT:
		keep_first(&msg->user_agent, field->value);
		break;
	case HEADER_CONTENT_TYPE:
		keep_first(&msg->content_type, field->value);
		break;
	case HEADER_CONTENT_ENCODING:
		keep_first(&msg->content_encoding, field->value);
		break;
	case HEADER_CONTENT_LENGTH:
		if (!take_content_length(field->value, msg))
			pending->is_bad_length = true;
		break;
	case HEADER_OTHER:
		break;
	}
}

/* Numbers of 32 bits are taken although RFC 3261 section 8.1.1.5 allows only 31. */
static bool parse_cseq(struct bytes value, struct sip_msg *msg)
{
	uint64_t number;

	if (!text_take_number(&value, &number) || number > UINT32_MAX)
		return false;
	if (!value.n || !ascii_is_blank(value.p[0]))
		return false;
	value = bytes_trim(value);
	msg->cseq = (uint32_t)number;
	msg->cseq_method = bytes_head(value, token_len(value));
	return msg->cseq_method.n > 0;
}

/* Without Content-Length the rest of the datagram is the body, RFC 3261 section 18.3. */
static void take_body(struct bytes rest, struct sip_msg *msg)
{
	msg->body = rest;
	if (msg->content_length < 0)
		return;
	msg->is_body_cut = rest.n < (uint64_t)msg->content_length;
	msg->body = bytes_head(rest, (size_t)msg->content_length);
}

/* As of "ITE sip:..." where a TCP segment before it was not seen: both methods are the same (RFC
 * 3261 section 8.1.1.5). */
static bool is_beginning_lost(const struct sip_msg *msg)
{
	struct bytes whole = msg->cseq_method, end = msg->method_name;

	return msg->method == SIP_OTHER && whole.p && whole.n > end.n &&
	       bytes_eq(bytes_skip(whole, whole.n - end.n), end);
}

enum sip_status sip_msg_parse(struct bytes in, struct sip_msg *msg)
{
	struct pending pending = {0};
	struct sip_field field;
	struct bytes rest;
	enum sip_line line;
	size_t start_end;

	*msg = (struct sip_msg){.content_length = -1};
	/* RFC 3261 section 7.5: empty lines before the start line are ignored. */
	while (in.n && (in.p[0] == '\r' || in.p[0] == '\n'))
		in = bytes_skip(in, 1);
	start_end = bytes_find(in, '\n');
	if (!parse_start_line(bytes_head(in, start_end), msg))
		return SIP_START_LINE;
	rest = bytes_skip(in, start_end + 1);
	while ((line = sip_field_next(&rest, &field)) == SIP_LINE_FIELD)
		take_field(&field, msg, &pending);
	msg->head = bytes_head(in, in.n - rest.n);
	msg->is_head_cut = line == SIP_LINE_CUT;
	take_body(rest, msg);

	if (!msg->call_id.n)
		return SIP_NO_CALL_ID;
	if (!parse_cseq(pending.cseq, msg))
		return SIP_BAD_CSEQ;
	if (!msg->is_request || is_beginning_lost(msg)) {
		msg->method_name = msg->cseq_method;
		msg->method = method_of(msg->cseq_method);
	}
	return pending.is_bad_length ? SIP_BAD_CONTENT_LENGTH : SIP_OK;
}

/* Nothing follows the header in the head: its value may go on in the next line (RFC 3261 section
 * 7.3.1). */
static bool is_last(const struct sip_msg *msg, struct bytes value)
{
	const uint8_t *p = value.p + value.n, *end = msg->head.p + msg->head.n;

	while (p < end && ascii_is_blank(*p))
		p++;
	return p == end;
}

/* What is missing in it may be behind the cut. */
static bool is_cut_off(const struct sip_msg *msg, struct bytes value)
{
	return msg->is_head_cut && (!value.p || is_last(msg, value));
}

bool sip_msg_ended_early(struct bytes in, const struct sip_msg *msg, enum sip_status status)
{
	if (status == SIP_START_LINE) {
		while (in.n && (in.p[0] == '\r' || in.p[0] == '\n'))
			in = bytes_skip(in, 1);
		return bytes_find(in, '\n') == in.n;
	}
	if (status == SIP_NO_CALL_ID)
		return is_cut_off(msg, msg->call_id);
	return status == SIP_BAD_CSEQ && is_cut_off(msg, sip_msg_header(msg, BYTES_LIT("CSeq")));
}
