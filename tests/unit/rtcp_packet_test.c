/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP compounds: what is read out of them, and every way in which one can be malformed. */
#include "rtcp_packet.h"
#include "unit.h"

/* SR of 0x11223344: NTP 0xe0000001.80000000, RTP 160000, 1000 packets, 160000 octets, and one report
 * on 0x55667788: fraction 64/256, -2 lost, highest 0x00010064, jitter 80, LSR 0x00018000, DLSR 1 s. */
#define SR                                                                                        \
	0x81, 0xc8, 0x00, 0x0c, 0x11, 0x22, 0x33, 0x44, 0xe0, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, \
		0x00, 0x00, 0x02, 0x71, 0x00, 0x00, 0x00, 0x03, 0xe8, 0x00, 0x02, 0x71, 0x00,     \
		0x55, 0x66, 0x77, 0x88, 0x40, 0xff, 0xff, 0xfe, 0x00, 0x01, 0x00, 0x64, 0x00,     \
		0x00, 0x00, 0x50, 0x00, 0x01, 0x80, 0x00, 0x00, 0x01, 0x00, 0x00

/* RR of 0x11223344 without reports. */
#define RR 0x80, 0xc9, 0x00, 0x01, 0x11, 0x22, 0x33, 0x44

/* SDES: chunk 0x11223344 with CNAME "a@b" and TOOL "x", 3 null octets; chunk 0x55667788 with NOTE "",
 * 2 null octets. */
#define SDES                                                                                   \
	0x82, 0xca, 0x00, 0x06, 0x11, 0x22, 0x33, 0x44, 0x01, 0x03, 'a', '@', 'b', 0x06, 0x01, \
		'x', 0x00, 0x00, 0x00, 0x00, 0x55, 0x66, 0x77, 0x88, 0x07, 0x00, 0x00, 0x00

/* BYE of two sources, reason "bye". */
#define BYE 0x82, 0xcb, 0x00, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 3, 'b', 'y', 'e'

/* XR of 0x11223344: receiver reference time, then VoIP metrics on 0x55667788. */
#define XR                                                                                        \
	0x80, 0xcf, 0x00, 0x0d, 0x11, 0x22, 0x33, 0x44, 0x04, 0x00, 0x00, 0x02, 0xe0, 0x00, 0x00, \
		0x01, 0x80, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x08, 0x55, 0x66, 0x77, 0x88, 10, \
		20, 30, 40, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xec, 0xce, 60, 16,   \
		93, 127, 42, 41, 0x30, 0x00, 0x00, 0x28, 0x00, 0x50, 0x01, 0x00

static const uint8_t compound[] = {SR, SDES, XR, BYE};

static enum rtcp_status validate(const void *p, size_t n)
{
	return rtcp_validate(bytes_of(p, n), NULL);
}

static struct rtcp_packet first_of(const void *p, size_t n)
{
	struct bytes rest = bytes_of(p, n);
	struct rtcp_packet packet = {0};

	assert_true(rtcp_next(&rest, &packet));
	return packet;
}

static void says_which_types_a_compound_has(void **state)
{
	(void)state;
	assert_int_equal(rtcp_types(bytes_of(compound, sizeof(compound))),
		1u << (200 - 192) | 1u << (202 - 192) | 1u << (207 - 192) | 1u << (203 - 192));
	assert_int_equal(rtcp_types(BYTES_NONE), 0);
}

static void walks_a_compound(void **state)
{
	static const struct {
		uint8_t type, count;
		uint32_t ssrc;
		size_t body;
	} want[] = {
		{RTCP_SR, 1, 0x11223344, 48},
		{RTCP_SDES, 2, 0x11223344, 24},
		{RTCP_XR, 0, 0x11223344, 52},
		{RTCP_BYE, 2, 0x01020304, 12},
	};
	struct bytes rest = bytes_of(compound, sizeof(compound));
	struct rtcp_packet packet = {0};
	unsigned packets = 0;

	(void)state;
	assert_int_equal(rtcp_validate(rest, &packets), RTCP_OK);
	assert_int_equal(packets, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(rtcp_next(&rest, &packet));
		assert_int_equal(packet.type, want[i].type);
		assert_int_equal(packet.count, want[i].count);
		assert_true(packet.has_ssrc);
		assert_int_equal(packet.ssrc, want[i].ssrc);
		assert_int_equal(packet.body.n, want[i].body);
	}
	assert_false(rtcp_next(&rest, &packet));
	assert_int_equal(rest.n, 0);
}

