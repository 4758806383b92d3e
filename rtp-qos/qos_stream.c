/* SPDX-License-Identifier: BSD-3-Clause */
/* The rare half of a stream: gaps, late and repeated packets, restarts, payload changes, silence. */
#include "qos_stream.h"

#include "qos_timing.h"

enum verdict {
	NEXT = 0, /* in order, perhaps after a gap */
	LATE, /* older than the highest and not seen before */
	DUPLICATE, /* seen before */
	STRAY, /* far outside the window: dropped until a second one confirms it */
	RESTART, /* the second one: the sequence began anew */
	OUTAGE, /* the second one, but nothing began anew: all between is lost */
};

/* The first cycle count is 1, so that a packet older than the first still has a number. */
#define FIRST_CYCLE ((uint32_t)1 << 16)
#define NO_BAD_SEQ  ((uint32_t)1 << 16)

/* A segment longer than this is closed in the books, so that 32 bits never wrap: by the rare half at once,
 * and once a second, in which the other half adds one at a time. */
#define SEGMENT_MAX ((uint32_t)1 << 30)

/* A hundred or more numbers further on within the one, worth more than the other beyond twice that. */
#define FAST_NS ((int64_t)500000000)
#define JUMP_NS ((int64_t)1000000000)

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
		.counted_ext = (FIRST_CYCLE | first->seq) - 1,
		.bad_seq = NO_BAD_SEQ,
		.interval_last_ns = now_ns,
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

uint64_t qos_stream_last_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return hot->last_ns > cold->quiet_ns ? hot->last_ns : cold->quiet_ns;
}

/* The stream's packet number from 0, all segments counted on. */
static uint64_t position(const struct qos_stream_cold *cold, uint32_t ext)
{
	return cold->expected_done + (ext - cold->base_ext);
}

static unsigned leading_zeros(unsigned __int128 v)
{
	uint64_t high = (uint64_t)(v >> 64), low = (uint64_t)v;

	if (high)
		return (unsigned)__builtin_clzll(high);
	return low ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

/* Adds the bad packets at least from behind hole_ext, oldest first, a run at a time. */
static void add_bad(const struct qos_stream_cold *cold, const struct qos_buffer *buffer,
	unsigned from, struct qos_burst *burst)
{
	unsigned __int128 bad = from < QOS_HOLES ? (cold->holes | buffer->discarded) >> from : 0;

	while (bad) {
		unsigned top = 127 - leading_zeros(bad);
		unsigned run = leading_zeros(~(bad << (127 - top)));

		qos_burst_add(burst, position(cold, cold->hole_ext - from - top), run);
		bad &= run > top ? 0 : ((unsigned __int128)1 << (top + 1 - run)) - 1;
	}
}

/* The window moves on by shift numbers. What leaves it can no more be repaired: lost is lost. */
static void shift_window(struct qos_stream_cold *cold, uint32_t shift)
{
	unsigned from = shift < QOS_HOLES ? QOS_HOLES - shift : 0;

	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		struct qos_buffer *b = &cold->buffers[i];

		add_bad(cold, b, from, &b->burst);
		b->discarded = shift < QOS_HOLES ? b->discarded << shift : 0;
	}
	cold->holes = shift < QOS_HOLES ? cold->holes << shift : 0;
	cold->hole_ext += shift;
}

/* Brings the window up to the highest number; what came in order since has no hole. */
static void align_holes(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	if (hot->ext_seq != cold->hole_ext)
		shift_window(cold, hot->ext_seq - cold->hole_ext);
}

/* The segment ends, and with it all waiting for late packets. */
static void flush_window(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	align_holes(hot, cold);
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		add_bad(cold, &cold->buffers[i], 0, &cold->buffers[i].burst);
		cold->buffers[i].discarded = 0;
	}
	cold->holes = 0;
}

void qos_stream_bad(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	unsigned buffer, unsigned undecided, struct qos_burst *bad)
{
	uint32_t newer = hot->ext_seq - cold->hole_ext;

	*bad = cold->buffers[buffer].burst;
	add_bad(cold, &cold->buffers[buffer], undecided > newer ? undecided - newer : 0, bad);
}

