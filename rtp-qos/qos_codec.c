/* SPDX-License-Identifier: BSD-3-Clause */
/* The codec tables. Ie and Bpl are those of ITU-T G.113 Appendix I, Tables I.1 and I.4 (provisional
 * planning values), on the narrowband scale of G.107 only: wideband and fullband codecs have theirs
 * on other scales (G.107.1, G.107.2), which must not meet in one formula, and so stand as NONE. */
#include "qos_codec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define G113(name, clock, ie, bpl)                              \
	{                                                       \
		name, clock, QOS_AUDIO, QOS_BASIS_G113, ie, bpl \
	}
#define ASSUMED(name, clock, ie, bpl)                              \
	{                                                          \
		name, clock, QOS_AUDIO, QOS_BASIS_ASSUMED, ie, bpl \
	}
#define NONE(name, clock, kind)                         \
	{                                               \
		name, clock, kind, QOS_BASIS_NONE, 0, 0 \
	}

/* G.113 has no Bpl for these codecs. A frame codec repeats the last frame like GSM EFR (10); a
 * sample codec conceals nothing by itself, like G.711 without Appendix I (4.3). */
#define ASSUMED_BPL_FRAME  10.0f
#define ASSUMED_BPL_SAMPLE 4.3f

/* RFC 3551 section 6, tables 4 and 5. */
static const struct qos_codec static_types[] = {
	[0] = G113("pcmu", 8000, 0, 4.3f),
	[3] = ASSUMED("gsm", 8000, 20, ASSUMED_BPL_FRAME), /* Bpl assumed */
	/* The 6.3 kbit/s row with VAD; at 5.3 kbit/s Ie would be 19, but SDP names no rate. */
	[4] = G113("g723", 8000, 15, 16.1f),
	[5] = NONE("dvi4", 8000, QOS_AUDIO),
	[6] = NONE("dvi4", 16000, QOS_AUDIO),
	[7] = NONE("lpc", 8000, QOS_AUDIO),
	[8] = G113("pcma", 8000, 0, 4.3f),
	/* 8000 by mistake in RFC 1890, kept for compatibility (RFC 3551 section 4.5.2). */
	[9] = NONE("g722", 8000, QOS_AUDIO),
	[10] = NONE("l16", 44100, QOS_AUDIO), /* stereo */
	[11] = NONE("l16", 44100, QOS_AUDIO),
	[12] = NONE("qcelp", 8000, QOS_AUDIO),
	[13] = NONE("cn", 8000, QOS_NOISE),
	[14] = NONE("mpa", 90000, QOS_AUDIO),
	[15] = ASSUMED("g728", 8000, 7, ASSUMED_BPL_FRAME), /* Bpl assumed; Ie of 16 kbit/s */
	[16] = NONE("dvi4", 11025, QOS_AUDIO),
	[17] = NONE("dvi4", 22050, QOS_AUDIO),
	/* The Bpl stands in the row of G.729A with VAD, whose Ie is 11: see g729ab below. */
	[18] = G113("g729", 8000, 10, 19),
	[25] = NONE("celb", 90000, QOS_VIDEO),
	[26] = NONE("jpeg", 90000, QOS_VIDEO),
	[28] = NONE("nv", 90000, QOS_VIDEO),
	[31] = NONE("h261", 90000, QOS_VIDEO),
	[32] = NONE("mpv", 90000, QOS_VIDEO),
	[33] = NONE("mp2t", 90000, QOS_VIDEO),
	[34] = NONE("h263", 90000, QOS_VIDEO),
};

