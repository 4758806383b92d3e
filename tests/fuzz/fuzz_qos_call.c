/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls, their endpoints and checks of ICE: bytes become SIP messages with descriptions, checks and
 * their answers, and time. After each step every call is over just when its state says so, has the
 * references it should and no endpoint but those that are found at their address; who watches the
 * endpoints knows which there are; and all counts agree. Drained, nothing is left. A step is 8
 * octets: what (2 bits), Call-ID (2), tags (4); method or status; SDP's template (4 bits), address
 * (4); port; time step in 100 ms 2; what else 2. */
#include <stdio.h>

#include "fuzz_check.h"
#include "qos_call.h"
#include "qos_ice.h"
#include "sdp_memo.h"

enum {
	STEP_BYTES = 8,
	WORKERS = 2,
	CALLS_MAX = 3,
	MEDIA_MAX = 24,
	TEXT_MAX = 2048,
};

#define TENTH_NS 100000000ull
#define START_NS (17000000000ull * TENTH_NS)

static struct {
	struct qos_calls *calls;
	struct qos_medias *medias;
	struct qos_ice_checks checks;
	bool has_checks;
	uint64_t now_ns;
	struct qos_media_key watched[MEDIA_MAX];
	unsigned watched_count, listed, open;
} w;

static const char *const methods[] = {"INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE",
	"OPTIONS", "REGISTER", "INFO", "XTEND"};
static const unsigned codes[] = {100, 180, 183, 200, 202, 302, 401, 407, 486, 487, 503, 603};
static const char *const ufrags[] = {"aaaa", "bbbb", "cccc", "dddd"};

static void on_media(
	void *arg, uint8_t family, const struct pkt_addr *addr, uint16_t port, bool is_open)
{
	unsigned i = 0;

	(void)arg;
	while (i < w.watched_count &&
		!(w.watched[i].port == port && w.watched[i].family == family &&
			pkt_addr_eq(&w.watched[i].addr, addr)))
		i++;
	check((i == w.watched_count) == is_open);
	if (is_open) {
		check(i < MEDIA_MAX);
		w.watched[w.watched_count++] = (struct qos_media_key){*addr, 0, port, family};
	} else {
		w.watched[i] = w.watched[--w.watched_count];
	}
}

/* Once: to wait for the memory of a table's end takes longer than many inputs. */
static void create(void)
{
	static const struct pkt_seed seed = {{1, 2, 3, 4}};
	const struct qos_options options = {
		.call_timeout_ns = 600 * TENTH_NS,
		.setup_timeout_ns = 400 * TENTH_NS,
		.max_calls = CALLS_MAX,
		.max_media = MEDIA_MAX,
	};

	urcu_qsbr_register_thread();
	check(qos_calls_create(&options, &seed, WORKERS, &w.calls) == 0);
	check(qos_medias_create(&options, &seed, &w.medias) == 0);
	qos_calls_may_wait(w.calls);
	qos_medias_may_wait(w.medias);
	qos_medias_watch(w.medias, on_media, NULL);
}

static int write_audio(char *to, size_t room, const uint8_t *p)
{
	unsigned how = p[2] >> 4, port = 4000 + p[3] % 8;

	if (how == 15)
		port = 0;
	return snprintf(to, room, "m=%s %u%s RTP/%sAVP %s\r\n%s%s%s%s",
		how == 14 ? "image" : "audio", port, how == 13 ? "/2" : "", how & 4 ? "S" : "",
		p[6] & 1 ? "0 101\r\na=rtpmap:101 telephone-event/8000" : "8",
		p[6] & 2 ? "a=rtcp-mux\r\n" : "", how == 12 ? "a=rtcp:4001\r\n" : "",
		p[6] & 4 ? "a=sendonly\r\n" : "",
		p[6] & 8
			? "a=candidate:1 1 udp 1 192.0.2.3 4004 typ host\r\na=candidate:1 2 udp 1 192.0.2.3 4007 typ host\r\n"
			: "");
}

