/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams that open and close in a table, and RTCP that tells of them. Two tables get the same: in
 * one the streams of a compound are looked for when it comes, in the other where they were found
 * ahead, before the last streams came and went, which moves others. Both say the same of every
 * stream, which is found just when it is open, and its reports are finite and within their ranges.
 * A step is 4 octets: what (2 bits), a report (64), ahead of another compound (128); stream, whose
 * lowest bit is the direction; milliseconds; octets of the compound, which follow. */
#include <math.h>

#include "bytes.h"
#include "fuzz_check.h"
#include "qos_delay.h"
#include "qos_report.h"
#include "qos_rtcp.h"
#include "qos_rtcp_ahead.h"
#include "qos_table.h"

enum {
	STEP_BYTES = 4,
	STREAMS = 32,
	STREAMS_MAX = 24, /* that a table has room for */
	TABLES = 2,
};

#define MS_NS 1000000ull

static struct {
	struct qos_table table[TABLES];
	struct pkt_flow flow[2]; /* there and back */
	uint32_t stream[STREAMS]; /* in both; QOS_NONE: not open */
	struct pkt_media m[STREAMS];
	struct qos_rtcp_ahead ahead;
	uint64_t now_ns;
} w;

static const struct pkt_seed seed = {{1, 2, 3, 4}};

static void payload_of(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload)
{
	(void)arg;
	(void)cold;
	qos_payload_init(payload, pt, BYTES_NONE, 0);
}

static void begin(void *mem[TABLES])
{
	size_t size = (qos_table_memory(STREAMS_MAX) + 63) / 64 * 64;

	w.flow[0] = (struct pkt_flow){
		4, PKT_UDP, 10000, 30000, 0, {{198, 51, 100, 1}}, {{203, 0, 113, 1}}};
	w.flow[1] = pkt_flow_turned(&w.flow[0]);
	w.now_ns = 1700000000000000000ull;
	w.ahead.count = 0;
	for (unsigned i = 0; i < STREAMS; i++) {
		w.stream[i] = QOS_NONE;
		w.m[i] = (struct pkt_media){.key = pkt_media_key(&w.flow[i & 1], i / 2, &seed)};
	}
	for (unsigned i = 0; i < TABLES; i++) {
		mem[i] = aligned_alloc(64, size);
		check(mem[i] != NULL);
		memset(mem[i], 0, size);
		check(qos_table_init(&w.table[i], STREAMS_MAX, &seed, mem[i]) == 0);
		w.table[i].env.payload_fn = payload_of;
	}
}

static bool is_close(double x, double low, double high)
{
	return isnan(x) || (x >= low && x <= high);
}

static void check_report(const struct qos_table *t, uint32_t stream)
{
	static const struct qos_options options = {
		.delay_ms = 50, .jitter_buffer_ms = 40, .buffer = QOS_BUFFER_ADAPTIVE};
	struct qos_stream_cold cold = t->cold[stream];
	struct qos_report r;

	qos_report_build(
		&t->hot[cold.slot], &cold, QOS_FINAL, QOS_END_NONE, w.now_ns, &options, &r);
	check(!r.has_rtt_a || is_close(r.rtt_a_ms, 0, 10000));
	check(!r.has_rtt_b || is_close(r.rtt_b_ms, 0, 10000));
	check(r.far_loss_pct <= r.far_max_loss_pct && r.far_max_loss_pct < 100);
	check(is_close(r.far_jitter_ms, 0, 10000) && is_close(r.far_max_jitter_ms, 0, 10000));
	if (!isnan(r.far_max_jitter_ms))
		check(r.far_jitter_ms <= r.far_max_jitter_ms);
	qos_delay_describe(&options, &cold.cq, &r);
	check(r.delay_source != QOS_DELAY_NONE && r.ta_ms >= 0 && r.ta_ms < 1e6);
	if (r.has_score)
		check(is_close(r.mos_cq, 1, 5) && r.id >= 0 && is_close(r.r_cq, 0, r.r));
}

