/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP to its streams: a tap between A, who is 25 ms away, and B, who is 15 ms away. Each compound is
 * written out by RFC 3550 and 3611, and its figures worked out by hand. */
#include "qos_rtcp.h"
#include "qos_rtcp_ahead.h"
#include "qos_stream_case.h"
#include "qos_table.h"

static const struct pkt_seed seed = {{1, 2, 3, 4}};

enum {
	SSRC_A = 0xa,
	SSRC_B = 0xb,
	SSRC_LISTENER = 0xc, /* at B, sends no media */
};

struct tap {
	struct qos_table table;
	void *mem;
	struct pkt_flow from_a, from_b;
	uint32_t a, b; /* streams */
	uint8_t text[1500];
	size_t n;
};

static uint32_t open_stream(struct tap *tap, const struct pkt_flow *flow, uint32_t ssrc)
{
	struct pkt_media m = {.key = pkt_media_key(flow, ssrc, &seed), .marker_pt = PCMU};
	struct qos_origin origin = {.flow = *flow, .ssrc = ssrc};
	uint32_t stream = qos_table_open(&tap->table, &m, &origin, NULL, 0, START_NS);

	assert_true(stream != QOS_NONE);
	qos_table_update(&tap->table, tap->table.cold[stream].slot, &m, START_NS);
	return stream;
}

static void open_tap(struct tap *tap)
{
	size_t size = (qos_table_memory(64) + 63) / 64 * 64;

	memset(tap, 0, sizeof(*tap));
	tap->mem = aligned_alloc(64, size);
	assert_non_null(tap->mem);
	memset(tap->mem, 0, size);
	assert_int_equal(qos_table_init(&tap->table, 64, &seed, tap->mem), 0);
	tap->table.env.payload_fn = payload_of;
	tap->from_a = (struct pkt_flow){
		4, PKT_UDP, 10000, 30000, 0, {{198, 51, 100, 1}}, {{203, 0, 113, 1}}};
	tap->from_b = (struct pkt_flow){
		4, PKT_UDP, 30000, 10000, 0, {{203, 0, 113, 1}}, {{198, 51, 100, 1}}};
	tap->a = open_stream(tap, &tap->from_a, SSRC_A);
	tap->b = open_stream(tap, &tap->from_b, SSRC_B);
}

static void close_tap(struct tap *tap)
{
	qos_table_fini(&tap->table);
	free(tap->mem);
}

static void put(struct tap *tap, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		tap->text[tap->n++] = (uint8_t)(v >> (24 - 8 * i));
}

/* Version 2, count, packet type, and as many words after this one. */
static void put_head(struct tap *tap, unsigned count, unsigned type, unsigned words)
{
	put(tap, 0x80000000 | count << 24 | type << 16 | words);
}

static void put_sr(struct tap *tap, uint32_t ssrc, unsigned blocks, uint32_t middle)
{
	put_head(tap, blocks, RTCP_SR, 6 + 6 * blocks);
	put(tap, ssrc);
	put(tap, 0xe0000000 | middle >> 16);
	put(tap, middle << 16 | 0x1234); /* what is below the middle is not repeated in LSR */
	put(tap, 0);
	put(tap, 0);
	put(tap, 0);
}

static void put_rr(struct tap *tap, uint32_t ssrc, unsigned blocks)
{
	put_head(tap, blocks, RTCP_RR, 1 + 6 * blocks);
	put(tap, ssrc);
}

static void put_block(struct tap *tap, uint32_t ssrc, uint32_t fraction, int32_t lost,
	uint32_t jitter, uint32_t lsr, uint32_t dlsr)
{
	put(tap, ssrc);
	put(tap, fraction << 24 | ((uint32_t)lost & 0xffffff));
	put(tap, 100);
	put(tap, jitter);
	put(tap, lsr);
	put(tap, dlsr);
}

