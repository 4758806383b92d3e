/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_log.h"

#include <errno.h>
#include <string.h>

#include <rte_log.h>

#define OURS "heptap" /* so begin all lines of ours */

enum {
	HELD_MAX = 16384, /* the first lines are nearest to the reason */
};

static struct {
	FILE *stream; /* DPDK's, which comes here; lives as long as the process */
	FILE *out;
	bool holds;
	bool is_amid_line;
	bool is_ours; /* that line */
	size_t used;
	char held[HELD_MAX];
} dp_log;

static void show_held(void)
{
	fwrite(dp_log.held, 1, dp_log.used, dp_log.out);
	dp_log.used = 0;
}

static void hold(const char *text, size_t n)
{
	if (n <= sizeof(dp_log.held) - dp_log.used) {
		memcpy(dp_log.held + dp_log.used, text, n);
		dp_log.used += n;
	}
}

/* A message or a part of one, with the stream locked. */
static ssize_t take(void *cookie, const char *text, size_t n)
{
	int level = rte_log_cur_msg_loglevel();

	(void)cookie;
	if (!n)
		return 0;
	if (!dp_log.is_amid_line)
		dp_log.is_ours = n >= strlen(OURS) && memcmp(text, OURS, strlen(OURS)) == 0;
	dp_log.is_amid_line = text[n - 1] != '\n';
	/* What is worse than an error may be the last that is said. */
	if (dp_log.holds && !dp_log.is_ours && level >= (int)RTE_LOG_ERR) {
		hold(text, n);
		return (ssize_t)n;
	}
	if (level <= (int)RTE_LOG_ERR)
		show_held();
	fwrite(text, 1, n, dp_log.out);
	fflush(dp_log.out);
	return (ssize_t)n;
}

int dp_log_begin(FILE *out, bool shows_all)
{
	if (!dp_log.stream)
		dp_log.stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take});
	if (!dp_log.stream)
		return -ENOMEM;
	dp_log.out = out;
	dp_log.holds = !shows_all;
	dp_log.used = 0;
	return rte_openlog_stream(dp_log.stream) ? -EINVAL : 0;
}

bool dp_log_is_begun(void)
{
	return dp_log.stream != NULL;
}

void dp_log_drop(void)
{
	flockfile(dp_log.stream);
	dp_log.used = 0;
	funlockfile(dp_log.stream);
}

void dp_log_end(bool has_failed)
{
	flockfile(dp_log.stream);
	if (has_failed)
		show_held();
	fflush(dp_log.out);
	dp_log.used = 0;
	dp_log.holds = false;
	funlockfile(dp_log.stream);
}
