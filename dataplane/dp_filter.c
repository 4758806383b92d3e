/* SPDX-License-Identifier: BSD-3-Clause */
/* libpcap makes classic BPF of the expression, DPDK extended BPF of that, and machine code. */
#define ALLOW_EXPERIMENTAL_API /* rte_bpf_convert */
#include "dp_filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "dp_meta.h"
#include "dp_rx.h"

enum {
	LINKS = DP_LINK_NULL + 1,
	SNAPLEN = 65535,
	REG_X = EBPF_REG_7, /* where rte_bpf_convert keeps X */
};

struct program {
	struct rte_bpf *bpf; /* NULL: chooses nothing */
	struct rte_bpf_jit jit; /* func NULL: to be interpreted */
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
		rte_bpf_get_jit(program->bpf, &program->jit);
	free(ins);
	return program->bpf ? 0 : -rte_errno;
}

static int load(const struct bpf_program *code, struct program *program)
{
	struct rte_bpf_prm *prm = rte_bpf_convert(code);
	int rc;

	if (!prm)
		return -rte_errno;
	rc = load_mended(prm, program);
	rte_free(prm);
	return rc;
}

static int make(struct dp_filter *filter, const char *expression, char *error, size_t size)
{
	for (unsigned link = 0; link < LINKS; link++) {
		struct bpf_program code;
		int rc = compile(expression, link, &code, error, size);

		if (rc && link != DP_LINK_ETHERNET)
			continue;
		if (rc)
			return rc;
		rc = load(&code, &filter->program[link]);
		pcap_freecode(&code);
		if (rc) {
			snprintf(error, size, "DPDK's BPF library refuses it: %s", strerror(-rc));
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
	for (unsigned link = 0; filter && link < LINKS; link++)
		rte_bpf_destroy(filter->program[link].bpf);
	free(filter);
}

bool dp_filter_is_native(const struct dp_filter *filter)
{
	return filter->program[DP_LINK_ETHERNET].jit.func;
}

static bool chooses(const struct program *program, struct rte_mbuf *m)
{
	if (program->jit.func)
		return program->jit.func(m);
	return program->bpf && rte_bpf_exec(program->bpf, m);
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
