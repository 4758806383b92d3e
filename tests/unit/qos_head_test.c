/* SPDX-License-Identifier: BSD-3-Clause */
/* First octets of payloads, against RFC 6716 table 2 and TS 26.445 Annex A. */
#include "qos_head.h"
#include "unit.h"

static struct qos_head head_of(uint8_t first, uint8_t second)
{
	const uint8_t octets[] = {first, second};

	return qos_head_of(bytes_of(octets, sizeof(octets)), 111);
}

static void keeps_what_there_is(void **state)
{
	const uint8_t octets[] = {1, 2, 3};

	(void)state;
	for (uint8_t n = 0; n <= 3; n++) {
		struct qos_head head = qos_head_of(bytes_of(octets, n), 99);

		assert_int_equal(head.pt, 99);
		assert_int_equal(head.octets, n < 2 ? n : 2);
		assert_int_equal(head.octet[0], n > 0 ? 1 : 0);
		assert_int_equal(head.octet[1], n > 1 ? 2 : 0);
	}
}

/* Configurations in the upper five bits, whatever channels and number of frames the others say. */
static void knows_the_band_of_opus(void **state)
{
	static const struct {
		uint8_t first, last; /* configurations */
		enum qos_scale scale;
		bool is_medium;
	} rows[] = {{0, 3, QOS_NB, false}, {4, 7, QOS_WB, true}, {8, 11, QOS_WB, false},
		{12, 15, QOS_FB, false}, {16, 19, QOS_NB, false}, {20, 23, QOS_WB, false},
		{24, 31, QOS_FB, false}};
	const struct qos_head none = qos_head_of(BYTES_NONE, 111);
	unsigned tested = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned toc = rows[i].first << 3; toc < (rows[i].last + 1u) << 3; toc++) {
			struct qos_head head = head_of((uint8_t)toc, 0xff);
			struct qos_band band = qos_head_opus(&head);

			assert_true(band.is_known);
			assert_int_equal(band.scale, rows[i].scale);
			assert_int_equal(band.is_medium, rows[i].is_medium);
			tested++;
		}
	}
	assert_int_equal(tested, 256);
	assert_false(qos_head_opus(&none).is_known);
}

static void knows_the_frame_of_evs(void **state)
{
	struct qos_head cut = qos_head_of(bytes_of("\x80", 1), 96);
	static const struct {
		uint8_t octet[2];
		struct qos_evs_toc want;
	} rows[] = {
		{{0x04, 0xff}, {true, false, false, 4}}, /* 13.2 kbit/s */
		{{0x32, 0xff}, {true, false, true, 2}}, /* AMR-WB 12.65, good quality */
		{{0x8f, 0x04}, {true, true, false, 4}}, /* any CMR before it */
		{{0x0c, 0x00}, {false, false, false, 0}}, /* silence */
		{{0x39, 0x00}, {false, false, false, 0}}, /* silence of AMR-WB */
		{{0x44, 0x04}, {false, false, false, 0}}, /* one of several frames */
		{{0x84, 0x84}, {false, false, false, 0}}, /* two requests there are not */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qos_head head = head_of(rows[i].octet[0], rows[i].octet[1]);
		struct qos_evs_toc toc = qos_head_evs(&head);

		assert_int_equal(toc.is_known, rows[i].want.is_known);
		assert_int_equal(toc.has_cmr, rows[i].want.has_cmr);
		assert_int_equal(toc.is_io, rows[i].want.is_io);
		assert_int_equal(toc.rate, rows[i].want.rate);
	}
	assert_false(qos_head_evs(&cut).is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_there_is),
		cmocka_unit_test(knows_the_band_of_opus),
		cmocka_unit_test(knows_the_frame_of_evs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
