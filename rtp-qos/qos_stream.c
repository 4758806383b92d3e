/* SPDX-License-Identifier: BSD-3-Clause */
/* The rare half of a stream: gaps, late and repeated packets, restarts, payload changes, silence. */
#include "qos_stream.h"

enum verdict {
	NEXT = 0, /* in order, perhaps after a gap */
	LATE, /* older than the highest and not seen before */
	DUPLICATE, /* seen before */
	STRAY, /* far outside the window: dropped until a second one confirms it */
	RESTART, /* the second one: the sequence began anew */
};

/* The first cycle count is 1, so that a packet older than the first still has a number. */
#define FIRST_CYCLE ((uint32_t)1 << 16)
#define NO_BAD_SEQ  ((uint32_t)1 << 16)

/* A segment longer than this is closed in the books, so that 32 bits never wrap. Between two folds
 * it grows by less than 2^15 packets times QOS_MAX_DROPOUT, which fits on top. */
#define SEGMENT_MAX ((uint32_t)1 << 30)

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
		.ext_seq = (FIRST_CYCLE | first->seq) - 1,
		.pt = QOS_NO_PT,
	};
	*cold = (struct qos_stream_cold){
		.origin = *origin,
		.quiet_pt = QOS_NO_PT,
		.is_open = true,
		.first_ns = now_ns,
		.base_ext = FIRST_CYCLE | first->seq,
		.hole_ext = (FIRST_CYCLE | first->seq) - 1,
		.bad_seq = NO_BAD_SEQ,
		.interval_last_ns = now_ns,
	};
}

void qos_stream_fold(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	int32_t length = (int32_t)(hot->ext_seq - cold->base_ext);

	cold->packets += hot->packets;
	cold->bytes += hot->bytes;
	cold->jitter_sum_64ns += hot->jitter_sum_64ns;
	hot->packets = 0;
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
	return cold->packets + hot->packets;
}

uint64_t qos_stream_expected(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return cold->expected_done + (hot->ext_seq - cold->base_ext + 1);
}

uint64_t qos_stream_last_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return hot->last_ns > cold->quiet_ns ? hot->last_ns : cold->quiet_ns;
}

/* Brings the map of holes up to the highest number; what came in order since has no hole. */
static void align_holes(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	uint32_t shift = hot->ext_seq - cold->hole_ext;

	cold->holes = shift < QOS_HOLES ? cold->holes << shift : 0;
	cold->hole_ext = hot->ext_seq;
}

/* The highest number moves on by step; the step - 1 numbers in between are missing so far. */
static void advance(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	align_holes(hot, cold);
	hot->ext_seq += step;
	if (step == 1)
		return;
	cold->holes = step < QOS_HOLES ? cold->holes << step : 0;
	cold->holes |= step < QOS_HOLES ? ((((unsigned __int128)1 << (step - 1)) - 1) << 1)
					: ~(unsigned __int128)1;
	cold->hole_ext = hot->ext_seq;
	cold->sequence_errors++;
}

/* A number at most QOS_MAX_MISORDER behind the highest. */
static enum verdict file_late(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t behind)
{
	uint32_t ext = hot->ext_seq - behind;
	unsigned __int128 bit = (unsigned __int128)1 << behind;

	cold->sequence_errors++;
	align_holes(hot, cold);
	if ((int32_t)(ext - cold->base_ext) < 0) {
		/* Older than the first packet of the segment: it began earlier than it seemed. */
		uint32_t first_behind = hot->ext_seq - cold->base_ext;

		for (uint32_t i = first_behind + 1; i < behind; i++)
			cold->holes |= (unsigned __int128)1 << i;
		cold->base_ext = ext;
		return LATE;
	}
	if (!(cold->holes & bit))
		return DUPLICATE;
	cold->holes &= ~bit;
	return LATE;
}

void qos_stream_note_drops(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold)
{
	uint64_t packets = qos_stream_packets(hot, cold);

	if (!env->drops_fn || packets == cold->drops_packets)
		return;
	if (cold->drops_seen < cold->drops_noted)
		cold->drops_seen = cold->drops_noted;
	cold->drops_noted = env->drops_fn(env->payload_arg, cold);
	cold->drops_packets = packets;
}

