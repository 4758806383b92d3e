/* SPDX-License-Identifier: BSD-3-Clause */
/* Up to eight packets at once against one after the other: the same lines, hot and cold, at and around every bound of the
 * fast way. */
#include "qos_stream_case.h"
#include "qos_table.h"
#include "qos_update8.h"

enum {
	STREAMS = 64,
	TRIES = 40000,
	CLOCKS = 3,
	PACKET_TICKS = 160,
	WINDOW = 30000, /* more than a jump */
};

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512CD__) && defined(__AVX512VL__)
static const bool has_update8 = true;
#else
static const bool has_update8;
#endif

static const struct pkt_seed seed = {{0x1111, 0x2222, 0x3333, 0x4444}};

/* Which packets' heads were asked for, in order. */
struct asked {
	const struct pkt_media *m[QOS_UPDATE8];
	unsigned n;
};

struct tables {
	struct qos_table one, eight; /* filled alike */
	void *one_mem, *eight_mem;
	struct asked one_asked, eight_asked;
	size_t size;
	struct pkt_media media[QOS_UPDATE8];
	uint32_t slot[QOS_UPDATE8];
	unsigned n; /* of them in this try */
	uint64_t random;
};

static struct pkt_media media_of(uint32_t i)
{
	return (struct pkt_media){
		.key.w = {(uint64_t)i * 0x10001, (uint64_t)i << 32}, .seq = (uint16_t)i};
}

static struct qos_head note_asked(void *arg, const struct pkt_media *m)
{
	struct asked *asked = arg;

	assert_true(asked->n < QOS_UPDATE8);
	asked->m[asked->n++] = m;
	return (struct qos_head){0};
}

static void *open_table(struct qos_table *t, struct asked *asked, size_t size)
{
	struct qos_origin origin = {.flow.family = 4};
	void *mem = aligned_alloc(64, size);

	assert_non_null(mem);
	memset(mem, 0, size);
	assert_int_equal(qos_table_init(t, STREAMS, &seed, mem), 0);
	t->env.payload_fn = payload_of;
	t->env.head_fn = note_asked;
	t->env.payload_arg = asked;
	t->env.buffers.window = WINDOW;
	for (uint32_t i = 0; i < CLOCKS; i++)
		qos_clock_index(&t->env.clocks, 8000 * (i + 1));
	for (uint32_t i = 0; i < STREAMS; i++) {
		struct pkt_media m = media_of(i);

		origin.ssrc = i;
		assert_int_not_equal(qos_table_open(t, &m, &origin, NULL, 0, START_NS), QOS_NONE);
	}
	return mem;
}

/* A bound, or one off it. */
static uint64_t around(uint64_t *random, uint64_t bound)
{
	return bound + draw(random, 3) - 1;
}

/* Most often nothing, else one thing becomes another. */
static void bend(uint64_t *r, struct qos_stream_hot *hot, struct pkt_media *m, int32_t late_ns)
{
	int32_t skew_ns = hot->skew_ns - late_ns; /* that will be */

	switch (draw(r, 40)) {
	case 0:
		m->seq = (uint16_t)around(r, hot->ext_seq + 1);
		break;
	case 1:
		m->rtp_ts = hot->last_ts;
		break;
	case 2:
		m->marker_pt ^= (uint8_t)(1 << draw(r, 8));
		break;
	case 3:
		hot->clock = (uint8_t)draw(r, 256);
		break;
	case 4: /* one second off, and all else wide enough */
		hot->clock = QOS_HOT_STARTED | 1;
		hot->window_low = -WINDOW;
		hot->delta_range = hot->jitter_range = (struct qos_range){0, UINT16_MAX};
		m->rtp_ts = hot->last_ts - 7200;
		m->time_ns = around(r, 100000000);
		break;
	case 5:
		hot->last_ns = START_NS + around(r, m->time_ns);
		break;
	case 6:
		hot->delta_range.low = (uint16_t)around(r, m->time_ns >> QOS_RANGE_SHIFT);
		break;
	case 7:
		hot->delta_range =
			(struct qos_range){0, (uint16_t)around(r, m->time_ns >> QOS_RANGE_SHIFT)};
		break;
	case 8:
		hot->jitter_range.low = (uint16_t)around(r, hot->jitter_ns >> QOS_RANGE_SHIFT);
		break;
	case 9:
		hot->jitter_range.width = (uint16_t)around(r, hot->jitter_ns >> QOS_RANGE_SHIFT);
		break;
	case 10:
		hot->window_low = (int16_t)around(r, (uint64_t)(skew_ns >> QOS_WINDOW_SHIFT));
		break;
	case 11:
		hot->window_low =
			(int16_t)((skew_ns >> QOS_WINDOW_SHIFT) - WINDOW + (int32_t)draw(r, 3) - 1);
		break;
	case 12:
		hot->bytes = (uint32_t)around(r, (uint64_t)1 << 31);
		break;
	case 13:
		hot->jitter_sum_64ns = (uint32_t)around(r, (uint64_t)1 << 31);
		break;
	case 14:
		hot->skew_max_ns = (int32_t)around(r, (uint64_t)-skew_ns);
		break;
	case 15:
		hot->ext_seq |= 0xffff;
		m->seq = (uint16_t)(hot->ext_seq + 1);
		break;
	case 16:
		m->rtp_ts = draw(r, UINT32_MAX);
		break;
	case 17:
		hot->skew_ns = INT32_MAX - (int32_t)draw(r, 3);
		break;
	case 18:
		hot->jitter_ns = QOS_TS_JUMP_NS;
		hot->jitter_range.width = UINT16_MAX;
		break;
	default:
		break;
	}
}

