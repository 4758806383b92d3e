/* SPDX-License-Identifier: BSD-3-Clause */
/* qos_stream_update_fast for up to eight packets of as many streams at once, where the CPU has AVX-512: the lines of the
 * streams are turned so that a register holds one word of each, and what is said there in C is said here in the
 * same order. The unit test holds one against the other.
 * Owner: none. Threads: the table's. */
#ifndef QOS_UPDATE8_H
#define QOS_UPDATE8_H

#include "qos_table.h"

enum {
	QOS_UPDATE8 = 8,
};

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512CD__) && defined(__AVX512VL__)

#include <immintrin.h>

/* Words of 64 bits of a hot line, each with its fields from the low bits on. */
enum qos_word {
	QOS_W_KEY0 = 0,
	QOS_W_KEY1,
	QOS_W_LAST, /* last_ns */
	QOS_W_SEQ, /* ext_seq, last_ts */
	QOS_W_JITTER, /* jitter_ns, jitter_range */
	QOS_W_SKEW, /* jitter_sum_64ns, skew_ns */
	QOS_W_DELTA, /* skew_max_ns, delta_range */
	QOS_W_BYTES, /* bytes, window_low, pt, clock */
};

static_assert(offsetof(struct qos_stream_hot, last_ns) == 8UL * QOS_W_LAST, "words");
static_assert(offsetof(struct qos_stream_hot, last_ts) == 8UL * QOS_W_SEQ + 4, "words");
static_assert(offsetof(struct qos_stream_hot, jitter_range) == 8UL * QOS_W_JITTER + 4, "words");
static_assert(offsetof(struct qos_stream_hot, skew_ns) == 8UL * QOS_W_SKEW + 4, "words");
static_assert(offsetof(struct qos_stream_hot, delta_range) == 8UL * QOS_W_DELTA + 4, "words");
static_assert(offsetof(struct qos_stream_hot, clock) == 8UL * QOS_W_BYTES + 7, "words");

