/* SPDX-License-Identifier: BSD-3-Clause */
/* What payload types mean on a stream, by what its ends announced. */
#include "probe_worker.h"
#include "qos_mode.h"

enum {
	FOLLOW_PACKETS = 8, /* since it was seen that the call was described anew */
};

void probe_media_payload(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload)
{
	struct probe_worker *w = arg;
	const struct pkt_flow *f = &cold->origin.flow;
	struct qos_media_key src = qos_media_key_of_src(f), dst = qos_media_key_of_dst(f);
	const struct qos_media *ends[2] = {
		qos_media_find(w->probe->medias, &dst),
		qos_media_find(w->probe->medias, &src),
	};

	/* The receiver's description says what the numbers mean (RFC 3264 section 5.1). */
	for (unsigned i = 0; i < 2; i++) {
		const struct qos_payload *known = ends[i] ? qos_media_payload(ends[i], pt) : NULL;

		if (known) {
			*payload = *known;
			return;
		}
	}
	qos_payload_init(payload, pt, BYTES_NONE, 0);
	qos_mode_from_fmtp(payload, BYTES_NONE, 1);
}

/* What the stream's own call says of it at this end. */
static const struct qos_payload *own_at(
	const struct probe_worker *w, const struct qos_stream_cold *cold, struct qos_media_key key)
{
	const struct qos_media *media = qos_media_find(w->probe->medias, &key);

	return media && media->call == cold->call ? qos_media_payload(media, cold->payload.pt)
						  : NULL;
}

static bool is_one_codec(const struct qos_payload *a, const struct qos_payload *b)
{
	return a->clock == b->clock && memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

/* All but the mode, which packets show. */
static bool is_as_known(const struct qos_stream_cold *cold, const struct qos_payload *said)
{
	struct qos_payload known = cold->payload;

	known.codec = said->codec;
	return qos_payload_says_same(&known, said);
}

/* It was, and the stream went on: one that another SSRC takes the place of stays what it was. */
static bool is_described_anew(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	uint32_t packets = (uint32_t)qos_stream_packets(hot, cold);
	uint16_t described = atomic_load_explicit(&cold->call->described, memory_order_acquire);

	if (described == cold->described)
		return false;
	if (described != cold->described_seen) {
		cold->described_seen = described;
		cold->described_packets = packets;
	}
	if (packets - cold->described_packets < FOLLOW_PACKETS)
		return false;
	cold->described = described;
	return true;
}

/* Once a second. A stream that goes on is not to get another codec under its number (RFC 3264 section 8.3.2), but
 * behind back-to-back agents some do. What one end alone says is an offer, which the other may refuse. */
void probe_media_follow(struct probe_worker *w, uint32_t stream)
{
	struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	struct qos_stream_cold *cold = &w->table.cold[stream];
	const struct qos_payload *said, *other;

	if (!cold->call || !is_described_anew(hot, cold))
		return;
	said = own_at(w, cold, qos_media_key_of_dst(&cold->origin.flow));
	other = own_at(w, cold, qos_media_key_of_src(&cold->origin.flow));
	if (said && other && !is_one_codec(said, other))
		return;
	said = said ? said : other;
	if (!said || is_as_known(cold, said))
		return;
	/* Said by a packet of the codec before. */
	if (!is_one_codec(said, &cold->payload))
		cold->head = (struct qos_head){0};
	qos_stream_change_payload(&w->table.env, hot, cold, said);
}
