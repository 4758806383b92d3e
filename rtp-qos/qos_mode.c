/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_mode.h"

#include <math.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	FRAMES_MAX = 12, /* of one packet */
};

/* Authentication tags of SRTP, the usual one first: RFC 3711, RFC 4568 section 6.2, RFC 7714. */
static const uint8_t tags[] = {10, 4, 16};

/* So much nearer a mode of another scale must be: means and minima begin anew with it. */
#define SCALE_KBPS 1.5

/* Figures of Opus stand so close to each other, half way, and their rate may flutter. */
#define RATE_STEP_KBPS 2.0

/* One mode and the bits of its frame. */
struct size {
	const char *mode;
	uint16_t bits;
};

/* TS 26.101 and 26.201; a frame of 20 ms. */
static const struct size amr[] = {{"4.75", 95}, {"5.15", 103}, {"5.9", 118}, {"6.7", 134},
	{"7.4", 148}, {"7.95", 159}, {"10.2", 204}, {"12.2", 244}};
static const struct size amr_wb[] = {{"6.6", 132}, {"8.85", 177}, {"12.65", 253}, {"14.25", 285},
	{"15.85", 317}, {"18.25", 365}, {"19.85", 397}, {"23.05", 461}, {"23.85", 477}};
/* TS 26.445 Annex A.2.1: the size of a compact packet is that of a mode and of no other. But 7 octets, of 2.8 kbit/s,
 * say nothing: AMR-WB's silence descriptor has as many. Those called so are taken for superwideband, which is
 * what is sent at them; there are no figures of others. */
static const struct size evs[] = {{"7.2", 144}, {"8", 160}, {"swb-9.6", 192}, {"swb-13.2", 264},
	{"swb-16.4", 328}, {"swb-24.4", 488}, {"swb-32", 640}, {"swb-48", 960}, {"64", 1280},
	{"96", 1920}, {"128", 2560}};
/* The same of modes that AMR-WB has too, with three bits of CMR. */
static const struct size evs_io[] = {{"io-6.6", 132}, {"io-8.85", 177}, {"io-12.65", 253},
	{"io-14.25", 285}, {"io-15.85", 317}, {"io-18.25", 365}, {"io-19.85", 397},
	{"io-23.05", 461}, {"io-23.85", 477}};
/* ITU-T G.723.1: 30 ms; RFC 3951: 20 and 30 ms; RFC 5577: 20 ms. */
static const struct size g723[] = {{"6.3", 8 * 24}, {"5.3", 8 * 20}};
static const struct size ilbc_20[] = {{"15.2", 8 * 38}};
static const struct size ilbc_30[] = {{"13.3", 8 * 50}};
static const struct size g7221[] = {{"24", 8 * 60}, {"32", 8 * 80}};

/* How frames fill a packet. */
enum packing {
	OCTETS, /* frame after frame */
	AMR, /* RFC 4867: bandwidth-efficient or octet-aligned */
	EVS_COMPACT,
	EVS_IO_COMPACT,
	EVS_HEADER, /* an octet before each frame; CMR is one more */
};

static const struct family {
	const char *name;
	uint32_t clock;
	uint32_t frame_ticks;
	enum packing packing;
	const struct size *sizes;
	size_t count;
} families[] = {
	{"amr", 8000, 160, AMR, amr, COUNT(amr)},
	{"amr-wb", 16000, 320, AMR, amr_wb, COUNT(amr_wb)},
	{"evs", 16000, 320, EVS_COMPACT, evs, COUNT(evs)},
	{"evs", 16000, 320, EVS_IO_COMPACT, evs_io, COUNT(evs_io)},
	{"evs", 16000, 320, EVS_HEADER, evs, COUNT(evs)},
	{"evs", 16000, 320, EVS_HEADER, evs_io, COUNT(evs_io)},
	{"g723", 8000, 240, OCTETS, g723, COUNT(g723)},
	{"ilbc", 8000, 160, OCTETS, ilbc_20, COUNT(ilbc_20)},
	{"ilbc", 8000, 240, OCTETS, ilbc_30, COUNT(ilbc_30)},
	{"g7221", 16000, 320, OCTETS, g7221, COUNT(g7221)},
};

static uint64_t octets(uint64_t bits)
{
	return (bits + 7) / 8;
}

/* Whether n frames of so many bits fill a payload: as the description has it, else the other way. Some senders
 * of AMR do not care; EVS adds padding to what would have the size of a compact packet. */
