/* SPDX-License-Identifier: BSD-3-Clause */
/* Most chunks of fixed length go out as one block, copied as it stands on the wire and filled in: of 1,000 packets of a
 * trunk 30 become messages. */
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

static const struct rest blank_rest = {
	.src_port = {CHUNK(HEP_CHUNK_SRC_PORT, 2)},
	.dst_port = {CHUNK(HEP_CHUNK_DST_PORT, 2)},
	.sec = {CHUNK(HEP_CHUNK_TIME_SEC, 4)},
	.usec = {CHUNK(HEP_CHUNK_TIME_USEC, 4)},
	.type = {CHUNK(HEP_CHUNK_TYPE, 1)},
	.agent_id = {CHUNK(HEP_CHUNK_AGENT_ID, 4)},
};

/* The two apart, so that the compiler knows how long addresses are. */
static void put_ends(struct hep_writer *w, const struct pkt_flow *flow)
{
	bool is_ip4 = flow->family == 4;

	hep_writer_put_u8(w, HEP_CHUNK_FAMILY, is_ip4 ? FAMILY_IP4 : FAMILY_IP6);
	hep_writer_put_u8(w, HEP_CHUNK_PROTOCOL, flow->proto);
	if (is_ip4) {
		hep_writer_put_bytes(w, HEP_CHUNK_SRC_IP4, bytes_of(flow->src.b, 4));
		hep_writer_put_bytes(w, HEP_CHUNK_DST_IP4, bytes_of(flow->dst.b, 4));
	} else {
		hep_writer_put_bytes(w, HEP_CHUNK_SRC_IP6, bytes_of(flow->src.b, 16));
		hep_writer_put_bytes(w, HEP_CHUNK_DST_IP6, bytes_of(flow->dst.b, 16));
	}
}

static void put_rest(struct hep_writer *w, uint32_t agent_id, const struct hep_head *head)
{
	struct rest *p = hep_writer_put_chunks(w, sizeof(*p));

	if (!p)
		return;
	*p = blank_rest;
	hep_writer_store16(p->src_port + VALUE, head->flow->sport);
	hep_writer_store16(p->dst_port + VALUE, head->flow->dport);
	hep_writer_store32(p->sec + VALUE, (uint32_t)(head->time_ns / NS_PER_SEC));
	hep_writer_store32(p->usec + VALUE, (uint32_t)(head->time_ns % NS_PER_SEC / NS_PER_US));
	p->type[VALUE] = (uint8_t)head->type;
	hep_writer_store32(p->agent_id + VALUE, agent_id);
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
	put_ends(w, head->flow);
	put_rest(w, options->node_id, head);
	put_text(w, HEP_CHUNK_AUTH_KEY, bytes_from_str(options->auth_key));
	put_text(w, HEP_CHUNK_AGENT_NAME, bytes_from_str(options->node_name));
	if (head->vlan)
		hep_writer_put_u16(w, HEP_CHUNK_VLAN, head->vlan);
	hep_writer_put_u8(w, HEP_CHUNK_TOS, head->tos);
	put_text(w, HEP_CHUNK_CORRELATION_ID, bytes_head(head->correlation_id, CORRELATION_ID_MAX));
}
