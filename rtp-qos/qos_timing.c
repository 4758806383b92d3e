/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_timing.h"

#include <math.h>
#include <stdlib.h>

/* Packets that the length of a frame may take to show before the fast path goes on without it. */
#define FRAME_PACKETS 16

/* Where media time is set anew, or stood still, nothing tells silence from delay; what is longer was silence. */
#define PAUSE_NS ((uint64_t)200000000)

#define SKEW_FAR_NS  1000000000
#define SKEW_STEP_NS 500000000

/* A packet against the last one; against the first of those with its time, if there were several. */
struct step {
	uint64_t delta; /* ns of arrival, never negative */
	int32_t ticks; /* of media */
	int64_t media; /* ns of them */
	int64_t d; /* the arrivals' distance minus the media's */
	int32_t numbers; /* of sequence */
	uint32_t
		frames; /* of sequence since the first packet with the last one's time, which may have been late */
	bool is_started;
	bool is_time_jump; /* capture time was set back */
	bool is_frame; /* not one more packet of a frame of several */
	bool is_paused; /* media time stood still for long until now */
	bool is_sample; /* of jitter */
	bool is_swapped; /* late, but by its time it came before the last: they changed places on the way here */
};

/* Video, and what repairs it: packets of a frame share its timestamp. Red without fmtp may be audio, and goes
 * without buffers and looks until it is known to be. */
static bool has_frames(const struct qos_stream_cold *cold)
{
	return cold->kind == QOS_VIDEO || cold->kind == QOS_REDUNDANCY;
}

/* From the first packet with the last one's timestamp to that last one. */
static uint64_t since_first(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	uint64_t ns = cold->frame_ns ? hot->last_ns - cold->frame_ns : 0;

	/* Capture time was set back between them. */
	return (int64_t)ns < 0 ? 0 : ns;
}

static struct step measure(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns,
	int32_t numbers)
{
	/* The packets of a frame have its time, and were sent one after the other: the first is compared with
	 * the first. */
	bool is_framed = has_frames(cold);
	uint64_t since = since_first(hot, cold);
	uint32_t tick = env->clocks.tick_ns_q12[hot->clock & QOS_HOT_CLOCK];
	/* Capture time may step back (two merged ports, a clock correction): never a negative delta,
	 * and beyond the magnitude of a jump the arrivals are anchored anew like the timestamps. */
	bool is_back = now_ns < hot->last_ns;
	struct step s = {
		.ticks = (int32_t)(m->rtp_ts - hot->last_ts),
		.numbers = numbers,
		.is_started = hot->clock & QOS_HOT_STARTED,
		.is_time_jump = is_back && hot->last_ns - now_ns > QOS_TS_JUMP_NS,
	};

	s.is_swapped =
		s.is_started && is_back && numbers < 0 && s.ticks < 0 && !s.is_time_jump && !since;
	s.frames = (uint32_t)numbers;
	if (cold->frame_ns && !is_framed)
		s.frames = hot->ext_seq - cold->frame_first_ext;
	else if (hot->ext_seq - (uint32_t)numbers == cold->timed_ext)
		s.frames += cold->timed_behind;
	s.is_paused = s.is_started && !is_framed && since > PAUSE_NS;
	s.delta = is_back && !s.is_time_jump ? 0 : now_ns - hot->last_ns;
	s.media = ((int64_t)s.ticks * tick) >> 12;
	s.d = (int64_t)(s.delta + since - (uint64_t)s.media);
	if (s.is_swapped)
		s.d -= (int64_t)(hot->last_ns - now_ns);
	/* Media time may have gone on behind it, or not. */
	if (s.is_paused && llabs(s.d) > llabs((int64_t)s.delta - s.media))
		s.d = (int64_t)s.delta - s.media;
	s.is_frame = !s.is_started || (s.ticks && (numbers > 0 || !is_framed));
	s.is_sample = s.is_started && tick && s.is_frame && !s.is_time_jump &&
		      s.d >= -QOS_TS_JUMP_NS && s.d <= QOS_TS_JUMP_NS;
	return s;
}

/* Two packets with the same ticks for each number since the one before are a frame's, unless they
 * are silence descriptors: those come further apart than frames do, and are smaller. */
static void learn_frame(const struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct pkt_media *m, const struct step *s)
{
	uint32_t ticks = 0;

	/* What is late says nothing of what is not, and what it came amid is not seen twice. */
	if (s->numbers < 0) {
		cold->frame_seen = 0;
		return;
	}
	if (s->ticks > 0 && s->frames && (uint32_t)s->ticks % s->frames == 0)
		ticks = (uint32_t)s->ticks / s->frames;
	if (cold->frame_ticks && ticks > cold->frame_ticks && m->payload_bytes < cold->frame_bytes)
		ticks = 0;
	/* The first descriptor behind speech is no further away than speech. */
	if (ticks && ticks == cold->frame_seen &&
		hot->ext_seq == cold->frame_ext + (uint32_t)s->numbers) {
		cold->frame_ticks = ticks;
		cold->frame_bytes = m->payload_bytes > cold->frame_seen_bytes
					    ? m->payload_bytes
					    : cold->frame_seen_bytes;
	}
	cold->frame_seen = ticks;
	cold->frame_seen_bytes = m->payload_bytes;
	cold->frame_ext = hot->ext_seq;
}

