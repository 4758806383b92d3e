/* SPDX-License-Identifier: BSD-3-Clause */
/* Each file holds its next frame; a poll hands out the earliest of them. libpcap knows the names of link
 * types. */
#include "dp_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_file_reader.h"
#include "dp_idle.h"
#include "dp_meta.h"

/* Touching and returning packet memory is most of what a short file costs, and a file can wait: there
 * are few buffers. */
enum {
	SMALL_FRAME = 2176,
	SMALL_MBUFS = 511,
	SMALL_CACHE = 32,
	SMALL_MBUFS_OF_LCORE = 64, /* more than its cache ever holds */
	SPARE_MBUFS = 32,
	LARGE_MBUFS = 63,
	DAMAGE_MAX = 1024,
	STOP_MS = 100, /* between looks whether the reading was stopped */
};

struct source {
	struct dp_file *file;
	const char *path;
	int fd;
	uint32_t link_type; /* the last frame's, and */
	int link; /* its enum dp_link, -1 for none of them */
	bool is_done;
	bool may_be_silent; /* a pipe, a FIFO or a terminal */
	uint64_t left_out; /* frames whose link type is none of enum dp_link, */
	uint32_t left_out_type; /* the first of them's */
	struct dp_file_frame frame; /* the next one */
	struct dp_file_reader *reader;
};

struct dp_file {
	struct rte_mempool *small;
	struct rte_mempool *large;
	struct rte_mbuf *spare[SPARE_MBUFS]; /* small ones */
	unsigned spare_count;
	unsigned source_count;
	struct source sources[DP_FILES_MAX];
	_Atomic uint64_t read;
	atomic_bool is_stopped;
	bool is_opening;
	uint64_t total;
	char damage[DAMAGE_MAX];
};

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

static __attribute__((format(printf, 3, 4))) void note_damage(
	struct dp_file *file, const struct source *source, const char *format, ...)
{
	size_t used = strlen(file->damage);
	va_list list;

	snprintf(file->damage + used, sizeof(file->damage) - used, "%s\"%s\": ", used ? "; " : "",
		source->path);
	used = strlen(file->damage);
	va_start(list, format);
	vsnprintf(file->damage + used, sizeof(file->damage) - used, format, list);
	va_end(list);
}

/* The signals that end a run are blocked, and who opens files is who would take them. */
static bool is_asked_to_end(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM));
}

/* False when the reading was stopped meanwhile, or a signal came. */
static bool wait_for_input(const struct source *source)
{
	struct pollfd input = {.fd = source->fd, .events = POLLIN};
	struct dp_file *file = source->file;
	int rc = 0;

	while (!rc && !atomic_load_explicit(&file->is_stopped, memory_order_relaxed)) {
		if (file->is_opening && is_asked_to_end())
			dp_file_stop(file);
		else
			rc = poll(&input, 1, STOP_MS);
	}
	return rc > 0;
}

static ssize_t read_source(void *arg, void *to, size_t n)
{
	struct source *source = arg;
	ssize_t got;

	if (source->may_be_silent && !wait_for_input(source))
		return 0;
	got = read(source->fd, to, n);
	if (got > 0)
		atomic_fetch_add_explicit(&source->file->read, (uint64_t)got, memory_order_relaxed);
	return got;
}

static void end_source(struct source *source, enum dp_file_status status)
{
	source->is_done = true;
	if (status == DP_FILE_DAMAGED)
		note_damage(source->file, source, "%s", source->reader->error);
	if (source->left_out)
		note_damage(source->file, source,
			"frames of link type %" PRIu32
			" (%s) or others not supported were left out: %" PRIu64,
			source->left_out_type, link_name(source->left_out_type), source->left_out);
}

static void advance(struct source *source)
{
	struct dp_file_frame *frame = &source->frame;

	for (;;) {
		enum dp_file_status status = dp_file_reader_next(source->reader, frame);

		if (status != DP_FILE_FRAME) {
			end_source(source, status);
			return;
		}
		if (frame->link_type != source->link_type) {
			source->link_type = frame->link_type;
			source->link = link_of(frame->link_type);
		}
		if (source->link >= 0)
			return;
		if (!source->left_out++)
			source->left_out_type = frame->link_type;
	}
}

/* The source with the earliest frame, of equal ones the first file's. NULL at the end. */
static struct source *earliest(struct dp_file *file)
{
	struct source *best = NULL;

	for (unsigned i = 0; i < file->source_count; i++) {
		struct source *source = &file->sources[i];

		if (!source->is_done && (!best || source->frame.time_ns < best->frame.time_ns))
			best = source;
	}
	return best;
}

/* Small ones come many at a time. */
static struct rte_mbuf *alloc_small(struct dp_file *file)
{
	if (!file->spare_count &&
		rte_pktmbuf_alloc_bulk(file->small, file->spare, SPARE_MBUFS) == 0)
		file->spare_count = SPARE_MBUFS;
	if (file->spare_count)
		return file->spare[--file->spare_count];
	return rte_pktmbuf_alloc(file->small);
}

static struct rte_mbuf *alloc_for(struct dp_file *file, uint32_t size)
{
	struct rte_mbuf *m;

	if (size <= SMALL_FRAME)
		return alloc_small(file);
	m = rte_pktmbuf_alloc(file->large);
	/* A segment has at most 65535 octets, head room included. */
	if (m)
		m->data_off = 0;
	return m;
}

static void fill(struct rte_mbuf *m, const struct source *source)
{
	const struct dp_file_frame *frame = &source->frame;
	struct dp_meta *meta = dp_meta(m);

	memcpy(rte_pktmbuf_mtod(m, void *), frame->data, frame->captured);
	m->data_len = (uint16_t)frame->captured;
	m->pkt_len = frame->captured;
	meta->time_ns = frame->time_ns;
	meta->wire_bytes = frame->wire;
	meta->link = (uint32_t)source->link;
	meta->network = 0;
	meta->behind_ns = 0;
}

