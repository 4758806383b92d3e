/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng's blocks, draft-ietf-opsawg-pcapng, section 4. Only what is needed of a block is looked at; the
 * rest of it is skipped when the next one is asked for. */
#include "dp_file_reader_pvt.h"

__extension__ typedef unsigned __int128 uint128;

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED_PACKET = 6,

	/* Octets: type and total length before a body, total length again after it. */
	BLOCK_HEAD = 8,
	BLOCK_TAIL = 4,
	SECTION_FIXED = 16,
	INTERFACE_FIXED = 8,
	PACKET_FIXED = 20,
	SIMPLE_FIXED = 4,
	STATISTICS_FIXED = 12,
	OPTION_HEAD = 4,

	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
	OPTION_IFDROP = 5, /* of statistics */
	OPTION_OSDROP = 7,
	OPTION_DROPCOUNT = 4, /* of an enhanced packet */
	OLD_DROPS_UNKNOWN = 0xffff,

	NANO_DIGITS = 9,
	DIGITS_MAX = 19, /* of powers of ten in 64 bits */
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4d

static uint64_t power_of_ten(unsigned n)
{
	uint64_t power = 1;

	while (n--)
		power *= 10;
	return power;
}

/* if_tsresol: seconds to the power of minus so many, of ten or, with the top bit, of two. */
static void set_resolution(struct dp_file_interface *interface, uint8_t resolution)
{
	unsigned n = resolution & 0x7f;

	interface->multiply = 1;
	interface->divide = 1;
	interface->shift = 0;
	if (resolution & 0x80 && n)
		interface->shift = n;
	else if (resolution & 0x80 || n <= NANO_DIGITS)
		interface->multiply = power_of_ten(NANO_DIGITS - n);
	else if (n <= NANO_DIGITS + DIGITS_MAX)
		interface->divide = power_of_ten(n - NANO_DIGITS);
	else
		interface->multiply = 0; /* 64 bits of them are less than a nanosecond */
}

static uint64_t time_of(const struct dp_file_interface *interface, uint64_t units)
{
	uint128 ns;

	if (interface->shift)
		ns = (uint128)units * DP_FILE_NS_PER_S >> interface->shift;
	else
		ns = (uint128)units * interface->multiply;
	if (interface->divide > 1)
		ns /= interface->divide;
	if (interface->offset_s) {
		/* Each less than 2^95 in amount: units had 64 bits, and so has the offset. */
		__extension__ __int128 sum =
			(__int128)ns + (__int128)interface->offset_s * (int64_t)DP_FILE_NS_PER_S;

		if (sum < 0)
			return 0;
		ns = (uint128)sum;
	}
	return ns <= UINT64_MAX ? (uint64_t)ns : 0;
}

/* The byte order may change with each section. */
static enum dp_file_status set_byte_order(struct dp_file_reader *r)
{
	const uint8_t *p = dp_file_input_peek(&r->input, BLOCK_HEAD + 4);

	if (!p)
		return dp_file_cut(r, "a section header");
	r->is_swapped = false;
	if (dp_file_load32(r, p + BLOCK_HEAD) == BYTE_ORDER_MAGIC)
		return DP_FILE_FRAME;
	r->is_swapped = true;
	if (dp_file_load32(r, p + BLOCK_HEAD) == BYTE_ORDER_MAGIC)
		return DP_FILE_FRAME;
	return dp_file_damaged(r, "a section header has no byte order");
}

/* What comes next of a block's body; NULL: see lacking(). Nothing is taken of what may be needed again once more came. */
static const uint8_t *peek_body(struct dp_file_reader *r, uint32_t n)
{
	const uint8_t *p;

	if (r->skip < n) {
		dp_file_damaged(r, "a block of %u octets is too short", r->block);
		return NULL;
	}
	p = dp_file_input_peek(&r->input, n);
	if (!p)
		dp_file_cut(r, "a block");
	return p;
}

static enum dp_file_status lacking(const struct dp_file_reader *r)
{
	return r->error[0] ? DP_FILE_DAMAGED : DP_FILE_LATER;
}

/* What is left of the body is to be skipped. */
static void take_body(struct dp_file_reader *r, uint32_t n)
{
	dp_file_input_take(&r->input, n);
	r->skip -= n;
}

