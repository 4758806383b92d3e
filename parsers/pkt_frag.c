/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram's octets stand at their offsets; a bit for each eight says which are there. */
#include "pkt_frag.h"

#include <stdalign.h>

#include "pkt_count.h"

enum {
	UNIT = 8, /* octets that offsets count in */
	UNITS_MAX = PKT_FRAG_DATA_MAX / UNIT,
	WORD_BITS = 64,
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
};

struct key {
	struct pkt_addr src;
	struct pkt_addr dst;
	uint32_t id;
	uint32_t tenant;
	uint8_t family;
	uint8_t proto; /* IPv4 only: IPv6's may differ between fragments */
	uint16_t vlan;
};

struct pkt_frag_datagram {
	alignas(64) struct key key;
	uint64_t began_ns;
	uint32_t next; /* in its bucket or among the free, number + 1 */
	uint32_t older, newer; /* number + 1 */
	uint32_t units; /* that are there */
	uint32_t total; /* octets; 0: the last fragment is missing */
	uint32_t end; /* of what came so far */
	uint8_t proto; /* of the fragment at offset 0 */
	bool is_refused;
	uint64_t there[(UNITS_MAX + WORD_BITS - 1) / WORD_BITS];
	uint8_t data[PKT_FRAG_DATA_MAX];
};

size_t pkt_frag_memory(uint32_t datagrams)
{
	return datagrams * sizeof(struct pkt_frag_datagram) +
	       pkt_hash_buckets(datagrams) * sizeof(uint32_t);
}

void pkt_frag_init(
	struct pkt_frags *frags, void *memory, uint32_t datagrams, const struct pkt_seed *seed)
{
	*frags = (struct pkt_frags){
		.datagrams = memory,
		.buckets = (uint32_t *)((struct pkt_frag_datagram *)memory + datagrams),
		.mask = pkt_hash_buckets(datagrams) - 1,
		.count = datagrams,
		.seed = *seed,
	};
}

static struct key key_of(const struct pkt_view *view)
{
	struct key key;

	memset(&key, 0, sizeof(key)); /* compared as octets */
	key.src = view->flow.src;
	key.dst = view->flow.dst;
	key.id = view->fragment.id;
	key.tenant = view->tenant;
	key.family = view->flow.family;
	key.proto = view->flow.family == 4 ? view->flow.proto : 0;
	key.vlan = view->vlan;
	return key;
}

static uint32_t *bucket_of(struct pkt_frags *frags, const struct key *key)
{
	struct pkt_flow flow = {.src = key->src,
		.dst = key->dst,
		.sport = key->vlan,
		.dport = (uint16_t)(key->family << 8 | key->proto)};
	uint64_t hash =
		pkt_hash_flow6(&flow, key->id, frags->seed.k[0] ^ key->tenant, frags->seed.k[1]);

	return &frags->buckets[hash & frags->mask];
}

static uint32_t number_of(const struct pkt_frags *frags, const struct pkt_frag_datagram *d)
{
	return (uint32_t)(d - frags->datagrams) + 1;
}

/* number is not 0. */
static struct pkt_frag_datagram *datagram(const struct pkt_frags *frags, uint32_t number)
{
	return &frags->datagrams[number - 1];
}

static struct pkt_frag_datagram *find(struct pkt_frags *frags, const struct key *key)
{
	for (uint32_t n = *bucket_of(frags, key); n; n = datagram(frags, n)->next)
		if (memcmp(&datagram(frags, n)->key, key, sizeof(*key)) == 0)
			return datagram(frags, n);
	return NULL;
}

/* Out of its bucket and out of the order of age. */
static void give_back(struct pkt_frags *frags, struct pkt_frag_datagram *d)
{
	uint32_t *link = bucket_of(frags, &d->key);
	uint32_t number = number_of(frags, d);

	while (*link != number)
		link = &datagram(frags, *link)->next;
	*link = d->next;
	*(d->older ? &datagram(frags, d->older)->newer : &frags->oldest) = d->newer;
	*(d->newer ? &datagram(frags, d->newer)->older : &frags->newest) = d->older;
	d->next = frags->free;
	frags->free = number;
}

