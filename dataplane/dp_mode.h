/* SPDX-License-Identifier: BSD-3-Clause */
/* Which shape ports and files take, and how many threads of each kind that makes.
 * Owner: none, computed from the options. Threads: any. */
#ifndef DP_MODE_H
#define DP_MODE_H

#include "dp_options.h"

/* DP_FUSED or DP_PIPELINE. */
enum dp_mode dp_port_mode(const struct dp_options *options, const struct dp_port_options *port);
enum dp_mode dp_file_mode(const struct dp_options *options);

unsigned dp_worker_threads(const struct dp_options *options);
/* 0 when nothing is in pipeline mode. offline: capture files are read, no port is opened. */
unsigned dp_rx_threads(const struct dp_options *options, bool offline);
/* Workers that receive: all of them where a port is in fused mode, one for a file, else none. */
unsigned dp_fused_workers(const struct dp_options *options, bool offline);

#endif
