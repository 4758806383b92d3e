/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps in which a probe starts and stops: what each makes belongs to the probe.
 * Owner: probe_main. Threads: main; launch is what makes the others work. */
#ifndef PROBE_START_H
#define PROBE_START_H

#include "probe.h"

/* What: EAL, sender, sources, tables, the state of threads, telemetry and XDP, in this order. 0, or
 * negative errno after a line on standard error said why. probe_stop in either case. */
int probe_start(struct probe *probe);

/* What: sender, workers and receivers begin, each on its lcore. */
void probe_launch(struct probe *probe);

/* What: after all threads have ended, and EAL too, if it was started. What main made before stays:
 * results. */
void probe_stop(struct probe *probe);

#endif
