/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program of an open AF_XDP port: what it takes, and what it has counted.
 * Owner: the port. Threads: open and close by control; ports and networks by one thread at a time; the
 * rest by any thread, each call one system call or a few. */
#ifndef DP_XDP_H
#define DP_XDP_H

#include "dp_options.h"
#include "dp_xdp_program.h"

struct dp_xdp;

/* What: finds the maps of a loaded program and configures it from options. 0 or negative errno. */
int dp_xdp_open(int program_fd, const struct dp_xdp_options *options, struct dp_xdp **xdp);
/* The same for the program that the driver has attached to an interface; one log line on failure. */
int dp_xdp_open_device(const struct dp_port_options *options, struct dp_xdp **xdp);
/* After the port was closed: detaches what the driver left. NULL is allowed. */
void dp_xdp_close(struct dp_xdp *xdp);

/* Adds or removes ports and networks while frames come. 0 or negative errno; what came before the one
 * that failed is done. */
int dp_xdp_set_ports(struct dp_xdp *xdp, const struct dp_port_ranges *ports, bool is_added);
int dp_xdp_set_networks(struct dp_xdp *xdp, const struct dp_networks *networks, bool is_added);

/* What: opens the filter in mode listed for media at family (4 or 6), address (16 octets, IPv4 in the
 * first 4 and zeros) and port, and closes it again. Learning again or forgetting the unknown is
 * harmless. 0 or negative errno, counted by dp_xdp_refused. */
int dp_xdp_learn(struct dp_xdp *xdp, uint8_t family, const uint8_t address[16], uint16_t port);
int dp_xdp_forget(struct dp_xdp *xdp, uint8_t family, const uint8_t address[16], uint16_t port);
uint64_t dp_xdp_learnt(const struct dp_xdp *xdp); /* endpoints that are open now */
uint64_t dp_xdp_refused(const struct dp_xdp *xdp); /* those that could not be learnt */

enum dp_xdp_mode dp_xdp_mode(const struct dp_xdp *xdp);
bool dp_xdp_drops_rest(const struct dp_xdp *xdp);

/* Frames by reason, all CPUs together. 0 or negative errno. */
int dp_xdp_counts(const struct dp_xdp *xdp, uint64_t counts[DP_XDP_REASON_COUNT]);
const char *dp_xdp_reason_name(unsigned reason);

#endif
