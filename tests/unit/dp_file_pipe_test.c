/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files that are pipes: what is there can be polled, what is not there yet is no end. */
#include <sys/stat.h>

#include <unistd.h>

#include "dp_file_disk.h"
#include "dp_unit.h"
#include "dp_wake.h"

/* A FIFO that the test writes. */
static struct writer begin_fifo(const char *path, uint32_t first_sec, uint8_t tag)
{
	struct writer w = {.is_big_endian = false};

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	w.stream = fopen(path, "r+");
	assert_non_null(w.stream);
	header(&w, MAGIC_US, TYPE_ETHERNET);
	for (unsigned i = 0; i < 3; i++)
		frame(&w, first_sec, 0, tag, 60, 60);
	fflush(w.stream);
	return w;
}

static void a_pipe_gives_what_it_has_and_goes_on(void **state)
{
	const char *path = "dp_file_pipe.fifo";
	struct writer w = begin_fifo(path, 1, 0x11);
	struct rte_mbuf *burst[32];
	struct dp_file *file = open_files(&path, 1);

	(void)state;
	assert_true(dp_file_has_pipe(file));
	assert_int_equal(dp_file_poll(file, burst, 32), 3);
	rte_pktmbuf_free_bulk(burst, 3);
	expect_end(file);
	assert_false(dp_file_is_done(file));
	frame(&w, 2, 0, 0x22, 60, 60);
	put(&w, 3, 4); /* and the begin of another one */
	fflush(w.stream);
	expect(file, 2000000000, 0x22, 60, 60, DP_LINK_ETHERNET);
	expect_end(file);
	assert_false(dp_file_is_done(file));
	dp_file_stop(file);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	assert_null(dp_file_damage(file)); /* of what the reading was stopped in */
	dp_file_close(file);
	fclose(w.stream);
	unlink(path);
}

static void what_a_recorded_pipe_lacks_is_waited_for(void **state)
{
	const char *paths[] = {"dp_file_pipe.fifo", "dp_file_pipe.pcap"};
	struct writer w = begin_fifo(paths[0], 1, 0x11);
	struct writer a = begin(paths[1], MAGIC_US, TYPE_ETHERNET, false);
	struct dp_file *file;

	(void)state;
	frame(&a, 1, 1, 0x22, 60, 60);
	frame(&a, 3, 0, 0x22, 60, 60);
	fclose(a.stream);
	file = open_files(paths, 2);
	for (unsigned i = 0; i < 3; i++)
		expect(file, 1000000000, 0x11, 60, 60, DP_LINK_ETHERNET);
	expect_end(file);
	frame(&w, 2, 0, 0x33, 60, 60);
	fflush(w.stream);
	expect(file, 1000001000, 0x22, 60, 60, DP_LINK_ETHERNET);
	expect(file, 2000000000, 0x33, 60, 60, DP_LINK_ETHERNET);
	expect_end(file);
	assert_false(dp_file_is_done(file));
	dp_file_stop(file); /* the file ends there, too */
	expect_end(file);
	assert_true(dp_file_is_done(file));
	dp_file_close(file);
	fclose(w.stream);
	unlink(paths[0]);
	unlink(paths[1]);
}

/* How many of its pipes wake who polls the file. */
static int wakes(struct dp_wake *wake)
{
	return poll(wake->fds, wake->count, 0);
}

/* One that ended, or is ahead of the others, does not: it would again and again. */
static void only_a_pipe_that_lacks_something_wakes(void **state)
{
	const char *paths[] = {"dp_file_pipe.1", "dp_file_pipe.2", "dp_file_pipe.3"};
	struct writer ended = begin_fifo(paths[0], 1, 0x11);
	struct writer silent = begin_fifo(paths[1], 1, 0x22);
	struct writer ahead = begin_fifo(paths[2], 2, 0x33);
	struct dp_wake wake = {.count = 0};
	struct dp_file *file = open_files(paths, 3);
	struct rte_mbuf *burst[32];

	(void)state;
	dp_file_wake(file, &wake);
	fclose(ended.stream);
	frame(&ahead, 3, 0, 0x33, 60, 60);
	fflush(ahead.stream);
	assert_int_equal(dp_file_poll(file, burst, 32), 6);
	rte_pktmbuf_free_bulk(burst, 6);
	assert_int_equal(dp_file_poll(file, burst, 32), 0);
	assert_int_equal(wakes(&wake), 0);
	frame(&silent, 2, 1, 0x22, 60, 60);
	fflush(silent.stream);
	assert_int_equal(wakes(&wake), 1);
	assert_int_equal(dp_file_poll(file, burst, 32), 4);
	rte_pktmbuf_free_bulk(burst, 4);
	assert_int_equal(wakes(&wake), 0);
	fclose(silent.stream);
	assert_int_equal(wakes(&wake), 1);
	/* Once the other one has ended all that this has is taken, and more of it wakes again. */
	assert_int_equal(dp_file_poll(file, burst, 32), 1);
	rte_pktmbuf_free_bulk(burst, 1);
	assert_int_equal(wakes(&wake), 0);
	frame(&ahead, 4, 0, 0x33, 60, 60);
	fflush(ahead.stream);
	assert_int_equal(wakes(&wake), 1);
	dp_file_close(file);
	fclose(ahead.stream);
	for (unsigned i = 0; i < 3; i++)
		unlink(paths[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_gives_what_it_has_and_goes_on),
		cmocka_unit_test(what_a_recorded_pipe_lacks_is_waited_for),
		cmocka_unit_test(only_a_pipe_that_lacks_something_wakes),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