static bool fills(const struct family *f, const struct qos_payload *payload, bool is_other_way,
	uint32_t bits, uint32_t n, uint64_t bytes)
{
	uint64_t framed = n * (1 + octets(bits));

	switch (f->packing) {
	case OCTETS:
		return !is_other_way && bytes == n * octets(bits);
	case AMR:
		/* CMR, a table entry each, the frames. */
		if (payload->is_octet_aligned != is_other_way)
			return bytes == 1 + framed;
		return bytes == octets(4 + (uint64_t)n * (6 + bits));
	case EVS_COMPACT:
		return !is_other_way && !payload->is_header_only && n == 1 && bytes == octets(bits);
	case EVS_IO_COMPACT:
		return !is_other_way && !payload->is_header_only && n == 1 &&
		       bytes == octets(3 + (uint64_t)bits);
	case EVS_HEADER:
		return is_other_way && (bytes == framed || bytes == 1 + framed);
	}
	return false;
}

/* The modes that a size may be. */
struct found {
	bool is_size; /* of any, possible here or not */
	bool is_unclear; /* of several */
	const struct qos_codec *mode;
	const struct qos_codec *said; /* that of them which a packet named */
};

/* Of EVS, not compact. */
static bool is_as_said(const struct qos_payload *payload, const struct family *f, size_t i)
{
	struct qos_evs_toc toc = qos_head_evs(&payload->head);
	bool is_io = f->sizes == evs_io;

	/* Rate 0 of EVS is 2.8 kbit/s. */
	return f->packing == EVS_HEADER && toc.is_known && toc.is_io == is_io &&
	       toc.rate == i + !is_io;
}

static void add_mode(
	struct found *found, const struct qos_payload *payload, const struct family *f, size_t i)
{
	const struct qos_codec *mode = qos_codec_find_mode(
		bytes_from_str(f->name), bytes_from_str(f->sizes[i].mode), f->clock);

	found->is_size = true;
	if (!mode || mode->scale > payload->widest)
		return;
	found->is_unclear |= found->mode && found->mode != mode;
	found->mode = mode;
	if (is_as_said(payload, f, i))
		found->said = mode;
}

static void find_in(struct found *found, const struct qos_payload *payload, const struct family *f,
	bool is_other_way, uint64_t bytes, uint32_t frame_ticks)
{
	uint32_t n = frame_ticks / f->frame_ticks;

	if (payload->clock != f->clock || strcmp(payload->name, f->name) != 0)
		return;
	if (!n || n > FRAMES_MAX || frame_ticks % f->frame_ticks)
		return;
	for (size_t i = 0; i < f->count; i++)
		if (fills(f, payload, is_other_way, f->sizes[i].bits, n, bytes))
			add_mode(found, payload, f, i);
}

static void find_size(struct found *found, const struct qos_payload *payload, bool is_other_way,
	uint64_t bytes, uint32_t frame_ticks)
{
	for (size_t i = 0; i < COUNT(families); i++)
		find_in(found, payload, &families[i], is_other_way, bytes, frame_ticks);
}

/* The same behind each authentication tag that there may be. */
static struct found find_sizes(
	const struct qos_payload *payload, bool is_other_way, uint64_t bytes, uint32_t frame_ticks)
{
	struct found found = {0};

	if (!payload->is_secure || payload->tag_bytes) {
		if (bytes > payload->tag_bytes)
			find_size(&found, payload, is_other_way, bytes - payload->tag_bytes,
				frame_ticks);
		return found;
	}
	for (size_t i = 0; i < COUNT(tags); i++)
		if (bytes > tags[i])
			find_size(&found, payload, is_other_way, bytes - tags[i], frame_ticks);
	return found;
}

const struct qos_codec *qos_mode_from_size(
	const struct qos_payload *payload, uint64_t bytes, uint32_t frame_ticks)
{
	struct found found;

	if (!frame_ticks || payload->redundancy)
		return NULL;
	found = find_sizes(payload, false, bytes, frame_ticks);
	if (!found.is_size)
		found = find_sizes(payload, true, bytes, frame_ticks);
	return found.is_unclear ? found.said : found.mode;
}

bool qos_mode_has_rates(const struct qos_payload *payload)
{
	return strcmp(payload->name, "opus") == 0 && !payload->redundancy;
}

double qos_mode_kbps(const struct qos_payload *payload, uint64_t bytes, uint64_t packets,
	uint32_t frame_ticks, uint32_t hz)
{
	uint64_t tag = payload->tag_bytes ? payload->tag_bytes : payload->is_secure ? tags[0] : 0;
	double octets_each = packets ? (double)bytes / (double)packets - (double)tag : 0;

	return frame_ticks && octets_each > 0 ? octets_each * 8 * hz / 1000 / frame_ticks : NAN;
}

/* kbit/s in the name of a mode: "swb-31-cbr". 0: the mode is not one of a rate. */
static unsigned rate_of(const struct qos_codec *mode)
{
	const char *p = strchr(mode->mode, '-');
	unsigned kbps = 0;

	for (p = p ? p + 1 : ""; *p >= '0' && *p <= '9'; p++)
		kbps = 10 * kbps + (unsigned)(*p - '0');
	return kbps;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}

