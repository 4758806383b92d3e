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
		[19] = {"cn",
			8000}, /* reserved: Cisco's and others' comfort noise before RFC 3551 */
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
		assert_int_equal(codec->kind, pt == 13 || pt == 19 ? QOS_NOISE
					      : pt >= 25	   ? QOS_VIDEO
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
		{"PCMU", QOS_BASIS_G113, 0, 25.1},
		{"PCMA", QOS_BASIS_G113, 0, 25.1},
		{"G729A", QOS_BASIS_G113, 10, 19},
		{"G729AB", QOS_BASIS_G113, 11, 19},
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
		{"GSM-HR-08", QOS_BASIS_ASSUMED, 23, 10},
		{"EVRC", QOS_BASIS_ASSUMED, 6, 10},
		{"IS-641", QOS_BASIS_ASSUMED, 10, 10},
		{"VSELP", QOS_BASIS_ASSUMED, 20, 10},
		{"PDC", QOS_BASIS_ASSUMED, 24, 10},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct qos_codec *codec = find(rows[i].name, 8000);

		assert_non_null(codec);
		assert_int_equal(codec->scale, QOS_NB);
		assert_int_equal(codec->basis, rows[i].basis);
		assert_true(fabs(codec->ie - rows[i].ie) < 1e-6);
		assert_true(fabs(codec->bpl - rows[i].bpl) < 1e-6);
	}
}

/* Rows of G.113 and of the literature, mode by mode; Bpl of bursty loss where there is one. */
struct mode_row {
	const char *name, *mode;
	enum qos_scale scale;
	enum qos_basis basis;
	double ie, bpl, bpl_bursty;
};

