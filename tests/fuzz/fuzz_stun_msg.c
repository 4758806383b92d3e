/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets: what a message says lies in it, a message cut short says nothing else than the whole does, and
 * what TURN carries lies in its frame. The first octet says where to cut. */
#include <stdlib.h>

#include "pkt_turn.h"
#include "stun_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool is_inside(struct bytes slice, struct bytes of)
{
	return !slice.n || (slice.p >= of.p && slice.n <= of.n && slice.p + slice.n <= of.p + of.n);
}

static void check_message(const struct stun_msg *msg, struct bytes payload)
{
	struct bytes receiver, sender;

	check((unsigned)msg->kind <= STUN_ERROR && msg->method <= 0xfff);
	check(is_inside(msg->username, payload) && is_inside(msg->data, payload));
	check(msg->data.n <= msg->data_wire);
	check(!msg->has_fingerprint || msg->fingerprint_at + 8 <= payload.n);
	check(msg->mapped.family == 0 || msg->mapped.family == 4 || msg->mapped.family == 6);
	if (stun_msg_fragments(msg, &receiver, &sender)) {
		check(is_inside(receiver, msg->username) && is_inside(sender, msg->username));
		check(receiver.n + 1 + sender.n == msg->username.n);
	}
	stun_msg_is_sound(payload, msg);
}

static void check_cut(struct bytes payload, size_t n, const struct stun_msg *whole)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct bytes cut = bytes_of(copy, n);
	struct stun_msg msg;

	check(copy != NULL);
	memcpy(copy, payload.p, n);
	if (stun_msg_parse(cut, (uint32_t)payload.n, &msg) == STUN_OK) {
		check_message(&msg, cut);
		check(msg.kind == whole->kind && msg.method == whole->method);
		check(!msg.username.n || bytes_eq(msg.username, whole->username));
		check(!msg.has_priority || msg.priority == whole->priority);
		check(!msg.has_fingerprint || msg.fingerprint == whole->fingerprint);
	}
	free(copy);
}

static void check_turn(struct bytes payload)
{
	struct pkt_view view = {.payload = payload, .payload_wire = (uint32_t)payload.n};

	if (!payload.n || !pkt_turn_may_be(payload))
		return;
	if (!pkt_turn_open(&view)) {
		check(view.payload.p == payload.p && view.payload.n == payload.n);
		check(view.relay == PKT_RELAY_NONE && view.payload_wire == payload.n);
		return;
	}
	check(view.relay != PKT_RELAY_NONE && view.payload.n && view.payload.n < payload.n);
	check(is_inside(view.payload, payload) && view.payload_wire == view.payload.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes payload;
	struct stun_msg msg;
	uint8_t *copy;

	if (!size || size > UINT16_MAX)
		return 0;
	payload.n = size - 1;
	copy = malloc(size);
	check(copy != NULL);
	memcpy(copy, data + 1, payload.n);
	payload.p = copy;
	if (stun_msg_parse(payload, (uint32_t)payload.n, &msg) == STUN_OK) {
		check(!msg.is_cut);
		check_message(&msg, payload);
		check_cut(payload, payload.n * data[0] / 256, &msg);
	}
	check_turn(payload);
	free(copy);
	return 0;
}
