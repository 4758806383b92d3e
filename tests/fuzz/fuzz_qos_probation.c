/* SPDX-License-Identifier: BSD-3-Clause */
/* Probation: bytes become packets of sixteen flows in one set of candidates. After each, every packet
 * offered is pending, given up or confirmed, and every candidate opened is open, dropped or
 * confirmed; what is confirmed has the packets it needs, and becomes a stream that counts them all.
 * A step is 10 octets: flow and flags (16: hint, 32: announced, 64: expire, 128: without origin),
 * payload type, sequence step 2, timestamp step 2, time step 4. */
#include <stdlib.h>

#include "bytes.h"
#include "qos_probation.h"

enum {
	STEP_BYTES = 10,
	FLOWS = 16,
	NEED = 25,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct qos_probation p;
	struct qos_counters counters;
	struct pkt_media m[FLOWS];
	uint64_t now_ns;
	uint64_t offered, confirmed;
};

static const struct pkt_seed seed = {{5, 6, 7, 8}};

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
	qos_payload_init(payload, pt, BYTES_NONE, 0);
}

/* The stream that begins with these packets loses none of them. */
static void check_stream(const struct qos_candidate *c)
{
	struct qos_stream_env env = {.payload_fn = payload_of};
	struct qos_stream_hot hot;
	struct qos_stream_cold cold;

	qos_stream_init(&hot, &cold, &c->packets[0], &c->origin, c->arrivals[0]);
	for (uint32_t i = 0; i < c->kept; i++)
		qos_stream_update(&env, &hot, &cold, &c->packets[i], c->arrivals[i]);
	qos_stream_note_repeated(&cold, c->repeated);
	check(qos_stream_packets(&hot, &cold) + cold.duplicates + cold.strays == c->pending);
	check(qos_stream_packets(&hot, &cold) >= QOS_NEED_ANNOUNCED);
}

static void check_conserved(const struct run *r)
{
	uint64_t open = 0, pending = 0;

	for (uint32_t i = 0; i < (r->p.set_mask + 1) * QOS_CANDIDATE_WAYS; i++) {
		const struct qos_candidate *c = &r->p.candidates[i];

		open += c->last_ns != 0;
		pending += c->last_ns ? c->pending : 0;
		check(c->kept <= QOS_CANDIDATE_PACKETS);
	}
	check(r->p.pending == pending);
	check(r->offered == r->p.pending + r->p.unconfirmed + r->confirmed);
	check(r->counters.candidates_opened ==
		open + r->counters.candidates_confirmed + r->counters.candidates_dropped);
}

static void step(struct run *r, const uint8_t *p)
{
	uint8_t flow = p[0] % FLOWS, flags = p[0];
	struct qos_origin origin = {.flow = {.family = 4, .sport = flow, .dport = 1}, .ssrc = flow};
	struct pkt_media *m = &r->m[flow];
	struct qos_candidate *c = NULL;
	enum qos_verdict verdict;

	r->now_ns += be32(p + 6);
	m->key = pkt_media_key(&origin.flow, flow, &seed);
	m->marker_pt = p[1];
	m->seq = (uint16_t)(m->seq + be16(p + 2));
	m->rtp_ts += be16(p + 4);
	if (flags & 16)
		qos_probation_hint(&r->p, &origin.flow, r->now_ns);
	if (flags & 64)
		qos_probation_expire(&r->p, r->now_ns, false);
	verdict = qos_probation_offer(
		&r->p, m, flags & 128 ? NULL : &origin, flags & 32, r->now_ns, &c);
	r->offered += verdict != QOS_UNKNOWN;
	if (verdict == QOS_CONFIRMED) {
		check(c && c->count >= (flags & 32 ? QOS_NEED_ANNOUNCED : QOS_NEED_HINTED));
		check(c->kept >= 2 && c->pending == c->kept + c->repeated);
		check(c->origin.ssrc == flow);
		check_stream(c);
		r->confirmed += c->pending;
		qos_probation_release(&r->p, c);
	}
	check_conserved(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r;

	r = (struct run){.now_ns = 1700000000000000000ull};
	check(qos_probation_init(&r.p, QOS_CANDIDATE_WAYS, NEED, &seed, &r.counters) == 0);
	for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES)
		step(&r, data);
	qos_probation_expire(&r.p, r.now_ns, true);
	check_conserved(&r);
	check(r.p.pending == 0);
	qos_probation_fini(&r.p);
	return 0;
}