/* A refused one was counted when it was. */
static void give_up(struct pkt_frags *frags, struct pkt_frag_datagram *d, _Atomic uint64_t *counter)
{
	if (!d->is_refused)
		pkt_count(counter, 1);
	give_back(frags, d);
}

/* Time that stepped back makes nothing old. */
static bool is_older(const struct pkt_frag_datagram *d, uint64_t now_ns, uint64_t age_ns)
{
	return now_ns > d->began_ns && now_ns - d->began_ns > age_ns;
}

static void expire(struct pkt_frags *frags, uint64_t now_ns)
{
	while (frags->oldest &&
		is_older(datagram(frags, frags->oldest), now_ns, PKT_FRAG_TIMEOUT_NS))
		give_up(frags, datagram(frags, frags->oldest),
			&frags->counters.fragments_timed_out);
}

static struct pkt_frag_datagram *find_room(struct pkt_frags *frags)
{
	if (!frags->free && frags->used == frags->count)
		give_up(frags, datagram(frags, frags->oldest), &frags->counters.fragments_evicted);
	if (frags->free) {
		struct pkt_frag_datagram *d = datagram(frags, frags->free);

		frags->free = d->next;
		return d;
	}
	return &frags->datagrams[frags->used++];
}

/* Data of the datagram before it stays and is no harm; the bits that it set are cleared. */
static struct pkt_frag_datagram *begin(
	struct pkt_frags *frags, const struct key *key, uint64_t now_ns)
{
	struct pkt_frag_datagram *d = find_room(frags);
	uint32_t *bucket = bucket_of(frags, key);
	uint32_t number = number_of(frags, d);

	for (uint32_t at = 0; at < d->end; at += UNIT * WORD_BITS)
		d->there[at / (UNIT * WORD_BITS)] = 0;
	d->key = *key;
	d->began_ns = now_ns;
	d->next = *bucket;
	*bucket = number;
	d->older = frags->newest;
	d->newer = 0;
	*(d->older ? &datagram(frags, d->older)->newer : &frags->oldest) = number;
	frags->newest = number;
	d->units = d->total = d->end = 0;
	d->proto = 0;
	d->is_refused = false;
	pkt_count(&frags->counters.fragments_begun, 1);
	return d;
}

static uint32_t end_of(const struct pkt_view *view)
{
	return view->fragment.offset + view->payload_wire;
}

/* All but the last fragment are of whole units. */
static bool is_fit(const struct pkt_view *view)
{
	return view->payload.n && view->payload.n == view->payload_wire &&
	       (!view->fragment.more || view->payload_wire % UNIT == 0);
}

static bool is_there(const struct pkt_frag_datagram *d, uint32_t unit)
{
	return d->there[unit / WORD_BITS] >> unit % WORD_BITS & 1;
}

/* Whether there is room for it and what came before agrees: about where the datagram ends, and
 * about octets that came twice. */
static bool agrees(const struct pkt_frag_datagram *d, const struct pkt_view *view)
{
	uint32_t end = end_of(view);

	if (end > PKT_FRAG_DATA_MAX)
		return false;
	if (d->total ? end > d->total || (!view->fragment.more && end != d->total)
		     : !view->fragment.more && end < d->end)
		return false;
	for (uint32_t at = 0; at < view->payload.n; at += UNIT) {
		struct bytes unit =
			bytes_head(bytes_of(view->payload.p + at, view->payload.n - at), UNIT);
		uint32_t offset = view->fragment.offset + at;

		if (is_there(d, offset / UNIT) && memcmp(d->data + offset, unit.p, unit.n) != 0)
			return false;
	}
	return true;
}

