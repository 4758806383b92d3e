/* SPDX-License-Identifier: BSD-3-Clause */
/* More capture files than descriptors, as a ring of them: read one after the other, and what may
 * happen to one until it is its turn. */
#include <sys/resource.h>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "dp_file_disk.h"
#include "dp_file_reader.h"
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

static struct dp_file *open_ring(struct ring *ring, unsigned files)
{
	write_ring(ring, files);
	return open_files(ring->paths, files);
}

static void close_ring(struct dp_file *file, const struct ring *ring, unsigned files)
{
	dp_file_close(file);
	remove_ring(ring, files);
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
	struct dp_file *file = open_ring(&ring, 3);

	(void)state;
	unlink(ring.names[1]);
	for (unsigned i = 0; i < 3; i++)
		expect_file(file, i);
	expect_end(file);
	assert_null(dp_file_damage(file));
	close_ring(file, &ring, 3);
}

static void a_file_may_be_emptied_before_its_turn(void **state)
{
	static struct ring ring;
	struct dp_file *file = open_ring(&ring, 4);

	(void)state;
	assert_int_equal(truncate(ring.names[1], 0), 0);
	expect_file(file, 0);
	expect_file(file, 2);
	expect_file(file, 3);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	assert_string_equal(dp_file_damage(file), "\"dp_file_ring_1.pcap\": it is empty");
	close_ring(file, &ring, 4);
}

static void a_reading_that_is_stopped_wakes_none(void **state)
{
	static struct ring ring;
	struct dp_file *file = open_ring(&ring, 3);

	(void)state;
	expect_file(file, 0);
	dp_file_stop(file);
	expect_end(file);
	assert_true(dp_file_is_done(file));
	close_ring(file, &ring, 3);
}

/* AddressSanitizer's malloc() ends a process that finds no memory. */
#ifdef __has_feature
#define HAS_OWN_MALLOC !__has_feature(address_sanitizer)
#else
#define HAS_OWN_MALLOC 1
#endif

#if HAS_OWN_MALLOC
/* The process has room for a reader, but gets no more for what that holds. */
static void a_file_that_finds_no_memory_says_so(void **state)
{
	const char *paths[] = {"dp_file_ring_a.pcap", "dp_file_ring_b.pcap"};
	struct rlimit limit, none;
	struct dp_file *file;
	void *volatile own; /* or compilers leave both calls out */

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct writer w = begin(paths[i], MAGIC_US, TYPE_ETHERNET, false);

		for (unsigned j = 0; j < 2 * FRAMES; j += 2)
			frame(&w, 1000 + j + i, 0, (uint8_t)i, 60, 60);
		fclose(w.stream);
	}
	file = open_files(paths, 2);
	mallopt(M_MMAP_THRESHOLD, 1 << 25);
	mallopt(M_TRIM_THRESHOLD, 1 << 25);
	mallopt(M_PERTURB, 'x');
	own = malloc(2 * sizeof(struct dp_file_reader));
	free(own);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	none = (struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	for (unsigned j = 0; j < FRAMES; j++)
		expect(file, (1000 + 2 * j) * 1000000000ULL, 0, 60, 60, DP_LINK_ETHERNET);
	expect_end(file);
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	mallopt(M_PERTURB, 0);
	assert_string_equal(
		dp_file_damage(file), "\"dp_file_ring_b.pcap\": Cannot allocate memory");
	dp_file_close(file);
	unlink(paths[0]);
	unlink(paths[1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_has_more_files_than_descriptors),
		cmocka_unit_test(a_file_may_be_removed_before_its_turn),
		cmocka_unit_test(a_file_may_be_emptied_before_its_turn),
		cmocka_unit_test(a_reading_that_is_stopped_wakes_none),
#if HAS_OWN_MALLOC
		cmocka_unit_test(a_file_that_finds_no_memory_says_so),
#endif
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
