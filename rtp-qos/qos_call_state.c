/* SPDX-License-Identifier: BSD-3-Clause */
/* What one SIP message means for its call. A tap may see a message on several hops, hear forked
 * branches and start in mid-call, so every rule holds for repeated, missing and late messages. */
#include "qos_call_pvt.h"
#include "utf8.h"

/* Captures put together may have what was sent before a BYE so long after it, such as a
 * back-to-back agent's INVITE. */
#define REUSE_NS ((uint64_t)1000000000)

static bool is_challenge(uint16_t status)
{
	return status == 401 || status == 407;
}

static bool has_ended(const struct qos_call *call)
{
	return atomic_load_explicit(&call->end_ns, memory_order_relaxed) != 0;
}

static bool is_unanswered(const struct qos_call *call)
{
	return call->state == QOS_CALL_TRYING || call->state == QOS_CALL_RINGING ||
	       call->state == QOS_CALL_UNKNOWN;
}

static bool is_refused(const struct qos_call *call)
{
	return call->state == QOS_CALL_FAILED || call->state == QOS_CALL_CANCELLED;
}

/* Always true: this message ended the call. */
static bool end(struct qos_call *call, enum qos_call_state state, uint64_t now_ns)
{
	call->state = state;
	call->is_cancelling = false;
	atomic_store_explicit(&call->end_ns, now_ns ? now_ns : 1, memory_order_release);
	return true;
}

static void reopen(struct qos_call *call)
{
	call->state = QOS_CALL_TRYING;
	call->code = 0;
	call->is_cancelling = false;
	atomic_store_explicit(&call->end_ns, 0, memory_order_release);
}

/* As it was sent, like a Call-ID: who shows it makes it harmless. */
static void copy_party(char *out, const struct sip_party *party)
{
	struct bytes text = party->user.n ? party->user : party->uri;
	size_t n = utf8_cut(text, QOS_PARTY_MAX - 1);
	uint8_t *to = (uint8_t *)out;

	for (size_t i = 0; i < n; i++)
		to[i] = text.p[i] ? text.p[i] : '?';
	to[n] = '\0';
}

static void copy_parties(struct qos_call *call, struct sip_msg *msg)
{
	sip_msg_parse_parties(msg);
	copy_party(call->from, &msg->from);
	copy_party(call->to, &msg->to);
	qos_call_copy_text(call->from_tag, sizeof(call->from_tag), msg->from.tag);
}

bool qos_call_is_call(enum sip_method method)
{
	switch (method) {
	case SIP_INVITE:
	case SIP_ACK:
	case SIP_BYE:
	case SIP_CANCEL:
	case SIP_PRACK:
	case SIP_UPDATE:
		return true;
	default:
		return false;
	}
}

/* When it was answered is not known, but it was by the first message that was seen of it. */
static void note_answered_before(struct qos_call *call)
{
	call->state = QOS_CALL_ANSWERED;
	call->answer_ns = call->start_ns;
}

/* The dialog of an INVITE, by the first message that was seen of it. */
static void begin_call(struct qos_call *call, const struct sip_msg *msg)
{
	call->method = SIP_INVITE;
	switch (msg->method) {
	case SIP_INVITE:
		/* A To tag: re-INVITE in a call that was answered before the capture began (RFC
		 * 3261 section 12.2.1.1). */
		if (msg->is_request && msg->to.tag.n)
			note_answered_before(call);
		break;
	case SIP_CANCEL:
		break;
	case SIP_PRACK:
		call->state = QOS_CALL_RINGING;
		break;
	default:
		call->state = QOS_CALL_UNKNOWN;
		break;
	}
}

void qos_call_begin(struct qos_call *call, struct sip_msg *msg)
{
	call->method = msg->method;
	call->state = QOS_CALL_TRYING;
	if (msg->method == SIP_OTHER)
		qos_call_copy_text(call->method_name, sizeof(call->method_name), msg->method_name);
	copy_parties(call, msg);
	if (qos_call_is_call(msg->method))
		begin_call(call, msg);
}

