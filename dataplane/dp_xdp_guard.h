/* SPDX-License-Identifier: BSD-3-Clause */
/* May a port take this interface's traffic? Before net_af_xdp opens it.
 * Owner: none. Threads: control. */
#ifndef DP_XDP_GUARD_H
#define DP_XDP_GUARD_H

#include "dp_options.h"

/* What: refuses an interface that the host itself uses (an address that is not link-local, or a default
 * route) without take_over, and one that has somebody else's XDP program; detaches the program of a
 * heptap that was killed. 0 or negative errno with one log line. */
int dp_xdp_guard(const struct dp_port_options *options);

#endif