static void pass(struct tap *tap, const struct pkt_flow *flow, uint64_t ms)
{
	struct bytes payload = bytes_of(tap->text, tap->n);

	assert_int_equal(rtcp_validate(payload, NULL), RTCP_OK);
	qos_rtcp_on_compound(&tap->table, flow, payload, NULL, START_NS + ms * MS);
	tap->n = 0;
}

static struct qos_report describe(const struct tap *tap, uint32_t stream)
{
	struct qos_report r = {0};

	qos_rtcp_describe(&tap->table.cold[stream].rtcp, 8000, &r);
	return r;
}

/* A's SR passes at 0, reaches B 15 ms later; B holds it for 1 s, and its SR passes at 1030 ms. That reaches A
 * at 1055 ms; A holds it for 2 s, and its SR passes at 3080 ms. */
static void measures_round_trips_to_both_ends(void **state)
{
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_sr(&tap, SSRC_A, 0, 0x12340000);
	pass(&tap, &tap.from_a, 0);
	put_sr(&tap, SSRC_B, 1, 0x77778888);
	put_block(&tap, SSRC_A, 64, 25, 80, 0x12340000, 65536);
	pass(&tap, &tap.from_b, 1030);
	r = describe(&tap, tap.a);
	assert_true(r.has_rtt_b);
	assert_false(r.has_rtt_a);
	assert_near(r.rtt_b_ms, 30, 1e-9);
	r = describe(&tap, tap.b);
	assert_true(r.has_rtt_a);
	assert_near(r.rtt_a_ms, 30, 1e-9);
	put_sr(&tap, SSRC_A, 1, 0x12370000);
	put_block(&tap, SSRC_B, 0, -1, 16, 0x77778888, 2 * 65536);
	pass(&tap, &tap.from_a, 3080);
	r = describe(&tap, tap.a);
	assert_near(r.rtt_a_ms, 50, 1e-9);
	assert_near(r.rtt_b_ms, 30, 1e-9);
	r = describe(&tap, tap.b);
	assert_near(r.rtt_a_ms, 30, 1e-9);
	assert_near(r.rtt_b_ms, 50, 1e-9);
	assert_int_equal(tap.table.counters.rtcp_round_trips, 2);
	assert_int_equal(tap.table.counters.rtcp_round_trips_refused, 0);
	close_tap(&tap);
}

/* A mixer's compound: the listener's RR comes first, and the SR behind it counts for the stream of B. */
static void notes_reports_of_two_senders_in_one_compound(void **state)
{
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_rr(&tap, SSRC_LISTENER, 0);
	put_sr(&tap, SSRC_B, 0, 0x77778888);
	pass(&tap, &tap.from_b, 0);
	put_sr(&tap, SSRC_A, 1, 0x12340000);
	put_block(&tap, SSRC_B, 0, 0, 0, 0x77778888, 65536);
	pass(&tap, &tap.from_a, 1050);
	r = describe(&tap, tap.b);
	assert_true(r.has_rtt_b);
	assert_near(r.rtt_b_ms, 50, 1e-9);
	assert_int_equal(r.rtcp_packets, 0);
	close_tap(&tap);
}

static void keeps_what_the_receiver_reports(void **state)
{
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_rr(&tap, SSRC_B, 1);
	put_block(&tap, SSRC_A, 64, 25, 160, 0, 0);
	pass(&tap, &tap.from_b, 5000);
	put_rr(&tap, SSRC_B, 1);
	put_block(&tap, SSRC_A, 32, -3, 80, 0, 0);
	pass(&tap, &tap.from_b, 10000);
	r = describe(&tap, tap.a);
	assert_int_equal(r.far_reports, 2);
	assert_near(r.far_loss_pct, 12.5, 1e-9);
	assert_near(r.far_max_loss_pct, 25, 1e-9);
	assert_int_equal(r.far_lost, -3);
	assert_near(r.far_jitter_ms, 10, 1e-9);
	assert_near(r.far_max_jitter_ms, 20, 1e-9);
	assert_false(r.has_rtt_b);
	assert_int_equal(r.rtcp_packets, 0);
	r = describe(&tap, tap.b);
	assert_int_equal(r.far_reports, 0);
	assert_int_equal(r.rtcp_packets, 2);
	close_tap(&tap);
}

