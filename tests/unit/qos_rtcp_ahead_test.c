/* SPDX-License-Identifier: BSD-3-Clause */
/* Which streams a compound will tell of: found by a look at what may be any payload, so nothing in it is believed but
 * what is there. */
#include "qos_rtcp_ahead.h"
#include "qos_table_case.h"
#include "rtcp_packet.h"

enum {
	SSRC_A = 0x0a0b0c01,
	SSRC_B = 0x0a0b0c02,
	PAYLOAD_MAX = 40,
	HEAD_END = 8, /* of the header and the SSRC of the sender, RFC 3550 section 6.4.1 */
	RR_BLOCK_AT = 8,
	SR_BLOCK_AT = 28,
	SSRC_BYTES = 4,
};

/* A call: A and B send to each other. */
static const struct pkt_flow from_a = {
	4, PKT_UDP, 10000, 30000, 0, {{198, 51, 100, 1}}, {{203, 0, 113, 1}}};
static const struct pkt_flow from_b = {
	4, PKT_UDP, 30000, 10000, 0, {{203, 0, 113, 1}}, {{198, 51, 100, 1}}};

static struct {
	struct qos_table table;
	void *mem;
} call;

static void open_for(const struct pkt_flow *flow, uint32_t ssrc)
{
	struct pkt_media m = {.key = pkt_media_key(flow, ssrc, &seed), .marker_pt = PCMU};
	struct qos_origin origin = {.flow = *flow, .ssrc = ssrc};

	assert_int_not_equal(qos_table_open(&call.table, &m, &origin, NULL, 0, START_NS), QOS_NONE);
}

static uint32_t slot_of(const struct pkt_flow *flow, uint32_t ssrc)
{
	struct pkt_media_key key = pkt_media_key(flow, ssrc, &seed);
	uint32_t slot = qos_table_find_slot(&call.table, &key);

	assert_int_not_equal(slot, QOS_NONE);
	return slot;
}

/* Also streams with the SSRC of the other end, which nothing here is about. */
static int open_call(void **state)
{
	(void)state;
	call.mem = open_table(&call.table, 64);
	open_for(&from_a, SSRC_A);
	open_for(&from_a, SSRC_B);
	open_for(&from_b, SSRC_A);
	open_for(&from_b, SSRC_B);
	return 0;
}

static int close_call(void **state)
{
	(void)state;
	close_table(&call.table, call.mem);
	return 0;
}

static void put_ssrc(uint8_t *p, uint32_t ssrc)
{
	for (unsigned i = 0; i < SSRC_BYTES; i++)
		p[i] = (uint8_t)(ssrc >> (24 - 8 * i));
}

/* What A sends, with its first block, if it is one that has any, about B. */
static void make(uint8_t *text, uint8_t first, uint8_t type)
{
	memset(text, 0xee, PAYLOAD_MAX);
	text[0] = first;
	text[1] = type;
	put_ssrc(text + HEAD_END - SSRC_BYTES, SSRC_A);
	if (type == RTCP_RR)
		put_ssrc(text + RR_BLOCK_AT, SSRC_B);
	else
		put_ssrc(text + SR_BLOCK_AT, SSRC_B);
}

/* block_at: 0 without. */
static void expect_slots(uint8_t first, uint8_t type, size_t block_at)
{
	uint8_t text[PAYLOAD_MAX];

	make(text, first, type);
	for (size_t n = 0; n <= PAYLOAD_MAX; n++) {
		uint8_t *copy = guarded_copy(text, n);
		struct qos_rtcp_ahead ahead;
		unsigned want = n >= HEAD_END;

		want += block_at && n >= block_at + SSRC_BYTES;
		memset(&ahead, 0xaa, sizeof(ahead));
		qos_rtcp_ahead_slots(&call.table, &from_a, bytes_of(copy, n), &ahead);
		assert_int_equal(ahead.count, want);
		if (want > 0)
			assert_int_equal(ahead.slot[0], slot_of(&from_a, SSRC_A));
		if (want > 1)
			assert_int_equal(ahead.slot[1], slot_of(&from_b, SSRC_B));
		qos_rtcp_ahead_streams(&call.table, &ahead);
		guarded_free(copy, n);
	}
}

static void names_the_streams_of_a_sender_report(void **state)
{
	(void)state;
	expect_slots(0x81, RTCP_SR, SR_BLOCK_AT);
	expect_slots(0x9f, RTCP_SR, SR_BLOCK_AT);
}

static void names_the_streams_of_a_receiver_report(void **state)
{
	(void)state;
	expect_slots(0x81, RTCP_RR, RR_BLOCK_AT);
	expect_slots(0x90, RTCP_RR, RR_BLOCK_AT);
}

static void names_only_the_sender_without_a_block(void **state)
{
	(void)state;
	expect_slots(0x80, RTCP_SR, 0);
	expect_slots(0x80, RTCP_RR, 0);
	for (unsigned type = 0; type <= UINT8_MAX; type++)
		if (type != RTCP_SR && type != RTCP_RR)
			expect_slots(0x81, (uint8_t)type, 0);
}

/* A slot is named all the same, which nobody has, or another. */
static void takes_streams_that_are_not_there(void **state)
{
	const uint32_t slots = call.table.group_count * QOS_GROUP_SLOTS;
	struct qos_rtcp_ahead ahead;
	uint8_t text[PAYLOAD_MAX];

	(void)state;
	make(text, 0x81, RTCP_SR);
	for (uint32_t ssrc = 0; ssrc < 10000; ssrc++) {
		put_ssrc(text + HEAD_END - SSRC_BYTES, ssrc);
		put_ssrc(text + SR_BLOCK_AT, ~ssrc);
		qos_rtcp_ahead_slots(&call.table, &from_a, bytes_of(text, sizeof(text)), &ahead);
		assert_int_equal(ahead.count, QOS_RTCP_AHEAD_MAX);
		assert_true(ahead.slot[0] < slots && ahead.slot[1] < slots);
		qos_rtcp_ahead_streams(&call.table, &ahead);
	}
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, open_call, close_call)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL_TEST(names_the_streams_of_a_sender_report),
		CALL_TEST(names_the_streams_of_a_receiver_report),
		CALL_TEST(names_only_the_sender_without_a_block),
		CALL_TEST(takes_streams_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
