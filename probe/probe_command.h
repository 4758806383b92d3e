/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands on DPDK's telemetry socket, which carry no argument of ours: one process has one probe.
 * Threads: control adds, begins and ends; DPDK calls commands on threads of its own, and they run one at a time. */
#ifndef PROBE_COMMAND_H
#define PROBE_COMMAND_H

#include <stdbool.h>

struct probe;
struct rte_tel_data;

struct probe_command {
	const char *path;
	/* params: behind the first comma, "" without. 0, or negative errno, which DPDK answers with null. */
	int (*answer)(struct probe *probe, const char *params, struct rte_tel_data *d);
	bool has_parameters; /* else any are refused */
	const char *help;
};

/* What: registers them, to be answered from probe_commands_begin on. commands must stay. 0 or negative errno. */
int probe_commands_add(const struct probe_command *commands, unsigned count);

void probe_commands_begin(struct probe *probe);
/* Commands answer nothing from now on: the probe is about to go. */
void probe_commands_end(void);

#endif
