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
#define TELLS_MODE	      .tells_mode = true
#define ROW(n, m, c, k, ...) \
	.name = n, .length = sizeof(n) - 1, .mode = m, .clock = c, .kind = k, __VA_ARGS__

/* First those of RFC 3551, each where its number is. */
static const struct qos_codec codecs[] = {
#define STATIC(pt, name, clock, kind, ...) [pt] = {ROW(name, "", clock, kind, __VA_ARGS__)},
#define CODEC(name, clock, kind, ...)	   {ROW(name, "", clock, kind, __VA_ARGS__)},
#define MODE(...)
#include "qos_codecs.def"
#undef STATIC
#undef CODEC
#undef MODE
};

enum {
#define STATIC(pt, ...) STATIC_##pt = (pt),
#define CODEC(...)
#define MODE(...)
#include "qos_codecs.def"
#undef STATIC
#undef CODEC
	STATIC_COUNT
};

/* An octet of each row's name, so that a name is looked for in many rows at once. */
#define MARK(first, last, length) ((uint8_t)((first)*5 + (last)*3 + (length)*16))
#define MARK_OF(name)		  MARK((name)[0], (name)[sizeof(name) - 2], sizeof(name) - 1)

static const uint8_t marks[COUNT(codecs)] = {
#define STATIC(pt, name, ...) [pt] = MARK_OF(name),
#define CODEC(name, ...)      MARK_OF(name),
#include "qos_codecs.def"
#undef STATIC
#undef CODEC
#undef MODE
};

static const struct qos_codec modes[] = {
#define STATIC(...)
#define CODEC(...)
#define MODE(name, mode, clock, ...) {ROW(name, mode, clock, QOS_AUDIO, __VA_ARGS__)},
#include "qos_codecs.def"
};

/* As the rows have it, and of what length it was before it was cut. */
struct name {
	size_t length;
	char text[QOS_CODEC_NAME_MAX]; /* zeros behind it */
};

static void take_name(struct name *name, struct bytes spelt)
{
	uint8_t octets[QOS_CODEC_NAME_MAX] = {0};
	struct bytes kept = bytes_head(spelt, QOS_CODEC_NAME_MAX - 1);

	if (kept.n)
		memcpy(octets, kept.p, kept.n);
	name->length = spelt.n;
	/* Always all of them: several in one instruction. */
	for (size_t i = 0; i < QOS_CODEC_NAME_MAX; i++) {
		uint8_t c = ascii_lower(octets[i]);

		c = c > ' ' && c < 0x7f ? c : '?';
		name->text[i] = (char)(i < kept.n ? c : 0);
	}
}

/* The rows of a name, one after the other as qos_codec_next_mode. */
static const struct qos_codec *next_row(const struct name *name, const struct qos_codec *last)
{
	const uint8_t *text = (const uint8_t *)name->text;
	size_t i = last ? (size_t)(last - codecs) + 1 : 0;
	uint8_t mark;

	if (!name->length || name->length >= sizeof(name->text))
		return NULL;
	mark = MARK(text[0], text[name->length - 1], name->length);
	for (;; i++) {
		i += bytes_find(bytes_of(marks + i, COUNT(marks) - i), mark);
		if (i == COUNT(marks))
			return NULL;
		if (memcmp(codecs[i].name, name->text, sizeof(name->text)) == 0)
			return &codecs[i];
	}
}

/* first: of the name, whatever its clock. */
static const struct qos_codec *find_row(
	const struct name *name, uint32_t clock, const struct qos_codec **first)
{
	const struct qos_codec *row = next_row(name, NULL);

	*first = row;
	while (row && clock && row->clock != clock)
		row = next_row(name, row);
	return row;
}

const struct qos_codec *qos_codec_find(struct bytes name, uint32_t clock)
{
	const struct qos_codec *first;
	struct name known;

	take_name(&known, name);
	return find_row(&known, clock, &first);
}

const struct qos_codec *qos_codec_next_mode(struct bytes name, const struct qos_codec *last)
{
	size_t i = last ? (size_t)(last - modes) + 1 : 0;

	for (; i < COUNT(modes); i++)
		if (bytes_eq_nocase(name, bytes_of(modes[i].name, modes[i].length)))
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
	bool is_g711 = codec == &codecs[STATIC_0] || codec == &codecs[STATIC_8];

	if (g711_plc || !is_g711)
		return codec;
	return qos_codec_find_mode(bytes_from_str(codec->name), BYTES_LIT("no-plc"), codec->clock);
}

const struct qos_codec *qos_codec_static(uint8_t pt)
{
	return pt < STATIC_COUNT && codecs[pt].length ? &codecs[pt] : NULL;
}

/* The name alone does for codecs without figures, whose clock may be that of another codec; an
 * impairment holds at its own clock only: PCMU/16000 is no narrowband G.711. */
static void take_signalled(struct qos_payload *payload, struct bytes spelt, uint32_t clock)
{
	const struct qos_codec *first;
	struct name name;

	take_name(&name, spelt);
	memcpy(payload->name, name.text, sizeof(payload->name));
	payload->codec = find_row(&name, clock, &first);
	if (!first)
		return;
	payload->kind = payload->codec ? payload->codec->kind : first->kind;
	payload->tells_mode = first->tells_mode;
	if (!payload->codec && first->basis == QOS_BASIS_NONE)
		payload->codec = first;
}

static void take_static(struct qos_payload *payload)
{
	const struct qos_codec *codec = qos_codec_static(payload->pt);

	if (!codec)
		return;
	payload->codec = codec;
	payload->kind = codec->kind;
	payload->tells_mode = codec->tells_mode;
	memcpy(payload->name, codec->name, sizeof(payload->name));
}

void qos_payload_init(struct qos_payload *payload, uint8_t pt, struct bytes name, uint32_t clock)
{
	*payload = (struct qos_payload){.pt = pt, .widest = QOS_FB, .kind = QOS_AUDIO};
	if (name.n)
		take_signalled(payload, name, clock);
	else
		take_static(payload);
	payload->clock = clock || !payload->codec ? clock : payload->codec->clock;
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
	       a->redundancy == b->redundancy && a->is_of_video == b->is_of_video &&
	       memcmp(a->name, b->name, sizeof(a->name)) == 0;
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
