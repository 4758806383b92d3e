/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges are few, and are searched from the front. */
#include "tcp_window.h"

/* Sequence numbers wrap (RFC 9293 section 3.4). */
static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t min_seq(uint32_t a, uint32_t b)
{
	return is_before(a, b) ? a : b;
}

void tcp_window_begin(struct tcp_window *w, uint32_t seq)
{
	w->ranges[0] = (struct tcp_range){.start = seq, .end = seq, .is_done = true};
	w->range_count = 1;
	w->waiting = 0;
}

void tcp_window_clear(struct tcp_window *w)
{
	for (unsigned i = 0; i < w->range_count; i++)
		if (!w->ranges[i].is_done)
			w->dropped += w->ranges[i].end - w->ranges[i].start;
	w->range_count = w->waiting = 0;
}

static void remove_range(struct tcp_window *w, unsigned i)
{
	w->waiting -= !w->ranges[i].is_done;
	w->range_count--;
	memmove(&w->ranges[i], &w->ranges[i + 1], (w->range_count - i) * sizeof(w->ranges[0]));
}

/* Range i is done with, whatever was in it. */
static void drop_range(struct tcp_window *w, unsigned i)
{
	struct tcp_range *r = &w->ranges[i];

	if (r->is_done)
		return;
	w->dropped += r->end - r->start;
	r->is_done = true;
	w->waiting--;
}

void tcp_window_merge(struct tcp_window *w)
{
	for (unsigned i = 0; i + 1 < w->range_count;) {
		struct tcp_range *a = &w->ranges[i], *b = a + 1;

		if (a->end != b->start || a->is_done != b->is_done) {
			i++;
			continue;
		}
		a->end = b->end;
		remove_range(w, i + 1);
		/* Sequence numbers compare within half their circle only. */
		if (a->is_done && a->end - a->start > 2 * TCP_WINDOW_FAR)
			a->start = a->end - 2 * TCP_WINDOW_FAR;
	}
}

/* The two first ranges become one that is done with, and so does the hole between them. */
static void close_first_hole(struct tcp_window *w)
{
	w->gaps++;
	drop_range(w, 0);
	drop_range(w, 1);
	w->ranges[0].end = w->ranges[1].end;
	remove_range(w, 1);
}

static const struct tcp_range *range_with(const struct tcp_window *w, uint32_t seq)
{
	for (unsigned i = 0; i < w->range_count; i++)
		if (!is_before(seq, w->ranges[i].start) && is_before(seq, w->ranges[i].end))
			return &w->ranges[i];
	return NULL;
}

static void insert_range(struct tcp_window *w, const struct tcp_range *r)
{
	unsigned i = 0;

	if (w->range_count == TCP_WINDOW_RANGES)
		close_first_hole(w);
	if (range_with(w, r->start)) /* it was in that hole */
		return;
	while (i < w->range_count && !is_before(r->start, w->ranges[i].start))
		i++;
	memmove(&w->ranges[i + 1], &w->ranges[i], (w->range_count - i) * sizeof(w->ranges[0]));
	w->ranges[i] = *r;
	w->range_count++;
	w->waiting += !r->is_done;
}

void tcp_window_pass(struct tcp_window *w, uint32_t seq, uint32_t n)
{
	insert_range(w, &(struct tcp_range){.start = seq, .end = seq + n, .is_done = true});
	tcp_window_merge(w);
}

/* What waits, from its first octet to behind its last one; of nothing: start to end. */
static void extent(const struct tcp_window *w, uint32_t *start, uint32_t *end)
{
	for (unsigned i = 0; i < w->range_count; i++) {
		const struct tcp_range *r = &w->ranges[i];

		if (r->is_done)
			continue;
		*start = min_seq(*start, r->start);
		if (is_before(*end, r->end))
			*end = r->end;
	}
}

static unsigned first_waiting(const struct tcp_window *w)
{
	unsigned i = 0;

	while (w->ranges[i].is_done)
		i++;
	return i;
}

