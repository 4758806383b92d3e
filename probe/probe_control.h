/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread, which is the main thread: signals, the clock, link state, progress, and the
 * order in which the others stop.
 * Threads: main. */
#ifndef PROBE_CONTROL_H
#define PROBE_CONTROL_H

#include "probe.h"

/* Blocks SIGINT, SIGTERM and SIGHUP in this thread and those it will start, and ignores SIGPIPE, SIGUSR1 and SIGUSR2. */
void probe_control_init(void);

/* Whether one of them waits to be taken. */
bool probe_control_is_asked_to_end(void);

/* What: waits until the files are read or a signal comes, then stops rx, workers and sender in this
 * order, each after the one before has drained. */
void probe_control_run(struct probe *probe);

#endif
