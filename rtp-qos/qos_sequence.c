/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_sequence.h"

#include "qos_window.h"

/* A hundred or more numbers further on within the one, worth more than the other beyond twice that. */
#define FAST_NS ((int64_t)500000000)
#define JUMP_NS ((int64_t)1000000000)

/* How many with higher numbers came before it. RFC 4737 section 4.2.1 counts from the first of them on, late ones
 * between, too. */
static void note_extent(struct qos_stream_cold *cold, uint32_t behind)
{
	uint32_t extent = qos_window_extent(cold, behind);

	cold->reorder_extent = extent > cold->reorder_extent ? extent : cold->reorder_extent;
}

/* Older than the first packet of the segment by so many numbers: it began earlier than it seemed. */
static void begin_earlier(struct qos_stream_cold *cold, uint32_t behind, uint32_t older)
{
	for (uint32_t i = behind - older + 1; i < behind; i++)
		cold->holes |= (unsigned __int128)1 << i;
	cold->base_ext -= older;
}

/* A number at most QOS_MAX_MISORDER behind the highest. */
static enum qos_verdict file_late(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t behind)
{
	unsigned __int128 bit = (unsigned __int128)1 << behind;
	int32_t place;

	qos_count_capped(&cold->sequence_errors, 1);
	qos_window_align(hot, cold);
	place = qos_window_place(cold, behind);
	if (place < 0)
		begin_earlier(cold, behind, 0 - (uint32_t)place);
	else if (cold->holes & bit)
		cold->holes &= ~bit;
	else if (!qos_window_take_back(cold, behind))
		return QOS_DUPLICATE;
	note_extent(cold, behind);
	return QOS_LATE;
}

void qos_stream_note_repeated(struct qos_stream_cold *cold, uint64_t packets)
{
	qos_count_capped(&cold->sequence_errors, packets);
	qos_count_capped(&cold->duplicates, packets);
}

static uint64_t drops_left(const struct qos_stream_cold *cold, const struct qos_drops *drops)
{
	return drops->all > cold->drops_seen ? drops->all - cold->drops_seen : 0;
}

/* So many drops explain as many missing packets and no more: the others may be those of a later gap, whose packets still
 * wait in the worker's queue. */
static void explain(struct qos_stream_cold *cold, uint64_t left, uint32_t missing)
{
	cold->drops_seen += missing < left ? missing : left;
	if (!cold->drops_packets && cold->drops_seen < cold->drops_noted)
		cold->drops_seen = cold->drops_noted;
}

/* What a port dropped before a packet came is known once it was asked after that: the reading that was under way then
 * may be one from before. */
static void age_doubt(struct qos_stream_cold *cold, uint32_t readings)
{
	uint32_t age = readings - cold->doubt.readings;

	if (age > 1)
		qos_window_end_doubt(cold);
	else if (age)
		qos_window_age_doubt(cold);
	cold->doubt.readings = readings;
}

static void begin_doubt(struct qos_stream_cold *cold, const struct qos_drops *drops)
{
	if (cold->has_doubt)
		age_doubt(cold, drops->readings);
	if (!cold->has_doubt)
		cold->doubt = (struct qos_doubt){
			.ports = drops->ports,
			.readings = drops->readings,
			.old_ext = cold->hole_ext,
		};
	cold->has_doubt = true;
}

/* What receivers give up is known at once, and in no doubt. */
static void judge_doubt(const struct qos_stream_env *env, struct qos_stream_cold *cold)
{
	struct qos_drops drops = env->drops_fn(env->payload_arg, cold);
	uint64_t left = drops_left(cold, &drops), more = drops.ports - cold->doubt.ports;

	left = more < left ? more : left;
	if (left)
		explain(cold, left, qos_window_give_up(cold, left));
	/* They have explained what they can. */
	cold->doubt.ports = drops.ports;
	age_doubt(cold, drops.readings);
}

void qos_stream_note_drops(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold)
{
	uint64_t packets = qos_stream_packets(hot, cold);

	if (cold->has_doubt)
		judge_doubt(env, cold);
	if (!env->drops_fn || packets == cold->drops_packets)
		return;
	if (cold->drops_seen < cold->drops_noted)
		cold->drops_seen = cold->drops_noted;
	cold->drops_noted = env->drops_fn(env->payload_arg, cold).past;
	cold->drops_packets = packets;
}

/* At the first packet: what was given up before is no reason for a gap once the stream is looked at. */
static void note_first_drops(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold)
{
	if (env->drops_fn && !qos_stream_packets(hot, cold))
		cold->drops_noted = env->drops_fn(env->payload_arg, cold).past;
}

/* Whether the probe gave up frames that may be those that are missing. */
static bool is_own_doing(
	const struct qos_stream_env *env, struct qos_stream_cold *cold, uint32_t missing)
{
	struct qos_drops drops;
	uint64_t left;

	if (!env->drops_fn)
		return false;
	drops = env->drops_fn(env->payload_arg, cold);
	left = drops_left(cold, &drops);
	if (left)
		explain(cold, left, missing);
	else
		begin_doubt(cold, &drops);
	return left > 0;
}

/* A gap of the probe's own making: the time across it is no silence of the sender's. */
static void leave_out(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	qos_window_leave_out(hot, cold, step);
	hot->clock |= QOS_HOT_QUIET;
}

/* Media time of numbers of sequence in ns; 0 while it is unknown. */
static int64_t nominal_ns(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, uint16_t numbers)
{
	uint32_t tick = env->clocks.tick_ns_q12[hot->clock & QOS_HOT_CLOCK];

	if (!(hot->clock & QOS_HOT_STARTED))
		return 0;
	return (int64_t)((uint64_t)numbers * cold->frame_ticks * tick >> 12);
}

