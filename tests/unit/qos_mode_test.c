/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes by fmtp and by the size of packets, against the frame sizes of RFC 4867, TS 26.445 and others. */
#include <math.h>

#include "qos_mode.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct qos_payload payload_of(const char *name, uint32_t clock, const char *fmtp)
{
	struct qos_payload payload;

	qos_payload_init(&payload, 96, bytes_from_str(name), clock);
	qos_mode_from_fmtp(&payload, bytes_from_str(fmtp), 1);
	return payload;
}

/* "": none. */
static void assert_mode(const struct qos_codec *codec, const char *mode)
{
	assert_string_equal(codec ? codec->mode : "", mode);
}

static const struct qos_codec *mode_of(
	const struct qos_payload *payload, uint32_t bytes, uint32_t frame_ticks)
{
	if (!qos_mode_has_rates(payload))
		return qos_mode_from_size(payload, bytes, frame_ticks);
	assert_null(qos_mode_from_size(payload, bytes, frame_ticks));
	return qos_mode_from_rate(
		payload, qos_mode_kbps(payload, bytes, 1, frame_ticks, payload->clock));
}

static void knows_modes_by_the_size_of_packets(void **state)
{
	static const struct {
		const char *name, *fmtp;
		uint32_t clock, ticks, bytes;
		const char *mode;
	} rows[] = {
		/* RFC 4867: one frame bandwidth-efficient, 4 + 6 + 244 bits; octet-aligned 1 + 1 + 31. */
		{"AMR", "", 8000, 160, 32, "12.2"},
		{"AMR", "octet-align=1", 8000, 160, 33, "12.2"},
		{"AMR", "mode-set=0,2,5,7; octet-align=1; max-red=0", 8000, 160, 22, "7.95"},
		{"AMR", "", 8000, 160, 14, "4.75"},
		{"AMR", "", 8000, 160, 20, "7.4"},
		/* Two frames: 4 + 2 * (6 + 244) bits, and 1 + 2 * (1 + 31) octets. */
		{"AMR", "", 8000, 320, 63, "12.2"},
		{"AMR", "octet-align=1", 8000, 320, 65, "12.2"},
		/* Not as it was said. */
		{"AMR", "", 8000, 160, 33, "12.2"},
		/* SID, 4 + 6 + 39 bits, and nothing at all. */
		{"AMR", "", 8000, 160, 7, ""},
		{"AMR", "", 8000, 160, 160, ""},
		{"AMR", "", 8000, 80, 32, ""},
		{"AMR-WB", "", 16000, 320, 33, "12.65"},
		{"AMR-WB", "octet-align=1", 16000, 320, 34, "12.65"},
		{"AMR-WB", "", 16000, 320, 61, "23.85"},
		{"AMR-WB", "", 16000, 320, 59, "23.05"},
		{"AMR-WB", "", 16000, 320, 18, "6.6"},
		/* TS 26.445 Annex A: compact, interoperable compact, with header, with CMR. */
		{"EVS", "", 16000, 320, 33, "swb-13.2"},
		{"EVS", "", 16000, 320, 61, "swb-24.4"},
		{"EVS", "", 16000, 320, 61 + 2, "swb-24.4"},
		{"EVS", "", 16000, 320, 32, "io-12.65"},
		{"EVS", "", 16000, 320, 60, "io-23.85"},
		{"EVS", "", 16000, 320, 6, ""},
		{"EVS", "", 16000, 320, 20, "8"},
		{"EVS", "", 16000, 320, 160, "64"},
		{"EVS", "", 16000, 320, 320, "128"},
		/* With header 13.2 or 12.65 of AMR-WB with CMR; 12.65 when the other is not sent. */
		{"EVS", "", 16000, 320, 34, ""},
		{"EVS", "bw=wb", 16000, 320, 34, "io-12.65"},
		{"EVS", "", 16000, 320, 25, ""},
		/* No compact packets, and no padding: 13.2 with header, 12.65 of AMR-WB with header. */
		{"EVS", "hf-only=1; bw=swb", 16000, 320, 33, "io-12.65"},
		{"EVS", "hf-only=1", 16000, 320, 41, "io-15.85"},
		{"EVS", "hf-only=0", 16000, 320, 33, "swb-13.2"},
		{"EVS", "", 16000, 320, 7, ""},
		{"EVS", "", 16000, 320, 61 + 1, ""},
		/* Not in superwideband. */
		{"EVS", "bw=wb", 16000, 320, 33, ""},
		{"EVS", "bw=wb", 16000, 320, 32, "io-12.65"},
		{"EVS", "br=5.9-24.4; bw=nb-swb", 16000, 320, 33, "swb-13.2"},
		{"G723", "", 8000, 240, 24, "6.3"},
		{"G723", "", 8000, 240, 20, "5.3"},
		{"G723", "", 8000, 480, 40, "5.3"},
		{"G723", "", 8000, 240, 4, ""},
		{"iLBC", "", 8000, 160, 38, "15.2"},
		{"iLBC", "", 8000, 240, 50, "13.3"},
		{"iLBC", "", 8000, 480, 114, "15.2"},
		{"G7221", "", 16000, 320, 60, "24"},
		/* kbit/s of 20 ms: octets times 0.4. */
		{"opus", "", 48000, 960, 80, "swb-31"},
		{"opus", "", 48000, 960, 62, "swb-25"},
		{"opus", "", 48000, 2880, 186, "swb-25"},
		{"opus", "", 48000, 960, 300, "swb-40"},
		{"opus", "cbr=1", 48000, 960, 80, "swb-31-cbr"},
		{"opus", "", 48000, 960, 20, "nb-8"},
		{"opus", "", 48000, 960, 30, "wb-12"},
		{"opus", "maxplaybackrate=8000", 48000, 960, 40, "nb-9"},
		{"opus", "stereo=0;maxplaybackrate=16000;useinbandfec=1", 48000, 960, 80, "wb-13"},
		{"PCMU", "", 8000, 160, 160, ""},
		{"G729", "annexb=no", 8000, 160, 20, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_payload p = payload_of(rows[i].name, rows[i].clock, rows[i].fmtp);

		assert_mode(mode_of(&p, rows[i].bytes, rows[i].ticks), rows[i].mode);
		assert_int_equal(p.has_modes,
			strcmp(rows[i].name, "PCMU") != 0 && strcmp(rows[i].name, "G729") != 0);
	}
}

/* Frames are not one after the other, or there are more than one of a time. */
static void passes_over_other_arrangements(void **state)
{
	static const char *const fmtps[] = {
		"crc=1", "interleaving=3", "octet-align=1; robust-sorting=1"};
	struct qos_payload p = payload_of("AMR", 8000, "crc=0; robust-sorting=0");

	(void)state;
	assert_true(p.has_modes);
	for (size_t i = 0; i < COUNT(fmtps); i++)
		assert_false(payload_of("AMR", 8000, fmtps[i]).has_modes);
	qos_mode_from_fmtp(&p, BYTES_NONE, 2);
	assert_false(p.has_modes);
	p = payload_of("opus", 48000, "");
	qos_mode_from_fmtp(&p, BYTES_NONE, 2);
	assert_true(p.has_modes);
}

/* The tag behind the payload: 80 bits mostly (RFC 3711), 32, or 128 of AES-GCM. */
static void takes_the_tag_of_srtp_off(void **state)
{
	static const uint8_t tags[] = {10, 4, 16};
	struct qos_payload p = payload_of("AMR-WB", 16000, "octet-align=1");

	(void)state;
	p.is_secure = true;
	for (size_t i = 0; i < COUNT(tags); i++)
		assert_mode(qos_mode_from_size(&p, 34u + tags[i], 320), "12.65");
	p = payload_of("opus", 48000, "");
	p.is_secure = true;
	assert_true(fabs(qos_mode_kbps(&p, 50 * (62 + 10), 50, 960, 48000) - 24.8) < 1e-9);
	assert_true(isnan(qos_mode_kbps(&p, 10, 1, 960, 48000)));
	p.tag_bytes = 4;
	assert_true(fabs(qos_mode_kbps(&p, 62 + 4, 1, 960, 48000) - 24.8) < 1e-9);
}

/* 24 + 4 octets are as many as 18 + 10: AMR-WB of 8.85 or of 6.6. a=crypto tells. */
static void a_size_that_two_tags_explain_is_none(void **state)
{
	struct qos_payload p = payload_of("AMR-WB", 16000, "");

	(void)state;
	p.is_secure = true;
	assert_null(qos_mode_from_size(&p, 28, 320));
	p.tag_bytes = 4;
	assert_mode(qos_mode_from_size(&p, 28, 320), "8.85");
	p.tag_bytes = 10;
	assert_mode(qos_mode_from_size(&p, 28, 320), "6.6");
	assert_null(qos_mode_from_size(&p, 10, 320));
}

/* The rate may lie between: what is on the same scale is taken, until the other is clearly nearer. */
static void scales_do_not_flutter(void **state)
{
	static const struct {
		double kbps;
		const char *mode;
	} steps[] = {{13.4, "wb-13"}, {13.7, "wb-13"}, {15.0, "wb-13"}, {15.5, "swb-16"},
		{13.0, "swb-14"}, {12.6, "swb-14"}, {12.0, "wb-12"}, {12.9, "wb-13"}};
	struct qos_payload p = payload_of("opus", 48000, "");

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		p.codec = qos_mode_from_rate(&p, steps[i].kbps);
		assert_mode(p.codec, steps[i].mode);
	}
}

