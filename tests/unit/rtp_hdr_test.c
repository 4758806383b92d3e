/* SPDX-License-Identifier: BSD-3-Clause */
/* The RTP header: every field, every way to be wrong, and packets that the capture cut. */
#include "rtp_hdr.h"
#include "unit.h"

/* V=2, M, PT 8, seq 0x1234, timestamp 0xdeadbeef, SSRC 0x01020304, then 4 octets of payload. */
static const uint8_t plain[] = {0x80, 0x88, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03,
	0x04, 0xd5, 0xd5, 0xd5, 0xd5};

/* V=2, P, X, CC=2, PT 111; two CSRCs; extension 0xbede of one word; 3 octets of payload and 5 of
 * padding: 12 + 8 + 8 + 8 = 36 octets. */
static const uint8_t full[] = {0xb2, 0x6f, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x03, 0xaa, 0xaa, 0xaa, 0xaa, 0xbb, 0xbb, 0xbb, 0xbb, 0xbe, 0xde, 0x00, 0x01, 0x10, 0x7f,
	0x00, 0x00, 0x11, 0x22, 0x33, 0x00, 0x00, 0x00, 0x00, 0x05};

static enum rtp_status parse(const uint8_t *p, size_t n, struct rtp_hdr *hdr)
{
	return rtp_hdr_parse(bytes_of(p, n), (uint32_t)n, hdr);
}

static void reads_the_fixed_header(void **state)
{
	struct rtp_hdr hdr;

	(void)state;
	assert_int_equal(parse(plain, sizeof(plain), &hdr), RTP_OK);
	assert_true(hdr.marker);
	assert_false(hdr.has_padding);
	assert_false(hdr.has_extension);
	assert_int_equal(hdr.pt, 8);
	assert_int_equal(hdr.seq, 0x1234);
	assert_int_equal(hdr.ts, 0xdeadbeef);
	assert_int_equal(hdr.ssrc, 0x01020304);
	assert_int_equal(hdr.csrc_count, 0);
	assert_int_equal(hdr.extension_profile, 0);
	assert_int_equal(hdr.header_bytes, 12);
	assert_int_equal(hdr.payload_bytes, 4);
}

static void reads_csrcs_extension_and_padding(void **state)
{
	struct rtp_hdr hdr;

	(void)state;
	assert_int_equal(parse(full, sizeof(full), &hdr), RTP_OK);
	assert_false(hdr.marker);
	assert_true(hdr.has_padding);
	assert_true(hdr.has_extension);
	assert_int_equal(hdr.pt, 111);
	assert_int_equal(hdr.csrc_count, 2);
	assert_int_equal(hdr.extension_profile, 0xbede);
	assert_int_equal(hdr.header_bytes, 28);
	assert_int_equal(hdr.payload_bytes, 3);
}

static void accepts_a_packet_without_payload(void **state)
{
	struct rtp_hdr hdr;

	(void)state;
	assert_int_equal(parse(plain, 12, &hdr), RTP_OK);
	assert_int_equal(hdr.payload_bytes, 0);
}

static void rejects_every_version_but_two(void **state)
{
	static const uint8_t versions[] = {0x00, 0x40, 0xc0};
	uint8_t packet[sizeof(plain)];
	struct rtp_hdr hdr;

	(void)state;
	memcpy(packet, plain, sizeof(plain));
	for (size_t i = 0; i < sizeof(versions); i++) {
		packet[0] = versions[i];
		assert_int_equal(parse(packet, sizeof(packet), &hdr), RTP_VERSION);
	}
}

static void leaves_packet_types_192_to_223_to_rtcp(void **state)
{
	uint8_t packet[sizeof(plain)];
	struct rtp_hdr hdr;

	(void)state;
	memcpy(packet, plain, sizeof(plain));
	for (unsigned second = 0; second < 256; second++) {
		bool is_rtcp = second >= 192 && second <= 223;

		packet[1] = (uint8_t)second;
		assert_int_equal(
			parse(packet, sizeof(packet), &hdr), is_rtcp ? RTP_IS_RTCP : RTP_OK);
	}
}

