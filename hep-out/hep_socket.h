/* SPDX-License-Identifier: BSD-3-Clause */
/* The UDP socket to a collector: that host and network may be there later than the probe, and
 * change.
 * Owner: hep_sender. Threads: the sender's once it is open; hep_socket_has_moved any. */
#ifndef HEP_SOCKET_H
#define HEP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "hep_options.h"
#include "hep_resolver.h"

struct hep_socket {
	int fd; /* -1: there is no address, or no socket for it */
	int family; /* of fd */
	struct hep_collector_options collector;
	struct hep_resolver *resolver; /* NULL: the address is known for good */
	unsigned addresses; /* of the resolver's, how many were taken over */
	/* Why nothing can be sent from the start; "": it can. */
	char no_way[HEP_RESOLVER_ERROR_MAX];
	uint64_t connect_ns; /* not before may it be connected anew */
	uint64_t ask_ns; /* not before may its name be resolved anew */
};

/* 0 or negative errno. A name that has no address yet is asked for; see hep_socket_wait. */
int hep_socket_open(struct hep_socket *s, const struct hep_collector_options *collector);
void hep_socket_close(struct hep_socket *s);
/* What: waits for the address of a name until end_ns of hep_clock_ns at most. */
void hep_socket_wait(struct hep_socket *s, uint64_t end_ns);

/* What: false when nothing can be sent, since there is no address or no socket for it. Takes over
 * what changed. Never waits. */
bool hep_socket_is_ready(struct hep_socket *s);
/* What: connects anew and has the name resolved anew, each once a second at most, as error asks
 * for, the errno of a send. */
void hep_socket_mend(struct hep_socket *s, int error);

/* As hep_sender_has_moved. */
bool hep_socket_has_moved(const struct hep_socket *s, unsigned *seen, char *text, size_t size);

#endif
