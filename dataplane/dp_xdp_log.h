/* SPDX-License-Identifier: BSD-3-Clause */
/* libbpf and libxdp print what they try and fall back from; that belongs into the debug log.
 * Owner: the process. Threads: control, before the first AF_XDP port. */
#ifndef DP_XDP_LOG_H
#define DP_XDP_LOG_H

void dp_xdp_log_init(void);

#endif
