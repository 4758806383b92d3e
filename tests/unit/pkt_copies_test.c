/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of a mirror, and what is none: other contents, identifications, times, hops. */
#include "pkt_copies.h"
#include "unit.h"

#define MS ((uint64_t)1000000)

static struct pkt_copies copies;
static const struct pkt_seed seed = {.k = {1, 2, 3, 4}};

static struct pkt_view datagram(const char *text)
{
	return (struct pkt_view){
		.flow = {.family = 4,
			.proto = PKT_UDP,
			.sport = 5060,
			.dport = 5060,
			.src = {{10}}},
		.payload = bytes_from_str(text),
		.ip_id = 7,
		.ttl = 64,
		.vlan = 10,
	};
}

static bool has(const struct pkt_view *view, bool by_hop, uint64_t now_ms)
{
	return pkt_copies_has(
		&copies, pkt_copies_hash(view, by_hop, &seed), 1000000 * MS + now_ms * MS, 50 * MS);
}

static int setup(void **state)
{
	(void)state;
	memset(&copies, 0, sizeof(copies));
	return 0;
}

static void knows_a_copy_within_the_window(void **state)
{
	struct pkt_view view = datagram("INVITE");

	(void)state;
	assert_false(has(&view, false, 100));
	assert_true(has(&view, false, 100));
	assert_true(has(&view, false, 150));
	assert_true(has(&view, false, 51)); /* of another port, whose clock is behind */
	assert_false(has(&view, false, 151)); /* counted from the first */
	assert_true(has(&view, false, 152));
}

static void what_differs_is_no_copy(void **state)
{
	struct pkt_view views[7];

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		views[i] = datagram("INVITE");
	views[1].payload = bytes_from_str("INVITF");
	views[2].payload = bytes_from_str("INVITE ");
	views[3].ip_id = 8; /* its sender sent it again */
	views[4].flow.sport = 5061;
	views[5].flow.src.b[3] = 1;
	views[6].flow.dst.b[3] = 1;
	for (unsigned i = 0; i < 7; i++)
		assert_false(has(&views[i], false, i));
	for (unsigned i = 0; i < 7; i++)
		assert_true(has(&views[i], false, 10));
}

static void hops_are_copies_or_none(void **state)
{
	struct pkt_view views[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		views[i] = datagram("INVITE");
	views[1].ttl = 63;
	views[2].vlan = 20;
	views[3].tenant = 5;
	for (unsigned i = 0; i < 4; i++)
		assert_false(has(&views[i], true, i));
	for (unsigned i = 0; i < 4; i++)
		assert_true(has(&views[i], true, 10));
	assert_false(has(&views[0], false, 20));
	for (unsigned i = 1; i < 4; i++)
		assert_true(has(&views[i], false, 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(knows_a_copy_within_the_window, setup),
		cmocka_unit_test_setup(what_differs_is_no_copy, setup),
		cmocka_unit_test_setup(hops_are_copies_or_none, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
