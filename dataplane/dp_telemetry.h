/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of DPDK's telemetry, which DPDK itself does not know: its threads answer as long as the
 * process lives, also about pools and ports that are gone by then.
 * Owner: none. Threads: the main thread, once, before what they may be asked about is freed. */
#ifndef DP_TELEMETRY_H
#define DP_TELEMETRY_H

/* What: nobody can ask any more, and who has asked got the answer. */
void dp_telemetry_end(void);

#endif
