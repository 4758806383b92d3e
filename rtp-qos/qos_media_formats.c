/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_media_formats.h"

#include "qos_mode.h"

/* The payload kind of a name that is not in the table is that of its m= line. */
static enum qos_kind kind_of(enum sdp_kind kind)
{
	switch (kind) {
	case SDP_VIDEO:
		return QOS_VIDEO;
	case SDP_TEXT:
		return QOS_TEXT;
	default:
		return QOS_AUDIO;
	}
}

static void add_format(struct qos_media_formats *formats, const struct sdp_media *sdp,
	const struct sdp_format *format)
{
	if (formats->count == QOS_MEDIA_PAYLOADS_MAX)
		return;
	formats->format[formats->count].format = format;
	formats->format[formats->count++].sdp = sdp;
}

static void add_formats(struct qos_media_formats *formats, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->format_count; i++)
		add_format(formats, sdp, &sdp->formats[i]);
}

void qos_media_formats_of(struct qos_media_formats *formats, const struct sdp_session *session,
	const struct sdp_media *sdp)
{
	add_formats(formats, sdp);
	for (unsigned i = 0; i < session->media_count; i++)
		if (&session->media[i] != sdp && sdp_media_shares(session, sdp, &session->media[i]))
			add_formats(formats, &session->media[i]);
}

bool qos_media_has_name(const struct sdp_media *m, struct bytes ufrag)
{
	return m->port && m->is_rtp && bytes_eq(m->ice_ufrag, ufrag);
}

/* Of one payload type in two sections. */
static bool means_same(const struct sdp_media *a, const struct sdp_format *f,
	const struct sdp_media *b, const struct sdp_format *g)
{
	return a->kind == b->kind && a->is_secure == b->is_secure && a->tag_bytes == b->tag_bytes &&
	       f->clock == g->clock && f->channels == g->channels &&
	       bytes_eq_nocase(f->name, g->name) && bytes_eq(f->fmtp, g->fmtp);
}

/* What sections with one name say of each payload type. */
struct meanings {
	const struct sdp_format *format[128]; /* the first that has it */
	const struct sdp_media *sdp[128];
	bool is_ambiguous[128];
};

/* Which section an endpoint is of nobody knows where they share the name and no transport. */
static void add_meanings(struct meanings *meanings, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->format_count; i++) {
		const struct sdp_format *f = &sdp->formats[i];
		uint8_t pt = f->pt & 0x7f;

		if (!meanings->format[pt]) {
			meanings->format[pt] = f;
			meanings->sdp[pt] = sdp;
		} else if (meanings->sdp[pt] != sdp &&
			   !means_same(meanings->sdp[pt], meanings->format[pt], sdp, f)) {
			meanings->is_ambiguous[pt] = true;
		}
	}
}

/* Those that mean the same whichever section it is: the others would be a guess. */
static void add_meant(struct qos_media_formats *formats, const struct meanings *meanings,
	const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->format_count; i++) {
		const struct sdp_format *f = &sdp->formats[i];

		if (meanings->format[f->pt & 0x7f] == f && !meanings->is_ambiguous[f->pt & 0x7f])
			add_format(formats, sdp, f);
	}
}

static void collect_meant(
	struct qos_media_formats *formats, const struct sdp_media *end, const struct sdp_media *sdp)
{
	struct meanings meanings = {.format = {NULL}};

	for (const struct sdp_media *m = sdp; m < end; m++)
		if (qos_media_has_name(m, sdp->ice_ufrag))
			add_meanings(&meanings, m);
	for (const struct sdp_media *m = sdp; m < end; m++) {
		if (!qos_media_has_name(m, sdp->ice_ufrag))
			continue;
		add_meant(formats, &meanings, m);
		if (m->ptime_ms != formats->ptime_ms)
			formats->ptime_ms = 0;
	}
}

void qos_media_formats_of_name(struct qos_media_formats *formats, const struct sdp_session *session,
	const struct sdp_media *sdp)
{
	const struct sdp_media *end = session->media + session->media_count;

	for (const struct sdp_media *m = sdp + 1; m < end && !formats->is_many; m++)
		formats->is_many =
			qos_media_has_name(m, sdp->ice_ufrag) && !sdp_media_shares(session, sdp, m);
	if (formats->is_many)
		collect_meant(formats, end, sdp);
	else
		qos_media_formats_of(formats, session, sdp);
}

/* What red carries is what is heard. */
static void unpack_redundancy(
	struct qos_media *media, struct qos_payload *red, const struct sdp_format *format)
{
	uint8_t pt = red->pt, primary, blocks;

	if (!qos_mode_redundancy(format->fmtp, &primary, &blocks))
		return;
	for (unsigned i = 0; i < media->payload_count; i++) {
		if (media->payloads[i].pt != primary || media->payloads[i].pt == pt)
			continue;
		*red = media->payloads[i];
		red->pt = pt;
		red->redundancy = blocks;
		return;
	}
}

void qos_media_formats_fill(const struct qos_media_formats *formats, const struct sdp_media *sdp,
	struct qos_media *media)
{
	for (unsigned i = 0; i < formats->count; i++) {
		const struct sdp_format *format = formats->format[i].format;
		const struct sdp_media *own = formats->format[i].sdp;
		const struct sdp_media *transport = formats->is_many ? own : sdp;
		struct qos_payload *payload = &media->payloads[media->payload_count++];

		qos_payload_init(payload, format->pt, format->name, format->clock);
		if (!payload->codec && !qos_codec_find(format->name, 0))
			payload->kind = kind_of(own->kind);
		payload->is_of_video = own->kind == SDP_VIDEO && payload->kind == QOS_REDUNDANCY;
		payload->is_secure = transport->is_secure;
		payload->tag_bytes = transport->is_secure ? transport->tag_bytes : 0;
		qos_mode_from_fmtp(payload, format->fmtp, format->channels);
	}
	for (unsigned i = 0; i < formats->count; i++)
		if (media->payloads[i].kind == QOS_REDUNDANCY &&
			strcmp(media->payloads[i].name, "red") == 0)
			unpack_redundancy(media, &media->payloads[i], formats->format[i].format);
}
