/* SPDX-License-Identifier: BSD-3-Clause */
/* Ten dense arrays of stream indices, one looked through every 100 ms. */
#include "qos_wheel.h"

#include <errno.h>
#include <stdlib.h>

int qos_wheel_init(struct qos_wheel *wheel, uint32_t max)
{
	*wheel = (struct qos_wheel){0};
	for (unsigned i = 0; i < QOS_WHEEL_SLOTS; i++) {
		wheel->slot[i] = calloc(max, sizeof(uint32_t));
		if (!wheel->slot[i]) {
			qos_wheel_fini(wheel);
			return -ENOMEM;
		}
	}
	return 0;
}

void qos_wheel_fini(struct qos_wheel *wheel)
{
	for (unsigned i = 0; i < QOS_WHEEL_SLOTS; i++) {
		free(wheel->slot[i]);
		wheel->slot[i] = NULL;
	}
}

uint32_t qos_wheel_add(struct qos_wheel *wheel, unsigned phase, uint32_t stream)
{
	uint32_t position = wheel->count[phase]++;

	wheel->slot[phase][position] = stream;
	return position;
}

uint32_t qos_wheel_remove(struct qos_wheel *wheel, unsigned phase, uint32_t position)
{
	uint32_t last = --wheel->count[phase];

	if (position == last)
		return UINT32_MAX;
	wheel->slot[phase][position] = wheel->slot[phase][last];
	return wheel->slot[phase][position];
}
