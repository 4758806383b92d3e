/* SPDX-License-Identifier: BSD-3-Clause */
/* The formats of a media section, for sdp_media.c: those that its m= line names, and what attributes say of them.
 * Owner: the section. Threads: its reader's. */
#ifndef SDP_FORMATS_PVT_H
#define SDP_FORMATS_PVT_H

#include "sdp_media.h"

/* <fmt> ... of an RTP section, RFC 8866 section 5.14; each payload type once. */
void sdp_formats_list(struct sdp_media *media, struct bytes list);

/* <payload type> <encoding name>/<clock rate>[/<channels>], RFC 8866 section 6.6; the first of a format counts. */
void sdp_formats_rtpmap(struct sdp_media *media, struct bytes value);

/* <payload type> <parameters>, RFC 8866 section 6.15; the first of a format counts. */
void sdp_formats_fmtp(struct sdp_media *media, struct bytes value);

#endif