static struct qos_head head_of(uint8_t pt, uint8_t first, uint8_t second)
{
	const uint8_t octets[] = {first, second};

	return qos_head_of(bytes_of(octets, sizeof(octets)), pt);
}

/* The same 40 kbit/s on every band; configurations of RFC 6716 table 2. */
static void packets_say_the_band_of_opus(void **state)
{
	static const struct {
		uint8_t toc;
		const char *fmtp, *mode;
		enum qos_basis basis;
	} rows[] = {
		{1 << 3, "", "nb-9", QOS_BASIS_ASSUMED}, /* nobody measured it at 40 */
		{9 << 3, "", "wb-13", QOS_BASIS_ASSUMED},
		{13 << 3, "", "swb-40", QOS_BASIS_LIT},
		{15 << 3, "cbr=1", "swb-40-cbr", QOS_BASIS_LIT},
		{31 << 3, "maxplaybackrate=16000", "wb-13", QOS_BASIS_ASSUMED},
		{1 << 3, "maxplaybackrate=16000", "nb-9", QOS_BASIS_ASSUMED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_payload p = payload_of("opus", 48000, rows[i].fmtp);
		struct qos_head head = head_of(96, rows[i].toc, 0);
		const struct qos_codec *mode = qos_mode_from_rate(&p, 40);

		assert_int_equal(qos_mode_basis(&p, mode, 40), QOS_BASIS_ASSUMED);
		assert_true(qos_mode_take_head(&p, &head));
		assert_int_equal(p.codec->scale, qos_mode_from_rate(&p, 40)->scale);
		assert_mode(qos_mode_from_rate(&p, 40), rows[i].mode);
		assert_int_equal(qos_mode_basis(&p, qos_mode_from_rate(&p, 40), 40), rows[i].basis);
	}
}

/* 6 kHz of audio is on no scale. */
static void mediumband_is_an_assumption(void **state)
{
	struct qos_payload p = payload_of("opus", 48000, "");
	struct qos_head head = head_of(96, 5 << 3, 0);

	(void)state;
	assert_true(qos_mode_take_head(&p, &head));
	assert_mode(qos_mode_from_rate(&p, 12), "wb-12");
	assert_int_equal(qos_mode_basis(&p, qos_mode_from_rate(&p, 12), 12), QOS_BASIS_ASSUMED);
	head = head_of(96, 9 << 3, 0);
	assert_true(qos_mode_take_head(&p, &head));
	assert_int_equal(qos_mode_basis(&p, qos_mode_from_rate(&p, 12), 12), QOS_BASIS_LIT);
}

static void one_packet_is_an_exception(void **state)
{
	static const struct {
		uint8_t toc;
		bool is_new;
		enum qos_scale scale;
	} steps[] = {{1 << 3, true, QOS_NB}, /* the first packet */
		{9 << 3, true, QOS_WB}, /* is no more than a beginning */
		{31 << 3, false, QOS_WB}, {9 << 3, false, QOS_WB}, {31 << 3, false, QOS_WB},
		{1 << 3, false, QOS_WB}, {31 << 3, false, QOS_WB}, {31 << 3, true, QOS_FB},
		{31 << 3, false, QOS_FB}, {9 << 3, false, QOS_FB}, {9 << 3, true, QOS_WB}};
	struct qos_payload p = payload_of("opus", 48000, "");

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct qos_head head = head_of(96, steps[i].toc, 0);

		assert_int_equal(qos_mode_take_head(&p, &head), steps[i].is_new);
		assert_int_equal(p.band.scale, steps[i].scale);
	}
}