static void reads_a_sender_report(void **state)
{
	static const uint8_t sr[] = {SR};
	struct rtcp_packet packet = first_of(sr, sizeof(sr));
	struct rtcp_report_block block;
	struct rtcp_sender_info info;

	(void)state;
	assert_true(rtcp_sender_info(&packet, &info));
	assert_int_equal(info.ntp_sec, 0xe0000001);
	assert_int_equal(info.ntp_frac, 0x80000000);
	assert_int_equal(info.rtp_ts, 160000);
	assert_int_equal(info.packets, 1000);
	assert_int_equal(info.octets, 160000);
	assert_true(rtcp_report_block(&packet, 0, &block));
	assert_int_equal(block.ssrc, 0x55667788);
	assert_int_equal(block.fraction_lost, 64);
	assert_int_equal(block.packets_lost, -2);
	assert_int_equal(block.highest_seq, 0x00010064);
	assert_int_equal(block.jitter, 80);
	assert_int_equal(block.lsr, 0x00018000);
	assert_int_equal(block.dlsr, 0x00010000);
	assert_false(rtcp_report_block(&packet, 1, &block));
}

static void sign_extends_packets_lost(void **state)
{
	static const struct {
		uint8_t octets[3];
		int32_t lost;
	} cases[] = {
		{{0x00, 0x00, 0x00}, 0},
		{{0x7f, 0xff, 0xff}, 8388607},
		{{0x80, 0x00, 0x00}, -8388608},
		{{0xff, 0xff, 0xff}, -1},
	};
	uint8_t sr[] = {SR};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rtcp_report_block block;
		struct rtcp_packet packet = {0};

		memcpy(sr + 33, cases[i].octets, 3);
		packet = first_of(sr, sizeof(sr));
		assert_true(rtcp_report_block(&packet, 0, &block));
		assert_int_equal(block.packets_lost, cases[i].lost);
	}
}

static void reads_receiver_report_blocks(void **state)
{
	/* Two reports, on SSRC 1 and 2, and a profile's extension of 4 octets. */
	uint8_t rr[4 + 4 + 48 + 4] = {0x82, 0xc9, 0x00, 0x0e, [11] = 1, [35] = 2};
	struct rtcp_report_block block;
	struct rtcp_sender_info info;
	struct rtcp_packet packet = {0};

	(void)state;
	assert_int_equal(validate(rr, sizeof(rr)), RTCP_OK);
	packet = first_of(rr, sizeof(rr));
	assert_true(rtcp_report_block(&packet, 0, &block));
	assert_int_equal(block.ssrc, 1);
	assert_true(rtcp_report_block(&packet, 1, &block));
	assert_int_equal(block.ssrc, 2);
	assert_false(rtcp_report_block(&packet, 2, &block));
	assert_false(rtcp_sender_info(&packet, &info));
}

static void walks_sdes_items(void **state)
{
	static const struct {
		uint32_t ssrc;
		uint8_t type;
		const char *text;
	} want[] = {{0x11223344, 1, "a@b"}, {0x11223344, 6, "x"}, {0x55667788, 7, ""}};
	static const uint8_t sdes[] = {SDES};
	struct rtcp_packet packet = first_of(sdes, sizeof(sdes));
	struct rtcp_sdes_item item;
	size_t cursor = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(rtcp_sdes_next(&packet, &cursor, &item));
		assert_int_equal(item.ssrc, want[i].ssrc);
		assert_int_equal(item.type, want[i].type);
		assert_true(bytes_eq(item.text, bytes_from_str(want[i].text)));
	}
	assert_false(rtcp_sdes_next(&packet, &cursor, &item));
	assert_false(rtcp_sdes_next(&packet, &cursor, &item));
}

static void takes_an_sdes_list_that_ends_with_the_packet(void **state)
{
	/* CNAME "ab" fills its word: a null octet would need a word of its own. */
	static const uint8_t sdes[] = {0x81, 0xca, 0x00, 0x02, 1, 2, 3, 4, 1, 2, 'a', 'b'};
	struct rtcp_packet packet = first_of(sdes, sizeof(sdes));
	struct rtcp_sdes_item item;
	size_t cursor = 0;

	(void)state;
	assert_int_equal(validate(sdes, sizeof(sdes)), RTCP_OK);
	assert_true(rtcp_sdes_next(&packet, &cursor, &item));
	assert_true(bytes_eq(item.text, BYTES_LIT("ab")));
	assert_false(rtcp_sdes_next(&packet, &cursor, &item));
}

