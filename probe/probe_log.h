/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines of probe/: one line, PostgreSQL wording, never per packet. */
#ifndef PROBE_LOG_H
#define PROBE_LOG_H

#include <rte_log.h>

/* Registered by probe_log_init, after dp_eal_start. */
extern int probe_log_type;

void probe_log_init(unsigned level);

#define PROBE_LOG(level, ...) \
	rte_log(RTE_LOG_##level, (uint32_t)probe_log_type, "heptap: " __VA_ARGS__)

#endif
