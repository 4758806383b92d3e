/* SPDX-License-Identifier: BSD-3-Clause */
/* Codec names, static payload types and figures. */
#include <math.h>

#include "qos_codec.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct qos_codec *find(const char *name, uint32_t clock)
{
	return qos_codec_find(bytes_from_str(name), clock);
}

/* RFC 3551 section 6, tables 4 and 5. */
static void static_types_are_those_of_rfc_3551(void **state)
{
	static const struct {
		const char *name;
		uint32_t clock;
	} types[128] = {
		[0] = {"pcmu", 8000},
		[3] = {"gsm", 8000},
		[4] = {"g723", 8000},
		[5] = {"dvi4", 8000},
		[6] = {"dvi4", 16000},
		[7] = {"lpc", 8000},
		[8] = {"pcma", 8000},
		[9] = {"g722", 8000},
		[10] = {"l16", 44100},
		[11] = {"l16", 44100},
		[12] = {"qcelp", 8000},
		[13] = {"cn", 8000},
		[14] = {"mpa", 90000},
		[15] = {"g728", 8000},
		[16] = {"dvi4", 11025},
		[17] = {"dvi4", 22050},
		[18] = {"g729", 8000},
		[25] = {"celb", 90000},
		[26] = {"jpeg", 90000},
		[28] = {"nv", 90000},
		[31] = {"h261", 90000},
		[32] = {"mpv", 90000},
		[33] = {"mp2t", 90000},
		[34] = {"h263", 90000},
	};

	(void)state;
	for (unsigned pt = 0; pt <= UINT8_MAX; pt++) {
		const struct qos_codec *codec = qos_codec_static((uint8_t)pt);

		if (pt >= COUNT(types) || !types[pt].name) {
			assert_null(codec);
			continue;
		}
		assert_non_null(codec);
		assert_string_equal(codec->name, types[pt].name);
		assert_int_equal(codec->clock, types[pt].clock);
		assert_int_equal(codec->kind, pt == 13	 ? QOS_NOISE
					      : pt >= 25 ? QOS_VIDEO
							 : QOS_AUDIO);
	}
}

static void narrowband_figures_are_those_of_g113(void **state)
{
	static const struct {
		const char *name;
		enum qos_basis basis;
		double ie, bpl;
	} rows[] = {
		{"PCMU", QOS_BASIS_G113, 0, 4.3},
		{"PCMA", QOS_BASIS_G113, 0, 4.3},
		{"G729", QOS_BASIS_G113, 10, 19},
		{"G723", QOS_BASIS_G113, 15, 16.1},
		{"GSM-EFR", QOS_BASIS_G113, 5, 10},
		{"GSM", QOS_BASIS_ASSUMED, 20, 10},
		{"G726-40", QOS_BASIS_ASSUMED, 2, 4.3},
		{"G726-32", QOS_BASIS_ASSUMED, 7, 4.3},
		{"G726-24", QOS_BASIS_ASSUMED, 25, 4.3},
		{"G726-16", QOS_BASIS_ASSUMED, 50, 4.3},
		{"G728", QOS_BASIS_ASSUMED, 7, 10},
		{"iLBC", QOS_BASIS_ASSUMED, 11, 32},
		{"AMR", QOS_BASIS_ASSUMED, 5, 10},
		{"speex", QOS_BASIS_ASSUMED, 10, 10},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct qos_codec *codec = find(rows[i].name, 8000);

		assert_non_null(codec);
		assert_int_equal(codec->basis, rows[i].basis);
		assert_true(fabs(codec->ie - rows[i].ie) < 1e-6);
		assert_true(fabs(codec->bpl - rows[i].bpl) < 1e-6);
	}
}