static void rejects_sdes_chunks_and_items_beyond_the_packet(void **state)
{
	uint8_t sdes[] = {SDES};

	(void)state;
	sdes[0] = 0x83;
	assert_int_equal(validate(sdes, sizeof(sdes)), RTCP_COUNT);
	sdes[0] = 0x82;
	sdes[25] = 2; /* the last item's text takes the null octets */
	assert_int_equal(validate(sdes, sizeof(sdes)), RTCP_OK);
	sdes[25] = 3;
	assert_int_equal(validate(sdes, sizeof(sdes)), RTCP_COUNT);
	sdes[25] = 1;
	sdes[27] = 1; /* an item without its length */
	assert_int_equal(validate(sdes, sizeof(sdes)), RTCP_COUNT);
}

static void reads_the_sources_of_a_bye(void **state)
{
	uint8_t bye[] = {BYE};
	struct rtcp_packet packet = first_of(bye, sizeof(bye));
	uint32_t ssrc;

	(void)state;
	assert_true(rtcp_bye_ssrc(&packet, 0, &ssrc));
	assert_int_equal(ssrc, 0x01020304);
	assert_true(rtcp_bye_ssrc(&packet, 1, &ssrc));
	assert_int_equal(ssrc, 0x05060708);
	assert_false(rtcp_bye_ssrc(&packet, 2, &ssrc));
	assert_int_equal(validate(bye, sizeof(bye)), RTCP_OK);
	bye[12] = 4; /* the reason runs beyond the packet */
	assert_int_equal(validate(bye, sizeof(bye)), RTCP_COUNT);
	bye[0] = 0x84;
	assert_int_equal(validate(bye, sizeof(bye)), RTCP_COUNT);
}

static void has_no_ssrc_where_nobody_left(void **state)
{
	static const uint8_t bye[] = {0x80, 0xcb, 0x00, 0x00};
	struct rtcp_packet packet = first_of(bye, sizeof(bye));

	(void)state;
	assert_int_equal(validate(bye, sizeof(bye)), RTCP_OK);
	assert_false(packet.has_ssrc);
	assert_int_equal(packet.body.n, 0);
}

static void reads_xr_voip_metrics(void **state)
{
	static const uint8_t xr[] = {XR};
	struct rtcp_packet packet = first_of(xr, sizeof(xr));
	struct rtcp_voip_metrics m;
	struct rtcp_xr_block block;
	size_t cursor = 0;

	(void)state;
	assert_true(rtcp_xr_next(&packet, &cursor, &block));
	assert_int_equal(block.type, 4);
	assert_int_equal(block.body.n, 8);
	assert_false(rtcp_voip_metrics(&block, &m));
	assert_true(rtcp_xr_next(&packet, &cursor, &block));
	assert_true(rtcp_voip_metrics(&block, &m));
	assert_false(rtcp_xr_next(&packet, &cursor, &block));
	assert_int_equal(m.ssrc, 0x55667788);
	assert_int_equal(m.loss_rate, 10);
	assert_int_equal(m.discard_rate, 20);
	assert_int_equal(m.burst_density, 30);
	assert_int_equal(m.gap_density, 40);
	assert_int_equal(m.burst_ms, 0x0102);
	assert_int_equal(m.gap_ms, 0x0304);
	assert_int_equal(m.round_trip_ms, 0x0506);
	assert_int_equal(m.end_system_ms, 0x0708);
	assert_int_equal(m.signal_level, -20);
	assert_int_equal(m.noise_level, -50);
	assert_int_equal(m.rerl, 60);
	assert_int_equal(m.gmin, 16);
	assert_int_equal(m.r_factor, 93);
	assert_int_equal(m.ext_r_factor, 127);
	assert_int_equal(m.mos_lq, 42);
	assert_int_equal(m.mos_cq, 41);
	assert_int_equal(m.rx_config, 0x30);
	assert_int_equal(m.jb_nominal_ms, 40);
	assert_int_equal(m.jb_maximum_ms, 80);
	assert_int_equal(m.jb_abs_max_ms, 256);
	block.body.n = 31;
	assert_false(rtcp_voip_metrics(&block, &m));
}

