/* SPDX-License-Identifier: BSD-3-Clause */
/* SSRC changes per flow, against a plain array. */
#include "qos_flows.h"
#include "qos_stream_case.h"

static const struct pkt_seed seed = {{1, 2, 3, 4}};

static struct pkt_flow flow_of(uint32_t i)
{
	return (struct pkt_flow){
		.family = 4,
		.proto = PKT_UDP,
		.sport = (uint16_t)(10000 + 2 * i),
		.dport = 5004,
		.src.b = {10, 0, 0, 1},
		.dst.b = {10, 0, 0, 2},
	};
}

static void counts_streams_that_began_before(void **state)
{
	struct pkt_flow a = flow_of(1), b = flow_of(2);
	struct qos_flows flows;

	(void)state;
	assert_int_equal(qos_flows_init(&flows, 8), 0);
	assert_int_equal(qos_flows_open(&flows, &a, &seed), 0);
	assert_int_equal(qos_flows_open(&flows, &a, &seed), 1);
	assert_int_equal(qos_flows_open(&flows, &b, &seed), 0);
	qos_flows_close(&flows, &a, &seed);
	assert_int_equal(qos_flows_open(&flows, &a, &seed), 2);
	qos_flows_close(&flows, &a, &seed);
	qos_flows_close(&flows, &a, &seed);
	/* Nobody is left who would remember. */
	assert_int_equal(qos_flows_open(&flows, &a, &seed), 0);
	qos_flows_close(&flows, &b, &seed);
	qos_flows_close(&flows, &b, &seed);
	assert_int_equal(qos_flows_open(&flows, &a, &seed), 1);
	qos_flows_fini(&flows);
	assert_null(flows.entries);
}

static void the_two_directions_are_two_flows(void **state)
{
	struct pkt_flow there = flow_of(1), back = there;
	struct qos_flows flows;

	(void)state;
	back.src = there.dst;
	back.dst = there.src;
	back.sport = there.dport;
	back.dport = there.sport;
	assert_int_equal(qos_flows_init(&flows, 8), 0);
	assert_int_equal(qos_flows_open(&flows, &there, &seed), 0);
	assert_int_equal(qos_flows_open(&flows, &back, &seed), 0);
	qos_flows_fini(&flows);
}

enum {
	FLOWS = 300,
	OPEN_MAX = 200,
};

static void agrees_with_a_model(void **state)
{
	static struct {
		uint32_t streams, changes;
	} model[FLOWS];
	uint64_t random = 42;
	uint32_t open = 0;
	struct qos_flows flows;

	(void)state;
	assert_int_equal(qos_flows_init(&flows, OPEN_MAX), 0);
	for (unsigned n = 0; n < 200000; n++) {
		uint32_t i = draw(&random, FLOWS);
		struct pkt_flow flow = flow_of(i);

		if (open < OPEN_MAX && draw(&random, 2)) {
			model[i].changes += model[i].streams > 0;
			model[i].streams++;
			open++;
			assert_int_equal(qos_flows_open(&flows, &flow, &seed), model[i].changes);
		} else if (model[i].streams) {
			model[i].streams--;
			model[i].changes = model[i].streams ? model[i].changes : 0;
			open--;
			qos_flows_close(&flows, &flow, &seed);
		}
	}
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct pkt_flow flow = flow_of(i);

		for (; model[i].streams; model[i].streams--)
			qos_flows_close(&flows, &flow, &seed);
	}
	for (uint32_t i = 0; i <= flows.mask; i++)
		assert_int_equal(flows.entries[i].hash, 0);
	qos_flows_fini(&flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_streams_that_began_before),
		cmocka_unit_test(the_two_directions_are_two_flows),
		cmocka_unit_test(agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