static void wideband_codecs_have_no_narrowband_figures(void **state)
{
	static const struct {
		const char *name;
		uint32_t clock;
	} rows[] = {{"G722", 8000}, {"opus", 48000}, {"AMR-WB", 16000}, {"EVS", 16000},
		{"G7221", 16000}, {"G7221", 32000}, {"SILK", 24000}, {"ISAC", 32000},
		{"speex", 16000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct qos_codec *codec = find(rows[i].name, rows[i].clock);

		assert_non_null(codec);
		assert_int_equal(codec->basis, QOS_BASIS_NONE);
		assert_int_equal(codec->clock, rows[i].clock);
	}
}

static void names_match_in_any_case_and_whole(void **state)
{
	(void)state;
	assert_ptr_equal(find("pCmU", 0), qos_codec_static(0));
	assert_ptr_equal(find("DVI4", 0), qos_codec_static(5));
	assert_ptr_equal(find("dvi4", 22050), qos_codec_static(17));
	assert_null(find("PCM", 0));
	assert_null(find("PCMUX", 0));
	assert_null(find("", 0));
	assert_null(find("PCMU", 16000));
}

static void init(struct qos_payload *payload, uint8_t pt, const char *name, uint32_t clock)
{
	memset(payload, 0xa5, sizeof(*payload));
	qos_payload_init(payload, pt, bytes_from_str(name), clock);
	assert_int_equal(payload->pt, pt);
}

static void payload_without_rtpmap_is_the_static_type(void **state)
{
	struct qos_payload p;

	(void)state;
	init(&p, 8, "", 0);
	assert_string_equal(p.name, "pcma");
	assert_int_equal(p.clock, 8000);
	assert_ptr_equal(p.codec, qos_codec_static(8));
	init(&p, 34, "", 0);
	assert_int_equal(p.kind, QOS_VIDEO);
	init(&p, 100, "", 0);
	assert_string_equal(p.name, "");
	assert_int_equal(p.clock, 0);
	assert_null(p.codec);
}

static void rtpmap_wins_over_the_static_type(void **state)
{
	struct qos_payload p;

	(void)state;
	init(&p, 0, "opus", 48000);
	assert_string_equal(p.name, "opus");
	assert_int_equal(p.clock, 48000);
	init(&p, 9, "G722", 16000); /* the clock senders get wrong */
	assert_int_equal(p.clock, 16000);
	assert_ptr_equal(p.codec, qos_codec_static(9));
	init(&p, 101, "telephone-event", 48000);
	assert_int_equal(p.kind, QOS_EVENT);
	assert_int_equal(p.clock, 48000);
	assert_non_null(p.codec);
}

/* PCMU/16000 sounds otherwise than G.711 at 8 kHz. */
static void impairment_holds_at_its_own_clock_only(void **state)
{
	struct qos_payload p;

	(void)state;
	init(&p, 96, "PCMU", 16000);
	assert_null(p.codec);
	assert_int_equal(p.clock, 16000);
	assert_int_equal(p.kind, QOS_AUDIO);
	assert_string_equal(p.name, "pcmu");
}

static void names_are_cut_and_made_printable(void **state)
{
	struct qos_payload p;

	(void)state;
	init(&p, 96, "X-\x01 \xff\"Y", 8000);
	assert_string_equal(p.name, "x-???\"y");
	assert_null(p.codec);
	init(&p, 96, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 8000);
	assert_string_equal(p.name, "abcdefghijklmnopqrstuvw");
}

static void basis_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(qos_basis_name(QOS_BASIS_NONE), "none");
	assert_string_equal(qos_basis_name(QOS_BASIS_G113), "g113");
	assert_string_equal(qos_basis_name(QOS_BASIS_ASSUMED), "assumed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_types_are_those_of_rfc_3551),
		cmocka_unit_test(narrowband_figures_are_those_of_g113),
		cmocka_unit_test(wideband_codecs_have_no_narrowband_figures),
		cmocka_unit_test(names_match_in_any_case_and_whole),
		cmocka_unit_test(payload_without_rtpmap_is_the_static_type),
		cmocka_unit_test(rtpmap_wins_over_the_static_type),
		cmocka_unit_test(impairment_holds_at_its_own_clock_only),
		cmocka_unit_test(names_are_cut_and_made_printable),
		cmocka_unit_test(basis_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
