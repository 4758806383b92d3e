/* SPDX-License-Identifier: BSD-3-Clause */
/* The delay from switch to probe is arrival less stamp, up to a constant. Its least is followed: down at once, up
 * no faster than a clock drifts. What stays above it is queueing on the way. */
#include "pkt_switch_time.h"

#include "pkt_count.h"
#include "pkt_hash.h"

#define SECOND ((int64_t)1000000000)

enum {
	NS_OF_SECOND = 1000000000,
	PROOF_CHANGES = 16, /* a stamp that stands still proves nothing */
	SLEW_PPM = 200, /* twice what a bad crystal drifts */
};

static const int64_t proof_min_ns = SECOND; /* longer than what may be held up */
static const int64_t proof_max_ns = 64 * SECOND;
static const int64_t idle_ns = 60 * SECOND; /* meanwhile clock and way may have changed */
static const int64_t window_ns = 8 * SECOND;
/* The least of a window above that of those before: no drift of a crystal (600 ppm). */
static const int64_t rise_max_ns = 5 * SECOND / 1000;

static int64_t tick_ns(uint8_t unit)
{
	return unit == PKT_STAMP_100US ? 100000 : unit == PKT_STAMP_100NS ? 100 : 1;
}

/* After which the same stamp comes again. The seconds of IEEE 1588 are not needed: the arrival tells them. */
static int64_t period_ns(uint8_t unit)
{
	return unit == PKT_STAMP_1588 ? SECOND : tick_ns(unit) << 32;
}

/* The nearest to zero of all that are periods apart. */
static int64_t nearest(int64_t ns, int64_t period)
{
	ns %= period;
	if (ns >= period / 2)
		return ns - period;
	return ns < -period / 2 ? ns + period : ns;
}

static bool is_of(const struct pkt_switch_clock *c, const struct pkt_stamp *stamp)
{
	return c->unit == stamp->unit && c->clock == stamp->clock &&
	       pkt_addr_eq(&c->source, &stamp->source);
}

static struct pkt_switch_clock *set_of(
	struct pkt_switch_times *times, const struct pkt_stamp *stamp)
{
	uint64_t source =
		pkt_hash_mix(pkt_hash_word(stamp->source.b), pkt_hash_word(stamp->source.b + 8));
	uint64_t hash = pkt_hash_mix(source, (uint64_t)stamp->clock << 8 | stamp->unit);

	return times->clocks[(hash >> 32) % PKT_SWITCH_SETS];
}

/* All that follow are measured by this one. */
static void begin(struct pkt_switch_clock *c, uint32_t value, uint64_t now_ns)
{
	c->is_proven = false;
	c->value = value;
	c->changes = 0;
	c->last_ns = c->begun_ns = c->window_ns = now_ns;
	c->delay_ns = c->least_ns = c->risen_ns = c->window_least_ns = 0;
}

/* NULL: there was none, and now there is. */
static struct pkt_switch_clock *find(
	struct pkt_switch_times *times, const struct pkt_stamp *stamp, uint64_t now_ns)
{
	struct pkt_switch_clock *set = set_of(times, stamp), *oldest = set;

	for (unsigned i = 0; i < PKT_SWITCH_WAYS; i++) {
		if (is_of(&set[i], stamp))
			return &set[i];
		if (!set[i].unit || (oldest->unit && set[i].last_ns < oldest->last_ns))
			oldest = &set[i];
	}
	if (oldest->unit)
		pkt_count(&times->counters.erspan_clocks_evicted, 1);
	*oldest = (struct pkt_switch_clock){
		.source = stamp->source,
		.clock = stamp->clock,
		.unit = stamp->unit,
		.proof_ns = (uint64_t)proof_min_ns,
	};
	begin(oldest, stamp->value, now_ns);
	return NULL;
}

/* Who was believed and should not have been has to prove itself for longer. */
static void refuse(struct pkt_switch_clock *c, uint32_t value, uint64_t now_ns)
{
	if (c->is_proven && (int64_t)(now_ns - c->begun_ns) > 2 * proof_max_ns)
		c->proof_ns = (uint64_t)proof_min_ns;
	else if (c->is_proven && (int64_t)c->proof_ns < proof_max_ns)
		c->proof_ns *= 2;
	begin(c, value, now_ns);
}

/* Moves least_ns after the delay of a frame that came passed_ns after the last. False: no clock goes so wrong. */
static bool follow(struct pkt_switch_clock *c, int64_t passed_ns, uint64_t now_ns)
{
	int64_t slew_ns = passed_ns * SLEW_PPM / 1000000, up_ns = c->risen_ns - c->least_ns;

	if (up_ns > 0 && slew_ns > 0)
		c->least_ns += up_ns < slew_ns ? up_ns : slew_ns;
	if (c->delay_ns < c->least_ns)
		c->least_ns = c->risen_ns = c->delay_ns;
	if (c->delay_ns < c->window_least_ns)
		c->window_least_ns = c->delay_ns;
	if ((int64_t)(now_ns - c->window_ns) < window_ns)
		return true;
	c->risen_ns = c->window_least_ns;
	c->window_least_ns = c->delay_ns;
	c->window_ns = now_ns;
	return c->risen_ns - c->least_ns <= rise_max_ns;
}

/* Whether the stamp fits those before. */
static bool take(struct pkt_switch_clock *c, uint32_t value, int64_t passed_ns, uint64_t now_ns)
{
	int64_t switch_ns = ((int64_t)value - c->value) * tick_ns(c->unit);

	c->delay_ns += nearest(passed_ns - switch_ns, period_ns(c->unit));
	c->changes += value != c->value;
	c->value = value;
	c->last_ns = now_ns;
	if (c->delay_ns - c->least_ns > PKT_SWITCH_BEHIND_MAX_NS ||
		c->least_ns - c->delay_ns > PKT_SWITCH_BEHIND_MAX_NS)
		return false;
	return follow(c, passed_ns, now_ns);
}

static bool has_proof(const struct pkt_switch_clock *c, uint64_t now_ns)
{
	return c->changes >= PROOF_CHANGES &&
	       (int64_t)(now_ns - c->begun_ns) >= (int64_t)c->proof_ns;
}

static bool is_usable(const struct pkt_stamp *stamp)
{
	return stamp->unit < PKT_STAMP_OTHER &&
	       (stamp->unit != PKT_STAMP_1588 || stamp->value < NS_OF_SECOND);
}

uint32_t pkt_switch_time_behind(
	struct pkt_switch_times *times, const struct pkt_stamp *stamp, uint64_t arrival_ns)
{
	struct pkt_switch_clock *c = NULL;
	int64_t passed_ns;

	if (!is_usable(stamp)) {
		pkt_count(&times->counters.erspan_time_refused, 1);
		return 0;
	}
	c = find(times, stamp, arrival_ns);
	passed_ns = c ? (int64_t)(arrival_ns - c->last_ns) : 0;
	if (c && (passed_ns > idle_ns || passed_ns < -idle_ns)) {
		begin(c, stamp->value, arrival_ns);
		c = NULL;
	}
	if (c && !take(c, stamp->value, passed_ns, arrival_ns)) {
		refuse(c, stamp->value, arrival_ns);
		pkt_count(&times->counters.erspan_time_refused, 1);
		return 0;
	}
	if (!c || (!c->is_proven && !has_proof(c, arrival_ns))) {
		pkt_count(&times->counters.erspan_time_unproven, 1);
		return 0;
	}
	c->is_proven = true;
	pkt_count(&times->counters.erspan_time_used, 1);
	return (uint32_t)(c->delay_ns - c->least_ns);
}
