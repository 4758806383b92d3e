/* SPDX-License-Identifier: BSD-3-Clause */
/* User messages of SCTP: bundled, in fragments, repeated, malformed. */
#include "sip_sctp.h"
#include "unit.h"

enum {
	FIRST = 2,
	LAST = 1,
	UNORDERED = 4,
};

struct rig {
	struct sip_sctp sctp;
	void *memory;
	uint8_t packet[2048];
	size_t n;
	uint8_t got[SIP_SCTP_MESSAGE_MAX];
	size_t got_bytes, got_wire;
	unsigned messages;
	bool says_sip;
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->memory = zeroed(sip_sctp_memory());
	sip_sctp_init(&rig->sctp, rig->memory, &(struct pkt_seed){.k = {1, 2, 3, 4}});
	rig->says_sip = true;
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	free(rig->memory);
	free(rig);
	return 0;
}

static bool on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct rig *rig = arg;

	assert_int_equal(now_ns, 1000);
	rig->got_wire = view->payload_wire;
	memcpy(rig->got, view->payload.p, view->payload.n);
	rig->got_bytes = view->payload.n;
	rig->messages++;
	return rig->says_sip;
}

static void put_chunk(struct rig *rig, unsigned type, unsigned flags, uint32_t tsn, unsigned ssn,
	const char *text)
{
	size_t n = strlen(text), length = 16 + n;
	uint8_t head[16] = {(uint8_t)type, (uint8_t)flags, (uint8_t)(length >> 8), (uint8_t)length,
		(uint8_t)(tsn >> 24), (uint8_t)(tsn >> 16), (uint8_t)(tsn >> 8), (uint8_t)tsn, 0, 7,
		(uint8_t)(ssn >> 8), (uint8_t)ssn};

	memcpy(rig->packet + rig->n, head, sizeof(head));
	memcpy(rig->packet + rig->n + sizeof(head), text, n);
	rig->n += (length + 3) / 4 * 4;
}

/* What was put so far, as one packet; ends where its last octet does, or those that the capture left. */
static enum sip_sctp_result take_cut(struct rig *rig, unsigned port, size_t left)
{
	uint8_t *copy = guarded_copy(rig->packet, left);
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_SCTP, .sport = (uint16_t)port},
		.payload = bytes_of(copy, left),
		.payload_wire = (uint32_t)rig->n,
	};
	enum sip_sctp_result result = sip_sctp_take(&rig->sctp, &view, 1000, on_message, rig);

	guarded_free(copy, left);
	rig->n = 0;
	return result;
}

static enum sip_sctp_result take_from(struct rig *rig, unsigned port)
{
	return take_cut(rig, port, rig->n);
}

static enum sip_sctp_result take(struct rig *rig)
{
	return take_from(rig, 5060);
}

static enum sip_sctp_result take_chunk(
	struct rig *rig, unsigned flags, uint32_t tsn, unsigned ssn, const char *text)
{
	put_chunk(rig, 0, flags, tsn, ssn, text);
	return take(rig);
}

static void expect(const struct rig *rig, unsigned messages, const char *last)
{
	assert_int_equal(rig->messages, messages);
	assert_int_equal(rig->got_bytes, strlen(last));
	assert_int_equal(rig->got_wire, strlen(last));
	assert_memory_equal(rig->got, last, strlen(last));
}

static void several_in_a_packet(void **state)
{
	struct rig *rig = *state;

	put_chunk(rig, 3, 0, 0, 0, "a SACK, not data");
	put_chunk(rig, 0, FIRST | LAST, 1, 1, "one");
	put_chunk(rig, 0, FIRST | LAST, 2, 2, "three");
	rig->n -= 3; /* the last one's padding is not there */
	assert_int_equal(take(rig), SIP_SCTP_MESSAGE);
	expect(rig, 2, "three");
	assert_int_equal(rig->sctp.counters.sctp_unfit, 0);
}

