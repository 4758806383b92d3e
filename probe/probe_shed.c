/* SPDX-License-Identifier: BSD-3-Clause */
/* Up at once, down slowly: in a lasting overload the level stays where what is kept just fits, and only
 * the flows of a bucket or two come and go. */
#include "probe_shed.h"

/* 256 of these are a second. */
#define DOWN_NS ((uint64_t)4000000)
#define CALM_NS ((uint64_t)1000000)

enum {
	ATTACK_STEP = PROBE_SHED_BUCKETS / 4,
	ATTACK_LEVEL = PROBE_SHED_BUCKETS * 3 / 4,
	STEP = PROBE_SHED_BUCKETS / 16,
	CALM_PACKETS = 4, /* a worker three quarters busy finds more whenever it looks */
};

static unsigned wanted_level(uint64_t used, uint64_t size)
{
	if (used <= size / 2)
		return 0;
	if (used >= size / 2 + size / 4)
		return PROBE_SHED_BUCKETS;
	return (unsigned)((used - size / 2) * PROBE_SHED_BUCKETS / (size / 4));
}

/* When time stepped back, it is counted anew from there. */
static bool is_due(struct probe_shed *shed, uint64_t now_ns)
{
	if (shed->next_down_ns > now_ns + DOWN_NS)
		shed->next_down_ns = now_ns + DOWN_NS;
	return now_ns >= shed->next_down_ns;
}

static void set_level(struct probe_shed *shed, unsigned level, uint64_t now_ns)
{
	atomic_store_explicit(&shed->level, level < PROBE_SHED_BUCKETS ? level : PROBE_SHED_BUCKETS,
		memory_order_relaxed);
	shed->next_down_ns = now_ns + DOWN_NS;
}

static void fall(struct probe_shed *shed, unsigned level, uint64_t now_ns)
{
	uint64_t steps = 1 + (now_ns - shed->next_down_ns) / DOWN_NS;

	atomic_store_explicit(
		&shed->level, steps < level ? level - (unsigned)steps : 0, memory_order_relaxed);
	shed->next_down_ns += steps * DOWN_NS;
}

void probe_shed_fill(struct probe_shed *shed, uint64_t used, uint64_t size, uint64_t now_ns)
{
	unsigned level = probe_shed_level(shed);
	unsigned wanted = wanted_level(used, size);

	if (wanted > level)
		set_level(shed, wanted, now_ns);
	else if (level && used > size / 8)
		shed->next_down_ns = now_ns + DOWN_NS;
	else if (level && is_due(shed, now_ns))
		fall(shed, level, now_ns);
}

/* How many packets more before the next step: an eighth of the queue on the way up; once it should empty, what it
 * takes to do so. */
static uint64_t patience(unsigned level, unsigned step, uint64_t size)
{
	if (step == ATTACK_STEP && level < ATTACK_LEVEL)
		return size / 8;
	return level >= ATTACK_LEVEL ? 2 * size : size;
}

/* Whether polls have taken next to nothing for long enough to come down a step; then it begins anew. */
static bool is_calm(struct probe_shed *shed, unsigned taken, uint64_t now_ns)
{
	if (taken > CALM_PACKETS || shed->calm_ns > now_ns)
		shed->calm_ns = now_ns;
	if (now_ns - shed->calm_ns < CALM_NS)
		return false;
	shed->calm_ns = now_ns;
	return true;
}

static void poll_down(struct probe_shed *shed, unsigned level, const struct probe_shed_polls *polls,
	uint64_t now_ns)
{
	if (is_calm(shed, polls->taken, now_ns))
		set_level(shed, level > STEP ? level - STEP : 0, now_ns);
	else if (polls->full > polls->size / 8)
		shed->next_down_ns = now_ns + DOWN_NS;
	else if (is_due(shed, now_ns))
		fall(shed, level, now_ns);
}

void probe_shed_poll(struct probe_shed *shed, const struct probe_shed_polls *polls, uint64_t now_ns)
{
	unsigned level = probe_shed_level(shed);

	if (!polls->full || !shed->next_full) {
		shed->next_full = polls->size / 4;
		shed->step = level ? STEP : ATTACK_STEP;
	}
	if (polls->full && polls->full >= shed->next_full) {
		set_level(shed, level + shed->step, now_ns);
		shed->next_full += patience(level + shed->step, shed->step, polls->size);
		if (level + shed->step >= ATTACK_LEVEL)
			shed->step = STEP;
		shed->calm_ns = now_ns;
	} else if (level) {
		poll_down(shed, level, polls, now_ns);
	}
}