/* More media time went by than the numbers have frames, and about as much on the wall: nothing was sent, with
 * or without a marker on what follows. */
static bool is_silence(const struct qos_stream_cold *cold, const struct step *s)
{
	uint64_t frames = (uint64_t)cold->frame_ticks * s->frames;
	/* Before the length of frames is known: so long is none, but of video. */
	bool is_long = cold->frame_ticks
			       ? 2 * (uint64_t)s->ticks > 3 * frames
			       : !has_frames(cold) && s->media > (int64_t)(s->frames * PAUSE_NS);

	return s->is_sample && s->numbers > 0 && s->ticks > 0 && is_long && s->d < s->media / 2 &&
	       s->d > -s->media / 2;
}

/* The marker of audio begins a talkspurt, that of video ends a frame (RFC 3551 sections 4.1 and 5). */
static bool is_talkspurt(const struct qos_stream_cold *cold, const struct pkt_media *m)
{
	return m->marker_pt & 0x80 && !has_frames(cold);
}

static int32_t saturate(int64_t v)
{
	if (v > INT32_MAX)
		return INT32_MAX;
	return v < -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

static void add_extreme(struct qos_extremes *extremes, struct qos_range *range, uint64_t ns)
{
	uint32_t v = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX, low, high;

	extremes->least = v < extremes->least ? v : extremes->least;
	extremes->most = v > extremes->most ? v : extremes->most;
	low = extremes->least >> QOS_RANGE_SHIFT;
	high = extremes->most >> QOS_RANGE_SHIFT;
	if (high >= UINT16_MAX)
		high = UINT16_MAX - 1;
	*range = (struct qos_range){0};
	if (low <= high)
		*range = (struct qos_range){(uint16_t)low, (uint16_t)(high - low + 1)};
}

static void file_buffers(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, int32_t numbers, bool is_anchor)
{
	int32_t transit = -hot->skew_ns;
	uint32_t behind = numbers < 0 ? (uint32_t)-numbers : 0;

	if (is_anchor) {
		qos_buffer_anchor(&env->buffers, cold->buffers, transit, hot->last_ns);
		return;
	}
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		struct qos_buffer *b = &cold->buffers[i];

		if (!qos_buffer_discards(&env->buffers, b, i, transit, hot->last_ns, cold->packets))
			continue;
		b->discarded |= (unsigned __int128)1 << behind;
		cold->has_discards = true;
		b->discards++;
	}
}

static bool has_clock(const struct qos_stream_hot *hot)
{
	return hot->clock & QOS_HOT_CLOCK;
}

/* Video has no jitter buffer of these, nor has a stream without clock. */
static bool has_buffers(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return cold->kind == QOS_AUDIO && has_clock(hot);
}

/* What is the largest above a base need not be so above 0. */
static void keep_skew_max(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	cold->skew_max_ns = qos_stream_skew_max_ns(hot, cold);
	hot->skew_max_ns = hot->skew_ns;
}

/* Whether the samples of the block stay within 32 bits. */
static bool can_shift(const struct qos_look *look, int32_t step)
{
	for (unsigned i = 0; i < look->count; i++)
		if (llabs((int64_t)look->sample[i].transit_ns + step) > INT32_MAX)
			return false;
	return true;
}

/* Skew that went far, as by a clock that drifts for hours or by pauses, is counted from somewhere else: 32 bits hold
 * 2.1 s. No sample of a second at most leaves them then. */
static void rebase_skew(struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	int32_t step = hot->skew_ns > 0 ? SKEW_STEP_NS : -SKEW_STEP_NS;
	struct qos_look *look = &cold->look;

	keep_skew_max(hot, cold);
	if (!can_shift(look, step))
		qos_look_settle(look, cold->first_ns);
	look->skew_base_ns += step;
	hot->skew_ns -= step;
	hot->skew_max_ns = hot->skew_ns;
	qos_buffer_shift(cold->buffers, step);
	for (unsigned i = 0; i < look->count; i++)
		look->sample[i].transit_ns += step;
}

void qos_timing_set_window(
	const struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	int32_t low;
	bool is_all;

	while (qos_magnitude(hot->skew_ns) > SKEW_FAR_NS)
		rebase_skew(hot, cold);
	low = (hot->skew_ns >> QOS_WINDOW_SHIFT) - (int32_t)(env->buffers.window / 2);
	is_all = low > -INT16_MAX && low + (int64_t)env->buffers.window < INT16_MAX;
	if (has_buffers(hot, cold))
		is_all = qos_buffer_window(&env->buffers, cold->buffers, &hot->window_low) &&
			 (cold->frame_ticks ||
				 (uint32_t)cold->packets - cold->framed_from >= FRAME_PACKETS);
	else if (is_all)
		hot->window_low = (int16_t)low;
	/* What comes after packets of one timestamp is compared with the first of them. */
	if (has_frames(cold) || cold->frame_ns || cold->head_after_ns)
		is_all = false;
	hot->clock = (uint8_t)((hot->clock & ~QOS_HOT_LOOK) | (is_all ? 0 : QOS_HOT_LOOK));
}