static enum dp_file_status begin_section(struct dp_file_reader *r)
{
	const uint8_t *p = peek_body(r, SECTION_FIXED);
	unsigned major, minor;

	if (!p)
		return lacking(r);
	major = dp_file_load16(r, p + 4);
	minor = dp_file_load16(r, p + 6);
	if (major != 1)
		return dp_file_damaged(r, "pcapng version %u.%u is not supported", major, minor);
	r->interface_count = 0;
	take_body(r, SECTION_FIXED);
	return DP_FILE_FRAME;
}

static void take_description(
	const struct dp_file_reader *r, uint32_t code, uint32_t length, const uint8_t *p)
{
	if (code == OPTION_TSRESOL && length == 1)
		set_resolution(r->described, p[0]);
	if (code == OPTION_TSOFFSET && length == 8)
		r->described->offset_s = (int64_t)dp_file_load64(r, p);
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

static uint64_t drops_of(const struct dp_file_interface *interface)
{
	return interface->drops_of_blocks > interface->drops_of_packets
		       ? interface->drops_of_blocks
		       : interface->drops_of_packets;
}

/* sum: one of the two of r->described. */
static void add_drops(struct dp_file_reader *r, uint64_t *sum, uint64_t more)
{
	uint64_t before = drops_of(r->described);
	uint64_t drops = atomic_load_explicit(&r->drops, memory_order_relaxed);

	*sum = add_capped(*sum, more);
	drops = add_capped(drops, drops_of(r->described) - before);
	atomic_store_explicit(&r->drops, drops, memory_order_relaxed);
}

/* Each block counts from the beginning of the capture: what is more than the last one said is new. */
static void note_drops(struct dp_file_reader *r, uint64_t *last, uint64_t count)
{
	uint64_t more = count > *last ? count - *last : 0;

	*last = count;
	add_drops(r, &r->described->drops_of_blocks, more);
}

static void take_statistic(
	struct dp_file_reader *r, uint32_t code, uint32_t length, const uint8_t *p)
{
	if (code == OPTION_IFDROP && length == 8)
		note_drops(r, &r->described->if_drops, dp_file_load64(r, p));
	if (code == OPTION_OSDROP && length == 8)
		note_drops(r, &r->described->os_drops, dp_file_load64(r, p));
}

/* Each packet counts from the one before it of its interface. */
static void take_of_packet(
	struct dp_file_reader *r, uint32_t code, uint32_t length, const uint8_t *p)
{
	if (code == OPTION_DROPCOUNT && length == 8)
		add_drops(r, &r->described->drops_of_packets, dp_file_load64(r, p));
}

static void take_option(struct dp_file_reader *r, uint32_t code, uint32_t length, const uint8_t *p)
{
	if (r->type == BLOCK_STATISTICS)
		take_statistic(r, code, length, p);
	else if (r->type == BLOCK_ENHANCED_PACKET)
		take_of_packet(r, code, length, p);
	else
		take_description(r, code, length, p);
}

/* Only the description of an interface is a reason to read no further. */
static bool is_too_short_to_tell(const struct dp_file_reader *r, uint32_t n)
{
	return r->type != BLOCK_INTERFACE && r->skip < n;
}

/* Of r->described. */
static enum dp_file_status read_options(struct dp_file_reader *r)
{
	while (r->skip >= OPTION_HEAD) {
		const uint8_t *p = peek_body(r, OPTION_HEAD);
		uint32_t code, length, padded;

		if (!p)
			return lacking(r);
		code = dp_file_load16(r, p);
		length = dp_file_load16(r, p + 2);
		padded = (length + 3) & ~3U;
		if (code == OPTION_END || is_too_short_to_tell(r, OPTION_HEAD + padded))
			break;
		p = peek_body(r, OPTION_HEAD + padded);
		if (!p)
			return lacking(r);
		take_option(r, code, length, p + OPTION_HEAD);
		take_body(r, OPTION_HEAD + padded);
	}
	return DP_FILE_FRAME;
}

static enum dp_file_status add_interface(struct dp_file_reader *r)
{
	const uint8_t *p = peek_body(r, INTERFACE_FIXED);
	struct dp_file_interface *interface;

	if (!p)
		return lacking(r);
	if (r->interface_count == DP_FILE_INTERFACES_MAX)
		return dp_file_damaged(r, "more than %d interfaces", DP_FILE_INTERFACES_MAX);
	interface = &r->interfaces[r->interface_count++];
	*interface = (struct dp_file_interface){
		.link_type = dp_file_load16(r, p),
		.snaplen = dp_file_load32(r, p + 4),
		.multiply = 1000, /* microseconds unless if_tsresol says otherwise */
		.divide = 1,
	};
	if (!interface->snaplen)
		interface->snaplen = UINT32_MAX;
	if (r->first_link_type < 0)
		r->first_link_type = interface->link_type;
	take_body(r, INTERFACE_FIXED);
	r->described = interface;
	return DP_FILE_FRAME;
}

/* Those of an interface that is not described are of no use. */
static enum dp_file_status begin_statistics(struct dp_file_reader *r)
{
	const uint8_t *p;
	uint32_t id;

	r->described = NULL;
	if (is_too_short_to_tell(r, STATISTICS_FIXED))
		return DP_FILE_FRAME;
	p = peek_body(r, STATISTICS_FIXED);
	if (!p)
		return lacking(r);
	id = dp_file_load32(r, p);
	r->described = id < r->interface_count ? &r->interfaces[id] : NULL;
	take_body(r, STATISTICS_FIXED);
	return DP_FILE_FRAME;
}

/* begin takes the fixed part of the block, once, and says what is described. */
static enum dp_file_status read_described(
	struct dp_file_reader *r, enum dp_file_status (*begin)(struct dp_file_reader *r))
{
	enum dp_file_status status = r->is_in_options ? DP_FILE_FRAME : begin(r);

	if (status != DP_FILE_FRAME)
		return status;
	r->is_in_options = true;
	if (r->described)
		status = read_options(r);
	if (status == DP_FILE_FRAME)
		r->is_in_options = false;
	return status;
}

/* A packet's octets behind the fixed part of its block, of an interface that was checked. */
static enum dp_file_status take_data(struct dp_file_reader *r,
	const struct dp_file_interface *interface, uint32_t fixed, uint32_t captured,
	struct dp_file_frame *frame)
{
	uint32_t kept = dp_file_min(captured, DP_FILE_FRAME_MAX);
	const uint8_t *p = peek_body(r, fixed + kept);

	if (!p)
		return lacking(r);
	take_body(r, fixed + kept);
	r->behind = dp_file_min(((captured + 3) & ~3U) - kept, (uint32_t)r->skip);
	frame->data = p + fixed;
	frame->captured = dp_file_min(kept, interface->snaplen);
	frame->link_type = interface->link_type;
	r->last_ns = frame->time_ns;
	return DP_FILE_FRAME;
}

static enum dp_file_status enhanced_packet(
	struct dp_file_reader *r, bool is_old, struct dp_file_frame *frame)
{
	const uint8_t *p = peek_body(r, PACKET_FIXED);
	struct dp_file_interface *interface;
	enum dp_file_status status;
	uint32_t id, captured, wire, drops;

	if (!p)
		return lacking(r);
	id = is_old ? dp_file_load16(r, p) : dp_file_load32(r, p);
	drops = is_old ? dp_file_load16(r, p + 2) : 0;
	captured = dp_file_load32(r, p + 12);
	wire = dp_file_load32(r, p + 16);
	if (id >= r->interface_count)
		return dp_file_damaged(r, "a packet of interface %u, which is not described", id);
	if (captured > r->skip - PACKET_FIXED)
		return dp_file_damaged(r, "a packet's length of %u octets is impossible", captured);
	interface = &r->interfaces[id];
	frame->time_ns = time_of(
		interface, (uint64_t)dp_file_load32(r, p + 4) << 32 | dp_file_load32(r, p + 8));
	frame->wire = wire > captured ? wire : captured;
	status = take_data(r, interface, PACKET_FIXED, captured, frame);
	if (status != DP_FILE_FRAME)
		return status;
	r->described = interface;
	r->has_options = !is_old;
	if (drops != OLD_DROPS_UNKNOWN)
		add_drops(r, &interface->drops_of_packets, drops);
	return DP_FILE_FRAME;
}

/* It has no time, so it gets the last one's. */
static enum dp_file_status simple_packet(struct dp_file_reader *r, struct dp_file_frame *frame)
{
	const uint8_t *p = peek_body(r, SIMPLE_FIXED);
	uint32_t captured;

	if (!p)
		return lacking(r);
	if (!r->interface_count)
		return dp_file_damaged(r, "a packet of interface 0, which is not described");
	frame->wire = dp_file_load32(r, p);
	captured = dp_file_min(frame->wire, r->interfaces[0].snaplen);
	if (captured > r->skip - SIMPLE_FIXED)
		return dp_file_damaged(r, "a packet's length of %u octets is impossible", captured);
	frame->time_ns = r->last_ns;
	return take_data(r, &r->interfaces[0], SIMPLE_FIXED, captured, frame);
}

/* They may come later than the packet. */
static enum dp_file_status read_packet_options(struct dp_file_reader *r)
{
	uint64_t lacks = r->behind;
	bool is_there = dp_file_input_skip(&r->input, &lacks);

	r->skip -= r->behind - lacks;
	r->behind = (uint32_t)lacks;
	return is_there ? read_options(r) : dp_file_cut(r, "a block");
}

/* Skips what is left of the last block and compares its length with what stands at its end. */
static enum dp_file_status leave_block(struct dp_file_reader *r)
{
	enum dp_file_status status = DP_FILE_FRAME;
	const uint8_t *p;

	if (r->has_options)
		status = read_packet_options(r);
	if (status != DP_FILE_FRAME)
		return status;
	r->has_options = false;
	if (!dp_file_input_skip(&r->input, &r->skip))
		return dp_file_cut(r, "a block");
	p = dp_file_input_peek(&r->input, BLOCK_TAIL);
	if (!p)
		return dp_file_cut(r, "a block");
	if (dp_file_load32(r, p) != r->block)
		return dp_file_damaged(r, "a block's two lengths differ");
	dp_file_input_take(&r->input, BLOCK_TAIL);
	r->block = 0;
	return DP_FILE_FRAME;
}

/* Up to the next block's body. */
static enum dp_file_status enter_block(struct dp_file_reader *r)
{
	enum dp_file_status status = DP_FILE_FRAME;
	const uint8_t *p;

	if (r->block)
		status = leave_block(r);
	if (status != DP_FILE_FRAME)
		return status;
	p = dp_file_input_peek(&r->input, BLOCK_HEAD);
	if (!p)
		return dp_file_input_is_end(&r->input) ? DP_FILE_END
						       : dp_file_cut(r, "a block's header");
	r->type = dp_file_load32(r, p);
	if (r->type == BLOCK_SECTION) {
		status = set_byte_order(r);
		if (status != DP_FILE_FRAME)
			return status;
		p = dp_file_input_peek(&r->input, BLOCK_HEAD);
	}
	r->block = dp_file_load32(r, p + 4);
	if (r->block < BLOCK_HEAD + BLOCK_TAIL || r->block % 4)
		return dp_file_damaged(r, "a block's length of %u octets is impossible", r->block);
	dp_file_input_take(&r->input, BLOCK_HEAD);
	r->skip = r->block - BLOCK_HEAD - BLOCK_TAIL;
	r->is_in_body = true;
	return DP_FILE_FRAME;
}

static enum dp_file_status read_body(
	struct dp_file_reader *r, struct dp_file_frame *frame, bool *is_packet)
{
	*is_packet = false;
	switch (r->type) {
	case BLOCK_ENHANCED_PACKET:
	case BLOCK_OLD_PACKET:
		*is_packet = true;
		return enhanced_packet(r, r->type == BLOCK_OLD_PACKET, frame);
	case BLOCK_SIMPLE_PACKET:
		*is_packet = true;
		return simple_packet(r, frame);
	case BLOCK_SECTION:
		return begin_section(r);
	case BLOCK_INTERFACE:
		return read_described(r, add_interface);
	case BLOCK_STATISTICS:
		return read_described(r, begin_statistics);
	default:
		return DP_FILE_FRAME;
	}
}

enum dp_file_status dp_file_pcapng_next(struct dp_file_reader *r, struct dp_file_frame *frame)
{
	enum dp_file_status status;
	bool is_packet = false;

	do {
		status = r->is_in_body ? DP_FILE_FRAME : enter_block(r);
		if (status == DP_FILE_FRAME)
			status = read_body(r, frame, &is_packet);
		if (status == DP_FILE_FRAME)
			r->is_in_body = false;
	} while (status == DP_FILE_FRAME && !is_packet);
	return status;
}
