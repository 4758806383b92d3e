/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the address of a collector that is configured by name, and follows it to another, in a thread of its own: a name
 * server may take long to answer, or be there later than the probe.
 * Owner: hep_sender. Threads: control creates, waits and destroys; the sender takes and asks again; any may look. */
#ifndef HEP_RESOLVER_H
#define HEP_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "hep_options.h"

enum {
	HEP_RESOLVER_ERROR_MAX = 256,
};

struct hep_resolver;

/* What: begins to ask, once a second until there is an answer, once a minute then. 0 or negative errno. */
int hep_resolver_create(
	const struct hep_collector_options *collector, struct hep_resolver **resolver);
/* Does not wait for an answer that is still out: the thread ends by itself then. */
void hep_resolver_destroy(struct hep_resolver *resolver);

/* What: waits for the first answer, until end_ns of CLOCK_MONOTONIC at most. False when there is no address by then, with
 * the reason in error. */
bool hep_resolver_wait(
	struct hep_resolver *resolver, uint64_t end_ns, char *error, size_t error_size);

/* What: true when the address is another than that of the last time, of which seen keeps the number, 0 at first; it goes to
 * the collector's sockaddr then. Never waits. */
bool hep_resolver_take(
	struct hep_resolver *resolver, unsigned *seen, struct hep_collector_options *collector);

/* What: asks before the minute is over, a second after the last answer at the soonest. Never waits. */
void hep_resolver_ask(struct hep_resolver *resolver);

#endif
