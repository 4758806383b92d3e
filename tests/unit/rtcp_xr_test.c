/* SPDX-License-Identifier: BSD-3-Clause */
/* RRTR and DLRR of RFC 3611, and AVPF feedback, each with every truncation of its block. */
#include "rtcp_feedback.h"
#include "rtcp_xr.h"
#include "unit.h"

/* An XR of SSRC 0x01020304 with an RRTR and a DLRR of two sub-blocks. */
static const uint8_t xr[] = {
	0x80, 207, 0, 11, 1, 2, 3, 4, /* */
	4, 0, 0, 2, 0xe0, 0x00, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, /* */
	5, 0, 0, 6, 0, 0, 0, 7, 0x12, 0x34, 0x56, 0x78, 0, 1, 0, 0, /* */
	0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, /* */
};

static struct rtcp_packet first_of(const uint8_t *p, size_t n)
{
	struct bytes rest = bytes_of(p, n);
	struct rtcp_packet packet;

	assert_int_equal(rtcp_validate(rest, NULL), RTCP_OK);
	assert_true(rtcp_next(&rest, &packet));
	return packet;
}

static void reads_rrtr_and_dlrr(void **state)
{
	struct rtcp_packet packet = first_of(xr, sizeof(xr));
	struct rtcp_xr_block block;
	struct rtcp_dlrr d;
	size_t cursor = 0;
	uint32_t middle;

	(void)state;
	assert_true(rtcp_xr_next(&packet, &cursor, &block));
	assert_true(rtcp_xr_rrtr(&block, &middle));
	assert_int_equal(middle, 0x12345678);
	assert_false(rtcp_xr_dlrr(&block, 0, &d));
	assert_true(rtcp_xr_next(&packet, &cursor, &block));
	assert_false(rtcp_xr_rrtr(&block, &middle));
	assert_true(rtcp_xr_dlrr(&block, 0, &d));
	assert_int_equal(d.ssrc, 7);
	assert_int_equal(d.lrr, 0x12345678);
	assert_int_equal(d.dlrr, 0x10000);
	assert_true(rtcp_xr_dlrr(&block, 1, &d));
	assert_int_equal(d.ssrc, 8);
	assert_int_equal(d.lrr, 0);
	assert_false(rtcp_xr_dlrr(&block, 2, &d));
	assert_false(rtcp_xr_dlrr(&block, UINT32_MAX, &d));
}

static void reads_nothing_beyond_a_short_block(void **state)
{
	(void)state;
	for (size_t n = 0; n < 12; n++) {
		uint8_t *p = guarded_copy(xr + 12, n);
		struct rtcp_xr_block block = {.type = RTCP_XR_RRTR, .body = bytes_of(p, n)};
		struct rtcp_dlrr d;
		uint32_t middle;

		assert_int_equal(rtcp_xr_rrtr(&block, &middle), n >= 8);
		block.type = RTCP_XR_DLRR;
		assert_false(rtcp_xr_dlrr(&block, 0, &d));
		guarded_free(p, n);
	}
}

/* IANA "RTCP XR Block Types": 0, 8, 9, 32 and what is above 34 are not of qos.md's list. */
static void knows_the_block_types(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		known += rtcp_xr_is_known((uint8_t)type);
	assert_int_equal(known, 7 + 22 + 2);
	assert_true(rtcp_xr_is_known(7));
	assert_true(rtcp_xr_is_known(29));
	assert_false(rtcp_xr_is_known(0));
	assert_false(rtcp_xr_is_known(32));
}

static struct rtcp_feedback feedback_of(const uint8_t *p, size_t n)
{
	struct rtcp_packet packet = first_of(p, n);
	struct rtcp_feedback feedback;

	assert_true(rtcp_feedback(&packet, &feedback));
	return feedback;
}