static const struct mode_row mode_rows[] = {
	{"PCMU", "no-plc", QOS_NB, QOS_BASIS_G113, 0, 4.3, 0},
	{"PCMA", "no-plc", QOS_NB, QOS_BASIS_G113, 0, 4.3, 0},
	{"G723", "6.3", QOS_NB, QOS_BASIS_G113, 15, 16.1, 0},
	{"G723", "5.3", QOS_NB, QOS_BASIS_ASSUMED, 19, 16.1, 0},
	{"QCELP", "8", QOS_NB, QOS_BASIS_ASSUMED, 21, 10, 0},
	{"G728", "16", QOS_NB, QOS_BASIS_ASSUMED, 7, 10, 0},
	{"G728", "12.8", QOS_NB, QOS_BASIS_ASSUMED, 20, 10, 0},
	{"AMR", "4.75", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "5.15", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "5.9", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "6.7", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "7.4", QOS_NB, QOS_BASIS_ASSUMED, 10, 10, 0},
	{"AMR", "7.95", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "10.2", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"AMR", "12.2", QOS_NB, QOS_BASIS_ASSUMED, 5, 10, 0},
	{"iLBC", "15.2", QOS_NB, QOS_BASIS_LIT, 11, 32, 0},
	{"iLBC", "13.3", QOS_NB, QOS_BASIS_LIT, 14, 32, 0},
	{"AMR-WB", "6.6", QOS_WB, QOS_BASIS_ASSUMED, 41, 4.3, 0},
	{"AMR-WB", "8.85", QOS_WB, QOS_BASIS_ASSUMED, 26, 4.3, 0},
	{"AMR-WB", "12.65", QOS_WB, QOS_BASIS_G113, 13, 4.3, 0},
	{"AMR-WB", "14.25", QOS_WB, QOS_BASIS_ASSUMED, 10, 4.3, 0},
	{"AMR-WB", "15.85", QOS_WB, QOS_BASIS_ASSUMED, 7, 4.3, 0},
	{"AMR-WB", "18.25", QOS_WB, QOS_BASIS_ASSUMED, 5, 4.3, 0},
	{"AMR-WB", "19.85", QOS_WB, QOS_BASIS_ASSUMED, 3, 4.3, 0},
	{"AMR-WB", "23.05", QOS_WB, QOS_BASIS_G113, 1, 4.6, 0},
	{"AMR-WB", "23.85", QOS_WB, QOS_BASIS_G113, 8, 4.9, 0},
	{"G722", "64", QOS_WB, QOS_BASIS_ASSUMED, 13, 4.3, 0},
	{"G722", "56", QOS_WB, QOS_BASIS_ASSUMED, 20, 4.3, 0},
	{"G722", "48", QOS_WB, QOS_BASIS_ASSUMED, 31, 4.3, 0},
	{"G7221", "32", QOS_WB, QOS_BASIS_ASSUMED, 13, 4.3, 0},
	{"G7221", "24", QOS_WB, QOS_BASIS_ASSUMED, 19, 4.3, 0},
	{"EVS", "nb", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "wb", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "2.8", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "7.2", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "8", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "64", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "96", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "128", QOS_NB, QOS_BASIS_NONE, 0, 0, 0},
	{"EVS", "SWB-9.6", QOS_FB, QOS_BASIS_G113, 22.7, 13, 0},
	{"EVS", "SWB-13.2", QOS_FB, QOS_BASIS_G113, 17.1, 11.7, 0},
	{"EVS", "SWB-16.4", QOS_FB, QOS_BASIS_G113, 10.8, 10.3, 0},
	{"EVS", "SWB-24.4", QOS_FB, QOS_BASIS_G113, 7.2, 11.4, 0},
	{"EVS", "SWB-32", QOS_FB, QOS_BASIS_G113, 8.7, 9.3, 0},
	{"EVS", "SWB-48", QOS_FB, QOS_BASIS_G113, 10.2, 9.6, 0},
	{"opus", "nb", QOS_NB, QOS_BASIS_ASSUMED, 11.7, 18.9, 12.4},
	{"opus", "wb", QOS_WB, QOS_BASIS_ASSUMED, 20.0, 19.5, 16.9},
	{"opus", "nb-6", QOS_NB, QOS_BASIS_LIT, 23.0, 24.6, 15.4},
	{"opus", "nb-7", QOS_NB, QOS_BASIS_LIT, 21.3, 22.5, 14.4},
	{"opus", "nb-8", QOS_NB, QOS_BASIS_LIT, 16.0, 20.3, 13.5},
	{"opus", "nb-9", QOS_NB, QOS_BASIS_LIT, 11.7, 18.9, 12.4},
	{"opus", "nb-6-cbr", QOS_NB, QOS_BASIS_LIT, 46.3, 8.9, 5.7},
	{"opus", "nb-7-cbr", QOS_NB, QOS_BASIS_LIT, 31.7, 18.2, 11.8},
	{"opus", "nb-8-cbr", QOS_NB, QOS_BASIS_LIT, 19.2, 15.1, 10.1},
	{"opus", "nb-9-cbr", QOS_NB, QOS_BASIS_LIT, 13.2, 17.2, 11.4},
	{"opus", "nb-10-cbr", QOS_NB, QOS_BASIS_LIT, 6.2, 15.3, 10.5},
	{"opus", "nb-11-cbr", QOS_NB, QOS_BASIS_LIT, 2.0, 16.0, 10.7},
	{"opus", "wb-11", QOS_WB, QOS_BASIS_LIT, 28.4, 23.9, 20.1},
	{"opus", "wb-12", QOS_WB, QOS_BASIS_LIT, 23.3, 22.2, 18.9},
	{"opus", "wb-13", QOS_WB, QOS_BASIS_LIT, 20.0, 19.5, 16.9},
	{"opus", "wb-12-cbr", QOS_WB, QOS_BASIS_LIT, 29.8, 24.8, 20.8},
	{"opus", "wb-13-cbr", QOS_WB, QOS_BASIS_LIT, 26.2, 23.0, 19.4},
	{"opus", "wb-14-cbr", QOS_WB, QOS_BASIS_LIT, 20.8, 17.6, 15.8},
	{"opus", "wb-15-cbr", QOS_WB, QOS_BASIS_LIT, 18.1, 18.7, 16.1},
	{"opus", "swb-14", QOS_FB, QOS_BASIS_LIT, 38.1, 16.5, 9.1},
	{"opus", "swb-16", QOS_FB, QOS_BASIS_LIT, 30.2, 11.8, 10.1},
	{"opus", "swb-19", QOS_FB, QOS_BASIS_LIT, 23.8, 10.7, 8.9},
	{"opus", "swb-22", QOS_FB, QOS_BASIS_LIT, 20.2, 10.5, 8.6},
	{"opus", "swb-25", QOS_FB, QOS_BASIS_LIT, 20.2, 11.3, 9.2},
	{"opus", "swb-28", QOS_FB, QOS_BASIS_LIT, 18.5, 10.6, 8.9},
	{"opus", "swb-31", QOS_FB, QOS_BASIS_LIT, 16.8, 10.4, 8.8},
	{"opus", "swb-34", QOS_FB, QOS_BASIS_LIT, 14.8, 10.1, 8.5},
	{"opus", "swb-37", QOS_FB, QOS_BASIS_LIT, 12.1, 10.4, 8.3},
	{"opus", "swb-40", QOS_FB, QOS_BASIS_LIT, 10.7, 9.8, 8.0},
	{"opus", "swb-16-cbr", QOS_FB, QOS_BASIS_LIT, 36.9, 13.3, 10.8},
	{"opus", "swb-19-cbr", QOS_FB, QOS_BASIS_LIT, 29.6, 10.7, 8.9},
	{"opus", "swb-22-cbr", QOS_FB, QOS_BASIS_LIT, 23.4, 10.0, 8.5},
	{"opus", "swb-25-cbr", QOS_FB, QOS_BASIS_LIT, 22.6, 10.6, 8.7},
	{"opus", "swb-28-cbr", QOS_FB, QOS_BASIS_LIT, 23.7, 11.7, 10.0},
	{"opus", "swb-31-cbr", QOS_FB, QOS_BASIS_LIT, 21.7, 11.5, 9.6},
	{"opus", "swb-34-cbr", QOS_FB, QOS_BASIS_LIT, 20.6, 11.8, 9.7},
	{"opus", "swb-37-cbr", QOS_FB, QOS_BASIS_LIT, 16.2, 10.6, 9.0},
	{"opus", "swb-40-cbr", QOS_FB, QOS_BASIS_LIT, 15.9, 11.4, 9.4},
};

