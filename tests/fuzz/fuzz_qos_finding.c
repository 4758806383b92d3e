/* SPDX-License-Identifier: BSD-3-Clause */
/* What findings hang on: what the sides of a call said of their audio and when it was heard, and
 * which addresses were seen. All that was said and heard is kept here in rows, and what they come to
 * is what the probe knows by its few words; an address is known two seconds after it was seen first,
 * and none that was not seen; a flood of others makes some unknown, no more.
 * A step is 8 octets: what (3 bits), party (1), rest (4); time; and six of the description, the
 * times or the address. */
#include <string.h>

#include "fuzz_check.h"
#include "qos_call.h"
#include "qos_sources.h"
#include "sdp_media.h"

enum {
	STEP_BYTES = 8,
	STEPS_MAX = 512,
	ADDRESSES = 8, /* no more than a set has room for */
	FLOOD = 4096,
};

#define SECOND_NS 1000000000ull
#define START_NS  (1700000000 * SECOND_NS)

/* What a side said. */
struct said {
	bool sends, listens;
	struct qos_call_end end;
};

static struct {
	struct qos_call call;
	struct qos_sources sources;
	uint64_t now_ns;
	bool is_noted, is_flooded; /* sources */
} w;

static struct {
	struct said said[2];
	uint64_t change_ns, answer_ns;
	uint64_t first_ns[2], last_ns[2];
	bool is_found[QOS_FINDING_COUNT], is_mixed;
	uint64_t seen_ns[ADDRESSES]; /* first; 0: never */
} model;

static struct pkt_addr addr_of(unsigned i)
{
	return (struct pkt_addr){{192, 0, 2, (uint8_t)i}};
}

static struct sdp_media media_of(uint8_t a, uint8_t b)
{
	return (struct sdp_media){
		.kind = a % (SDP_OTHER + 1),
		.is_rtp = a & 8,
		.is_udptl = (a >> 4 & 3) == 3,
		.has_address = b & 7,
		.family = 4,
		.addr = b & 8 ? (struct pkt_addr){{0}} : addr_of(b & 7),
		.port = (uint16_t)(b & 0x30 ? 4000 + b : 0),
		.direction = b >> 6,
	};
}

static bool is_fax(const struct sdp_media *m)
{
	return m->port && (m->is_udptl || m->kind == SDP_IMAGE);
}

/* Without a fax the first audio section counts that is not refused; a zero address is a hold. */
static struct said said_by(struct said before, const struct sdp_session *session, bool is_relayed)
{
	const struct sdp_media *m = NULL;
	struct said said = {.end = before.end};
	bool is_held;

	for (unsigned i = session->media_count; i--;) {
		const struct sdp_media *at = &session->media[i];

		if (is_fax(at))
			return said;
	}
	for (unsigned i = session->media_count; i--;)
		if (session->media[i].kind == SDP_AUDIO && session->media[i].is_rtp &&
			session->media[i].port)
			m = &session->media[i];
	if (!m || !m->has_address)
		return said;
	said.end = (struct qos_call_end){m->family, m->port, m->addr};
	is_held = !memcmp(&m->addr, &(struct pkt_addr){{0}}, sizeof(m->addr));
	if (is_held || is_relayed)
		return said;
	said.sends = m->direction == SDP_SENDRECV || m->direction == SDP_SENDONLY;
	said.listens = m->direction == SDP_SENDRECV || m->direction == SDP_RECVONLY;
	return said;
}

static void say(unsigned party, const uint8_t *p)
{
	static struct sdp_session session;
	struct said *was = &model.said[party], said;
	bool is_relayed = (p[0] >> 4) == 15;

	session.media_count = (p[0] >> 4) % 4;
	for (unsigned i = 0; i < session.media_count; i++)
		session.media[i] = media_of(p[2 + 2 * i], p[3 + 2 * i]);
	qos_call_media_said(&w.call, party, &session, is_relayed, w.now_ns);
	said = said_by(*was, &session, is_relayed);
	if (said.sends != was->sends || said.listens != was->listens)
		model.change_ns = w.now_ns;
	*was = said;
}

/* From some seconds ago on, until some later. */
static void hear(unsigned party, const uint8_t *p)
{
	uint64_t first_ns = w.now_ns - p[2] * SECOND_NS, last_ns = first_ns + p[3] * SECOND_NS;

	qos_call_media_heard(&w.call, party, first_ns, last_ns);
	if (!model.first_ns[party] || first_ns < model.first_ns[party])
		model.first_ns[party] = first_ns;
	if (last_ns > model.last_ns[party])
		model.last_ns[party] = last_ns;
}

