/* SPDX-License-Identifier: BSD-3-Clause */
/* The quality report as JSON, key by key. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "hep_json_case.h"

/* The report of hep.md's kind: G.722 from 192.0.2.1:16384, numbers all different. */
static struct qos_report full_report(void)
{
	static const struct qos_codec g722 = {
		.name = "g722", .mode = "56", .clock = 8000, .basis = QOS_BASIS_ASSUMED};

	return (struct qos_report){
		.type = QOS_PERIODIC,
		.report_ns = 1700000010123456789,
		.start_ns = 1700000000000001999,
		.last_ns = 1700000009999999999,
		.flow = {.family = 4,
			.proto = PKT_UDP,
			.sport = 16384,
			.dport = 16386,
			.src = {{192, 0, 2, 1}},
			.dst = {{198, 51, 100, 2}}},
		.ssrc = 0xdc34144,
		.vlan = 42,
		.tos = 0xb8,
		.ttl = 62,
		.has_mac = true,
		.src_mac = {0x00, 0x04, 0x13, 0x29, 0x64, 0xab},
		.dst_mac = {0xde, 0xad, 0xbe, 0xef, 0x00, 0x01},
		.has_call = true,
		.call_id = "leg \"b\"@192.0.2.1",
		.correlation_id = "leg-a@192.0.2.1",
		.party = 1,
		.dir = 1,
		.is_one_way = true,
		.payload =
			{.pt = 9, .clock = 8000, .codec = &g722, .name = "g722", .is_secure = true},
		.events = 6,
		.codec_changes = 8,
		.first_name = "opus",
		.packets = 500,
		.expected = 510,
		.lost = 10,
		.bytes = 80000,
		.duplicates = 3,
		.reordered = 4,
		.reorder_extent = 5,
		.sequence_errors = 7,
		.restarts = 2,
		.ts_jumps = 3,
		.ts_still = 4,
		.ssrc_changes = 1,
		.delta_ms = 19.98,
		.min_delta_ms = 4.25,
		.max_delta_ms = 35.547,
		.min_jitter_ms = NAN,
		.jitter_ms = 0.023,
		.mean_jitter_ms = 0.126,
		.max_jitter_ms = 0.97,
		.skew_ms = -0.08,
		.max_skew_ms = -15.5,
		.burst_ratio = 1.78427,
		.bursts = 2,
		.burst_density = 0.66666,
		.gap_density = 0.001,
		.burst_ms = 120,
		.gap_ms = 6586.666,
		.discards = {9, 8, 1},
		.buffer_mos = {3.1, 3.2, 4.25},
		.frame_ms = 20,
		.drift_ppm = -12.3456,
		.pdv_p50_ms = 1.5,
		.pdv_p95_ms = 20.25,
		.pdv_p99_ms = NAN,
		.clock_hz = 16000,
		.has_score = true,
		.mos = 4.3943,
		.min_mos = 4.0316,
		.mean_mos = 4.3,
		.r = 92.4494,
		.min_r = 80.2,
		.mean_r = 89.4292841,
		.basis = QOS_BASIS_ASSUMED,
		.ie = 13,
		.bpl = 4.3,
		.ie_eff = 14.5,
	};
}

static struct bytes report_json(const struct qos_report *report, uint32_t final_type)
{
	struct hep_json j;

	hep_json_init(&j, text, sizeof(text));
	hep_json_open(&j, NULL, '{');
	hep_json_report(&j, report, final_type);
	hep_json_close(&j, '}');
	return finish(&j);
}

