/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: order, copies, overlaps, bounds of table and time. */
#include "pkt_frag.h"
#include "unit.h"

enum {
	DATAGRAMS = 16,
	LENGTH = 61, /* of the datagram under test: 7 units and 5 octets */
};

#define SECOND ((uint64_t)1000000000)

struct rig {
	struct pkt_frags frags;
	void *memory;
	uint64_t now_ns;
	uint8_t data[LENGTH];
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	size_t size = pkt_frag_memory(DATAGRAMS);

	assert_non_null(rig);
	rig->memory = aligned_alloc(64, (size + 63) / 64 * 64);
	assert_non_null(rig->memory);
	memset(rig->memory, 0, size);
	pkt_frag_init(&rig->frags, rig->memory, DATAGRAMS, &(struct pkt_seed){.k = {1, 2, 3, 4}});
	rig->now_ns = 1000000 * SECOND;
	for (unsigned i = 0; i < LENGTH; i++)
		rig->data[i] = (uint8_t)(i * 7 + 1);
	*state = rig;
	return 0;
}

/* Datagrams begun are whole or given up for one reason, once time has gone by. */
static int teardown(void **state)
{
	struct rig *rig = *state;
	struct pkt_frag_counters *c = &rig->frags.counters;
	struct pkt_view none = {.payload_wire = 0};
	struct bytes data;

	assert_false(pkt_frag_take(
		&rig->frags, &none, rig->now_ns + 7200 * SECOND + PKT_FRAG_TIMEOUT_NS, &data));
	assert_int_equal(rig->frags.oldest, 0);
	assert_int_equal(rig->frags.newest, 0);
	assert_int_equal(c->fragments_begun, c->fragments_whole + c->fragments_timed_out +
						     c->fragments_evicted + c->fragments_refused);
	free(rig->memory);
	free(rig);
	return 0;
}

static struct pkt_view fragment_of(
	const uint8_t *data, uint8_t family, uint32_t id, uint32_t offset, uint32_t n, bool more)
{
	struct pkt_view view = {
		.flow = {.family = family, .proto = PKT_UDP, .src.b = {192, 0, 2, 1}},
		.payload = bytes_of(data + offset, n),
		.payload_wire = n,
		.tos = 0xb8,
		.ttl = 63,
		.fragment = {.id = id, .offset = (uint16_t)offset, .more = more},
	};

	view.flow.dst.b[0] = 198;
	view.flow.dst.b[family == 6 ? 15 : 3] = 2;
	return view;
}

/* True when it made its datagram whole, and then the datagram is the rig's data. */
static bool take(struct rig *rig, uint8_t family, uint32_t id, uint32_t offset, uint32_t n)
{
	struct pkt_view view = fragment_of(rig->data, family, id, offset, n, offset + n < LENGTH);
	struct bytes data;

	if (!pkt_frag_take(&rig->frags, &view, rig->now_ns, &data))
		return false;
	assert_int_equal(data.n, LENGTH);
	assert_memory_equal(data.p, rig->data, LENGTH);
	return true;
}

static void in_any_order(void **state)
{
	static const unsigned orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const uint32_t offsets[] = {0, 16, 40, LENGTH};
	struct rig *rig = *state;

	for (unsigned round = 0; round < 12; round++)
		for (unsigned i = 0; i < 3; i++) {
			unsigned k = orders[round % 6][i];

			assert_int_equal(take(rig, round < 6 ? 4 : 6, round, offsets[k],
						 offsets[k + 1] - offsets[k]),
				i == 2);
		}
	assert_int_equal(rig->frags.counters.fragments_whole, 12);
	assert_int_equal(rig->frags.used, 1); /* what is given back is taken again */
}

static void copies_and_equal_overlaps_are_harmless(void **state)
{
	struct rig *rig = *state;

	assert_false(take(rig, 4, 1, 8, 24));
	assert_false(take(rig, 4, 1, 8, 24));
	assert_false(take(rig, 4, 1, 16, LENGTH - 16));
	assert_false(take(rig, 4, 1, 56, LENGTH - 56));
	assert_true(take(rig, 4, 1, 0, 16));
	assert_int_equal(rig->frags.counters.fragments_refused, 0);
}

