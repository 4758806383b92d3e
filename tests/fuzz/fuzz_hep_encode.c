/* SPDX-License-Identifier: BSD-3-Clause */
/* A message of random fields is encoded, decoded by a decoder of the test's own, and compared field
 * by field; and it does not fit into a buffer one octet smaller. */
#include <math.h>
#include <stdlib.h>

#include "../unit/hep_decode.h"
#include "../unit/json_check.h"
#include "hep_encode.h"
#include "rtcp_packet.h"

enum {
	ROOM = 70000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert that is there in release builds too. */
static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* Fills *to from the front of *in; what is missing stays zero. */
static void take(struct bytes *in, void *to, size_t n)
{
	struct bytes head = bytes_head(*in, n);

	memset(to, 0, n);
	if (head.n)
		memcpy(to, head.p, head.n);
	*in = bytes_skip(*in, n);
}

static uint32_t take32(struct bytes *in)
{
	uint32_t v;

	take(in, &v, sizeof(v));
	return v;
}

static double take_double(struct bytes *in)
{
	double v;

	take(in, &v, sizeof(v));
	return v;
}

/* A C string in room octets. */
static void take_text(struct bytes *in, char *to, size_t room)
{
	size_t n = take32(in) % room;

	memset(to, 0, room);
	take(in, to, n);
}

static struct pkt_flow take_flow(struct bytes *in)
{
	struct pkt_flow flow = {.family = take32(in) & 1 ? 4 : 6};

