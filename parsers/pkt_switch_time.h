/* SPDX-License-Identifier: BSD-3-Clause */
/* When a switch saw a frame that it mirrors, from the time-stamp in ERSPAN III (draft-foschiano-erspan-03 section
 * 4.2). Its epoch is nobody's and 32 bits wrap, so only differences count: a frame that took longer than the fastest
 * of its clock was held up on its way here by the difference, and by that it is put back. A clock is believed
 * after a second in which every stamp fits the arrival; the first that does not ends that.
 * Owner: the receiver. Threads: one; counters may be read by others. No allocation; of more clocks than there is
 * room for, those longest silent are forgotten. */
#ifndef PKT_SWITCH_TIME_H
#define PKT_SWITCH_TIME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pkt_decode.h"

enum {
	PKT_SWITCH_SETS = 16, /* power of two */
	PKT_SWITCH_WAYS = 8,
};

/* A frame is put back by no more; one held up longer is refused. */
#define PKT_SWITCH_BEHIND_MAX_NS 200000000

struct pkt_switch_clock {
	struct pkt_addr source;
	uint32_t clock;
	uint8_t unit; /* enum pkt_stamp_unit; PKT_STAMP_NONE: the place is free */
	bool is_proven;
	uint32_t value; /* of the last stamp */
	uint32_t changes; /* since begun_ns, from one stamp to the next */
	uint64_t last_ns; /* arrival of the last */
	uint64_t begun_ns; /* of the first of those that agree */
	uint64_t proof_ns; /* so long they have to */
	/* On the way here, from an origin of its own. */
	int64_t delay_ns; /* of the last */
	int64_t least_ns; /* of one that is held up nowhere */
	int64_t risen_ns; /* least_ns goes up to this, slowly: the clock may run slow */
	int64_t window_least_ns; /* of those since window_ns */
	uint64_t window_ns;
};

struct pkt_switch_counters {
#define X(name, help) _Atomic uint64_t name;
#include "pkt_switch_time_counters.def"
#undef X
};

/* All zero is empty. */
struct pkt_switch_times {
	struct pkt_switch_clock clocks[PKT_SWITCH_SETS][PKT_SWITCH_WAYS];
	struct pkt_switch_counters counters;
};

/* What: by how many nanoseconds before its arrival at arrival_ns a frame with this stamp has to be taken to have
 * come, at most PKT_SWITCH_BEHIND_MAX_NS; 0 if the stamp cannot be believed. stamp->unit is not
 * PKT_STAMP_NONE. */
uint32_t pkt_switch_time_behind(
	struct pkt_switch_times *times, const struct pkt_stamp *stamp, uint64_t arrival_ns);

#endif
