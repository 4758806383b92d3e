/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_mode.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	FRAMES_MAX = 12, /* of one packet */
};

/* Authentication tags of SRTP, the usual one first: RFC 3711, RFC 4568 section 6.2, RFC 7714. */
static const uint8_t tags[] = {10, 4, 16};

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

bool qos_mode_has_sizes(const struct qos_payload *payload)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (payload->clock == families[i].clock &&
			strcmp(payload->name, families[i].name) == 0)
			return true;
	return false;
}
