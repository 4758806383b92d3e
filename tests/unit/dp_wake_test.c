/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive interrupts, through net_tap in a network namespace of the test's own: its interrupt is the tap's
 * descriptor. */
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netpacket/packet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dp_idle.h"
#include "dp_port.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	LONG_MS = 2000,
	SKIPPED = 77,
};

/* The kernel's end of the tap. */
struct bench {
	struct dp_port *port;
	int fd;
	struct sockaddr_ll to;
};

static void open_bench(struct bench *b, bool interrupts)
{
	struct dp_port_options options = {
		.device = "net_tap0,iface=wake0",
		.driver = DP_VDEV,
		.queues = 1,
		.descriptors = 256,
		.max_frame = 1522,
		.interrupts = interrupts,
	};
	struct ifreq up = {.ifr_name = "wake0"};

	assert_int_equal(dp_port_start(&options, 0, 1023, 0, &b->port), 0);
	b->fd = socket(AF_PACKET, SOCK_RAW, 0);
	assert_true(b->fd >= 0);
	assert_int_equal(ioctl(b->fd, SIOCGIFFLAGS, &up), 0);
	up.ifr_flags = (short)(up.ifr_flags | IFF_UP);
	assert_int_equal(ioctl(b->fd, SIOCSIFFLAGS, &up), 0);
	b->to = (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex("wake0"),
		.sll_halen = ETH_ALEN};
}

static void close_bench(struct bench *b)
{
	close(b->fd);
	dp_port_stop(b->port);
}

static void send_frame(const struct bench *b)
{
	uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	assert_int_equal(sendto(b->fd, frame, sizeof(frame), 0, (const struct sockaddr *)&b->to,
				 sizeof(b->to)),
		sizeof(frame));
}

static unsigned poll_frames(const struct bench *b)
{
	struct rte_mbuf *burst[DP_WAKE_MAX];
	unsigned n = rte_eth_rx_burst((uint16_t)dp_port_id(b->port), 0, burst, DP_WAKE_MAX);

	rte_pktmbuf_free_bulk(burst, n);
	return n;
}

static void a_frame_interrupts_once(void **state)
{
	struct dp_wake wake = {0};
	struct bench b;

	(void)state;
	open_bench(&b, true);
	dp_port_wake(b.port, 0, &wake);
	assert_false(wake.is_partial);
	assert_int_equal(wake.interrupt_count, 1);
	assert_int_equal(wake.count, 1);
	while (poll_frames(&b))
		;
	dp_wake_interrupts_off(&wake);
	for (unsigned i = 0; i < 3; i++) {
		dp_wake_interrupts_on(&wake);
		assert_int_equal(poll(wake.fds, wake.count, 0), 0);
		send_frame(&b);
		assert_int_equal(poll(wake.fds, wake.count, LONG_MS), 1);
		dp_wake_interrupts_off(&wake);
		assert_int_equal(poll_frames(&b), 1);
		/* Nothing is left that would wake again. */
		assert_int_equal(poll(wake.fds, wake.count, 0), 0);
	}
	dp_wake_fini(&wake);
	assert_int_equal(wake.interrupt_count, 0);
	close_bench(&b);
}

static void a_port_wakes_nobody_unless_asked(void **state)
{
	struct dp_wake wake = {0};
	struct bench b;

	(void)state;
	open_bench(&b, false);
	dp_port_wake(b.port, 0, &wake);
	assert_true(wake.is_partial);
	assert_int_equal(dp_wake_add_interrupt(&wake, (uint16_t)dp_port_id(b.port), 0) != 0, true);
	assert_int_equal(wake.interrupt_count, 0);
	dp_wake_fini(&wake);
	close_bench(&b);
}

/* One loop arms, polls again and waits; the next is woken. */
static void an_idle_loop_is_woken(void **state)
{
	struct dp_idle idle = {0};
	struct dp_wake wake = {0};
	struct bench b;

	(void)state;
	open_bench(&b, true);
	dp_port_wake(b.port, 0, &wake);
	dp_idle_wake_by(&idle, &wake, false);
	assert_ptr_equal(idle.wake, &wake);
	while (poll_frames(&b))
		;
	for (unsigned i = 0; i < DP_IDLE_PAUSES + DP_IDLE_STEPS; i++)
		dp_idle_wait(&idle, false);
	dp_wake_interrupts_off(&wake);
	assert_false(idle.is_armed);
	dp_idle_wait(&idle, false);
	assert_true(idle.is_armed);
	send_frame(&b);
	dp_idle_wait(&idle, false);
	assert_true(idle.is_woken);
	assert_false(idle.is_armed);
	assert_int_equal(poll_frames(&b), 1);
	dp_idle_wait(&idle, true);
	assert_false(idle.is_woken);
	dp_wake_fini(&wake);
	close_bench(&b);
}

/* Frames are there each time the clock ends a wait: interrupts that never come are not relied on for long. */
static void does_without_interrupts_that_never_come(void **state)
{
	struct dp_idle idle = {.empty = DP_IDLE_PAUSES + DP_IDLE_STEPS};
	struct dp_wake wake = {0};
	unsigned waits = 0;
	struct bench b;
	int ends[2];

	(void)state;
	open_bench(&b, true);
	dp_port_wake(b.port, 0, &wake);
	/* A pipe that nobody writes to, in its place. */
	assert_int_equal(pipe(ends), 0);
	wake.fds[0].fd = ends[0];
	dp_idle_wake_by(&idle, &wake, false);
	while (idle.wake && waits++ < 2 * DP_IDLE_MISSED_MAX) {
		idle.empty = DP_IDLE_PAUSES + DP_IDLE_STEPS;
		while (!idle.is_overslept)
			dp_idle_wait(&idle, false);
		dp_idle_wait(&idle, true);
	}
	assert_int_equal(waits, DP_IDLE_MISSED_MAX);
	close(ends[0]);
	close(ends[1]);
	dp_wake_fini(&wake);
	close_bench(&b);
}

/* The kernel itself sends nothing then. */
static void switch_ipv6_off(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	if (!file)
		return;
	fputs("1", file);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_interrupts_once),
		cmocka_unit_test(a_port_wakes_nobody_unless_asked),
		cmocka_unit_test(an_idle_loop_is_woken),
		cmocka_unit_test(does_without_interrupts_that_never_come),
	};

	if (unshare(CLONE_NEWNET) || access("/dev/net/tun", R_OK | W_OK)) {
		puts("skipped: a tap in a network namespace needs root");
		return SKIPPED;
	}
	switch_ipv6_off();
	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
