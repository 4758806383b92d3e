/* SPDX-License-Identifier: BSD-3-Clause */
/* A row of attributes, each with its length, padded to four octets. */
#include "stun_msg.h"

#include <zlib.h>

enum {
	ATTRIBUTE_BYTES = 4, /* type and length */
	COOKIE_AT = 4,
	FINGERPRINT_XOR = 0x5354554e,
	ADDRESS_BYTES = 4, /* reserved, family, port */
	FAMILY_IP4 = 1,
	FAMILY_IP6 = 2,
};

enum attribute {
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	XOR_PEER_ADDRESS = 0x0012,
	DATA = 0x0013,
	MESSAGE_INTEGRITY_SHA256 = 0x001c,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	FINGERPRINT = 0x8028,
	ICE_CONTROLLED = 0x8029,
	ICE_CONTROLLING = 0x802a,
};

/* RFC 8489 section 14.2: the port and an IPv4 address are mixed with the cookie, an IPv6 address with the transaction
 * ID too, which follows it. */
static void take_address(const uint8_t *header, struct bytes value, struct stun_address *address)
{
	const uint8_t *key = header + COOKIE_AT;
	uint8_t family;

	if (address->family || value.n < ADDRESS_BYTES)
		return;
	family = value.p[1] == FAMILY_IP4 ? 4 : value.p[1] == FAMILY_IP6 ? 6 : 0;
	if (!family || value.n != ADDRESS_BYTES + pkt_addr_len(family))
		return;
	address->family = family;
	address->port = be16(value.p + 2) ^ be16(key);
	memcpy(address->addr.b, value.p + ADDRESS_BYTES, pkt_addr_len(family));
	for (size_t i = 0; i < pkt_addr_len(family); i++)
		address->addr.b[i] ^= key[i];
}

static void take_attribute(
	const uint8_t *header, uint16_t type, struct bytes value, struct stun_msg *msg)
{
	switch (type) {
	case USERNAME:
		if (!msg->username.n)
			msg->username = value;
		break;
	case PRIORITY:
		if (!msg->has_priority && value.n == 4) {
			msg->has_priority = true;
			msg->priority = be32(value.p);
		}
		break;
	case USE_CANDIDATE:
		msg->has_nomination = true;
		break;
	case ICE_CONTROLLING:
		msg->is_controlling = true;
		break;
	case ICE_CONTROLLED:
		msg->is_controlled = true;
		break;
	case XOR_MAPPED_ADDRESS:
		take_address(header, value, &msg->mapped);
		break;
	case XOR_PEER_ADDRESS:
		take_address(header, value, &msg->peer);
		break;
	default:
		break;
	}
}

static void take_fingerprint(const uint8_t *header, struct bytes value, struct stun_msg *msg)
{
	if (msg->has_fingerprint || value.n != 4)
		return;
	msg->has_fingerprint = true;
	msg->fingerprint = be32(value.p);
	msg->fingerprint_at = (size_t)(value.p - header) - ATTRIBUTE_BYTES;
}

/* rest: captured; wire: octets of attributes that there are. */
static enum stun_status take_attributes(
	const uint8_t *header, struct bytes rest, uint32_t wire, struct stun_msg *msg)
{
	bool is_protected = false;

	while (wire) {
		uint32_t length, padded;
		uint16_t type;
		struct bytes value;

		if (rest.n < ATTRIBUTE_BYTES)
			break;
		type = be16(rest.p);
		length = be16(rest.p + 2);
		padded = ATTRIBUTE_BYTES + (length + 3) / 4 * 4;
		if (padded > wire)
			return STUN_ATTRIBUTE;
		value = bytes_head(bytes_skip(rest, ATTRIBUTE_BYTES), length);
		if (type == DATA && !is_protected && !msg->data.n) {
			msg->data = value;
			msg->data_wire = length;
		}
		if (value.n < length)
			break;
		if (type == FINGERPRINT)
			take_fingerprint(header, value, msg);
		else if (!is_protected)
			take_attribute(header, type, value, msg);
		if (type == MESSAGE_INTEGRITY || type == MESSAGE_INTEGRITY_SHA256)
			is_protected = true;
		rest = bytes_skip(rest, padded);
		wire -= padded;
	}
	msg->is_cut = wire != 0;
	return STUN_OK;
}

enum stun_status stun_msg_parse(struct bytes payload, uint32_t wire, struct stun_msg *msg)
{
	const uint8_t *p = payload.p;
	uint32_t length;
	uint16_t type;

	*msg = (struct stun_msg){0};
	payload = bytes_head(payload, wire);
	if (payload.n < STUN_HEADER_BYTES)
		return STUN_SHORT;
	if (!stun_may_be(payload))
		return STUN_NOT_STUN;
	length = be16(p + 2);
	if (length % 4 || STUN_HEADER_BYTES + length != wire)
		return STUN_LENGTH;
	msg->transaction =
		bytes_of(p + STUN_HEADER_BYTES - STUN_TRANSACTION_BYTES, STUN_TRANSACTION_BYTES);
	/* M11-M7 C1 M6-M4 C0 M3-M0 */
	type = be16(p);
	msg->kind = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	msg->method = (uint16_t)((type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf));
	return take_attributes(p, bytes_skip(payload, STUN_HEADER_BYTES), length, msg);
}

bool stun_msg_is_sound(struct bytes payload, const struct stun_msg *msg)
{
	uLong crc;

	if (!msg->has_fingerprint)
		return true;
	crc = crc32(crc32(0, NULL, 0), payload.p, (uInt)msg->fingerprint_at);
	return ((uint32_t)crc ^ FINGERPRINT_XOR) == msg->fingerprint;
}

bool stun_msg_fragments(const struct stun_msg *msg, struct bytes *receiver, struct bytes *sender)
{
	size_t colon = bytes_find(msg->username, ':');

	*receiver = bytes_head(msg->username, colon);
	*sender = bytes_skip(msg->username, colon + 1);
	return receiver->n && sender->n;
}
