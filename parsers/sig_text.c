/* SPDX-License-Identifier: BSD-3-Clause */
#include "sig_text.h"

#include "text_pvt.h"

enum {
	TRANSACTION_DIGITS_MAX = 9, /* RFC 3435 section 3.2.1.2 */
	PRIORITY_MAX = 191,
};

static size_t count_digits(struct bytes text)
{
	size_t n = 0;

	while (text.p && n < text.n && ascii_is_digit(text.p[n]))
		n++;
	return n;
}

static struct bytes take_line(struct bytes *text)
{
	size_t n = bytes_find_either(*text, '\r', '\n');
	struct bytes line = bytes_head(*text, n);

	*text = bytes_skip(*text, n + 1);
	return line;
}

/* RFC 3435 section 3.2.1.1. Vendors' own begin with X. */
static bool is_verb(struct bytes word)
{
	static const char verbs[][5] = {
		"EPCF", "CRCX", "MDCX", "DLCX", "RQNT", "NTFY", "AUEP", "AUCX", "RSIP", "MESG"};

	if (word.n != 4)
		return false;
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (bytes_eq_nocase(word, bytes_of(verbs[i], 4)))
			return true;
	return false;
}

/* The CallId parameter, RFC 3435 section 3.2.2.2; empty without one. */
static struct bytes mgcp_call(struct bytes lines)
{
	while (lines.n) {
		struct bytes line = take_line(&lines);

		if (line.n >= 2 && ascii_lower(line.p[0]) == 'c' && line.p[1] == ':')
			return bytes_trim(bytes_skip(line, 2));
	}
	return BYTES_NONE;
}

static bool is_mgcp(struct bytes payload, bool is_port, struct bytes *id)
{
	struct bytes rest = payload, line = take_line(&rest), call;
	struct bytes first = text_take_word(&line), transaction = text_take_word(&line);
	bool is_response = is_port && first.n == 3 && count_digits(first) == 3;

	if (!transaction.n || transaction.n > TRANSACTION_DIGITS_MAX ||
		count_digits(transaction) != transaction.n)
		return false;
	if (!is_response) {
		struct bytes endpoint = is_verb(first) ? text_take_word(&line) : BYTES_NONE;

		if (!endpoint.n || !bytes_eq_nocase(text_take_word(&line), BYTES_LIT("MGCP")))
			return false;
	}
	call = mgcp_call(rest);
	*id = call.n ? call : transaction;
	return true;
}

/* MEGACO/1 or !/1, then who sends. The first number in front of a brace is the transaction's. */
static bool is_megaco(struct bytes payload, struct bytes *id)
{
	struct bytes version = BYTES_NONE, head;
	size_t end;

	if (bytes_starts(payload, BYTES_LIT("!/")))
		version = bytes_skip(payload, 2);
	else if (bytes_eq_nocase(bytes_head(payload, 7), BYTES_LIT("MEGACO/")))
		version = bytes_skip(payload, 7);
	end = count_digits(version);
	if (!version.p || end < 1 || end > 2 || end == version.n || !ascii_is_blank(version.p[end]))
		return false;
	head = bytes_trim(bytes_head(version, bytes_find(version, '{')));
	end = head.n;
	while (end && ascii_is_digit(head.p[end - 1]))
		end--;
	*id = end < head.n ? bytes_skip(head, end) : BYTES_LIT("megaco");
	return true;
}

/* Octets of Call-ID or callid at the front, in any case; 0: something else stands there. */
static size_t name_bytes(struct bytes text)
{
	const struct bytes long_name = BYTES_LIT("call-id"), short_name = BYTES_LIT("callid");

	if (bytes_eq_nocase(bytes_head(text, long_name.n), long_name))
		return long_name.n;
	return bytes_eq_nocase(bytes_head(text, short_name.n), short_name) ? short_name.n : 0;
}

/* What may stand between the name and its value, and what ends that. NUL, which strchr finds in any
 * set, is of the latter only. */
static bool is_before_value(uint8_t c)
{
	return ascii_is_blank(c) || (c && strchr(":=\"'<[(", c));
}

static bool is_behind_value(uint8_t c)
{
	return c <= ' ' || strchr("\"'>]),;", c);
}

/* The value of Call-ID, call-id=, callid: ... in a line of text; empty without one. */
static struct bytes call_id_in(struct bytes text)
{
	while (text.n) {
		struct bytes value;
		size_t name, n = 0;

		text = bytes_skip(text, bytes_find_either(text, 'c', 'C'));
		name = name_bytes(text);
		value = bytes_skip(text, name);
		while (name && value.n && is_before_value(value.p[0]))
			value = bytes_skip(value, 1);
		while (name && n < value.n && !is_behind_value(value.p[n]))
			n++;
		if (n)
			return bytes_head(value, n);
		text = bytes_skip(text, 1);
	}
	return BYTES_NONE;
}

static bool is_syslog(struct bytes payload, struct bytes *id)
{
	size_t digits = count_digits(bytes_skip(payload, 1));
	struct bytes number = bytes_head(bytes_skip(payload, 1), digits);
	uint64_t priority;

	if (!bytes_starts(payload, BYTES_LIT("<")) || digits < 1 || digits > 3 ||
		payload.n < digits + 3 || payload.p[digits + 1] != '>' ||
		!text_take_number(&number, &priority) || priority > PRIORITY_MAX)
		return false;
	*id = call_id_in(payload);
	if (!id->n)
		*id = BYTES_LIT("syslog");
	return true;
}

enum sig_kind sig_text_parse(struct bytes payload, uint16_t sport, uint16_t dport, struct bytes *id)
{
	if (is_mgcp(payload, sig_is_port(SIG_MGCP, sport, dport), id))
		return SIG_MGCP;
	if (is_megaco(payload, id))
		return SIG_MEGACO;
	if (sig_is_port(SIG_SYSLOG, sport, dport) && is_syslog(payload, id))
		return SIG_SYSLOG;
	return SIG_NONE;
}