/* Template 0: none. */
static void write_sdp(char *to, size_t room, const uint8_t *p)
{
	unsigned how = p[2] >> 4, host = p[2] & 15;
	int n = snprintf(to, room,
		"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 %s%u%s\r\nt=0 0\r\n%s%s%s",
		host == 15   ? "233.252.0."
		: host == 14 ? "0.0.0."
			     : "192.0.2.",
		host == 14 ? 0 : host % 4, host == 15 ? "/127/2" : "",
		how & 8 ? "a=ice-ufrag:" : "", how & 8 ? ufrags[p[6] >> 6] : "",
		how & 8 ? "\r\n" : "");

	if (!how) {
		*to = 0;
		return;
	}
	n += write_audio(to + n, room - (size_t)n, p);
	if (p[6] & 16) {
		uint8_t other[STEP_BYTES];

		memcpy(other, p, sizeof(other));
		other[3] = p[7];
		n += write_audio(to + n, room - (size_t)n, other);
	}
	check((size_t)n < room);
}

static struct sip_msg message_of(char *text, const uint8_t *p)
{
	const char *method = methods[p[1] % 10];
	char sdp[TEXT_MAX / 2], start[64];
	unsigned tags = p[0] >> 4;
	struct sip_msg msg;
	int n;

	write_sdp(sdp, sizeof(sdp), p);
	if (p[0] & 1)
		snprintf(start, sizeof(start), "SIP/2.0 %u x", codes[(p[1] >> 4) % 12]);
	else
		snprintf(start, sizeof(start), "%s sip:b SIP/2.0", method);
	n = snprintf(text, TEXT_MAX,
		"%s\r\nFrom: <sip:a@a>%s%u\r\nTo: <sip:b@b>%s%u\r\nCall-ID: %u\r\nCSeq: 1 %s\r\n"
		"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
		start, tags & 8 ? ";tag=" : ";x=", tags & 3, tags & 4 ? ";tag=" : ";x=", p[7] & 3,
		p[0] >> 2 & 3, method, strlen(sdp), sdp);
	check(n > 0 && n < TEXT_MAX);
	check(sip_msg_parse(bytes_of(text, (size_t)n), &msg) == SIP_OK);
	return msg;
}

static void end_call(struct qos_call *call, unsigned worker)
{
	check(!qos_call_is_open(call));
	qos_media_withdraw(w.medias, call, qos_calls_counters(w.calls, worker));
	check(atomic_load(&call->refs) == 1);
	qos_call_put(call);
}

static void publish(struct qos_call *call, struct sip_msg *msg, unsigned worker)
{
	static struct sdp_session session;
	static struct sdp_memo memo;

	if (!msg->body.n || !qos_call_lasts(call))
		return;
	check(sdp_media_parse_by(&memo, msg->body, &session) == SDP_OK);
	qos_media_prefetch_all(w.medias, &session, 0);
	qos_media_publish(w.medias, call, qos_call_sender(call, msg), &session, 0,
		qos_calls_counters(w.calls, worker));
	qos_call_media_said(
		call, qos_call_sender(call, msg), &session, session.has_candidates, w.now_ns);
}

static void take_message(const uint8_t *p)
{
	unsigned worker = p[7] >> 2 & 1;
	char text[TEXT_MAX];
	struct sip_msg msg = message_of(text, p);
	struct qos_call *call = NULL, *evicted;
	enum qos_call_change change = qos_call_on_sip(
		w.calls, worker, &msg, qos_call_hash(w.calls, msg.call_id), w.now_ns, &call);

	check((call != NULL) == (change < QOS_CALL_REFUSED));
	check(change != QOS_CALL_ENDED || !qos_call_lasts(call));
	if (call)
		check(qos_call_find(w.calls, msg.call_id) == call);
	while ((evicted = qos_calls_take_evicted(w.calls, worker)))
		end_call(evicted, worker);
	if (call)
		publish(call, &msg, worker);
}

/* What is told of by RTCP on these ports is between the same families, and what stands beside its
 * media moves by one port at most. */
static void check_rtcp(const struct pkt_flow *flow)
{
	struct pkt_flow rtp = qos_media_flow_of_rtcp(w.medias, flow);

	check(rtp.family == flow->family && rtp.sport && rtp.dport);
	if (!qos_medias_are_apart(w.medias))
		check(flow->sport - rtp.sport <= 1 && flow->dport - rtp.dport <= 1 &&
			pkt_addr_eq(&rtp.src, &flow->src) && pkt_addr_eq(&rtp.dst, &flow->dst));
}

