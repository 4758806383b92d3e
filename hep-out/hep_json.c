/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text, and the type 34 quality report in it. Keys are constants of ours and go out as they
 * are; values may hold anything and are escaped. */
#include "hep_json.h"

#include <arpa/inet.h>

#include <math.h>

#include "hep_number.h"

enum {
	NS_PER_SEC = 1000000000,
	NS_PER_US = 1000,
	US_DIGITS = 6,
	ENDPOINT_MAX = INET6_ADDRSTRLEN + 8, /* "[address]:65535" */
};

void hep_json_init(struct hep_json *j, void *buf, size_t room)
{
	*j = (struct hep_json){.buf = buf, .room = room};
}

/* Room for n octets more: where they go, or NULL when they do not fit. */
static inline char *reserve(struct hep_json *j, size_t n)
{
	char *p = j->buf + j->used;

	if (j->is_failed || j->room - j->used < n) {
		j->is_failed = true;
		return NULL;
	}
	j->used += n;
	return p;
}

static inline void append(struct hep_json *j, const void *text, size_t n)
{
	char *p = reserve(j, n);

	if (p)
		memcpy(p, text, n);
}

static void begin_value(struct hep_json *j, const char *key)
{
	struct bytes name = key ? bytes_from_str(key) : BYTES_NONE;
	char *p = reserve(j, (j->needs_comma ? 1 : 0) + (key ? name.n + 3 : 0));

	if (!p)
		return;
	if (j->needs_comma)
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, name.p, name.n);
		p[name.n] = '"';
		p[name.n + 1] = ':';
	}
	j->needs_comma = true;
}

void hep_json_open(struct hep_json *j, const char *key, char bracket)
{
	begin_value(j, key);
	append(j, &bracket, 1);
	j->needs_comma = false;
}

void hep_json_close(struct hep_json *j, char bracket)
{
	append(j, &bracket, 1);
	j->needs_comma = true;
}

/* Octets of the UTF-8 sequence at the front, which is not ASCII; 0 when there is none: the grammar of
 * RFC 3629 section 4, without overlong forms and surrogates. */