static void rejects_lengths_beyond_the_packet(void **state)
{
	uint8_t packet[sizeof(full)];
	struct rtp_hdr hdr;

	(void)state;
	memcpy(packet, plain, sizeof(plain));
	packet[0] = 0x82; /* two CSRCs, room for one */
	assert_int_equal(parse(packet, sizeof(plain), &hdr), RTP_CSRC);

	memcpy(packet, full, sizeof(full));
	packet[23] = 3; /* extension of three words, 12 octets are left */
	packet[0] = 0x92;
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_OK);
	assert_int_equal(hdr.payload_bytes, 0);
	packet[23] = 4;
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_EXTENSION);
	packet[22] = packet[23] = 0xff;
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_EXTENSION);
	/* 28 + 4 * 65535 octets of header fit no UDP datagram, whatever wire says. */
	assert_int_equal(
		rtp_hdr_parse(bytes_of(packet, sizeof(full)), 1u << 20, &hdr), RTP_EXTENSION);
}

static void rejects_an_impossible_padding_count(void **state)
{
	uint8_t packet[sizeof(full)];
	struct rtp_hdr hdr;

	(void)state;
	memcpy(packet, full, sizeof(full));
	packet[sizeof(full) - 1] = 8; /* all of the payload */
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_OK);
	assert_int_equal(hdr.payload_bytes, 0);
	packet[sizeof(full) - 1] = 9;
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_PADDING);
	packet[sizeof(full) - 1] = 0;
	assert_int_equal(parse(packet, sizeof(full), &hdr), RTP_PADDING);
	/* Nothing after the header that could hold the count. */
	assert_int_equal(parse(full, 28, &hdr), RTP_PADDING);
}

static void counts_padding_as_payload_when_its_count_was_not_captured(void **state)
{
	struct rtp_hdr hdr;

	(void)state;
	assert_int_equal(
		rtp_hdr_parse(bytes_of(full, sizeof(full) - 1), sizeof(full), &hdr), RTP_OK);
	assert_int_equal(hdr.payload_bytes, 8);
	assert_true(hdr.has_padding);
}

static void takes_lengths_from_the_wire_when_the_capture_cut(void **state)
{
	uint8_t packet[sizeof(full)];
	struct rtp_hdr hdr;

	(void)state;
	assert_int_equal(rtp_hdr_parse(bytes_of(plain, 12), 172, &hdr), RTP_OK);
	assert_int_equal(hdr.payload_bytes, 160);
	/* One of two CSRCs was captured; their number is enough. */
	memcpy(packet, full, sizeof(full));
	packet[0] = 0x82;
	assert_int_equal(rtp_hdr_parse(bytes_of(packet, 16), 172, &hdr), RTP_OK);
	assert_int_equal(hdr.header_bytes, 20);
	assert_int_equal(hdr.payload_bytes, 152);
	/* The extension's length word was captured, its contents were not. */
	assert_int_equal(rtp_hdr_parse(bytes_of(full, 24), 172, &hdr), RTP_OK);
	assert_int_equal(hdr.header_bytes, 28);
	assert_int_equal(hdr.payload_bytes, 144);
	/* Of this one not even the length: its words count as payload. */
	assert_int_equal(rtp_hdr_parse(bytes_of(full, 23), 172, &hdr), RTP_OK);
	assert_int_equal(hdr.header_bytes, 24);
	assert_int_equal(hdr.payload_bytes, 148);
	assert_int_equal(rtp_hdr_parse(bytes_of(full, 20), 23, &hdr), RTP_EXTENSION);
}

static void rejects_every_truncation(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(full); n++) {
		uint8_t *packet = guarded_copy(full, n);
		enum rtp_status status;
		struct rtp_hdr hdr;

		status = parse(packet, n, &hdr);
		if (n < 12)
			assert_int_equal(status, RTP_SHORT);
		else if (n < 20)
			assert_int_equal(status, RTP_CSRC);
		else if (n < 28)
			assert_int_equal(status, RTP_EXTENSION);
		else /* the last octet is no possible padding count: none, 0x11 and up, or 0 */
			assert_int_equal(status, RTP_PADDING);
		guarded_free(packet, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_fixed_header),
		cmocka_unit_test(reads_csrcs_extension_and_padding),
		cmocka_unit_test(accepts_a_packet_without_payload),
		cmocka_unit_test(rejects_every_version_but_two),
		cmocka_unit_test(leaves_packet_types_192_to_223_to_rtcp),
		cmocka_unit_test(rejects_lengths_beyond_the_packet),
		cmocka_unit_test(rejects_an_impossible_padding_count),
		cmocka_unit_test(counts_padding_as_payload_when_its_count_was_not_captured),
		cmocka_unit_test(takes_lengths_from_the_wire_when_the_capture_cut),
		cmocka_unit_test(rejects_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