static void writes_every_key_of_a_report_in_order(void **state)
{
	struct qos_report report = full_report();

	(void)state;
	assert_text(report_json(&report, HEP_FINAL),
		"{\"CORRELATION_ID\":\"leg-a@192.0.2.1\","
		"\"RTP_SIP_CALL_ID\":\"leg \\\"b\\\"@192.0.2.1\","
		"\"DELTA\":19.980,\"MAX_DELTA\":35.547,\"MIN_DELTA\":4.250,\"JITTER\":0.023,\"MAX_JITTER\":0.970,\"MIN_JITTER\":null,"
		"\"MEAN_JITTER\":0.126,\"SKEW\":-0.080,\"MAX_SKEW\":-15.500,"
		"\"REPORT_TS\":1700000010.123456,\"TOTAL_PK\":500,\"EXPECTED_PK\":510,"
		"\"PACKET_LOSS\":10,\"LOSS_PCT\":1.961,\"SEQ\":7,\"OUT_ORDER\":4,"
		"\"REORDER_EXTENT\":5,\"DUP_PK\":3,\"DUP_SRC\":\"network\",\"SSRC_CHG\":1,"
		"\"RESTARTS\":2,\"TS_JUMP\":3,\"TS_STILL\":4,\"CAP_DROP\":0,\"TL_BYTE\":80000,\"MOS\":4.394,\"MIN_MOS\":4.032,"
		"\"MEAN_MOS\":4.300,\"RFACTOR\":92.449,\"MIN_RFACTOR\":80.200,"
		"\"MEAN_RFACTOR\":89.429,\"MOS_MODEL\":\"emodel\",\"SRC_IP\":\"192.0.2.1\",\"SRC_PORT\":16384,"
		"\"DST_IP\":\"198.51.100.2\",\"DST_PORT\":16386,"
		"\"SRC_MAC\":\"00-04-13-29-64-AB\",\"DST_MAC\":\"DE-AD-BE-EF-00-01\","
		"\"INFO_VLAN\":42,\"IP_QOS\":184,\"DSCP\":46,\"TTL\":62,\"SSRC\":\"0x0dc34144\",\"CODEC_PT\":9,"
		"\"CLOCK\":8000,\"CODEC_NAME\":\"g722\",\"CODEC_MODE\":\"56\",\"CODEC_CHG\":8,\"CODEC_FIRST\":\"opus\",\"SRTP\":1,\"EVENTS\":6,"
		"\"VIDEO\":0,\"LEG_ID\":null,\"DIR\":1,\"PARTY\":1,\"ONEWAY\":1,"
		"\"REPORT_NAME\":\"192.0.2.1:16384\",\"REPORT_START\":1700000000.000001,"
		"\"REPORT_END\":1700000009.999999,\"SOURCE\":\"RTP\",\"MOS_SCALE\":\"NB\","
		"\"MOS_BASIS\":\"assumed\",\"IE\":13.000,\"BPL\":4.300,\"IE_EFF\":14.500,\"BURSTR\":1.7843,\"BURSTS\":2,"
		"\"BURST_DENSITY\":0.6667,\"BURST_MS\":120.000,\"GAP_DENSITY\":0.0010,"
		"\"GAP_MS\":6586.666,\"DISC_F50\":9,\"DISC_F200\":8,\"DISC_AD\":1,"
		"\"MOS_F50\":3.100,\"MOS_F200\":3.200,\"MOS_AD\":4.250,\"PTIME\":20.000,"
		"\"DRIFT_PPM\":-12.346,\"PDV_P50\":1.500,\"PDV_P95\":20.250,"
		"\"PDV_P99\":null,\"CLOCK_EST\":16000,\"RTT\":null,\"RTT_A\":null,"
		"\"RTT_B\":null,\"TA_MS\":null,\"DELAY_SRC\":\"none\",\"ID\":null,"
		"\"MOS_LQ\":4.394,\"MOS_CQ\":null,\"MIN_MOS_CQ\":null,\"MEAN_MOS_CQ\":null,\"RFACTOR_CQ\":null,\"RTCP_PK\":0,"
		"\"SRTCP_PK\":0,\"FAR_REPORTS\":0,\"TYPE\":\"PERIODIC\"}");
	assert_true(json_is_valid(report_json(&report, HEP_FINAL)));
}

/* What a report says of RTCP, as an object of its own. */
static struct bytes rtcp_json(const struct qos_report *report)
{
	static char cut[sizeof(text)];
	const char *from, *to;
	size_t n;

	n = report_json(report, HEP_FINAL).n;
	text[n] = '\0';
	from = strstr(text, "\"RTT\"");
	to = strstr(text, ",\"TYPE\"");
	assert_true(from && to && from < to);
	n = (size_t)snprintf(cut, sizeof(cut), "{%.*s}", (int)(to - from), from);
	memcpy(text, cut, n + 1);
	return bytes_of(text, n);
}

