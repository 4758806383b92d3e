/* SPDX-License-Identifier: BSD-3-Clause */
/* One RTP stream (addresses, ports, SSRC) as a receiver at the tap sees it: RFC 3550 A.1 sequence,
 * A.3 loss, A.8 jitter, and Wireshark's delta and skew.
 * Owner: the worker's qos_table. Threads: that worker only.
 * The hot half is one cache line and all that a packet in order touches; the cold half is for gaps,
 * reordering, reports and the end. All arithmetic on packets is integer, in nanoseconds. */
#ifndef QOS_STREAM_H
#define QOS_STREAM_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt_media.h"
#include "qos_buffer.h"
#include "qos_burst.h"
#include "qos_call.h"
#include "qos_codec.h"
#include "qos_delay.h"
#include "qos_head.h"
#include "qos_look.h"
#include "qos_report.h"
#include "qos_rtcp.h"

enum {
	QOS_MIN_SEQUENTIAL = 2, /* RFC 3550 A.1 */
	QOS_MAX_DROPOUT = 3000,
	QOS_MAX_MISORDER = 100,
	QOS_HOLES = 128, /* sequence numbers behind the highest whose loss can still be repaired */
	QOS_NO_PT = 0xff,
	QOS_CLOCKS_MAX = 32,
	QOS_RANGE_SHIFT = 11, /* 2 microseconds: as exact as extremes are */
	QOS_UNDECIDED = 32, /* numbers behind the highest whose loss no score counts yet */
};

/* A timestamp that disagrees with the wall clock by more than this was set anew, not late. */
#define QOS_TS_JUMP_NS 1000000000

/* Low bits of qos_stream_hot.clock are an index into qos_clocks; above stand: */
#define QOS_HOT_CLOCK	0x1f
#define QOS_HOT_QUIET	0x20 /* an event or comfort noise came since the last voice packet */
#define QOS_HOT_STARTED 0x40 /* last_ns and last_ts are a packet's of this payload type */
#define QOS_HOT_LOOK	0x80 /* each packet is for the cold half */

/* Values that set no new extreme, in 2^QOS_RANGE_SHIFT ns; width 0: there is none. */
struct qos_range {
	uint16_t low, width;
};

struct qos_stream_hot {
	struct pkt_media_key key;
	uint64_t last_ns; /* arrival of the last voice packet */
	uint32_t ext_seq; /* highest sequence number with its cycles */
	uint32_t last_ts;
	uint32_t jitter_ns; /* A.8 J */
	struct qos_range jitter_range;
	uint32_t jitter_sum_64ns; /* of J, since the last fold */
	int32_t skew_ns; /* above look.skew_base_ns */
	int32_t skew_max_ns; /* since that was set */
	struct qos_range delta_range;
	uint32_t bytes; /* since the last fold */
	int16_t window_low; /* of the skew that suits every jitter buffer, in 2^QOS_WINDOW_SHIFT ns */
	uint8_t pt;
	uint8_t clock;
};

static_assert(sizeof(struct qos_stream_hot) == 64, "one cache line a packet");

/* Where a stream came from, from its first packet. */
struct qos_origin {
	struct pkt_flow flow;
	uint32_t ssrc;
	uint16_t vlan;
	uint8_t tos;
	uint8_t ttl;
	bool has_mac;
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	struct qos_head head;
};

struct qos_extremes {
	uint32_t least, most; /* ns, saturated at 4.2 s; least above most: no value yet */
};

/* Gaps that drops of a port may explain which it has not told of yet. Until it was asked they are taken for the
 * network's. Each waits for two readings of the ports, so there are old ones, seen before the last reading, and young
 * ones. */
struct qos_doubt {
	unsigned __int128 bits; /* of holes, and maybe of what is no hole any more */
	uint64_t ports; /* what ports dropped, as it was known when they were judged last */
	uint64_t held_from; /* position of the oldest that left the window undecided */
	uint32_t held; /* how many, in a row */
	uint32_t held_ext; /* the number of the last of them */
	uint32_t readings; /* of the ports' counters when the young ones were seen */
	uint32_t gaps;
	uint32_t old_gaps; /* of these */
	uint32_t old_ext; /* up to this number they are old */
};

/* What a visit once a second touches stands first, in four lines and one of the look's samples: of a hundred
 * thousand streams more would push each other, and the hot halves, out of the caches. */