static void check_streams(bool has_reports)
{
	uint32_t open = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		const struct qos_rtcp *rtcp[TABLES];

		for (unsigned k = 0; k < TABLES; k++)
			check(qos_table_find(&w.table[k], &w.m[i].key) == w.stream[i]);
		if (w.stream[i] == QOS_NONE)
			continue;
		open++;
		for (unsigned k = 0; k < TABLES; k++)
			rtcp[k] = &w.table[k].cold[w.stream[i]].rtcp;
		check(memcmp(rtcp[0], rtcp[1], sizeof(*rtcp[0])) == 0);
		if (has_reports)
			check_report(&w.table[0], w.stream[i]);
	}
	check(qos_table_count(&w.table[0]) == open && open <= STREAMS_MAX);
}

static void take_rtp(unsigned i)
{
	struct qos_origin origin = {.flow = w.flow[i & 1], .ssrc = i / 2};
	uint32_t number[TABLES];

	w.m[i].seq++;
	w.m[i].rtp_ts += 160;
	for (unsigned k = 0; k < TABLES; k++) {
		struct qos_table *t = &w.table[k];

		number[k] = qos_table_find(t, &w.m[i].key);
		if (number[k] == QOS_NONE)
			number[k] = qos_table_open(t, &w.m[i], &origin, NULL, 0, w.now_ns);
		if (number[k] != QOS_NONE)
			qos_table_update(t, t->cold[number[k]].slot, &w.m[i], w.now_ns);
	}
	check(number[0] == number[1]);
	w.stream[i] = number[0];
}

static void close_stream(unsigned i)
{
	if (w.stream[i] == QOS_NONE)
		return;
	for (unsigned k = 0; k < TABLES; k++)
		qos_table_close(&w.table[k], w.stream[i]);
	w.stream[i] = QOS_NONE;
}

/* What was found ahead was found two compounds ago, or now. */
static void take_rtcp(unsigned i, struct bytes payload, bool is_ahead_late)
{
	const struct pkt_flow *flow = &w.flow[i & 1];
	struct qos_rtcp_ahead ahead = w.ahead;

	qos_rtcp_ahead_slots(&w.table[1], flow, payload, &w.ahead);
	qos_rtcp_ahead_streams(&w.table[1], &w.ahead);
	if (rtcp_validate(payload, NULL) != RTCP_OK)
		return;
	qos_rtcp_on_compound(&w.table[0], flow, payload, NULL, w.now_ns);
	qos_rtcp_on_compound(
		&w.table[1], flow, payload, is_ahead_late ? &ahead : &w.ahead, w.now_ns);
}

static void take_srtcp(unsigned i, struct bytes payload)
{
	uint32_t ssrc;

	for (unsigned k = 0; payload.n >= 8 && k < TABLES; k++) {
		qos_rtcp_on_srtcp(&w.table[k], &w.flow[i & 1], payload, &ssrc);
		check(ssrc == be32(payload.p + 4));
	}
}

static struct bytes step(struct bytes in)
{
	uint8_t how = in.p[0];
	unsigned i = in.p[1] % STREAMS;
	struct bytes payload = bytes_head(bytes_skip(in, STEP_BYTES), in.p[3]);

	w.now_ns += in.p[2] * MS_NS;
	switch (how & 3) {
	case 0:
		take_rtp(i);
		break;
	case 1:
		close_stream(i);
		break;
	case 2:
		take_rtcp(i, payload, how & 128);
		break;
	default:
		take_srtcp(i, payload);
		break;
	}
	check_streams(how & 64);
	return bytes_skip(in, STEP_BYTES + (how & 2 ? payload.n : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	void *mem[TABLES];

	begin(mem);
	while (in.n >= STEP_BYTES)
		in = step(in);
	for (unsigned k = 0; k < TABLES; k++) {
		for (unsigned i = 0; i < STREAMS; i++)
			if (w.stream[i] != QOS_NONE)
				qos_table_close(&w.table[k], w.stream[i]);
		check(qos_table_count(&w.table[k]) == 0);
		qos_table_fini(&w.table[k]);
		free(mem[k]);
	}
	return 0;
}
