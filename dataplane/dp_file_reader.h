/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of one capture file: pcap (micro- and nanoseconds; draft-ietf-opsawg-pcap) and pcapng
 * (draft-ietf-opsawg-pcapng), both in both byte orders. A parser of bytes that nobody vouches for;
 * it knows no DPDK.
 * Owner: the caller's memory, too large for a stack. Threads: one. */
#ifndef DP_FILE_READER_H
#define DP_FILE_READER_H

#include <stdatomic.h>

#include "dp_file_input.h"

enum {
	DP_FILE_FRAME_MAX = 65535, /* longer ones are cut to this */
	DP_FILE_INTERFACES_MAX = 1024, /* of a section of a pcapng file */
	DP_FILE_ERROR_MAX = 128,
};

enum dp_file_status {
	DP_FILE_END,
	DP_FILE_FRAME,
	DP_FILE_DAMAGED, /* nothing more comes; the reason is in error */
	DP_FILE_LATER, /* nothing more is there yet: to be asked again */
};

struct dp_file_frame {
	uint64_t time_ns; /* since the epoch, 0 when impossible */
	const uint8_t *data; /* valid until the next call */
	uint32_t captured; /* octets of data */
	uint32_t wire; /* octets the frame had */
	uint32_t link_type; /* number of tcpdump.org's registry */
};

/* Where frames came from; a pcap file has one. */
struct dp_file_interface {
	uint32_t link_type;
	uint32_t snaplen; /* never 0 */
	/* A time stamp is units * multiply / divide nanoseconds when shift is 0, else
	 * units * 10^9 >> shift; and so many seconds later. */
	uint64_t multiply, divide;
	uint32_t shift;
	int64_t offset_s;
	/* What was dropped while the capture was made, as its last Interface Statistics Block says:
	 * by the interface, and by the system behind it. */
	uint64_t if_drops, os_drops;
	/* The same drops, of both, as all these blocks say and as its packets do. The higher one
	 * counts. */
	uint64_t drops_of_blocks, drops_of_packets;
};

struct dp_file_reader {
	bool is_pcapng;
	bool is_swapped; /* in the other byte order than this machine's */
	bool may_swap_lengths; /* pcap before 2.4 */
	uint32_t record_header; /* octets, pcap */
	uint32_t interface_count;
	int64_t first_link_type; /* of the first interface, -1 before there is one */
	uint64_t skip; /* octets of the last record, or body, that were not needed */
	/* The rest until drops is pcapng's: where reading stands, since more of a block may come
	 * later only. */
	uint32_t block; /* total length of the block that reading is in; 0: it was left */
	uint32_t type; /* of that block */
	bool is_in_body; /* not all that is needed of the block was read */
	bool is_in_options; /* what was read of it is what stands before its options */
	bool has_options; /* a packet was handed out whose options were not read */
	uint32_t behind; /* octets of that packet and its padding before its options */
	struct dp_file_interface *described; /* that options are about; NULL: none that is known */
	_Atomic uint64_t drops; /* of all interfaces so far; any thread may read it */
	uint64_t last_ns; /* pcapng: for packets without a time */
	char error[DP_FILE_ERROR_MAX];
	struct dp_file_interface interfaces[DP_FILE_INTERFACES_MAX];
	struct dp_file_input input;
};

void dp_file_reader_init(struct dp_file_reader *reader, dp_file_read read, void *arg);

/* What: reads the file's header. 0; -EAGAIN: not all of it is there yet, and it may be called
 * again; -EINVAL or the errno of read, negative, with the reason in error. A header that is cut, or
 * an empty file, is damage like any other: dp_file_reader_next says so. */
int dp_file_reader_open(struct dp_file_reader *reader);

enum dp_file_status dp_file_reader_next(struct dp_file_reader *reader, struct dp_file_frame *frame);

#endif
