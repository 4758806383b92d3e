/* SPDX-License-Identifier: BSD-3-Clause */
/* Control (jumps and returns) of the machine code is told from what loads and divisions jump, and held against the
 * control of the program, one after the other. In what libpcap makes, a jump goes to where other control ends. */
#include "dp_filter_native.h"

#include <stdlib.h>
#include <string.h>

#include <rte_bpf.h>

#ifdef RTE_ARCH_X86_64

enum kind {
	NO_CONTROL = 0,
	JUMP, /* jmp */
	JUMP_IF, /* jcc but these */
	JUMP_IF_ZERO, /* je */
	JUMP_IF_LESS, /* jl: of a load, for packets in several buffers */
	MOVE_IF_ZERO, /* cmove: of a division, ahead of je */
	RETURN,
	UNKNOWN,
};

struct native {
	enum kind kind;
	size_t end;
	size_t to; /* of jumps */
};

/* A register or memory, and how long what says so is. */
static size_t operand_bytes(const uint8_t *p)
{
	unsigned mod = p[0] >> 6, rm = p[0] & 7;
	size_t sib = mod != 3 && rm == 4;

	return 1 + sib + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

static int32_t distance(const uint8_t *p, size_t bytes)
{
	int32_t v;

	if (bytes == 1)
		return (int8_t)p[0];
	memcpy(&v, p, sizeof(v));
	return v;
}

static struct native jump(enum kind kind, const uint8_t *code, size_t at, size_t bytes)
{
	struct native n = {.kind = kind, .end = at + bytes};

	n.to = n.end + (size_t)(int64_t)distance(code + at, bytes);
	return n;
}

static enum kind kind_of_jcc(uint8_t op)
{
	return (op & 15) == 4 ? JUMP_IF_ZERO : (op & 15) == 12 ? JUMP_IF_LESS : JUMP_IF;
}

/* Behind 0F. */
static struct native read_long(const uint8_t *code, size_t at)
{
	uint8_t op = code[at++];

	if ((op & 0xf0) == 0x80)
		return jump(kind_of_jcc(op), code, at, 4);
	if (op == 0xb6 || op == 0xb7)
		return (struct native){NO_CONTROL, at + operand_bytes(code + at), 0};
	if ((op & 0xf0) == 0x40)
		return (struct native){
			op == 0x44 ? MOVE_IF_ZERO : NO_CONTROL, at + operand_bytes(code + at), 0};
	if ((op & 0xf8) == 0xc8)
		return (struct native){NO_CONTROL, at, 0};
	return (struct native){UNKNOWN, at, 0};
}

/* What DPDK writes, as far as programs of libpcap need it. */
static struct native read_native(const uint8_t *code, size_t at)
{
	bool is_wide = false;
	uint8_t op;

	if (code[at] == 0x66)
		at++;
	if ((code[at] & 0xf0) == 0x40)
		is_wide = code[at++] & 8;
	op = code[at++];
	if ((op & 0xf0) == 0x70)
		return jump(kind_of_jcc(op), code, at, 1);
	if ((op & 0xf8) == 0xb8)
		return (struct native){NO_CONTROL, at + (is_wide ? 8 : 4), 0};
	switch (op) {
	case 0x0f:
		return read_long(code, at);
	case 0xeb:
		return jump(JUMP, code, at, 1);
	case 0xe9:
		return jump(JUMP, code, at, 4);
	case 0xc3:
		return (struct native){RETURN, at, 0};
	case 0x01:
	case 0x09:
	case 0x21:
	case 0x29:
	case 0x31:
	case 0x39:
	case 0x85:
	case 0x87:
	case 0x89:
	case 0x8b:
	case 0xd3:
	case 0xff:
		return (struct native){NO_CONTROL, at + operand_bytes(code + at), 0};
	case 0x83:
	case 0xc1:
		return (struct native){NO_CONTROL, at + operand_bytes(code + at) + 1, 0};
	case 0x81:
	case 0xc7:
		return (struct native){NO_CONTROL, at + operand_bytes(code + at) + 4, 0};
	case 0xf7: /* test with a number, or neg, mul, div */
		return (struct native){
			NO_CONTROL, at + operand_bytes(code + at) + ((code[at] & 0x38) ? 0 : 4), 0};
	default:
		return (struct native){UNKNOWN, at, 0};
	}
}

struct walk {
	const uint8_t *code;
	size_t size, at;
	unsigned load; /* 2: its jmp and je are still to come, 1: the je */
	bool is_dividing; /* the je is still to come */
	size_t exit; /* where these je go; 0: there was none */
	bool has_exits; /* several */
};

static void note_exit(struct walk *w, size_t to)
{
	w->has_exits |= w->exit && w->exit != to;
	w->exit = to;
	w->load = 0;
	w->is_dividing = false;
}

/* True: n is of a load or a division, or no control. */
static bool is_inner(struct walk *w, const struct native *n)
{
	switch (n->kind) {
	case NO_CONTROL:
		return true;
	case JUMP_IF_LESS:
		w->load = 2;
		return true;
	case MOVE_IF_ZERO:
		w->is_dividing = true;
		return true;
	case JUMP:
		if (w->load != 2)
			return false;
		w->load = 1;
		return true;
	case JUMP_IF_ZERO:
		if (w->load != 1 && !w->is_dividing)
			return false;
		note_exit(w, n->to);
		return true;
	default:
		return false;
	}
}

/* UNKNOWN at the end as well. */
static struct native next_control(struct walk *w)
{
	while (w->at < w->size) {
		struct native n = read_native(w->code, w->at);

		if (n.end > w->size)
			break;
		w->at = n.end;
		if (!is_inner(w, &n))
			return n;
	}
	return (struct native){UNKNOWN, w->size, 0};
}

static bool is_control(const struct ebpf_insn *ins)
{
	return BPF_CLASS(ins->code) == BPF_JMP;
}

static bool is_exit(const struct ebpf_insn *ins)
{
	return ins->code == (BPF_JMP | EBPF_EXIT);
}

static bool is_of(const struct native *n, const struct ebpf_insn *ins)
{
	if (is_exit(ins))
		return n->kind == RETURN || n->kind == JUMP;
	if (BPF_OP(ins->code) == BPF_JA)
		return n->kind == JUMP;
	return n->kind == JUMP_IF || n->kind == JUMP_IF_ZERO;
}

/* all: the control of each instruction that is some. */
static bool read_all(
	struct walk *w, const struct ebpf_insn *ins, uint32_t count, struct native *all)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!is_control(&ins[i]))
			continue;
		all[i] = next_control(w);
		if (!is_of(&all[i], &ins[i]))
			return false;
		/* The first exit is all of it, the others jump back there. */
		if (is_exit(&ins[i]) && all[i].kind == JUMP)
			note_exit(w, all[i].to);
	}
	return next_control(w).kind == UNKNOWN && w->at == w->size && !w->has_exits;
}

static bool goes_right(const struct ebpf_insn *ins, uint32_t i, const struct native *all)
{
	uint32_t to = i + 1 + (uint32_t)(int32_t)ins[i].off;

	if (!is_control(&ins[i]) || is_exit(&ins[i]))
		return true;
	return to > i && is_control(&ins[to - 1]) && all[to - 1].end == all[i].to;
}

bool dp_filter_native_is_right(
	const struct ebpf_insn *ins, uint32_t count, const uint8_t *code, size_t size)
{
	struct native *all = calloc(count, sizeof(*all));
	struct walk walk = {.code = code, .size = size};
	bool is_right = all && read_all(&walk, ins, count, all);

	for (uint32_t i = 0; is_right && i < count; i++)
		is_right = goes_right(ins, i, all);
	free(all);
	return is_right;
}

#else

bool dp_filter_native_is_right(
	const struct ebpf_insn *ins, uint32_t count, const uint8_t *code, size_t size)
{
	(void)ins;
	(void)count;
	(void)code;
	(void)size;
	return false;
}

#endif
