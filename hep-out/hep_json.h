/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounded JSON text in a caller's buffer, valid whatever bytes the network sent: control characters
 * are escaped, NUL and octets that are not UTF-8 become U+FFFD (RFC 8259, RFC 3629).
 * Owner: the caller. Threads: one at a time. A text that did not fit has length 0. */
#ifndef HEP_JSON_H
#define HEP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "hep_chunk.h"
#include "hep_options.h"
#include "qos_report.h"
#include "rtcp_packet.h"

enum {
	HEP_JSON_MAX = HEP_MESSAGE_MAX - HEP_OVERHEAD_MAX, /* octets that fit any message */
};

struct hep_json {
	char *buf;
	size_t room;
	size_t used;
	bool is_failed;
	bool needs_comma;
};

void hep_json_init(struct hep_json *j, void *buf, size_t room);
/* Keys are constants of ours and go out as they are. BYTES_NONE: an element of an array, or the outermost
 * value. */
void hep_json_put_string(struct hep_json *j, struct bytes key, struct bytes text);
void hep_json_put_u64(struct hep_json *j, struct bytes key, uint64_t v);
void hep_json_put_i64(struct hep_json *j, struct bytes key, int64_t v);
void hep_json_put_double(struct hep_json *j, struct bytes key, double v, int decimals);
void hep_json_put_bool(struct hep_json *j, struct bytes key, bool v);
void hep_json_put_null(struct hep_json *j, struct bytes key);

/* The functions below are for keys as C strings, or NULL. Inlined, so that the compiler knows how long a
 * key is. */
static inline struct bytes hep_json_key(const char *key)
{
	return key ? bytes_from_str(key) : BYTES_NONE;
}

/* A member with a whole number, of the many that stand in a row: what stands before the number, with the comma. A key has
 * at most 27 characters. */
struct hep_json_member {
	char text[32];
	uint8_t n;
};
#define HEP_JSON_MEMBER(key)                     \
	{                                        \
		",\"" key "\":", sizeof(key) + 3 \
	}

/* What: as many hep_json_i64 do it one after the other, with one look at the room. No value takes more than 32 bits
 * beside its sign. */
void hep_json_put_members(struct hep_json *j, const struct hep_json_member *members,
	const int64_t *values, unsigned count);

/* Nothing more fits from now on. */
void hep_json_fail(struct hep_json *j);

static inline bool hep_json_has_room(const struct hep_json *j, size_t n)
{
	return __builtin_expect(j->room - j->used >= n, 1);
}

/* bracket: '{' or '['. */
static inline void hep_json_open(struct hep_json *j, const char *key, char bracket)
{
	struct bytes name = hep_json_key(key);
	char *p = j->buf + j->used;

	if (!hep_json_has_room(j, (j->needs_comma ? 1 : 0) + (key ? name.n + 3 : 0) + 1)) {
		hep_json_fail(j);
		return;
	}
	*p = ',';
	p += j->needs_comma;
	if (key) {
		*p++ = '"';
		memcpy(p, name.p, name.n);
		p += name.n;
		*p++ = '"';
		*p++ = ':';
	}
	*p++ = bracket;
	j->used = (size_t)(p - j->buf);
	j->needs_comma = false;
}

/* bracket: '}' or ']'. */
static inline void hep_json_close(struct hep_json *j, char bracket)
{
	if (hep_json_has_room(j, 1))
		j->buf[j->used++] = bracket;
	else
		hep_json_fail(j);
	j->needs_comma = true;
}

static inline void hep_json_string(struct hep_json *j, const char *key, struct bytes text)
{
	hep_json_put_string(j, hep_json_key(key), text);
}

static inline void hep_json_u64(struct hep_json *j, const char *key, uint64_t v)
{
	hep_json_put_u64(j, hep_json_key(key), v);
}

static inline void hep_json_i64(struct hep_json *j, const char *key, int64_t v)
{
	hep_json_put_i64(j, hep_json_key(key), v);
}

/* Fixed-point text with decimals places; NaN and infinities become null. */
static inline void hep_json_double(struct hep_json *j, const char *key, double v, int decimals)
{
	hep_json_put_double(j, hep_json_key(key), v, decimals);
}

static inline void hep_json_bool(struct hep_json *j, const char *key, bool v)
{
	hep_json_put_bool(j, hep_json_key(key), v);
}

static inline void hep_json_null(struct hep_json *j, const char *key)
{
	hep_json_put_null(j, hep_json_key(key));
}

/* An address of 4 or 16 octets. */
void hep_json_ip(struct hep_json *j, const char *key, struct bytes address);
/* Seconds since the epoch to the microsecond: more digits than a double carries safely. */
void hep_json_time(struct hep_json *j, const char *key, uint64_t ns);

/* What was written at some time. */
struct hep_json_mark {
	size_t used, room;
	bool needs_comma;
};

/* What: a part that may be left out follows, which hep_json_end_part ends. */
struct hep_json_mark hep_json_begin_part(struct hep_json *j);

/* False: with it the text might not fit HEP_JSON_MAX any more, and it was taken back. With less room than that nothing
 * is: who has a larger buffer tries again there. */
bool hep_json_end_part(struct hep_json *j, const struct hep_json_mark *mark);

/* Length of the text without a NUL, 0 when it did not fit. */
size_t hep_json_finish(const struct hep_json *j);

/* What: the members of a type 34 quality report, without the braces, so that other members can stand
 * beside them: RTPAgent's keys and more, upper-case and flat, as rtp-qos/qos_report.def defines them. */
void hep_json_report(struct hep_json *j, const struct qos_report *r, uint32_t final_type);

/* What: the members of a type 5 RTCP report, without the braces: one object per compound, with the
 * report blocks of all its SR and RR packets (hep_rtcp_json.c says which key holds what). payload
 * must have passed rtcp_validate. */
void hep_json_rtcp(struct hep_json *j, struct bytes payload);

/* What: the members of a type 53 DNS message, without the braces (hep_dns_json.c). payload must have passed
 * sig_dns_parse. With the braces no more than HEP_JSON_MAX; what is left out for that is said. */
void hep_json_dns(struct hep_json *j, struct bytes payload);

/* What: the same of a type 56 Diameter message (hep_diameter_json.c), which passed sig_diameter_parse. */
void hep_json_diameter(struct hep_json *j, struct bytes payload);

#endif
