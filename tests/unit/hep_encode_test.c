/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP3 messages: the octets of a small one, the chunks and their order of the others, and room. */
#include "hep_decode.h"
#include "hep_encode.h"
#include "json_check.h"
#include "unit.h"

static uint8_t buf[70000];

/* 2023-11-14 22:13:20.123456789 UTC */
#define TIME_NS 1700000000123456789

static struct pkt_view view4(void)
{
	return (struct pkt_view){.flow = {.family = 4,
					 .proto = PKT_UDP,
					 .sport = 5060,
					 .dport = 5080,
					 .src = {{192, 0, 2, 1}},
					 .dst = {{192, 0, 2, 2}}}};
}

static const struct pkt_addr ip6_src = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
static const struct pkt_addr ip6_dst = {{0x20, 0x01, 0x0d, 0xb8, [15] = 2}};

static struct pkt_view view6(void)
{
	struct pkt_view view = view4();

	view.flow.family = 6;
	view.flow.src = ip6_src;
	view.flow.dst = ip6_dst;
	return view;
}

/* An RR of SSRC 7 without blocks. */
static const uint8_t rr[] = {0x80, 201, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07};

static struct hep_options all_options(void)
{
	return (struct hep_options){.node_id = 2001, .node_name = "probe-1", .auth_key = "secret"};
}

