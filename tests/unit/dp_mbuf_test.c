/* SPDX-License-Identifier: BSD-3-Clause */
/* Every kind of mbuf goes back to where it came from, whatever else is in the burst. */
#include "dp_mbuf.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	MBUFS = 63,
	BURST = 8,
};

static struct rte_mempool *pools[2];

static int make_pools(void **state)
{
	int rc = start_eal(state);

	for (unsigned i = 0; i < 2 && !rc; i++) {
		pools[i] = rte_pktmbuf_pool_create(i ? "b" : "a", MBUFS, 0, 0, 2048 + 128, -1);
		rc = !pools[i];
	}
	return rc;
}

static int drop_pools(void **state)
{
	rte_mempool_free(pools[0]);
	rte_mempool_free(pools[1]);
	return stop_eal(state);
}

static void take(struct rte_mbuf **m)
{
	assert_int_equal(rte_pktmbuf_alloc_bulk(pools[0], m, BURST), 0);
}

static void expect_all_back(void)
{
	assert_int_equal(rte_mempool_avail_count(pools[0]), MBUFS);
	assert_int_equal(rte_mempool_avail_count(pools[1]), MBUFS);
}

static void plain_bursts(void **state)
{
	struct rte_mbuf *m[BURST];

	(void)state;
	take(m);
	dp_mbuf_free_burst(m, BURST);
	expect_all_back();
	dp_mbuf_free_burst(m, 0);
	expect_all_back();
}

static void bursts_with_gaps(void **state)
{
	(void)state;
	for (unsigned gap = 0; gap < BURST; gap++) {
		struct rte_mbuf *m[BURST];

		take(m);
		rte_pktmbuf_free(m[gap]);
		m[gap] = NULL;
		dp_mbuf_free_burst(m, BURST);
		expect_all_back();
	}
}

static void bursts_of_two_pools(void **state)
{
	struct rte_mbuf *m[BURST];

	(void)state;
	take(m);
	rte_pktmbuf_free(m[3]);
	m[3] = rte_pktmbuf_alloc(pools[1]);
	dp_mbuf_free_burst(m, BURST);
	expect_all_back();
}

static void chains(void **state)
{
	struct rte_mbuf *m[BURST];

	(void)state;
	take(m);
	assert_int_equal(rte_pktmbuf_chain(m[5], rte_pktmbuf_alloc(pools[1])), 0);
	dp_mbuf_free_burst(m, BURST);
	expect_all_back();
}

static void what_somebody_else_holds_stays(void **state)
{
	struct rte_mbuf *m[BURST];

	(void)state;
	take(m);
	rte_mbuf_refcnt_update(m[7], 1);
	dp_mbuf_free_burst(m, BURST);
	assert_int_equal(rte_mempool_avail_count(pools[0]), MBUFS - 1);
	rte_pktmbuf_free(m[7]);
	expect_all_back();
}

static void clones(void **state)
{
	struct rte_mbuf *m[BURST];
	struct rte_mbuf *original;

	(void)state;
	take(m);
	original = m[0];
	m[0] = rte_pktmbuf_clone(original, pools[1]);
	assert_non_null(m[0]);
	dp_mbuf_free_burst(m, BURST);
	assert_int_equal(rte_mempool_avail_count(pools[0]), MBUFS - 1);
	rte_pktmbuf_free(original);
	expect_all_back();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bursts),
		cmocka_unit_test(bursts_with_gaps),
		cmocka_unit_test(bursts_of_two_pools),
		cmocka_unit_test(chains),
		cmocka_unit_test(what_somebody_else_holds_stays),
		cmocka_unit_test(clones),
	};

	return cmocka_run_group_tests(tests, make_pools, drop_pools);
}