/* A line that the packet m, 20 ms after time START_NS, comes next to. */
static void make_pair(struct tables *t, struct qos_stream_hot *hot, struct pkt_media *m)
{
	uint64_t *r = &t->random;
	uint32_t clock = 1 + draw(r, CLOCKS);
	uint64_t late_ns = draw(r, 3000000);

	*hot = (struct qos_stream_hot){
		.key = hot->key,
		.last_ns = START_NS,
		.ext_seq = draw(r, UINT32_MAX),
		.last_ts = draw(r, UINT32_MAX),
		.jitter_ns = draw(r, 2000000),
		.jitter_range = {0, 2000},
		.jitter_sum_64ns = draw(r, 1 << 20),
		.skew_ns = (int32_t)draw(r, 4000000) - 2000000,
		.skew_max_ns = (int32_t)draw(r, 8000000) - 4000000,
		.delta_range = {5000, 20000},
		.bytes = draw(r, 1 << 20),
		.window_low = -WINDOW / 2,
		.pt = (uint8_t)draw(r, 2),
		.clock = (uint8_t)(QOS_HOT_STARTED | clock),
	};
	*m = (struct pkt_media){
		.key = hot->key,
		.rtp_ts = hot->last_ts + PACKET_TICKS * clock,
		.seq = (uint16_t)(hot->ext_seq + 1),
		.payload_bytes = (uint16_t)draw(r, 1500),
		.time_ns = 20000000 + late_ns,
		.marker_pt = hot->pt,
	};
	bend(r, hot, m, (int32_t)late_ns);
}

static uint32_t free_slot(const struct qos_table *t)
{
	uint32_t slot = 0;

	while (qos_table_is_used(t, slot))
		slot++;
	return slot;
}

/* Whether all are of streams of their own. What stands behind them says nothing. */
static bool make_try(struct tables *t)
{
	bool is_plain = true;
	uint64_t taken = 0;

	for (unsigned i = 0; i < QOS_UPDATE8; i++) {
		uint32_t stream = draw(&t->random, STREAMS), slot;

		while (taken >> stream & 1)
			stream = (stream + 1) % STREAMS;
		slot = t->one.cold[stream].slot;
		taken |= (uint64_t)1 << stream;
		t->slot[i] = slot;
		make_pair(t, &t->one.hot[slot], &t->media[i]);
		t->one.cold[stream].head_after_ns = draw(&t->random, 2);
		t->eight.hot[slot] = t->one.hot[slot];
		t->eight.cold[stream] = t->one.cold[stream];
	}
	t->n = draw(&t->random, 2) ? QOS_UPDATE8 : 1 + draw(&t->random, QOS_UPDATE8);
	for (unsigned i = draw(&t->random, QOS_UPDATE8); draw(&t->random, 20) == 0 && is_plain;) {
		is_plain = i >= t->n;
		switch (draw(&t->random, 5)) {
		case 0:
			t->slot[i] = free_slot(&t->one);
			break;
		case 1:
			t->slot[i] = t->slot[(i + 1) % QOS_UPDATE8];
			break;
		case 2:
			t->media[i].key.w[draw(&t->random, 2)] ^= (uint64_t)1
								  << draw(&t->random, 64);
			break;
		case 3:
			t->media[i].time_ns = PKT_MEDIA_IS_PACKET;
			break;
		default:
			t->media[i].time_ns = PKT_MEDIA_IS_TIME;
			break;
		}
	}
	return is_plain;
}

static void update_one_by_one(struct tables *t, uint64_t *fast)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct qos_stream_hot before = t->one.hot[t->slot[i]];

		*fast += qos_stream_update_fast(
			&t->one.env, &before, &t->media[i], START_NS + t->media[i].time_ns);
		qos_table_update(&t->one, t->slot[i], &t->media[i], START_NS + t->media[i].time_ns);
	}
}

static void eight_at_once_are_as_one_after_the_other(void **state)
{
	static struct tables t = {.random = 8};
	uint64_t fast = 0, done = 0, packets = 0, asked = 0;

	(void)state;
	t.size = (qos_table_memory(STREAMS) + 63) / 64 * 64;
	t.one_mem = open_table(&t.one, &t.one_asked, t.size);
	t.eight_mem = open_table(&t.eight, &t.eight_asked, t.size);
	for (unsigned n = 0; n < TRIES; n++) {
		bool is_plain = make_try(&t), is_done;

		t.one_asked = t.eight_asked = (struct asked){0};
		is_done = qos_table_update8(&t.eight, t.slot, t.media, t.n, START_NS);

		assert_int_equal(is_done, is_plain && has_update8);
		if (is_done)
			update_one_by_one(&t, &fast);
		done += is_done;
		packets += is_done ? t.n : 0;
		asked += t.one_asked.n;
		assert_memory_equal(&t.one_asked, &t.eight_asked, sizeof(t.one_asked));
		assert_memory_equal(t.one_mem, t.eight_mem, t.size);
		assert_memory_equal(
			&t.one.env.clocks, &t.eight.env.clocks, sizeof(t.one.env.clocks));
	}
	/* Both ways were gone. */
	if (has_update8) {
		assert_true(done > TRIES / 2 && asked > TRIES / 2);
		assert_in_range(fast, packets / 2, packets * 7 / 8);
	}
	qos_table_fini(&t.one);
	qos_table_fini(&t.eight);
	free(t.one_mem);
	free(t.eight_mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_at_once_are_as_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
