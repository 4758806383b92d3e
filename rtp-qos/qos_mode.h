/* SPDX-License-Identifier: BSD-3-Clause */
/* The mode a codec of several is run in: bit rate, and what goes with it. SDP may leave one; else the size of
 * its packets tells it, encrypted or not, since every mode of a speech codec has its own. Opus has any size,
 * and its rate the figures. Octets of the payload are not looked at: a media descriptor carries none.
 * Owner: value types. Threads: any; no state. */
#ifndef QOS_MODE_H
#define QOS_MODE_H

#include "qos_codec.h"

enum {
	QOS_REDUNDANCY_MAX = 8, /* more blocks are taken for so many */
};

/* What: completes a payload by its a=fmtp value, which may be empty: octet-align, crc, interleaving and
 * robust-sorting (RFC 4867), cbr and maxplaybackrate (RFC 7587), bw and hf-only (TS 26.445 Annex A), bitrate (RFC 5577),
 * mode (RFC 3952). Unknown parameters and values change nothing. channels: of a=rtpmap. */
void qos_mode_from_fmtp(struct qos_payload *payload, struct bytes fmtp, uint8_t channels);

/* What: from the a=fmtp of red (RFC 2198 section 5), "111/111": the payload type of the first block, which is
 * what is heard, and how many older ones come with it. False: it names none. */
bool qos_mode_redundancy(struct bytes fmtp, uint8_t *primary, uint8_t *blocks);

/* What: the mode of packets of bytes octets of payload, SRTP's tag included, and frame_ticks of RTP clock.
 * NULL: the codec has none, no mode has that size (a silence descriptor, say), or several have it. */
const struct qos_codec *qos_mode_from_size(
	const struct qos_payload *payload, uint64_t bytes, uint32_t frame_ticks);

/* What: whether the mode is told by the rate: Opus. */
bool qos_mode_has_rates(const struct qos_payload *payload);
/* What: the rate of packets of frame_ticks each at hz, without SRTP's tag; NaN when there is none. */
double qos_mode_kbps(const struct qos_payload *payload, uint64_t bytes, uint64_t packets,
	uint32_t frame_ticks, uint32_t hz);
/* What: the mode whose rate is nearest; one on another scale than payload's only if it is clearly so. */
const struct qos_codec *qos_mode_from_rate(const struct qos_payload *payload, double kbps);

#endif
