/* SPDX-License-Identifier: BSD-3-Clause */
/* What a=fmtp says of modes. */
#include "qos_mode.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* False: no number, or none that means anything here. */
static bool take_number(struct bytes text, uint32_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *value > 1000000)
			return false;
		*value = 10 * *value + (text.p[i] - '0');
	}
	return text.n > 0;
}

static void take_cbr(struct qos_payload *payload, struct bytes value)
{
	payload->is_cbr = bytes_eq(value, BYTES_LIT("1"));
}

static void take_playback_rate(struct qos_payload *payload, struct bytes value)
{
	uint32_t hz;

	if (!take_number(value, &hz))
		return;
	payload->widest = hz < 16000 ? QOS_NB : hz < 24000 ? QOS_WB : QOS_FB;
	if (payload->widest != QOS_FB)
		qos_payload_set_mode(payload, payload->widest == QOS_NB ? "nb" : "wb");
}

/* "nb-swb" ends with the widest. */
static void take_bandwidth(struct qos_payload *payload, struct bytes value)
{
	size_t dash = bytes_find(value, '-');
	bool is_range = dash < value.n;

	if (is_range)
		value = bytes_of(value.p + dash + 1, value.n - dash - 1);
	payload->is_superwide = !is_range && bytes_eq_nocase(value, BYTES_LIT("swb"));
	if (bytes_eq_nocase(value, BYTES_LIT("nb"))) {
		payload->widest = QOS_NB;
		qos_payload_set_mode(payload, "nb");
	} else if (bytes_eq_nocase(value, BYTES_LIT("wb"))) {
		payload->widest = QOS_WB;
		qos_payload_set_mode(payload, "wb");
	}
}

static void take_alignment(struct qos_payload *payload, struct bytes value)
{
	payload->is_octet_aligned = bytes_eq(value, BYTES_LIT("1"));
}

static void take_header_only(struct qos_payload *payload, struct bytes value)
{
	payload->is_header_only = bytes_eq(value, BYTES_LIT("1"));
}

/* RFC 4867 section 8.1: frames are not one after the other any more, or not alone. */
static void take_arrangement(struct qos_payload *payload, struct bytes value)
{
	if (!bytes_eq(value, BYTES_LIT("0")))
		payload->has_modes = false;
}

static void take_bit_rate(struct qos_payload *payload, struct bytes value)
{
	if (bytes_eq(value, BYTES_LIT("24000")))
		qos_payload_set_mode(payload, "24");
	else if (bytes_eq(value, BYTES_LIT("32000")))
		qos_payload_set_mode(payload, "32");
}

static void take_frame_ms(struct qos_payload *payload, struct bytes value)
{
	if (bytes_eq(value, BYTES_LIT("20")))
		qos_payload_set_mode(payload, "15.2");
	else if (bytes_eq(value, BYTES_LIT("30")))
		qos_payload_set_mode(payload, "13.3");
}

static const struct parameter {
	char codec[8]; /* zeros behind it */
	const char *key;
	void (*take)(struct qos_payload *payload, struct bytes value);
} parameters[] = {
	{"amr", "octet-align", take_alignment},
	{"amr", "crc", take_arrangement},
	{"amr", "interleaving", take_arrangement},
	{"amr", "robust-sorting", take_arrangement},
	{"amr-wb", "octet-align", take_alignment},
	{"amr-wb", "crc", take_arrangement},
	{"amr-wb", "interleaving", take_arrangement},
	{"amr-wb", "robust-sorting", take_arrangement},
	{"evs", "bw", take_bandwidth},
	{"evs", "hf-only", take_header_only},
	{"g7221", "bitrate", take_bit_rate},
	{"ilbc", "mode", take_frame_ms},
	{"opus", "cbr", take_cbr},
	{"opus", "maxplaybackrate", take_playback_rate},
};

static void take_parameter(struct qos_payload *payload, struct bytes key, struct bytes value)
{
	for (size_t i = 0; i < COUNT(parameters); i++)
		if (memcmp(payload->name, parameters[i].codec, sizeof(parameters[i].codec)) == 0 &&
			bytes_eq_nocase(key, bytes_from_str(parameters[i].key)))
			parameters[i].take(payload, value);
}

void qos_mode_from_fmtp(struct qos_payload *payload, struct bytes fmtp, uint8_t channels)
{
	/* Most do not. */
	if (!payload->tells_mode)
		return;
	payload->has_modes =
		qos_mode_has_rates(payload) || (qos_mode_has_sizes(payload) && channels <= 1);
	while (fmtp.n) {
		size_t end = bytes_find(fmtp, ';');
		struct bytes parameter = bytes_trim(bytes_head(fmtp, end));
		size_t equals = bytes_find(parameter, '=');

		if (equals < parameter.n)
			take_parameter(payload, bytes_trim(bytes_head(parameter, equals)),
				bytes_trim(bytes_skip(parameter, equals + 1)));
		fmtp = bytes_skip(fmtp, end + 1);
	}
}

bool qos_mode_redundancy(struct bytes fmtp, uint8_t *primary, uint8_t *blocks)
{
	size_t first = bytes_find(fmtp, '/');
	uint32_t pt;

	*blocks = 0;
	for (size_t i = first; i < fmtp.n && *blocks < QOS_REDUNDANCY_MAX; i++)
		*blocks += fmtp.p[i] == '/';
	if (!*blocks || !take_number(bytes_head(fmtp, first), &pt) || pt > 127)
		return false;
	*primary = (uint8_t)pt;
	return true;
}