static void what_is_no_sip_is_other(void **state)
{
	struct rig *rig = *state;

	rig->says_sip = false;
	assert_int_equal(take_chunk(rig, FIRST | LAST, 1, 1, "M3UA"), SIP_SCTP_OTHER);
	put_chunk(rig, 4, 0, 0, 0, "HEARTBEAT");
	assert_int_equal(take(rig), SIP_SCTP_OTHER);
	assert_int_equal(rig->messages, 1);
}

static void fragments_in_any_order(void **state)
{
	static const unsigned orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const unsigned flags[] = {FIRST, 0, LAST};
	static const char *const texts[] = {"Hel", "lo, wo", "rld"};
	struct rig *rig = *state;

	for (unsigned round = 0; round < 12; round++)
		for (unsigned i = 0; i < 3; i++) {
			unsigned k = orders[round % 6][i];
			/* TSNs wrap in the middle of the second message. */
			uint32_t tsn = UINT32_MAX - 4 + 3 * round + k;

			assert_int_equal(take_chunk(rig, flags[k] | (round < 6 ? 0u : UNORDERED),
						 tsn, round < 6 ? round : 0, texts[k]),
				i == 2 ? SIP_SCTP_MESSAGE : SIP_SCTP_PART);
			if (i == 2)
				expect(rig, round + 1, "Hello, world");
		}
	assert_int_equal(rig->sctp.counters.sctp_evicted, 0);
}

static void chunks_sent_again_count_once(void **state)
{
	struct rig *rig = *state;

	take_chunk(rig, FIRST | LAST, 1, 1, "one");
	assert_int_equal(take_chunk(rig, FIRST | LAST, 1, 1, "one"), SIP_SCTP_OTHER);
	take_chunk(rig, FIRST, 2, 2, "tw");
	take_chunk(rig, FIRST, 2, 2, "tw");
	assert_int_equal(take_chunk(rig, LAST, 3, 2, "o"), SIP_SCTP_MESSAGE);
	expect(rig, 2, "two");
	assert_int_equal(rig->sctp.counters.sctp_repeated, 2);
}

static void streams_and_associations_stay_apart(void **state)
{
	struct rig *rig = *state;

	take_chunk(rig, FIRST, 1, 1, "on");
	assert_int_equal(take_chunk(rig, LAST, 2, 2, "e"), SIP_SCTP_PART);
	put_chunk(rig, 0, LAST, 2, 1, "e");
	assert_int_equal(take_from(rig, 5061), SIP_SCTP_PART);
	assert_int_equal(rig->messages, 0);
}

static void the_oldest_makes_room(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 3 * SIP_SCTP_PARTIALS; i++)
		take_chunk(rig, FIRST, 10 * i, i, "half");
	assert_int_equal(rig->sctp.counters.sctp_evicted, 2 * SIP_SCTP_PARTIALS);
	assert_int_equal(
		take_chunk(rig, LAST, 20 * SIP_SCTP_PARTIALS + 1, 2 * SIP_SCTP_PARTIALS, "!"),
		SIP_SCTP_MESSAGE);
	expect(rig, 1, "half!");
}

static void too_many_fragments_are_given_up(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 64; i++)
		take_chunk(rig, i ? 0 : FIRST, i, 1, "x");
	assert_int_equal(rig->sctp.counters.sctp_unfit, 0);
	/* The 65th fragment is too far off to be of the same message, or does not fit. */
	take_chunk(rig, LAST, 64, 1, "x");
	assert_int_equal(rig->messages, 0);
}

static void what_is_malformed_ends_the_packet(void **state)
{
	static const uint8_t lengths[] = {0, 3, 16, 200};
	struct rig *rig = *state;

	for (unsigned i = 0; i < sizeof(lengths); i++) {
		put_chunk(rig, 0, FIRST | LAST, 100 + i, i, "good");
		put_chunk(rig, 0, FIRST | LAST, 200 + i, i, "bad!");
		rig->packet[23] = lengths[i];
		assert_int_equal(take(rig), SIP_SCTP_MESSAGE);
		expect(rig, i + 1, "good");
	}
	assert_int_equal(rig->sctp.counters.sctp_unfit, sizeof(lengths));
}

