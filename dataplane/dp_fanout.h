/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel spreads what an AF_PACKET port receives over the sockets of one group, one socket a
 * queue. The driver numbers the group by process and interface, 16 bits of each: of two probes on a
 * host one may be refused, or, with the same process number in two containers, each gets a part of
 * the frames and nobody says so. Here the kernel chooses the number.
 * Owner: the process while a port is opened. Threads: that which opens it. */
#ifndef DP_FANOUT_H
#define DP_FANOUT_H

/* What this thread's sockets join until the end is one group of their own. */
void dp_fanout_begin(void);
void dp_fanout_end(void);

#endif