static void modes_have_the_figures_of_their_tables(void **state)
{
	unsigned io = 0, count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(mode_rows); i++) {
		const struct mode_row *row = &mode_rows[i];
		const struct qos_codec *codec = qos_codec_find_mode(
			bytes_from_str(row->name), bytes_from_str(row->mode), 0);

		assert_non_null(codec);
		assert_int_equal(codec->kind, QOS_AUDIO);
		assert_int_equal(codec->basis, row->basis);
		assert_int_equal(codec->scale, row->scale);
		assert_true(fabs(codec->ie - row->ie) < 1e-9);
		assert_true(fabs(codec->bpl - row->bpl) < 1e-9);
		assert_true(fabs(codec->bpl_bursty - row->bpl_bursty) < 1e-9);
	}
	/* There are no others, but for the interoperable modes of EVS, which are those of AMR-WB. */
	for (size_t i = 0; i < COUNT(mode_rows); i++) {
		const struct qos_codec *codec = NULL;

		if (i && strcmp(mode_rows[i].name, mode_rows[i - 1].name) == 0)
			continue;
		while ((codec = qos_codec_next_mode(bytes_from_str(mode_rows[i].name), codec))) {
			const struct qos_codec *wb = qos_codec_find_mode(BYTES_LIT("amr-wb"),
				bytes_skip(bytes_from_str(codec->mode), 3), 16000);

			count++;
			if (strncmp(codec->mode, "io-", 3) != 0)
				continue;
			io++;
			assert_non_null(wb);
			assert_int_equal(codec->scale, QOS_WB);
			assert_int_equal(codec->basis, QOS_BASIS_ASSUMED);
			assert_true(fabs(codec->ie - wb->ie) + fabs(codec->bpl - wb->bpl) < 1e-9);
		}
	}
	assert_int_equal(io, 9);
	assert_int_equal(count, COUNT(mode_rows) + io);
}

