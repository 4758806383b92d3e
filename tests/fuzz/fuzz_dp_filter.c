/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters: bytes become an expression and a frame. Of every link layer dp_filter takes just the
 * expressions that libpcap compiles, chooses of the frame cut anywhere what libpcap's own
 * interpreter does, leaves the burst in order, and looks at no octet behind it.
 * First octet: link; second: octets of the expression (fuzz_filter.h). The rest is the frame. */
#include <sys/mman.h>

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include <rte_mbuf.h>

#include "dp_eal.h"
#include "dp_filter.h"
#include "dp_meta.h"
#include "dp_rx.h"
#include "fuzz_check.h"
#include "fuzz_filter.h"

enum {
	CUTS = 8, /* of a frame: that many eighths of it, and it */
	FRAME_MAX = 512,
	PAGE = 4096,
};

static const int pcap_links[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_NULL};

static struct {
	uint8_t *pages; /* CUTS and one, each followed by one that is not there */
	struct rte_mbuf m[CUTS + 1];
} w;

static void begin(void)
{
	struct dp_options options = {.memory = 64U << 20, .file_prefix = "heptap-fuzz"};
	struct dp_lcores lcores;

	check(dp_eal_start(&options, true, &lcores) == 0);
	w.pages = mmap(NULL, (size_t)(CUTS + 1) * 2 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(w.pages != MAP_FAILED);
	for (unsigned i = 0; i <= CUTS; i++)
		check(mprotect(w.pages + (2 * i + 1) * PAGE, PAGE, PROT_NONE) == 0);
}

/* A frame that ends where its page does. */
static struct rte_mbuf *frame_of(unsigned i, unsigned link, struct bytes frame)
{
	struct rte_mbuf *m = &w.m[i];
	uint8_t *at = w.pages + (2 * i + 1) * PAGE - frame.n;

	if (frame.n)
		memcpy(at, frame.p, frame.n);
	m->buf_addr = at;
	m->data_off = 0;
	m->data_len = (uint16_t)frame.n;
	m->pkt_len = (uint32_t)frame.n;
	m->nb_segs = 1;
	m->next = NULL;
	dp_meta(m)->link = link;
	return m;
}

/* What is looked at where the kernel keeps what it knows of frames is no frame's. */
static bool asks_kernel(const struct bpf_program *code)
{
	bool asks = false;

	for (unsigned i = 0; i < code->bf_len; i++)
		asks |= (code->bf_insns[i].code & 0xe7) == (BPF_LD | BPF_ABS) &&
			code->bf_insns[i].k >= 0xfffff000;
	return asks;
}

/* False: libpcap refuses it for that link. */
static bool compile(const char *expression, unsigned link, struct bpf_program *code)
{
	pcap_t *pcap = pcap_open_dead(pcap_links[link], 65535);
	bool is_good;

	check(pcap != NULL);
	is_good = pcap_compile(pcap, code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	pcap_close(pcap);
	return is_good;
}

static void compare(const struct dp_filter *filter, const struct bpf_program *code, unsigned link,
	struct bytes frame)
{
	struct rte_mbuf *burst[CUTS + 1], *want[CUTS + 1], *others[CUTS + 1];
	unsigned chosen = 0, left = 0;

	for (unsigned i = 0; i <= CUTS; i++) {
		struct rte_mbuf *m = frame_of(i, link, bytes_head(frame, frame.n * i / CUTS));

		burst[i] = m;
		if (code && bpf_filter(code->bf_insns, m->buf_addr, m->pkt_len, m->data_len))
			want[chosen++] = m;
		else
			others[left++] = m;
	}
	memcpy(want + chosen, others, left * sizeof(struct rte_mbuf *));
	check(dp_filter_burst(filter, burst, CUTS + 1) == chosen);
	check(!memcmp(burst, want, sizeof(burst)));
}

/* NULL: libpcap refuses it for Ethernet, it looks where the kernel keeps what it knows of frames, or
 * no program can be made of it, as of one that looks into memory that it did not write. */
static struct dp_filter *create(const char *expression)
{
	struct bpf_program code;
	struct dp_filter *filter;
	char error[256] = "";
	bool is_compiled = compile(expression, DP_LINK_ETHERNET, &code);
	bool is_good = dp_filter_check(expression, error, sizeof(error)) == 0, is_made;

	check(is_good == (is_compiled && !strstr(error, "no frame says")));
	is_made = dp_filter_create(expression, &filter, error, sizeof(error)) == 0;
	check((filter != NULL) == is_made && (is_good || !is_made));
	if (is_compiled)
		pcap_freecode(&code);
	return filter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), how;
	char text[FILTER_TEXT_MAX];
	struct bpf_program code;
	struct dp_filter *filter;
	unsigned link;
	bool is_good;

	if (size < 2)
		return 0;
	if (!w.pages)
		begin();
	link = in.p[0] % (sizeof(pcap_links) / sizeof(pcap_links[0]));
	how = bytes_head(bytes_skip(in, 2), in.p[1]);
	in = bytes_head(bytes_skip(in, 2 + how.n), FRAME_MAX);
	filter_write(text, how);
	filter = create(text);
	if (!filter)
		return 0;
	is_good = compile(text, link, &code);
	compare(filter, is_good && !asks_kernel(&code) ? &code : NULL, link, in);
	if (is_good)
		pcap_freecode(&code);
	dp_filter_destroy(filter);
	return 0;
}