/* Drops the first ranges until what is left and start to end fit; *first, *last: what all of that spans. */
static void drop_until_it_fits(
	struct tcp_window *w, uint32_t start, uint32_t end, uint32_t *first, uint32_t *last)
{
	while (w->waiting) {
		*first = start;
		*last = end;
		extent(w, first, last);
		if (*last - *first <= TCP_WINDOW_BYTES)
			return;
		w->gaps++;
		drop_range(w, first_waiting(w));
	}
}

/* Makes data hold start to end beside what waits. */
static void make_room(struct tcp_window *w, uint32_t start, uint32_t end)
{
	uint32_t first = start, last = end, old_start, old_end;

	drop_until_it_fits(w, start, end, &first, &last);
	if (!w->waiting) {
		w->base = start;
		return;
	}
	if (!is_before(first, w->base) && last - w->base <= TCP_WINDOW_BYTES)
		return;
	old_start = old_end = w->ranges[first_waiting(w)].start;
	extent(w, &old_start, &old_end);
	memmove(w->data + (old_start - first), w->data + (old_start - w->base),
		old_end - old_start);
	w->base = first;
}

static void put(struct tcp_window *w, uint32_t start, struct bytes data, uint64_t now_ns)
{
	uint32_t end = start + (uint32_t)data.n;

	make_room(w, start, end);
	memcpy(w->data + (start - w->base), data.p, data.n);
	insert_range(w, &(struct tcp_range){.start = start, .end = end, .since_ns = now_ns});
	tcp_window_merge(w);
}

static uint32_t next_start(const struct tcp_window *w, uint32_t seq, uint32_t end)
{
	for (unsigned i = 0; i < w->range_count; i++)
		if (is_before(seq, w->ranges[i].start))
			return min_seq(w->ranges[i].start, end);
	return end;
}

bool tcp_window_put(struct tcp_window *w, uint32_t seq, struct bytes data, uint64_t now_ns)
{
	uint32_t end = seq + (uint32_t)data.n, at = seq;
	bool is_new = false;

	while (is_before(at, end)) {
		const struct tcp_range *known = range_with(w, at);
		uint32_t stop;

		if (known) {
			at = min_seq(known->end, end);
			continue;
		}
		stop = next_start(w, at, end);
		put(w, at, bytes_of(data.p + (at - seq), stop - at), now_ns);
		is_new = true;
		at = stop;
	}
	return is_new;
}

static bool is_due(const struct tcp_window *w, unsigned i)
{
	const struct tcp_range *r = &w->ranges[i];

	return !r->is_done && (r->is_after_hole || (i && r[-1].is_done && r[-1].end == r->start));
}

unsigned tcp_window_due(const struct tcp_window *w, unsigned i)
{
	while (i < w->range_count && !is_due(w, i))
		i++;
	return i;
}

struct bytes tcp_window_data(const struct tcp_window *w, unsigned i)
{
	const struct tcp_range *r = &w->ranges[i];

	return bytes_of(w->data + (r->start - w->base), r->end - r->start);
}

void tcp_window_finish(struct tcp_window *w, unsigned i, uint32_t n)
{
	struct tcp_range *r = &w->ranges[i];
	struct tcp_range rest = *r;

	if (!n)
		return;
	rest.start += n;
	rest.is_after_hole = false;
	r->end = rest.start;
	r->is_done = true;
	w->waiting--;
	if (rest.start != rest.end)
		insert_range(w, &rest);
}

void tcp_window_give_up(struct tcp_window *w, uint64_t now_ns, uint64_t hole_ns)
{
	for (unsigned i = 0; i < w->range_count; i++) {
		struct tcp_range *r = &w->ranges[i];

		if (r->is_done || is_due(w, i) || now_ns < r->since_ns ||
			now_ns - r->since_ns < hole_ns)
			continue;
		r->is_after_hole = true;
		w->gaps++;
	}
}
