/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes that packets say something of: Opus by its band and rate, EVS where its sizes are not clear; and what of all
 * that is a guess. */
#include <math.h>
#include <stdlib.h>

#include "qos_mode.h"

/* So much nearer a mode of another scale must be: means and minima begin anew with it. */
#define SCALE_KBPS 1.5

/* Figures of Opus stand so close to each other, half way, and their rate may flutter. */
#define RATE_STEP_KBPS 2.0

enum {
	USUAL_TAG_BYTES = 10, /* of SRTP's authentication tag, RFC 3711 */
};

bool qos_mode_has_rates(const struct qos_payload *payload)
{
	return strcmp(payload->name, "opus") == 0 && !payload->redundancy;
}

double qos_mode_kbps(const struct qos_payload *payload, uint64_t bytes, uint64_t packets,
	uint32_t frame_ticks, uint32_t hz)
{
	uint64_t tag = payload->tag_bytes   ? payload->tag_bytes
		       : payload->is_secure ? USUAL_TAG_BYTES
					    : 0;
	double octets_each = packets ? (double)bytes / (double)packets - (double)tag : 0;

	return frame_ticks && octets_each > 0 ? octets_each * 8 * hz / 1000 / frame_ticks : NAN;
}

/* kbit/s in the name of a mode: "swb-31-cbr". 0: the mode is not one of a rate. */
static unsigned rate_of(const struct qos_codec *mode)
{
	const char *p = strchr(mode->mode, '-');
	unsigned kbps = 0;

	for (p = p ? p + 1 : ""; *p >= '0' && *p <= '9'; p++)
		kbps = 10 * kbps + (unsigned)(*p - '0');
	return kbps;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}

/* What is heard of the band that was sent. */
static enum qos_scale heard_scale(const struct qos_payload *payload)
{
	return payload->band.scale < payload->widest ? payload->band.scale : payload->widest;
}

/* Whether Opus may use this mode: of the band that its packets have, no wider than the receiver plays, and as constant
 * in rate as that asks. */
static bool may_be(const struct qos_payload *payload, const struct qos_codec *mode)
{
	if (!rate_of(mode) || has_suffix(mode->mode, "-cbr") != payload->is_cbr)
		return false;
	return payload->band.is_known ? mode->scale == heard_scale(payload)
				      : mode->scale <= payload->widest;
}

const struct qos_codec *qos_mode_from_rate(const struct qos_payload *payload, double kbps)
{
	const struct qos_codec *mode = NULL, *best = NULL, *now = payload->codec;
	double least = INFINITY;

	while ((mode = qos_codec_next_mode(bytes_from_str(payload->name), mode))) {
		double off = fabs(rate_of(mode) - kbps);

		if (now && rate_of(now) && mode->scale != now->scale)
			off += SCALE_KBPS;
		if (may_be(payload, mode) && off < least) {
			least = off;
			best = mode;
		}
	}
	return best;
}

bool qos_mode_has_heads(const struct qos_payload *payload)
{
	return payload->has_modes && !payload->is_secure && !payload->redundancy &&
	       (strcmp(payload->name, "opus") == 0 || strcmp(payload->name, "evs") == 0);
}

static bool is_same_band(struct qos_band a, struct qos_band b)
{
	return a.is_known == b.is_known && a.is_medium == b.is_medium && a.scale == b.scale;
}

/* True: it is another from now on. */
static bool take_band(struct qos_payload *payload, struct qos_band band)
{
	struct qos_band before = payload->band_next;

	payload->band_next = band;
	if (!band.is_known || is_same_band(band, payload->band)) {
		payload->is_band_settled = band.is_known;
		return false;
	}
	if (payload->is_band_settled && !is_same_band(band, before))
		return false;
	payload->is_band_settled = payload->band.is_known;
	payload->band = band;
	return true;
}

/* True: it names another mode. One of silence names none. */
static bool take_evs(struct qos_payload *payload, const struct qos_head *head)
{
	struct qos_evs_toc was = qos_head_evs(&payload->head), toc = qos_head_evs(head);

	if (!toc.is_known)
		return false;
	payload->head = *head;
	return !was.is_known || was.is_io != toc.is_io || was.rate != toc.rate;
}

bool qos_mode_take_head(struct qos_payload *payload, const struct qos_head *head)
{
	static const char *const modes[] = {[QOS_NB] = "nb", [QOS_WB] = "wb", [QOS_FB] = ""};

	if (!qos_mode_has_heads(payload) || head->pt != payload->pt || !head->octets)
		return false;
	if (!qos_mode_has_rates(payload))
		return take_evs(payload, head);
	if (!take_band(payload, qos_head_opus(head)))
		return false;
	if (!payload->codec || payload->codec->scale != heard_scale(payload))
		qos_payload_set_mode(payload, modes[heard_scale(payload)]);
	return true;
}

enum qos_basis qos_mode_basis(
	const struct qos_payload *payload, const struct qos_codec *mode, double kbps)
{
	bool is_told = true;

	if (mode->basis == QOS_BASIS_NONE || !mode->mode[0])
		return mode->basis;
	if (strcmp(mode->name, "opus") == 0)
		is_told = payload->band.is_known && !payload->band.is_medium &&
			  fabs(kbps - rate_of(mode)) <= RATE_STEP_KBPS;
	else if (strcmp(mode->name, "evs") == 0 && mode->scale == QOS_FB)
		is_told = payload->is_superwide;
	return is_told ? mode->basis : QOS_BASIS_ASSUMED;
}