/* What SDP does not say is assumed, in the open: the same figures as that mode's, another basis. */
static void codec_without_mode_has_the_figures_of_one(void **state)
{
	static const struct {
		const char *name;
		uint32_t clock;
		const char *mode;
	} rows[] = {{"G722", 8000, "64"}, {"G722", 16000, "64"}, {"opus", 48000, "swb-31"},
		{"AMR-WB", 16000, "12.65"}, {"EVS", 16000, "swb-13.2"}, {"G7221", 16000, "32"},
		{"AMR", 8000, "12.2"}, {"iLBC", 8000, "15.2"}, {"G728", 8000, "16"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct qos_codec *codec = find(rows[i].name, rows[i].clock);
		const struct qos_codec *mode = qos_codec_find_mode(
			bytes_from_str(rows[i].name), bytes_from_str(rows[i].mode), 0);

		assert_non_null(codec);
		assert_non_null(mode);
		assert_string_equal(codec->mode, "");
		assert_int_equal(codec->clock, rows[i].clock);
		assert_int_equal(codec->basis, QOS_BASIS_ASSUMED);
		assert_int_equal(codec->scale, mode->scale);
		assert_true(fabs(codec->ie - mode->ie) < 1e-9);
		assert_true(fabs(codec->bpl - mode->bpl) < 1e-9);
		assert_true(fabs(codec->bpl_bursty - mode->bpl_bursty) < 1e-9);
	}
}

static void codecs_without_figures_have_no_basis(void **state)
{
	static const struct {
		const char *name;
		uint32_t clock;
	} rows[] = {{"QCELP", 8000}, {"G7221", 32000}, {"SILK", 24000}, {"ISAC", 32000},
		{"speex", 16000}, {"AMR-WB+", 72000}, {"L16", 44100}, {"G719", 48000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct qos_codec *codec = find(rows[i].name, rows[i].clock);

		assert_non_null(codec);
		assert_int_equal(codec->basis, QOS_BASIS_NONE);
		assert_int_equal(codec->clock, rows[i].clock);
	}
}

static void modes_are_found_by_name_mode_and_clock(void **state)
{
	const struct bytes name = BYTES_LIT("Amr-Wb"), mode = BYTES_LIT("12.65");
	const struct qos_codec *codec = qos_codec_find_mode(name, mode, 16000);

	(void)state;
	assert_non_null(codec);
	assert_string_equal(codec->name, "amr-wb");
	assert_string_equal(codec->mode, "12.65");
	assert_ptr_equal(qos_codec_find_mode(name, mode, 0), codec);
	assert_null(qos_codec_find_mode(name, mode, 8000));
	assert_null(qos_codec_find_mode(name, BYTES_LIT("12.6"), 16000));
	assert_null(qos_codec_find_mode(BYTES_LIT("amr"), mode, 0));
	assert_ptr_equal(qos_codec_find_mode(name, BYTES_NONE, 16000), qos_codec_find(name, 16000));
	assert_null(qos_codec_next_mode(BYTES_LIT("g729"), NULL));
}

static void g711_is_received_with_concealment_or_without(void **state)
{
	(void)state;
	for (uint8_t pt = 0; pt <= 8; pt += 8) {
		const struct qos_codec *codec = qos_codec_static(pt);

		assert_ptr_equal(qos_codec_received(codec, true), codec);
		assert_string_equal(qos_codec_received(codec, false)->name, codec->name);
		assert_true(fabs(qos_codec_received(codec, false)->bpl - 4.3) < 1e-9);
	}
	assert_ptr_equal(qos_codec_received(qos_codec_static(18), false), qos_codec_static(18));
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
	assert_ptr_equal(p.codec, find("g722", 16000));
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
	assert_string_equal(qos_basis_name(QOS_BASIS_LIT), "lit");
	assert_string_equal(qos_basis_name(QOS_BASIS_ASSUMED), "assumed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_types_are_those_of_rfc_3551),
		cmocka_unit_test(narrowband_figures_are_those_of_g113),
		cmocka_unit_test(modes_have_the_figures_of_their_tables),
		cmocka_unit_test(codec_without_mode_has_the_figures_of_one),
		cmocka_unit_test(codecs_without_figures_have_no_basis),
		cmocka_unit_test(modes_are_found_by_name_mode_and_clock),
		cmocka_unit_test(g711_is_received_with_concealment_or_without),
		cmocka_unit_test(names_match_in_any_case_and_whole),
		cmocka_unit_test(payload_without_rtpmap_is_the_static_type),
		cmocka_unit_test(rtpmap_wins_over_the_static_type),
		cmocka_unit_test(impairment_holds_at_its_own_clock_only),
		cmocka_unit_test(names_are_cut_and_made_printable),
		cmocka_unit_test(basis_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