static void rejects_xr_blocks_beyond_the_packet(void **state)
{
	uint8_t xr[] = {XR};

	(void)state;
	xr[23] = 9;
	assert_int_equal(validate(xr, sizeof(xr)), RTCP_COUNT);
	xr[23] = 7; /* leaves a word that is no block header with room for itself */
	xr[54] = 0x00;
	xr[55] = 0x01;
	assert_int_equal(validate(xr, sizeof(xr)), RTCP_COUNT);
}

static void rejects_reports_that_do_not_fit_the_count(void **state)
{
	uint8_t sr[] = {SR};
	static const uint8_t short_sr[] = {0x80, 0xc8, 0x00, 0x01, 1, 2, 3, 4};
	static const uint8_t rr_without_ssrc[] = {0x80, 0xc9, 0x00, 0x00};

	(void)state;
	assert_int_equal(validate(sr, sizeof(sr)), RTCP_OK);
	sr[0] = 0x82;
	assert_int_equal(validate(sr, sizeof(sr)), RTCP_COUNT);
	assert_int_equal(validate(short_sr, sizeof(short_sr)), RTCP_COUNT);
	assert_int_equal(validate(rr_without_ssrc, sizeof(rr_without_ssrc)), RTCP_COUNT);
}

static void accepts_reduced_size_feedback(void **state)
{
	/* PSFB, FMT 1 (PLI), sender and media source, RFC 4585 section 6.3.1. */
	uint8_t pli[] = {0x81, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2};

	(void)state;
	assert_int_equal(validate(pli, sizeof(pli)), RTCP_OK);
	assert_int_equal(first_of(pli, sizeof(pli)).ssrc, 1);
	assert_int_equal(first_of(pli, sizeof(pli)).count, 1);
	assert_false(rtcp_is_strict_compound(bytes_of(pli, sizeof(pli))));
	pli[3] = 1;
	assert_int_equal(validate(pli, 8), RTCP_COUNT);
	pli[1] = RTCP_APP;
	assert_int_equal(validate(pli, 8), RTCP_COUNT);
	pli[1] = 192; /* full intra-frame request, RFC 2032: one SSRC */
	assert_int_equal(validate(pli, 8), RTCP_OK);
}

static void rejects_other_versions_and_types(void **state)
{
	uint8_t rr[] = {RR};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		rr[1] = (uint8_t)type;
		if (type < 192 || type > 223)
			assert_int_equal(validate(rr, sizeof(rr)), RTCP_TYPE);
		else
			assert_int_not_equal(validate(rr, sizeof(rr)), RTCP_TYPE);
	}
	rr[1] = RTCP_RR;
	for (unsigned version = 0; version < 4; version++) {
		rr[0] = (uint8_t)(version << 6);
		assert_int_equal(validate(rr, sizeof(rr)), version == 2 ? RTCP_OK : RTCP_VERSION);
	}
}

static void takes_padding_off_the_last_packet_only(void **state)
{
	uint8_t padded[] = {RR, 0xa0, 0xc9, 0x00, 0x02, 1, 2, 3, 4, 0, 0, 0, 4};
	struct bytes rest = bytes_of(padded, sizeof(padded));
	struct rtcp_packet packet = {0};

	(void)state;
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_OK);
	assert_true(rtcp_next(&rest, &packet));
	assert_true(rtcp_next(&rest, &packet));
	assert_int_equal(packet.body.n, 4);

	padded[0] |= 0x20;
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_PADDING);
	padded[0] &= 0xdf;
	padded[19] = 0;
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_PADDING);
	padded[19] = 3; /* no multiple of four */
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_PADDING);
	padded[19] = 12; /* takes the header too */
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_PADDING);
	padded[19] = 8; /* takes the SSRC that an RR has */
	assert_int_equal(validate(padded, sizeof(padded)), RTCP_COUNT);
}

static void wants_a_report_first_and_a_cname_in_a_strict_compound(void **state)
{
	static const uint8_t receiver[] = {RR, SDES}, reversed[] = {SDES, RR}, bare[] = {RR, BYE};
	uint8_t nameless[] = {RR, SDES};

	(void)state;
	assert_true(rtcp_is_strict_compound(bytes_of(compound, sizeof(compound))));
	assert_true(rtcp_is_strict_compound(bytes_of(receiver, sizeof(receiver))));
	assert_false(rtcp_is_strict_compound(bytes_of(reversed, sizeof(reversed))));
	assert_false(rtcp_is_strict_compound(bytes_of(bare, sizeof(bare))));
	assert_false(rtcp_is_strict_compound(bytes_of(receiver, sizeof(receiver) - 4)));
	assert_false(rtcp_is_strict_compound(BYTES_NONE));
	nameless[16] = 2; /* NAME instead of CNAME */
	assert_false(rtcp_is_strict_compound(bytes_of(nameless, sizeof(nameless))));
}