static void differing_overlaps_refuse_the_datagram(void **state)
{
	struct rig *rig = *state;

	assert_false(take(rig, 4, 1, 0, 24));
	rig->data[20] ^= 1;
	assert_false(take(rig, 4, 1, 16, LENGTH - 16));
	rig->data[20] ^= 1;
	assert_false(take(rig, 4, 1, 16, LENGTH - 16));
	assert_int_equal(rig->frags.counters.fragments_refused, 1);
	/* Others are not concerned. */
	assert_false(take(rig, 4, 2, 0, 24));
	assert_true(take(rig, 4, 2, 24, LENGTH - 24));
	/* Later the ID is a new datagram's. */
	rig->now_ns += 2 * PKT_FRAG_REUSE_NS;
	assert_false(take(rig, 4, 1, 0, 24));
	assert_true(take(rig, 4, 1, 24, LENGTH - 24));
}

static void an_id_used_again_begins_anew(void **state)
{
	struct rig *rig = *state;

	assert_false(take(rig, 4, 1, 0, 24)); /* the rest is lost */
	rig->now_ns += 2 * PKT_FRAG_REUSE_NS;
	for (unsigned i = 0; i < LENGTH; i++)
		rig->data[i] ^= 0xff;
	assert_false(take(rig, 4, 1, 0, 24));
	assert_true(take(rig, 4, 1, 24, LENGTH - 24));
	assert_int_equal(rig->frags.counters.fragments_timed_out, 1);
}

/* Two ends, or data beyond the end. */
static void the_end_is_where_it_is(void **state)
{
	struct rig *rig = *state;
	struct pkt_view view = fragment_of(rig->data, 4, 1, 16, 8, false);
	struct bytes data;

	assert_false(pkt_frag_take(&rig->frags, &view, rig->now_ns, &data));
	assert_false(take(rig, 4, 1, 16, 24));
	assert_int_equal(rig->frags.counters.fragments_refused, 1);
	view.fragment.id = 2;
	assert_false(take(rig, 4, 2, 16, 24));
	assert_false(pkt_frag_take(&rig->frags, &view, rig->now_ns, &data));
	assert_int_equal(rig->frags.counters.fragments_refused, 2);
}

static void keys_keep_datagrams_apart(void **state)
{
	struct rig *rig = *state;
	struct bytes data;

	for (unsigned i = 0; i < 7; i++) {
		struct pkt_view view = fragment_of(rig->data, 4, 1, 0, 24, true);

		view.flow.src.b[3] += i == 1;
		view.flow.dst.b[3] += i == 2;
		view.flow.proto = i == 3 ? PKT_TCP : PKT_UDP;
		view.fragment.id += i == 4;
		view.tenant = i == 5;
		view.vlan = i == 6;
		assert_false(pkt_frag_take(&rig->frags, &view, rig->now_ns, &data));
	}
	assert_int_equal(rig->frags.counters.fragments_begun, 7);
}

static void of_ipv6_the_first_fragment_says_the_protocol(void **state)
{
	struct rig *rig = *state;
	struct pkt_view last = fragment_of(rig->data, 6, 1, 24, LENGTH - 24, false);
	struct pkt_view first = fragment_of(rig->data, 6, 1, 0, 24, true);
	struct bytes data;

	first.flow.proto = PKT_TCP;
	assert_false(pkt_frag_take(&rig->frags, &first, rig->now_ns, &data));
	assert_true(pkt_frag_take(&rig->frags, &last, rig->now_ns, &data));
	assert_int_equal(last.flow.proto, PKT_TCP);
}

static void the_oldest_makes_room(void **state)
{
	struct rig *rig = *state;

	for (uint32_t id = 0; id < 3 * DATAGRAMS; id++)
		assert_false(take(rig, 4, id, 0, 24));
	assert_int_equal(rig->frags.counters.fragments_evicted, 2 * DATAGRAMS);
	assert_int_equal(rig->frags.used, DATAGRAMS);
	assert_true(take(rig, 4, 2 * DATAGRAMS, 24, LENGTH - 24));
	assert_false(take(rig, 4, 2 * DATAGRAMS - 1, 24, LENGTH - 24));
}

static void half_a_minute_is_enough(void **state)
{
	struct rig *rig = *state;

	assert_false(take(rig, 4, 1, 0, 24));
	rig->now_ns += PKT_FRAG_TIMEOUT_NS;
	assert_false(take(rig, 4, 2, 0, 24));
	assert_int_equal(rig->frags.counters.fragments_timed_out, 0);
	rig->now_ns += 1;
	assert_true(take(rig, 4, 2, 24, LENGTH - 24));
	assert_int_equal(rig->frags.counters.fragments_timed_out, 1);
	/* Time that stepped back makes nothing old. */
	assert_false(take(rig, 4, 3, 0, 24));
	rig->now_ns -= 3600 * SECOND;
	assert_true(take(rig, 4, 3, 24, LENGTH - 24));
}

