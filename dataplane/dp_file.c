/* SPDX-License-Identifier: BSD-3-Clause */
/* Each file holds its next frame; a poll hands out the earliest of them. libpcap reads the formats and
 * gives all times in nanoseconds. */
#include "dp_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_idle.h"
#include "dp_meta.h"

enum {
	SMALL_FRAME = 2176,
	SMALL_MBUFS = 8191,
	SMALL_CACHE = 32, /* of every lcore: larger ones could hold the whole pool */
	LARGE_FRAME = 65535,
	LARGE_MBUFS = 255,
	READ_BUFFER = 256 * 1024,
	PROGRESS_FRAMES = 256,
	DAMAGE_MAX = 1024,
};

#define TIME_NS_PER_S 1000000000ULL

struct source {
	pcap_t *pcap;
	const char *path;
	uint32_t link; /* enum dp_link */
	uint32_t frames; /* since the progress was noted */
	uint64_t offset; /* as noted */
	bool is_done;

	/* The next frame; the octets are libpcap's until its next read. */
	uint64_t time_ns;
	uint32_t captured;
	uint32_t wire;
	const uint8_t *data;
};

struct dp_file {
	struct rte_mempool *small;
	struct rte_mempool *large;
	unsigned source_count;
	struct source sources[DP_FILES_MAX];
	_Atomic uint64_t read;
	uint64_t total;
	char damage[DAMAGE_MAX];
};

static int link_of(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
		return DP_LINK_ETHERNET;
	case DLT_LINUX_SLL:
		return DP_LINK_SLL;
	case DLT_LINUX_SLL2:
		return DP_LINK_SLL2;
	case 12: /* raw IP is 12 or 14 by operating system, and 101 in files */
	case 14:
	case 101:
	case DLT_IPV4:
	case DLT_IPV6:
		return DP_LINK_RAW;
	case DLT_NULL:
	case DLT_LOOP:
		return DP_LINK_NULL;
	default:
		return -1;
	}
}

/* A time before 1970 or beyond what 64 bits of nanoseconds hold comes from a damaged record. */
static uint64_t time_of(const struct timeval *ts)
{
	/* The seconds of a classic pcap are unsigned, but libpcap takes them as signed: 2038 and later. */
	int64_t sec = ts->tv_sec < 0 && ts->tv_sec >= INT32_MIN ? (uint32_t)ts->tv_sec : ts->tv_sec;

	if (sec < 0 || (uint64_t)sec >= UINT64_MAX / TIME_NS_PER_S || ts->tv_usec < 0 ||
		(uint64_t)ts->tv_usec >= TIME_NS_PER_S)
		return 0;
	return (uint64_t)sec * TIME_NS_PER_S + (uint64_t)ts->tv_usec;
}

static void note_damage(struct dp_file *file, const struct source *source)
{
	size_t used = strlen(file->damage);

	snprintf(file->damage + used, sizeof(file->damage) - used, "%s\"%s\": %s", used ? "; " : "",
		source->path, pcap_geterr(source->pcap));
}

static void note_progress(struct dp_file *file, struct source *source)
{
	off_t offset = ftello(pcap_file(source->pcap));
	uint64_t read = atomic_load_explicit(&file->read, memory_order_relaxed);

	source->frames = 0;
	if (offset < 0)
		return;
	read += (uint64_t)offset - source->offset;
	source->offset = (uint64_t)offset;
	atomic_store_explicit(&file->read, read, memory_order_relaxed);
}

static void advance(struct dp_file *file, struct source *source)
{
	struct pcap_pkthdr *header;
	int got = pcap_next_ex(source->pcap, &header, &source->data);

	if (got != 1) {
		if (got == PCAP_ERROR)
			note_damage(file, source);
		source->is_done = true;
		note_progress(file, source);
		return;
	}
	source->time_ns = time_of(&header->ts);
	source->captured = header->caplen < LARGE_FRAME ? header->caplen : LARGE_FRAME;
	source->wire = header->len > header->caplen ? header->len : header->caplen;
	if (++source->frames >= PROGRESS_FRAMES)
		note_progress(file, source);
}

/* The source with the earliest frame, of equal ones the first file's. NULL at the end. */
static struct source *earliest(struct dp_file *file)
{
	struct source *best = NULL;

