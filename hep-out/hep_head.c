/* SPDX-License-Identifier: BSD-3-Clause */
/* Chunks whose length is fixed go out as one block, copied as it stands on the wire and filled in: a trunk has 30 of
 * them among 1,000 packets. */
#include "hep_head.h"

#include "qos_call.h"

enum {
	FAMILY_IP4 = 2, /* Linux AF_INET and AF_INET6, whatever the sending system's own are */
	FAMILY_IP6 = 10,
	VALUE = HEP_CHUNK_HEADER_BYTES, /* where it is in a chunk */
	CORRELATION_ID_MAX = QOS_CALL_ID_MAX - 1, /* cut where the call table cuts, to stay equal */
	NS_PER_SEC = 1000000000,
	NS_PER_US = 1000,
};

#define CHUNK(type, bytes) 0, HEP_VENDOR_GENERIC, 0, type, 0, VALUE + (bytes)

struct rest {
	uint8_t src_port[VALUE + 2], dst_port[VALUE + 2];
	uint8_t sec[VALUE + 4], usec[VALUE + 4];
	uint8_t type[VALUE + 1];
	uint8_t agent_id[VALUE + 4];
};

#define REST                                                                                       \
	{                                                                                          \
		.src_port = {CHUNK(HEP_CHUNK_SRC_PORT, 2)},                                        \
		.dst_port = {CHUNK(HEP_CHUNK_DST_PORT, 2)}, .sec = {CHUNK(HEP_CHUNK_TIME_SEC, 4)}, \
		.usec = {CHUNK(HEP_CHUNK_TIME_USEC, 4)}, .type = {CHUNK(HEP_CHUNK_TYPE, 1)},       \
		.agent_id = {CHUNK(HEP_CHUNK_AGENT_ID, 4)},                                        \
	}

struct ip4 {
	uint8_t family[VALUE + 1], protocol[VALUE + 1];
	uint8_t src[VALUE + 4], dst[VALUE + 4];
	struct rest rest;
};

struct ip6 {
	uint8_t family[VALUE + 1], protocol[VALUE + 1];
	uint8_t src[VALUE + 16], dst[VALUE + 16];
	struct rest rest;
};

static const struct ip4 blank_ip4 = {
	.family = {CHUNK(HEP_CHUNK_FAMILY, 1), FAMILY_IP4},
	.protocol = {CHUNK(HEP_CHUNK_PROTOCOL, 1)},
	.src = {CHUNK(HEP_CHUNK_SRC_IP4, 4)},
	.dst = {CHUNK(HEP_CHUNK_DST_IP4, 4)},
	.rest = REST,
};

static const struct ip6 blank_ip6 = {
	.family = {CHUNK(HEP_CHUNK_FAMILY, 1), FAMILY_IP6},
	.protocol = {CHUNK(HEP_CHUNK_PROTOCOL, 1)},
	.src = {CHUNK(HEP_CHUNK_SRC_IP6, 16)},
	.dst = {CHUNK(HEP_CHUNK_DST_IP6, 16)},
	.rest = REST,
};

static void put_rest(struct rest *rest, uint32_t agent_id, const struct hep_head *head)
{
	hep_writer_store16(rest->src_port + VALUE, head->flow->sport);
	hep_writer_store16(rest->dst_port + VALUE, head->flow->dport);
	hep_writer_store32(rest->sec + VALUE, (uint32_t)(head->time_ns / NS_PER_SEC));
	hep_writer_store32(rest->usec + VALUE, (uint32_t)(head->time_ns % NS_PER_SEC / NS_PER_US));
	rest->type[VALUE] = (uint8_t)head->type;
	hep_writer_store32(rest->agent_id + VALUE, agent_id);
}

static void put_ip4(struct hep_writer *w, uint32_t agent_id, const struct hep_head *head)
{
	struct ip4 *p = hep_writer_put_chunks(w, sizeof(*p));

	if (!p)
		return;
	*p = blank_ip4;
	p->protocol[VALUE] = head->flow->proto;
	memcpy(p->src + VALUE, head->flow->src.b, 4);
	memcpy(p->dst + VALUE, head->flow->dst.b, 4);
	put_rest(&p->rest, agent_id, head);
}

static void put_ip6(struct hep_writer *w, uint32_t agent_id, const struct hep_head *head)
{
	struct ip6 *p = hep_writer_put_chunks(w, sizeof(*p));

	if (!p)
		return;
	*p = blank_ip6;
	p->protocol[VALUE] = head->flow->proto;
	memcpy(p->src + VALUE, head->flow->src.b, 16);
	memcpy(p->dst + VALUE, head->flow->dst.b, 16);
	put_rest(&p->rest, agent_id, head);
}

static void put_text(struct hep_writer *w, enum hep_chunk chunk, struct bytes text)
{
	if (text.n)
		hep_writer_put_bytes(w, chunk, text);
}

/* The correlation id comes last of the head, so that the zero octets of the next chunk's vendor
 * follow it: Kamailio reads it up to the first NUL. */
void hep_head_put(
	struct hep_writer *w, const struct hep_options *options, const struct hep_head *head)
{
	if (head->flow->family == 4)
		put_ip4(w, options->node_id, head);
	else
		put_ip6(w, options->node_id, head);
	put_text(w, HEP_CHUNK_AUTH_KEY, bytes_from_str(options->auth_key));
	put_text(w, HEP_CHUNK_AGENT_NAME, bytes_from_str(options->node_name));
	if (head->vlan)
		hep_writer_put_u16(w, HEP_CHUNK_VLAN, head->vlan);
	hep_writer_put_u8(w, HEP_CHUNK_TOS, head->tos);
	put_text(w, HEP_CHUNK_CORRELATION_ID, bytes_head(head->correlation_id, CORRELATION_ID_MAX));
}