static void put(struct pkt_frag_datagram *d, const struct pkt_view *view)
{
	uint32_t first = view->fragment.offset / UNIT;
	uint32_t last = (end_of(view) - 1) / UNIT;

	memcpy(d->data + view->fragment.offset, view->payload.p, view->payload.n);
	for (uint32_t unit = first; unit <= last; unit++) {
		d->units += !is_there(d, unit);
		d->there[unit / WORD_BITS] |= (uint64_t)1 << unit % WORD_BITS;
	}
	if (end_of(view) > d->end)
		d->end = end_of(view);
	if (!view->fragment.more)
		d->total = end_of(view);
	if (view->fragment.offset == 0)
		d->proto = view->flow.proto;
}

static bool is_whole(const struct pkt_frag_datagram *d)
{
	return d->total && d->units == (d->total + UNIT - 1) / UNIT;
}

static void refuse(struct pkt_frags *frags, struct pkt_frag_datagram *d)
{
	d->is_refused = true;
	pkt_count(&frags->counters.fragments_refused, 1);
}

bool pkt_frag_take(
	struct pkt_frags *frags, struct pkt_view *view, uint64_t now_ns, struct bytes *data)
{
	struct key key = key_of(view);
	struct pkt_frag_datagram *d;

	expire(frags, now_ns);
	if (!is_fit(view)) {
		pkt_count(&frags->counters.fragments_unfit, 1);
		return false;
	}
	d = find(frags, &key);
	if (d && is_older(d, now_ns, PKT_FRAG_REUSE_NS) && (d->is_refused || !agrees(d, view))) {
		give_up(frags, d, &frags->counters.fragments_timed_out);
		d = NULL;
	}
	if (!d)
		d = begin(frags, &key, now_ns);
	if (d->is_refused)
		return false;
	if (!agrees(d, view)) {
		refuse(frags, d);
		return false;
	}
	put(d, view);
	if (!is_whole(d))
		return false;
	pkt_count(&frags->counters.fragments_whole, 1);
	give_back(frags, d);
	view->flow.proto = d->proto;
	*data = bytes_of(d->data, d->total);
	return true;
}

static uint8_t *put16(uint8_t *p, size_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_bytes(uint8_t *p, const uint8_t *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static uint8_t *put_link(uint8_t *p, const struct pkt_view *view)
{
	p = put_bytes(p, view->dst_mac, sizeof(view->dst_mac));
	p = put_bytes(p, view->src_mac, sizeof(view->src_mac));
	if (view->vlan)
		p = put16(put16(p, TYPE_VLAN), view->vlan);
	return put16(p, view->flow.family == 4 ? TYPE_IP4 : TYPE_IP6);
}

static uint8_t *put_ip4(uint8_t *p, const struct pkt_view *view, size_t n)
{
	*p++ = 0x45;
	*p++ = view->tos;
	p = put16(p, IP4_BYTES + n);
	p = put16(put16(p, view->ip_id), 0);
	*p++ = view->ttl;
	*p++ = view->flow.proto;
	p = put16(p, 0);
	return put_bytes(put_bytes(p, view->flow.src.b, 4), view->flow.dst.b, 4);
}

static uint8_t *put_ip6(uint8_t *p, const struct pkt_view *view, size_t n)
{
	p = put16(put16(p, 0x6000u | view->tos << 4), 0);
	p = put16(p, n);
	*p++ = view->flow.proto;
	*p++ = view->ttl;
	return put_bytes(put_bytes(p, view->flow.src.b, 16), view->flow.dst.b, 16);
}

size_t pkt_frag_header(const struct pkt_view *view, size_t n, uint8_t header[PKT_FRAG_HEADER_MAX])
{
	uint8_t *p = view->has_mac ? put_link(header, view) : header;

	p = view->flow.family == 4 ? put_ip4(p, view, n) : put_ip6(p, view, n);
	return (size_t)(p - header);
}