/* What is heard of the band that was sent. */
static enum qos_scale heard_scale(const struct qos_payload *payload)
{
	return payload->band.scale < payload->widest ? payload->band.scale : payload->widest;
}

/* Whether Opus may use this mode: of the band that its packets have, no wider than the receiver plays, and as constant
 * in rate as that asks. */
static bool may_be(const struct qos_payload *payload, const struct qos_codec *mode)
{
	if (!rate_of(mode) || has_suffix(mode->mode, "-cbr") != payload->is_cbr)
		return false;
	return payload->band.is_known ? mode->scale == heard_scale(payload)
				      : mode->scale <= payload->widest;
}

const struct qos_codec *qos_mode_from_rate(const struct qos_payload *payload, double kbps)
{
	const struct qos_codec *mode = NULL, *best = NULL, *now = payload->codec;
	double least = INFINITY;

	while ((mode = qos_codec_next_mode(bytes_from_str(payload->name), mode))) {
		double off = fabs(rate_of(mode) - kbps);

		if (now && rate_of(now) && mode->scale != now->scale)
			off += SCALE_KBPS;
		if (may_be(payload, mode) && off < least) {
			least = off;
			best = mode;
		}
	}
	return best;
}

static void set_mode(struct qos_payload *payload, const char *mode)
{
	const struct qos_codec *found = qos_codec_find_mode(
		bytes_from_str(payload->name), bytes_from_str(mode), payload->clock);

	if (found)
		payload->codec = found;
}

bool qos_mode_has_heads(const struct qos_payload *payload)
{
	return payload->has_modes && !payload->is_secure && !payload->redundancy &&
	       (strcmp(payload->name, "opus") == 0 || strcmp(payload->name, "evs") == 0);
}

static bool is_same_band(struct qos_band a, struct qos_band b)
{
	return a.is_known == b.is_known && a.is_medium == b.is_medium && a.scale == b.scale;
}

/* True: it is another from now on. */
static bool take_band(struct qos_payload *payload, struct qos_band band)
{
	struct qos_band before = payload->band_next;

	payload->band_next = band;
	if (!band.is_known || is_same_band(band, payload->band)) {
		payload->is_band_settled = band.is_known;
		return false;
	}
	if (payload->is_band_settled && !is_same_band(band, before))
		return false;
	payload->is_band_settled = payload->band.is_known;
	payload->band = band;
	return true;
}

/* True: it names another mode. One of silence names none. */
static bool take_evs(struct qos_payload *payload, const struct qos_head *head)
{
	struct qos_evs_toc was = qos_head_evs(&payload->head), toc = qos_head_evs(head);

	if (!toc.is_known)
		return false;
	payload->head = *head;
	return !was.is_known || was.is_io != toc.is_io || was.rate != toc.rate;
}

bool qos_mode_take_head(struct qos_payload *payload, const struct qos_head *head)
{
	static const char *const modes[] = {[QOS_NB] = "nb", [QOS_WB] = "wb", [QOS_FB] = ""};

	if (!qos_mode_has_heads(payload) || head->pt != payload->pt || !head->octets)
		return false;
	if (!qos_mode_has_rates(payload))
		return take_evs(payload, head);
	if (!take_band(payload, qos_head_opus(head)))
		return false;
	if (!payload->codec || payload->codec->scale != heard_scale(payload))
		set_mode(payload, modes[heard_scale(payload)]);
	return true;
}

enum qos_basis qos_mode_basis(
	const struct qos_payload *payload, const struct qos_codec *mode, double kbps)
{
	bool is_told = true;

	if (mode->basis == QOS_BASIS_NONE || !mode->mode[0])
		return mode->basis;
	if (strcmp(mode->name, "opus") == 0)
		is_told = payload->band.is_known && !payload->band.is_medium &&
			  fabs(kbps - rate_of(mode)) <= RATE_STEP_KBPS;
	else if (strcmp(mode->name, "evs") == 0 && mode->scale == QOS_FB)
		is_told = payload->is_superwide;
	return is_told ? mode->basis : QOS_BASIS_ASSUMED;
}

/* False: no number, or none that means anything here. */
static bool take_number(struct bytes text, uint32_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *value > 1000000)
			return false;
		*value = 10 * *value + (text.p[i] - '0');
	}
	return text.n > 0;
}

static void take_cbr(struct qos_payload *payload, struct bytes value)
{
	payload->is_cbr = bytes_eq(value, BYTES_LIT("1"));
}

static void take_playback_rate(struct qos_payload *payload, struct bytes value)
{
	uint32_t hz;

	if (!take_number(value, &hz))
		return;
	payload->widest = hz < 16000 ? QOS_NB : hz < 24000 ? QOS_WB : QOS_FB;
	if (payload->widest != QOS_FB)
		set_mode(payload, payload->widest == QOS_NB ? "nb" : "wb");
}