bool qos_call_is_another(const struct qos_call *call, struct sip_msg *msg, uint64_t now_ns)
{
	uint64_t end_ns = atomic_load_explicit(&call->end_ns, memory_order_relaxed);
	char tag[QOS_TAG_MAX];

	/* After a failure it may be the next branch of a back-to-back agent. */
	if (call->state != QOS_CALL_COMPLETED || !msg->is_request || msg->method != SIP_INVITE ||
		!qos_call_is_call(call->method) || now_ns < end_ns + REUSE_NS)
		return false;
	sip_msg_parse_parties(msg);
	if (msg->to.tag.n || !msg->from.tag.n || !call->from_tag[0])
		return false;
	qos_call_copy_text(tag, sizeof(tag), msg->from.tag);
	return strcmp(tag, call->from_tag) != 0;
}

static uint32_t hash_of_tag(const char *tag, const struct pkt_seed *seed)
{
	uint32_t hash = (uint32_t)pkt_hash_bytes(bytes_from_str(tag), seed);

	return tag[0] && !hash ? 1 : hash;
}

uint32_t qos_call_tag_hash(const struct qos_call *call, const struct pkt_seed *seed)
{
	return hash_of_tag(call->from_tag, seed);
}

static bool has_tag(struct bytes tag, uint32_t hash, const struct pkt_seed *seed)
{
	char text[QOS_TAG_MAX];

	qos_call_copy_text(text, sizeof(text), tag);
	return hash_of_tag(text, seed) == hash;
}

bool qos_call_is_late(const struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	if (!call->former)
		return false;
	sip_msg_parse_parties(msg);
	return has_tag(msg->from.tag, call->former, seed) ||
	       has_tag(msg->to.tag, call->former, seed);
}

static bool is_from_caller(const struct qos_call *call, const struct sip_msg *msg)
{
	char tag[QOS_TAG_MAX];

	qos_call_copy_text(tag, sizeof(tag), msg->from.tag);
	return tag[0] && strcmp(tag, call->from_tag) == 0;
}

/* One hop's, by its branch (RFC 3261 section 17.2.3), and the number, for some senders have one
 * branch for all. 0: not known. */
static uint16_t transaction_of(struct sip_msg *msg, const struct pkt_seed *seed)
{
	uint16_t hash;

	sip_msg_parse_hops(msg);
	if (!msg->via_branch.n)
		return 0;
	hash = (uint16_t)(pkt_hash_bytes(msg->via_branch, seed) + msg->cseq);
	return hash ? hash : 1;
}

/* A request that was sent again before its sender knew how it had ended. */
static bool is_sent_again(
	const struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	uint16_t transaction = call->done[0] ? transaction_of(msg, seed) : 0;
	bool is_done = false;

	for (unsigned i = 0; i < QOS_CALL_HOPS; i++)
		is_done |= transaction && call->done[i] == transaction;
	return is_done;
}

static void note_done(struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	uint16_t transaction = transaction_of(msg, seed);

	if (!transaction || is_sent_again(call, msg, seed))
		return;
	memmove(call->done + 1, call->done, sizeof(call->done) - sizeof(call->done[0]));
	call->done[0] = transaction;
}

/* The index of the answer with this tag; answer_count: there is none. */
static unsigned find_answer(
	const struct qos_call *call, struct bytes tag, const struct pkt_seed *seed)
{
	uint16_t hash = (uint16_t)pkt_hash_bytes(tag, seed);
	unsigned i = 0;

	while (i < call->answer_count && call->answers[i] != hash)
		i++;
	return i;
}

/* Each 2xx with a To tag of its own is a dialog of its own (RFC 3261 section 13.2.2.4). */
static void note_answer(struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	sip_msg_parse_parties(msg);
	if (!msg->to.tag.n || call->answer_count == QOS_CALL_ANSWERS ||
		!is_from_caller(call, msg) ||
		find_answer(call, msg->to.tag, seed) < call->answer_count)
		return;
	call->answers[call->answer_count] = (uint16_t)pkt_hash_bytes(msg->to.tag, seed);
	call->answer_count++;
}

