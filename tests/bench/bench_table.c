/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream table: finding, and finding and updating, with as many streams as a core may have. The
 * floor does nothing but the memory accesses that a look-up cannot do without. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "pkt_decode.h"
#include "qos_mem.h"
#include "qos_table.h"

#define PACKET_NS ((uint64_t)20000000)

enum {
	PACKETS = 1000000, /* of a repeat */
	RTP_TICKS = 160,
};

struct bench_streams {
	struct qos_table table;
	void *memory;
	uint32_t count;
	uint32_t rounds; /* a repeat visits all streams so often */
	uint8_t family;
	struct pkt_media *packets; /* one of each stream, in random order */
	struct {
		uint32_t group;
		uint32_t hot;
	} * places; /* what the floor touches */
	uint64_t now_ns;
};

static void payload(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *p)
{
	(void)arg;
	(void)cold;
	qos_payload_init(p, pt, BYTES_NONE, 0);
}

static void open_stream(struct bench_streams *s, uint32_t i, uint32_t at)
{
	uint8_t frame[BENCH_FRAME_STRIDE];
	struct pkt_media *m = &s->packets[at];
	struct qos_origin origin = {0};
	struct pkt_view view;
	struct rtp_hdr hdr;
	uint32_t stream;

	pkt_decode(
		PKT_LINK_ETHERNET, bytes_of(frame, bench_rtp_frame(frame, s->family, 0, i)), &view);
	if (rtp_hdr_parse(view.payload, view.payload_wire, &hdr) != RTP_OK)
		return;
	*m = (struct pkt_media){
		.key = pkt_media_key(&view.flow, hdr.ssrc, &s->table.seed),
		.rtp_ts = hdr.ts,
		.seq = hdr.seq,
		.payload_bytes = (uint16_t)hdr.payload_bytes,
		.time_ns = s->now_ns,
		.marker_pt = hdr.pt,
	};
	origin.flow = view.flow;
	origin.ssrc = hdr.ssrc;
	stream = qos_table_open(&s->table, m, &origin, NULL, 0, s->now_ns);
	if (stream != QOS_NONE)
		qos_table_update(&s->table, s->table.cold[stream].slot, m, s->now_ns);
}

static void streams_destroy(struct bench_streams *s)
{
	if (s->table.hot)
		qos_table_fini(&s->table);
	if (s->memory)
		qos_mem_unmap(s->memory, qos_table_memory(s->count));
	free(s->packets);
	free(s->places);
}

static bool streams_create(struct bench_streams *s, uint32_t count, uint8_t family)
{
	const struct pkt_seed seed = BENCH_SEED;
	uint32_t *order = bench_order(count);
	uint64_t random = 1;

	*s = (struct bench_streams){
		.count = count, .rounds = PACKETS / count, .family = family, .now_ns = PACKET_NS};
	s->memory = qos_mem_map(qos_table_memory(count));
	s->packets = malloc(count * sizeof(*s->packets));
	s->places = malloc(count * sizeof(*s->places));
	if (!order || !s->memory || !s->packets || !s->places ||
		qos_table_init(&s->table, count, &seed, s->memory) != 0) {
		free(order);
		return false;
	}
	s->table.env.payload_fn = payload;
	for (uint32_t i = 0; i < count; i++)
		open_stream(s, i, order[i]);
	for (uint32_t i = 0; i < count; i++) {
		s->places[i].group = qos_table_home(&s->table, bench_random(&random));
		s->places[i].hot = s->table.cold[bench_random(&random) % count].slot;
	}
	free(order);
	return qos_table_count(&s->table) == count;
}

/* The next packet of each stream. */
static void next_packets(struct bench_streams *s)
{
	s->now_ns += PACKET_NS;
	for (uint32_t i = 0; i < s->count; i++) {
		s->packets[i].seq++;
		s->packets[i].rtp_ts += RTP_TICKS;
	}
}

static unsigned burst_at(const struct bench_streams *s, uint32_t at)
{
	return s->count - at < QOS_BURST ? s->count - at : QOS_BURST;
}