static unsigned utf8_length(struct bytes text)
{
	uint8_t c = text.p[0];
	uint8_t low = 0x80; /* limits of the second octet */
	uint8_t high = 0xbf;
	unsigned n;

	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (text.n < n)
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (text.p[1] < low || text.p[1] > high)
		return 0;
	for (unsigned i = 2; i < n; i++)
		if ((text.p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Goes out as it is; of what is not ASCII the whole sequence. */
static inline bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* NUL is legal in JSON, but PostgreSQL refuses it in jsonb and with it the collector's whole batch:
 * it becomes U+FFFD like what is not UTF-8. */
static void append_escape(struct hep_json *j, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	char text[] = "\\u0000";

	if (c == '"' || c == '\\') {
		append(j, "\\", 1);
		append(j, &c, 1);
	} else if (c == '\r') {
		append(j, "\\r", 2);
	} else if (c == '\n') {
		append(j, "\\n", 2);
	} else if (c == '\t') {
		append(j, "\\t", 2);
	} else if (c == 0 || c >= 0x80) {
		append(j, "\xef\xbf\xbd", 3); /* U+FFFD */
	} else {
		text[4] = hex[c >> 4];
		text[5] = hex[c & 15];
		append(j, text, 6);
	}
}

void hep_json_string(struct hep_json *j, const char *key, struct bytes text)
{
	size_t run = 0; /* octets at the front that go out as they are */

	begin_value(j, key);
	append(j, "\"", 1);
	while (run < text.n && !j->is_failed) {
		uint8_t c = text.p[run];
		unsigned n = c < 0x80 ? 1 : utf8_length(bytes_skip(text, run));

		if (n && is_plain(c)) {
			run += n;
			continue;
		}
		append(j, text.p, run);
		append_escape(j, c);
		text = bytes_skip(text, run + 1);
		run = 0;
	}
	if (run)
		append(j, text.p, run);
	append(j, "\"", 1);
}

void hep_json_u64(struct hep_json *j, const char *key, uint64_t v)
{
	char text[HEP_NUMBER_MAX];

	begin_value(j, key);
	append(j, text, hep_number_u64(text, v));
}

void hep_json_i64(struct hep_json *j, const char *key, int64_t v)
{
	char text[HEP_NUMBER_MAX];

	begin_value(j, key);
	append(j, text, hep_number_i64(text, v));
}

void hep_json_double(struct hep_json *j, const char *key, double v, int decimals)
{
	char text[HEP_FIXED_MAX];

	if (!isfinite(v)) {
		hep_json_null(j, key);
		return;
	}
	begin_value(j, key);
	append(j, text, hep_number_fixed(text, v, decimals > 0 ? (unsigned)decimals : 0));
}

void hep_json_null(struct hep_json *j, const char *key)
{
	begin_value(j, key);
	append(j, "null", 4);
}

size_t hep_json_finish(const struct hep_json *j)
{
	return j->is_failed ? 0 : j->used;
}

static void put_str(struct hep_json *j, const char *key, const char *text)
{
	hep_json_string(j, key, bytes_from_str(text));
}

static void put_ms(struct hep_json *j, const char *key, double v)
{
	hep_json_double(j, key, v, 3);
}

/* Seconds since the epoch to the microsecond: more digits than a double carries safely. */
static void put_time(struct hep_json *j, const char *key, uint64_t ns)
{
	char text[HEP_NUMBER_MAX + 1 + US_DIGITS];
	size_t n = hep_number_u64(text, ns / NS_PER_SEC);

	text[n++] = '.';
	n += hep_number_padded(text + n, ns % NS_PER_SEC / NS_PER_US, US_DIGITS);
	begin_value(j, key);
	append(j, text, n);
}

static void put_timing(struct hep_json *j, const struct qos_report *report)
{
	put_ms(j, "DELTA", report->delta_ms);
	put_ms(j, "MAX_DELTA", report->max_delta_ms);
	put_ms(j, "JITTER", report->jitter_ms);
	put_ms(j, "MAX_JITTER", report->max_jitter_ms);
	put_ms(j, "MEAN_JITTER", report->mean_jitter_ms);
	put_ms(j, "SKEW", report->skew_ms);
	put_ms(j, "MAX_SKEW", report->max_skew_ms);
	put_time(j, "REPORT_TS", report->report_ns);
}

static void put_counts(struct hep_json *j, const struct qos_report *report)
{
	hep_json_u64(j, "TOTAL_PK", report->packets);
	hep_json_u64(j, "EXPECTED_PK", report->expected);
	hep_json_u64(j, "PACKET_LOSS", report->lost);
	hep_json_u64(j, "SEQ", report->sequence_errors);
	hep_json_u64(j, "OUT_ORDER", report->reordered);
	hep_json_u64(j, "DUP_PK", report->duplicates);
	hep_json_u64(j, "SSRC_CHG", report->ssrc_changes);
	hep_json_u64(j, "RESTARTS", report->restarts);
	hep_json_u64(j, "CAP_DROP", report->own_drops);
	hep_json_u64(j, "TL_BYTE", report->bytes);
}

static void put_score(
	struct hep_json *j, const char *key, const struct qos_report *report, double v)
{
	if (report->has_score)
		hep_json_double(j, key, v, 3);
	else
		hep_json_null(j, key);
}

static void put_scores(struct hep_json *j, const struct qos_report *report)
{
	put_score(j, "MOS", report, report->mos);
	put_score(j, "MIN_MOS", report, report->min_mos);
	put_score(j, "MEAN_MOS", report, report->mean_mos);
	put_score(j, "RFACTOR", report, report->r);
	put_score(j, "MIN_RFACTOR", report, report->min_r);
	put_score(j, "MEAN_RFACTOR", report, report->mean_r);
}

/* Returns its length; text has room for INET6_ADDRSTRLEN octets. */
static size_t addr_text(const struct pkt_flow *flow, const struct pkt_addr *addr, char *text)
{
	if (flow->family == 4)
		return hep_number_ip4(text, addr->b);
	inet_ntop(AF_INET6, addr->b, text, INET6_ADDRSTRLEN);
	return strlen(text);
}

static void put_addr(struct hep_json *j, const char *key, const struct pkt_flow *flow,
	const struct pkt_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	hep_json_string(j, key, bytes_of(text, addr_text(flow, addr, text)));
}

static void put_mac(struct hep_json *j, const char *key, const uint8_t *mac)
{
	char text[6 * 3];

	for (unsigned i = 0; i < 6; i++) {
		hep_number_hex(text + (size_t)3 * i, mac + i, 1, "0123456789ABCDEF");
		text[3 * i + 2] = '-';
	}
	hep_json_string(j, key, bytes_of(text, sizeof(text) - 1));
}

static void put_addresses(struct hep_json *j, const struct qos_report *report)
{
	const struct pkt_flow *flow = &report->flow;

	put_addr(j, "SRC_IP", flow, &flow->src);
	hep_json_u64(j, "SRC_PORT", flow->sport);
	put_addr(j, "DST_IP", flow, &flow->dst);
	hep_json_u64(j, "DST_PORT", flow->dport);
	if (report->has_mac) {
		put_mac(j, "SRC_MAC", report->src_mac);
		put_mac(j, "DST_MAC", report->dst_mac);
	}
	hep_json_u64(j, "INFO_VLAN", report->vlan);
	hep_json_u64(j, "IP_QOS", report->tos);
}

static void put_media(struct hep_json *j, const struct qos_report *report)
{
	const uint8_t octets[4] = {(uint8_t)(report->ssrc >> 24), (uint8_t)(report->ssrc >> 16),
		(uint8_t)(report->ssrc >> 8), (uint8_t)report->ssrc};
	char ssrc[10] = "0x";

	hep_number_hex(ssrc + 2, octets, sizeof(octets), "0123456789abcdef");
	hep_json_string(j, "SSRC", bytes_of(ssrc, sizeof(ssrc)));
	hep_json_u64(j, "CODEC_PT", report->payload.pt);
	hep_json_u64(j, "CLOCK", report->payload.clock);
	put_str(j, "CODEC_NAME", report->payload.name);
	hep_json_u64(j, "VIDEO", report->is_video);
	hep_json_u64(j, "DIR", report->dir);
	hep_json_u64(j, "PARTY", report->party);
}

static void put_report_name(struct hep_json *j, const struct pkt_flow *flow)
{
	char name[ENDPOINT_MAX];
	bool is_ip6 = flow->family != 4;
	size_t n = is_ip6;

	name[0] = '[';
	n += addr_text(flow, &flow->src, name + n);
	if (is_ip6)
		name[n++] = ']';
	name[n++] = ':';
	n += hep_number_u64(name + n, flow->sport);
	hep_json_string(j, "REPORT_NAME", bytes_of(name, n));
}

static const char *type_name(const struct qos_report *report, uint32_t final_type)
{
	if (report->type == QOS_PERIODIC)
		return "PERIODIC";
	return final_type == HEP_HANGUP ? "HANGUP" : "FINAL";
}

void hep_json_report(struct hep_json *j, const struct qos_report *report, uint32_t final_type)
{
	const struct qos_codec *codec = report->payload.codec;

	put_str(j, "CORRELATION_ID", report->correlation_id);
	put_str(j, "RTP_SIP_CALL_ID", report->call_id);
	put_timing(j, report);
	put_counts(j, report);
	put_scores(j, report);
	hep_json_rtcp_keys(j, report);
	put_addresses(j, report);
	put_media(j, report);
	put_report_name(j, &report->flow);
	put_time(j, "REPORT_START", report->start_ns);
	put_time(j, "REPORT_END", report->last_ns);
	put_str(j, "SOURCE", "RTP");
	if (report->has_score)
		put_str(j, "MOS_SCALE", qos_scale_name(report->scale));
	else
		hep_json_null(j, "MOS_SCALE");
	put_str(j, "MOS_BASIS", qos_basis_name(codec ? codec->basis : QOS_BASIS_NONE));
	put_str(j, "TYPE", type_name(report, final_type));
}
