/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_look.h"

#include <math.h>
#include <stddef.h>

#include "qos_mode.h"
#include "qos_timing.h"

/* Below this everything is one bucket. */
#define PDV_LEAST_NS 100000.0

/* A slope this uncertain, in ppm, is no figure yet; fewer points say nothing of their scatter. */
#define DRIFT_ERROR_PPM 2.5
#define DRIFT_POINTS	10

/* A rate over less time, or of fewer packets, is jitter. */
#define LOOK_NS	     900000000
#define LOOK_PACKETS 8
/* In so many looks in a row. */
#define CLOCK_LOOKS 3

/* The mean of so many looks, and by how much it must change for its mode to be looked up again. Looks at less than
 * half of it are pauses, if fewer than that come in a row. */
#define RATE_LOOKS     16
#define RATE_STEP_KBPS 0.25

void qos_pdv_add(struct qos_pdv *pdv, const struct qos_look_sample *sample, uint32_t n)
{
	int32_t least = INT32_MAX;

	for (uint32_t i = 0; i < n; i++)
		least = sample[i].transit_ns < least ? sample[i].transit_ns : least;
	for (uint32_t i = 0; i < n; i++) {
		double v = (double)sample[i].transit_ns - least;
		double k = v > PDV_LEAST_NS ? ceil(2 * log2(v / PDV_LEAST_NS)) : 0;

		pdv->bucket[k < QOS_PDV_BUCKETS ? (unsigned)k : QOS_PDV_BUCKETS - 1]++;
	}
}

double qos_pdv_quantile(const struct qos_pdv *pdv, double share, uint32_t least)
{
	uint64_t n = 0, below = 0;
	unsigned k = 0;

	for (unsigned i = 0; i < QOS_PDV_BUCKETS; i++)
		n += pdv->bucket[i];
	if (n < least || !n)
		return NAN;
	while (k < QOS_PDV_BUCKETS - 1 && (double)(below + pdv->bucket[k]) < share * (double)n)
		below += pdv->bucket[k++];
	return PDV_LEAST_NS * exp2(k / 2.0);
}

void qos_drift_add(struct qos_drift *drift, double t_s, double skew_ns)
{
	double dt = t_s - drift->t, ds = skew_ns - drift->s;

	drift->n++;
	drift->t += dt / drift->n;
	drift->s += ds / drift->n;
	drift->tt += dt * (t_s - drift->t);
	drift->ss += ds * (skew_ns - drift->s);
	drift->ts += dt * (skew_ns - drift->s);
}

void qos_drift_break(struct qos_drift *drift)
{
	*drift = (struct qos_drift){
		.all_n = drift->all_n + drift->n,
		.all_tt = drift->all_tt + drift->tt,
		.all_ts = drift->all_ts + drift->ts,
		.all_ss = drift->all_ss + drift->ss,
		.lines = drift->lines + (drift->n > 0),
	};
}

double qos_drift_ppm(const struct qos_drift *drift)
{
	double n = drift->all_n + drift->n, lines = drift->lines + (drift->n > 0);
	double tt = drift->all_tt + drift->tt, ts = drift->all_ts + drift->ts;
	double ss = drift->all_ss + drift->ss, slope, error;

	if (n < DRIFT_POINTS + lines || tt <= 0)
		return NAN;
	/* Nanoseconds a second are thousandths of a ppm. */
	slope = ts / tt / 1000;
	error = sqrt(fmax(0, ss - ts * ts / tt) / (n - lines - 1) / tt) / 1000;
	return error <= DRIFT_ERROR_PPM ? slope : NAN;
}

uint32_t qos_clock_snap(double hz)
{
	static const uint32_t common[] = {8000, 12000, 16000, 24000, 32000, 44100, 48000, 90000};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (fabs(hz / common[i] - 1) < 0.03)
			return common[i];
	return 0;
}

/* The RTP clock by the wall's: SDP may be wrong (G.722 that runs at 16000, Opus at 8000), or there is none.
 * True: another one is in use from now on. */
