/* SPDX-License-Identifier: BSD-3-Clause */
/* One RTP stream: bytes become a row of headers with times. After each the counts agree with each
 * other, and every report is finite and within the ranges of G.107.
 * A step is 12 octets: flags, payload type and marker, sequence step 2, timestamp step 4, time
 * step 4. Flag 1: report; 2: payload becomes known; 4: time goes back; 8: 16 payload octets, else
 * 4; 16: time step times 2^20; 32: send the last packet again; 64: 128 more in order; 128: a look. */
#include <math.h>
#include <stdlib.h>

#include "bytes.h"
#include "qos_mode.h"
#include "qos_stream.h"

enum {
	STEP_BYTES = 12,
	IN_ORDER = 128,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct qos_stream_env env;
	struct qos_stream_hot hot;
	struct qos_stream_cold cold;
	struct pkt_media m;
	uint64_t now_ns;
	uint64_t fed;
	uint64_t expected;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void payload_of(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload)
{
	(void)arg;
	(void)cold;
	if (pt == 101)
		qos_payload_init(payload, pt, bytes_from_str("telephone-event"), 8000);
	else if (pt == 102)
		qos_payload_init(payload, pt, bytes_from_str("amr"), 8000);
	else if (pt == 103)
		qos_payload_init(payload, pt, bytes_from_str("opus"), 48000);
	else if (pt == 104)
		qos_payload_init(payload, pt, bytes_from_str("h264"), 90000);
	else
		qos_payload_init(payload, pt, BYTES_NONE, pt >= 110 ? 100u * pt : 0);
	qos_mode_from_fmtp(payload, BYTES_NONE, 1);
	payload->redundancy = pt == 103 ? 2 : 0;
}

static void check_counts(struct run *r)
{
	uint64_t expected = qos_stream_expected(&r->hot, &r->cold);
	uint64_t packets = qos_stream_packets(&r->hot, &r->cold);

	check(packets <= expected && expected >= r->expected);
	check(packets + r->cold.duplicates + r->cold.strays == r->fed);
	check(r->hot.jitter_ns < r->cold.jitter.most + (1 << QOS_RANGE_SHIFT) &&
		r->cold.jitter.most <= QOS_TS_JUMP_NS);
	check(r->cold.jitter_skipped <= packets && r->cold.silent_deltas <= packets);
	check(r->cold.reordered <= r->cold.sequence_errors);
	r->expected = expected;
}

static void update(struct run *r)
{
	qos_stream_update(&r->env, &r->hot, &r->cold, &r->m, r->now_ns);
	r->fed++;
	check_counts(r);
}

static bool is_within(double x, double low, double high)
{
	return x >= low && x <= high;
}

/* Its packets may have been a codec's without figures. */
static void check_interval(const struct qos_report *p)
{
	if (!p->scored && isnan(p->mos) && isnan(p->r) && isnan(p->ie_eff))
		return;
	check(is_within(p->r, p->min_r, qos_emodel_r_best(p->scale)));
	check(is_within(p->mos, p->min_mos, 4.5));
	check(is_within(p->ie_eff, p->ie - 1e-9, 200));
}

static void check_report(struct run *r, enum qos_report_type type)
{
	struct qos_options options = qos_buffer_usual;
	struct qos_report p;

	options.compat = QOS_COMPAT_RTPAGENT;

	options.g711_plc = r->fed & 1;
	options.buffer = r->fed % QOS_BUFFERS;
	qos_report_build(&r->hot, &r->cold, type, QOS_END_NONE, r->now_ns, &options, &p);
	check(p.packets <= p.expected && p.lost == p.expected - p.packets);
	check(isfinite(p.delta_ms) && p.delta_ms >= 0);
	check(is_within(p.max_delta_ms, 0, 4295));
	check(is_within(p.jitter_ms, 0, 1000) &&
		is_within(p.max_jitter_ms, p.jitter_ms - 0.0021, 1000));
	check(is_within(p.mean_jitter_ms, 0, p.max_jitter_ms + 0.0021));
	check(isfinite(p.max_skew_ms) && fabs(p.skew_ms) <= fabs(p.max_skew_ms));
	check(p.burst_ratio >= 1 && is_within(p.burst_density, 0, 1) &&
		is_within(p.gap_density, 0, 1));
	check(p.reorder_extent < QOS_MAX_MISORDER && (p.reorder_extent > 0) == (p.reordered > 0));
	check(isnan(p.frames_per_s) || p.frames_per_s > 0);
	check(p.has_agent == (p.packets > 1));
	if (p.has_agent)
		check(is_within(p.agent.r, 0, 93.2) && is_within(p.agent.min_r, 0, p.agent.r) &&
			is_within(p.agent.mean_r, 0, 93.2) && is_within(p.agent.mos, 1, 4.5));
	check(isnan(p.frame_ms) || p.frame_ms > 0);
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		check(p.discards[i] <= p.packets && is_within(p.buffer_mos[i], 0, 4.5));
	if (!p.has_score)
		return;
	check(p.scale < QOS_SCALES);
	check(is_within(p.mean_r, p.min_r - 1e-6, qos_emodel_r_best(p.scale) + 1e-6));
	check(p.ie >= 0 && p.bpl > 0 && p.min_r >= 0 && p.min_mos >= 1);
	check(is_within(p.mean_mos, p.min_mos - 1e-6, 4.5));
	check_interval(&p);
}

static void in_order(struct run *r)
{
	for (unsigned i = 0; i < IN_ORDER; i++) {
		r->m.seq++;
		r->m.rtp_ts += 160;
		r->now_ns += 20000000;
		update(r);
	}
}

static void step(struct run *r, const uint8_t *p)
{
	uint64_t ns = be32(p + 8);
	uint8_t flags = p[0];

	if (flags & 16)
		ns <<= 20;
	r->now_ns += flags & 4 ? -ns : ns;
	r->m.marker_pt = p[1];
	r->m.seq = (uint16_t)(r->m.seq + be16(p + 2));
	r->m.rtp_ts += be32(p + 4);
	r->m.payload_bytes = flags & 8 ? 16 : 4;
	if (!r->fed)
		qos_stream_init(&r->hot, &r->cold, &r->m, &(struct qos_origin){.flow.family = 4},
			r->now_ns);
	update(r);
	if (flags & 32) {
		uint64_t expected = r->expected;

		update(r);
		check(r->expected == expected || r->cold.restarts);
	}
	if (flags & 64)
		in_order(r);
	if (flags & 2) {
		struct qos_payload payload;

		qos_payload_init(&payload, r->hot.pt, bytes_from_str("amr-wb"), 16000);
		qos_stream_set_payload(&r->env, &r->hot, &r->cold, &payload);
	}
	if (flags & 128)
		qos_stream_look(&r->env, &r->hot, &r->cold);
	if (flags & 1)
		check_report(r, QOS_PERIODIC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = {.env.payload_fn = payload_of, .now_ns = 1700000000000000000ull};

	qos_buffer_setup(&r.env.buffers, &qos_buffer_usual);
	for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES)
		step(&r, data);
	if (r.fed)
		check_report(&r, QOS_FINAL);
	return 0;
}