	flow.proto = take32(in) & 1 ? PKT_TCP : PKT_UDP;
	flow.sport = (uint16_t)take32(in);
	flow.dport = (uint16_t)take32(in);
	take(in, flow.src.b, pkt_addr_len(flow.family));
	take(in, flow.dst.b, pkt_addr_len(flow.family));
	return flow;
}

static void take_options(struct bytes *in, struct hep_options *o)
{
	memset(o, 0, sizeof(*o));
	o->node_id = take32(in);
	o->final_type = take32(in) & 1;
	take_text(in, o->node_name, sizeof(o->node_name));
	take_text(in, o->auth_key, sizeof(o->auth_key));
}

static void take_report(struct bytes *in, struct qos_report *report)
{
	double *const numbers[] = {&report->delta_ms, &report->max_delta_ms, &report->jitter_ms,
		&report->mean_jitter_ms, &report->max_jitter_ms, &report->skew_ms,
		&report->max_skew_ms, &report->mos, &report->min_mos, &report->mean_mos, &report->r,
		&report->min_r, &report->mean_r};

	memset(report, 0, sizeof(*report));
	report->flow = take_flow(in);
	report->type = take32(in) & 1 ? QOS_FINAL : QOS_PERIODIC;
	report->has_score = take32(in) & 1;
	report->has_mac = take32(in) & 1;
	report->vlan = (uint16_t)take32(in);
	report->tos = (uint8_t)take32(in);
	report->ssrc = take32(in);
	take(in, &report->report_ns, sizeof(report->report_ns));
	take(in, &report->packets, sizeof(report->packets));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = take_double(in);
	take_text(in, report->payload.name, sizeof(report->payload.name));
	take_text(in, report->call_id, sizeof(report->call_id));
	take_text(in, report->correlation_id, sizeof(report->correlation_id));
}

static void check_text(const struct hep_decoded *d, unsigned type, struct bytes want)
{
	check(hep_has(d, type) == (want.n > 0));
	check(bytes_eq(hep_data(d, type), want));
}

static void check_flow(const struct hep_decoded *d, const struct pkt_flow *flow)
{
	bool is_ip4 = flow->family == 4;
	unsigned n = is_ip4 ? 4 : 16;

	check(hep_number(d, 1, 1) == (is_ip4 ? 2 : 10));
	check(hep_number(d, 2, 1) == flow->proto);
	check(bytes_eq(hep_data(d, is_ip4 ? 3 : 5), bytes_of(flow->src.b, n)));
	check(bytes_eq(hep_data(d, is_ip4 ? 4 : 6), bytes_of(flow->dst.b, n)));
	check(!hep_has(d, is_ip4 ? 5 : 3) && !hep_has(d, is_ip4 ? 6 : 4));
	check(hep_number(d, 7, 2) == flow->sport);
	check(hep_number(d, 8, 2) == flow->dport);
}

static void check_head(const struct hep_decoded *d, const struct hep_options *o, uint64_t time_ns,
	uint16_t vlan, uint8_t tos)
{
	check(hep_number(d, 9, 4) == (uint32_t)(time_ns / 1000000000));
	check(hep_number(d, 10, 4) == time_ns / 1000 % 1000000);
	check(hep_number(d, 12, 4) == o->node_id);
	check(hep_number(d, 0x18, 1) == tos);
	check(hep_has(d, 18) == (vlan != 0));
	check(vlan == 0 || hep_number(d, 18, 2) == vlan);
	check_text(d, 14, bytes_from_str(o->auth_key));
	check_text(d, 19, bytes_from_str(o->node_name));
	check(d->types[d->count - 1] == 15);
}

/* What a message is made of; kind 0 is SIP, 1 RTCP, 2 a report. */
struct input {
	unsigned kind;
	struct hep_options options;
	struct pkt_view view;
	struct qos_report report;
	uint64_t time_ns;
	char id[512];
	struct bytes message;
};

static size_t encode(const struct input *in, void *buf, size_t room)
{
	struct bytes id = bytes_from_str(in->id);

	switch (in->kind) {
	case 0:
		return hep_encode_octets(&in->options, &in->view, in->time_ns, HEP_TYPE_SIP,
			in->message, id, buf, room);
	case 1:
		return hep_encode_rtcp(&in->options, &in->view, in->time_ns, id, buf, room);
	default:
		return hep_encode_report(&in->options, &in->report, buf, room);
	}
}

static void check_packet(const struct input *in, const struct hep_decoded *d)
{
	check_flow(d, &in->view.flow);
	check_head(d, &in->options, in->time_ns, in->view.vlan, in->view.tos);
	check_text(d, 17, bytes_head(bytes_from_str(in->id), 255));
	check(hep_number(d, 11, 1) == (in->kind == 0 ? 1 : 5));
	if (in->kind == 0)
		check(bytes_eq(hep_data(d, 15), in->message));
	else
		check(json_is_valid(hep_data(d, 15)));
}

static void check_report(const struct input *in, const struct hep_decoded *d)
{
	const struct qos_report *report = &in->report;

	check_flow(d, &report->flow);
	check_head(d, &in->options, report->report_ns, report->vlan, report->tos);
	check_text(d, 17, bytes_from_str(report->correlation_id));
	check(hep_number(d, 11, 1) == 34);
	check(hep_has(d, 0x20) == (report->has_score && !isnan(report->mos)));
	check(hep_has(d, 0x21) == hep_has(d, 0x20));
	if (report->has_score && report->mos >= 1 && report->mos <= 4.5)
		check(hep_number(d, 0x20, 2) == (uint64_t)(report->mos * 100 + 0.5));
	if (report->jitter_ms >= 0 && report->jitter_ms < 1e6)
		check(hep_number(d, 0x23, 4) == (uint64_t)(report->jitter_ms * 1000 + 0.5));
	check(json_is_valid(hep_data(d, 15)));
	check((json_get(hep_data(d, 15), "SRC_MAC").n > 0) == report->has_mac);
}

static void take_input(struct bytes rest, struct input *in)
{
	memset(in, 0, sizeof(*in));
	in->kind = take32(&rest) % 3;
	take_options(&rest, &in->options);
	take_report(&rest, &in->report);
	in->view.flow = take_flow(&rest);
	in->view.vlan = (uint16_t)take32(&rest);
	in->view.tos = (uint8_t)take32(&rest);
	take(&rest, &in->time_ns, sizeof(in->time_ns));
	take_text(&rest, in->id, sizeof(in->id));
	in->message = rest;
	/* RTCP must be valid; when it is not, an RR without blocks stands in for it. */
	in->view.payload = rtcp_validate(rest, NULL) == RTCP_OK
				   ? rest
				   : BYTES_LIT("\x80\xc9\x00\x01\x00\x00\x00\x07");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[ROOM];
	struct input in;
	struct hep_decoded d;
	uint8_t *exact;
	size_t n;

	if (size > 8192)
		return 0;
	take_input(bytes_of(data, size), &in);
	n = encode(&in, buf, sizeof(buf));
	check(n > 0 && n <= 65507);
	check(hep_decode(bytes_of(buf, n), &d));
	check(n - hep_data(&d, 15).n <= HEP_OVERHEAD_MAX);
	if (in.kind == 2)
		check_report(&in, &d);
	else
		check_packet(&in, &d);

	exact = malloc(n); /* so that the sanitizer sees the octet after the last */
	check(exact);
	check(encode(&in, exact, n) == n);
	check(memcmp(exact, buf, n) == 0);
	check(encode(&in, exact, n - 1) == 0);
	free(exact);
	return 0;
}
