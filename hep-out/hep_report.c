/* SPDX-License-Identifier: BSD-3-Clause */
/* The type 34 quality report: the keys of rtp-qos/qos_report.def, each written by the put_ function
 * that its line names. */
#include <math.h>

#include "hep_json.h"
#include "hep_number.h"
#include "qos_delay.h"

enum {
	ENDPOINT_MAX = HEP_NUMBER_IP_MAX + 3 + HEP_NUMBER_MAX, /* "[address]:65535" */
	UNAVAILABLE = 127, /* RFC 3611 section 4.7, in levels, R-factors and MOS */
};

static void put_text(struct hep_json *j, const char *key, const char *text)
{
	hep_json_string(j, key, bytes_from_str(text));
}

/* NULL: there is none. */
static void put_name(struct hep_json *j, const char *key, const char *text)
{
	if (text)
		put_text(j, key, text);
	else
		hep_json_null(j, key);
}

/* NULL: left out. */
static void put_text_opt(struct hep_json *j, const char *key, const char *text)
{
	if (text)
		put_text(j, key, text);
}

static void put_u64(struct hep_json *j, const char *key, uint64_t v)
{
	hep_json_u64(j, key, v);
}

/* 0: there is none. */
static void put_some(struct hep_json *j, const char *key, uint64_t v)
{
	if (v)
		hep_json_u64(j, key, v);
	else
		hep_json_null(j, key);
}

static void put_ratio(struct hep_json *j, const char *key, double v)
{
	hep_json_double(j, key, v, 4);
}

static void put_ms(struct hep_json *j, const char *key, double v)
{
	hep_json_double(j, key, v, 3);
}

/* NaN: there is none. */
static void put_score(struct hep_json *j, const char *key, double v)
{
	hep_json_double(j, key, v, 3);
}

/* Beside NaN, which is written as null. */
#define LEFT_OUT (-INFINITY)

static void put_opt(struct hep_json *j, const char *key, double v)
{
	if (v != LEFT_OUT)
		hep_json_double(j, key, v, 3);
}

static void put_whole(struct hep_json *j, const char *key, double v)
{
	if (v != LEFT_OUT)
		hep_json_i64(j, key, (int64_t)v);
}

/* RFC 3611 section 4.7: levels and R-factors. */
static void put_level(struct hep_json *j, const char *key, double v)
{
	if (v == UNAVAILABLE)
		hep_json_null(j, key);
	else
		put_whole(j, key, v);
}

static void put_time(struct hep_json *j, const char *key, uint64_t ns)
{
	hep_json_time(j, key, ns);
}

static struct bytes addr_of(const struct pkt_flow *flow, const struct pkt_addr *addr)
{
	return bytes_of(addr->b, pkt_addr_len(flow->family));
}

static void put_src_ip(struct hep_json *j, const char *key, const struct pkt_flow *flow)
{
	hep_json_ip(j, key, addr_of(flow, &flow->src));
}

static void put_dst_ip(struct hep_json *j, const char *key, const struct pkt_flow *flow)
{
	hep_json_ip(j, key, addr_of(flow, &flow->dst));
}

/* NULL: left out. */
static void put_mac(struct hep_json *j, const char *key, const uint8_t *mac)
{
	char text[6 * 3];

	if (!mac)
		return;
	for (unsigned i = 0; i < 6; i++) {
		hep_number_hex(text + (size_t)3 * i, mac + i, 1, "0123456789ABCDEF");
		text[3 * i + 2] = '-';
	}
	hep_json_string(j, key, bytes_of(text, sizeof(text) - 1));
}

static void put_ssrc(struct hep_json *j, const char *key, uint32_t ssrc)
{
	const uint8_t octets[4] = {
		(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8), (uint8_t)ssrc};
	char text[10] = "0x";

	hep_number_hex(text + 2, octets, sizeof(octets), "0123456789abcdef");
	hep_json_string(j, key, bytes_of(text, sizeof(text)));
}

/* "address:port" of the sender. */
static void put_endpoint(struct hep_json *j, const char *key, const struct pkt_flow *flow)
{
	char name[ENDPOINT_MAX];
	bool is_ip6 = flow->family != 4;
	size_t n = is_ip6;

	name[0] = '[';
	n += hep_number_ip(name + n, flow->src.b, pkt_addr_len(flow->family));
	if (is_ip6)
		name[n++] = ']';
	name[n++] = ':';
	n += hep_number_u64(name + n, flow->sport);
	hep_json_string(j, key, bytes_of(name, n));
}

static const char *type_name(const struct qos_report *report, uint32_t final_type)
{
	if (report->type == QOS_PERIODIC)
		return "PERIODIC";
	return final_type == HEP_HANGUP ? "HANGUP" : "FINAL";
}

static double known(bool is_known, double v)
{
	return is_known ? v : NAN;
}

/* Most streams have no feedback and no XR, and their reports should not grow by it. */
static double given(bool is_given, double v)
{
	return is_given ? v : LEFT_OUT;
}

/* RFC 3611 section 4.7.5: R from 0 to 100, MOS from 10 to 50; what else is there is as good as unavailable. */
static double rating(uint8_t r)
{
	return r <= 100 ? r : UNAVAILABLE;
}

static double xr_mos(uint8_t mos)
{
	return mos >= 10 && mos <= 50 ? mos / 10.0 : NAN;
}

/* NULL: unknown, or there is but one. */
static const char *mode_name(const struct qos_codec *codec)
{
	return codec && codec->mode && codec->mode[0] ? codec->mode : NULL;
}

static bool has_feedback(const struct qos_report *r)
{
	return r->nacks || r->plis || r->firs || r->rembs;
}

#define SCORE(v)    known(r->has_score, v)
#define HEAD(m)	    (r->has_agent ? r->agent.m : known(r->has_score, r->m))
#define HAS_DELAY   (r->delay_source != QOS_DELAY_NONE)
#define HAS_CQ	    qos_report_has_cq(r)
#define FAR(v)	    given(r->far_reports, (double)(v))
#define FEEDBACK(v) given(has_feedback(r), (double)(v))
#define XR(v)	    given(r->has_xr, v)

void hep_json_report(struct hep_json *j, const struct qos_report *r, uint32_t final_type)
{
#define X(name, kind, value, unit, definition, standard, absent) put_##kind(j, #name, value);
#include "qos_report.def"
#undef X
}
