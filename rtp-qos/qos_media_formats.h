/* SPDX-License-Identifier: BSD-3-Clause */
/* What payload types mean at an endpoint: those of its section first, then of those that have the same transport or, of
 * a name of ICE, the same name.
 * Owner: points into the session. Threads: any; no state. */
#ifndef QOS_MEDIA_FORMATS_H
#define QOS_MEDIA_FORMATS_H

#include "qos_media.h"

struct qos_media_formats {
	unsigned count;
	bool is_many; /* transports */
	uint16_t ptime_ms; /* 0 where others say otherwise */
	struct {
		const struct sdp_format *format;
		const struct sdp_media *sdp;
	} format[QOS_MEDIA_PAYLOADS_MAX];
};

/* Whether this section has media, and the ufrag. */
bool qos_media_has_name(const struct sdp_media *m, struct bytes ufrag);

/* What: none yet. The array is not cleared. */
static inline void qos_media_formats_init(
	struct qos_media_formats *formats, const struct sdp_media *sdp)
{
	formats->count = 0;
	formats->is_many = false;
	formats->ptime_ms = sdp->ptime_ms;
}

void qos_media_formats_of(struct qos_media_formats *formats, const struct sdp_session *session,
	const struct sdp_media *sdp);
/* What: of the ufrag of sdp, the first section with it. */
void qos_media_formats_of_name(struct qos_media_formats *formats, const struct sdp_session *session,
	const struct sdp_media *sdp);

/* What: the payloads of media, which has room for all. sdp: of the transport, which says whether and how it is
 * SRTP. */
void qos_media_formats_fill(const struct qos_media_formats *formats, const struct sdp_media *sdp,
	struct qos_media *media);

#endif
