/* SPDX-License-Identifier: BSD-3-Clause */
/* Three jitter buffers that a receiver may have, side by side: which packets would each have thrown away?
 * G.113 counts loss behind the buffer, so this is half of what is heard. A small and a large fixed one, and
 * one that adapts. A packet's transit is its arrival minus its media time; a buffer plays a packet whose
 * transit lies within its depth around that of the talkspurt's first one.
 *
 * The adaptive buffer is never shallower than the small one, grows to the lateness of a packet that it was
 * too shallow for, up to its maximum, and shrinks to what the last five to ten seconds needed. So a packet
 * that suits the small buffer changes no buffer at all, and the worker need not look at the buffers
 * (qos_stream_update_fast): only at the window within which that is so.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_BUFFER_H
#define QOS_BUFFER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "qos_options.h"

enum {
	QOS_WINDOW_SHIFT = 16, /* the window is measured in 2^16 ns */
};

struct qos_buffer {
	unsigned __int128 discarded; /* bit i: the packet i behind the stream's hole_ext */
	uint64_t discards;
	uint64_t outside_ns; /* arrival of the first of the packets outside in a row */
	uint64_t outside_packets; /* the stream's packets at the last of them */
	uint64_t peak_ns; /* adaptive: when the peak began to be taken */
	int32_t anchor; /* ns of transit */
	int32_t depth; /* ns */
	int32_t peak; /* adaptive: greatest lateness of this period, and of the last */
	int32_t last_peak;
};

static_assert(sizeof(struct qos_buffer) == 64, "one cache line, for packets are not all in order");

/* Of all streams of a table. */
struct qos_buffer_env {
	int32_t depth[QOS_BUFFERS]; /* ns; of the adaptive one the maximum */
	/* Width, in 2^16 ns, within which a packet suits all when they are in line. */
	uint32_t window;
};

/* What is usual: 50, 200 and up to 500 ms, the adaptive one counts. */
extern const struct qos_options qos_buffer_usual;

void qos_buffer_setup(struct qos_buffer_env *env, const struct qos_options *options);

/* A talkspurt begins, or media time does: with this packet. */
void qos_buffer_anchor(const struct qos_buffer_env *env, struct qos_buffer *buffers,
	int32_t transit, uint64_t now_ns);

/* What: whether buffer number which throws a packet away; packets: the stream's with this one. */
bool qos_buffer_discards(const struct qos_buffer_env *env, struct qos_buffer *b, unsigned which,
	int32_t transit, uint64_t now_ns, uint64_t packets);

/* The sender's clock moved against ours by ns of transit: the buffers follow, as a receiver's do
 * that resamples. */
void qos_buffer_shift(struct qos_buffer *buffers, int64_t ns);

/* What: the least skew (minus transit), in 2^16 ns, of a window env->window wide in which every
 * packet suits every buffer. False: there is none. */
bool qos_buffer_window(
	const struct qos_buffer_env *env, const struct qos_buffer *buffers, int16_t *low);

#endif
