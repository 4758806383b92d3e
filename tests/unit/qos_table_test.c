/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream table at its bound, against a plain array, and the wheel that goes with it. */
#include "qos_table_case.h"

static void fills_to_its_bound_and_refuses_the_rest(void **state)
{
	enum {
		MAX = 100000
	};
	uint32_t *streams = calloc(MAX, sizeof(*streams));
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	assert_non_null(streams);
	for (uint32_t i = 0; i < MAX; i++) {
		assert_int_equal(find_stream(&t, i), QOS_NONE);
		streams[i] = open_stream(&t, i, START_NS + i * MS);
		assert_true(streams[i] < MAX);
	}
	assert_int_equal(open_stream(&t, MAX, START_NS), QOS_NONE);
	assert_int_equal(open_stream(&t, MAX + 1, START_NS), QOS_NONE);
	assert_int_equal(t.counters.streams_refused, 2);
	assert_int_equal(t.counters.streams_opened, MAX);
	assert_int_equal(qos_table_count(&t), MAX);
	assert_wheel(&t);
	for (uint32_t i = 0; i < MAX; i++)
		assert_int_equal(find_stream(&t, i), streams[i]);
	for (uint32_t i = 0; i < MAX; i += 2)
		qos_table_close(&t, streams[i]);
	assert_wheel(&t);
	assert_conserved(&t);
	for (uint32_t i = 0; i < MAX; i++)
		assert_int_equal(find_stream(&t, i), i % 2 ? streams[i] : QOS_NONE);
	/* What was closed is free again, and no more than that. */
	for (uint32_t i = 0; i < MAX / 2; i++)
		assert_true(open_stream(&t, MAX + i, START_NS) < MAX);
	assert_int_equal(open_stream(&t, 3 * MAX, START_NS), QOS_NONE);
	assert_conserved(&t);
	free(streams);
	close_table(&t, mem);
}

static uint32_t groups_with(const struct qos_table *t, int streams)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->group_count; i++)
		n += __builtin_popcount(t->groups[i].used) == streams;
	return n;
}

static uint32_t groups_past(const struct qos_table *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->group_count; i++)
		n += t->groups[i].spilt > 0;
	return n;
}

/* Opens and closes at random; what the table holds of each key is in the model. Returns how many
 * groups were seen that had no room. */
static uint32_t churn(struct qos_table *t, uint32_t *model, uint32_t keys)
{
	uint64_t random = 7 + keys;
	uint32_t full = 0;

	for (unsigned n = 0; n < 60000; n++) {
		uint32_t i = draw(&random, keys);

		assert_int_equal(find_stream(t, i), model[i]);
		if (model[i] == QOS_NONE) {
			model[i] = open_stream(t, i, START_NS + 37 * MS * n);
		} else if (draw(&random, 3) == 0) {
			qos_table_close(t, model[i]);
			model[i] = QOS_NONE;
		}
		if (n % 1000)
			continue;
		assert_reachable(t);
		assert_wheel(t);
		full += groups_past(t);
	}
	return full;
}

/* At the bound of a table some groups overflow. */
static void agrees_with_a_model(void **state)
{
	static const uint32_t sizes[] = {1, 3, 4, 5, 8, 16, 64, 512, 2048};
	static uint32_t model[4096];

	(void)state;
	for (size_t s = 0; s < COUNT(sizes); s++) {
		uint32_t keys = 2 * sizes[s];
		struct qos_table t;
		void *mem = open_table(&t, sizes[s]);

		memset(model, 0xff, sizeof(model));
		assert_true(churn(&t, model, keys) > 0 || sizes[s] < 512);
		assert_conserved(&t);
		assert_true(t.counters.streams_refused > 0);
		for (uint32_t i = 0; i < keys; i++) {
			assert_int_equal(find_stream(&t, i), model[i]);
			if (model[i] != QOS_NONE)
				qos_table_close(&t, model[i]);
		}
		assert_int_equal(qos_table_count(&t), 0);
		assert_int_equal(groups_with(&t, 0), t.group_count);
		close_table(&t, mem);
	}
}

static void a_closed_stream_leaves_its_counts(void **state)
{
	static const uint16_t order[] = {5, 6, 9, 8, 8, 12};
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t stream = open_stream(&t, 5, START_NS);

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		struct pkt_media m = media_of(5);

		m.seq = order[i];
		m.rtp_ts = 160u * order[i];
		qos_table_update(&t, t.cold[stream].slot, &m, START_NS + 20 * MS * i);
	}
	assert_int_equal(t.counters.lost, 0);
	qos_table_close(&t, stream);
	assert_int_equal(t.counters.lost, 3);
	assert_int_equal(t.counters.duplicates, 1);
	assert_int_equal(t.counters.reordered, 1);
	assert_int_equal(t.counters.streams_closed, 1);
	close_table(&t, mem);
}

static void counts_ssrc_changes_on_the_same_addresses(void **state)
{
	const struct qos_origin origin = {.flow = {.family = 4, .sport = 4000, .dport = 5000}};
	struct pkt_media a = media_of(1), b = media_of(2), c = media_of(3);
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t first = qos_table_open(&t, &a, &origin, NULL, 0, START_NS);
	uint32_t second = qos_table_open(&t, &b, &origin, NULL, 0, START_NS);

	(void)state;
	assert_int_equal(t.cold[first].ssrc_changes, 0);
	assert_int_equal(t.cold[second].ssrc_changes, 1);
	qos_table_close(&t, first);
	assert_int_equal(
		t.cold[qos_table_open(&t, &c, &origin, NULL, 0, START_NS)].ssrc_changes, 2);
	close_table(&t, mem);
}

static void holds_its_call_while_open(void **state)
{
	static struct qos_call call, dead;
	const struct qos_origin origin = {.flow.family = 4};
	struct pkt_media m = media_of(1);
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t stream;

	(void)state;
	atomic_store(&call.refs, 1);
	stream = qos_table_open(&t, &m, &origin, &call, 1, START_NS);
	assert_int_equal(atomic_load(&call.refs), 2);
	assert_int_equal(atomic_load(&call.streams), 1);
	assert_int_equal(atomic_load(&call.streams_open), 1);
	assert_ptr_equal(t.cold[stream].call, &call);
	assert_int_equal(t.cold[stream].party, 1);
	qos_table_close(&t, stream);
	assert_int_equal(atomic_load(&call.refs), 1);
	assert_int_equal(atomic_load(&call.streams), 1);
	assert_int_equal(atomic_load(&call.streams_open), 0);
	/* A call on its way out is not held any more. */
	stream = qos_table_open(&t, &m, &origin, &dead, 1, START_NS);
	assert_null(t.cold[stream].call);
	close_table(&t, mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_to_its_bound_and_refuses_the_rest),
		cmocka_unit_test(agrees_with_a_model),
		cmocka_unit_test(a_closed_stream_leaves_its_counts),
		cmocka_unit_test(counts_ssrc_changes_on_the_same_addresses),
		cmocka_unit_test(holds_its_call_while_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