static bool check_clock(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, double hz)
{
	struct qos_look *look = &cold->look;
	uint32_t used = env->clocks.hz[hot->clock & QOS_HOT_CLOCK];
	uint32_t seen = used && fabs(hz / used - 1) < 0.03 ? 0 : qos_clock_snap(hz);

	look->clock_looks = seen && seen == look->clock_seen ? look->clock_looks + 1 : 1;
	look->clock_seen = seen;
	if (!seen || seen == used || look->clock_looks < CLOCK_LOOKS)
		return false;
	look->clock_hz = seen;
	qos_timing_set_clock(env, hot, cold, seen);
	return true;
}

/* The number of the packet that last_ts is of: a late one may have come last. */
static uint32_t number_of_last(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold)
{
	return hot->ext_seq - (hot->ext_seq == cold->timed_ext ? cold->timed_behind : 0);
}

/* Since the last look no silence and no jump: ticks a packet are the frame's when they come out even. A length
 * of silence descriptors is greater, and they are smaller. */
static void check_frame(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	const struct qos_look *look = &cold->look;
	uint32_t numbers = number_of_last(hot, cold) - look->number;
	uint32_t ticks = hot->last_ts - look->last_ts;
	uint64_t packets = cold->packets - look->packets;
	uint64_t bytes = cold->bytes - look->bytes;

	if (!ticks || ticks % numbers || !packets)
		return;
	ticks /= numbers;
	if (cold->frame_ticks && ticks > cold->frame_ticks && bytes / packets < cold->frame_bytes)
		return;
	/* Another length is to be seen twice: that a pause makes it come out even is chance. */
	if (cold->frame_ticks && ticks != cold->frame_ticks && ticks != cold->frame_seen) {
		cold->frame_seen = ticks;
		cold->frame_seen_bytes = (uint16_t)(bytes / packets);
		return;
	}
	cold->frame_ticks = ticks;
	cold->frame_bytes = (uint16_t)(bytes / packets);
}

/* A rate that varies is one over more than a second, and of speech, as those that the figures were measured at: Opus
 * that does not stop in a pause goes on at a fraction of it. */
static void add_rate(struct qos_look *look, double kbps)
{
	bool is_pause = look->rate_looks && 2 * kbps < look->kbps;

	look->pauses = is_pause ? look->pauses + 1 : 0;
	if (is_pause && look->pauses < RATE_LOOKS)
		return;
	if (is_pause || kbps > 2 * look->kbps)
		look->rate_looks = look->pauses = 0;
	look->rate_looks += look->rate_looks < RATE_LOOKS;
	look->kbps += (kbps - look->kbps) / look->rate_looks;
}

static void check_rate(struct qos_stream_cold *cold, uint64_t bytes, uint64_t packets)
{
	struct qos_look *look = &cold->look;
	double kbps = qos_mode_kbps(
		&cold->payload, bytes, packets, cold->frame_ticks, qos_stream_hz(cold));
	const struct qos_codec *mode;

	if (isnan(kbps))
		return;
	add_rate(look, kbps);
	if (fabs(look->kbps - look->rated_kbps) < RATE_STEP_KBPS)
		return;
	look->rated_kbps = look->kbps;
	mode = qos_mode_from_rate(&cold->payload, look->kbps);
	if (mode)
		cold->payload.codec = mode;
}

/* Of two looks in a row, for a mean may come out even by chance. */
static void check_size(struct qos_stream_cold *cold, uint64_t bytes, uint64_t packets)
{
	struct qos_look *look = &cold->look;
	uint16_t each = bytes % packets ? 0 : (uint16_t)(bytes / packets);
	const struct qos_codec *mode;
	bool is_twice = each && each == look->packet_bytes;

	look->packet_bytes = each;
	if (!is_twice || each == look->sized_bytes)
		return;
	mode = qos_mode_from_size(&cold->payload, each, cold->frame_ticks);
	if (!mode)
		return;
	look->sized_bytes = each;
	cold->payload.codec = mode;
}

