/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of session descriptions share: one that is parsed, and what it must say. Most examples follow
 * those of RFC 3264, 3605, 4317, 5761 and 8866.
 * Owner: the program has one description. Threads: one. */
#ifndef SDP_MEDIA_CASE_H
#define SDP_MEDIA_CASE_H

#include <arpa/inet.h>

#include <stdio.h>

#include "sdp_media.h"
#include "unit.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=call\r\n"

static struct sdp_session parsed;

static inline const struct sdp_media *parse(const char *text)
{
	memset(&parsed, 0xa5, sizeof(parsed));
	assert_int_equal(sdp_media_parse(bytes_from_str(text), &parsed), SDP_OK);
	return parsed.media;
}

/* The first media section of HEAD and these lines. */
static inline const struct sdp_media *parse_lines(const char *lines)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s%s", HEAD, lines);
	return parse(text);
}

static inline void check_text(struct bytes got, const char *want)
{
	if (!bytes_eq(got, bytes_from_str(want)))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.n, got.n ? (const char *)got.p : "",
			want);
}

static inline void check_address(uint8_t family, const struct pkt_addr *addr, const char *want)
{
	struct pkt_addr other = {0};

	assert_int_equal(family, strchr(want, ':') ? 6 : 4);
	assert_int_equal(inet_pton(family == 6 ? AF_INET6 : AF_INET, want, other.b), 1);
	assert_memory_equal(addr, &other, sizeof(other));
}

static inline void check_format(const struct sdp_media *m, unsigned i, unsigned pt,
	const char *name, unsigned clock, unsigned channels, const char *fmtp)
{
	assert_true(i < m->format_count);
	assert_int_equal(m->formats[i].pt, pt);
	check_text(m->formats[i].name, name);
	assert_int_equal(m->formats[i].clock, clock);
	assert_int_equal(m->formats[i].channels, channels);
	check_text(m->formats[i].fmtp, fmtp);
}

#endif