static const struct qos_codec dynamic_types[] = {
	/* Narrowband. */
	G113("gsm-efr", 8000, 5, 10),
	ASSUMED("gsm-hr-08", 8000, 23, ASSUMED_BPL_FRAME), /* Bpl assumed */
	G113("g729a", 8000, 10, 19), /* not registered, but seen */
	G113("g729ab", 8000, 11, 19), /* the same */
	/* Bpl assumed for all eight; the AAL2 names differ in bit order only (RFC 3551, 4.5.4). */
	ASSUMED("g726-40", 8000, 2, ASSUMED_BPL_SAMPLE),
	ASSUMED("g726-32", 8000, 7, ASSUMED_BPL_SAMPLE),
	ASSUMED("g726-24", 8000, 25, ASSUMED_BPL_SAMPLE),
	ASSUMED("g726-16", 8000, 50, ASSUMED_BPL_SAMPLE),
	ASSUMED("aal2-g726-40", 8000, 2, ASSUMED_BPL_SAMPLE),
	ASSUMED("aal2-g726-32", 8000, 7, ASSUMED_BPL_SAMPLE),
	ASSUMED("aal2-g726-24", 8000, 25, ASSUMED_BPL_SAMPLE),
	ASSUMED("aal2-g726-16", 8000, 50, ASSUMED_BPL_SAMPLE),
	/* No row in G.113: the 12.2 kbit/s mode is that of GSM EFR, the others are taken for it. */
	ASSUMED("amr", 8000, 5, 10),
	ASSUMED("ilbc", 8000, 11, 32), /* no row in G.113: both from the literature, 15.2 kbit/s */
	ASSUMED("speex", 8000, 10,
		ASSUMED_BPL_FRAME), /* no row: Ie for about 15 kbit/s, both assumed */
	NONE("g729d", 8000, QOS_AUDIO),
	NONE("g729e", 8000, QOS_AUDIO),
	NONE("evrc", 8000, QOS_AUDIO),
	NONE("evrc0", 8000, QOS_AUDIO),
	NONE("l8", 8000, QOS_AUDIO),
	NONE("l16", 8000, QOS_AUDIO),
	NONE("vdvi", 8000, QOS_AUDIO),
	NONE("clearmode", 8000, QOS_AUDIO), /* RFC 4040: data, not speech */
	NONE("bv16", 8000, QOS_AUDIO),

	/* Wideband and more. */
	NONE("opus", 48000, QOS_AUDIO),
	NONE("amr-wb", 16000, QOS_AUDIO),
	NONE("amr-wb+", 72000, QOS_AUDIO),
	NONE("evs", 16000, QOS_AUDIO),
	NONE("g7221", 16000, QOS_AUDIO),
	NONE("g7221", 32000, QOS_AUDIO),
	NONE("g719", 48000, QOS_AUDIO),
	NONE("g7291", 16000, QOS_AUDIO),
	NONE("pcmu-wb", 16000, QOS_AUDIO),
	NONE("pcma-wb", 16000, QOS_AUDIO),
	NONE("bv32", 16000, QOS_AUDIO),
	NONE("silk", 8000, QOS_AUDIO),
	NONE("silk", 12000, QOS_AUDIO),
	NONE("silk", 16000, QOS_AUDIO),
	NONE("silk", 24000, QOS_AUDIO),
	NONE("isac", 16000, QOS_AUDIO),
	NONE("isac", 32000, QOS_AUDIO),
	NONE("speex", 16000, QOS_AUDIO),
	NONE("speex", 32000, QOS_AUDIO),
	NONE("mp4a-latm", 90000, QOS_AUDIO),
	NONE("mpeg4-generic", 48000, QOS_AUDIO),

	/* Not speech; their clock is that of the codec they go with. */
	NONE("telephone-event", 8000, QOS_EVENT),
	NONE("tone", 8000, QOS_EVENT),
	NONE("red", 8000, QOS_REDUNDANCY),
	NONE("rtx", 90000, QOS_REDUNDANCY),
	NONE("ulpfec", 90000, QOS_REDUNDANCY),
	NONE("parityfec", 90000, QOS_REDUNDANCY),
	NONE("flexfec", 90000, QOS_REDUNDANCY),
	NONE("flexfec-03", 90000, QOS_REDUNDANCY),
	NONE("t140", 1000, QOS_TEXT),

	NONE("h263-1998", 90000, QOS_VIDEO),
	NONE("h263-2000", 90000, QOS_VIDEO),
	NONE("h264", 90000, QOS_VIDEO),
	NONE("h264-svc", 90000, QOS_VIDEO),
	NONE("h265", 90000, QOS_VIDEO),
	NONE("h266", 90000, QOS_VIDEO),
	NONE("vp8", 90000, QOS_VIDEO),
	NONE("vp9", 90000, QOS_VIDEO),
	NONE("av1", 90000, QOS_VIDEO),
	NONE("mp4v-es", 90000, QOS_VIDEO),
	NONE("x-rtvc1", 90000, QOS_VIDEO),
	NONE("x-h264uc", 90000, QOS_VIDEO),
};

static const struct qos_codec *find_in(
	const struct qos_codec *table, size_t count, struct bytes name, uint32_t clock)
{
	for (size_t i = 0; i < count; i++) {
		if (!table[i].name || (clock && table[i].clock != clock))
			continue;
		if (bytes_eq_nocase(name, bytes_from_str(table[i].name)))
			return &table[i];
	}
	return NULL;
}

const struct qos_codec *qos_codec_find(struct bytes name, uint32_t clock)
{
	const struct qos_codec *codec;

	codec = find_in(static_types, COUNT(static_types), name, clock);
	return codec ? codec : find_in(dynamic_types, COUNT(dynamic_types), name, clock);
}

const struct qos_codec *qos_codec_static(uint8_t pt)
{
	if (pt >= COUNT(static_types) || !static_types[pt].name)
		return NULL;
	return &static_types[pt];
}

static void copy_name(char *text, struct bytes name)
{
	uint8_t *out = (uint8_t *)text;

	name = bytes_head(name, QOS_CODEC_NAME_MAX - 1);
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = ascii_lower(name.p[i]);

		out[i] = c > ' ' && c < 0x7f ? c : '?';
	}
	out[name.n] = '\0';
}

/* The name alone does for codecs without figures, whose clock may be that of another codec; an
 * impairment holds at its own clock only: PCMU/16000 is no narrowband G.711. */
static const struct qos_codec *find_signalled(
	struct bytes name, uint32_t clock, enum qos_kind *kind)
{
	const struct qos_codec *codec = qos_codec_find(name, clock);

	if (!codec) {
		codec = qos_codec_find(name, 0);
		*kind = codec ? codec->kind : QOS_AUDIO;
		return codec && codec->basis == QOS_BASIS_NONE ? codec : NULL;
	}
	*kind = codec->kind;
	return codec;
}

void qos_payload_init(struct qos_payload *payload, uint8_t pt, struct bytes name, uint32_t clock)
{
	const struct qos_codec *codec;

	*payload = (struct qos_payload){.pt = pt, .kind = QOS_AUDIO};
	if (name.n) {
		codec = find_signalled(name, clock, &payload->kind);
	} else {
		codec = qos_codec_static(pt);
		if (codec) {
			payload->kind = codec->kind;
			name = bytes_from_str(codec->name);
		}
	}
	payload->codec = codec;
	payload->clock = clock || !codec ? clock : codec->clock;
	copy_name(payload->name, name);
}

const char *qos_basis_name(enum qos_basis basis)
{
	switch (basis) {
	case QOS_BASIS_G113:
		return "g113";
	case QOS_BASIS_ASSUMED:
		return "assumed";
	case QOS_BASIS_NONE:
		break;
	}
	return "none";
}