/* Rows become columns; the same turns them back. */
static inline void qos_turn8(__m512i r[8])
{
	__m512i pair[8], half[8];

	for (size_t i = 0; i < 4; i++) {
		pair[i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
		pair[i + 4] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
	}
	for (size_t i = 0; i < 8; i += 2) {
		half[i] = _mm512_shuffle_i64x2(pair[i], pair[i + 1], 0x88);
		half[i + 1] = _mm512_shuffle_i64x2(pair[i], pair[i + 1], 0xdd);
	}
	for (size_t odd = 0; odd < 2; odd++) {
		const __m512i *h = &half[4 * odd];

		r[odd] = _mm512_shuffle_i64x2(h[0], h[2], 0x88);
		r[4 + odd] = _mm512_shuffle_i64x2(h[0], h[2], 0xdd);
		r[2 + odd] = _mm512_shuffle_i64x2(h[1], h[3], 0x88);
		r[6 + odd] = _mm512_shuffle_i64x2(h[1], h[3], 0xdd);
	}
}

/* Four words of each of n descriptors, 0 of the others. */
static inline void qos_turn_media(const struct pkt_media *m, unsigned n, __m512i w[4])
{
	const uint32_t live = (uint32_t)(((uint64_t)1 << 4 * n) - 1);
	const __m512i low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
	const __m512i high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
	__m512i a = _mm512_maskz_loadu_epi64((__mmask8)live, m);
	__m512i b = _mm512_maskz_loadu_epi64((__mmask8)(live >> 8), m + 2);
	__m512i c = _mm512_maskz_loadu_epi64((__mmask8)(live >> 16), m + 4);
	__m512i d = _mm512_maskz_loadu_epi64((__mmask8)(live >> 24), m + 6);
	__m512i first = _mm512_permutex2var_epi64(a, low, b);
	__m512i last = _mm512_permutex2var_epi64(c, low, d);

	w[0] = _mm512_shuffle_i64x2(first, last, 0x44);
	w[1] = _mm512_shuffle_i64x2(first, last, 0xee);
	first = _mm512_permutex2var_epi64(a, high, b);
	last = _mm512_permutex2var_epi64(c, high, d);
	w[2] = _mm512_shuffle_i64x2(first, last, 0x44);
	w[3] = _mm512_shuffle_i64x2(first, last, 0xee);
}

/* Bits from..from + n - 1 of each word, without and with sign. */
static inline __m512i qos_bits(__m512i w, unsigned from, unsigned n)
{
	return _mm512_srli_epi64(_mm512_slli_epi64(w, 64 - from - n), 64 - n);
}

static inline __m512i qos_bits_signed(__m512i w, unsigned from, unsigned n)
{
	return _mm512_srai_epi64(_mm512_slli_epi64(w, 64 - from - n), 64 - n);
}

/* The word that has b in its upper and a in its lower half. */
static inline __m512i qos_join(__m512i a, __m512i b)
{
	return _mm512_mask_mov_epi32(a, 0xaaaa, _mm512_slli_epi64(b, 32));
}

/* qos_range_has of the range in the upper half of w. */
static inline __mmask8 qos_ranges_have(__m512i w, __m512i ns)
{
	__m512i above =
		_mm512_sub_epi64(_mm512_srli_epi64(ns, QOS_RANGE_SHIFT), qos_bits(w, 32, 16));

	return _mm512_cmplt_epu64_mask(above, qos_bits(w, 48, 16));
}

/* tick_ns_q12 of the clocks of eight streams. */
static inline __m512i qos_ticks8(const struct qos_clocks *clocks, __m512i index)
{
	__m512i a = _mm512_loadu_si512(clocks->tick_ns_q12);
	__m512i b = _mm512_loadu_si512(clocks->tick_ns_q12 + 16);

	return qos_bits(_mm512_permutex2var_epi32(a, index, b), 0, 32);
}

/* What: updates the words w of eight hot lines by the words m of their packets, where qos_stream_update_fast would.
 * Returns for which. */
static inline __mmask8 qos_words_update8(
	const struct qos_stream_env *env, __m512i w[8], const __m512i m[4], uint64_t base_ns)
{
	const __m512i one = _mm512_set1_epi64(1), jump = _mm512_set1_epi64(QOS_TS_JUMP_NS);
	__m512i now =
		_mm512_add_epi64(qos_bits(m[3], 0, 56), _mm512_set1_epi64((long long)base_ns));
	__m512i ts = qos_bits(m[2], 0, 32), last_ts = _mm512_srli_epi64(w[QOS_W_SEQ], 32);
	__m512i clock = _mm512_srli_epi64(w[QOS_W_BYTES], 56);
	__m512i delta = _mm512_sub_epi64(now, w[QOS_W_LAST]);
	__m512i media = _mm512_mullo_epi64(qos_bits_signed(_mm512_sub_epi64(ts, last_ts), 0, 32),
		qos_ticks8(
			&env->clocks, _mm512_and_si512(clock, _mm512_set1_epi64(QOS_HOT_CLOCK))));
	__m512i d = _mm512_sub_epi64(delta, _mm512_srai_epi64(media, 12));
	__m512i skew = _mm512_sub_epi64(_mm512_srai_epi64(w[QOS_W_SKEW], 32), d);
	__m512i skew_max = qos_bits_signed(w[QOS_W_DELTA], 0, 32);
	__m512i jitter = qos_bits(w[QOS_W_JITTER], 0, 32);
	__m512i step = _mm512_sub_epi64(_mm512_srli_epi64(m[2], 32), w[QOS_W_SEQ]);
	__m512i full = _mm512_or_si512(w[QOS_W_SKEW], w[QOS_W_BYTES]);
	__m512i sum, bytes;
	__mmask8 ok;

	jitter = _mm512_add_epi64(jitter,
		_mm512_srai_epi64(_mm512_add_epi64(_mm512_sub_epi64(_mm512_abs_epi64(d), jitter),
					  _mm512_set1_epi64(8)),
			4));
	ok = _mm512_cmpeq_epi64_mask(qos_bits(step, 0, 16), one);
	ok &= _mm512_cmpneq_epi64_mask(ts, last_ts);
	ok &= _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(m[3], 56), qos_bits(w[QOS_W_BYTES], 48, 8));
	ok &= _mm512_cmplt_epu64_mask(
		_mm512_sub_epi64(clock, _mm512_set1_epi64(QOS_HOT_STARTED + 1)),
		_mm512_set1_epi64(QOS_HOT_CLOCK));
	ok &= _mm512_cmple_epu64_mask(_mm512_add_epi64(d, jump), _mm512_add_epi64(jump, jump));
	ok &= qos_ranges_have(w[QOS_W_DELTA], delta);
	ok &= qos_ranges_have(w[QOS_W_JITTER], jitter);
	ok &= _mm512_cmple_epu64_mask(_mm512_sub_epi64(_mm512_srai_epi64(skew, QOS_WINDOW_SHIFT),
					      qos_bits_signed(w[QOS_W_BYTES], 32, 16)),
		_mm512_set1_epi64(env->buffers.window));
	ok &= _mm512_testn_epi64_mask(full, _mm512_set1_epi64((uint64_t)1 << 31));

	skew_max = _mm512_mask_mov_epi64(skew_max,
		_mm512_cmpgt_epu64_mask(_mm512_abs_epi64(skew), _mm512_abs_epi64(skew_max)), skew);
	sum = _mm512_add_epi64(w[QOS_W_SKEW], _mm512_srli_epi64(jitter, 6));
	bytes = _mm512_add_epi64(w[QOS_W_BYTES], _mm512_srli_epi64(m[2], 48));
	w[QOS_W_LAST] = _mm512_mask_mov_epi64(w[QOS_W_LAST], ok, now);
	w[QOS_W_SEQ] = _mm512_mask_mov_epi64(
		w[QOS_W_SEQ], ok, qos_join(_mm512_add_epi64(w[QOS_W_SEQ], one), ts));
	w[QOS_W_JITTER] = _mm512_mask_mov_epi64(
		w[QOS_W_JITTER], ok, _mm512_mask_mov_epi32(w[QOS_W_JITTER], 0x5555, jitter));
	w[QOS_W_SKEW] = _mm512_mask_mov_epi64(w[QOS_W_SKEW], ok, qos_join(sum, skew));
	w[QOS_W_DELTA] = _mm512_mask_mov_epi64(
		w[QOS_W_DELTA], ok, _mm512_mask_mov_epi32(w[QOS_W_DELTA], 0x5555, skew_max));
	w[QOS_W_BYTES] = _mm512_mask_mov_epi64(w[QOS_W_BYTES], ok, bytes);
	return ok;
}