static void assert_text(struct bytes got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void assert_order(const struct hep_decoded *decoded, const unsigned *types, size_t n)
{
	assert_int_equal(decoded->count, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(decoded->types[i], types[i]);
}

#define ASSERT_ORDER(decoded, ...)                                              \
	do {                                                                    \
		static const unsigned types[] = {__VA_ARGS__};                  \
		assert_order(decoded, types, sizeof(types) / sizeof(types[0])); \
	} while (0)

static void writes_exactly_these_octets(void **state)
{
	static const uint8_t want[] = {
		'H', 'E', 'P', '3', 0x00, 0x78, /* 120 octets */
		0, 0, 0x00, 0x01, 0, 7, 2, /* IPv4 */
		0, 0, 0x00, 0x02, 0, 7, 17, /* UDP */
		0, 0, 0x00, 0x03, 0, 10, 192, 0, 2, 1, /* source */
		0, 0, 0x00, 0x04, 0, 10, 192, 0, 2, 2, /* destination */
		0, 0, 0x00, 0x07, 0, 8, 0x13, 0xc4, /* port 5060 */
		0, 0, 0x00, 0x08, 0, 8, 0x13, 0xd8, /* port 5080 */
		0, 0, 0x00, 0x09, 0, 10, 0x65, 0x53, 0xf1, 0x00, /* 1700000000 s */
		0, 0, 0x00, 0x0a, 0, 10, 0x00, 0x01, 0xe2, 0x40, /* 123456 us */
		0, 0, 0x00, 0x0b, 0, 7, 1, /* SIP */
		0, 0, 0x00, 0x0c, 0, 10, 0x00, 0x00, 0x00, 0x05, /* agent 5 */
		0, 0, 0x00, 0x18, 0, 7, 0, /* TOS */
		0, 0, 0x00, 0x11, 0, 9, 'a', '@', 'b', /* correlation id */
		0, 0, 0x00, 0x0f, 0, 11, 'S', 'I', 'P', '/', '2', /* payload */
	};
	const struct hep_options o = {.node_id = 5};
	struct pkt_view view = view4();

	(void)state;
	assert_int_equal(hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP, BYTES_LIT("SIP/2"),
				 BYTES_LIT("a@b"), buf, sizeof(buf)),
		sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void writes_every_chunk_of_a_sip_message_in_order(void **state)
{
	struct hep_options o = all_options();
	struct pkt_view view = view6();
	struct hep_decoded d;
	size_t n;

	(void)state;
	view.flow.proto = PKT_TCP;
	view.vlan = 4094;
	view.tos = 0x68;
	n = hep_encode_octets(
		&o, &view, TIME_NS, HEP_TYPE_SIP, BYTES_LIT("INVITE"), BYTES_LIT("id"), buf, 1000);
	assert_true(hep_decode(bytes_of(buf, n), &d));
	ASSERT_ORDER(&d, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 14, 19, 18, 0x18, 17, 15);
	assert_int_equal(hep_number(&d, 1, 1), 10);
	assert_int_equal(hep_number(&d, 2, 1), 6);
	assert_int_equal(hep_data(&d, 5).n, 16);
	assert_memory_equal(hep_data(&d, 5).p, ip6_src.b, 16);
	assert_int_equal(hep_data(&d, 6).n, 16);
	assert_memory_equal(hep_data(&d, 6).p, ip6_dst.b, 16);
	assert_int_equal(hep_number(&d, 12, 4), 2001);
	assert_text(hep_data(&d, 14), "secret");
	assert_text(hep_data(&d, 19), "probe-1");
	assert_int_equal(hep_number(&d, 18, 2), 4094);
	assert_int_equal(hep_number(&d, 0x18, 1), 0x68);
	assert_text(hep_data(&d, 17), "id");
	assert_text(hep_data(&d, 15), "INVITE");
}

static void cuts_a_correlation_id_like_the_call_table(void **state)
{
	const struct hep_options o = {.node_id = 5};
	struct pkt_view view = view4();
	struct hep_decoded d;
	char id[300];
	size_t n;

	(void)state;
	memset(id, 'x', sizeof(id));
	n = hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP, BYTES_LIT("S"),
		bytes_of(id, sizeof(id)), buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	assert_int_equal(hep_data(&d, 17).n, QOS_CALL_ID_MAX - 1);
	n = hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP, BYTES_LIT("S"), bytes_of(id, 255),
		buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	assert_int_equal(hep_data(&d, 17).n, 255);
}

static void refuses_a_sip_message_too_large_for_udp(void **state)
{
	static uint8_t sip[65507];
	const struct hep_options o = {.node_id = 5};
	struct pkt_view view = view4();
	/* All of the first test's message but its payload of 5 octets. */
	size_t overhead = 115;
	struct bytes id = BYTES_LIT("a@b");

	(void)state;
	assert_int_equal(hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP,
				 bytes_of(sip, sizeof(sip) - overhead), id, buf, sizeof(buf)),
		65507);
	assert_int_equal(hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP,
				 bytes_of(sip, sizeof(sip) - overhead + 1), id, buf, sizeof(buf)),
		0);
}

static void writes_rtcp_as_json(void **state)
{
	struct hep_options o = all_options();
	struct pkt_view view = view4();
	struct hep_decoded d;
	size_t n;

	(void)state;
	view.payload = bytes_of(rr, sizeof(rr));
	n = hep_encode_rtcp(&o, &view, TIME_NS, BYTES_LIT("call-1"), buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	ASSERT_ORDER(&d, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 14, 19, 0x18, 17, 15);
	assert_int_equal(hep_number(&d, 11, 1), 5);
	assert_int_equal(hep_number(&d, 9, 4), 1700000000);
	assert_int_equal(hep_number(&d, 10, 4), 123456);
	assert_text(hep_data(&d, 17), "call-1");
	assert_text(hep_data(&d, 15),
		"{\"ssrc\":7,\"type\":201,\"report_count\":0,\"report_blocks\":[]}");
}

static void writes_a_log_as_text(void **state)
{
	struct hep_options o = all_options();
	struct pkt_view view = view6();
	struct hep_log log = {
		.flow = &view.flow,
		.time_ns = TIME_NS,
		.vlan = 42,
		.correlation_id = BYTES_LIT("call-3"),
		.text = BYTES_LIT("late RTP"),
	};
	struct hep_decoded d;
	size_t n;

	(void)state;
	n = hep_encode_log(&o, &log, buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	ASSERT_ORDER(&d, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 14, 19, 18, 0x18, 17, 15);
	assert_int_equal(hep_number(&d, 11, 1), 100);
	assert_int_equal(hep_number(&d, 18, 2), 42);
	assert_int_equal(hep_number(&d, 10, 4), 123456);
	assert_text(hep_data(&d, 17), "call-3");
	assert_text(hep_data(&d, 15), "late RTP");
}

static struct qos_report report4(void)
{
	return (struct qos_report){
		.type = QOS_FINAL,
		.report_ns = TIME_NS,
		.flow = view4().flow,
		.vlan = 7,
		.tos = 0xb8,
		.correlation_id = "call-2",
		.has_score = true,
		.mos = 4.39414701,
		.r = 92.44256925,
		.jitter_ms = 0.1626536,
	};
}

static void writes_a_report_with_its_scores(void **state)
{
	struct hep_options o = all_options();
	struct qos_report report = report4();
	struct hep_decoded d;
	size_t n;

	(void)state;
	n = hep_encode_report(&o, &report, buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	ASSERT_ORDER(
		&d, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 14, 19, 18, 0x18, 17, 0x20, 0x21, 0x23, 15);
	assert_int_equal(hep_number(&d, 11, 1), 34);
	assert_int_equal(hep_number(&d, 9, 4), 1700000000);
	assert_int_equal(hep_number(&d, 10, 4), 123456);
	assert_int_equal(hep_number(&d, 7, 2), 5060);
	assert_int_equal(hep_number(&d, 18, 2), 7);
	assert_int_equal(hep_number(&d, 0x18, 1), 0xb8);
	assert_int_equal(hep_number(&d, 0x20, 2), 439);
	assert_int_equal(hep_number(&d, 0x21, 2), 9244);
	assert_int_equal(hep_number(&d, 0x23, 4), 163);
	assert_text(hep_data(&d, 17), "call-2");
	assert_true(json_is_valid(hep_data(&d, 15)));
	assert_text(json_get(hep_data(&d, 15), "TYPE"), "\"FINAL\"");
	o.final_type = HEP_HANGUP;
	n = hep_encode_report(&o, &report, buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	assert_text(json_get(hep_data(&d, 15), "TYPE"), "\"HANGUP\"");
}

static void leaves_out_scores_that_do_not_exist(void **state)
{
	struct hep_options o = {.node_id = 1};
	struct qos_report report = report4();
	struct hep_decoded d;
	size_t n;

	(void)state;
	report.has_score = false;
	report.vlan = 0;
	n = hep_encode_report(&o, &report, buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	ASSERT_ORDER(&d, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 0x18, 17, 0x23, 15);
	assert_text(json_get(hep_data(&d, 15), "MOS"), "null");
}

static void keeps_scores_and_jitter_within_their_chunks(void **state)
{
	struct hep_options o = {.node_id = 1};
	struct qos_report report = report4();
	struct hep_decoded d;
	size_t n;

	(void)state;
	report.mos = 1e9;
	report.r = -3;
	report.jitter_ms = 1e300;
	n = hep_encode_report(&o, &report, buf, sizeof(buf));
	assert_true(hep_decode(bytes_of(buf, n), &d));
	assert_int_equal(hep_number(&d, 0x20, 2), 65535);
	assert_int_equal(hep_number(&d, 0x21, 2), 0);
	assert_int_equal(hep_number(&d, 0x23, 4), 4294967295);
}

/* The longest head there is: IPv6, VLAN, names and ids of full length, scores. */
static struct qos_report longest_report(struct hep_options *o)
{
	struct qos_report report = report4();

	memset(o, 0, sizeof(*o));
	memset(o->node_name, 'n', sizeof(o->node_name) - 1);
	memset(o->auth_key, 'k', sizeof(o->auth_key) - 1);
	report.flow = view6().flow;
	memset(report.correlation_id, 'c', sizeof(report.correlation_id) - 1);
	return report;
}

static void stays_within_the_overhead_it_promises(void **state)
{
	struct hep_options o;
	struct qos_report report = longest_report(&o);
	struct hep_decoded d;
	size_t n = hep_encode_report(&o, &report, buf, sizeof(buf));

	(void)state;
	assert_true(hep_decode(bytes_of(buf, n), &d));
	assert_int_equal(d.count, 19);
	assert_true(n - hep_data(&d, 15).n <= HEP_OVERHEAD_MAX);
}

static size_t encode(unsigned kind, void *to, size_t room)
{
	struct hep_options o = all_options();
	struct qos_report report = report4();
	struct pkt_view view = view6();
	struct hep_log log = {
		.flow = &view.flow, .correlation_id = BYTES_LIT("id"), .text = BYTES_LIT("text")};

	view.payload = bytes_of(rr, sizeof(rr));
	switch (kind) {
	case 0:
		return hep_encode_octets(&o, &view, TIME_NS, HEP_TYPE_SIP, BYTES_LIT("BYE"),
			BYTES_LIT("id"), to, room);
	case 1:
		return hep_encode_rtcp(&o, &view, TIME_NS, BYTES_LIT("id"), to, room);
	case 2:
		return hep_encode_log(&o, &log, to, room);
	default:
		return hep_encode_report(&o, &report, to, room);
	}
}

static void returns_0_for_every_buffer_that_is_too_small(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		size_t n = encode(kind, buf, sizeof(buf));

		assert_true(n > 0);
		for (size_t room = 0; room <= n; room++) {
			uint8_t *to = guarded_copy(buf, room);

			assert_int_equal(encode(kind, to, room), room == n ? n : 0);
			guarded_free(to, room);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_exactly_these_octets),
		cmocka_unit_test(writes_every_chunk_of_a_sip_message_in_order),
		cmocka_unit_test(cuts_a_correlation_id_like_the_call_table),
		cmocka_unit_test(refuses_a_sip_message_too_large_for_udp),
		cmocka_unit_test(writes_rtcp_as_json),
		cmocka_unit_test(writes_a_log_as_text),
		cmocka_unit_test(writes_a_report_with_its_scores),
		cmocka_unit_test(leaves_out_scores_that_do_not_exist),
		cmocka_unit_test(keeps_scores_and_jitter_within_their_chunks),
		cmocka_unit_test(stays_within_the_overhead_it_promises),
		cmocka_unit_test(returns_0_for_every_buffer_that_is_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
