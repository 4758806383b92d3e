/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_buffer.h"

#include <stdlib.h>

/* A receiver that could use nothing for as long sets its clock anew: the delay has changed for good. */
#define RESYNC_NS 200000000

/* The adaptive buffer forgets a late packet after one to two of these. */
#define PEAK_NS 5000000000

const struct qos_options qos_buffer_usual = {
	.buffer = QOS_BUFFER_ADAPTIVE,
	.buffer_small_ns = 50000000,
	.buffer_large_ns = 200000000,
	.buffer_max_ns = 500000000,
};

void qos_buffer_setup(struct qos_buffer_env *env, const struct qos_options *options)
{
	int32_t least = INT32_MAX;

	env->depth[QOS_BUFFER_SMALL] = (int32_t)options->buffer_small_ns;
	env->depth[QOS_BUFFER_LARGE] = (int32_t)options->buffer_large_ns;
	env->depth[QOS_BUFFER_ADAPTIVE] = (int32_t)options->buffer_max_ns;
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		least = env->depth[i] < least ? env->depth[i] : least;
	/* Two units less: one for each border that is rounded inwards. */
	env->window = 2 * (uint32_t)least >> QOS_WINDOW_SHIFT;
	env->window = env->window > 2 ? env->window - 2 : 0;
}

/* The adaptive buffer's least. */
static int32_t floor_of(const struct qos_buffer_env *env)
{
	int32_t small = env->depth[QOS_BUFFER_SMALL], most = env->depth[QOS_BUFFER_ADAPTIVE];

	return small < most ? small : most;
}

void qos_buffer_anchor(const struct qos_buffer_env *env, struct qos_buffer *buffers,
	int32_t transit, uint64_t now_ns)
{
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		struct qos_buffer *b = &buffers[i];

		b->anchor = transit;
		b->outside_ns = now_ns;
		b->outside_packets = 0;
		if (i != QOS_BUFFER_ADAPTIVE)
			b->depth = env->depth[i];
		else if (!b->depth)
			b->depth = floor_of(env);
	}
}

/* Five seconds on, the period's greatest lateness becomes the last one's, and the buffer shrinks to it. */
static void adapt(const struct qos_buffer_env *env, struct qos_buffer *b, uint64_t now_ns)
{
	uint64_t age = now_ns - b->peak_ns;

	if (now_ns < b->peak_ns || age < PEAK_NS)
		return;
	b->last_peak = age < 2 * PEAK_NS ? b->peak : 0;
	b->peak = 0;
	b->peak_ns = now_ns;
	b->depth = b->last_peak > floor_of(env) ? b->last_peak : floor_of(env);
}

static bool adaptive_discards(
	const struct qos_buffer_env *env, struct qos_buffer *b, int64_t late, uint64_t now_ns)
{
	int32_t most = env->depth[QOS_BUFFER_ADAPTIVE];
	int32_t need = late > most ? most : (int32_t)late;
	bool is_late;

	adapt(env, b, now_ns);
	/* Early: a buffer that adapts makes room. */
	if (late < -b->depth) {
		b->anchor = (int32_t)(b->anchor + late);
		return false;
	}
	b->peak = need > b->peak ? need : b->peak;
	is_late = late > b->depth;
	if (is_late)
		b->depth = need;
	return is_late;
}

bool qos_buffer_discards(const struct qos_buffer_env *env, struct qos_buffer *b, unsigned which,
	int32_t transit, uint64_t now_ns, uint64_t packets)
{
	int64_t late = (int64_t)transit - b->anchor;
	bool is_in_a_row = packets == b->outside_packets + 1;

	if (which == QOS_BUFFER_ADAPTIVE ? !adaptive_discards(env, b, late, now_ns)
					 : llabs(late) <= b->depth)
		return false;
	if (!is_in_a_row || now_ns < b->outside_ns)
		b->outside_ns = now_ns;
	b->outside_packets = packets;
	if (now_ns - b->outside_ns < RESYNC_NS)
		return true;
	b->anchor = transit;
	return false;
}

void qos_buffer_shift(struct qos_buffer *buffers, int64_t ns)
{
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		int64_t anchor = buffers[i].anchor + ns;

		if (anchor > -INT32_MAX && anchor < INT32_MAX)
			buffers[i].anchor = (int32_t)anchor;
	}
}

bool qos_buffer_window(
	const struct qos_buffer_env *env, const struct qos_buffer *buffers, int16_t *low)
{
	int64_t least = INT64_MIN, most = INT64_MAX;

	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		int64_t middle = -(int64_t)buffers[i].anchor;
		int64_t depth = i == QOS_BUFFER_ADAPTIVE ? floor_of(env) : buffers[i].depth;

		least = middle - depth > least ? middle - depth : least;
		most = middle + depth < most ? middle + depth : most;
	}
	/* Inwards: up from below, and the unit at the top must end within. */
	least = (least + (1 << QOS_WINDOW_SHIFT) - 1) >> QOS_WINDOW_SHIFT;
	most = (most >> QOS_WINDOW_SHIFT) - 1;
	if (!env->window || least < -INT16_MAX || most > INT16_MAX || least + env->window > most)
		return false;
	*low = (int16_t)least;
	return true;
}