/* The highest number moves on by step; the step - 1 numbers in between are missing so far. */
static void advance(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	uint32_t missing = step - 1;

	align_holes(hot, cold);
	hot->ext_seq += step;
	shift_window(cold, step);
	if (!missing)
		return;
	if (missing >= QOS_HOLES) {
		uint64_t from = position(cold, hot->ext_seq - missing);

		for (unsigned i = 0; i < QOS_BUFFERS; i++)
			qos_burst_add(&cold->buffers[i].burst, from, missing - (QOS_HOLES - 1));
		missing = QOS_HOLES - 1;
	}
	cold->holes |= (((unsigned __int128)1 << missing) - 1) << 1;
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
	flush_window(hot, cold);
	cold->expected_done += hot->ext_seq - cold->base_ext + 1;
	cold->own_drops += step - 1;
	hot->ext_seq += step;
	cold->base_ext = hot->ext_seq;
	cold->hole_ext = hot->ext_seq;
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
static enum verdict file_sequence(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint16_t step = (uint16_t)(m->seq - hot->ext_seq);

	if (step == 0) {
		cold->sequence_errors++;
		return DUPLICATE;
	}
	if (step < QOS_MAX_DROPOUT && !is_too_fast(env, hot, cold, step, now_ns)) {
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
		return is_outage(env, hot, cold, m, now_ns) ? OUTAGE : RESTART;
	cold->bad_seq = (uint16_t)(m->seq + 1);
	return STRAY;
}

/* The packet before this one was no stray: it counts, but is no sample of anything. */
static void credit_stray(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	cold->bad_seq = NO_BAD_SEQ;
	cold->strays--;
	cold->packets++;
	hot->bytes += cold->stray.payload_bytes;
	cold->silent_deltas++;
	cold->jitter_skipped++;
}

/* All from the highest number to the stray packet is missing; it and this one came. */
static void bridge(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	advance(hot, cold, (uint16_t)(m->seq - hot->ext_seq));
	cold->holes &= ~((unsigned __int128)1 << 1);
	cold->counted_ext = hot->ext_seq;
	credit_stray(hot, cold);
}

/* A new segment that begins with the stray packet before this one. What lies between the segments
 * is not counted as lost. */
static void restart(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct pkt_media *m)
{
	uint32_t next = (hot->ext_seq & 0xffff0000) + 2 * FIRST_CYCLE + m->seq;

	flush_window(hot, cold);
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
	if (hot->pt != payload->pt || cold->payload.clock != payload->clock) {
		hot->clock = qos_clock_index(&env->clocks, payload->clock) | QOS_HOT_LOOK;
		cold->frame_ticks = 0;
		cold->look.clock_hz = 0;
		cold->anchors++;
	}
	/* What was taken for voice without SDP may turn out to be events. */
	hot->pt = is_quiet(payload) ? QOS_NO_PT : payload->pt;
	cold->quiet_pt = is_quiet(payload) ? payload->pt : QOS_NO_PT;
	cold->payload = *payload;
}

void qos_stream_update_slow(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	uint8_t pt = m->marker_pt & 0x7f;
	uint16_t step = (uint16_t)(m->seq - hot->ext_seq);
	enum verdict verdict;

	note_first_drops(env, hot, cold);
	cold->packets += hot->ext_seq - cold->counted_ext;
	verdict = file_sequence(env, hot, cold, m, now_ns);
	cold->counted_ext = hot->ext_seq;
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
	case OUTAGE:
		bridge(hot, cold, m);
		break;
	case LATE:
		cold->reordered++;
		break;
	case NEXT:
		break;
	}
	cold->packets++;
	hot->bytes += m->payload_bytes;
	if (pt != hot->pt && !change_payload(env, hot, cold, m, pt)) {
		cold->quiet_ns = now_ns > cold->quiet_ns ? now_ns : cold->quiet_ns;
		cold->jitter_skipped++;
		cold->silent_deltas++;
		hot->clock |= QOS_HOT_QUIET;
	} else {
		qos_timing_file(env, hot, cold, m, now_ns, verdict == LATE ? (int16_t)step : step);
	}
	if ((hot->bytes | hot->jitter_sum_64ns) >> 31 ||
		hot->ext_seq - cold->base_ext >= SEGMENT_MAX)
		qos_stream_fold(hot, cold);
}