static void writes_what_rtcp_says(void **state)
{
	struct qos_report report = {
		.has_rtt_a = true,
		.rtt_a_ms = 30.25,
		.has_rtt_b = true,
		.rtt_b_ms = 50,
		.delay_source = QOS_DELAY_RTCP,
		.ta_ms = 100.125,
		.has_score = true,
		.mos = 4.409,
		.id = 2.695,
		.r_cq = 90.66,
		.mos_cq = 4.355,
		.min_mos_cq = 4.3,
		.mean_mos_cq = 4.35,
		.rtcp_packets = 3,
		.srtcp_packets = 2,
		.far_reports = 4,
		.far_lost = -5,
		.far_loss_pct = 12.5,
		.far_max_loss_pct = 25,
		.far_jitter_ms = 1.5,
		.far_max_jitter_ms = NAN,
		.nacks = 6,
		.nack_packets = 7,
		.plis = 8,
		.firs = 9,
		.rembs = 10,
		.remb_bit_rate = 1000000,
	};

	(void)state;
	assert_text(rtcp_json(&report),
		"{\"RTT\":80.250,\"RTT_A\":30.250,\"RTT_B\":50.000,\"TA_MS\":100.125,"
		"\"DELAY_SRC\":\"rtcp\",\"ID\":2.695,\"MOS_LQ\":4.409,\"MOS_CQ\":4.355,"
		"\"MIN_MOS_CQ\":4.300,\"MEAN_MOS_CQ\":4.350,"
		"\"RFACTOR_CQ\":90.660,\"RTCP_PK\":3,\"SRTCP_PK\":2,\"FAR_REPORTS\":4,"
		"\"FAR_LOSS_PCT\":12.500,\"FAR_MAX_LOSS_PCT\":25.000,\"FAR_LOST\":-5,"
		"\"FAR_JITTER\":1.500,\"FAR_MAX_JITTER\":null,\"NACK\":6,\"NACK_PK\":7,"
		"\"PLI\":8,\"FIR\":9,\"REMB\":10,\"REMB_BPS\":1000000}");
}

static void writes_voip_metrics_whole(void **state)
{
	struct qos_report report = {
		.has_xr = true,
		.xr = {.loss_rate = 64,
			.discard_rate = 32,
			.burst_density = 128,
			.gap_density = 64,
			.burst_ms = 120,
			.gap_ms = 4000,
			.round_trip_ms = 80,
			.end_system_ms = 95,
			.signal_level = -18,
			.noise_level = 127,
			.rerl = 55,
			.gmin = 16,
			.r_factor = 90,
			.ext_r_factor = 127,
			.mos_lq = 41,
			.mos_cq = 127,
			.rx_config = 0xb5,
			.jb_nominal_ms = 40,
			.jb_maximum_ms = 60,
			.jb_abs_max_ms = 200},
	};
	const char *at;

	(void)state;
	assert_true(json_is_valid(rtcp_json(&report)));
	text[rtcp_json(&report).n] = '\0';
	at = strstr(text, "\"XR_LOSS_PCT\"");
	assert_non_null(at);
	assert_string_equal(at,
		"\"XR_LOSS_PCT\":25.000,\"XR_DISCARD_PCT\":12.500,\"XR_BURST_DENSITY\":0.500,"
		"\"XR_BURST_MS\":120,\"XR_GAP_DENSITY\":0.250,\"XR_GAP_MS\":4000,\"XR_GMIN\":16,"
		"\"XR_RTT\":80,\"XR_END_DELAY\":95,\"XR_SIGNAL\":-18,\"XR_NOISE\":null,"
		"\"XR_RERL\":55,\"XR_RFACTOR\":90,\"XR_EXT_RFACTOR\":null,\"XR_MOS_LQ\":4.100,"
		"\"XR_MOS_CQ\":null,\"XR_PLC\":2,\"XR_JBA\":3,\"XR_JB_RATE\":5,"
		"\"XR_JB_NOMINAL\":40,\"XR_JB_MAX\":60,\"XR_JB_ABS_MAX\":200}");
}

