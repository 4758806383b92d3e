/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_wake.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include <rte_epoll.h>
#include <rte_ethdev.h>

static int open_epoll(struct dp_wake *wake)
{
	if (wake->interrupt_count)
		return 0;
	if (wake->count == DP_WAKE_MAX)
		return -ENOSPC;
	wake->epoll = epoll_create1(EPOLL_CLOEXEC);
	return wake->epoll < 0 ? -errno : 0;
}

int dp_wake_add_interrupt(struct dp_wake *wake, uint16_t port, uint16_t queue)
{
	int err = wake->interrupt_count < DP_WAKE_MAX ? open_epoll(wake) : -ENOSPC;

	if (!err) {
		err = rte_eth_dev_rx_intr_ctl_q(port, queue, wake->epoll, RTE_INTR_EVENT_ADD, NULL);
		if (err && !wake->interrupt_count)
			close(wake->epoll);
	}
	if (err) {
		wake->is_partial = true;
		return err;
	}
	if (!wake->interrupt_count)
		dp_wake_add(wake, wake->epoll);
	wake->interrupts[wake->interrupt_count++] = (struct dp_wake_queue){port, queue};
	return 0;
}

void dp_wake_fini(struct dp_wake *wake)
{
	for (unsigned i = 0; i < wake->interrupt_count; i++)
		rte_eth_dev_rx_intr_ctl_q(wake->interrupts[i].port, wake->interrupts[i].queue,
			wake->epoll, RTE_INTR_EVENT_DEL, NULL);
	if (wake->interrupt_count)
		close(wake->epoll);
	wake->interrupt_count = 0;
}

/* Devices whose interrupts are never off say that they cannot be switched. */
void dp_wake_interrupts_on(const struct dp_wake *wake)
{
	for (unsigned i = 0; i < wake->interrupt_count; i++)
		rte_eth_dev_rx_intr_enable(wake->interrupts[i].port, wake->interrupts[i].queue);
}

void dp_wake_interrupts_off(const struct dp_wake *wake)
{
	struct rte_epoll_event events[DP_WAKE_MAX];

	/* Reads what came, or epoll would go on telling of it. */
	if (wake->interrupt_count)
		rte_epoll_wait(wake->epoll, events, DP_WAKE_MAX, 0);
	for (unsigned i = 0; i < wake->interrupt_count; i++)
		rte_eth_dev_rx_intr_disable(wake->interrupts[i].port, wake->interrupts[i].queue);
}

void dp_wake_take_errors(const struct dp_wake *wake)
{
	for (unsigned i = 0; i < wake->count; i++) {
		int error;
		socklen_t size = sizeof(error);

		if (wake->fds[i].revents & POLLERR)
			getsockopt(wake->fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
}