static void take_check(const uint8_t *p)
{
	struct pkt_flow flow = {.family = 4,
		.proto = PKT_UDP,
		.sport = 4000 + p[3] % 16,
		.dport = 4000 + (p[3] >> 4),
		.src = {{192, 0, 2, p[2] & 7}},
		.dst = {{192, 0, 2, p[2] >> 4 & 7}}};
	struct bytes transaction = bytes_of(p + 1, 1);
	struct qos_ice_check said = {
		.flow = &flow,
		.receiver = bytes_from_str(ufrags[p[6] & 3]),
		.sender = bytes_from_str(ufrags[p[6] >> 2 & 3]),
		.transaction = transaction,
		.is_rtcp = p[6] >> 4 & 1,
		.is_nominated = p[6] >> 5 & 1,
		.has_relay = p[6] >> 6 & 1,
		.is_relay_src = p[6] >> 7 & 1,
	};

	check_rtcp(&flow);
	w.has_checks = true;
	if (p[0] & 1)
		qos_ice_answer(
			w.medias, &w.checks, &flow, transaction, qos_calls_counters(w.calls, 0));
	else
		qos_ice_learn(w.medias, &w.checks, &said, qos_calls_counters(w.calls, 0));
}

static void expire(bool drain)
{
	struct qos_call *call;

	for (unsigned i = 0; i < WORKERS; i++)
		while ((call = qos_calls_expire(w.calls, i, w.now_ns, drain)))
			end_call(call, i);
}

static bool is_over(enum qos_call_state state)
{
	return state == QOS_CALL_COMPLETED || state == QOS_CALL_CANCELLED ||
	       state == QOS_CALL_FAILED || state == QOS_CALL_TIMEOUT;
}

static bool check_call(struct qos_call *call, void *arg)
{
	unsigned listed = 0, learnt = 0;

	(void)arg;
	check(qos_call_is_open(call) && call->messages > 0);
	check(is_over(call->state) == !qos_call_lasts(call));
	check(atomic_load(&call->refs) == 1 + (call->media != NULL));
	check(call->state != QOS_CALL_ANSWERED || call->answer_ns);
	for (const struct qos_media *m = call->media; m; m = m->call_next) {
		check(m->call == call && qos_media_find(w.medias, &m->at) == m);
		check(m->payload_count <= QOS_MEDIA_PAYLOADS_MAX && m->party < 2);
		learnt += m->is_learnt;
		listed++;
	}
	check(call->media_count == listed && atomic_load(&call->learnt_count) == learnt);
	check(learnt <= QOS_ICE_LEARNT_MAX);
	w.listed += listed;
	w.open++;
	return true;
}

static void check_all(void)
{
	uint64_t opened = 0, closed = 0;

	w.listed = w.open = 0;
	qos_calls_each(w.calls, check_call, NULL);
	for (unsigned i = 0; i < WORKERS; i++) {
		opened += atomic_load(&qos_calls_counters(w.calls, i)->calls_opened);
		closed += atomic_load(&qos_calls_counters(w.calls, i)->calls_closed);
	}
	check(qos_calls_count(w.calls) <= CALLS_MAX && qos_medias_count(w.medias) <= MEDIA_MAX);
	check(opened - closed == qos_calls_count(w.calls));
	check(qos_calls_own(w.calls, 0) + qos_calls_own(w.calls, 1) == qos_calls_count(w.calls));
	/* One whose Call-ID another call has is only in its worker's queue, and keeps its endpoints
	 * until it ends. */
	check(w.open <= qos_calls_count(w.calls) && w.listed <= qos_medias_count(w.medias));
	check(w.open < qos_calls_count(w.calls) || w.listed == qos_medias_count(w.medias));
	check(w.watched_count <= qos_medias_count(w.medias));
	for (unsigned i = 0; i < w.watched_count; i++)
		check(qos_media_find(w.medias, &w.watched[i]) != NULL);
}

static void step(const uint8_t *p)
{
	w.now_ns += be16(p + 4) * TENTH_NS;
	if (p[0] & 2)
		take_check(p);
	else
		take_message(p);
	check_all();
	if (p[7] & 0x80)
		expire(false);
	check_all();
	urcu_qsbr_quiescent_state();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!w.calls)
		create();
	w.now_ns = START_NS;
	if (w.has_checks)
		memset(&w.checks, 0, sizeof(w.checks));
	w.has_checks = false;
	for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES)
		step(data);
	expire(true);
	check_all();
	check(!qos_calls_count(w.calls) && !qos_medias_count(w.medias) && !w.watched_count);
	urcu_qsbr_quiescent_state();
	return 0;
}
