/* SPDX-License-Identifier: BSD-3-Clause */
/* libpcap makes classic BPF of the expression, DPDK extended BPF of that, and machine code. What DPDK cannot is
 * interpreted by libpcap. */
#define ALLOW_EXPERIMENTAL_API /* rte_bpf_convert */
#include "dp_filter.h"

#include <errno.h>
#include <math.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "dp_filter_native.h"
#include "dp_meta.h"
#include "dp_rx.h"

enum {
	LINKS = DP_LINK_NULL + 1,
	SNAPLEN = 65535,
	REG_X = EBPF_REG_7, /* where rte_bpf_convert keeps X */
	KERNEL_DATA = -0x1000, /* offsets from here on are no octets of the frame (SKF_AD_OFF) */
};

/* Instructions on all ways through a program that DPDK 22.11 verifies in half a second, as a rule: of most programs it
 * leaves out most ways, but none on which scratch memory differs. Sixteen nets with a port each took it eight seconds,
 * twenty more than forty. */
#define WAYS_MOST	  1e16
#define WAYS_MOST_SCRATCH 1e6

struct program {
	struct bpf_program code; /* of no instructions: chooses nothing */
	struct rte_bpf *bpf; /* NULL: libpcap interprets code */
	struct rte_bpf_jit jit; /* func NULL: bpf is to be interpreted */
};

struct dp_filter {
	struct program program[LINKS];
};

static const int pcap_links[LINKS] = {
	[DP_LINK_ETHERNET] = DLT_EN10MB,
	[DP_LINK_SLL] = DLT_LINUX_SLL,
	[DP_LINK_SLL2] = DLT_LINUX_SLL2,
	[DP_LINK_RAW] = DLT_RAW,
	[DP_LINK_NULL] = DLT_NULL,
};

/* What only the kernel knows of a frame, as its direction. */
static bool asks_kernel(const struct bpf_program *code)
{
	for (uint32_t i = 0; i < code->bf_len; i++)
		if (BPF_CLASS(code->bf_insns[i].code) == BPF_LD &&
			BPF_MODE(code->bf_insns[i].code) == BPF_ABS &&
			code->bf_insns[i].k >= (uint32_t)KERNEL_DATA)
			return true;
	return false;
}