/* By the packets since the last look. */
static void check_mode(struct qos_stream_cold *cold)
{
	uint64_t bytes = cold->bytes - cold->look.bytes;
	uint64_t packets = cold->packets - cold->look.packets;

	if (!cold->has_modes || !packets)
		return;
	if (qos_mode_has_rates(&cold->payload))
		check_rate(cold, bytes, packets);
	else
		check_size(cold, bytes, packets);
}

void qos_look_settle(struct qos_look *look, uint64_t first_ns)
{
	double start_s = (double)(int64_t)(look->block_ns - first_ns) / 1e9;

	qos_pdv_add(&look->pdv, look->sample, look->count);
	for (uint32_t i = 0; i < look->count; i++)
		qos_drift_add(&look->drift, start_s + look->sample[i].at_us / 1e6,
			(double)(look->skew_base_ns - look->sample[i].transit_ns));
	look->count = 0;
}

static void follow_drift(
	const struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	double ppm = qos_drift_ppm(&cold->look.drift);
	uint64_t elapsed_ns = hot->last_ns - cold->look.followed_ns;

	cold->look.followed_ns = hot->last_ns;
	if (!isfinite(ppm))
		return;
	/* A fast sender's packets come ever earlier: their transit falls. */
	qos_buffer_shift(cold->buffers, (int64_t)(-ppm * (double)elapsed_ns / 1e6));
	qos_timing_set_window(env, hot, cold);
}

/* Blocks of samples are filed together: most looks touch only the line that their own is in. */
static void add_sample(const struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, bool is_steady)
{
	struct qos_look *look = &cold->look;
	bool is_full = look->count == QOS_LOOK_BLOCK ||
		       hot->last_ns - look->block_ns > (uint64_t)UINT32_MAX * 1000;

	if (!is_steady || (look->count && is_full)) {
		qos_look_settle(look, cold->first_ns);
		if (is_steady) {
			follow_drift(env, hot, cold);
		} else {
			qos_drift_break(&look->drift);
			look->followed_ns = hot->last_ns;
		}
	}
	if (!look->count)
		look->block_ns = hot->last_ns;
	look->sample[look->count++] = (struct qos_look_sample){
		.transit_ns = -hot->skew_ns,
		.at_us = (uint32_t)((hot->last_ns - look->block_ns) / 1000),
	};
}

static void take_samples(
	struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	struct qos_look *look = &cold->look;
	uint64_t elapsed_ns = hot->last_ns - look->last_ns;
	bool is_steady = look->anchors == cold->anchors && hot->last_ns > look->last_ns;
	bool is_even = is_steady && look->silent_deltas == cold->silent_deltas &&
		       (int32_t)(number_of_last(hot, cold) - look->number) >= LOOK_PACKETS &&
		       elapsed_ns >= LOOK_NS && look->last_ns;

	if (is_even) {
		double ticks = (int32_t)(hot->last_ts - look->last_ts);

		if (check_clock(env, hot, cold, ticks * 1e9 / (double)elapsed_ns)) {
			*look = (struct qos_look){.clock_hz = look->clock_hz};
			return;
		}
		check_frame(hot, cold);
		check_mode(cold);
	}
	if (hot->clock & QOS_HOT_CLOCK)
		add_sample(env, hot, cold, is_steady);
}

void qos_stream_look(
	struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	struct qos_look *look = &cold->look;

	qos_stream_fold(hot, cold);
	qos_stream_note_drops(env, hot, cold);
	if (cold->kind != QOS_AUDIO || !(hot->clock & QOS_HOT_STARTED) ||
		look->last_ns == hot->last_ns)
		return;
	take_samples(env, hot, cold);
	look->last_ns = hot->last_ns;
	look->silent_deltas = cold->silent_deltas;
	look->packets = cold->packets;
	look->bytes = cold->bytes;
	look->last_ts = hot->last_ts;
	look->number = number_of_last(hot, cold);
	look->anchors = cold->anchors;
}
