/* SPDX-License-Identifier: BSD-3-Clause */
/* The rare half of a stream: its beginning, what the sequence could not take in order, payload changes. */
#include "qos_stream.h"

#include <math.h>
#include <stdlib.h>

#include "qos_mode.h"
#include "qos_sequence.h"
#include "qos_timing.h"

/* A segment longer than this is closed in the books, so that 32 bits never wrap: by the rare half at once,
 * and once a second, in which the other half adds one at a time. */
#define SEGMENT_MAX ((uint32_t)1 << 30)

/* So often, 8.6 s, a stream's mode is asked of a packet; and its packets are for the cold half so long before, at
 * most. */
#define HEAD_SHIFT    33
#define HEAD_AHEAD_NS ((uint64_t)1000000000)

uint8_t qos_clock_index(struct qos_clocks *clocks, uint32_t hz)
{
	if (hz < 1000)
		return 0;
	for (unsigned i = 1; i <= clocks->count; i++)
		if (clocks->hz[i] == hz)
			return (uint8_t)i;
	if (clocks->count == QOS_CLOCKS_MAX - 1)
		return 0;
	clocks->count++;
	clocks->hz[clocks->count] = hz;
	clocks->tick_ns_q12[clocks->count] =
		(uint32_t)((((uint64_t)1000000000 << 12) + hz / 2) / hz);
	return (uint8_t)clocks->count;
}

void qos_stream_init(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct pkt_media *first, const struct qos_origin *origin, uint64_t now_ns)
{
	*hot = (struct qos_stream_hot){
		.key = first->key,
		.last_ns = now_ns,
		.ext_seq = (QOS_FIRST_CYCLE | first->seq) - 1,
		.pt = QOS_NO_PT,
	};
	*cold = (struct qos_stream_cold){
		.origin = *origin,
		.head = origin->head,
		.quiet_pt = QOS_NO_PT,
		.is_open = true,
		.first_ns = now_ns,
		.base_ext = QOS_FIRST_CYCLE | first->seq,
		.hole_ext = (QOS_FIRST_CYCLE | first->seq) - 1,
		.counted_ext = (QOS_FIRST_CYCLE | first->seq) - 1,
		.bad_seq = QOS_NO_BAD_SEQ,
		.delta.least = UINT32_MAX,
		.jitter.least = UINT32_MAX,
		.interval_last_ns = now_ns,
		.agent_min_r = NAN,
	};
}

void qos_stream_fold(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	int32_t length = (int32_t)(hot->ext_seq - cold->base_ext);

	cold->packets += hot->ext_seq - cold->counted_ext;
	cold->counted_ext = hot->ext_seq;
	cold->bytes += hot->bytes;
	cold->jitter_sum_64ns += hot->jitter_sum_64ns;
	hot->bytes = 0;
	hot->jitter_sum_64ns = 0;
	/* Not beyond the reach of a late packet, which must find its number in the segment. Before the
	 * first packet the length is -1. */
	if (length >= (int32_t)SEGMENT_MAX) {
		cold->expected_done += (uint32_t)length - QOS_HOLES;
		cold->base_ext += (uint32_t)length - QOS_HOLES;
	}
}

uint64_t qos_stream_packets(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return cold->packets + (hot->ext_seq - cold->counted_ext);
}

uint64_t qos_stream_expected(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return cold->expected_done + (hot->ext_seq - cold->base_ext + 1);
}

int64_t qos_stream_skew_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return cold->look.skew_base_ns + hot->skew_ns;
}

static int64_t larger(int64_t a, int64_t b)
{
	return llabs(b) > llabs(a) ? b : a;
}

/* What is the largest above the base need not be so above 0. */
int64_t qos_stream_skew_max_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	int64_t since = cold->look.skew_base_ns + hot->skew_max_ns;

	return larger(larger(cold->skew_max_ns, since), qos_stream_skew_ns(hot, cold));
}

uint64_t qos_stream_last_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return hot->last_ns > cold->quiet_ns ? hot->last_ns : cold->quiet_ns;
}

static bool is_quiet(const struct qos_payload *payload)
{
	return payload->kind == QOS_EVENT || payload->kind == QOS_NOISE;
}

/* All packets of an event have its timestamp (RFC 4733 section 2.2.1). A late one is of an event that was counted. */
static void note_event(
	const struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	bool is_late = cold->events && m->seq != (uint16_t)hot->ext_seq;

	if (!cold->is_quiet_event || is_late || (cold->events && cold->event_ts == m->rtp_ts))
		return;
	cold->events++;
	cold->event_ts = m->rtp_ts;
}

/* The meaning of a payload type that is not the current one. Returns true for voice or video, which
 * it then makes the current one; false for events and comfort noise. */
