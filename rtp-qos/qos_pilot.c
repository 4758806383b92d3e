/* SPDX-License-Identifier: BSD-3-Clause */
/* Sixteen pilots are tried at once, one in each lane of a vector. */
#include "qos_pilot.h"

enum {
	LANES = 16,
};

typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

int32_t qos_pilot_find(const uint32_t *hash, unsigned count)
{
	lanes factor = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};

	for (int32_t first = 0; first < QOS_PILOTS; first += LANES, factor += 2 * LANES) {
		lanes taken = {0}, twice = {0};

		for (unsigned i = 0; i < count; i++) {
			lanes bit = (lanes){0} + 1;

			bit <<= factor * hash[i] >> 28; /* qos_pilot_slot */
			twice |= taken & bit;
			taken |= bit;
		}
		for (int32_t l = 0; l < LANES; l++)
			if (!twice[l])
				return first + l;
	}
	return -1;
}