/* Whether the descriptors are of the streams whose words these are, and none is something else. */
static inline bool qos_words_are_of(const __m512i w[8], const __m512i m[4])
{
	__m512i time = qos_bits(m[3], 0, 56);
	__m512i other = _mm512_or_si512(
		_mm512_xor_si512(w[QOS_W_KEY0], m[0]), _mm512_xor_si512(w[QOS_W_KEY1], m[1]));

	return !_mm512_test_epi64_mask(other, other) &&
	       !_mm512_cmpgt_epu64_mask(time, _mm512_set1_epi64(PKT_MEDIA_TIME_MAX));
}

/* What: n packets, at most eight, get to their streams, whose slots were located. False: one of them is not the packet
 * of a stream in that slot, or two are of one stream; nothing was done. */
static inline bool qos_table_update8(struct qos_table *t, const uint32_t *slot,
	const struct pkt_media *media, unsigned n, uint64_t base_ns)
{
	const __mmask8 live = (__mmask8)((1u << n) - 1);
	__m256i same = _mm256_maskz_conflict_epi32(live, _mm256_maskz_loadu_epi32(live, slot));
	__m512i w[8], m[4];
	unsigned rest;

	if (!_mm256_testz_si256(same, same))
		return false;
	for (unsigned i = 0; i < QOS_UPDATE8; i++)
		w[i] = i < n ? _mm512_load_si512(&t->hot[slot[i]]) : _mm512_setzero_si512();
	qos_turn8(w);
	qos_turn_media(media, n, m);
	if (!qos_words_are_of(w, m))
		return false;
	rest = (unsigned)live & ~(unsigned)qos_words_update8(&t->env, w, m, base_ns);
	qos_turn8(w);
	for (unsigned i = 0; i < n; i++)
		_mm512_store_si512(&t->hot[slot[i]], w[i]);
	for (; rest; rest &= rest - 1) {
		unsigned i = (unsigned)__builtin_ctz(rest);

		qos_stream_update_slow(&t->env, &t->hot[slot[i]], &t->cold[t->stream_of[slot[i]]],
			&media[i], base_ns + media[i].time_ns);
	}
	return true;
}

#else

static inline bool qos_table_update8(struct qos_table *t, const uint32_t *slot,
	const struct pkt_media *media, unsigned n, uint64_t base_ns)
{
	(void)t;
	(void)slot;
	(void)media;
	(void)n;
	(void)base_ns;
	return false;
}

#endif

#endif