/* In all packets of a compound, with their own senders; and blocks about nobody are counted. */
static void reads_every_block_of_every_packet(void **state)
{
	struct tap tap;
	uint32_t second;

	(void)state;
	open_tap(&tap);
	second = open_stream(&tap, &tap.from_a, 0xa2);
	put_rr(&tap, SSRC_B, 2);
	put_block(&tap, SSRC_A, 1, 1, 1, 0, 0);
	put_block(&tap, 0xdead, 9, 9, 9, 0, 0);
	put_rr(&tap, SSRC_B, 1);
	put_block(&tap, 0xa2, 2, 2, 2, 0, 0);
	/* Its own stream is in the other direction: no block can be about it. */
	put_rr(&tap, SSRC_B, 1);
	put_block(&tap, SSRC_B, 3, 3, 3, 0, 0);
	pass(&tap, &tap.from_b, 0);
	assert_int_equal(describe(&tap, tap.a).far_lost, 1);
	assert_int_equal(describe(&tap, second).far_lost, 2);
	assert_int_equal(describe(&tap, tap.b).far_reports, 0);
	assert_int_equal(tap.table.counters.rtcp_blocks, 2);
	assert_int_equal(tap.table.counters.rtcp_blocks_unknown, 2);
	close_tap(&tap);
}

/* RFC 3611 section 4.5: a listener at B sends no SR. His RRTR passes at 0, reaches A at 25 ms, who answers
 * after half a second. */
static void measures_by_rrtr_and_dlrr(void **state)
{
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_rr(&tap, SSRC_LISTENER, 1);
	put_block(&tap, SSRC_A, 0, 0, 0, 0, 0);
	put_head(&tap, 0, RTCP_XR, 4);
	put(&tap, SSRC_LISTENER);
	put(&tap, 4 << 24 | 2);
	put(&tap, 0xe0005555);
	put(&tap, 0x66660000);
	pass(&tap, &tap.from_b, 0);
	put_sr(&tap, SSRC_A, 0, 0x12340000);
	put_head(&tap, 0, RTCP_XR, 5);
	put(&tap, SSRC_A);
	put(&tap, 5 << 24 | 3);
	put(&tap, SSRC_LISTENER);
	put(&tap, 0x55556666);
	put(&tap, 32768);
	pass(&tap, &tap.from_a, 550);
	r = describe(&tap, tap.a);
	assert_true(r.has_rtt_a);
	assert_near(r.rtt_a_ms, 50, 1e-9);
	assert_false(r.has_rtt_b);
	assert_int_equal(tap.table.counters.rtcp_xr_times, 2);
	close_tap(&tap);
}

static void keeps_voip_metrics_whole(void **state)
{
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_head(&tap, 0, RTCP_XR, 1 + 9 + 1 + 1);
	put(&tap, SSRC_B);
	put(&tap, 7 << 24 | 8);
	put(&tap, SSRC_A);
	put(&tap, 0x0d021f01); /* loss 13, discard 2, densities 31 and 1 of 256 */
	put(&tap, 120 << 16 | 4000);
	put(&tap, 80 << 16 | 95);
	put(&tap, 0xeec4370f + 1); /* -18 dBm0, -60 dBm0, RERL 55, Gmin 16 */
	put(&tap, 0x5a7f2927); /* R 90, no external R, MOS 4.1 and 3.9 */
	put(&tap, 0xf0u << 24 | 40);
	put(&tap, 60 << 16 | 200);
	put(&tap, 1 << 24); /* loss RLE, empty */
	put(&tap, 99u << 24); /* nobody's */
	pass(&tap, &tap.from_b, 0);
	r = describe(&tap, tap.a);
	assert_true(r.has_xr);
	assert_int_equal(r.xr.loss_rate, 13);
	assert_int_equal(r.xr.burst_ms, 120);
	assert_int_equal(r.xr.round_trip_ms, 80);
	assert_int_equal(r.xr.end_system_ms, 95);
	assert_int_equal(r.xr.signal_level, -18);
	assert_int_equal(r.xr.gmin, 16);
	assert_int_equal(r.xr.r_factor, 90);
	assert_int_equal(r.xr.mos_cq, 39);
	assert_int_equal(r.xr.jb_nominal_ms, 40);
	assert_int_equal(r.xr.jb_abs_max_ms, 200);
	assert_false(describe(&tap, tap.b).has_xr);
	assert_int_equal(tap.table.counters.rtcp_xr_voip, 1);
	assert_int_equal(tap.table.counters.rtcp_xr_other, 1);
	assert_int_equal(tap.table.counters.rtcp_xr_unknown, 1);
	close_tap(&tap);
}