static void reads_no_other_packets(void **state)
{
	struct qos_head head = head_of(96, 9 << 3, 0), none = qos_head_of(BYTES_NONE, 96);
	struct qos_payload opus = payload_of("opus", 48000, ""), p = opus;

	(void)state;
	assert_true(qos_mode_take_head(&p, &head));
	head.pt = 97; /* an event's */
	p = opus;
	assert_false(qos_mode_take_head(&p, &head));
	head.pt = 96;
	assert_false(qos_mode_take_head(&p, &none));
	p.is_secure = true;
	assert_false(qos_mode_take_head(&p, &head));
	p = opus;
	p.redundancy = 1;
	assert_false(qos_mode_take_head(&p, &head));
	p = payload_of("AMR-WB", 16000, "");
	assert_false(qos_mode_take_head(&p, &head));
	assert_false(p.band.is_known);
}

/* 34 octets: 13.2 kbit/s behind its table of contents, or AMR-WB's 12.65 with a CMR as well. */
static void packets_say_the_mode_of_evs(void **state)
{
	struct qos_head primary = head_of(96, 0x04, 0), io = head_of(96, 0x80, 0x32);
	struct qos_head other = head_of(96, 0x05, 0);
	struct qos_payload p = payload_of("EVS", 16000, "");

	(void)state;
	assert_null(qos_mode_from_size(&p, 34, 320));
	qos_mode_take_head(&p, &primary);
	assert_mode(qos_mode_from_size(&p, 34, 320), "swb-13.2");
	assert_int_equal(qos_mode_basis(&p, qos_mode_from_size(&p, 34, 320), 0), QOS_BASIS_ASSUMED);
	qos_mode_take_head(&p, &io);
	assert_mode(qos_mode_from_size(&p, 34, 320), "io-12.65");
	/* Of another mode than these; a size that is clear needs no word. */
	qos_mode_take_head(&p, &other);
	assert_null(qos_mode_from_size(&p, 34, 320));
	assert_mode(qos_mode_from_size(&p, 81, 320), "swb-32");
	assert_true(qos_mode_take_head(&p, &io));
	assert_false(qos_mode_take_head(&p, &io));
	assert_mode(qos_mode_from_size(&p, 33, 320), "swb-13.2");
	p = payload_of("EVS", 16000, "bw=swb");
	assert_int_equal(qos_mode_basis(&p, qos_mode_from_size(&p, 33, 320), 0), QOS_BASIS_G113);
	p = payload_of("EVS", 16000, "bw=nb-swb");
	assert_int_equal(qos_mode_basis(&p, qos_mode_from_size(&p, 33, 320), 0), QOS_BASIS_ASSUMED);
}