static bool change_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint8_t pt)
{
	struct qos_payload payload;

	if (pt == cold->quiet_pt) {
		note_event(hot, cold, m);
		return false;
	}
	env->payload_fn(env->payload_arg, cold, pt, &payload);
	/* RFC 4733 without SDP: a second dynamic type with the four octets of one event. A guess
	 * about this packet only: the next one may be a frame of a codec. */
	if (!payload.name[0] && pt >= 96 && m->payload_bytes == 4 && hot->pt != QOS_NO_PT)
		return false;
	if (is_quiet(&payload)) {
		cold->quiet_pt = pt;
		cold->is_quiet_event = payload.kind == QOS_EVENT;
		note_event(hot, cold, m);
		/* Of a stream without voice, as some gateways make of events, it is what there is. */
		if (hot->pt == QOS_NO_PT)
			cold->payload = payload;
		return false;
	}
	qos_stream_change_payload(env, hot, cold, &payload);
	return true;
}

void qos_stream_set_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct qos_payload *payload)
{
	/* Another type or clock: the old timestamps say nothing any more (RFC 7160 section 3). */
	if (hot->pt != payload->pt || cold->payload.clock != payload->clock) {
		hot->clock = qos_clock_index(&env->clocks, payload->clock) | QOS_HOT_LOOK;
		cold->frame_ticks = 0;
		cold->framed_from = (uint32_t)qos_stream_packets(hot, cold);
		cold->look.clock_hz = 0;
		cold->anchors++;
	}
	cold->look.rated_kbps = 0;
	cold->look.sized_bytes = 0;
	if (hot->pt != payload->pt || strcmp(cold->payload.name, payload->name) != 0)
		cold->look.rate_looks = cold->look.pauses = cold->look.packet_bytes = 0;
	/* What was taken for voice without SDP may turn out to be events. */
	hot->pt = is_quiet(payload) ? QOS_NO_PT : payload->pt;
	cold->quiet_pt = is_quiet(payload) ? payload->pt : QOS_NO_PT;
	cold->is_quiet_event = payload->kind == QOS_EVENT;
	cold->payload = *payload;
	cold->kind = (uint8_t)payload->kind;
	cold->has_modes = payload->has_modes;
	qos_mode_take_head(&cold->payload, &cold->head);
}

static bool is_media(const struct qos_payload *payload)
{
	return payload->kind == QOS_AUDIO || payload->kind == QOS_VIDEO;
}

/* What repairs media changes no codec, and what has no name is told by its type. */
static bool is_another_codec(const struct qos_payload *was, const struct qos_payload *is)
{
	if (!is_media(was) || !is_media(is) || (was->pt == is->pt && !was->name[0]))
		return false;
	return strcmp(was->name, is->name) != 0 || (!is->name[0] && was->pt != is->pt);
}

void qos_stream_change_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct qos_payload *payload)
{
	if (hot->pt != QOS_NO_PT && is_another_codec(&cold->payload, payload)) {
		if (!cold->codec_changes) {
			cold->first_pt = cold->payload.pt;
			memcpy(cold->first_name, cold->payload.name, sizeof(cold->first_name));
		}
		cold->codec_changes += cold->codec_changes < UINT16_MAX;
	}
	qos_stream_set_payload(env, hot, cold, payload);
}

void qos_stream_want_head(const struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, uint64_t now_ns)
{
	uint64_t next = ((now_ns >> HEAD_SHIFT) + 1) << HEAD_SHIFT;

	if (!env->head_fn || next - now_ns > HEAD_AHEAD_NS || !cold->has_modes ||
		!qos_mode_has_heads(&cold->payload))
		return;
	cold->head_after_ns = next;
	hot->clock |= QOS_HOT_LOOK;
}

static void take_head(
	struct qos_stream_env *env, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	struct qos_head head = env->head_fn(env->payload_arg, m);

	cold->head_after_ns = 0;
	if (!head.octets)
		return;
	cold->head = head;
	/* Rate and size are to be seen again, among other figures. */
	if (!qos_mode_take_head(&cold->payload, &head))
		return;
	cold->look.rated_kbps = 0;
	cold->look.sized_bytes = 0;
}

void qos_stream_update_slow(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint8_t pt = m->marker_pt & 0x7f;
	uint16_t step = (uint16_t)(m->seq - hot->ext_seq);
	enum qos_verdict verdict;

	if (cold->head_after_ns && now_ns >= cold->head_after_ns)
		take_head(env, cold, m);
	verdict = qos_sequence_file(env, hot, cold, m, now_ns);
	if (verdict == QOS_DUPLICATE || verdict == QOS_STRAY)
		return;
	if (pt != hot->pt && !change_payload(env, hot, cold, m, pt)) {
		cold->quiet_ns = now_ns > cold->quiet_ns ? now_ns : cold->quiet_ns;
		cold->jitter_skipped++;
		cold->silent_deltas++;
		hot->clock |= QOS_HOT_QUIET;
	} else {
		qos_timing_file(
			env, hot, cold, m, now_ns, verdict == QOS_LATE ? (int16_t)step : step);
	}
	if ((hot->bytes | hot->jitter_sum_64ns) >> 31 ||
		hot->ext_seq - cold->base_ext >= SEGMENT_MAX)
		qos_stream_fold(hot, cold);
}
