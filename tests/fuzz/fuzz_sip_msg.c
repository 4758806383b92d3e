/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets: every slice of a parsed SIP message lies in the input, the same octets parse
 * to the same message, and the case of header names means nothing. */
#include <stdlib.h>

#include "sip_body.h"
#include "sip_msg.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SLICES_MAX = 24,
	CUTS = 16,
};

/* All slices of a message in one order, so that two messages compare by position. */
static unsigned slices_of(const struct sip_msg *msg, struct bytes slices[SLICES_MAX])
{
	const struct sip_party *parties[] = {&msg->from, &msg->to, &msg->contact};
	const struct bytes others[] = {msg->method_name, msg->request_uri, msg->reason,
		msg->call_id, msg->cseq_method, msg->via, msg->via_branch, msg->user_agent,
		msg->content_type, msg->content_encoding, msg->head, msg->body};
	unsigned n = 0;

	for (unsigned i = 0; i < 3; i++) {
		slices[n++] = parties[i]->value;
		slices[n++] = parties[i]->uri;
		slices[n++] = parties[i]->user;
		slices[n++] = parties[i]->tag;
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		slices[n++] = others[i];
	return n;
}

static void check_inside(struct bytes slice, const uint8_t *data, size_t size)
{
	CHECK(slice.n == 0 ||
		(slice.p >= data && slice.n <= size && (size_t)(slice.p - data) <= size - slice.n));
}

static bool is_same_rest(const struct sip_msg *a, const struct sip_msg *b)
{
	return a->is_request == b->is_request && a->method == b->method && a->status == b->status &&
	       a->cseq == b->cseq && a->content_length == b->content_length &&
	       a->is_body_cut == b->is_body_cut && a->is_head_cut == b->is_head_cut;
}

/* base_a and base_b are where the two inputs begin. */
static void check_same(const struct sip_msg *a, const uint8_t *base_a, const struct sip_msg *b,
	const uint8_t *base_b)
{
	struct bytes in_a[SLICES_MAX];
	struct bytes in_b[SLICES_MAX];
	unsigned n = slices_of(a, in_a);

	slices_of(b, in_b);
	for (unsigned i = 0; i < n; i++) {
		CHECK(in_a[i].n == in_b[i].n);
		CHECK(in_a[i].n == 0 || in_a[i].p - base_a == in_b[i].p - base_b);
	}
	CHECK(is_same_rest(a, b));
}

static void check_length(const struct sip_msg *msg)
{
	CHECK(msg->content_length >= -1);
	if (msg->content_length >= 0)
		CHECK(msg->is_body_cut == (msg->body.n < (uint64_t)msg->content_length));
	CHECK(!msg->is_head_cut || msg->body.n == 0);
}

static void check_message(const struct sip_msg *msg, const uint8_t *data, size_t size)
{
	struct bytes slices[SLICES_MAX];
	unsigned n = slices_of(msg, slices);
	struct bytes sdp;

	for (unsigned i = 0; i < n; i++)
		check_inside(slices[i], data, size);
	CHECK(msg->call_id.n && msg->cseq_method.n && msg->method_name.n);
	CHECK(msg->is_request ? msg->status == 0 : msg->status >= 100 && msg->status <= 699);
	check_length(msg);
	if (sip_body_sdp(msg, &sdp)) {
		CHECK(sdp.n > 0);
		check_inside(sdp, msg->body.p, msg->body.n);
	} else {
		CHECK(sdp.n == 0);
	}
}

/* Swaps upper and lower case in the header names of the head, folded lines left alone. */
static void flip_names(uint8_t *head, size_t n)
{
	size_t at = bytes_find(bytes_of(head, n), '\n') + 1;

	while (at < n) {
		bool is_name = head[at] != ' ' && head[at] != '\t';

		for (; at < n && head[at] != '\n'; at++) {
			uint8_t lower = ascii_lower(head[at]);

			if (head[at] == ':')
				is_name = false;
			if (is_name && lower >= 'a' && lower <= 'z')
				head[at] ^= 0x20;
		}
		at++;
	}
}

/* CSeq has no compact form, and no message is without it. */
static void check_header(const struct sip_msg *msg)
{
	struct bytes cseq = sip_msg_header(msg, BYTES_LIT("cSEQ"));

	CHECK(cseq.n > 0);
	check_inside(cseq, msg->head.p, msg->head.n);
	check_inside(msg->cseq_method, cseq.p, cseq.n);
}

static enum sip_status parse(struct bytes in, struct sip_msg *msg)
{
	enum sip_status status = sip_msg_parse(in, msg);

	if (status == SIP_OK) {
		check_header(msg);
		sip_msg_parse_parties(msg);
		sip_msg_parse_hops(msg);
	}
	return status;
}

/* The front of a message is one, or ended too early for what it says. */
static void check_cut(struct bytes in)
{
	struct sip_msg msg;

	for (size_t i = 0; i < CUTS; i++) {
		struct bytes front = bytes_head(in, in.n * i / CUTS);
		enum sip_status status = sip_msg_parse(front, &msg);

		CHECK(status == SIP_OK || sip_msg_ended_early(front, &msg, status));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_msg msg;
	struct sip_msg again;
	uint8_t *copy;
	size_t n;

	if (parse(bytes_of(data, size), &msg) != SIP_OK)
		return 0;
	check_message(&msg, data, size);
	check_cut(bytes_of(data, size));

	n = msg.head.n + msg.body.n;
	CHECK(msg.body.n == 0 || msg.body.p == msg.head.p + msg.head.n);
	CHECK(parse(bytes_of(msg.head.p, n), &again) == SIP_OK);
	check_same(&msg, msg.head.p, &again, msg.head.p);

	copy = malloc(n);
	CHECK(copy);
	memcpy(copy, msg.head.p, n);
	flip_names(copy, msg.head.n);
	CHECK(parse(bytes_of(copy, n), &again) == SIP_OK);
	check_same(&msg, msg.head.p, &again, copy);
	free(copy);
	return 0;
}
