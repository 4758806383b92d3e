/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a codec: RTP clock (RFC 3551), the E-model scale it is judged on, and its
 * impairment on that scale with where the figures come from (qos_codecs.def).
 * Owner: constant tables. Threads: any. */
#ifndef QOS_CODEC_H
#define QOS_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "qos_emodel.h"
#include "qos_head.h"

enum qos_kind {
	QOS_AUDIO = 0,
	QOS_VIDEO,
	QOS_EVENT, /* telephone-event, RFC 4733: one timestamp per event */
	QOS_NOISE, /* comfort noise, RFC 3389 */
	QOS_REDUNDANCY, /* red, ulpfec, rtx */
	QOS_TEXT,
};

/* Where Ie and Bpl come from. */
enum qos_basis {
	QOS_BASIS_NONE = 0, /* no value exists: the stream gets no R-factor */
	QOS_BASIS_G113, /* both from ITU-T G.113 */
	QOS_BASIS_LIT, /* both from another publication */
	QOS_BASIS_ASSUMED, /* one of them, or the mode, is an assumption */
};

enum {
	QOS_CODEC_NAME_MAX = 24, /* with the final NUL; longer names are cut */
};

struct qos_codec {
	char name[QOS_CODEC_NAME_MAX]; /* lower case encoding name as in SDP */
	uint8_t length; /* of name */
	bool tells_mode; /* by its a=fmtp or its packets (qos_mode.h), of any clock */
	const char *mode; /* "12.65"; "" stands for all modes of the codec */
	uint32_t clock; /* RTP clock in Hz */
	enum qos_kind kind;
	enum qos_scale scale; /* of ie and bpl */
	enum qos_basis basis;
	double ie; /* equipment impairment factor */
	double bpl; /* packet-loss robustness factor, random loss */
	double bpl_bursty; /* bursty loss, of no burst ratio that a formula could use; 0: none known */
};

/* One payload type as a stream or an SDP endpoint knows it. Value type. */
struct qos_payload {
	uint8_t pt;
	uint8_t redundancy; /* RFC 2198: that many packets before it are in each once more */
	uint8_t widest; /* enum qos_scale: no mode beyond it is sent */
	bool is_octet_aligned : 1; /* RFC 4867 */
	bool is_header_only : 1; /* EVS: no compact packets, TS 26.445 Annex A */
	bool is_cbr : 1; /* RFC 7587 */
	bool has_modes : 1; /* the size of packets tells which (qos_mode.h) */
	bool is_secure : 1; /* SRTP: an authentication tag is part of the size */
	bool is_superwide : 1; /* EVS: nothing else is sent, by its fmtp */
	bool is_band_settled : 1; /* not only by the first packet */
	bool tells_mode : 1; /* of the codec of this name */
	uint32_t clock; /* Hz, 0 unknown */
	enum qos_kind kind;
	uint8_t tag_bytes; /* of SRTP's authentication tag; 0 not known, or not secure */
	struct qos_head head; /* of EVS: of a packet in clear, if one was looked at */
	struct qos_band band, band_next; /* of Opus by such, and another that the last one had */
	bool is_of_video; /* kind is QOS_REDUNDANCY: of an m=video */
	const struct qos_codec *codec; /* or a mode of it; NULL: its name is not in the table */
	char name[QOS_CODEC_NAME_MAX]; /* lower case, zeros behind it; "" unknown */
};

/* By SDP encoding name, any case, and clock (0: the first of that name), whatever the mode. NULL
 * when not known. */
const struct qos_codec *qos_codec_find(struct bytes name, uint32_t clock);

/* One mode, any case; the same as above when it is empty. NULL when not known. */
const struct qos_codec *qos_codec_find_mode(struct bytes name, struct bytes mode, uint32_t clock);

/* The modes of a name, one after the other: the first after NULL, NULL after the last. */
const struct qos_codec *qos_codec_next_mode(struct bytes name, const struct qos_codec *last);

/* What a receiver of codec makes of it: G.711 loses its concealment unless g711_plc
 * (qos_options). */
const struct qos_codec *qos_codec_received(const struct qos_codec *codec, bool g711_plc);

/* Static payload types, RFC 3551 section 6. NULL for dynamic and unassigned ones. */
const struct qos_codec *qos_codec_static(uint8_t pt);

/* What: fills payload for pt from SDP's name and clock; an empty name means the static type. The
 * clock of the SDP wins over the table's. Characters outside printable ASCII become '?'. */
void qos_payload_init(struct qos_payload *payload, uint8_t pt, struct bytes name, uint32_t clock);

/* What: makes the codec this mode of payload's, if there is one of that name. */
void qos_payload_set_mode(struct qos_payload *payload, const char *mode);

/* What: whether descriptions say the same of both: all but what packets showed. */
bool qos_payload_says_same(const struct qos_payload *a, const struct qos_payload *b);

/* "g113", "lit", "assumed", "none": the report's MOS_BASIS. */
const char *qos_basis_name(enum qos_basis basis);

#endif