/* A request that is sent again has the same number (RFC 5104 section 4.3.1.1). */
static void counts_feedback(void **state)
{
	static const uint8_t numbers[] = {7, 7, 8};
	struct qos_report r;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	put_head(&tap, 1, RTCP_RTPFB, 3);
	put(&tap, SSRC_B);
	put(&tap, SSRC_A);
	put(&tap, 1000 << 16 | 0x8001);
	put_head(&tap, 1, RTCP_PSFB, 2);
	put(&tap, SSRC_B);
	put(&tap, SSRC_A);
	for (unsigned i = 0; i < COUNT(numbers); i++) {
		put_head(&tap, 4, RTCP_PSFB, 4);
		put(&tap, SSRC_B);
		put(&tap, 0);
		put(&tap, SSRC_A);
		put(&tap, (uint32_t)numbers[i] << 24);
	}
	put_head(&tap, 15, RTCP_PSFB, 5);
	put(&tap, SSRC_B);
	put(&tap, 0);
	put(&tap, 0x52454d42); /* REMB */
	put(&tap, 1 << 24 | 2 << 18 | 250000);
	put(&tap, SSRC_A);
	put_head(&tap, 15, RTCP_RTPFB, 2); /* transport-wide */
	put(&tap, SSRC_B);
	put(&tap, SSRC_A);
	pass(&tap, &tap.from_b, 0);
	r = describe(&tap, tap.a);
	assert_int_equal(r.nacks, 1);
	assert_int_equal(r.nack_packets, 3);
	assert_int_equal(r.plis, 1);
	assert_int_equal(r.firs, 2);
	assert_int_equal(r.rembs, 1);
	assert_int_equal(r.remb_bit_rate, 1000000);
	assert_int_equal(tap.table.counters.rtcp_firs, 3);
	assert_int_equal(tap.table.counters.rtcp_feedback_other, 1);
	r = describe(&tap, tap.b);
	assert_int_equal(r.nacks + r.plis + r.firs + r.rembs, 0);
	close_tap(&tap);
}

static void counts_what_srtcp_leaves_in_clear(void **state)
{
	static const uint8_t report[] = {0x81, RTCP_SR, 0, 12, 0, 0, 0, SSRC_A, 1, 2, 3, 4};
	static const uint8_t bye[] = {0x81, RTCP_BYE, 0, 1, 0, 0, 0, SSRC_A, 1, 2, 3, 4};
	struct tap tap;
	uint32_t ssrc;

	(void)state;
	open_tap(&tap);
	assert_false(qos_rtcp_on_srtcp(
		&tap.table, &tap.from_a, bytes_of(report, sizeof(report)), &ssrc));
	assert_int_equal(ssrc, SSRC_A);
	assert_true(qos_rtcp_on_srtcp(&tap.table, &tap.from_a, bytes_of(bye, sizeof(bye)), &ssrc));
	assert_int_equal(describe(&tap, tap.a).srtcp_packets, 2);
	assert_int_equal(describe(&tap, tap.a).rtcp_packets, 0);
	assert_int_equal(describe(&tap, tap.b).srtcp_packets, 0);
	close_tap(&tap);
}

