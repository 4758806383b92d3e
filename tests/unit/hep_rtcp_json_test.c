/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP compounds as JSON: whole texts of hand-made packets. */
#include "hep_json.h"
#include "json_check.h"
#include "unit.h"

static char text[8192];

static struct bytes rtcp_json(struct bytes payload)
{
	uint8_t *copy = guarded_copy(payload.p, payload.n);
	struct hep_json j;

	assert_int_equal(rtcp_validate(bytes_of(copy, payload.n), NULL), RTCP_OK);
	hep_json_init(&j, text, sizeof(text));
	hep_json_open(&j, NULL, '{');
	hep_json_rtcp(&j, bytes_of(copy, payload.n));
	hep_json_close(&j, '}');
	guarded_free(copy, payload.n);
	assert_true(json_is_valid(bytes_of(text, hep_json_finish(&j))));
	return bytes_of(text, hep_json_finish(&j));
}

#define RTCP_JSON(array) rtcp_json(bytes_of(array, sizeof(array)))

static void assert_text(struct bytes got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

/* SR of SSRC 0x11223344, one block about 0x55667788: 3/256 lost, -2 packets in all. */
#define SR_WITH_BLOCK                                                                         \
	0x81, 200, 0x00, 0x0c, 0x11, 0x22, 0x33, 0x44, /* header, SSRC */                     \
		0xe8, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00, /* NTP, half a second */      \
		0x00, 0x00, 0x1f, 0x40, 0x00, 0x00, 0x00, 0x32, 0x00, 0x00, 0x1f, 0x40, 0x55, \
		0x66, 0x77, 0x88, 0x03, 0xff, 0xff, 0xfe, /* block: SSRC, losses */           \
		0x00, 0x01, 0x00, 0x10, 0x00, 0x00, 0x00, 0x05, /* sequence, jitter */        \
		0x00, 0x01, 0x80, 0x00, 0x00, 0x00, 0x80, 0x00 /* LSR, DLSR */

/* SDES of SSRC 0x11223344: CNAME "a"b" with a quote in it. */
#define SDES_CNAME \
	0x81, 202, 0x00, 0x03, 0x11, 0x22, 0x33, 0x44, 0x01, 0x03, 'a', '"', 'b', 0x00, 0x00, 0x00

static void writes_a_sender_report_with_sdes(void **state)
{
	static const uint8_t packet[] = {SR_WITH_BLOCK, SDES_CNAME};

	(void)state;
	assert_text(RTCP_JSON(packet),
		"{\"sender_information\":{\"ntp_timestamp_sec\":3892314113,"
		"\"ntp_timestamp_usec\":2147483648,\"rtp_timestamp\":8000,\"packets\":50,"
		"\"octets\":8000},\"ssrc\":287454020,\"type\":200,\"report_count\":1,"
		"\"report_blocks\":[{\"source_ssrc\":1432778632,\"fraction_lost\":3,"
		"\"packets_lost\":-2,\"highest_seq_no\":65552,\"ia_jitter\":5,\"lsr\":98304,"
		"\"dlsr\":32768}],\"sdes_ssrc\":287454020,\"sdes_report_count\":1,"
		"\"sdes_information\":[{\"sdes_chunk_ssrc\":287454020,\"type\":1,"
		"\"text\":\"a\\\"b\"}]}");
}

static void merges_the_blocks_of_all_reports(void **state)
{
	/* SR and an RR of another SSRC with two blocks, the last with the most negative count. */
	static const uint8_t packet[] = {
		SR_WITH_BLOCK, 0x82, 201, 0x00, 0x0d, 0xaa, 0xbb, 0xcc, 0xdd, /* RR */
		0x00, 0x00, 0x00, 0x01, 0xff, 0x7f, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3,
		0, 0, 0, 4, /* all of it lost, 8388607 packets */
		0x00, 0x00, 0x00, 0x02, 0x00, 0x80, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, /* -8388608 packets */
	};
	struct bytes json = RTCP_JSON(packet);

	(void)state;
	assert_text(json_get(json, "ssrc"), "287454020");
	assert_text(json_get(json, "report_count"), "3");
	assert_text(json_get(json, "report_blocks"),
		"[{\"source_ssrc\":1432778632,\"fraction_lost\":3,\"packets_lost\":-2,"
		"\"highest_seq_no\":65552,\"ia_jitter\":5,\"lsr\":98304,\"dlsr\":32768},"
		"{\"source_ssrc\":1,\"fraction_lost\":255,\"packets_lost\":8388607,"
		"\"highest_seq_no\":1,\"ia_jitter\":2,\"lsr\":3,\"dlsr\":4},"
		"{\"source_ssrc\":2,\"fraction_lost\":0,\"packets_lost\":-8388608,"
		"\"highest_seq_no\":0,\"ia_jitter\":0,\"lsr\":0,\"dlsr\":0}]");
}

static void writes_an_empty_receiver_report(void **state)
{
	static const uint8_t packet[] = {0x80, 201, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07};

	(void)state;
	assert_text(RTCP_JSON(packet),
		"{\"ssrc\":7,\"type\":201,\"report_count\":0,\"report_blocks\":[]}");
}

static void names_the_report_when_something_else_comes_first(void **state)
{
	/* APP "PoC1", subtype 2, of SSRC 9, and an RR of SSRC 7 at the very end. */
	static const uint8_t packet[] = {0x82, 204, 0x00, 0x02, 0, 0, 0, 9, 'P', 'o', 'C', '1',
		0x80, 201, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07};
	struct bytes json = RTCP_JSON(packet);

	(void)state;
	assert_text(json_get(json, "ssrc"), "7");
	assert_text(json_get(json, "type"), "201");
	assert_text(json_get(json, "app"), "[\"PoC1\"]");
}

static void writes_reduced_size_feedback(void **state)
{
	/* PLI (PSFB, FMT 1), generic NACK (RTPFB, FMT 1), transport-cc (RTPFB, FMT 15). */
	static const uint8_t packet[] = {0x81, 206, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2, /* PLI */
		0x81, 205, 0x00, 0x03, 0, 0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 0, /* NACK */
		0x8f, 205, 0x00, 0x02, 0, 0, 0, 4, 0, 0, 0, 2};

	(void)state;
	assert_text(RTCP_JSON(packet),
		"{\"ssrc\":1,\"type\":206,\"report_count\":0,\"report_blocks\":[],"
		"\"feedback\":[{\"type\":206,\"fmt\":1,\"ssrc\":1},"
		"{\"type\":205,\"fmt\":1,\"ssrc\":3},{\"type\":205,\"fmt\":15,\"ssrc\":4}]}");
}

static void lists_who_left(void **state)
{
	/* RR, BYE of two sources with the reason "bye", BYE of nobody. */
	static const uint8_t packet[] = {0x80, 201, 0x00, 0x01, 0, 0, 0, 7, 0x82, 203, 0x00, 0x03,
		0, 0, 0, 7, 0, 0, 0, 8, 3, 'b', 'y', 'e', 0x80, 203, 0x00, 0x00};
	static const uint8_t nobody[] = {0x80, 203, 0x00, 0x00};

	(void)state;
	assert_text(json_get(RTCP_JSON(packet), "bye"), "[7,8]");
	assert_text(RTCP_JSON(nobody),
		"{\"type\":203,\"report_count\":0,\"report_blocks\":[],\"bye\":[]}");
}

static void lists_the_items_of_every_chunk(void **state)
{
	/* SDES: SSRC 5 with CNAME "a" and TOOL "t"; SSRC 6 with a CNAME that is no text. */
	static const uint8_t packet[] = {0x82, 202, 0x00, 0x06, 0, 0, 0, 5, 1, 1, 'a', 6, 1, 't', 0,
		0, 0, 0, 0, 6, 1, 3, 0xff, 0x00, 0x0a, 0, 0, 0};
	struct bytes json = RTCP_JSON(packet);

	(void)state;
	assert_text(json_get(json, "sdes_ssrc"), "5");
	assert_text(json_get(json, "sdes_report_count"), "2");
	assert_text(json_get(json, "sdes_information"),
		"[{\"sdes_chunk_ssrc\":5,\"type\":1,\"text\":\"a\"},"
		"{\"sdes_chunk_ssrc\":5,\"type\":6,\"text\":\"t\"},"
		"{\"sdes_chunk_ssrc\":6,\"type\":1,\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\\n\"}]");
}

/* XR of SSRC 1: a receiver reference time block, then VoIP metrics of SSRC 2 as in RFC 3611 4.7. */
#define XR_VOIP(noise, r, lq, cq)                                                       \
	0x80, 207, 0x00, 0x0d, 0, 0, 0, 1, /* header */                                 \
		4, 0, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2, /* RRTR */                    \
		7, 0, 0x00, 0x08, 0, 0, 0, 2, /* VoIP metrics, SSRC */                  \
		10, 11, 12, 13, /* rates, densities */                                  \
		0x01, 0x00, 0x02, 0x00, 0x00, 0x28, 0x00, 0x50, /* durations, delays */ \
		0xec, noise, 55, 16, r, 127, lq, cq, /* -20 dBm0, ..., MOS */           \
		0xb3, 0, 0x00, 0x3c, 0x00, 0x78, 0x00, 0xc8 /* config, jitter buffer */

static void writes_voip_metrics_twice_as_receivers_want_them(void **state)
{
	static const uint8_t packet[] = {XR_VOIP(0xc4, 92, 41, 38)};
	struct bytes json = RTCP_JSON(packet);

	(void)state;
	assert_text(json_get(json, "type"), "207");
	assert_text(json_get(json, "report_blocks_xr"),
		"{\"type\":7,\"id\":2,\"fraction_lost\":10,\"fraction_discard\":11,"
		"\"burst_density\":12,\"gap_density\":13,\"burst_duration\":256,"
		"\"gap_duration\":512,\"round_trip_delay\":40,\"end_system_delay\":80}");
	assert_text(json_get(json, "voip_metrics"),
		"{\"ssrc\":2,\"loss_rate\":10,\"discard_rate\":11,\"burst_density\":12,"
		"\"gap_density\":13,\"burst_duration\":256,\"gap_duration\":512,"
		"\"round_trip_delay\":40,\"end_system_delay\":80,\"signal_level\":-20,"
		"\"noise_level\":-60,\"rerl\":55,\"gmin\":16,\"r_factor\":92,"
		"\"ext_r_factor\":null,\"mos_lq\":4.1,\"mos_cq\":3.8,\"rx_config\":179,"
		"\"jb_nominal\":60,\"jb_maximum\":120,\"jb_abs_max\":200}");
}

static void writes_null_for_metrics_that_are_not_available(void **state)
{
	static const uint8_t packet[] = {XR_VOIP(127, 127, 127, 127)};
	struct bytes metrics = json_get(RTCP_JSON(packet), "voip_metrics");

	(void)state;
	assert_text(json_get(metrics, "noise_level"), "null");
	assert_text(json_get(metrics, "r_factor"), "null");
	assert_text(json_get(metrics, "mos_lq"), "null");
	assert_text(json_get(metrics, "mos_cq"), "null");
}

static void reports_the_first_of_two_metrics_blocks(void **state)
{
	static const uint8_t packet[] = {XR_VOIP(0, 92, 41, 38), XR_VOIP(0, 50, 25, 24)};
	struct bytes json = RTCP_JSON(packet);

	(void)state;
	assert_text(json_get(json_get(json, "voip_metrics"), "r_factor"), "92");
}

static void writes_a_packet_of_a_type_nobody_knows(void **state)
{
	static const uint8_t packet[] = {0x80, 223, 0x00, 0x00};

	(void)state;
	assert_text(RTCP_JSON(packet), "{\"type\":223,\"report_count\":0,\"report_blocks\":[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_sender_report_with_sdes),
		cmocka_unit_test(merges_the_blocks_of_all_reports),
		cmocka_unit_test(writes_an_empty_receiver_report),
		cmocka_unit_test(names_the_report_when_something_else_comes_first),
		cmocka_unit_test(writes_reduced_size_feedback),
		cmocka_unit_test(lists_who_left),
		cmocka_unit_test(lists_the_items_of_every_chunk),
		cmocka_unit_test(writes_voip_metrics_twice_as_receivers_want_them),
		cmocka_unit_test(writes_null_for_metrics_that_are_not_available),
		cmocka_unit_test(reports_the_first_of_two_metrics_blocks),
		cmocka_unit_test(writes_a_packet_of_a_type_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
