/* SPDX-License-Identifier: BSD-3-Clause */
/* More capture files than descriptors, as a ring of them: read one after the other, and what may happen to one until
 * it is its turn. */
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>

#include "dp_file_disk.h"
#include "dp_unit.h"

enum {
	FILES = 300,
	FRAMES = 20, /* of each: more than are looked at before its first one */
	PATH_BYTES = 32,
};

struct ring {
	char names[FILES][PATH_BYTES];
	const char *paths[FILES];
};

/* File i has the seconds from FRAMES * i on; the files are given the last first. */
static void write_ring(struct ring *ring, unsigned files)
{
	for (unsigned i = 0; i < files; i++) {
		char *path = ring->names[i];
		struct writer w;

		snprintf(path, PATH_BYTES, "dp_file_ring_%u.pcap", i);
		ring->paths[files - 1 - i] = path;
		w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
		for (unsigned j = 0; j < FRAMES; j++)
			frame(&w, 1000 + FRAMES * i + j, 0, (uint8_t)i, 60, 60);
		fclose(w.stream);
	}
}

static void remove_ring(const struct ring *ring, unsigned files)
{
	for (unsigned i = 0; i < files; i++)
		unlink(ring->names[i]);
}

static void expect_file(struct dp_file *file, unsigned i)
{
	for (unsigned j = 0; j < FRAMES; j++)
		expect(file, (1000 + FRAMES * i + j) * 1000000000ULL, (uint8_t)i, 60, 60,
			DP_LINK_ETHERNET);
}

static unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void a_ring_has_more_files_than_descriptors(void **state)
{
	struct rlimit limit, few;
	static struct ring ring;
	unsigned before = descriptors();
	uint64_t read, total;
	struct dp_file *file;

	(void)state;
	write_ring(&ring, FILES);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){.rlim_cur = FILES / 2, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	file = open_files(ring.paths, FILES);
	dp_file_progress(file, &read, &total);
	assert_int_equal(total, FILES * (24 + FRAMES * 76));
	assert_int_equal(read, 0);
	for (unsigned i = 0; i < FILES; i++)
		expect_file(file, i);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	assert_null(dp_file_damage(file));
	dp_file_progress(file, &read, &total);
	assert_int_equal(read, total);
	assert_int_equal(descriptors(), before);
	dp_file_close(file);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	remove_ring(&ring, FILES);
}

/* As by a capture that goes on into its ring. */
static void a_file_may_be_removed_before_its_turn(void **state)
{
	static struct ring ring;
	struct dp_file *file;

	(void)state;
	write_ring(&ring, 3);
	file = open_files(ring.paths, 3);
	unlink(ring.names[1]);
	for (unsigned i = 0; i < 3; i++)
		expect_file(file, i);
	expect_end(file);
	assert_null(dp_file_damage(file));
	dp_file_close(file);
	remove_ring(&ring, 3);
}

static void a_file_may_be_emptied_before_its_turn(void **state)
{
	static struct ring ring;
	struct dp_file *file;

	(void)state;
	write_ring(&ring, 4);
	file = open_files(ring.paths, 4);
	assert_int_equal(truncate(ring.names[1], 0), 0);
	expect_file(file, 0);
	expect_file(file, 2);
	expect_file(file, 3);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	assert_string_equal(dp_file_damage(file), "\"dp_file_ring_1.pcap\": it is empty");
	dp_file_close(file);
	remove_ring(&ring, 4);
}

static void a_reading_that_is_stopped_wakes_none(void **state)
{
	static struct ring ring;
	struct dp_file *file;

	(void)state;
	write_ring(&ring, 3);
	file = open_files(ring.paths, 3);
	expect_file(file, 0);
	dp_file_stop(file);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	dp_file_close(file);
	remove_ring(&ring, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_has_more_files_than_descriptors),
		cmocka_unit_test(a_file_may_be_removed_before_its_turn),
		cmocka_unit_test(a_file_may_be_emptied_before_its_turn),
		cmocka_unit_test(a_reading_that_is_stopped_wakes_none),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