static void jitter_of_an_unknown_clock_or_beyond_ten_seconds_is_none(void **state)
{
	struct qos_rtcp rtcp = {.blocks = 1, .jitter = 80000, .max_jitter = 80001};
	struct qos_report r;

	(void)state;
	qos_rtcp_describe(&rtcp, 8000, &r);
	assert_near(r.far_jitter_ms, 10000, 1e-9);
	assert_true(isnan(r.far_max_jitter_ms));
	qos_rtcp_describe(&rtcp, 0, &r);
	assert_true(isnan(r.far_jitter_ms));
}

static void knows_a_mirrored_copy(void **state)
{
	static struct qos_rtcp_recent recent;
	struct pkt_flow a = {4, PKT_UDP, 10001, 30001, 0, {{1}}, {{2}}};
	struct pkt_flow b = {4, PKT_UDP, 30001, 10001, 0, {{2}}, {{1}}};
	struct bytes one = BYTES_LIT("one compound"), other = BYTES_LIT("another one");

	(void)state;
	assert_false(qos_rtcp_is_repeated(&recent, &a, one, &seed, START_NS));
	assert_true(qos_rtcp_is_repeated(&recent, &a, one, &seed, START_NS + 50 * MS));
	assert_false(qos_rtcp_is_repeated(&recent, &b, one, &seed, START_NS));
	assert_false(qos_rtcp_is_repeated(&recent, &a, other, &seed, START_NS));
	assert_false(qos_rtcp_is_repeated(&recent, &a, one, &seed, START_NS + 51 * MS));
}

/* A stream that was found ahead goes, another comes; what was found for another flow is of no use. */
static void believes_nothing_that_was_found_ahead(void **state)
{
	static const uint8_t report[] = {0x80, RTCP_RR, 0, 1, 0, 0, 0, SSRC_A};
	struct bytes payload = bytes_of(report, sizeof(report));
	struct qos_rtcp_ahead ahead, other;
	struct tap tap;

	(void)state;
	open_tap(&tap);
	qos_rtcp_ahead_slots(&tap.table, &tap.from_a, payload, &ahead);
	qos_rtcp_ahead_slots(&tap.table, &tap.from_b, payload, &other);
	qos_rtcp_on_compound(&tap.table, &tap.from_a, payload, &ahead, START_NS);
	qos_rtcp_on_compound(&tap.table, &tap.from_a, payload, &other, START_NS);
	qos_rtcp_on_compound(&tap.table, &tap.from_b, payload, &ahead, START_NS);
	assert_int_equal(describe(&tap, tap.a).rtcp_packets, 2);
	assert_int_equal(describe(&tap, tap.b).rtcp_packets, 0);
	qos_table_close(&tap.table, tap.a);
	qos_rtcp_on_compound(&tap.table, &tap.from_a, payload, &ahead, START_NS);
	assert_int_equal(describe(&tap, tap.a).rtcp_packets, 2);
	assert_int_equal(open_stream(&tap, &tap.from_a, SSRC_B), tap.a);
	qos_rtcp_on_compound(&tap.table, &tap.from_a, payload, &ahead, START_NS);
	assert_int_equal(describe(&tap, tap.a).rtcp_packets, 0);
	close_tap(&tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_nothing_that_was_found_ahead),
		cmocka_unit_test(measures_round_trips_to_both_ends),
		cmocka_unit_test(notes_reports_of_two_senders_in_one_compound),
		cmocka_unit_test(keeps_what_the_receiver_reports),
		cmocka_unit_test(reads_every_block_of_every_packet),
		cmocka_unit_test(measures_by_rrtr_and_dlrr),
		cmocka_unit_test(keeps_voip_metrics_whole),
		cmocka_unit_test(counts_feedback),
		cmocka_unit_test(counts_what_srtcp_leaves_in_clear),
		cmocka_unit_test(jitter_of_an_unknown_clock_or_beyond_ten_seconds_is_none),
		cmocka_unit_test(knows_a_mirrored_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
