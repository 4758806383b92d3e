/* SPDX-License-Identifier: BSD-3-Clause */
/* The mode a codec of several is run in: bit rate, and what goes with it. SDP may leave one; else the size of
 * its packets tells it, encrypted or not, since every mode of a speech codec has its own. Opus has any size:
 * its packets say their audio band, if in clear, and the rate chooses among the figures of that.
 * Owner: value types. Threads: any; no state. */
#ifndef QOS_MODE_H
#define QOS_MODE_H

#include "qos_codec.h"

enum {
	QOS_REDUNDANCY_MAX = 8, /* more blocks are taken for so many */
};

/* What: completes a payload by its a=fmtp value, which may be empty: octet-align, crc, interleaving and
 * robust-sorting (RFC 4867), cbr and maxplaybackrate (RFC 7587), bw and hf-only (TS 26.445 Annex A), bitrate (RFC
 * 5577), mode (RFC 3952). Unknown parameters and values change nothing. channels: of a=rtpmap. */
void qos_mode_from_fmtp(struct qos_payload *payload, struct bytes fmtp, uint8_t channels);

/* What: from the a=fmtp of red (RFC 2198 section 5), "111/111": the payload type of the first block, which is
 * what is heard, and how many older ones come with it. False: it names none. */
bool qos_mode_redundancy(struct bytes fmtp, uint8_t *primary, uint8_t *blocks);

/* What: whether the modes of the codec have sizes of their own. */
bool qos_mode_has_sizes(const struct qos_payload *payload);
/* What: the mode of packets of bytes octets of payload, SRTP's tag included, and frame_ticks of RTP clock.
 * NULL: the codec has none, no mode has that size (a silence descriptor, say), or several have it. */
const struct qos_codec *qos_mode_from_size(
	const struct qos_payload *payload, uint64_t bytes, uint32_t frame_ticks);

/* What: whether the mode is told by the rate: Opus. */
bool qos_mode_has_rates(const struct qos_payload *payload);
/* What: the rate of packets of frame_ticks each at hz, without SRTP's tag; NaN when there is none. */
double qos_mode_kbps(const struct qos_payload *payload, uint64_t bytes, uint64_t packets,
	uint32_t frame_ticks, uint32_t hz);
/* What: the mode of its band whose rate is nearest; while the band is not known, one on another scale than
 * payload's only if it is clearly so. */
const struct qos_codec *qos_mode_from_rate(const struct qos_payload *payload, double kbps);

/* What: whether packets of this payload say something of its mode, and can be read. */
bool qos_mode_has_heads(const struct qos_payload *payload);
/* What: takes what a packet says. Another band than before is believed of two in a row, for one packet may be an
 * exception; the first is replaced by the second. True: the mode is to be chosen anew. */
bool qos_mode_take_head(struct qos_payload *payload, const struct qos_head *head);

/* What: where the figures of a mode come from, as it was told: QOS_BASIS_ASSUMED where that is a guess, such as Opus
 * without its band or at a rate (kbps) that nobody measured, and EVS without its band. */
enum qos_basis qos_mode_basis(
	const struct qos_payload *payload, const struct qos_codec *mode, double kbps);

#endif
