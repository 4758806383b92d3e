/* SPDX-License-Identifier: BSD-3-Clause */
/* What wakes a loop that polls queues: the kernel's sockets behind them, and receive interrupts of NICs, which an epoll
 * descriptor collects.
 * Owner: whoever polls the queues. Threads: that one, but for adding before it starts and fini after its end. */
#ifndef DP_WAKE_H
#define DP_WAKE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	DP_WAKE_MAX = 64,
};

/* A queue with interrupts. */
struct dp_wake_queue {
	uint16_t port, queue;
};

struct dp_wake {
	unsigned count;
	bool is_partial; /* there is a queue that wakes nobody: only looking tells */
	struct pollfd fds[DP_WAKE_MAX];
	unsigned interrupt_count;
	int epoll; /* of the interrupts, if there are some; in fds as well */
	struct dp_wake_queue interrupts[DP_WAKE_MAX];
};

/* fd: -1 when the queue has none. */
static inline void dp_wake_add(struct dp_wake *wake, int fd)
{
	if (fd < 0 || wake->count == DP_WAKE_MAX)
		wake->is_partial = true;
	else
		wake->fds[wake->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* What: a queue of a port that was configured with receive interrupts. 0, or a negative errno, and then it is one
 * that wakes nobody. */
int dp_wake_add_interrupt(struct dp_wake *wake, uint16_t port, uint16_t queue);
/* Without effect where there are none. */
void dp_wake_fini(struct dp_wake *wake);

/* What: interrupts come from now on, until they are off again; what came before is to be polled once more. A NIC
 * polled without pause has none. */
void dp_wake_interrupts_on(const struct dp_wake *wake);
void dp_wake_interrupts_off(const struct dp_wake *wake);

/* What: takes errors off the sockets that poll found with one. The kernel leaves one there when an interface goes down, and
 * poll goes on telling of it, also when the interface is up again: drivers read rings, not sockets. */
void dp_wake_take_errors(const struct dp_wake *wake);

#endif
