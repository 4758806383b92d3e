/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP from TCP segments that are too short to look like SIP by themselves. */
#include "sip_tcp_case.h"

/* The first n segments of a stream; result: of the one by which it is found. */
static void expect_found(struct rig *rig, const size_t *at, unsigned n)
{
	for (unsigned i = 0; i + 1 < n; i++)
		assert_int_equal(take_of(rig, at[i], at[i + 1], false),
			i + 2 < n ? SIP_TCP_OTHER : SIP_TCP_PART);
	assert_int_equal(take_of(rig, at[n - 1], rig->starts[MESSAGES], false), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x3f);
	assert_int_equal(rig->tcp.counters.tcp_skipped_bytes, 0);
}

static void a_start_line_may_be_cut_anywhere(void **state)
{
	expect_found(*state, (size_t[]){0, 1, 30}, 3);
}

static void a_start_line_may_come_octet_by_octet(void **state)
{
	expect_found(*state, (size_t[]){0, 1, 2, 3}, 4);
}

static void short_segments_may_overtake_each_other(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(take_of(rig, 1, 4, false), SIP_TCP_OTHER);
	assert_int_equal(take_of(rig, 0, 1, false), SIP_TCP_OTHER);
	assert_int_equal(take_of(rig, 4, 60, false), SIP_TCP_PART);
	take_of(rig, 60, rig->starts[MESSAGES], false);
	expect_messages(rig, 0x3f);
}

/* What is long ago, of another place in the stream, or no beginning opens nothing. */
static void short_segments_alone_are_no_sip(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(take_of(rig, 0, 1, false), SIP_TCP_OTHER);
	rig->now_ns += SIP_TCP_HOLE_NS + 1;
	assert_int_equal(take_of(rig, 1, 60, false), SIP_TCP_OTHER);
	rig->now_ns += SIP_TCP_HOLE_NS + 1;
	assert_int_equal(take_of(rig, 0, 1, false), SIP_TCP_OTHER);
	assert_int_equal(take_of(rig, 2, 60, false), SIP_TCP_OTHER);
	rig->now_ns += SIP_TCP_HOLE_NS + 1;
	for (unsigned i = 8; i < 24; i++)
		assert_int_equal(take_of(rig, i, i + 1, false), SIP_TCP_OTHER);
	assert_int_equal(rig->tcp.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_start_line_may_be_cut_anywhere),
		CASE(a_start_line_may_come_octet_by_octet),
		CASE(short_segments_may_overtake_each_other),
		CASE(short_segments_alone_are_no_sip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
