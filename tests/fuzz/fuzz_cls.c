/* SPDX-License-Identifier: BSD-3-Clause */
/* Classification against the rules written out by hand: each kind implies its first octets, RTP and
 * RTCP are decided by theirs, and nothing behind the scanned part changes an answer. */
#include <stdlib.h>
#include <string.h>

#include "cls_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

enum {
	LOOKED_AT = 128 + 128 /* leading CR LF, then what is scanned */
};

static bool is_token_octet(uint8_t c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	       (c && strchr("-.!%*_+`'~", c));
}

static void check_sip(struct bytes payload)
{
	size_t blank;

	while (payload.n && (payload.p[0] == '\r' || payload.p[0] == '\n'))
		payload = bytes_skip(payload, 1);
	blank = bytes_find(payload, ' ');
	check(blank > 0 && blank < 128);
	if (bytes_eq_nocase(bytes_head(payload, 8), BYTES_LIT("SIP/2.0 ")))
		return;
	for (size_t i = 0; i < blank; i++)
		check(is_token_octet(payload.p[i]));
}

static void check_kind(struct bytes payload, enum cls_kind kind)
{
	const uint8_t *p = payload.p;

	switch (kind) {
	case CLS_SIP:
		check_sip(payload);
		break;
	case CLS_STUN:
		check(payload.n >= 20 && p[0] < 64 && be32(p + 4) == 0x2112a442);
		break;
	case CLS_DTLS:
		check(payload.n >= 13 && p[0] >= 20 && p[0] <= 25 && p[1] == 254 && p[2] >= 252);
		break;
	default:
		break;
	}
}

/* Version 2 leaves no choice. */
static enum cls_kind rtp_kind(struct bytes payload)
{
	if (payload.n < 4 || payload.p[0] >> 6 != 2)
		return CLS_UNKNOWN;
	if (payload.p[1] >= 192 && payload.p[1] <= 223)
		return CLS_RTCP;
	return payload.n >= 12 ? CLS_RTP : CLS_UNKNOWN;
}

/* SIP is matched in any case, and what is not in capitals is scanned for it: both say the same. */
static void check_case(const struct cls_db *db, struct cls_scratch *scratch, struct bytes payload,
	enum cls_kind kind)
{
	uint8_t lower[LOOKED_AT];
	size_t n = payload.n < sizeof(lower) ? payload.n : sizeof(lower);

	for (size_t i = 0; i < n; i++)
		lower[i] = ascii_lower(payload.p[i]);
	check((cls_payload(db, scratch, bytes_of(lower, n)) == CLS_SIP) == (kind == CLS_SIP));
}

/* SIP comes before both, and what begins with an empty line is SIP or nothing: no method of STUN does. */
static void check_binary(struct bytes payload, enum cls_kind kind)
{
	const uint8_t *p = payload.p;

	if (payload.n && (p[0] == '\r' || p[0] == '\n'))
		check(kind == CLS_SIP || kind == CLS_UNKNOWN);
	else if (payload.n >= 20 && p[0] < 64 && be32(p + 4) == 0x2112a442)
		check(kind == CLS_STUN);
	else if (payload.n >= 13 && p[0] >= 20 && p[0] <= 25 && p[1] == 254 && p[2] >= 252)
		check(kind == (p[2] == 254 ? CLS_UNKNOWN : CLS_DTLS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cls_scratch *scratch;
	static struct cls_db *db;
	struct bytes payload = bytes_of(data, size);
	bool is_version_2 = size > 0 && data[0] >> 6 == 2;
	enum cls_kind kind;

	if (!db)
		check(cls_db_create(&db) == 0 && cls_scratch_create(db, &scratch) == 0);
	kind = cls_payload(db, scratch, payload);
	check(kind == cls_payload(db, scratch, payload));
	check_kind(payload, kind);
	check_binary(payload, kind);
	check_case(db, scratch, payload, kind);
	if (kind == CLS_RTP || kind == CLS_RTCP || is_version_2)
		check(kind == rtp_kind(payload));
	if (size > LOOKED_AT)
		check(kind == cls_payload(db, scratch, bytes_head(payload, LOOKED_AT)));
	return 0;
}
