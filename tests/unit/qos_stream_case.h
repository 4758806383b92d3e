/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of streams share: one stream, and packets made from what differs. */
#ifndef QOS_STREAM_CASE_H
#define QOS_STREAM_CASE_H

#include <math.h>

#include "qos_mode.h"
#include "qos_stream.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MS 1000000ull
#define S  1000000000ull
/* The time of the first packet. */
#define START_NS (1700000000 * S)

/* Payload types as the SDP of the tests has them. Others are static ones, or unknown. */
enum {
	PCMU = 0,
	CN = 13,
	RED = 63, /* Opus, each packet with the one before once more */
	G729 = 18,
	OPUS = 96,
	L16 = 97,
	AMR_WB = 98,
	H264 = 99,
	EVENT = 101,
	UNKNOWN = 120,
};

struct rig {
	struct qos_stream_env env;
	struct qos_stream_hot hot;
	struct qos_stream_cold cold;
	bool has_begun;
};

/* The time since START_NS may be negative. */
struct rtp {
	uint16_t seq;
	uint32_t ts;
	int64_t ns;
	uint8_t pt;
	bool has_marker;
	uint16_t bytes;
};

static inline void payload_of(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload)
{
	static const struct {
		uint8_t pt;
		const char *name;
		uint32_t clock;
	} sdp[] = {
		{OPUS, "opus", 48000},
		{RED, "opus", 48000},
		{L16, "l16", 44100},
		{AMR_WB, "amr-wb", 16000},
		{H264, "h264", 90000},
		{EVENT, "telephone-event", 8000},
	};

	(void)arg;
	(void)cold;
	for (size_t i = 0; i < COUNT(sdp); i++) {
		if (sdp[i].pt == pt) {
			qos_payload_init(payload, pt, bytes_from_str(sdp[i].name), sdp[i].clock);
			qos_mode_from_fmtp(payload, BYTES_NONE, 1);
			payload->redundancy = pt == RED;
			return;
		}
	}
	qos_payload_init(payload, pt, BYTES_NONE, 0);
}

/* As configured by default. */
static inline struct qos_options options_of(bool g711_plc)
{
	struct qos_options options = qos_buffer_usual;

	options.g711_plc = g711_plc;
	return options;
}

static inline void rig_init(struct rig *rig)
{
	*rig = (struct rig){.env.payload_fn = payload_of};
	qos_buffer_setup(&rig->env.buffers, &qos_buffer_usual);
}

static inline void feed(struct rig *rig, struct rtp p)
{
	uint64_t now_ns = START_NS + (uint64_t)p.ns;
	struct pkt_media m = {
		.rtp_ts = p.ts,
		.seq = p.seq,
		.payload_bytes = p.bytes,
		.marker_pt = (uint8_t)(p.has_marker << 7 | p.pt),
	};
	struct qos_origin origin = {.flow.family = 4, .ssrc = 0x1234};

	if (!rig->has_begun)
		qos_stream_init(&rig->hot, &rig->cold, &m, &origin, now_ns);
	rig->has_begun = true;
	qos_stream_update(&rig->env, &rig->hot, &rig->cold, &m, now_ns);
}

/* Packet i of a perfect G.711 stream with 20 ms each. */
static inline struct rtp voice(uint32_t i)
{
	return (struct rtp){
		.seq = (uint16_t)i,
		.ts = 160 * i,
		.ns = (int64_t)(20 * MS) * i,
		.bytes = 160,
	};
}

/* Packets from to to, the last one included. */
static inline void feed_voice(struct rig *rig, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i <= to; i++)
		feed(rig, voice(i));
}

static inline struct qos_report report_of(struct rig *rig, enum qos_report_type type)
{
	struct qos_options options = options_of(true);
	struct qos_report report;

	qos_report_build(&rig->hot, &rig->cold, type,
		type == QOS_FINAL ? QOS_END_TIMEOUT : QOS_END_NONE, START_NS, &options, &report);
	return report;
}

static inline void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("got %.8f, want %.8f", got, want);
}

/* xorshift64*: the same numbers everywhere. */
static inline uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)(((*seed * 0x2545f4914f6cdd1dull) >> 32) % below);
}

#endif
