/* SPDX-License-Identifier: BSD-3-Clause */
/* What DPDK says while the probe starts is seen when the start fails, and only then. */
#include <stdlib.h>

#include <rte_log.h>

#include "dp_log.h"
#include "unit.h"

static char *seen;
static size_t seen_bytes;
static FILE *out;

static void begin(bool shows_all)
{
	out = open_memstream(&seen, &seen_bytes);
	assert_non_null(out);
	assert_int_equal(dp_log_begin(out, shows_all), 0);
}

static void expect(const char *text)
{
	fclose(out);
	assert_string_equal(seen, text);
	free(seen);
}

static void say(uint32_t level, const char *line)
{
	rte_log(level, RTE_LOGTYPE_USER1, "%s", line);
}

static void a_start_that_succeeds_shows_our_lines(void **state)
{
	(void)state;
	begin(false);
	say(RTE_LOG_ERR, "eth_dev_macaddr_set(): ioctl(SIOCSIFHWADDR) failed:Invalid argument\n");
	say(RTE_LOG_NOTICE, "heptap.port: \"lo\" is open\n");
	say(RTE_LOG_WARNING, "EAL: No free hugepages");
	say(RTE_LOG_WARNING, " reported\n");
	dp_log_end(false);
	say(RTE_LOG_ERR, "a driver's\n");
	expect("heptap.port: \"lo\" is open\na driver's\n");
}

static void an_error_of_ours_is_said_behind_its_reasons(void **state)
{
	(void)state;
	begin(false);
	say(RTE_LOG_ERR, "EAL: Cannot find device\n");
	say(RTE_LOG_WARNING, "heptap.port: a warning\n");
	say(RTE_LOG_ERR, "heptap.port: could not open\n");
	say(RTE_LOG_ERR, "EAL: more\n");
	dp_log_end(true);
	expect("heptap.port: a warning\nEAL: Cannot find device\nheptap.port: could not open\nEAL: more\n");
}

static void what_explains_nothing_is_dropped(void **state)
{
	(void)state;
	begin(false);
	say(RTE_LOG_ERR, "EAL: Cannot create lock\n");
	dp_log_drop();
	say(RTE_LOG_ERR, "heptap.eal: a probe runs already\n");
	dp_log_end(true);
	expect("heptap.eal: a probe runs already\n");
}

static void a_panic_is_shown_with_what_led_to_it(void **state)
{
	(void)state;
	begin(false);
	say(RTE_LOG_ERR, "EAL: a reason\n");
	say(RTE_LOG_CRIT, "PANIC\n");
	expect("EAL: a reason\nPANIC\n");
}

static void all_is_shown_on_demand(void **state)
{
	(void)state;
	begin(true);
	say(RTE_LOG_WARNING, "EAL: a warning\n");
	say(RTE_LOG_NOTICE, "heptap: a line\n");
	dp_log_end(false);
	expect("EAL: a warning\nheptap: a line\n");
}

static void no_more_is_held_than_there_is_room_for(void **state)
{
	char line[101];
	size_t n = 0;

	(void)state;
	memset(line, 'a', sizeof(line));
	line[99] = '\n';
	line[100] = '\0';
	begin(false);
	for (unsigned i = 0; i < 1000; i++)
		say(RTE_LOG_ERR, line);
	dp_log_end(true);
	fclose(out);
	for (const char *p = seen; *p; p += 100, n++)
		assert_memory_equal(p, line, 100);
	assert_in_range(n, 100, 999);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_that_succeeds_shows_our_lines),
		cmocka_unit_test(an_error_of_ours_is_said_behind_its_reasons),
		cmocka_unit_test(what_explains_nothing_is_dropped),
		cmocka_unit_test(a_panic_is_shown_with_what_led_to_it),
		cmocka_unit_test(all_is_shown_on_demand),
		cmocka_unit_test(no_more_is_held_than_there_is_room_for),
	};

	rte_log_set_global_level(RTE_LOG_DEBUG);
	rte_log_set_level(RTE_LOGTYPE_USER1, RTE_LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