/* Of a message its first octets, of which the caller knows how many there were; of a fragment that is no first one
 * nothing, and of a chunk without any octet neither. What lies within the packet is as good as ever. */
static void what_the_capture_cut_comes_as_far_as_it_goes(void **state)
{
	struct rig *rig = *state;

	for (size_t left = 1; left <= 20 + 16 + 8; left++) {
		bool has_first = left >= 20, has_cut = left > 20 + 16;

		put_chunk(rig, 0, FIRST | LAST, 100 + 2 * (uint32_t)left, 1, "one!");
		put_chunk(rig, 0, FIRST, 101 + 2 * (uint32_t)left, 2, "123456789");
		rig->messages = 0;
		assert_int_equal(
			take_cut(rig, 5060, left), left > 16 ? SIP_SCTP_MESSAGE : SIP_SCTP_OTHER);
		assert_int_equal(rig->messages, (left > 16) + has_cut);
		if (has_cut) {
			assert_int_equal(rig->got_bytes, left - 36);
			assert_int_equal(rig->got_wire, 9);
			assert_memory_equal(rig->got, "123456789", left - 36);
		} else if (has_first) {
			expect(rig, 1, "one!");
		} else if (left > 16) {
			assert_int_equal(rig->got_bytes, left - 16);
			assert_int_equal(rig->got_wire, 4);
		}
	}
	put_chunk(rig, 0, LAST, 7, 3, "the end");
	rig->messages = 0;
	assert_int_equal(take_cut(rig, 5060, 20), SIP_SCTP_PART);
	assert_int_equal(rig->messages, 0);
	assert_int_equal(rig->sctp.counters.sctp_unfit, 0);
	assert_int_equal(rig->sctp.counters.sctp_evicted, 0);
}

/* Bundled it was cut, sent again alone it is not: the cut one counts once, and the whole one too. */
static void what_was_cut_is_taken_when_it_comes_whole(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 2; i++) {
		put_chunk(rig, 0, FIRST | LAST, 100, 1, "message");
		take_cut(rig, 5060, 16 + 3);
		assert_int_equal(rig->messages, 1);
		assert_int_equal(rig->sctp.counters.sctp_repeated, i);
	}
	for (unsigned i = 0; i < 2; i++) {
		take_chunk(rig, FIRST | LAST, 100, 1, "message");
		expect(rig, 2, "message");
		assert_int_equal(rig->sctp.counters.sctp_repeated, 1 + i);
	}
	put_chunk(rig, 0, FIRST | LAST, 100, 1, "message");
	take_cut(rig, 5060, 16 + 3);
	expect(rig, 2, "message");
	assert_int_equal(rig->sctp.counters.sctp_repeated, 3);
}

static void a_fragment_that_was_cut_may_come_whole(void **state)
{
	struct rig *rig = *state;

	take_chunk(rig, FIRST, 1, 1, "one ");
	put_chunk(rig, 0, LAST, 2, 1, "message");
	assert_int_equal(take_cut(rig, 5060, 16 + 3), SIP_SCTP_PART);
	take_chunk(rig, LAST, 2, 1, "message");
	expect(rig, 1, "one message");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(several_in_a_packet),
		CASE(what_is_no_sip_is_other),
		CASE(fragments_in_any_order),
		CASE(chunks_sent_again_count_once),
		CASE(streams_and_associations_stay_apart),
		CASE(the_oldest_makes_room),
		CASE(too_many_fragments_are_given_up),
		CASE(what_is_malformed_ends_the_packet),
		CASE(what_the_capture_cut_comes_as_far_as_it_goes),
		CASE(what_was_cut_is_taken_when_it_comes_whole),
		CASE(a_fragment_that_was_cut_may_come_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