	for (unsigned i = 0; i < file->source_count; i++) {
		struct source *source = &file->sources[i];

		if (!source->is_done && (!best || source->time_ns < best->time_ns))
			best = source;
	}
	return best;
}

static struct rte_mbuf *alloc_for(struct dp_file *file, uint32_t size)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(size > SMALL_FRAME ? file->large : file->small);

	/* A segment has at most 65535 octets, head room included. */
	if (m && size > SMALL_FRAME)
		m->data_off = 0;
	return m;
}

static void fill(struct rte_mbuf *m, const struct source *source)
{
	struct dp_meta *meta = dp_meta(m);

	memcpy(rte_pktmbuf_mtod(m, void *), source->data, source->captured);
	m->data_len = (uint16_t)source->captured;
	m->pkt_len = source->captured;
	meta->time_ns = source->time_ns;
	meta->wire_bytes = source->wire;
	meta->link = source->link;
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
		m = alloc_for(file, source->captured);
		if (!m) {
			/* The caller may be one of those who hold buffers: first let it work. */
			if (count)
				break;
			dp_idle_wait(&idle, false);
			continue;
		}
		fill(m, source);
		burst[count++] = m;
		advance(file, source);
	}
	return count;
}

/* On success the source owns stream. */
static int open_pcap(struct source *source, FILE *stream, char *error, unsigned error_size)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	int dlt, link;

	source->pcap = pcap_fopen_offline_with_tstamp_precision(
		stream, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!source->pcap) {
		snprintf(error, error_size, "could not read \"%s\": %s", source->path, reason);
		return -EINVAL;
	}
	dlt = pcap_datalink(source->pcap);
	link = link_of(dlt);
	if (link < 0) {
		const char *name = pcap_datalink_val_to_name(dlt);

		snprintf(error, error_size,
			"could not read \"%s\": link type %d (%s) is not supported", source->path,
			dlt, name ? name : "unknown");
		return -ENOTSUP;
	}
	source->link = (uint32_t)link;
	return 0;
}

static int open_source(struct dp_file *file, struct source *source, const char *path, char *error,
	unsigned error_size)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *stream = is_stdin ? stdin : fopen(path, "rbe");
	struct stat status;
	int err;

	source->path = is_stdin ? "standard input" : path;
	if (!stream) {
		err = -errno;
		snprintf(error, error_size, "could not open \"%s\": %s", path, strerror(-err));
		return err;
	}
	setvbuf(stream, NULL, _IOFBF, READ_BUFFER);
	err = open_pcap(source, stream, error, error_size);
	if (err) {
		/* pcap_close closes the stream too. */
		if (source->pcap)
			pcap_close(source->pcap);
		else if (!is_stdin)
			fclose(stream);
		source->pcap = NULL;
		return err;
	}
	if (fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode))
		file->total += (uint64_t)status.st_size;
	return 0;
}

static int create_pools(struct dp_file *file, char *error, unsigned error_size)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "fs_%" PRIxPTR, (uintptr_t)file);
	file->small = rte_pktmbuf_pool_create(name, SMALL_MBUFS, SMALL_CACHE, 0,
		SMALL_FRAME + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	snprintf(name, sizeof(name), "fl_%" PRIxPTR, (uintptr_t)file);
	if (file->small)
		file->large = rte_pktmbuf_pool_create(
			name, LARGE_MBUFS, 0, 0, LARGE_FRAME, SOCKET_ID_ANY);
	if (file->large)
		return 0;
	snprintf(error, error_size, "could not create packet buffers: %s", rte_strerror(rte_errno));
	return -ENOMEM;
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
	for (unsigned i = 0; i < count && !err; i++) {
		err = open_source(new, &new->sources[i], paths[i], error, error_size);
		if (!err)
			new->source_count++;
	}
	if (!err)
		err = create_pools(new, error, error_size);
	if (err) {
		dp_file_close(new);
		return err;
	}
	for (unsigned i = 0; i < count; i++)
		advance(new, &new->sources[i]);
	*file = new;
	return 0;
}

void dp_file_close(struct dp_file *file)
{
	if (!file)
		return;
	for (unsigned i = 0; i < file->source_count; i++)
		pcap_close(file->sources[i].pcap);
	rte_mempool_free(file->large);
	rte_mempool_free(file->small);
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
