/* SPDX-License-Identifier: BSD-3-Clause */
/* The codec tables, from qos_codecs.def, and look-ups in them. */
#include "qos_codec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define VALUE(s, i, b, from)  .scale = (s), .basis = QOS_BASIS_##from, .ie = (i), .bpl = (b)
#define NB(ie, bpl, basis)    VALUE(QOS_NB, ie, bpl, basis)
#define WB(ie, bpl, basis)    VALUE(QOS_WB, ie, bpl, basis)
#define FB(ie, bpl, basis)    VALUE(QOS_FB, ie, bpl, basis)
#define NONE		      VALUE(QOS_NB, 0, 0, NONE)
#define WITH_BURSTY(value, b) value, .bpl_bursty = (b)
#define ROW(n, m, c, k, ...) \
	.name = n, .length = sizeof(n) - 1, .mode = m, .clock = c, .kind = k, __VA_ARGS__

static const struct qos_codec static_types[] = {
#define STATIC(pt, name, clock, kind, ...) [pt] = {ROW(name, "", clock, kind, __VA_ARGS__)},
#define CODEC(...)
#define MODE(...)
#include "qos_codecs.def"
#undef STATIC
#undef CODEC
};

static const struct qos_codec dynamic_types[] = {
#define STATIC(...)
#define CODEC(name, clock, kind, ...) {ROW(name, "", clock, kind, __VA_ARGS__)},
#include "qos_codecs.def"
#undef CODEC
#undef MODE
};

static const struct qos_codec modes[] = {
#define CODEC(...)
#define MODE(name, mode, clock, ...) {ROW(name, mode, clock, QOS_AUDIO, __VA_ARGS__)},
#include "qos_codecs.def"
};

static const struct qos_codec *find_in(
	const struct qos_codec *table, size_t count, struct bytes name, uint32_t clock)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].length != name.n || (clock && table[i].clock != clock))
			continue;
		if (bytes_eq_nocase(name, bytes_of(table[i].name, name.n)))
			return &table[i];
	}
	return NULL;
}

const struct qos_codec *qos_codec_find(struct bytes name, uint32_t clock)
{
	const struct qos_codec *codec;

	if (!name.n)
		return NULL;
	codec = find_in(static_types, COUNT(static_types), name, clock);
	return codec ? codec : find_in(dynamic_types, COUNT(dynamic_types), name, clock);
}

const struct qos_codec *qos_codec_next_mode(struct bytes name, const struct qos_codec *last)
{
	size_t i = last ? (size_t)(last - modes) + 1 : 0;

	for (; i < COUNT(modes); i++)
		if (bytes_eq_nocase(name, bytes_from_str(modes[i].name)))
			return &modes[i];
	return NULL;
}

const struct qos_codec *qos_codec_find_mode(struct bytes name, struct bytes mode, uint32_t clock)
{
	const struct qos_codec *codec = NULL;

	if (!mode.n)
		return qos_codec_find(name, clock);
	while ((codec = qos_codec_next_mode(name, codec)))
		if ((!clock || codec->clock == clock) &&
			bytes_eq_nocase(mode, bytes_from_str(codec->mode)))
			return codec;
	return NULL;
}

const struct qos_codec *qos_codec_received(const struct qos_codec *codec, bool g711_plc)
{
	bool is_g711 = codec == &static_types[0] || codec == &static_types[8];

	if (g711_plc || !is_g711)
		return codec;
	return qos_codec_find_mode(bytes_from_str(codec->name), BYTES_LIT("no-plc"), codec->clock);
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

	*payload = (struct qos_payload){.pt = pt, .widest = QOS_FB, .kind = QOS_AUDIO};
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

void qos_payload_set_mode(struct qos_payload *payload, const char *mode)
{
	const struct qos_codec *found = qos_codec_find_mode(
		bytes_from_str(payload->name), bytes_from_str(mode), payload->clock);

	if (found)
		payload->codec = found;
}

bool qos_payload_says_same(const struct qos_payload *a, const struct qos_payload *b)
{
	return a->pt == b->pt && a->clock == b->clock && a->kind == b->kind &&
	       a->codec == b->codec && a->widest == b->widest && a->is_cbr == b->is_cbr &&
	       a->is_octet_aligned == b->is_octet_aligned && a->has_modes == b->has_modes &&
	       a->is_superwide == b->is_superwide && a->is_header_only == b->is_header_only &&
	       a->is_secure == b->is_secure && a->tag_bytes == b->tag_bytes &&
	       a->redundancy == b->redundancy && strcmp(a->name, b->name) == 0;
}

const char *qos_basis_name(enum qos_basis basis)
{
	switch (basis) {
	case QOS_BASIS_G113:
		return "g113";
	case QOS_BASIS_LIT:
		return "lit";
	case QOS_BASIS_ASSUMED:
		return "assumed";
	case QOS_BASIS_NONE:
		break;
	}
	return "none";
}