/* True: the BYE is of one branch, and another one that answered goes on. */
static bool leaves_a_branch(struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	unsigned i;

	if (call->answer_count < 2)
		return false;
	sip_msg_parse_parties(msg);
	i = find_answer(call, is_from_caller(call, msg) ? msg->to.tag : msg->from.tag, seed);
	if (i == call->answer_count)
		return false;
	call->answers_left |= 1u << i;
	return call->answers_left != (1u << call->answer_count) - 1;
}

/* A Call-ID that was used for OPTIONS or SUBSCRIBE may be used for a call later, and the capture
 * may begin with an INFO amid one. */
static void adopt_method(struct qos_call *call, struct sip_msg *msg)
{
	if (qos_call_is_call(call->method) || !qos_call_is_call(msg->method))
		return;
	reopen(call);
	copy_parties(call, msg);
	begin_call(call, msg);
}

/* The INVITE that begins it. Its answer may have been taken before it, by another worker. */
static void begin_dialog(struct qos_call *call)
{
	if (call->state == QOS_CALL_UNKNOWN)
		call->state = QOS_CALL_TRYING;
	if (call->state == QOS_CALL_ANSWERED && !call->is_invite_seen)
		call->is_answer_seen = true;
	call->is_invite_seen = true;
	call->is_acked = false;
}

/* An INVITE without To tag after a failure is the next try, of the caller with credentials or
 * another target, or of a proxy with its next branch, unless it is the refused one once more. A
 * completed call stays completed: Call-IDs are unique (RFC 3261 section 8.1.1.4), and another From
 * tag is another call (qos_call_is_another). */
static void invite_request(struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed)
{
	sip_msg_parse_to(msg);
	if (is_sent_again(call, msg, seed)) {
		call->is_invite_seen |= !msg->to.tag.n;
		return;
	}
	if (msg->to.tag.n == 0)
		begin_dialog(call);
	else if (!call->is_invite_seen && is_unanswered(call))
		note_answered_before(call);
	if (is_refused(call) && msg->to.tag.n == 0)
		reopen(call);
	else if (is_unanswered(call) && is_challenge(call->code))
		call->code = 0;
}

static void invite_success(struct qos_call *call, uint16_t status, uint64_t now_ns)
{
	/* Else a re-INVITE's, as far as is known: few of those are answered by more than 100. */
	bool is_first = call->is_invite_seen || call->state == QOS_CALL_RINGING;

	if (call->state == QOS_CALL_ANSWERED || call->state == QOS_CALL_COMPLETED) {
		/* Of a re-INVITE, where the answer came before the capture. */
		if (!call->code)
			call->code = status;
		return;
	}
	/* Also after the failure of another branch (RFC 3261 section 16.7). */
	reopen(call);
	call->state = QOS_CALL_ANSWERED;
	call->code = status;
	if (!call->answer_ns) {
		call->answer_ns = now_ns;
		call->is_answer_seen = is_first;
	}
}

/* True: it ended the call. */
static bool invite_response(
	struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed, uint64_t now_ns)
{
	uint16_t status = msg->status;

	if (status >= 200 && status < 300) {
		invite_success(call, status, now_ns);
		return false;
	}
	/* A refusal whose ACK was lost comes again, when the next try may be under way. */
	if (status >= 300 && is_unanswered(call) && is_sent_again(call, msg, seed))
		return false;
	if (status >= 300 && (is_unanswered(call) || is_refused(call)))
		note_done(call, msg, seed);
	/* A re-INVITE may fail, the call goes on (section 14.1). */
	if (!is_unanswered(call))
		return false;
	if (status <= 100) {
		if (call->code == 0)
			call->code = status;
		return false;
	}
	call->code = status;
	if (status < 200) {
		call->state = QOS_CALL_RINGING;
		return false;
	}
	if (is_challenge(status))
		return false;
	return end(call, status == 487 ? QOS_CALL_CANCELLED : QOS_CALL_FAILED, now_ns);
}