/* Of audio, too, the first packet's arrival is kept once another has its timestamp. */
static void note_frame(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct pkt_media *m, int32_t numbers)
{
	bool is_framed = has_frames(cold);

	hot->last_ts = m->rtp_ts;
	cold->timed_ext = hot->ext_seq;
	cold->timed_behind = numbers < 0 ? (uint32_t)-numbers : 0;
	cold->frame_ns = is_framed ? hot->last_ns : 0;
	cold->frames += is_framed;
	if (cold->frames == 1)
		cold->first_frame_ns = hot->last_ns;
}

static void note_still(
	const struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct step *s)
{
	if (has_frames(cold))
		return;
	if (!cold->frame_ns) {
		cold->frame_ns = hot->last_ns - s->delta;
		cold->frame_first_ext = hot->ext_seq - (s->numbers > 0 ? (uint32_t)s->numbers : 0);
	}
	/* Without a clock it may be video: nothing is known yet of its time. */
	cold->ts_still += has_clock(hot);
	cold->anchors += has_clock(hot) && since_first(hot, cold) > PAUSE_NS;
}

/* Not one more packet of a frame, and no sample. True: it came across silence. */
static bool note_jump(
	const struct qos_stream_hot *hot, struct qos_stream_cold *cold, const struct step *s)
{
	if (!s->is_started || !has_clock(hot))
		return false;
	cold->ts_jumps++;
	cold->anchors++;
	return s->delta > PAUSE_NS;
}

static void file_delta(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct step *s, bool is_across_silence)
{
	bool is_older = s->numbers < 0 || s->ticks < 0;

	if (is_across_silence) {
		cold->silent_ns += s->delta;
		cold->silent_deltas++;
	} else if (!is_older) {
		/* A late packet's delta belongs into the mean, which its successor's would else spoil. */
		add_extreme(&cold->delta, &hot->delta_range, s->delta);
	}
	hot->last_ns += s->delta;
}

void qos_timing_file(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns, int32_t numbers)
{
	struct step s = measure(env, hot, cold, m, now_ns, numbers);
	bool has_marker = is_talkspurt(cold, m), was_quiet = hot->clock & QOS_HOT_QUIET;
	bool is_quiet = was_quiet || is_silence(cold, &s);
	bool is_jump = s.is_frame && !s.is_sample;
	bool is_anchor = is_jump || s.is_paused || is_quiet ||
			 (has_marker && numbers > 0 && !cold->frame_ticks);
	bool is_across_silence = !s.is_started || s.is_time_jump || has_marker || is_quiet;
	int32_t skew_ns = hot->skew_ns;

	if (cold->look.skew_base_ns)
		keep_skew_max(hot, cold);
	if (s.is_sample) {
		qos_stream_sample(hot, qos_jitter(hot, (int32_t)s.d), saturate(hot->skew_ns - s.d));
		add_extreme(&cold->jitter, &hot->jitter_range, hot->jitter_ns);
		if (!was_quiet && !has_frames(cold))
			learn_frame(hot, cold, m, &s);
	} else {
		cold->jitter_skipped++;
		is_across_silence |= is_jump && note_jump(hot, cold, &s);
	}
	file_delta(hot, cold, &s, is_across_silence);
	if (s.is_frame && !s.is_swapped)
		note_frame(hot, cold, m, numbers);
	else if (!s.is_frame)
		note_still(hot, cold, &s);
	hot->clock = (uint8_t)((hot->clock & ~QOS_HOT_QUIET) | QOS_HOT_STARTED);
	if (has_buffers(hot, cold))
		file_buffers(env, hot, cold, numbers, is_anchor);
	/* What follows is compared with the last by time. */
	if (s.is_swapped)
		hot->skew_ns = skew_ns;
	qos_timing_set_window(env, hot, cold);
}

void qos_timing_set_clock(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, uint32_t hz)
{
	hot->clock = qos_clock_index(&env->clocks, hz) | QOS_HOT_LOOK;
	hot->jitter_ns = hot->jitter_sum_64ns = 0;
	hot->jitter_range = (struct qos_range){0};
	cold->jitter = (struct qos_extremes){.least = UINT32_MAX};
	hot->skew_ns = hot->skew_max_ns = 0;
	cold->look.skew_base_ns = cold->skew_max_ns = 0;
	cold->jitter_sum_64ns = 0;
	cold->jitter_skipped = qos_stream_packets(hot, cold);
	cold->anchors++;
	/* What the buffers threw away, they threw away for the wrong clock; losses they will see again from
	 * the window on. */
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		cold->buffers[i] = (struct qos_buffer){0};
		cold->bursts[i] = (struct qos_burst){0};
	}
	cold->interval_bad = cold->interval_runs = 0;
	cold->scored_packets = 0;
	cold->cq.weight = 0;
	cold->agent_min_r = NAN;
}