static void what_cannot_be_is_not_kept(void **state)
{
	struct rig *rig = *state;
	struct pkt_view odd = fragment_of(rig->data, 4, 1, 0, 20, true);
	struct pkt_view none = fragment_of(rig->data, 4, 1, 8, 0, true);
	struct pkt_view cut = fragment_of(rig->data, 4, 1, 8, 16, true);
	struct pkt_view far = fragment_of(rig->data, 4, 2, 0, LENGTH, false);
	struct bytes data;

	cut.payload_wire = 24;
	assert_false(pkt_frag_take(&rig->frags, &odd, rig->now_ns, &data));
	assert_false(pkt_frag_take(&rig->frags, &none, rig->now_ns, &data));
	assert_false(pkt_frag_take(&rig->frags, &cut, rig->now_ns, &data));
	assert_int_equal(rig->frags.counters.fragments_unfit, 3);
	assert_int_equal(rig->frags.counters.fragments_begun, 0);
	far.fragment.offset = UINT16_MAX - 7;
	assert_false(pkt_frag_take(&rig->frags, &far, rig->now_ns, &data));
	assert_int_equal(rig->frags.counters.fragments_refused, 1);
	rig->now_ns += 2 * PKT_FRAG_REUSE_NS;
	assert_false(pkt_frag_take(&rig->frags, &far, rig->now_ns, &data));
}

static void the_greatest_fits(void **state)
{
	struct rig *rig = *state;
	uint8_t *big = calloc(1, PKT_FRAG_DATA_MAX);
	struct bytes data = BYTES_NONE;

	assert_non_null(big);
	big[PKT_FRAG_DATA_MAX - 1] = 77;
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t at = 0; at < PKT_FRAG_DATA_MAX; at += 1480) {
			uint32_t rest = PKT_FRAG_DATA_MAX - at;
			struct pkt_view view = fragment_of(
				big, 4, round, at, rest < 1480 ? rest : 1480, rest > 1480);

			assert_int_equal(pkt_frag_take(&rig->frags, &view, rig->now_ns, &data),
				rest <= 1480);
		}
	assert_int_equal(data.n, PKT_FRAG_DATA_MAX);
	assert_int_equal(data.p[data.n - 1], 77);
	free(big);
}

/* What the header says is what was in the view. */
static void headers_are_decoded_as_they_were(void **state)
{
	static const uint8_t udp[] = {0x13, 0xc4, 0x40, 0, 0, 12, 0, 0, 'p', 'a', 'y', '!'};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct pkt_view want = fragment_of(udp, i & 1 ? 6 : 4, 1, 0, sizeof(udp), true);
		uint8_t frame[PKT_FRAG_HEADER_MAX + sizeof(udp)];
		struct pkt_view view;
		size_t n;

		want.has_mac = i & 2;
		want.vlan = i == 6 || i == 7 ? 100 : 0;
		if (want.has_mac)
			memcpy(want.src_mac, "\2\0\0\0\0\1", 6);
		n = pkt_frag_header(&want, sizeof(udp), frame);
		memcpy(frame + n, udp, sizeof(udp));
		assert_int_equal(pkt_decode(want.has_mac ? PKT_LINK_ETHERNET : PKT_LINK_RAW,
					 bytes_of(frame, n + sizeof(udp)), &view),
			PKT_OK);
		want.flow.sport = 0x13c4;
		want.flow.dport = 0x4000;
		assert_memory_equal(&view.flow, &want.flow, sizeof(want.flow));
		assert_memory_equal(view.payload.p, "pay!", 4);
		assert_int_equal(view.payload_wire, 4);
		assert_int_equal(view.tos, 0xb8);
		assert_int_equal(view.ttl, 63);
		assert_int_equal(view.vlan, want.vlan);
		assert_memory_equal(view.src_mac, want.src_mac, 6);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(in_any_order),
		CASE(copies_and_equal_overlaps_are_harmless),
		CASE(differing_overlaps_refuse_the_datagram),
		CASE(an_id_used_again_begins_anew),
		CASE(the_end_is_where_it_is),
		CASE(keys_keep_datagrams_apart),
		CASE(of_ipv6_the_first_fragment_says_the_protocol),
		CASE(the_oldest_makes_room),
		CASE(half_a_minute_is_enough),
		CASE(what_cannot_be_is_not_kept),
		CASE(the_greatest_fits),
		CASE(headers_are_decoded_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
