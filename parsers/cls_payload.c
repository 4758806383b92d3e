/* SPDX-License-Identifier: BSD-3-Clause */
/* Payload classification: one Hyperscan block-mode scan of the first octets, of what is not told by
 * a look. Of the patterns that match, the one highest in cls_patterns.def gives the kind. */
#include "cls_payload.h"

#include <errno.h>
#include <stdlib.h>

#include <hs.h>

#include "stun_msg.h"
#include "text_pvt.h"

struct cls_db {
	hs_database_t *hs;
};

struct cls_scratch {
	hs_scratch_t *hs;
};

enum {
	/* Hyperscan has one small automaton for inputs below 70 octets; for longer ones it starts
	 * an engine per kind of pattern, which costs three times as much. So the first scan is
	 * short, and only a line of text that is longer gets another. */
	SCAN_BYTES = 64,
	SCAN_LINE_BYTES = 128,
	LEADING_BYTES = 128, /* CR and LF looked through */
	SURE_BYTES = 12, /* with so many any pattern of SIP, RTCP and RTP may match */
	METHOD_BYTES = 9, /* of SUBSCRIBE, the longest */
	DTLS_MAJOR = 0xfe, /* of each version, as its complement */
};

static const char *const expressions[] = {
#define X(kind, min_bytes, flags, expression) expression,
#include "cls_patterns.def"
#undef X
};

static const unsigned expression_flags[] = {
#define X(kind, min_bytes, flags, expression) flags,
#include "cls_patterns.def"
#undef X
};

static const struct {
	enum cls_kind kind;
	unsigned min_bytes;
} patterns[] = {
#define X(kind, min_bytes, flags, expression) {CLS_##kind, min_bytes},
#include "cls_patterns.def"
#undef X
};

enum {
	PATTERN_COUNT = sizeof(patterns) / sizeof(patterns[0])
};

/* What a scan has found so far. */
struct verdict {
	size_t payload_bytes;
	unsigned best; /* index in patterns, PATTERN_COUNT for none */
};

static int hs_to_errno(hs_error_t error)
{
	return error == HS_NOMEM ? -ENOMEM : -EINVAL;
}

static int compile(hs_database_t **hs)
{
	hs_compile_error_t *why = NULL;
	unsigned ids[PATTERN_COUNT];
	hs_error_t error;

	for (unsigned i = 0; i < PATTERN_COUNT; i++)
		ids[i] = i;
	error = hs_compile_multi(
		expressions, expression_flags, ids, PATTERN_COUNT, HS_MODE_BLOCK, NULL, hs, &why);
	if (error == HS_SUCCESS)
		return 0;
	hs_free_compile_error(why);
	return hs_to_errno(error);
}

int cls_db_create(struct cls_db **db)
{
	struct cls_db *made = malloc(sizeof(*made));
	int rc;

	if (!made)
		return -ENOMEM;
	rc = compile(&made->hs);
	if (rc < 0) {
		free(made);
		return rc;
	}
	*db = made;
	return 0;
}

void cls_db_destroy(struct cls_db *db)
{
	if (!db)
		return;
	hs_free_database(db->hs);
	free(db);
}

int cls_scratch_create(const struct cls_db *db, struct cls_scratch **scratch)
{
	struct cls_scratch *made = calloc(1, sizeof(*made));
	hs_error_t error;

	if (!made)
		return -ENOMEM;
	error = hs_alloc_scratch(db->hs, &made->hs);
	if (error != HS_SUCCESS) {
		free(made);
		return hs_to_errno(error);
	}
	*scratch = made;
	return 0;
}

void cls_scratch_destroy(struct cls_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->hs);
	free(scratch);
}

/* Matches come in the order in which they end, not in that of the patterns. The first kind in the
 * table cannot be overruled, so its first match ends the scan. */
static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	struct verdict *verdict = arg;

	(void)from;
	(void)to;
	(void)flags;
	if (id >= verdict->best || verdict->payload_bytes < patterns[id].min_bytes)
		return 0;
	verdict->best = id;
	return patterns[id].kind == patterns[0].kind;
}

static struct bytes skip_leading_lines(struct bytes payload)
{
	size_t n = 0;