static void fmtp_may_leave_one_mode(void **state)
{
	static const struct {
		const char *name, *fmtp;
		uint32_t clock;
		const char *mode;
	} rows[] = {
		{"iLBC", "mode=20", 8000, "15.2"},
		{"iLBC", "mode=30", 8000, "13.3"},
		{"iLBC", "mode=99999999999999999999", 8000, ""},
		{"G7221", "bitrate=24000", 16000, "24"},
		{"G7221", " bitrate = 32000 ", 16000, "32"},
		{"EVS", "bw=wb", 16000, "wb"},
		{"opus", "maxplaybackrate=8000", 48000, "nb"},
		{"opus", "maxplaybackrate=16000", 48000, "wb"},
		{"opus", "maxplaybackrate=48000", 48000, ""},
		{"EVS", "bw=swb", 16000, ""},
		{"AMR-WB", ";;=;octet-align=;mode-set", 16000, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_payload p = payload_of(rows[i].name, rows[i].clock, rows[i].fmtp);

		assert_string_equal(p.codec->mode, rows[i].mode);
		assert_false(p.is_octet_aligned);
	}
}

static void redundancy_names_what_is_heard(void **state)
{
	static const struct {
		const char *fmtp;
		bool is_known;
		uint8_t primary, blocks;
	} rows[] = {
		{"111/111", true, 111, 1},
		{"0/0/0", true, 0, 2},
		{"96/5", true, 96, 1},
		{"111", false, 0, 0},
		{"", false, 0, 0},
		{"/111", false, 0, 0},
		{"200/111", false, 0, 0},
		{"x/111", false, 0, 0},
		{"1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1", true, 1, QOS_REDUNDANCY_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t primary = 0, blocks = 0;

		assert_int_equal(
			qos_mode_redundancy(bytes_from_str(rows[i].fmtp), &primary, &blocks),
			rows[i].is_known);
		if (rows[i].is_known) {
			assert_int_equal(primary, rows[i].primary);
			assert_int_equal(blocks, rows[i].blocks);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_modes_by_the_size_of_packets),
		cmocka_unit_test(passes_over_other_arrangements),
		cmocka_unit_test(takes_the_tag_of_srtp_off),
		cmocka_unit_test(a_size_that_two_tags_explain_is_none),
		cmocka_unit_test(scales_do_not_flutter),
		cmocka_unit_test(packets_say_the_band_of_opus),
		cmocka_unit_test(mediumband_is_an_assumption),
		cmocka_unit_test(one_packet_is_an_exception),
		cmocka_unit_test(reads_no_other_packets),
		cmocka_unit_test(packets_say_the_mode_of_evs),
		cmocka_unit_test(fmtp_may_leave_one_mode),
		cmocka_unit_test(redundancy_names_what_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
