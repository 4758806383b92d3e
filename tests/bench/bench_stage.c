/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles per packet of each stage by itself, beside the least that its memory accesses or its output
 * could cost. Here: decode, steer, classify. */
#include <stdio.h>
#include <stdlib.h>

#include <rte_hash_crc.h>
#include <rte_thash.h>

#include "bench.h"
#include "cls_payload.h"
#include "dp_steer.h"
#include "pkt_decode.h"
#include "qos_mem.h"
#include "rtp_hdr.h"

enum {
	FRAMES_NEAR = 4096,
	FRAMES_FAR = 128 * 1024,
	PACKETS = 1024 * 1024,
	FLOWS = 4096,
	PAYLOADS = 256,
	SCANS = 256 * 1024,
};

/* Frames as far apart as in a pool, taken in a random order in bursts. */
struct frames {
	uint8_t *mem;
	uint32_t *order;
	uint32_t count;
	unsigned bytes;
};

static bool frames_create(struct frames *f, uint32_t count, uint8_t family, uint16_t vlan)
{
	f->count = count;
	f->mem = qos_mem_map((size_t)count * BENCH_FRAME_STRIDE);
	f->order = bench_order(count);
	for (uint32_t i = 0; f->mem && i < count; i++)
		f->bytes =
			bench_rtp_frame(f->mem + (size_t)i * BENCH_FRAME_STRIDE, family, vlan, i);
	return f->mem && f->order;
}

static void frames_destroy(struct frames *f)
{
	if (f->mem)
		qos_mem_unmap(f->mem, (size_t)f->count * BENCH_FRAME_STRIDE);
	free(f->order);
}

static uint64_t run_frames(const struct frames *f, uint64_t (*one)(const uint8_t *, unsigned))
{
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t done = 0; done < PACKETS; done += BENCH_BURST) {
		const uint32_t *burst = &f->order[done % f->count];

		for (unsigned i = 0; i < BENCH_BURST; i++)
			__builtin_prefetch(f->mem + (size_t)burst[i] * BENCH_FRAME_STRIDE);
		for (unsigned i = 0; i < BENCH_BURST; i++)
			sum += one(f->mem + (size_t)burst[i] * BENCH_FRAME_STRIDE, f->bytes);
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static inline uint64_t decode_one(const uint8_t *frame, unsigned bytes)
{
	struct pkt_view view;

	pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, bytes), &view);
	return view.payload.n;
}

static inline uint64_t rtp_one(const uint8_t *frame, unsigned bytes)
{
	struct rtp_hdr hdr = {0};
	unsigned front = bytes - 172;

	rtp_hdr_parse(bytes_of(frame + front, 172), 172, &hdr);
	return hdr.ssrc;
}

static inline uint64_t touch_one(const uint8_t *frame, unsigned bytes)
{
	return *frame + bytes;
}

static uint64_t run_decode(void *arg)
{
	return run_frames(arg, decode_one);
}

static uint64_t run_rtp(void *arg)
{
	return run_frames(arg, rtp_one);
}

static uint64_t run_touch(void *arg)
{
	return run_frames(arg, touch_one);
}

static bool decode_row(const char *name, uint32_t count, uint8_t family, uint16_t vlan)
{
	struct frames f = {0};
	bool is_made = frames_create(&f, count, family, vlan);
	struct bench_code subject = {name, run_decode, &f, PACKETS};
	struct bench_code rtp = {"RTP header, 4k frames", run_rtp, &f, PACKETS};
	struct bench_code floor = {"touch the header line", run_touch, &f, PACKETS};

	if (is_made) {
		bench_compare(&subject, &floor, 1);
		if (family == 4 && count == FRAMES_NEAR)
			bench_compare(&rtp, &floor, 1);
	}
	frames_destroy(&f);
	return is_made;
}

struct flows {
	struct dp_steer steer;
	struct pkt_flow flow[FLOWS];
};

static const uint8_t toeplitz_key[40] = {0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d,
	0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a};