	while (n < payload.n && n < LEADING_BYTES && (payload.p[n] == '\r' || payload.p[n] == '\n'))
		n++;
	return bytes_skip(payload, n);
}

/* The line may go on beyond what was scanned. */
static bool is_long_line(struct bytes in)
{
	if (in.n <= SCAN_BYTES)
		return false;
	for (size_t i = 0; i < SCAN_BYTES; i++)
		if (in.p[i] < ' ' || in.p[i] > '~')
			return false;
	return true;
}

/* Fails only for a scratch of another database or one in use: unknown is the safe answer. */
static bool scan(const struct cls_db *db, struct cls_scratch *scratch, struct bytes in,
	struct verdict *verdict)
{
	hs_error_t rc = hs_scan(
		db->hs, (const char *)in.p, (unsigned)in.n, 0, scratch->hs, on_match, verdict);

	return (rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED) && verdict->best < PATTERN_COUNT;
}

/* A response, or a method in capitals before a SIP URI. in has SURE_BYTES. */
static bool is_usual_sip(struct bytes in)
{
	size_t n = 0;

	if (bytes_starts(in, BYTES_LIT("SIP/2.0 ")))
		return in.p[8] >= '1' && in.p[8] <= '6' && ascii_is_digit(in.p[9]) &&
		       ascii_is_digit(in.p[10]);
	while (n < METHOD_BYTES && in.p[n] >= 'A' && in.p[n] <= 'Z')
		n++;
	return n && bytes_starts(bytes_skip(in, n), BYTES_LIT(" sip:"));
}

/* What nearly all of SIP and all of RTP is, as the patterns have it too, but without a scan. No
 * pattern above those of RTCP and RTP begins with such an octet, and SIP comes first. CLS_UNKNOWN:
 * look closer. */
static enum cls_kind usual_kind(struct bytes in)
{
	if (in.n < SURE_BYTES)
		return CLS_UNKNOWN;
	if (in.p[0] >> 6 == 2)
		return in.p[1] >> 5 == 6 ? CLS_RTCP : CLS_RTP;
	return is_usual_sip(in) ? CLS_SIP : CLS_UNKNOWN;
}

/* Most of what is neither is binary, which no pattern matches: of those that are left now one has a token in front, one
 * the magic cookie, and one a version of DTLS. */
static bool is_worth_a_scan(struct bytes in)
{
	return in.n < SURE_BYTES || text_is_token[in.p[0]] || stun_may_be(in) ||
	       in.p[1] == DTLS_MAJOR;
}

static enum cls_kind scanned_kind(
	const struct cls_db *db, struct cls_scratch *scratch, struct bytes in)
{
	struct verdict verdict = {.payload_bytes = in.n, .best = PATTERN_COUNT};

	if (!is_worth_a_scan(in))
		return CLS_UNKNOWN;
	if (!scan(db, scratch, bytes_head(in, SCAN_BYTES), &verdict) &&
		(!is_long_line(in) ||
			!scan(db, scratch, bytes_head(in, SCAN_LINE_BYTES), &verdict)))
		return CLS_UNKNOWN;
	return patterns[verdict.best].kind;
}

enum cls_kind cls_payload(
	const struct cls_db *db, struct cls_scratch *scratch, struct bytes payload)
{
	struct bytes in = skip_leading_lines(payload);
	enum cls_kind kind;

	if (in.n == 0)
		return CLS_UNKNOWN;
	kind = usual_kind(in);
	if (kind == CLS_UNKNOWN)
		kind = scanned_kind(db, scratch, in);
	/* Empty lines go before SIP only; before binary they are just part of something else. */
	return in.p == payload.p || kind == CLS_SIP ? kind : CLS_UNKNOWN;
}

const char *cls_kind_name(enum cls_kind kind)
{
	static const char *const names[CLS_KIND_COUNT] = {
		[CLS_UNKNOWN] = "unknown",
		[CLS_SIP] = "sip",
		[CLS_RTP] = "rtp",
		[CLS_RTCP] = "rtcp",
		[CLS_STUN] = "stun",
		[CLS_DTLS] = "dtls",
	};

	return (unsigned)kind < CLS_KIND_COUNT ? names[kind] : "unknown";
}