/* At the first packet: what was given up before is no reason for a gap once the stream is looked at. */
static void note_first_drops(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold)
{
	if (env->drops_fn && !qos_stream_packets(hot, cold))
		cold->drops_noted = env->drops_fn(env->payload_arg, cold);
}

/* Whether the probe gave up frames that may be those that are missing. They explain as many and no more:
 * the others may be those of a later gap, whose packets still wait in the worker's queue. */
static bool is_own_doing(
	const struct qos_stream_env *env, struct qos_stream_cold *cold, uint32_t missing)
{
	uint64_t drops = env->drops_fn ? env->drops_fn(env->payload_arg, cold) : 0;
	uint64_t left = drops > cold->drops_seen ? drops - cold->drops_seen : 0;

	if (!left)
		return false;
	cold->drops_seen += missing < left ? missing : left;
	if (!cold->drops_packets && cold->drops_seen < cold->drops_noted)
		cold->drops_seen = cold->drops_noted;
	return true;
}

/* A gap of the probe's own making: a new segment begins behind it, and the time across it is no
 * silence of the sender's. */
static void leave_out(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	cold->expected_done += hot->ext_seq - cold->base_ext + 1;
	cold->own_drops += step - 1;
	hot->ext_seq += step;
	cold->base_ext = hot->ext_seq;
	cold->holes = 0;
	cold->hole_ext = hot->ext_seq;
	hot->clock |= QOS_HOT_QUIET;
}

/* RFC 3550 A.1, update_seq. */
static enum verdict file_sequence(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m)
{
	uint16_t step = (uint16_t)(m->seq - hot->ext_seq);

	if (step == 0) {
		cold->sequence_errors++;
		return DUPLICATE;
	}
	if (step < QOS_MAX_DROPOUT) {
		if (step > 1 && is_own_doing(env, cold, step - 1U))
			leave_out(hot, cold, step);
		else
			advance(hot, cold, step);
		return NEXT;
	}
	if (step > 65536 - QOS_MAX_MISORDER)
		return file_late(hot, cold, (uint16_t)-step);
	cold->sequence_errors++;
	if (m->seq == cold->bad_seq && hot->ext_seq == cold->stray_ext)
		return RESTART;
	cold->bad_seq = (uint16_t)(m->seq + 1);
	return STRAY;
}

/* A new segment that begins with the stray packet before this one. What lies between the segments
 * is not counted as lost. */
static void restart(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	uint32_t next = (hot->ext_seq & 0xffff0000) + 2 * FIRST_CYCLE + m->seq;

	cold->expected_done += hot->ext_seq - cold->base_ext + 1;
	cold->base_ext = next - 1;
	hot->ext_seq = next;
	cold->holes = 0;
	cold->hole_ext = next;
	cold->bad_seq = NO_BAD_SEQ;
	cold->restarts++;
	cold->strays--;
	hot->packets++;
	hot->bytes += cold->stray.payload_bytes;
	cold->silent_deltas++;
	cold->jitter_skipped++;
	hot->clock &= (uint8_t)~QOS_HOT_STARTED;
}

static bool is_quiet(const struct qos_payload *payload)
{
	return payload->kind == QOS_EVENT || payload->kind == QOS_NOISE;
}

/* The meaning of a payload type that is not the current one. Returns true for voice or video, which
 * it then makes the current one; false for events and comfort noise. */
static bool change_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint8_t pt)
{
	struct qos_payload payload;

	if (pt == cold->quiet_pt)
		return false;
	env->payload_fn(env->payload_arg, cold, pt, &payload);
	/* RFC 4733 without SDP: a second dynamic type with the four octets of one event. A guess
	 * about this packet only: the next one may be a frame of a codec. */
	if (!payload.name[0] && pt >= 96 && m->payload_bytes == 4 && hot->pt != QOS_NO_PT)
		return false;
	if (is_quiet(&payload)) {
		cold->quiet_pt = pt;
		return false;
	}
	qos_stream_set_payload(env, hot, cold, &payload);
	return true;
}