static bool apply_call(
	struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed, uint64_t now_ns)
{
	bool is_early, is_unknown;

	switch (msg->method) {
	case SIP_INVITE:
		if (!msg->is_request && msg->status >= 200 && msg->status < 300)
			note_answer(call, msg, seed);
		if (!msg->is_request)
			return invite_response(call, msg, seed, now_ns);
		invite_request(call, msg, seed);
		return false;
	case SIP_BYE:
		if (leaves_a_branch(call, msg, seed))
			return false;
		/* Whatever the answer: 401 and 407 bring another BYE, 481 says that the other side
		 * knows of no call (section 15.1.1). */
		if (has_ended(call))
			return false;
		/* The caller may also give up an early dialog so (section 15). One that was
		 * acknowledged was answered, though a mirror of one direction did not show it: who
		 * is refused sends no BYE. */
		is_unknown = call->state == QOS_CALL_UNKNOWN;
		is_early = is_unanswered(call) && !is_unknown && !call->is_acked;
		if (is_unknown && call->start_ns < now_ns)
			note_answered_before(call);
		return end(call, is_early ? QOS_CALL_CANCELLED : QOS_CALL_COMPLETED, now_ns);
	case SIP_ACK:
		call->is_acked = true;
		return false;
	case SIP_CANCEL:
		/* Only asks; the 487 ends it, or a 2xx that crossed it answers (section 9.1). */
		if (is_unanswered(call))
			call->is_cancelling = true;
		return false;
	default:
		return false;
	}
}

/* REGISTER, OPTIONS, SUBSCRIBE, MESSAGE and so on: only their own method counts, so that the
 * NOTIFYs of a subscription do not reopen it. */
static bool apply_transaction(struct qos_call *call, const struct sip_msg *msg, uint64_t now_ns)
{
	if (msg->method != call->method)
		return false;
	if (msg->is_request) {
		if (has_ended(call) || is_challenge(call->code))
			reopen(call);
		return false;
	}
	if (has_ended(call))
		return false;
	call->code = msg->status;
	if (msg->status < 200 || is_challenge(msg->status))
		return false;
	return end(call, msg->status < 300 ? QOS_CALL_COMPLETED : QOS_CALL_FAILED, now_ns);
}

bool qos_call_apply(
	struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed, uint64_t now_ns)
{
	/* Streams write it without the lock; a lost update costs a moment of idle time. */
	if (now_ns > atomic_load_explicit(&call->last_ns, memory_order_relaxed))
		atomic_store_explicit(&call->last_ns, now_ns, memory_order_relaxed);
	call->messages++;
	adopt_method(call, msg);
	if (qos_call_is_call(call->method))
		return apply_call(call, msg, seed, now_ns);
	return apply_transaction(call, msg, now_ns);
}

void qos_call_time_out(struct qos_call *call)
{
	enum qos_call_state state = QOS_CALL_TIMEOUT;

	if (has_ended(call))
		return;
	if (call->is_cancelling)
		state = QOS_CALL_CANCELLED;
	else if (is_challenge(call->code))
		state = QOS_CALL_FAILED;
	end(call, state, atomic_load_explicit(&call->last_ns, memory_order_relaxed));
}

void qos_call_conclude(struct qos_call *call)
{
	if (!has_ended(call) && is_unanswered(call) && is_challenge(call->code))
		end(call, QOS_CALL_FAILED,
			atomic_load_explicit(&call->last_ns, memory_order_relaxed));
}

unsigned qos_call_sender(struct qos_call *call, struct sip_msg *msg)
{
	char to_tag[QOS_TAG_MAX];
	bool is_from_callee;

	/* The From side is the callee only if To carries the caller's tag: so also branches of a
	 * back-to-back agent with tags of their own count from the caller. */
	sip_msg_parse_to(msg);
	if (!msg->to.tag.n)
		return msg->is_request ? 0 : 1;
	qos_call_copy_text(to_tag, sizeof(to_tag), msg->to.tag);
	pthread_spin_lock(&call->lock);
	is_from_callee = to_tag[0] && strcmp(to_tag, call->from_tag) == 0;
	pthread_spin_unlock(&call->lock);
	return msg->is_request ? is_from_callee : !is_from_callee;
}