/* 0, and the caller frees code; or -EINVAL. */
static int compile(const char *expression, enum dp_link link, struct bpf_program *code, char *error,
	size_t size)
{
	pcap_t *pcap = pcap_open_dead(pcap_links[link], SNAPLEN);
	int rc;

	if (!pcap)
		return -ENOMEM;
	rc = pcap_compile(pcap, code, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (rc)
		snprintf(error, size, "%s", pcap_geterr(pcap));
	pcap_close(pcap);
	if (!rc && asks_kernel(code)) {
		snprintf(error, size, "asks for what no frame says");
		pcap_freecode(code);
		rc = -1;
	}
	return rc ? -EINVAL : 0;
}

int dp_filter_check(const char *expression, char *error, size_t size)
{
	struct bpf_program code;
	int rc = compile(expression, DP_LINK_ETHERNET, &code, error, size);

	if (!rc)
		pcap_freecode(&code);
	return rc;
}

/* DPDK 22.11 converts ld [x + k] and ldb [x + k] to loads from A instead of X; ldh is right. */
static void mend_loads(struct ebpf_insn *ins, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (BPF_CLASS(ins[i].code) == BPF_LD && BPF_MODE(ins[i].code) == BPF_IND)
			ins[i].src_reg = REG_X;
}

/* TEST has no short form for small numbers, but DPDK 22.11 writes one: garbage. */
static bool has_small_test(const struct ebpf_insn *ins, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (ins[i].code == (BPF_JMP | BPF_JSET | BPF_K) && ins[i].imm >= INT8_MIN &&
			ins[i].imm <= INT8_MAX)
			return true;
	return false;
}

/* Code that jumps elsewhere is left alone. */
static void take_native(const struct ebpf_insn *ins, uint32_t count, struct program *program)
{
	struct rte_bpf_jit jit;

	if (rte_bpf_get_jit(program->bpf, &jit) == 0 && jit.func &&
		dp_filter_native_is_right(ins, count, (const uint8_t *)jit.func, jit.sz))
		program->jit = jit;
}

/* prm's instructions are const, but its own. */
static int load_mended(const struct rte_bpf_prm *prm, struct program *program)
{
	size_t size = prm->nb_ins * sizeof(*prm->ins);
	struct ebpf_insn *ins = malloc(size);
	struct rte_bpf_prm mended = *prm;

	if (!ins)
		return -ENOMEM;
	memcpy(ins, prm->ins, size);
	mend_loads(ins, prm->nb_ins);
	mended.ins = ins;
	program->bpf = rte_bpf_load(&mended);
	if (program->bpf && !has_small_test(ins, prm->nb_ins))
		take_native(ins, prm->nb_ins, program);
	free(ins);
	return program->bpf ? 0 : -rte_errno;
}

/* Of all ways from an instruction on, given those from the later ones on. A loop makes it endless. */
static double ways_from(const struct bpf_insn *ins, uint32_t i, const double *ways)
{
	const struct bpf_insn *at = &ins[i];

	if (BPF_CLASS(at->code) == BPF_RET)
		return 1;
	if (BPF_CLASS(at->code) != BPF_JMP)
		return 1 + ways[i + 1];
	if (BPF_OP(at->code) == BPF_JA)
		return (int32_t)at->k < 0 ? INFINITY : 1 + ways[i + 1 + at->k];
	return 1 + ways[i + 1 + at->jt] + ways[i + 1 + at->jf];
}

static bool has_many_ways(const struct bpf_program *code)
{
	double *ways = calloc(code->bf_len, sizeof(*ways));
	bool has_scratch = false, has_many;

	if (!ways)
		return true;
	for (uint32_t i = code->bf_len; i--;) {
		ways[i] = ways_from(code->bf_insns, i, ways);
		has_scratch |= BPF_CLASS(code->bf_insns[i].code) == BPF_ST ||
			       BPF_CLASS(code->bf_insns[i].code) == BPF_STX;
	}
	has_many = ways[0] > (has_scratch ? WAYS_MOST_SCRATCH : WAYS_MOST);
	free(ways);
	return has_many;
}

/* By 32 or more bits nothing is left; DPDK shifts by the lower five bits. */
static bool has_shift_by_x(const struct bpf_program *code)
{
	for (uint32_t i = 0; i < code->bf_len; i++)
		if (code->bf_insns[i].code == (BPF_ALU | BPF_LSH | BPF_X) ||
			code->bf_insns[i].code == (BPF_ALU | BPF_RSH | BPF_X))
			return true;
	return false;
}

/* What may be below zero, or near 2^32. Of words of scratch memory, and where ways meet, it is enough that one may. */
struct huge {
	bool a, x, scratch;
	bool jumped_a, jumped_x; /* at some jump so far */
};

static bool is_huge_load(const struct bpf_insn *ins, const struct huge *huge)
{
	switch (BPF_MODE(ins->code)) {
	case BPF_IMM:
		return ins->k > UINT16_MAX;
	case BPF_MEM:
		return huge->scratch;
	case BPF_ABS:
	case BPF_IND:
		return BPF_SIZE(ins->code) == BPF_W;
	default:
		return false;
	}
}

/* Sums of a few that are not huge are none. */
static bool is_huge_sum(const struct bpf_insn *ins, const struct huge *huge)
{
	bool is_huge = BPF_SRC(ins->code) == BPF_X ? huge->x : ins->k > UINT16_MAX;

	switch (BPF_OP(ins->code)) {
	case BPF_AND:
		return huge->a && is_huge;
	case BPF_ADD:
	case BPF_OR:
	case BPF_XOR:
		return huge->a || is_huge;
	case BPF_DIV:
	case BPF_MOD:
	case BPF_RSH:
		return huge->a;
	default:
		return true;
	}
}

static void follow(struct huge *huge, const struct bpf_insn *ins)
{
	switch (BPF_CLASS(ins->code)) {
	case BPF_LD:
		huge->a = is_huge_load(ins, huge);
		break;
	case BPF_LDX:
		huge->x = is_huge_load(ins, huge);
		break;
	case BPF_ST:
		huge->scratch |= huge->a;
		break;
	case BPF_STX:
		huge->scratch |= huge->x;
		break;
	case BPF_ALU:
		huge->a = is_huge_sum(ins, huge);
		break;
	case BPF_MISC:
		*(BPF_MISCOP(ins->code) == BPF_TAX ? &huge->x : &huge->a) =
			BPF_MISCOP(ins->code) == BPF_TAX ? huge->a : huge->x;
		break;
	default:
		huge->a = huge->jumped_a |= huge->a;
		huge->x = huge->jumped_x |= huge->x;
		break;
	}
}

/* Offsets are 32 bits; DPDK adds them up in 64, and where they wrap it looks ahead of the frame, or crashes. There are
 * no loops (has_many_ways), and ways meet only behind jumps, so what stands before is all that may come before. */
static bool may_wrap(const struct bpf_program *code)
{
	struct huge huge = {0};

	for (uint32_t i = 0; i < code->bf_len; i++) {
		const struct bpf_insn *ins = &code->bf_insns[i];

		if (BPF_CLASS(ins->code) == BPF_LD && BPF_MODE(ins->code) == BPF_IND &&
			(huge.x || ins->k > INT32_MAX))
			return true;
		follow(&huge, ins);
	}
	return false;
}

static int convert(struct program *program)
{
	struct rte_bpf_prm *prm = rte_bpf_convert(&program->code);
	int rc;

	if (!prm)
		return -rte_errno;
	rc = load_mended(prm, program);
	rte_free(prm);
	return rc;
}

/* Words of scratch memory that are written on every way to an instruction, those to earlier ones not counted: written
 * has a bit for each word, of each instruction. */
static uint32_t pass_on(const struct bpf_insn *ins, uint32_t i, uint32_t now, uint32_t *written)
{
	const struct bpf_insn *at = &ins[i];

	switch (BPF_CLASS(at->code)) {
	case BPF_ST:
	case BPF_STX:
		return now | 1u << at->k;
	case BPF_JMP:
		if (BPF_OP(at->code) != BPF_JA) {
			written[i + 1 + at->jt] &= now;
			written[i + 1 + at->jf] &= now;
		} else if ((int32_t)at->k >= 0) {
			written[i + 1 + at->k] &= now;
		}
		return UINT32_MAX;
	case BPF_RET:
		return UINT32_MAX;
	default:
		return now;
	}
}

/* libpcap makes such programs of "geneve or geneve", and its interpreter takes what happens to be there. */
static bool reads_unwritten(const struct bpf_program *code)
{
	uint32_t *written = malloc(code->bf_len * sizeof(*written)), now = 0;
	bool is_found = !written;

	for (uint32_t i = 0; written && i < code->bf_len; i++)
		written[i] = UINT32_MAX;
	for (uint32_t i = 0; !is_found && i < code->bf_len; i++) {
		const struct bpf_insn *at = &code->bf_insns[i];

		now &= written[i];
		is_found = (BPF_CLASS(at->code) == BPF_LD || BPF_CLASS(at->code) == BPF_LDX) &&
			   BPF_MODE(at->code) == BPF_MEM && !(now >> at->k & 1);
		now = pass_on(code->bf_insns, i, now, written);
	}
	free(written);
	return is_found;
}

static int load(struct program *program)
{
	if (reads_unwritten(&program->code))
		return -EINVAL;
	if (has_many_ways(&program->code) || has_shift_by_x(&program->code) ||
		may_wrap(&program->code))
		return 0;
	/* Without the one and the other: what DPDK refuses too. */
	return convert(program) == -ENOMEM ? -ENOMEM : 0;
}

static int make(struct dp_filter *filter, const char *expression, char *error, size_t size)
{
	for (unsigned link = 0; link < LINKS; link++) {
		struct program *program = &filter->program[link];
		int rc = compile(expression, link, &program->code, error, size);

		if (rc && link != DP_LINK_ETHERNET)
			continue;
		if (rc)
			return rc;
		rc = load(program);
		if (rc) {
			snprintf(error, size, "no program can be made of it: %s", strerror(-rc));
			return rc;
		}
	}
	return 0;
}

int dp_filter_create(const char *expression, struct dp_filter **filter, char *error, size_t size)
{
	int rc;

	*filter = calloc(1, sizeof(**filter));
	if (!*filter) {
		snprintf(error, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	rc = make(*filter, expression, error, size);
	if (rc) {
		dp_filter_destroy(*filter);
		*filter = NULL;
	}
	return rc;
}

void dp_filter_destroy(struct dp_filter *filter)
{
	for (unsigned link = 0; filter && link < LINKS; link++) {
		rte_bpf_destroy(filter->program[link].bpf);
		pcap_freecode(&filter->program[link].code);
	}
	free(filter);
}

bool dp_filter_is_native(const struct dp_filter *filter)
{
	return filter->program[DP_LINK_ETHERNET].jit.func;
}

/* A frame may be in several buffers. */
static bool interpret(const struct bpf_program *code, const struct rte_mbuf *m)
{
	uint32_t n = m->pkt_len < SNAPLEN ? m->pkt_len : SNAPLEN;
	uint8_t copy[SNAPLEN];

	return bpf_filter(code->bf_insns, rte_pktmbuf_read(m, 0, n, copy), m->pkt_len, n);
}

static bool chooses(const struct program *program, struct rte_mbuf *m)
{
	if (program->jit.func)
		return program->jit.func(m);
	if (program->bpf)
		return rte_bpf_exec(program->bpf, m);
	return program->code.bf_len && interpret(&program->code, m);
}

unsigned dp_filter_burst(const struct dp_filter *filter, struct rte_mbuf **burst, unsigned n)
{
	struct rte_mbuf *others[DP_BURST];
	unsigned chosen = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = burst[i];

		if (chooses(&filter->program[dp_meta(m)->link], m))
			burst[chosen++] = m;
		else
			others[i - chosen] = m;
	}
	for (unsigned i = chosen; i < n; i++)
		burst[i] = others[i - chosen];
	return chosen;
}
