/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP compounds: what validation accepts, the walks read to the end, with every slice inside its
 * packet and as many blocks as were announced. What it refuses is walked too, for safety alone. */
#include <stdlib.h>
#include <string.h>

#include "rtcp_feedback.h"
#include "rtcp_packet.h"
#include "rtcp_xr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool is_inside(struct bytes outer, struct bytes inner)
{
	return inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n;
}

static unsigned walk_reports(const struct rtcp_packet *packet)
{
	struct rtcp_report_block block;
	unsigned n = 0;

	while (rtcp_report_block(packet, n, &block)) {
		check(block.packets_lost >= -0x800000 && block.packets_lost <= 0x7fffff);
		n++;
	}
	return n;
}

static unsigned walk_bye(const struct rtcp_packet *packet)
{
	uint32_t ssrc;
	unsigned n = 0;

	while (rtcp_bye_ssrc(packet, n, &ssrc))
		n++;
	return n;
}

static void walk_sdes(const struct rtcp_packet *packet)
{
	const uint8_t *last = packet->body.p;
	struct rtcp_sdes_item item;
	size_t cursor = 0;

	while (rtcp_sdes_next(packet, &cursor, &item)) {
		check(is_inside(packet->body, item.text));
		check(item.type != 0 && item.text.p > last);
		last = item.text.p;
	}
}

/* As many sub-blocks as the body has room for, and a type that was promised. */
static void walk_round_trips(const struct rtcp_xr_block *block)
{
	struct rtcp_dlrr dlrr;
	uint32_t middle;
	unsigned n = 0;

	while (rtcp_xr_dlrr(block, n, &dlrr))
		n++;
	check(n == 0 || block->type == RTCP_XR_DLRR);
	check((size_t)n * 12 <= block->body.n);
	check(!rtcp_xr_rrtr(block, &middle) || block->type == RTCP_XR_RRTR);
}

static void walk_feedback(const struct rtcp_packet *packet)
{
	struct rtcp_feedback feedback;
	uint64_t bit_rate;
	uint32_t ssrc;
	uint8_t number;
	unsigned firs = 0, rembs = 0;

	if (!rtcp_feedback(packet, &feedback))
		return;
	check(is_inside(packet->body, feedback.fci));
	check(rtcp_nack_packets(&feedback) <= feedback.fci.n / 4 * 17);
	while (rtcp_fir_entry(&feedback, firs, &ssrc, &number))
		firs++;
	while (rtcp_remb_entry(&feedback, rembs, &ssrc, &bit_rate))
		rembs++;
	check(firs == 0 || rembs == 0);
	check((size_t)firs * 8 <= feedback.fci.n && (size_t)rembs * 4 <= feedback.fci.n);
}

static size_t walk_xr(const struct rtcp_packet *packet)
{
	struct rtcp_voip_metrics metrics;
	struct rtcp_xr_block block;
	size_t cursor = 0, octets = 0;

	while (rtcp_xr_next(packet, &cursor, &block)) {
		check(is_inside(packet->body, block.body));
		check(!rtcp_voip_metrics(&block, &metrics) || block.type == 7);
		walk_round_trips(&block);
		octets += 4 + block.body.n;
	}
	return octets;
}

static void walk_packet(const struct rtcp_packet *packet, bool is_valid)
{
	struct rtcp_sender_info info;
	bool has_info = rtcp_sender_info(packet, &info);
	unsigned reports = walk_reports(packet), sources = walk_bye(packet);
	size_t xr_octets = walk_xr(packet);

	walk_sdes(packet);
	walk_feedback(packet);
	check(reports <= packet->count && sources <= packet->count);
	check(!has_info || packet->type == RTCP_SR);
	if (!is_valid)
		return;
	if (packet->type == RTCP_SR || packet->type == RTCP_RR)
		check(packet->has_ssrc && reports == packet->count);
	if (packet->type == RTCP_SR)
		check(has_info);
	if (packet->type == RTCP_BYE)
		check(sources == packet->count && packet->has_ssrc == (sources > 0));
	if (packet->type == RTCP_XR)
		check(xr_octets + 4 == packet->body.n);
}

/* Unless it is padded, a compound may be followed by another. */
static void check_doubled(struct bytes payload, unsigned packets)
{
	uint8_t *twice = malloc(2 * payload.n);
	enum rtcp_status status;
	unsigned n = 0;

	check(twice != NULL);
	memcpy(twice, payload.p, payload.n);
	memcpy(twice + payload.n, payload.p, payload.n);
	status = rtcp_validate(bytes_of(twice, 2 * payload.n), &n);
	free(twice);
	check(status == RTCP_PADDING || (status == RTCP_OK && n == 2 * packets));
}

/* Whatever the capture leaves of a compound, its front is one, and nobody takes it for anything else. */
static void check_cut(struct bytes payload)
{
	size_t n = payload.p[payload.n - 1] * payload.n / 256;
	struct bytes whole;

	check(rtcp_validate_cut(bytes_head(payload, n), (uint32_t)payload.n, &whole) == RTCP_OK);
	check(whole.n <= n && (!whole.n || rtcp_validate(whole, NULL) == RTCP_OK));
	check(rtcp_validate_cut(payload, (uint32_t)payload.n, &whole) == RTCP_OK);
	check(whole.n == payload.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes payload = bytes_of(data, size), rest = payload;
	unsigned announced = 0, walked = 0;
	bool is_valid = rtcp_validate(payload, &announced) == RTCP_OK;
	struct rtcp_packet packet;

	while (rtcp_next(&rest, &packet)) {
		check(is_inside(payload, packet.body));
		walk_packet(&packet, is_valid);
		walked++;
	}
	if (is_valid) {
		check(rest.n == 0 && walked == announced && announced > 0);
		check_doubled(payload, announced);
		check_cut(payload);
	}
	if (rtcp_is_strict_compound(payload))
		check(is_valid && announced >= 2);
	return 0;
}