struct qos_stream_cold {
	struct qos_call *call; /* held, NULL without */
	uint32_t slot; /* of its hot half */
	union {
		uint32_t wheel_pos; /* while open */
		uint32_t next_free;
	};
	uint64_t quiet_ns; /* last event or comfort noise packet */
	uint64_t close_ns; /* RTCP BYE came: ends then; 0 not */
	uint64_t next_report_ns;
	uint64_t report_interval_ns; /* to the next report */
	uint64_t attach_until_ns; /* looked for in the SDP endpoints until then */
	uint8_t party;
	uint8_t phase; /* wheel slot */
	uint8_t good_pt, odd_pt; /* that the receiver announced, did not announce */
	uint8_t quiet_pt; /* payload type known, not guessed, to be an event or comfort noise */
	bool is_open;
	/* What was looked for already. */
	bool is_late_checked, is_orphan_checked;

	uint64_t packets;
	uint64_t bytes; /* folded */
	uint64_t jitter_sum_64ns; /* folded */
	uint64_t expected_done; /* of segments before the last restart */
	uint32_t base_ext; /* first of the segment, and on by what was given up since */
	uint32_t counted_ext; /* packets up to here are counted; later ones came in order */
	uint64_t interval_packets,
		interval_expected; /* before the interval since the last report */
	uint64_t first_ns;

	uint64_t drops_seen; /* the probe's own: those up to here explain no gap any more */
	uint64_t drops_noted; /* past ones at the last look */
	uint64_t drops_packets; /* packets then */
	uint64_t silent_deltas; /* received packets without a regular delta */
	uint32_t anchors; /* times media time was set anew: jumps, restarts, another clock */
	uint32_t frame_ticks; /* RTP ticks from packet to packet, 0 unknown */
	uint16_t frame_bytes; /* payload that frame_ticks was seen with last */
	bool has_odd_pt;
	uint8_t kind; /* enum qos_kind: the payload's */
	uint32_t
		frame_seen; /* ticks that may be a frame's if they come again, and behind which number */
	uint32_t frame_ext;
	uint8_t scale; /* enum qos_scale of the scores below */
	bool has_discards; /* some buffer in its window */
	bool has_doubt;
	bool has_modes; /* the payload's, too */
	uint16_t described; /* the call's count of that, when it was asked what this carries */
	uint16_t described_seen; /* a later one, and the packets then */
	uint32_t described_packets;

	struct qos_look look;

	/* The window: what all but packets in order move. */
	unsigned __int128 holes; /* bit i: hole_ext - i is missing */
	unsigned __int128 given_up; /* by the probe, so that they are not expected: likewise */
	struct qos_buffer buffers[QOS_BUFFERS];
	struct qos_doubt doubt; /* while has_doubt */

	struct qos_origin origin;
	struct qos_payload payload; /* of hot.pt */
	struct qos_head head; /* of the last packet that was looked at for it */
	uint16_t stray_bytes; /* payload of the packet that made bad_seq */
	uint16_t reorder_extent; /* most with higher numbers before a late one */
	uint64_t head_after_ns; /* of the next packet from then on it is wanted; 0: of none */

	/* Sequence. Of packets: qos_count_capped. */
	uint32_t hole_ext; /* ext_seq that bit 0 of holes stands for */
	uint32_t bad_seq; /* A.1: the next number of a possible restart; over 65535: none */
	uint32_t stray_ext; /* ext_seq then: a restart only if nothing came in order since */
	uint32_t restarts;
	uint32_t duplicates;
	uint32_t reordered;
	uint32_t swapped; /* of them those that are not late by their times */
	uint32_t sequence_errors;
	uint32_t ts_still; /* packets with the timestamp of the one before */
	uint32_t ts_jumps;
	uint32_t ssrc_changes;
	uint32_t frame_first_ext; /* number of the packet of frame_ns, of audio */
	uint32_t strays; /* packets far outside the window, not counted as received */
	uint32_t own_drops; /* packets that the probe itself gave up: not expected, not lost */

	/* Timing. */
	struct qos_extremes delta, jitter;
	int64_t skew_max_ns; /* largest in magnitude before look.skew_base_ns was set */
	uint64_t jitter_skipped; /* received packets that are no sample of J */
	uint64_t silent_ns; /* inter-arrival time across silence */
	uint32_t timed_ext; /* highest number when the packet came that last_ts is of */
	uint32_t timed_behind; /* how far behind it that was */
	uint32_t framed_from; /* packets when the length of frames began to be unknown */
	/* Of what comes in frames: how many, the arrival of the first packet of the first and of the last one. Of
	 * audio the latter only while several packets in a row have one timestamp, else 0. */
	uint32_t frames;
	uint64_t first_frame_ns;
	uint64_t frame_ns;

	struct qos_burst bursts[QOS_BUFFERS]; /* lost, and discarded by the buffer */

	/* The interval since the last report, and scores. */
	uint64_t interval_bad, interval_runs;
	uint64_t interval_last_ns;
	uint64_t interval_silent_ns, interval_silent_deltas;
	double r, min_r, sum_r;
	double mos, min_mos, sum_mos;
	const struct qos_codec *scored; /* what the scores are of, last */
	uint8_t basis; /* enum qos_basis: where they come from */
	uint16_t frame_seen_bytes; /* payload that frame_seen was seen with */
	uint32_t event_ts; /* of the last event */
	double ie_eff; /* the interval's */
	uint64_t scored_packets; /* expected ones, the weight of the sums */
	struct qos_cq cq;