void qos_stream_set_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct qos_payload *payload)
{
	/* Another type or clock: the old timestamps say nothing any more (RFC 7160 section 3). */
	if (hot->pt != payload->pt || cold->payload.clock != payload->clock)
		hot->clock = qos_clock_index(&env->clocks, payload->clock);
	/* What was taken for voice without SDP may turn out to be events. */
	hot->pt = is_quiet(payload) ? QOS_NO_PT : payload->pt;
	cold->quiet_pt = is_quiet(payload) ? payload->pt : QOS_NO_PT;
	cold->payload = *payload;
}

/* Delta, jitter and skew of a packet that was counted. */
static void file_timing(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns, bool is_late)
{
	/* Capture time may step back (two merged ports, a clock correction): never a negative delta,
	 * and beyond the magnitude of a jump the arrivals are anchored anew like the timestamps. */
	bool is_back = now_ns < hot->last_ns;
	bool is_time_jump = is_back && hot->last_ns - now_ns > QOS_TS_JUMP_NS;
	uint64_t delta = is_back && !is_time_jump ? 0 : now_ns - hot->last_ns;
	uint32_t tick = env->clocks.tick_ns_q12[hot->clock & QOS_HOT_CLOCK];
	int64_t media = ((int64_t)(int32_t)(m->rtp_ts - hot->last_ts) * tick) >> 12;
	int64_t d = (int64_t)(delta - (uint64_t)media);
	bool is_started = hot->clock & QOS_HOT_STARTED;
	bool is_across_silence = !is_started || is_time_jump || (m->marker_pt & 0x80) ||
				 (hot->clock & QOS_HOT_QUIET);
	bool is_older = is_late || (int32_t)(m->rtp_ts - hot->last_ts) < 0;

	if (is_started && tick && !is_time_jump && d >= -QOS_TS_JUMP_NS && d <= QOS_TS_JUMP_NS) {
		qos_stream_sample(hot, (int32_t)d);
	} else {
		cold->jitter_skipped++;
		if (is_started && tick) {
			cold->ts_jumps++;
			is_across_silence = true;
		}
	}
	if (is_across_silence) {
		cold->silent_ns += delta;
		cold->silent_deltas++;
	} else if (!is_older) {
		/* A late packet's delta belongs into the mean, which its successor's would else spoil. */
		uint32_t delta32 = delta > UINT32_MAX ? UINT32_MAX : (uint32_t)delta;

		hot->delta_max_ns = delta32 > hot->delta_max_ns ? delta32 : hot->delta_max_ns;
	}
	hot->last_ns += delta;
	hot->last_ts = m->rtp_ts;
	hot->clock = (uint8_t)((hot->clock & ~QOS_HOT_QUIET) | QOS_HOT_STARTED);
}

void qos_stream_update_slow(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint8_t pt = m->marker_pt & 0x7f;
	enum verdict verdict;

	note_first_drops(env, hot, cold);
	verdict = file_sequence(env, hot, cold, m);
	switch (verdict) {
	case DUPLICATE:
		/* Not a second sample of anything: a copy from the mirror port must change no figure. */
		cold->duplicates++;
		return;
	case STRAY:
		cold->stray = *m;
		cold->stray_ext = hot->ext_seq;
		cold->strays++;
		return;
	case RESTART:
		restart(hot, cold, m);
		break;
	case LATE:
		cold->reordered++;
		break;
	case NEXT:
		break;
	}
	hot->packets++;
	hot->bytes += m->payload_bytes;
	if (pt != hot->pt && !change_payload(env, hot, cold, m, pt)) {
		cold->quiet_ns = now_ns > cold->quiet_ns ? now_ns : cold->quiet_ns;
		cold->jitter_skipped++;
		cold->silent_deltas++;
		hot->clock |= QOS_HOT_QUIET;
	} else {
		file_timing(env, hot, cold, m, now_ns, verdict == LATE);
	}
	if (hot->packets >> 15 || hot->jitter_sum_64ns >> 31)
		qos_stream_fold(hot, cold);
}