static void find(const uint8_t *p)
{
	unsigned finding = p[2] % QOS_FINDING_COUNT;

	check(qos_call_media_find(&w.call, finding) == !model.is_found[finding]);
	model.is_found[finding] = true;
	check(qos_finding_name(finding)[0] != 0);
}

/* They differ in family and network as well. */
static bool has(unsigned i, uint64_t now_ns)
{
	struct pkt_addr addr = addr_of(i / 4);

	return qos_sources_has(&w.sources, i & 1 ? 6 : 4, &addr, i & 2 ? 20 : 0, now_ns);
}

/* Whatever else was seen, who comes now is known soon. */
static void note(unsigned i, uint64_t now_ns)
{
	struct pkt_addr addr = addr_of(i / 4);

	qos_sources_note(&w.sources, i & 1 ? 6 : 4, &addr, i & 2 ? 20 : 0, now_ns);
	if (!model.seen_ns[i] || now_ns < model.seen_ns[i])
		model.seen_ns[i] = now_ns;
	w.is_noted = true;
	check(has(i, now_ns + 2 * SECOND_NS));
}

static void flood(const uint8_t *p)
{
	uint64_t ns = w.now_ns - p[3] * SECOND_NS;

	for (unsigned i = 0; i < FLOOD; i++) {
		struct pkt_addr addr = {{10, p[2], (uint8_t)(i >> 8), (uint8_t)i}};

		qos_sources_note(&w.sources, 4, &addr, 0, ns);
	}
	w.is_flooded = true;
}

/* Two seconds, or up to one less: whole ones are counted. */
static void check_sources(void)
{
	for (unsigned i = 0; i < ADDRESSES; i++) {
		uint64_t second = model.seen_ns[i] / SECOND_NS;
		bool is_known = model.seen_ns[i] && w.now_ns / SECOND_NS >= second + 2;

		check(!has(i, w.now_ns) || model.seen_ns[i]);
		if (!w.is_flooded)
			check(has(i, w.now_ns) == is_known);
		if (model.seen_ns[i] && !w.is_flooded)
			check(!has(i, second * SECOND_NS) && has(i, (second + 2) * SECOND_NS));
	}
}

static void check_call(void)
{
	const struct qos_call_media *m = &w.call.talk;

	for (unsigned i = 0; i < 2; i++) {
		const struct said *said = &model.said[i];

		check(qos_call_media_is_due(&w.call, i) ==
			(model.answer_ns && said->sends && model.said[i ^ 1].listens));
		check(atomic_load(&m->first_ns[i]) == model.first_ns[i]);
		check(atomic_load(&m->last_ns[i]) == model.last_ns[i]);
		check(m->ends[i].family == said->end.family && m->ends[i].port == said->end.port);
		check(pkt_addr_eq(&m->ends[i].addr, &said->end.addr));
	}
	check(qos_call_media_since(&w.call) ==
		(model.answer_ns > model.change_ns ? model.answer_ns : model.change_ns));
	check(qos_call_media_is_mixed(&w.call) == model.is_mixed);
	for (unsigned i = 0; i < QOS_FINDING_COUNT; i++)
		check(qos_call_media_has(&w.call, i) == model.is_found[i]);
}

static void step(const uint8_t *p)
{
	unsigned party = p[0] >> 3 & 1;

	w.now_ns += (int8_t)p[1] * (int64_t)(SECOND_NS / 4);
	switch (p[0] & 7) {
	case 0:
	case 1:
		say(party, p);
		break;
	case 2:
		qos_call_media_answered(&w.call, w.now_ns);
		model.answer_ns = model.answer_ns ? model.answer_ns : w.now_ns;
		break;
	case 3:
		hear(party, p);
		break;
	case 4:
		find(p);
		break;
	case 5:
		if (p[2] == 255)
			qos_call_media_mix(&w.call);
		model.is_mixed |= p[2] == 255;
		break;
	case 6:
		note(p[2] % ADDRESSES, w.now_ns);
		break;
	default:
		if (p[4] == 255 && !w.is_flooded)
			flood(p);
		break;
	}
	check_call();
	check_sources();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pkt_seed seed = {{1, 2, 3, 4}};

	memset(&w.call, 0, sizeof(w.call));
	memset(&model, 0, sizeof(model));
	if (w.is_noted || w.is_flooded)
		memset(&w.sources, 0, sizeof(w.sources));
	pthread_spin_init(&w.call.lock, PTHREAD_PROCESS_PRIVATE);
	w.sources.seed = seed;
	w.now_ns = START_NS;
	w.is_noted = w.is_flooded = false;
	for (unsigned n = 0; size >= STEP_BYTES && n < STEPS_MAX; n++) {
		step(data);
		data += STEP_BYTES;
		size -= STEP_BYTES;
	}
	pthread_spin_destroy(&w.call.lock);
	return 0;
}