static uint64_t run_steer(void *arg)
{
	const struct flows *f = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct pkt_flow *flow = &f->flow[i % FLOWS];

		sum += dp_steer_worker(
			&f->steer, flow->src.b, flow->dst.b, flow->sport, flow->dport);
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_crc(void *arg)
{
	const struct flows *f = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct pkt_flow *flow = &f->flow[i % FLOWS];
		uint32_t src, dst;

		memcpy(&src, flow->src.b, 4);
		memcpy(&dst, flow->dst.b, 4);
		src = rte_hash_crc_8byte((uint64_t)(src ^ dst) << 32 | (uint32_t)(src + dst),
			((uint32_t)flow->sport ^ flow->dport) & ~1U);
		sum += ((uint64_t)src * f->steer.workers) >> 32;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_toeplitz(void *arg)
{
	const struct flows *f = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < PACKETS / 4; i++) {
		const struct pkt_flow *flow = &f->flow[i % FLOWS];
		uint32_t tuple[3];

		memcpy(&tuple[0], flow->src.b, 4);
		memcpy(&tuple[1], flow->dst.b, 4);
		tuple[2] = (uint32_t)(flow->sport & ~1U) << 16 | (flow->dport & ~1U);
		sum += ((uint64_t)rte_softrss(tuple, 3, toeplitz_key) * f->steer.workers) >> 32;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static bool steer_rows(void)
{
	struct flows *f = calloc(1, sizeof(*f));
	struct bench_code subject = {"steer", run_steer, f, PACKETS};
	const struct bench_code floors[] = {
		{"crc32 of the same fields", run_crc, f, PACKETS},
		{"Toeplitz in software (rte_softrss)", run_toeplitz, f, PACKETS / 4},
	};
	uint8_t frame[BENCH_FRAME_STRIDE];
	struct pkt_view view;

	if (!f)
		return false;
	dp_steer_init(&f->steer, 1, 7);
	for (uint32_t i = 0; i < FLOWS; i++) {
		pkt_decode(
			PKT_LINK_ETHERNET, bytes_of(frame, bench_rtp_frame(frame, 4, 0, i)), &view);
		f->flow[i] = view.flow;
	}
	bench_compare(&subject, floors, 2);
	free(f);
	return true;
}

struct payloads {
	struct cls_db *db;
	struct cls_scratch *scratch;
	struct bytes payload[PAYLOADS];
	uint8_t bytes[PAYLOADS][2048];
};

static uint64_t run_classify(void *arg)
{
	const struct payloads *p = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < SCANS; i++)
		sum += cls_payload(p->db, p->scratch, p->payload[i % PAYLOADS]);
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_first_byte(void *arg)
{
	const struct payloads *p = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < SCANS; i++) {
		const uint8_t *b = p->payload[i % PAYLOADS].p;
		enum cls_kind kind = (b[0] & 0xc0) == 0x80 ? CLS_RTP : CLS_UNKNOWN;

		if (kind == CLS_RTP && b[1] >= 192 && b[1] <= 223)
			kind = CLS_RTCP;
		else if (b[0] >= 'A' && b[0] <= 'Z')
			kind = CLS_SIP;
		sum += kind;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

enum kind {
	RTP = 0,
	SIP,
	NOISE,
	KINDS
};

static void fill_payloads(struct payloads *p, enum kind kind)
{
	uint64_t state = kind;

	for (uint32_t i = 0; i < PAYLOADS; i++) {
		unsigned n = 172, front = 0;

		if (kind == RTP) {
			n = bench_rtp_frame(p->bytes[i], 4, 0, i);
			front = n - 172;
		} else if (kind == SIP) {
			n = bench_invite((char *)p->bytes[i], sizeof(p->bytes[i]), i);
		} else {
			for (unsigned b = 0; b < n; b++)
				p->bytes[i][b] = (uint8_t)bench_random(&state);
		}
		p->payload[i] = bytes_of(p->bytes[i] + front, n - front);
	}
}

static bool classify_rows(void)
{
	static const char *const names[KINDS] = {"classify RTP", "classify SIP", "classify noise"};
	struct payloads *p = calloc(1, sizeof(*p));
	bool is_made =
		p && cls_db_create(&p->db) == 0 && cls_scratch_create(p->db, &p->scratch) == 0;

	for (unsigned kind = 0; is_made && kind < KINDS; kind++) {
		struct bench_code subject = {names[kind], run_classify, p, SCANS};
		struct bench_code floor = {"test the first two octets", run_first_byte, p, SCANS};

		fill_payloads(p, (enum kind)kind);
		bench_compare(&subject, &floor, 1);
	}
	if (p && p->scratch)
		cls_scratch_destroy(p->scratch);
	if (p && p->db)
		cls_db_destroy(p->db);
	free(p);
	return is_made;
}

int main(int argc, char **argv)
{
	bool is_made;

	bench_options(argc, argv, "stage");
	is_made = bench_start("heptap, stages by themselves") &&
		  decode_row("decode IPv4 RTP, 4k frames", FRAMES_NEAR, 4, 0) &&
		  decode_row("decode IPv6 RTP with a tag, 4k frames", FRAMES_NEAR, 6, 100) &&
		  decode_row("decode IPv4 RTP, 128k frames", FRAMES_FAR, 4, 0) && steer_rows() &&
		  classify_rows() && bench_table() && bench_message();

	if (!is_made) {
		fprintf(stderr, "could not allocate memory\n");
		return 1;
	}
	bench_print_core_to_core("after");
	return 0;
}