	/* What else it carried than its last payload. */
	uint32_t events; /* RFC 4733, by their timestamps */
	bool is_quiet_event; /* quiet_pt is that of events, not of noise */
	uint8_t first_pt; /* the codec before the first change, as payload has it */
	uint16_t codec_changes; /* stays at the most */
	char first_name[QOS_CODEC_NAME_MAX];

	alignas(64) struct qos_rtcp rtcp; /* what its ends say of it */

	double agent_min_r; /* RTPAgent's; NaN before the first */
	uint64_t odd_packets; /* packets when odd_pt was seen first */
};

static_assert(offsetof(struct qos_stream_cold, packets) == 64, "a visit's lines");
static_assert(offsetof(struct qos_stream_cold, drops_seen) == 128, "a visit's lines");
static_assert(offsetof(struct qos_stream_cold, look) == 192, "a visit's lines");
static_assert(offsetof(struct qos_look, sample) == 64, "a visit's lines");
static_assert(sizeof(struct qos_stream_cold) == (size_t)31 * 64,
	"not 32: the same lines of streams would share a cache's sets");
static_assert(offsetof(struct qos_stream_cold, rtcp) % 64 == 0, "a compound's lines");
static_assert(offsetof(struct qos_rtcp, rrtr) == 192, "a compound's lines");

/* RTP clocks in use by one table, so that the hot line holds an index and no division is needed. */
struct qos_clocks {
	unsigned count; /* index 0 is "unknown" */
	uint32_t hz[QOS_CLOCKS_MAX];
	uint32_t tick_ns_q12[QOS_CLOCKS_MAX]; /* nanoseconds a tick, times 4096 */
};

/* Index for a clock; 0 for an unknown one, below 1000 Hz, or when all indices are taken. */
uint8_t qos_clock_index(struct qos_clocks *clocks, uint32_t hz);

/* What a payload type means on a stream, asked when it changes: fills payload. */
typedef void (*qos_payload_fn)(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload);

/* Frames that the probe itself gave up so far and that may have been a stream's. */
struct qos_drops {
	uint64_t all; /* as far as they are known */
	uint64_t past; /* all that came before the last of these went through the streams */
	uint64_t ports; /* of all, those that are known only once a port was asked */
	uint32_t readings; /* how often the ports were; one may be under way */
};

typedef struct qos_drops (*qos_drops_fn)(void *arg, const struct qos_stream_cold *cold);

/* The first octets of the payload of a packet that is being updated; none when only its descriptor is at hand. */
typedef struct qos_head (*qos_head_fn)(void *arg, const struct pkt_media *m);

struct qos_stream_env {
	struct qos_clocks clocks;
	struct qos_buffer_env buffers;
	qos_drops_fn drops_fn; /* NULL: none; its arg is payload_arg, here and below */
	qos_head_fn head_fn; /* NULL: packets are never at hand */
	qos_payload_fn payload_fn;
	void *payload_arg;
};

/* Begins a stream at its first packet, which is not counted yet: give it to qos_stream_update. */
void qos_stream_init(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct pkt_media *first, const struct qos_origin *origin, uint64_t now_ns);

/* Everything that is not the next packet of the same payload type without marker. */
void qos_stream_update_slow(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns);

/* Adds the hot counts to the cold ones. */
void qos_stream_fold(struct qos_stream_hot *hot, struct qos_stream_cold *cold);

/* Once in a while: judges gaps in doubt. What the probe gave up before packets that came since is no reason for a later
 * gap. */
void qos_stream_note_drops(const struct qos_stream_env *env, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold);

/* Packets that were found to be copies of others before the stream began. */
void qos_stream_note_repeated(struct qos_stream_cold *cold, uint64_t packets);

/* Once a second: drops, and a sample of what is too slow to be seen packet by packet (qos_look.h). */
void qos_stream_look(
	struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold);

/* What: from time to time a packet says of what mode the stream is, if its payload can. That is the first packet of
 * a second (2^30 ns), which is at hand in whatever shape the probe runs; so this is called once a second before. */
void qos_stream_want_head(const struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, uint64_t now_ns);

/* What: the bad packets of a buffer as they are known now, those still in the window included but for the
 * youngest undecided. */
void qos_stream_bad(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	unsigned buffer, unsigned undecided, struct qos_burst *bad);

/* Now known, or known better: sets the meaning of the current payload type. */
void qos_stream_set_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct qos_payload *payload);

/* Another one follows, on the same payload type or on another. */
void qos_stream_change_payload(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct qos_payload *payload);

