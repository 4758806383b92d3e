/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_call_media.h"

#include <assert.h>

#include "qos_call.h"
#include "sdp_media.h"

/* In found: see qos_call_media_mix. */
#define QOS_IS_MIXED (UINT32_C(1) << 31)

static_assert(QOS_FINDING_COUNT <= 31, "found has a bit for each");

/* What a side said last, four bits each. */
enum {
	SENDS = 1, /* sendrecv, sendonly */
	LISTENS = 2, /* sendrecv, recvonly */
	SIDE_BITS = 4,
};

static bool is_unspecified(const struct sdp_media *media)
{
	static const struct pkt_addr unspecified;

	return pkt_addr_eq(&media->addr, &unspecified);
}

/* Port 0: refused. Zero address: hold as in RFC 2543, see RFC 3264 section 8.4. */
static unsigned said_of(const struct sdp_media *media)
{
	if (!media->port || !media->has_address || is_unspecified(media))
		return 0;
	switch (media->direction) {
	case SDP_SENDRECV:
		return SENDS | LISTENS;
	case SDP_SENDONLY:
		return SENDS;
	case SDP_RECVONLY:
		return LISTENS;
	default:
		return 0;
	}
}

static const struct sdp_media *find_audio(const struct sdp_session *session)
{
	const struct sdp_media *audio = NULL;

	for (unsigned i = 0; i < session->media_count; i++) {
		const struct sdp_media *media = &session->media[i];

		/* A fax in place of speech, or beside it until the other side has chosen. */
		if (media->port && (media->is_udptl || media->kind == SDP_IMAGE))
			return NULL;
		if (!audio && media->kind == SDP_AUDIO && media->is_rtp && media->port)
			audio = media;
	}
	return audio;
}

void qos_call_media_said(struct qos_call *call, unsigned party, const struct sdp_session *session,
	bool is_relayed, uint64_t now_ns)
{
	const struct sdp_media *audio = find_audio(session);
	struct qos_call_media *m = &call->talk;
	unsigned shift = party * SIDE_BITS;
	uint32_t old, said = audio && !is_relayed ? said_of(audio) : 0;

	pthread_spin_lock(&call->lock);
	old = atomic_load_explicit(&m->said, memory_order_relaxed);
	said = (old & ~(0xfu << shift)) | said << shift;
	if (said != old)
		atomic_store_explicit(&m->change_ns, now_ns, memory_order_relaxed);
	if (audio && audio->has_address)
		m->ends[party] = (struct qos_call_end){audio->family, audio->port, audio->addr};
	atomic_store_explicit(&m->said, said, memory_order_release);
	pthread_spin_unlock(&call->lock);
}

void qos_call_media_answered(struct qos_call *call, uint64_t now_ns)
{
	uint64_t none = 0;

	atomic_compare_exchange_strong(&call->talk.answer_ns, &none, now_ns);
}

static void raise_to(_Atomic uint64_t *time, uint64_t ns)
{
	uint64_t known = atomic_load_explicit(time, memory_order_relaxed);

	while (known < ns && !atomic_compare_exchange_weak_explicit(
				     time, &known, ns, memory_order_relaxed, memory_order_relaxed))
		;
}

void qos_call_media_heard(
	struct qos_call *call, unsigned party, uint64_t first_ns, uint64_t last_ns)
{
	_Atomic uint64_t *first = &call->talk.first_ns[party];
	uint64_t known = atomic_load_explicit(first, memory_order_relaxed);

	while ((!known || known > first_ns) &&
		!atomic_compare_exchange_weak(first, &known, first_ns))
		;
	raise_to(&call->talk.last_ns[party], last_ns);
}

bool qos_call_media_is_due(const struct qos_call *call, unsigned party)
{
	const struct qos_call_media *m = &call->talk;
	uint32_t said = atomic_load_explicit(&m->said, memory_order_acquire);

	if (!atomic_load_explicit(&m->answer_ns, memory_order_relaxed))
		return false;
	return (said >> party * SIDE_BITS & SENDS) && (said >> (party ^ 1) * SIDE_BITS & LISTENS);
}

void qos_call_media_mix(struct qos_call *call)
{
	atomic_fetch_or_explicit(&call->talk.found, QOS_IS_MIXED, memory_order_relaxed);
}

bool qos_call_media_is_mixed(const struct qos_call *call)
{
	return atomic_load_explicit(&call->talk.found, memory_order_relaxed) & QOS_IS_MIXED;
}

uint64_t qos_call_media_since(const struct qos_call *call)
{
	uint64_t answer = atomic_load_explicit(&call->talk.answer_ns, memory_order_relaxed);
	uint64_t change = atomic_load_explicit(&call->talk.change_ns, memory_order_relaxed);

	return answer > change ? answer : change;
}

bool qos_call_media_find(struct qos_call *call, enum qos_finding finding)
{
	uint32_t bit = 1u << finding;

	return !(atomic_fetch_or(&call->talk.found, bit) & bit);
}

bool qos_call_media_has(const struct qos_call *call, enum qos_finding finding)
{
	return atomic_load(&call->talk.found) >> finding & 1;
}

const char *qos_finding_name(enum qos_finding finding)
{
	static const char *const names[] = {
#define X(name, help) &#name[sizeof("finding_") - 1],
#include "qos_findings.def"
#undef X
	};

	return names[finding];
}