/* As the pipeline does, but in three loops: the slot of each, QOS_NONE where a single search has to look. */
static void find(struct bench_streams *s, uint32_t at, unsigned n, uint32_t *slot)
{
	const struct qos_table *t = &s->table;

	for (unsigned i = 0; i < n; i++)
		slot[i] = qos_table_locate(t, qos_table_hash(t, &s->packets[at + i].key));
	qos_table_prefetch(t, slot, n);
	for (unsigned i = 0; i < n; i++)
		if (!qos_table_is_of(t, slot[i], &s->packets[at + i].key))
			slot[i] = QOS_NONE;
}

static uint64_t run_find(void *arg)
{
	struct bench_streams *s = arg;
	uint32_t slot[QOS_BURST];
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t r = 0; r < s->rounds; r++)
		for (uint32_t at = 0; at < s->count; at += QOS_BURST) {
			unsigned n = burst_at(s, at);

			find(s, at, n, slot);
			for (unsigned i = 0; i < n; i++)
				sum += slot[i];
		}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_touch_two(void *arg)
{
	const struct bench_streams *s = arg;
	const struct qos_table *t = &s->table;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t r = 0; r < s->rounds; r++)
		for (uint32_t at = 0; at < s->count; at += QOS_BURST) {
			unsigned n = burst_at(s, at);

			for (unsigned i = 0; i < n; i++) {
				sum += t->pilots[s->places[at + i].group];
				__builtin_prefetch(&t->hot[s->places[at + i].hot], 1);
			}
			for (unsigned i = 0; i < n; i++)
				sum += t->hot[s->places[at + i].hot].key.w[0];
		}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static inline void update_one(struct bench_streams *s, const struct pkt_media *m, uint32_t slot)
{
	if (slot == QOS_NONE)
		slot = qos_table_find_slot(&s->table, &m->key);
	if (slot != QOS_NONE)
		qos_table_update(&s->table, slot, m, s->now_ns);
}

static uint64_t run_update(void *arg)
{
	struct bench_streams *s = arg;
	uint32_t slot[QOS_BURST];
	uint64_t sum = 0;

	for (uint32_t r = 0; r < s->rounds; r++) {
		uint64_t ns;

		next_packets(s);
		ns = bench_cpu_ns();
		for (uint32_t at = 0; at < s->count; at += QOS_BURST) {
			unsigned n = burst_at(s, at);

			find(s, at, n, slot);
			for (unsigned i = 0; i < n; i++)
				update_one(s, &s->packets[at + i], slot[i]);
		}
		sum += bench_cpu_ns() - ns;
	}
	return sum;
}

/* Writes back what is there, so that the table stays right. */
static uint64_t run_write_one(void *arg)
{
	struct bench_streams *s = arg;
	uint64_t ns = bench_cpu_ns();

	for (uint32_t r = 0; r < s->rounds; r++)
		for (uint32_t at = 0; at < s->count; at += QOS_BURST) {
			unsigned n = burst_at(s, at);

			for (unsigned i = 0; i < n; i++)
				__builtin_prefetch(&s->table.hot[s->places[at + i].hot], 1);
			for (unsigned i = 0; i < n; i++) {
				volatile uint64_t *word =
					&s->table.hot[s->places[at + i].hot].key.w[0];

				*word = *word;
			}
		}
	return bench_cpu_ns() - ns;
}

static bool rows(const char *keys, uint8_t family, uint32_t count)
{
	char find[64], update[64];
	const struct bench_row facts = {.streams = count};
	struct bench_streams s;
	bool is_made = streams_create(&s, count, family);
	const struct bench_code finds = {find, run_find, &s, PACKETS};
	const struct bench_code updates = {update, run_update, &s, PACKETS};
	const struct bench_code two = {"touch a pilot and a hot line", run_touch_two, &s, PACKETS};
	const struct bench_code one = {"touch and write one line", run_write_one, &s, PACKETS};

	snprintf(find, sizeof(find), "find, %uk streams, %s", count / 1000, keys);
	snprintf(update, sizeof(update), "find and update, %uk, %s", count / 1000, keys);
	if (is_made) {
		bench_compare_row(&facts, &finds, &two, 1);
		bench_compare_row(&facts, &updates, &one, 1);
	}
	streams_destroy(&s);
	return is_made;
}

bool bench_table(void)
{
	static const uint32_t counts[] = {10000, 100000, 1000000};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (!rows("IPv4", 4, counts[i]) || !rows("IPv6", 6, counts[i]))
			return false;
	return true;
}
