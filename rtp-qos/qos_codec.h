/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a codec: RTP clock (RFC 3551), and its impairment on the narrowband E-model
 * scale with where the figure comes from (ITU-T G.113 Appendix I).
 * Owner: constant tables. Threads: any. */
#ifndef QOS_CODEC_H
#define QOS_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

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
	QOS_BASIS_NONE = 0, /* no narrowband value exists: the stream gets no R-factor */
	QOS_BASIS_G113, /* both from ITU-T G.113 Appendix I */
	QOS_BASIS_ASSUMED, /* one of them is an assumption, see qos_codec.c */
};

struct qos_codec {
	const char *name; /* lower case encoding name as in SDP */
	uint32_t clock; /* RTP clock in Hz */
	enum qos_kind kind;
	enum qos_basis basis;
	float ie; /* equipment impairment factor */
	float bpl; /* packet-loss robustness factor */
};

enum {
	QOS_CODEC_NAME_MAX = 24, /* with the final NUL; longer names are cut */
};

/* One payload type as a stream or an SDP endpoint knows it. Value type. */
struct qos_payload {
	uint8_t pt;
	uint32_t clock; /* Hz, 0 unknown */
	enum qos_kind kind;
	const struct qos_codec *codec; /* NULL when the name is not in the table */
	char name[QOS_CODEC_NAME_MAX]; /* lower case, "" unknown */
};

/* By SDP encoding name, any case, and clock (0: the first of that name). NULL when not known. */
const struct qos_codec *qos_codec_find(struct bytes name, uint32_t clock);

/* Static payload types, RFC 3551 section 6. NULL for dynamic and unassigned ones. */
const struct qos_codec *qos_codec_static(uint8_t pt);

/* What: fills payload for pt from SDP's name and clock; an empty name means the static type. The
 * clock of the SDP wins over the table's. Characters outside printable ASCII become '?'. */
void qos_payload_init(struct qos_payload *payload, uint8_t pt, struct bytes name, uint32_t clock);

/* "g113", "assumed", "none": the report's MOS_BASIS. */
const char *qos_basis_name(enum qos_basis basis);

#endif
