/* SPDX-License-Identifier: BSD-3-Clause */
/* A NUMA node without memory: one that does not exist, beyond those to which DPDK itself says "any" without huge pages. And
 * devices of the test's own, which want memory of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_mailbox.h"
#include "dp_node.h"
#include "dp_port_pool.h"
#include "dp_port_pvt.h"
#include "dp_ring.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	NO_NODE = 1000,
};

/* The device: its node, what setting up a queue on that says, and how often it was asked to. */
static struct {
	int node;
	int error;
	unsigned calls;
	int nodes[4]; /* that queues were asked for on */
} device;

int rte_eth_dev_socket_id(uint16_t port)
{
	(void)port;
	return device.node;
}

int rte_eth_rx_queue_setup(uint16_t port, uint16_t queue, uint16_t descriptors, unsigned node,
	const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	(void)port;
	(void)queue;
	(void)descriptors;
	(void)conf;
	(void)pool;
	assert_true(device.calls < 4);
	device.nodes[device.calls++] = (int)node;
	return (int)node == device.node ? device.error : 0;
}

static int reset_device(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	device.node = NO_NODE;
	return 0;
}

/* What dp_node_log says must be that. */
static void assert_logs(const char *lines)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	rte_openlog_stream(stream);
	dp_node_log();
	rte_openlog_stream(stderr);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text, lines);
	free(text);
}

static void rings_are_on_another_node(void **state)
{
	struct dp_ring *rings[2];
	uint32_t in = 7, out = 0;

	(void)state;
	assert_int_equal(dp_ring_create("near", sizeof(in), 16, 0, &rings[0]), 0);
	assert_logs("");
	dp_ring_destroy(rings[0]);
	assert_int_equal(dp_ring_create("a", sizeof(in), 16, NO_NODE, &rings[0]), 0);
	assert_int_equal(dp_ring_create("b", sizeof(in), 16, NO_NODE, &rings[1]), 0);
	assert_int_equal(dp_ring_put(rings[1], &in, 1), 1);
	assert_int_equal(dp_ring_take(rings[1], &out, 1), 1);
	assert_int_equal(out, in);
	assert_logs(
		"heptap.eal: NUMA node 1000 has too little memory for rings (2): they are on another "
		"node, which costs throughput\n");
	assert_logs("");
	dp_ring_destroy(rings[0]);
	dp_ring_destroy(rings[1]);
}

static void mailboxes_are_on_another_node(void **state)
{
	struct dp_mailbox *mailbox;
	struct dp_message *message;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, 64, NO_NODE, &mailbox), 0);
	message = dp_mailbox_alloc(mailbox, 100);
	assert_non_null(message);
	assert_true(dp_mailbox_send(mailbox, message));
	assert_int_equal(dp_mailbox_take(mailbox, &message, 1), 1);
	dp_mailbox_free(mailbox, &message, 1);
	dp_mailbox_destroy(mailbox);
	assert_logs(
		"heptap.eal: NUMA node 1000 has too little memory for queues of HEP (1): they are on "
		"another node, which costs throughput\n");
}

static void a_port_has_its_buffers_on_another_node(void **state)
{
	struct rte_mempool *pool = dp_port_pool_create(3, 255, 2048);
	struct rte_mbuf *m;

	(void)state;
	assert_non_null(pool);
	m = rte_pktmbuf_alloc(pool);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	rte_mempool_free(pool);
	assert_logs(
		"heptap.eal: NUMA node 1000 has too little memory for packet buffers (1): they are on "
		"another node, which costs throughput\n");
}

static void a_port_has_its_queues_on_another_node(void **state)
{
	const struct dp_port_needs needs = {0};
	struct dp_port port = {.descriptors = 64, .queues = 1};

	(void)state;
	assert_int_equal(dp_port_set_up_queue(&port, 0, &needs), 0);
	assert_int_equal(device.calls, 1);
	assert_logs("");
	device.error = -ENOMEM;
	assert_int_equal(dp_port_set_up_queue(&port, 0, &needs), 0);
	assert_int_equal(device.calls, 3);
	assert_int_equal(device.nodes[1], NO_NODE);
	assert_int_equal(device.nodes[2], SOCKET_ID_ANY);
	assert_logs(
		"heptap.eal: NUMA node 1000 has too little memory for queues of ports (1): they are on "
		"another node, which costs throughput\n");
}

/* Nor what is asked for of any node, which there is no more of then. */
static void what_failed_for_another_reason_fails(void **state)
{
	const struct dp_port_needs needs = {0};
	struct dp_port port = {.descriptors = 64, .queues = 1};

	(void)state;
	device.error = -EINVAL;
	assert_int_equal(dp_port_set_up_queue(&port, 0, &needs), -EINVAL);
	device.node = SOCKET_ID_ANY;
	device.error = -ENOMEM;
	assert_int_equal(dp_port_set_up_queue(&port, 0, &needs), -ENOMEM);
	assert_int_equal(device.calls, 2);
	/* More than there is on all nodes. */
	assert_null(dp_port_pool_create(4, 1 << 20, 2048));
	assert_logs("");
}

static void all_that_is_remote_is_one_line(void **state)
{
	const struct dp_port_needs needs = {0};
	struct dp_port port = {.descriptors = 64, .queues = 2};
	struct rte_mempool *pool = dp_port_pool_create(5, 255, 2048);
	struct dp_mailbox *mailbox;
	struct dp_ring *ring;

	(void)state;
	device.error = -ENOMEM;
	assert_int_equal(dp_port_set_up_queue(&port, 0, &needs), 0);
	assert_int_equal(dp_port_set_up_queue(&port, 1, &needs), 0);
	assert_int_equal(dp_mailbox_create(0, 64, NO_NODE, &mailbox), 0);
	assert_int_equal(dp_ring_create("a", 8, 16, NO_NODE, &ring), 0);
	assert_logs(
		"heptap.eal: NUMA node 1000 has too little memory for packet buffers (1), queues of "
		"ports (2), rings (1), queues of HEP (1): they are on another node, which costs "
		"throughput\n");
	dp_ring_destroy(ring);
	dp_mailbox_destroy(mailbox);
	rte_mempool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rings_are_on_another_node, reset_device),
		cmocka_unit_test_setup(mailboxes_are_on_another_node, reset_device),
		cmocka_unit_test_setup(a_port_has_its_buffers_on_another_node, reset_device),
		cmocka_unit_test_setup(a_port_has_its_queues_on_another_node, reset_device),
		cmocka_unit_test_setup(what_failed_for_another_reason_fails, reset_device),
		cmocka_unit_test_setup(all_that_is_remote_is_one_line, reset_device),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