static void counts_the_packets_of_a_nack(void **state)
{
	static const uint8_t nack[] = {0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, /* */
		0x10, 0x00, 0x00, 0x00, 0x20, 0x00, 0x80, 0x05};
	struct rtcp_feedback f = feedback_of(nack, sizeof(nack));

	(void)state;
	assert_int_equal(f.kind, RTCP_FB_NACK);
	assert_int_equal(f.media_ssrc, 2);
	assert_int_equal(rtcp_nack_packets(&f), 1 + 4);
}

static void reads_pli_fir_and_remb(void **state)
{
	static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
	static const uint8_t fir[] = {0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, /* */
		0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 4, 10, 0, 0, 0};
	/* Mantissa 0x3d090 = 250000, exponent 2: 1 Mbit/s. */
	static const uint8_t remb[] = {0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, /* */
		'R', 'E', 'M', 'B', 1, 0x0b, 0xd0, 0x90, 0, 0, 0, 5};
	static const uint8_t afb[] = {0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, /* */
		'X', 'E', 'M', 'B', 0, 0, 0, 0};
	struct rtcp_feedback f = feedback_of(pli, sizeof(pli));
	uint64_t bit_rate;
	uint32_t ssrc;
	uint8_t number;

	(void)state;
	assert_int_equal(f.kind, RTCP_FB_PLI);
	assert_int_equal(f.media_ssrc, 2);
	assert_false(rtcp_fir_entry(&f, 0, &ssrc, &number));
	f = feedback_of(fir, sizeof(fir));
	assert_int_equal(f.kind, RTCP_FB_FIR);
	assert_true(rtcp_fir_entry(&f, 1, &ssrc, &number));
	assert_int_equal(ssrc, 4);
	assert_int_equal(number, 10);
	assert_false(rtcp_fir_entry(&f, 2, &ssrc, &number));
	f = feedback_of(remb, sizeof(remb));
	assert_int_equal(f.kind, RTCP_FB_REMB);
	assert_true(rtcp_remb_entry(&f, 0, &ssrc, &bit_rate));
	assert_int_equal(ssrc, 5);
	assert_int_equal(bit_rate, 1000000);
	assert_false(rtcp_remb_entry(&f, 1, &ssrc, &bit_rate));
	f = feedback_of(afb, sizeof(afb));
	assert_int_equal(f.kind, RTCP_FB_OTHER);
}

/* The count of a REMB may promise more sources than there are. */
static void reads_nothing_beyond_short_feedback(void **state)
{
	static const uint8_t fci[] = {'R', 'E', 'M', 'B', 255, 0xff, 0xff, 0xff, 0, 0, 0, 1};

	(void)state;
	for (size_t n = 0; n <= sizeof(fci); n++) {
		uint8_t *p = guarded_copy(fci, n);
		struct rtcp_packet packet = {.type = RTCP_PSFB, .count = 15};
		struct rtcp_feedback f = {.kind = RTCP_FB_FIR, .fci = bytes_of(p, n)};
		uint8_t whole[8 + sizeof(fci)] = {0};
		uint64_t bit_rate;
		uint32_t ssrc;
		uint8_t number;

		rtcp_nack_packets(&f);
		assert_int_equal(rtcp_fir_entry(&f, 0, &ssrc, &number), n >= 8);
		memcpy(whole + 8, fci, n);
		guarded_free(p, n);
		p = guarded_copy(whole, 8 + n);
		packet.body = bytes_of(p, 8 + n);
		assert_true(rtcp_feedback(&packet, &f));
		assert_int_equal(f.kind, n >= 8 ? RTCP_FB_REMB : RTCP_FB_OTHER);
		assert_int_equal(rtcp_remb_entry(&f, 0, &ssrc, &bit_rate), n == 12);
		assert_false(rtcp_remb_entry(&f, 1, &ssrc, &bit_rate));
		guarded_free(p, 8 + n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rrtr_and_dlrr),
		cmocka_unit_test(reads_nothing_beyond_a_short_block),
		cmocka_unit_test(knows_the_block_types),
		cmocka_unit_test(counts_the_packets_of_a_nack),
		cmocka_unit_test(reads_pli_fir_and_remb),
		cmocka_unit_test(reads_nothing_beyond_short_feedback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