unsigned dp_file_poll(struct dp_file *file, struct rte_mbuf **burst, unsigned n)
{
	struct dp_idle idle = {0};
	unsigned count = 0;

	while (count < n) {
		struct source *source = earliest(file);
		struct rte_mbuf *m;

		if (!source)
			break;
		m = alloc_for(file, source->frame.captured);
		if (!m) {
			/* The caller may be one of those who hold buffers: first let it work. */
			if (count)
				break;
			dp_idle_wait(&idle, false);
			continue;
		}
		fill(m, source);
		burst[count++] = m;
		advance(source);
	}
	return count;
}

/* Up to the first frame. A file all of another link type is refused. */
static int begin(struct source *source, char *error, unsigned error_size)
{
	int err = dp_file_reader_open(source->reader, read_source, source);
	int64_t link_type;

	if (!err)
		advance(source);
	if (atomic_load_explicit(&source->file->is_stopped, memory_order_relaxed)) {
		snprintf(error, error_size, "could not read \"%s\": interrupted", source->path);
		return -EINTR;
	}
	if (err) {
		snprintf(error, error_size, "could not read \"%s\": %s", source->path,
			source->reader->error);
		return err;
	}
	link_type = source->left_out ? source->left_out_type : source->reader->first_link_type;
	if (!source->is_done || link_type < 0 || link_of((uint32_t)link_type) >= 0)
		return 0;
	snprintf(error, error_size, "could not read \"%s\": link type %d (%s) is not supported",
		source->path, (int)link_type, link_name((uint32_t)link_type));
	return -ENOTSUP;
}

/* A FIFO without a writer is opened at once too: only waiting for input can be interrupted. */
static int open_path(const char *path)
{
	struct stat status;
	bool is_fifo = stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
	int fd = open(path, O_RDONLY | O_CLOEXEC | (is_fifo ? O_NONBLOCK : 0));

	if (fd >= 0 && is_fifo)
		fcntl(fd, F_SETFL, O_RDONLY);
	return fd;
}

/* What was opened is closed by dp_file_close. */
static int open_source(struct source *source, const char *path, char *error, unsigned error_size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat status;
	int err;

	source->path = is_stdin ? "standard input" : path;
	source->link_type = UINT32_MAX; /* no file's */
	source->fd = is_stdin ? STDIN_FILENO : open_path(path);
	if (source->fd < 0) {
		err = -errno;
		snprintf(error, error_size, "could not open \"%s\": %s", path, strerror(-err));
		return err;
	}
	source->reader = malloc(sizeof(*source->reader));
	if (!source->reader) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	source->may_be_silent = fstat(source->fd, &status) || !S_ISREG(status.st_mode);
	err = begin(source, error, error_size);
	if (!err && !source->may_be_silent)
		source->file->total += (uint64_t)status.st_size;
	return err;
}

/* Made once and left to EAL's end, as freeing packet memory writes all of it. */
static struct rte_mempool *pool(const char *name, unsigned mbufs, unsigned cache, uint16_t room)
{
	struct rte_mempool *found = rte_mempool_lookup(name);

	if (found)
		return found;
	return rte_pktmbuf_pool_create(name, mbufs, cache, 0, room, SOCKET_ID_ANY);
}

static int create_pools(struct dp_file *file, char *error, unsigned error_size)
{
	file->small = pool("file_small", SMALL_MBUFS + SMALL_MBUFS_OF_LCORE * rte_lcore_count(),
		SMALL_CACHE, SMALL_FRAME + RTE_PKTMBUF_HEADROOM);
	if (file->small)
		file->large = pool("file_large", LARGE_MBUFS, 0, DP_FILE_FRAME_MAX);
	if (file->large)
		return 0;
	snprintf(error, error_size, "could not create packet buffers: %s", rte_strerror(rte_errno));
	return -ENOMEM;
}

void dp_file_stop(struct dp_file *file)
{
	atomic_store_explicit(&file->is_stopped, true, memory_order_relaxed);
}

int dp_file_open(const char *const *paths, unsigned count, struct dp_file **file, char *error,
	unsigned error_size)
{
	struct dp_file *new;
	int err = 0;

	if (count > DP_FILES_MAX) {
		snprintf(error, error_size, "could not open %u files: at most %d can be merged",
			count, DP_FILES_MAX);
		return -E2BIG;
	}
	new = calloc(1, sizeof(*new));
	if (!new) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	new->is_opening = true;
	for (unsigned i = 0; i < count && !err; i++) {
		new->sources[i].file = new;
		new->source_count++;
		err = open_source(&new->sources[i], paths[i], error, error_size);
	}
	new->is_opening = false;
	if (!err)
		err = create_pools(new, error, error_size);
	if (err) {
		dp_file_close(new);
		return err;
	}
	*file = new;
	return 0;
}

void dp_file_close(struct dp_file *file)
{
	if (!file)
		return;
	for (unsigned i = 0; i < file->source_count; i++) {
		struct source *source = &file->sources[i];

		if (source->fd > STDERR_FILENO)
			close(source->fd);
		free(source->reader);
	}
	rte_pktmbuf_free_bulk(file->spare, file->spare_count);
	free(file);
}

const char *dp_file_damage(const struct dp_file *file)
{
	return file->damage[0] ? file->damage : NULL;
}

void dp_file_progress(const struct dp_file *file, uint64_t *read, uint64_t *total)
{
	*read = atomic_load_explicit(&file->read, memory_order_relaxed);
	*total = file->total;
}
