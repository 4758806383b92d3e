/* SPDX-License-Identifier: BSD-3-Clause */
/* A codec of several modes, an a=fmtp value, and packets: whatever they say, the mode is one of that codec and no
 * wider than the description allows; without fmtp's word the same packets have the same mode again.
 * One octet chooses the codec, one has flags, four are octets and ticks of a packet, two begin its payload, the rest is
 * fmtp. */
#include <math.h>
#include <stdlib.h>

#include "bytes.h"
#include "qos_mode.h"

enum {
	HEAD_BYTES = 8,
	PACKETS = 50,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	uint32_t clock;
} codecs[] = {{"amr", 8000}, {"amr-wb", 16000}, {"evs", 16000}, {"g723", 8000}, {"ilbc", 8000},
	{"g7221", 16000}, {"opus", 48000}, {"pcmu", 8000}};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_mode(const struct qos_payload *payload, const struct qos_codec *mode)
{
	if (!mode)
		return;
	check(payload->has_modes && strcmp(mode->name, payload->name) == 0);
	check(mode->mode[0] && mode->scale <= payload->widest);
}

/* A mode once chosen stays while the rate does. */
static void check_rate(struct qos_payload *payload, double kbps)
{
	if (isnan(kbps))
		return;
	check(kbps > 0);
	if (!qos_mode_has_rates(payload))
		return;
	payload->codec = qos_mode_from_rate(payload, kbps);
	check(payload->codec != NULL);
	check_mode(payload, payload->codec);
	check(payload->codec == qos_mode_from_rate(payload, kbps));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes fmtp = bytes_skip(bytes_of(data, size), HEAD_BYTES);
	uint8_t primary = 0, blocks = 0;
	const struct qos_codec *mode;
	struct qos_payload payload;
	struct qos_head head;
	uint16_t bytes, ticks;

	if (size < HEAD_BYTES)
		return 0;
	bytes = be16(data + 2);
	ticks = be16(data + 4);
	qos_payload_init(
		&payload, 96, bytes_from_str(codecs[data[0] % 8].name), codecs[data[0] % 8].clock);
	qos_mode_from_fmtp(&payload, fmtp, data[1] >> 7 ? 2 : 1);
	check(payload.codec && strcmp(payload.codec->name, payload.name) == 0);
	payload.is_secure = data[1] & 1;
	payload.tag_bytes = payload.is_secure ? data[1] >> 1 & 31 : 0;
	if (!payload.has_modes)
		return 0;
	head = qos_head_of(bytes_of(data + 6, 2), data[1] & 2 ? 96 : 97);
	if (qos_mode_take_head(&payload, &head)) {
		check(qos_mode_has_heads(&payload) && head.pt == payload.pt);
		check(payload.codec->scale <= payload.widest);
		check(!qos_mode_take_head(&payload, &head));
	}
	mode = qos_mode_from_size(&payload, bytes, ticks);
	check_mode(&payload, mode);
	check(mode == qos_mode_from_size(&payload, bytes, ticks));
	check_rate(&payload,
		qos_mode_kbps(&payload, (uint64_t)bytes * PACKETS, PACKETS, ticks, payload.clock));
	if (qos_mode_redundancy(fmtp, &primary, &blocks))
		check(primary < 128 && blocks >= 1 && blocks <= QOS_REDUNDANCY_MAX);
	return 0;
}