static void rejects_every_truncation(void **state)
{
	/* Where a packet ends, what is left is a compound. */
	static const size_t ends[] = {52, 80, 136};

	(void)state;
	for (size_t n = 0; n < sizeof(compound); n++) {
		uint8_t *copy = guarded_copy(compound, n);
		enum rtcp_status want = RTCP_SHORT;

		for (size_t i = 0; i < 3; i++)
			if (n == ends[i])
				want = RTCP_OK;
		assert_int_equal(validate(copy, n), want);
		guarded_free(copy, n);
	}
}

/* Octets of the packets of compound that are whole in the first n. */
static size_t whole_before(size_t n)
{
	static const size_t ends[] = {0, 52, 80, 136, sizeof(compound)};
	size_t whole = 0;

	for (size_t i = 0; i < 5; i++)
		whole = ends[i] <= n ? ends[i] : whole;
	return whole;
}

static void keeps_the_whole_packets_of_what_the_capture_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof(compound); n++) {
		uint8_t *copy = guarded_copy(compound, n);
		struct bytes whole, in = bytes_of(copy, n);

		assert_int_equal(rtcp_validate_cut(in, sizeof(compound), &whole), RTCP_OK);
		assert_int_equal(whole.n, whole_before(n));
		assert_true(
			whole.n == 0 || (whole.p == copy && validate(copy, whole.n) == RTCP_OK));
		guarded_free(copy, n);
	}
}

static void refuses_what_no_cut_explains(void **state)
{
	uint8_t other[] = {SR, SDES};
	struct bytes whole, in = bytes_of(other, 56);

	(void)state;
	assert_int_equal(rtcp_validate_cut(in, 80, &whole), RTCP_OK);
	/* SRTCP has an index of 4 octets and a tag of 10 behind it (RFC 3711 section 3.4). */
	assert_int_equal(rtcp_validate_cut(in, 94, &whole), RTCP_SHORT);
	assert_int_equal(rtcp_validate_cut(in, 76, &whole), RTCP_SHORT);
	assert_int_equal(rtcp_validate_cut(bytes_of(other, 20), 48, &whole), RTCP_SHORT);
	assert_int_equal(rtcp_validate_cut(BYTES_NONE, 0, &whole), RTCP_SHORT);
	other[52] = 0x42;
	assert_int_equal(rtcp_validate_cut(in, 80, &whole), RTCP_VERSION);
	other[52] = 0x82;
	other[53] = 96;
	assert_int_equal(rtcp_validate_cut(in, 80, &whole), RTCP_TYPE);
	other[0] |= 0x20; /* padding, and it is not the last */
	assert_int_equal(rtcp_validate_cut(bytes_of(other, 20), 80, &whole), RTCP_PADDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_types_a_compound_has),
		cmocka_unit_test(walks_a_compound),
		cmocka_unit_test(reads_a_sender_report),
		cmocka_unit_test(sign_extends_packets_lost),
		cmocka_unit_test(reads_receiver_report_blocks),
		cmocka_unit_test(walks_sdes_items),
		cmocka_unit_test(takes_an_sdes_list_that_ends_with_the_packet),
		cmocka_unit_test(rejects_sdes_chunks_and_items_beyond_the_packet),
		cmocka_unit_test(reads_the_sources_of_a_bye),
		cmocka_unit_test(has_no_ssrc_where_nobody_left),
		cmocka_unit_test(reads_xr_voip_metrics),
		cmocka_unit_test(rejects_xr_blocks_beyond_the_packet),
		cmocka_unit_test(rejects_reports_that_do_not_fit_the_count),
		cmocka_unit_test(accepts_reduced_size_feedback),
		cmocka_unit_test(rejects_other_versions_and_types),
		cmocka_unit_test(takes_padding_off_the_last_packet_only),
		cmocka_unit_test(wants_a_report_first_and_a_cname_in_a_strict_compound),
		cmocka_unit_test(rejects_every_truncation),
		cmocka_unit_test(keeps_the_whole_packets_of_what_the_capture_cut),
		cmocka_unit_test(refuses_what_no_cut_explains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
