/* SPDX-License-Identifier: BSD-3-Clause */
/* Two fused workers whose queues get what is each other's: the two directions of a call by one queue each, as from a NIC
 * that does not spread as the probe does. */
#include "probe_overload_case.h"

enum {
	ROUNDS = 60, /* of all streams: 1.2 s */
	TAGGED_EVERY = 7, /* has two tags, which the short way leaves to the other */
	TAG_AT = 12,
	SIP_AT = 5, /* in each burst */
};

static void fill_tagged(struct rte_mbuf *m, const struct frame *f)
{
	static const uint8_t tags[8] = {0x88, 0xa8, 0, 7, 0x81, 0, 0, 8};
	struct frame tagged = {.n = 0};

	put(&tagged, f->b, TAG_AT);
	put(&tagged, tags, sizeof(tags));
	put(&tagged, f->b + TAG_AT, f->n - TAG_AT);
	fill(m, &tagged);
}

/* Packet of a stream; the time is the same for all of a burst, or is not. */
static void fill_next(struct rte_mbuf *m, unsigned i, bool is_one_time)
{
	struct stream *s = &rig.streams[i];

	if (!is_one_time)
		rig.now_ns = rig.round_ns + PACKET_NS * i / STREAMS;
	number(s);
	if ((s->seq + i) % TAGGED_EVERY)
		fill(m, &s->frame);
	else
		fill_tagged(m, &s->frame);
	s->fed++;
}

/* The next streams of a queue from *i on, and a SIP message in between. */
static void poll_queue(unsigned queue, unsigned *i, bool is_one_time)
{
	struct rte_mbuf *burst[DP_BURST];
	unsigned n = 0;

	while (n < DP_BURST && *i < STREAMS) {
		assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, &burst[n], 1), 0);
		if (n == SIP_AT) {
			fill_sip(burst[n++]);
			continue;
		}
		fill_next(burst[n++], *i, is_one_time);
		*i += WORKERS_MAX;
	}
	rig.fed += n;
	probe_rx_burst(&rig.rx[queue], burst, n);
}

static void play_round(bool is_one_time)
{
	unsigned next[WORKERS_MAX] = {0, 1};

	rig.now_ns = rig.round_ns;
	while (next[0] < STREAMS || next[1] < STREAMS)
		for (unsigned queue = 0; queue < WORKERS_MAX; queue++)
			if (next[queue] < STREAMS)
				poll_queue(queue, &next[queue], is_one_time);
	rig.round_ns += PACKET_NS;
}

static void take_all(void)
{
	unsigned n = 1;

	for (unsigned i = 0; i < WORKERS_MAX; i++)
		probe_rx_flush(&rig.rx[i]);
	while (n) {
		n = 0;
		for (unsigned i = 0; i < WORKERS_MAX; i++)
			n += probe_worker_take(&rig.worker[i]);
	}
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		probe_rx_flush(&rig.rx[i]);
}

static uint64_t fed_rtp(void)
{
	return rig.fed - rig.fed_sip;
}

static void expect_order(void)
{
	unsigned streams[WORKERS_MAX] = {0};

	for (unsigned i = 0; i < STREAMS; i++) {
		struct qos_report r = report_of(&rig.streams[i]);

		assert_int_equal(r.packets, rig.streams[i].fed);
		assert_int_equal(r.lost, 0);
		assert_int_equal(r.reordered, 0);
		assert_int_equal(r.duplicates, 0);
		streams[rig.streams[i].worker]++;
	}
	assert_true(streams[0] > STREAMS / 4 && streams[1] > STREAMS / 4);
}

static void play(bool is_one_time)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		play_round(is_one_time);
		take_all();
	}
	assert_int_equal(outcome(PROBE_rtp), fed_rtp());
	expect_order();
	expect_all_signalling();
	expect_conservation();
}

static void each_worker_gets_its_own_in_order(void **state)
{
	(void)state;
	play(false);
}

static void also_where_a_burst_has_one_time(void **state)
{
	(void)state;
	play(true);
}

/* A worker that takes nothing: what is its own is shed by the other receiver, and not by its own, which that of the
 * other worker passes as well. */
static void what_is_anothers_is_shed_where_its_ring_is_full(void **state)
{
	uint64_t shed;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		play_round(false);
		while (probe_worker_take(&rig.worker[0]))
			;
		for (unsigned i = 0; i < WORKERS_MAX; i++)
			probe_rx_flush(&rig.rx[i]);
	}
	assert_true(outcome(PROBE_media_shed) > 0);
	/* Until nothing is shed any more, and each gap has a packet behind it. */
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		take_all();
		play_round(false);
	}
	take_all();
	shed = outcome(PROBE_media_shed);
	assert_int_equal(outcome(PROBE_rtp) + shed, fed_rtp());
	for (unsigned i = 0; i < STREAMS; i++)
		if (rig.streams[i].worker != 1 || i % WORKERS_MAX == 1)
			assert_int_equal(packets_of(&rig.streams[i]), rig.streams[i].fed);
	expect_no_loss_but_own(NOBODY);
	expect_conservation();
}

static int open_two(void **state)
{
	(void)state;
	return open_lanes(true, WORKERS_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_worker_gets_its_own_in_order, open_two, close_lane),
		cmocka_unit_test_setup_teardown(
			also_where_a_burst_has_one_time, open_two, close_lane),
		cmocka_unit_test_setup_teardown(
			what_is_anothers_is_shed_where_its_ring_is_full, open_two, close_lane),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