/* Hz of the RTP clock in use: that found by the wall's, else the one given; 0 unknown. */
static inline uint32_t qos_stream_hz(const struct qos_stream_cold *cold)
{
	return cold->look.clock_hz ? cold->look.clock_hz : cold->payload.clock;
}

uint64_t qos_stream_expected(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold);
uint64_t qos_stream_packets(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold);
/* Arrival of the last packet of any payload type. */
uint64_t qos_stream_last_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold);

/* What: closes the interval at now_ns and describes the stream. */
void qos_report_build(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	enum qos_report_type type, enum qos_end end, uint64_t now_ns,
	const struct qos_options *options, struct qos_report *report);

/* Media time minus arrival time since the first packet, and the largest in magnitude. */
int64_t qos_stream_skew_ns(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold);
int64_t qos_stream_skew_max_ns(
	const struct qos_stream_hot *hot, const struct qos_stream_cold *cold);

static inline uint32_t qos_magnitude(int32_t v)
{
	return v < 0 ? 0 - (uint32_t)v : (uint32_t)v;
}

static inline bool qos_range_has(struct qos_range range, uint64_t ns)
{
	return (ns >> QOS_RANGE_SHIFT) - range.low < range.width;
}

/* RFC 3550 A.8 J after one more sample, arrival in nanoseconds. d_ns: arrival difference minus timestamp
 * difference. While it is at most QOS_TS_JUMP_NS in magnitude J is, too. */
static inline uint32_t qos_jitter(const struct qos_stream_hot *hot, int32_t d_ns)
{
	int64_t jitter = hot->jitter_ns;

	return (uint32_t)(jitter + ((qos_magnitude(d_ns) - jitter + 8) >> 4));
}

/* Files a sample: J with it, and the skew that comes of it. */
static inline void qos_stream_sample(struct qos_stream_hot *hot, uint32_t jitter, int32_t skew)
{
	hot->jitter_ns = jitter;
	hot->jitter_sum_64ns += jitter >> 6;
	hot->skew_ns = skew;
	if (qos_magnitude(skew) > qos_magnitude(hot->skew_max_ns))
		hot->skew_max_ns = skew;
}

/* What: counts the next packet of a stream if it is one as nearly all are: next in sequence, of the same
 * payload type and with another timestamp, without marker, with no new extreme of delta or jitter, and of use
 * to every jitter buffer.
 * False: it is not, nothing was done; qos_stream_update_slow. */
static inline bool qos_stream_update_fast(const struct qos_stream_env *env,
	struct qos_stream_hot *hot, const struct pkt_media *m, uint64_t now_ns)
{
	uint64_t delta = now_ns - hot->last_ns;
	int64_t media = (int64_t)(int32_t)(m->rtp_ts - hot->last_ts) *
			env->clocks.tick_ns_q12[hot->clock & QOS_HOT_CLOCK];
	int64_t d = (int64_t)(delta - (uint64_t)(media >> 12));
	int64_t skew = hot->skew_ns - d;
	uint32_t jitter = qos_jitter(hot, (int32_t)d);
	bool is_next = ((uint16_t)(m->seq - hot->ext_seq) == 1) & (m->rtp_ts != hot->last_ts);
	/* Started, not quiet, not to be looked at, and a clock that is known: one comparison. */
	bool is_plain = (m->marker_pt == hot->pt) &
			((uint8_t)(hot->clock - QOS_HOT_STARTED - 1) < QOS_HOT_CLOCK);
	bool is_timely = (uint64_t)d + QOS_TS_JUMP_NS <= 2 * (uint64_t)QOS_TS_JUMP_NS;
	bool is_usual_delta = qos_range_has(hot->delta_range, delta);
	bool is_usual_jitter = qos_range_has(hot->jitter_range, jitter);
	/* The window lies within 32 bits, and so does the skew. */
	bool suits_all =
		(uint64_t)((skew >> QOS_WINDOW_SHIFT) - hot->window_low) <= env->buffers.window;
	bool has_room = !((hot->bytes | hot->jitter_sum_64ns) >> 31);

	if (__builtin_expect(!(is_next & is_plain & is_timely & is_usual_delta & is_usual_jitter &
				     suits_all & has_room),
		    0))
		return false;
	hot->ext_seq++;
	hot->bytes += m->payload_bytes;
	hot->last_ns = now_ns;
	hot->last_ts = m->rtp_ts;
	qos_stream_sample(hot, jitter, (int32_t)skew);
	return true;
}

/* What: counts one packet of the stream. now_ns: its arrival, ns since the epoch. */
static inline void qos_stream_update(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns)
{
	if (!qos_stream_update_fast(env, hot, m, now_ns))
		qos_stream_update_slow(env, hot, cold, m, now_ns);
}

#endif