static void names_the_scale_of_the_score(void **state)
{
	struct qos_report report = full_report();

	(void)state;
	assert_text(json_get(report_json(&report, HEP_FINAL), "MOS_SCALE"), "\"NB\"");
	report.scale = QOS_WB;
	assert_text(json_get(report_json(&report, HEP_FINAL), "MOS_SCALE"), "\"WB\"");
	report.scale = QOS_FB;
	assert_text(json_get(report_json(&report, HEP_FINAL), "MOS_SCALE"), "\"FB\"");
}

static void names_the_last_report_as_configured(void **state)
{
	struct qos_report report = full_report();

	(void)state;
	assert_text(json_get(report_json(&report, HEP_HANGUP), "TYPE"), "\"PERIODIC\"");
	report.type = QOS_FINAL;
	assert_text(json_get(report_json(&report, HEP_FINAL), "TYPE"), "\"FINAL\"");
	assert_text(json_get(report_json(&report, HEP_HANGUP), "TYPE"), "\"HANGUP\"");
}

static void writes_null_where_there_is_no_score(void **state)
{
	static const char *const keys[] = {"MOS", "MIN_MOS", "MEAN_MOS", "RFACTOR", "MIN_RFACTOR",
		"MEAN_RFACTOR", "MOS_SCALE", "MOS_F50", "MOS_F200", "MOS_AD"};
	struct qos_report report = full_report();
	struct bytes json;

	(void)state;
	report.has_score = false;
	report.payload.codec = NULL;
	json = report_json(&report, HEP_FINAL);
	assert_true(json_is_valid(json));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_text(json_get(json, keys[i]), "null");
	assert_text(json_get(json, "MOS_BASIS"), "\"none\"");
}

static void leaves_out_mac_addresses_that_are_not_known(void **state)
{
	struct qos_report report = full_report();
	struct bytes json;

	(void)state;
	report.has_mac = false;
	json = report_json(&report, HEP_FINAL);
	assert_int_equal(json_get(json, "SRC_MAC").n, 0);
	assert_int_equal(json_get(json, "DST_MAC").n, 0);
	assert_text(json_get(json, "DST_PORT"), "16386");
}

static void writes_ipv6_and_video(void **state)
{
	struct qos_report report = full_report();
	struct bytes json;

	(void)state;
	report.flow.family = 6;
	report.flow.src = (struct pkt_addr){{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	report.flow.dst = (struct pkt_addr){{0xfe, 0x80, [15] = 2}};
	report.is_video = true;
	json = report_json(&report, HEP_FINAL);
	assert_text(json_get(json, "SRC_IP"), "\"2001:db8::1\"");
	assert_text(json_get(json, "DST_IP"), "\"fe80::2\"");
	assert_text(json_get(json, "REPORT_NAME"), "\"[2001:db8::1]:16384\"");
	assert_text(json_get(json, "VIDEO"), "1");
}

static void takes_the_longest_of_everything(void **state)
{
	struct qos_report report = full_report();

	(void)state;
	memset(report.call_id, 0x01, sizeof(report.call_id) - 1);
	memset(report.correlation_id, 0xff, sizeof(report.correlation_id) - 1);
	memset(report.payload.name, '"', sizeof(report.payload.name) - 1);
	memset(&report.flow.src, 0xff, sizeof(report.flow.src));
	report.flow.family = 6;
	report.report_ns = UINT64_MAX;
	report.mos = NAN;
	report.jitter_ms = INFINITY;
	report.skew_ms = -DBL_MAX;
	assert_true(json_is_valid(report_json(&report, HEP_FINAL)));
	assert_text(json_get(report_json(&report, HEP_FINAL), "REPORT_TS"), "18446744073.709551");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_every_key_of_a_report_in_order),
		cmocka_unit_test(names_the_last_report_as_configured),
		cmocka_unit_test(writes_what_rtcp_says),
		cmocka_unit_test(writes_voip_metrics_whole),
		cmocka_unit_test(names_the_scale_of_the_score),
		cmocka_unit_test(writes_null_where_there_is_no_score),
		cmocka_unit_test(leaves_out_mac_addresses_that_are_not_known),
		cmocka_unit_test(writes_ipv6_and_video),
		cmocka_unit_test(takes_the_longest_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
