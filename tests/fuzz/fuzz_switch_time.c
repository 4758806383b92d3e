/* SPDX-License-Identifier: BSD-3-Clause */
/* A switch that stamps a frame every 10 ms, held up by up to 10 ms on the way as the input says, amid seven others
 * whose stamps and arrivals are the input's: after its first second it is believed, and the time of its frames
 * goes on by 10 ms each, or less where a faster one shows what the way takes. Nobody's frame is put back by more
 * than the bound. Five octets are unit and epoch; each step has eight: jam, which other, its stamp, its
 * arrival. */
#include <stdlib.h>

#include "pkt_switch_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START ((uint64_t)1700000000 * 1000000000)
#define EVERY 10000000

enum {
	HEAD_BYTES = 5,
	STEP_BYTES = 8,
	PROOF_STEPS = 102, /* with a jam of the first */
	JAM_NS = 39000, /* times an octet */
	OTHERS = PKT_SWITCH_WAYS - 1, /* that they leave the one alone even in one set */
	SLEW_NS = 4000, /* of two steps at most */
	MICROSECOND = 1000,
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t value_at(uint8_t unit, uint32_t epoch, uint64_t passed_ns)
{
	if (unit == PKT_STAMP_1588)
		return (uint32_t)((epoch + passed_ns) % 1000000000);
	return epoch + (uint32_t)(passed_ns / (unit == PKT_STAMP_100US ? 100000 : 100));
}

static void take_other(struct pkt_switch_times *times, const uint8_t *p, uint64_t now_ns)
{
	uint8_t which = p[1] % OTHERS;
	struct pkt_stamp stamp = {
		.source = {{which}},
		.value = be32(p + 2),
		.unit = (uint8_t)(PKT_STAMP_100US + which % PKT_STAMP_OTHER),
	};
	int64_t off_ns = (int64_t)(int16_t)be16(p + 6) * MICROSECOND * (1 << (p[1] >> 3 & 15));

	check(pkt_switch_time_behind(times, &stamp, now_ns + (uint64_t)off_ns) <=
		PKT_SWITCH_BEHIND_MAX_NS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pkt_switch_times times = {0};
	struct pkt_switch_counters *c = &times.counters;
	struct pkt_stamp stamp = {.source = {{192, 0, 2, 1}}};
	uint64_t last_ns = 0, steps = 0;
	struct bytes in = bytes_skip(bytes_of(data, size), HEAD_BYTES);

	if (size < HEAD_BYTES)
		return 0;
	stamp.unit = (uint8_t)(PKT_STAMP_100US + data[0] % 3);
	for (; in.n >= STEP_BYTES; in = bytes_skip(in, STEP_BYTES), steps++) {
		uint64_t passed_ns = steps * EVERY, used = c->erspan_time_used;
		uint64_t arrival_ns = START + passed_ns + (uint64_t)in.p[0] * JAM_NS, time_ns;

		stamp.value = value_at(stamp.unit, be32(data + 1), passed_ns);
		time_ns = arrival_ns - pkt_switch_time_behind(&times, &stamp, arrival_ns);
		check(steps < PROOF_STEPS || c->erspan_time_used == used + 1);
		check(time_ns <= arrival_ns && time_ns >= START + passed_ns);
		if (steps > PROOF_STEPS)
			check(time_ns <= last_ns + EVERY + SLEW_NS);
		last_ns = time_ns;
		take_other(&times, in.p, arrival_ns);
	}
	check(c->erspan_time_used + c->erspan_time_unproven + c->erspan_time_refused == 2 * steps);
	check(c->erspan_clocks_evicted == 0);
	return 0;
}
