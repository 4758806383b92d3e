/* SPDX-License-Identifier: BSD-3-Clause */
/* What reaches the file is whole lines in a row, whatever it takes and when, and lines that found no room are counted. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe_lines.h"
#include "unit.h"

enum {
	LINE = 1 << 20,
};

static char path[] = "/tmp/probe_lines_test.XXXXXX";

/* Of octets of one letter, the index of which follows from i. */
static bool add(struct probe_lines *l, unsigned i, size_t n)
{
	char *line = probe_lines_begin(l);

	if (line) {
		memset(line, 'a' + (int)(i % 26), n - 1);
		line[n - 1] = '\n';
	}
	probe_lines_end(l, line ? n : 0);
	return line != NULL;
}

/* As a disk that is full is: what is written beyond that fails, and a part may be taken. */
static void limit_size(rlim_t octets)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The lines of the file are these, in this order, and whole. */
static void expect_lines(const unsigned *indices, size_t count, size_t n)
{
	FILE *f = fopen(path, "r");
	char *line = malloc(n + 1);

	assert_non_null(f);
	assert_non_null(line);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(fread(line, 1, n, f), n);
		for (size_t k = 0; k + 1 < n; k++)
			assert_int_equal(line[k], 'a' + (int)(indices[i] % 26));
		assert_int_equal(line[n - 1], '\n');
	}
	assert_int_equal(fgetc(f), EOF);
	free(line);
	fclose(f);
}

static void expect_first(unsigned count, size_t n)
{
	unsigned indices[100];

	for (unsigned i = 0; i < count; i++)
		indices[i] = i;
	expect_lines(indices, count, n);
}

static void lines_are_written_in_order(void **state)
{
	struct probe_lines l;

	(void)state;
	assert_int_equal(probe_lines_init(&l, path, false), 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(add(&l, i, 100));
		if (i % 3 == 0)
			probe_lines_write(&l);
	}
	probe_lines_write(&l);
	expect_first(10, 100);
	assert_int_equal(probe_lines_fini(&l), 0);
}

/* The limit lies within lines, at their ends and behind them. */
static void what_a_full_disk_did_not_take_is_written_first(void **state)
{
	(void)state;
	for (unsigned can_wait = 0; can_wait < 2; can_wait++)
		for (rlim_t room = 0; room < 500; room += 50) {
			struct probe_lines l;

			assert_int_equal(probe_lines_init(&l, path, can_wait), 0);
			limit_size(room);
			for (unsigned i = 0; i < 6; i++) {
				assert_true(add(&l, i, 100));
				probe_lines_write(&l);
			}
			assert_int_equal(l.error, EFBIG);
			limit_size(RLIM_INFINITY);
			assert_true(add(&l, 6, 100));
			probe_lines_write(&l);
			assert_int_equal(l.error, 0);
			expect_first(7, 100);
			assert_int_equal(l.lost, 0);
			assert_int_equal(probe_lines_fini(&l), 0);
		}
}

static void lose_too_long_line(struct probe_lines *l)
{
	assert_non_null(probe_lines_begin(l));
	probe_lines_end(l, 0);
}

/* Nobody waits for the disk. Of a file not to have all is an error, live it is counted only. A line that was too long before
 * does not hide it. */
static void what_finds_no_room_is_left_out_whole(void **state)
{
	(void)state;
	for (unsigned can_wait = 0; can_wait < 2; can_wait++) {
		struct probe_lines l;
		unsigned kept = 0, indices[100];

		assert_int_equal(probe_lines_init(&l, path, can_wait), 0);
		lose_too_long_line(&l);
		limit_size(LINE / 2);
		for (unsigned i = 0; i < 90; i++) {
			if (add(&l, i, LINE))
				indices[kept++] = i;
			probe_lines_write(&l);
		}
		assert_in_range(kept, PROBE_LINES_ROOM / LINE - PROBE_LINE_MAX / LINE, 89);
		assert_int_equal(l.lost, 1 + 90 - kept);
		limit_size(RLIM_INFINITY);
		probe_lines_write(&l);
		assert_true(add(&l, 90, LINE));
		indices[kept++] = 90;
		probe_lines_write(&l);
		expect_lines(indices, kept, LINE);
		assert_int_equal(probe_lines_fini(&l), can_wait ? -EFBIG : 0);
	}
}

