/* SPDX-License-Identifier: BSD-3-Clause */
/* libpcap knows the names of link types. */
#include "dp_file_source.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dp_meta.h"

#define NS_PER_SEC ((uint64_t)1000000000)

/* What the clocks of hosts differ by, at most, and what a packet takes from there to here. */
#define LIVE_NS (60 * NS_PER_SEC)

/* link_type: number of tcpdump.org's registry. -1 when it is none of enum dp_link. */
static int link_of(uint32_t link_type)
{
	switch (link_type) {
	case 1:
		return DP_LINK_ETHERNET;
	case 113:
		return DP_LINK_SLL;
	case 276:
		return DP_LINK_SLL2;
	case 12: /* raw IP is 101 in files, but some writers take their system's number for it */
	case 14:
	case 101:
	case 228: /* IPv4 */
	case 229: /* IPv6 */
		return DP_LINK_RAW;
	case 0:
	case 108: /* OpenBSD's loopback */
		return DP_LINK_NULL;
	default:
		return -1;
	}
}

static const char *link_name(uint32_t link_type)
{
	const char *name = pcap_datalink_val_to_name((int)link_type);

	return name ? name : "unknown";
}

static __attribute__((format(printf, 2, 3))) void note_damage(
	const struct dp_file_source *source, const char *format, ...)
{
	char *damage = source->reading->damage;
	size_t used = strlen(damage);
	va_list list;

	snprintf(damage + used, sizeof(source->reading->damage) - used,
		"%s\"%s\": ", used ? "; " : "", source->path);
	used = strlen(damage);
	va_start(list, format);
	/* clang-tidy 14 does not see the va_start. */
	vsnprintf(damage + used, sizeof(source->reading->damage) - used, format, list); /* NOLINT */
	va_end(list);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t dp_file_source_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static bool has_input(const struct dp_file_source *source)
{
	struct pollfd input = {.fd = source->fd, .events = POLLIN};

	return poll(&input, 1, 0) > 0;
}

/* A pipe's descriptor blocks, as whoever else has it may want. */
static ssize_t read_pipe(struct dp_file_source *source, void *to, size_t n)
{
	ssize_t got = -1;

	source->ahead.now_ns = dp_file_source_now();
	if (dp_file_reading_is_stopped(source->reading)) {
		source->is_cut_off = true;
		return 0;
	}
	if (has_input(source))
		got = read(source->fd, to, n);
	else
		errno = EAGAIN;
	if (got > 0)
		source->read_ns = source->ahead.now_ns;
	return got;
}

static ssize_t read_source(void *arg, void *to, size_t n)
{
	struct dp_file_source *source = arg;
	ssize_t got = source->may_be_silent ? read_pipe(source, to, n) : read(source->fd, to, n);

	if (got <= 0)
		return got;
	source->octets += (uint64_t)got;
	atomic_fetch_add_explicit(&source->reading->read, (uint64_t)got, memory_order_relaxed);
	return got;
}

static void end_source(struct dp_file_source *source, enum dp_file_status status)
{
	source->is_done = true;
	if (source->is_cut_off)
		return;
	if (status == DP_FILE_DAMAGED)
		note_damage(source, "%s", source->reader->error);
	if (source->left_out)
		note_damage(source,
			"frames of link type %" PRIu32
			" (%s) or others not supported were left out: %" PRIu64,
			source->left_out_type, link_name(source->left_out_type), source->left_out);
}

static void note_drops(struct dp_file_source *source)
{
	uint64_t drops = atomic_load_explicit(&source->reader->drops, memory_order_relaxed);

	atomic_store_explicit(&source->drops, drops, memory_order_relaxed);
}

static bool holds_frame(const struct dp_file_ahead *ahead)
{
	return ahead->count && link_of(ahead->held[ahead->first].link_type) >= 0;
}

void dp_file_source_advance(struct dp_file_source *source)
{
	struct dp_file_frame *frame = &source->frame;

	while (!source->is_done) {
		enum dp_file_status status = dp_file_ahead_next(&source->ahead, frame);

		note_drops(source);
		if (status == DP_FILE_LATER) {
			source->has_begun |= holds_frame(&source->ahead);
			return;
		}
		if (status != DP_FILE_FRAME) {
			end_source(source, status);
			return;
		}
		if (frame->link_type != source->link_type) {
			source->link_type = frame->link_type;
			source->link = link_of(frame->link_type);
		}
		source->last_ns = frame->time_ns;
		if (source->link >= 0) {
			source->has_frame = true;
			source->has_begun = true;
			return;
		}
		if (!source->left_out++)
			source->left_out_type = frame->link_type;
	}
}

int dp_file_source_refuse(const struct dp_file_source *source, char *error, unsigned error_size)
{
	int64_t link_type =
		source->left_out ? (int64_t)source->left_out_type : source->reader->first_link_type;

	if (link_type < 0 || link_of((uint32_t)link_type) >= 0)
		return 0;
	snprintf(error, error_size, "could not read \"%s\": link type %d (%s) is not supported",
		source->path, (int)link_type, link_name((uint32_t)link_type));
	return -ENOTSUP;
}

bool dp_file_source_is_live(const struct dp_file_source *source)
{
	uint64_t read_ns, last_ns = source->last_ns;

	if (!source->may_be_silent || !source->has_begun)
		return false;
	if (!source->has_frame && source->ahead.count)
		last_ns = source->ahead.held[source->ahead.first].time_ns;
	read_ns = clock_ns(CLOCK_REALTIME) - (dp_file_source_now() - source->read_ns);
	return read_ns + LIVE_NS - last_ns <= 2 * LIVE_NS;
}

bool dp_file_source_may_pass(const struct dp_file_source *next, const struct dp_file_source *silent)
{
	uint64_t next_ns = next->frame.time_ns;

	/* It has brought something, of which its next ones tell what it is. */
	if (silent->ahead.count)
		return false;
	if (!silent->has_begun)
		return dp_file_source_is_live(next) &&
		       next_ns + DP_FILE_HOLD_NS <= clock_ns(CLOCK_REALTIME);
	return dp_file_source_is_live(silent) &&
	       next_ns + DP_FILE_HOLD_NS <=
		       silent->last_ns + (dp_file_source_now() - silent->read_ns);
}

/* A FIFO without a writer is opened at once too: only waiting for input can be interrupted. */
static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0 || fcntl(fd, F_SETFL, O_RDONLY) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int make_reader(struct dp_file_source *source)
{
	struct dp_file_reading *reading = source->reading;
	int err = 0;

	if (reading->spare_count) {
		unsigned i = --reading->spare_count;

		source->reader = reading->spares[i].reader;
		dp_file_ahead_init_with(&source->ahead, source->reader, reading->spares[i].octets);
	} else {
		source->reader = malloc(sizeof(*source->reader));
		if (!source->reader)
			return -ENOMEM;
		err = dp_file_ahead_init(&source->ahead, source->reader);
	}
	dp_file_reader_init(source->reader, read_source, source);
	return err;
}

/* Of what was read only counters are left. */
static void give_back(struct dp_file_source *source)
{
	struct dp_file_reading *reading = source->reading;

	if (source->reader && source->ahead.octets && reading->spare_count < DP_FILE_SPARES) {
		reading->spares[reading->spare_count].reader = source->reader;
		reading->spares[reading->spare_count++].octets = source->ahead.octets;
	} else {
		dp_file_ahead_fini(&source->ahead);
		free(source->reader);
	}
	source->ahead.octets = NULL;
	source->reader = NULL;
}

void dp_file_reading_fini(struct dp_file_reading *reading)
{
	for (unsigned i = 0; i < reading->spare_count; i++) {
		free(reading->spares[i].reader);
		dp_file_ahead_fini(&(struct dp_file_ahead){.octets = reading->spares[i].octets});
	}
}

int dp_file_source_open(struct dp_file_source *source, struct dp_file_reading *reading,
	const char *path, char *error, unsigned error_size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat status;
	int err;

	source->reading = reading;
	source->path = is_stdin ? "standard input" : path;
	source->link_type = UINT32_MAX; /* no file's */
	source->fd = is_stdin ? STDIN_FILENO : open_path(path);
	if (source->fd < 0) {
		err = -errno;
		snprintf(error, error_size, "could not open \"%s\": %s", path, strerror(-err));
		return err;
	}
	source->may_be_silent = fstat(source->fd, &status) || !S_ISREG(status.st_mode);
	if (!source->may_be_silent)
		reading->total += (uint64_t)status.st_size;
	return 0;
}

int dp_file_source_read_header(struct dp_file_source *source, char *error, unsigned error_size)
{
	int err = source->reader ? 0 : make_reader(source);

	if (err) {
		snprintf(error, error_size, "could not read \"%s\": out of memory", source->path);
		return err;
	}
	err = dp_file_reader_open(source->reader);
	source->has_header = !err;
	if (err && err != -EAGAIN)
		snprintf(error, error_size, "could not read \"%s\": %s", source->path,
			source->reader->error);
	return err;
}

/* Standard input is whoever else's who has it, too. */
void dp_file_source_sleep(struct dp_file_source *source)
{
	if (source->may_be_silent || source->fd == STDIN_FILENO || !source->has_frame)
		return;
	give_back(source);
	atomic_fetch_sub_explicit(&source->reading->read, source->octets, memory_order_relaxed);
	atomic_store_explicit(&source->drops, 0, memory_order_relaxed);
	source->ahead = (struct dp_file_ahead){0};
	source->octets = source->left_out = 0;
	source->link_type = UINT32_MAX;
	source->sleeps = true;
}

void dp_file_source_wake(struct dp_file_source *source)
{
	char error[DP_FILE_ERROR_MAX + PATH_MAX];
	int err = lseek(source->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	source->sleeps = source->has_frame = false;
	if (!err)
		err = dp_file_source_read_header(source, error, sizeof(error));
	if (!err) {
		dp_file_source_advance(source);
		return;
	}
	note_damage(source, "%s",
		source->reader && source->reader->error[0] ? source->reader->error
							   : strerror(-err));
	source->is_done = true;
}

void dp_file_source_release(struct dp_file_source *source)
{
	give_back(source);
	if (!source->may_be_silent && source->fd > STDERR_FILENO) {
		close(source->fd);
		source->fd = -1;
	}
}

void dp_file_source_close(struct dp_file_source *source)
{
	if (source->fd > STDERR_FILENO)
		close(source->fd);
	give_back(source);
}

void dp_file_reading_stop(struct dp_file_reading *reading)
{
	atomic_store_explicit(&reading->is_stopped, true, memory_order_relaxed);
}

bool dp_file_reading_is_stopped(const struct dp_file_reading *reading)
{
	return atomic_load_explicit(&reading->is_stopped, memory_order_relaxed);
}
