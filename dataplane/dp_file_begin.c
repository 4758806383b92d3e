/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_file_begin.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
	STOP_MS = 100, /* between looks whether the reading is to be stopped */
	NAMES_MAX = 4096 + 256, /* a path among it */
};

/* Its header, then its first frame; of several it sleeps then. 0, also while a pipe has to be
 * waited for, or negative errno. */
static int begin_source(
	struct dp_file_source *source, bool is_alone, char *error, unsigned error_size)
{
	int err = 0;

	if (!source->has_header)
		err = dp_file_source_read_header(source, error, error_size);
	if (!err)
		dp_file_source_advance(source);
	if (!err && !is_alone)
		dp_file_source_sleep(source);
	return err == -EAGAIN ? 0 : err;
}

/* Those that have not begun; *waiting are pipes that have to be waited for. */
static int begin_some(struct dp_file_source *sources, unsigned count, struct pollfd *silent,
	unsigned *waiting, char *error, unsigned error_size)
{
	int err = 0;

	*waiting = 0;
	for (unsigned i = 0; i < count && !err; i++) {
		struct dp_file_source *source = &sources[i];

		if (source->is_done || source->has_begun)
			continue;
		err = begin_source(source, count == 1, error, error_size);
		if (!source->is_done && !source->has_begun)
			silent[(*waiting)++] = (struct pollfd){.fd = source->fd, .events = POLLIN};
	}
	return err;
}

static bool has_all_headers(const struct dp_file_source *sources, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!sources[i].has_header)
			return false;
	return true;
}

static bool has_live(const struct dp_file_source *sources, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (dp_file_source_is_live(&sources[i]))
			return true;
	return false;
}

/* Those that brought no octet: writers of captures begin with a header, however quiet the line
 * is. */
static void say_waiting(
	const struct dp_file_source *sources, unsigned count, void (*say)(const char *text))
{
	char names[NAMES_MAX], text[NAMES_MAX + 64];
	bool is_cut = false;
	size_t used = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct dp_file_source *source = &sources[i];
		size_t n;

		if (source->is_done || source->has_begun || source->read_ns)
			continue;
		n = (size_t)snprintf(names + used, sizeof(names) - used, "%s\"%s\"",
			used ? ", " : "", source->path);
		is_cut |= n >= sizeof(names) - used;
		used += is_cut ? 0 : n;
	}
	if (!used)
		return;
	snprintf(text, sizeof(text), "waiting for %.*s%s: nothing was written yet", (int)used,
		names, is_cut ? ", ..." : "");
	say(text);
}

/* As they come, since one may write several. Beside a capture that is being made those that bring
 * nothing but their header are not waited for. */
int dp_file_begin(struct dp_file_source *sources, unsigned count,
	const struct dp_file_caller *caller, char *error, unsigned error_size)
{
	struct dp_file_reading *reading = sources->reading;
	uint64_t begin_ns = dp_file_source_now();
	struct pollfd silent[DP_FILES_MAX];
	bool has_said = !caller || !caller->say;
	unsigned waiting;
	int err = 0;

	while (!dp_file_reading_is_stopped(reading)) {
		bool is_long = dp_file_source_now() - begin_ns >= DP_FILE_HOLD_NS;

		err = begin_some(sources, count, silent, &waiting, error, error_size);
		if (err || !waiting)
			break;
		if (is_long && has_all_headers(sources, count) && has_live(sources, count))
			break;
		if (is_long && !has_said)
			say_waiting(sources, count, caller->say);
		has_said |= is_long;
		if (caller && caller->is_asked_to_end && caller->is_asked_to_end())
			dp_file_reading_stop(reading);
		else
			poll(silent, waiting, STOP_MS);
	}
	return err;
}