/* "nb-swb" ends with the widest. */
static void take_bandwidth(struct qos_payload *payload, struct bytes value)
{
	size_t dash = bytes_find(value, '-');
	bool is_range = dash < value.n;

	if (is_range)
		value = bytes_of(value.p + dash + 1, value.n - dash - 1);
	payload->is_superwide = !is_range && bytes_eq_nocase(value, BYTES_LIT("swb"));
	if (bytes_eq_nocase(value, BYTES_LIT("nb"))) {
		payload->widest = QOS_NB;
		set_mode(payload, "nb");
	} else if (bytes_eq_nocase(value, BYTES_LIT("wb"))) {
		payload->widest = QOS_WB;
		set_mode(payload, "wb");
	}
}

static void take_alignment(struct qos_payload *payload, struct bytes value)
{
	payload->is_octet_aligned = bytes_eq(value, BYTES_LIT("1"));
}

static void take_header_only(struct qos_payload *payload, struct bytes value)
{
	payload->is_header_only = bytes_eq(value, BYTES_LIT("1"));
}

/* RFC 4867 section 8.1: frames are not one after the other any more, or not alone. */
static void take_arrangement(struct qos_payload *payload, struct bytes value)
{
	if (!bytes_eq(value, BYTES_LIT("0")))
		payload->has_modes = false;
}

static void take_bit_rate(struct qos_payload *payload, struct bytes value)
{
	if (bytes_eq(value, BYTES_LIT("24000")))
		set_mode(payload, "24");
	else if (bytes_eq(value, BYTES_LIT("32000")))
		set_mode(payload, "32");
}

static void take_frame_ms(struct qos_payload *payload, struct bytes value)
{
	if (bytes_eq(value, BYTES_LIT("20")))
		set_mode(payload, "15.2");
	else if (bytes_eq(value, BYTES_LIT("30")))
		set_mode(payload, "13.3");
}

static const struct parameter {
	const char *codec, *key;
	void (*take)(struct qos_payload *payload, struct bytes value);
} parameters[] = {
	{"amr", "octet-align", take_alignment},
	{"amr", "crc", take_arrangement},
	{"amr", "interleaving", take_arrangement},
	{"amr", "robust-sorting", take_arrangement},
	{"amr-wb", "octet-align", take_alignment},
	{"amr-wb", "crc", take_arrangement},
	{"amr-wb", "interleaving", take_arrangement},
	{"amr-wb", "robust-sorting", take_arrangement},
	{"evs", "bw", take_bandwidth},
	{"evs", "hf-only", take_header_only},
	{"g7221", "bitrate", take_bit_rate},
	{"ilbc", "mode", take_frame_ms},
	{"opus", "cbr", take_cbr},
	{"opus", "maxplaybackrate", take_playback_rate},
};

static void take_parameter(struct qos_payload *payload, struct bytes key, struct bytes value)
{
	for (size_t i = 0; i < COUNT(parameters); i++)
		if (strcmp(payload->name, parameters[i].codec) == 0 &&
			bytes_eq_nocase(key, bytes_from_str(parameters[i].key)))
			parameters[i].take(payload, value);
}

static bool has_modes(const struct qos_payload *payload, uint8_t channels)
{
	if (strcmp(payload->name, "opus") == 0)
		return true;
	for (size_t i = 0; i < COUNT(families); i++)
		if (payload->clock == families[i].clock &&
			strcmp(payload->name, families[i].name) == 0)
			return channels <= 1;
	return false;
}

void qos_mode_from_fmtp(struct qos_payload *payload, struct bytes fmtp, uint8_t channels)
{
	payload->has_modes = has_modes(payload, channels);
	while (fmtp.n) {
		size_t end = bytes_find(fmtp, ';');
		struct bytes parameter = bytes_trim(bytes_head(fmtp, end));
		size_t equals = bytes_find(parameter, '=');

		if (equals < parameter.n)
			take_parameter(payload, bytes_trim(bytes_head(parameter, equals)),
				bytes_trim(bytes_skip(parameter, equals + 1)));
		fmtp = bytes_skip(fmtp, end + 1);
	}
}

bool qos_mode_redundancy(struct bytes fmtp, uint8_t *primary, uint8_t *blocks)
{
	size_t first = bytes_find(fmtp, '/');
	uint32_t pt;

	*blocks = 0;
	for (size_t i = first; i < fmtp.n && *blocks < QOS_REDUNDANCY_MAX; i++)
		*blocks += fmtp.p[i] == '/';
	if (!*blocks || !take_number(bytes_head(fmtp, first), &pt) || pt > 127)
		return false;
	*primary = (uint8_t)pt;
	return true;
}
