/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells the formats apart by their first four octets. */
#include "dp_file_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "dp_file_reader_pvt.h"

/* draft-ietf-opsawg-pcap, section 4; the third is Kuznetzov's, of old Linux distributions. */
#define MAGIC_US	0xa1b2c3d4
#define MAGIC_NS	0xa1b23c4d
#define MAGIC_KUZNETZOV 0xa1b2cd34
#define MAGIC_PCAPNG	0x0a0d0d0a /* the same in both byte orders */

enum {
	PCAP_HEADER = 24,
	PCAP_RECORD = 16,
	KUZNETZOV_RECORD = 24,
	/* Above it are the length of the frame check sequence, and reserved bits. */
	LINK_TYPE_MASK = 0x03ffffff,
};

enum dp_file_status dp_file_damaged(struct dp_file_reader *r, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(r->error, sizeof(r->error), format, list);
	va_end(list);
	return DP_FILE_DAMAGED;
}

enum dp_file_status dp_file_cut(struct dp_file_reader *r, const char *what)
{
	if (r->input.is_later)
		return DP_FILE_LATER;
	if (r->input.error)
		return dp_file_damaged(r, "could not read %s: %s", what, strerror(r->input.error));
	return dp_file_damaged(r, "truncated in %s", what);
}

/* A cut is found again, as damage. */
static int lack_header(struct dp_file_reader *r)
{
	return dp_file_cut(r, "the file header") == DP_FILE_LATER ? -EAGAIN : -r->input.error;
}

static int open_pcap(struct dp_file_reader *r, bool is_nano)
{
	const uint8_t *p = dp_file_input_peek(&r->input, PCAP_HEADER);
	struct dp_file_interface *interface = &r->interfaces[0];
	unsigned major, minor;

	if (!p)
		return lack_header(r);
	major = dp_file_load16(r, p + 4);
	minor = dp_file_load16(r, p + 6);
	if (major != 2 || minor > 4) {
		dp_file_damaged(r, "pcap version %u.%u is not supported", major, minor);
		return -EINVAL;
	}
	r->may_swap_lengths = minor < 4;
	*interface = (struct dp_file_interface){
		.link_type = dp_file_load32(r, p + 20) & LINK_TYPE_MASK,
		.snaplen = dp_file_load32(r, p + 16),
		.multiply = is_nano ? 1 : 1000,
		.divide = 1,
	};
	if (!interface->snaplen)
		interface->snaplen = UINT32_MAX;
	r->interface_count = 1;
	r->first_link_type = interface->link_type;
	dp_file_input_take(&r->input, PCAP_HEADER);
	return 0;
}

static int refuse(struct dp_file_reader *r, const uint8_t *p)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	if (memcmp(p, gzip, sizeof(gzip)) == 0 || memcmp(p, zstd, sizeof(zstd)) == 0)
		dp_file_damaged(r, "it is compressed: unpack it first");
	else
		dp_file_damaged(r, "unknown file format");
	return -EINVAL;
}

void dp_file_reader_init(struct dp_file_reader *r, dp_file_read read, void *arg)
{
	memset(r, 0, offsetof(struct dp_file_reader, interfaces));
	dp_file_input_init(&r->input, read, arg);
	r->first_link_type = -1;
	r->record_header = PCAP_RECORD;
}

/* Of the header nothing is taken before all of it is there. */
int dp_file_reader_open(struct dp_file_reader *r)
{
	const uint8_t *p = dp_file_input_peek(&r->input, sizeof(uint32_t));
	uint32_t magic;

	if (!p && dp_file_input_is_end(&r->input)) {
		dp_file_damaged(r, "it is empty");
		return 0;
	}
	if (!p)
		return lack_header(r);
	r->is_swapped = false;
	magic = dp_file_load32(r, p);
	r->is_pcapng = magic == MAGIC_PCAPNG;
	if (r->is_pcapng)
		return 0;
	if (magic != MAGIC_US && magic != MAGIC_NS && magic != MAGIC_KUZNETZOV) {
		r->is_swapped = true;
		magic = dp_file_load32(r, p);
	}
	if (magic == MAGIC_KUZNETZOV)
		r->record_header = KUZNETZOV_RECORD;
	if (magic != MAGIC_US && magic != MAGIC_NS && magic != MAGIC_KUZNETZOV)
		return refuse(r, p);
	return open_pcap(r, magic == MAGIC_NS);
}

enum dp_file_status dp_file_reader_next(struct dp_file_reader *r, struct dp_file_frame *frame)
{
	if (r->error[0])
		return DP_FILE_DAMAGED;
	return r->is_pcapng ? dp_file_pcapng_next(r, frame) : dp_file_pcap_next(r, frame);
}
