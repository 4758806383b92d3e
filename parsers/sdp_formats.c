/* SPDX-License-Identifier: BSD-3-Clause */
#include "sdp_formats_pvt.h"
#include "text_pvt.h"

static struct sdp_format *find_format(struct sdp_media *media, uint64_t pt)
{
	for (unsigned i = 0; i < media->format_count; i++)
		if (media->formats[i].pt == pt)
			return &media->formats[i];
	return NULL;
}

void sdp_formats_list(struct sdp_media *media, struct bytes list)
{
	struct bytes word = text_take_word(&list);

	for (; word.n && media->format_count < SDP_FORMATS_MAX; word = text_take_word(&list)) {
		uint64_t pt;

		if (!text_take_number(&word, &pt) || word.n || pt > 127 || find_format(media, pt))
			continue;
		media->formats[media->format_count++] =
			(struct sdp_format){.pt = (uint8_t)pt, .channels = 1};
	}
}

void sdp_formats_rtpmap(struct sdp_media *media, struct bytes value)
{
	struct bytes type = text_take_word(&value);
	struct bytes map = text_take_word(&value);
	struct bytes name = bytes_head(map, bytes_find(map, '/'));
	struct bytes rest = bytes_skip(map, name.n + 1);
	struct sdp_format *format;
	uint64_t clock;
	uint64_t channels;
	uint64_t pt;

	if (!text_take_number(&type, &pt) || type.n || !name.n)
		return;
	if (!text_take_number(&rest, &clock) || clock > UINT32_MAX)
		return;
	format = find_format(media, pt);
	if (!format || format->name.n)
		return;
	format->name = name;
	format->clock = (uint32_t)clock;
	if (!bytes_starts(rest, BYTES_LIT("/")))
		return;
	rest = bytes_skip(rest, 1);
	if (text_take_number(&rest, &channels) && channels >= 1 && channels <= UINT8_MAX)
		format->channels = (uint8_t)channels;
}

void sdp_formats_fmtp(struct sdp_media *media, struct bytes value)
{
	struct bytes type = text_take_word(&value);
	struct sdp_format *format;
	uint64_t pt;

	if (!text_take_number(&type, &pt) || type.n)
		return;
	format = find_format(media, pt);
	if (format && !format->fmtp.n)
		format->fmtp = bytes_trim(value);
}