/* Who would wait for control waits for himself, once he is control. */
static void control_alone_makes_room_itself(void **state)
{
	(void)state;
	for (unsigned can_wait = 0; can_wait < 2; can_wait++) {
		struct probe_lines l;

		assert_int_equal(probe_lines_init(&l, path, can_wait), 0);
		probe_lines_finish(&l);
		probe_lines_alone(&l);
		alarm(60);
		for (unsigned i = 0; i < 90; i++)
			assert_true(add(&l, i, LINE));
		alarm(0);
		probe_lines_write(&l);
		expect_first(90, LINE);
		assert_int_equal(probe_lines_fini(&l), 0);
	}
}

static void a_line_that_is_too_long_is_no_error(void **state)
{
	struct probe_lines l;

	(void)state;
	assert_int_equal(probe_lines_init(&l, path, true), 0);
	lose_too_long_line(&l);
	assert_int_equal(l.lost, 1);
	assert_int_equal(probe_lines_fini(&l), 0);
}

/* A pipe that takes nothing any more. */
static int open_stuck(struct probe_lines *l)
{
	int reader;

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_int_equal(probe_lines_init(l, path, false), 0);
	while (add(l, 0, LINE))
		probe_lines_write(l);
	return reader;
}

static void live_nobody_waits_for_who_does_not_read(void **state)
{
	struct probe_lines l;
	int reader = open_stuck(&l);

	(void)state;
	alarm(60);
	for (unsigned i = 0; i < 1000; i++) {
		assert_false(add(&l, i, 100));
		probe_lines_write(&l);
	}
	assert_int_equal(l.lost, 1001);
	assert_false(l.is_stalled);
	probe_lines_finish(&l);
	probe_lines_write(&l);
	assert_true(l.is_stalled);
	assert_false(add(&l, 0, 100));
	alarm(0);
	assert_int_equal(probe_lines_fini(&l), -ETIMEDOUT);
	close(reader);
	unlink(path);
}

static void *read_all(void *arg)
{
	static char octets[LINE];
	const int *reader = arg;
	struct timespec turn = {.tv_nsec = 1000000};
	ssize_t n;

	while ((n = read(*reader, octets, sizeof(octets))) != 0)
		if (n < 0)
			nanosleep(&turn, NULL);
	return NULL;
}

struct writer {
	struct probe_lines *lines;
	atomic_bool has_ended;
};

static void *add_more(void *arg)
{
	struct writer *w = arg;

	for (unsigned i = 0; i < 50; i++)
		if (!add(w->lines, i, LINE))
			break;
	atomic_store(&w->has_ended, true);
	return NULL;
}

/* What streams and calls say that end with the run is more than there is room for. */
static void at_the_end_lines_wait_for_who_reads(void **state)
{
	struct probe_lines l;
	struct writer w = {.lines = &l};
	pthread_t reading, adding;
	int reader = open_stuck(&l);

	(void)state;
	probe_lines_finish(&l);
	assert_int_equal(pthread_create(&reading, NULL, read_all, &reader), 0);
	assert_int_equal(pthread_create(&adding, NULL, add_more, &w), 0);
	alarm(60);
	while (!atomic_load(&w.has_ended))
		probe_lines_write(&l);
	probe_lines_write(&l);
	assert_int_equal(l.lost, 1);
	assert_int_equal(probe_lines_fini(&l), 0);
	pthread_join(adding, NULL);
	pthread_join(reading, NULL);
	alarm(0);
	close(reader);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_written_in_order),
		cmocka_unit_test(what_a_full_disk_did_not_take_is_written_first),
		cmocka_unit_test(what_finds_no_room_is_left_out_whole),
		cmocka_unit_test(control_alone_makes_room_itself),
		cmocka_unit_test(a_line_that_is_too_long_is_no_error),
		cmocka_unit_test(live_nobody_waits_for_who_does_not_read),
		cmocka_unit_test(at_the_end_lines_wait_for_who_reads),
	};
	int fd = mkstemp(path);
	int failed;

	if (fd < 0)
		return 1;
	close(fd);
	signal(SIGXFSZ, SIG_IGN);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
