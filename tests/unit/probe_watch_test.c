/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of JSON that cannot be written, and how often: each once, and lines that were lost with their number. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"
#include "probe_log.h"
#include "probe_results.h"
#include "probe_watch.h"
#include "unit.h"

static struct probe probe;
static struct probe_results results;
static struct probe_watch watch;
static char *said;
static size_t said_bytes;
static FILE *log_file;

static int begin(void **state)
{
	(void)state;
	memset(&watch, 0, sizeof(watch));
	memset(&results, 0, sizeof(results));
	pthread_mutex_init(&results.lines.lock, NULL);
	results.has_json = true;
	probe.results = &results;
	log_file = open_memstream(&said, &said_bytes);
	assert_non_null(log_file);
	rte_openlog_stream(log_file);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rte_openlog_stream(stderr);
	fclose(log_file);
	free(said);
	return 0;
}

/* So many looks say this in all. */
static void expect(unsigned looks, const char *text)
{
	fflush(log_file);
	rewind(log_file);
	for (unsigned i = 0; i < looks; i++)
		probe_watch(&probe, &watch);
	fputc('\0', log_file);
	fflush(log_file);
	assert_string_equal(said, text);
}

#define DISK_IS_FULL \
	"heptap: could not write JSON: No space left on device; its lines wait, as long as there is room\n"

static void a_full_disk_is_said_once_and_its_end(void **state)
{
	(void)state;
	results.lines.error = ENOSPC;
	expect(5, DISK_IS_FULL);
	results.lines.error = 0;
	expect(5, "heptap: JSON can be written again\n");
	expect(30, "");
}

static void lines_that_a_full_disk_costs_are_said_with_their_number(void **state)
{
	(void)state;
	results.lines.error = ENOSPC;
	expect(1, DISK_IS_FULL);
	results.lines.lost = 7;
	expect(1, "heptap: JSON lines find no room and are lost: No space left on device\n");
	results.lines.lost = 9;
	expect(50, "");
	results.lines.error = 0;
	expect(1, "heptap: JSON can be written again\n");
	expect(30, "heptap: JSON lines are lost no more; lost were 9\n");
	results.lines.lost = 12;
	expect(1, "heptap: JSON lines find no room and are lost: nobody reads them fast enough\n");
	expect(30, "heptap: JSON lines are lost no more; lost were 3\n");
}

static void nothing_is_said_without_json(void **state)
{
	(void)state;
	results.has_json = false;
	expect(30, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_disk_is_said_once_and_its_end, begin, end),
		cmocka_unit_test_setup_teardown(
			lines_that_a_full_disk_costs_are_said_with_their_number, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_said_without_json, begin, end),
	};

	probe_log_init(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