/* Nobody sent as many packets in so little time: the sequence did not lose them, it jumped. */
static bool is_too_fast(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, uint16_t step, uint64_t now_ns)
{
	int64_t wall = (int64_t)(now_ns - hot->last_ns);

	return step >= QOS_MAX_MISORDER && wall < FAST_NS &&
	       nominal_ns(env, hot, cold, step) > JUMP_NS + 2 * FAST_NS;
}

static bool is_about(int64_t a, int64_t b)
{
	return a - b <= b / 5 && b - a <= b / 5;
}

/* RFC 3550 A.1 takes 3000 missing numbers for a restart, at 20 ms after a minute. Where sequence, RTP clock and
 * wall clock agree on how long it was, a minute was lost. */
static bool is_outage(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint32_t tick = env->clocks.tick_ns_q12[hot->clock & QOS_HOT_CLOCK];
	int64_t wall = (int64_t)(now_ns - hot->last_ns);
	int64_t media = (int64_t)((uint64_t)(m->rtp_ts - hot->last_ts) * tick >> 12);
	int64_t nominal = nominal_ns(env, hot, cold, (uint16_t)(m->seq - hot->ext_seq));

	return nominal && wall > 0 && is_about(media, wall) && is_about(nominal, wall);
}

/* RFC 3550 A.1, update_seq. */
static enum qos_verdict judge(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint16_t step = (uint16_t)(m->seq - hot->ext_seq);

	if (step == 0) {
		qos_count_capped(&cold->sequence_errors, 1);
		return QOS_DUPLICATE;
	}
	if (step < QOS_MAX_DROPOUT && !is_too_fast(env, hot, cold, step, now_ns)) {
		if (step > 1 && is_own_doing(env, cold, step - 1U))
			leave_out(hot, cold, step);
		else
			qos_window_advance(hot, cold, step, step > 1 && env->drops_fn != NULL);
		return QOS_NEXT;
	}
	if (step > 65536 - QOS_MAX_MISORDER)
		return file_late(hot, cold, (uint16_t)-step);
	qos_count_capped(&cold->sequence_errors, 1);
	if (m->seq == cold->bad_seq && hot->ext_seq == cold->stray_ext)
		return is_outage(env, hot, cold, m, now_ns) ? QOS_OUTAGE : QOS_RESTART;
	/* The stray packet once more: of the two one will count. */
	if ((uint16_t)(m->seq + 1) == cold->bad_seq && hot->ext_seq == cold->stray_ext)
		return QOS_DUPLICATE;
	cold->bad_seq = (uint16_t)(m->seq + 1);
	return QOS_STRAY;
}

/* The packet before this one was no stray: it counts, but is no sample of anything. */
static void credit_stray(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	cold->bad_seq = QOS_NO_BAD_SEQ;
	cold->strays--;
	cold->packets++;
	hot->bytes += cold->stray_bytes;
	cold->silent_deltas++;
	cold->jitter_skipped++;
}

/* All from the highest number to the stray packet is missing; it and this one came. */
static void bridge(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	qos_window_advance(hot, cold, (uint16_t)(m->seq - hot->ext_seq), false);
	cold->holes &= ~((unsigned __int128)1 << 1);
	cold->counted_ext = hot->ext_seq;
	credit_stray(hot, cold);
}

/* A new segment that begins with the stray packet before this one. What lies between the segments
 * is not counted as lost. */
static void restart(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	uint32_t next = (hot->ext_seq & 0xffff0000) + 2 * QOS_FIRST_CYCLE + m->seq;

	qos_window_flush(hot, cold);
	cold->expected_done += hot->ext_seq - cold->base_ext + 1;
	cold->base_ext = next - 1;
	hot->ext_seq = next;
	cold->hole_ext = next;
	cold->counted_ext = next;
	cold->restarts++;
	cold->anchors++;
	credit_stray(hot, cold);
	hot->clock &= (uint8_t)~QOS_HOT_STARTED;
}

/* By its time it came before the last: times are a switch's (ERSPAN III), and the way of the mirror reordered. */
static bool is_swapped(const struct qos_stream_hot *hot, uint64_t now_ns)
{
	return now_ns < hot->last_ns && hot->last_ns - now_ns <= QOS_TS_JUMP_NS;
}

enum qos_verdict qos_sequence_file(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	enum qos_verdict verdict;

	if (cold->has_doubt)
		judge_doubt(env, cold);
	note_first_drops(env, hot, cold);
	cold->packets += hot->ext_seq - cold->counted_ext;
	verdict = judge(env, hot, cold, m, now_ns);
	cold->counted_ext = hot->ext_seq;
	switch (verdict) {
	case QOS_DUPLICATE:
		/* Not a second sample of anything: a copy from the mirror port must change no figure. */
		qos_count_capped(&cold->duplicates, 1);
		return verdict;
	case QOS_STRAY:
		cold->stray_bytes = m->payload_bytes;
		cold->stray_ext = hot->ext_seq;
		qos_count_capped(&cold->strays, 1);
		return verdict;
	case QOS_RESTART:
		restart(hot, cold, m);
		break;
	case QOS_OUTAGE:
		bridge(hot, cold, m);
		break;
	case QOS_LATE:
		qos_count_capped(&cold->reordered, 1);
		qos_count_capped(&cold->swapped, is_swapped(hot, now_ns));
		break;
	case QOS_NEXT:
		break;
	}
	cold->packets++;
	hot->bytes += m->payload_bytes;
	return verdict;
}
