/* SPDX-License-Identifier: BSD-3-Clause */
/* heptap's log type and its level. */
#include "probe_log.h"

#include <stdint.h>

int probe_log_type;

void probe_log_init(unsigned level)
{
	static const uint32_t levels[] = {
		RTE_LOG_ERR, RTE_LOG_WARNING, RTE_LOG_INFO, RTE_LOG_DEBUG};

	probe_log_type = rte_log_register_type_and_pick_level("heptap", levels[level & 3]);
	rte_log_set_level((uint32_t)probe_log_type, levels[level & 3]);
	rte_log_set_level_pattern("heptap.*", levels[level & 3]);
}
