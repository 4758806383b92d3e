/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts of messages, noise and media for the tests of packets that wait for others. */
#ifndef PROBE_BURST_CASE_H
#define PROBE_BURST_CASE_H

#include "probe_overload_case.h"

enum {
	TURNS_MAX = 64, /* full bursts that a message waits for others at most */
};

/* A burst that is being made. */
static struct {
	struct rte_mbuf *packets[DP_BURST];
	unsigned n;
} burst;

struct message {
	const char *start, *cseq;
	unsigned call;
	bool is_answered; /* To has a tag */
	const char *sdp; /* NULL without */
};

static inline struct rte_mbuf *add_mbuf(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.pool);

	assert_non_null(m);
	assert_true(burst.n < DP_BURST);
	burst.packets[burst.n++] = m;
	rig.fed++;
	return m;
}

static inline void add(const struct frame *f)
{
	fill(add_mbuf(), f);
}

/* All at one time: none waits for long. Returns how many packets it had. */
static inline unsigned give(void)
{
	unsigned n = burst.n;

	for (unsigned i = 0; i < n; i++)
		dp_meta(burst.packets[i])->time_ns = START_NS;
	burst.n = 0;
	probe_rx_burst(&rig.rx[0], burst.packets, n);
	urcu_qsbr_quiescent_state();
	return n;
}

/* What was added, and media. */
static inline void give_full(void)
{
	while (burst.n < DP_BURST)
		fill_rtp(add_mbuf());
	give();
}

static inline void add_datagram(const void *payload, unsigned n)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 20 + 8 + n, 0, 0);
	put_udp(&f, 8 + n);
	put(&f, payload, n);
	add(&f);
}

static inline void add_message(const struct message *m)
{
	const char *sdp = m->sdp ? m->sdp : "";
	char message[1500];
	int n = snprintf(message, sizeof(message),
		"%s\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%u\r\n"
		"From: <sip:alice@192.0.2.1>;tag=a\r\nTo: <sip:bob@198.51.100.2>%s\r\n"
		"Call-ID: whole-%u\r\nCSeq: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		m->start, m->call, m->is_answered ? ";tag=b" : "", m->call, m->cseq,
		m->sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);

	assert_in_range(n, 1, sizeof(message) - 1);
	add_datagram(message, (unsigned)n);
}

static const char invite[] = "INVITE sip:bob@198.51.100.2 SIP/2.0";

/* The program's next call. */
static inline unsigned add_invite(const char *sdp)
{
	static unsigned call;

	add_message(&(struct message){invite, "1 INVITE", ++call, false, sdp});
	return call;
}

static inline const struct qos_call *call_of(unsigned call)
{
	const struct qos_call *found;
	char id[32];

	snprintf(id, sizeof(id), "whole-%u", call);
	found = qos_call_find(rig.probe.calls, bytes_from_str(id));
	assert_non_null(found);
	return found;
}

/* Of the port at 10.9.0.1 that a description names. */
static inline const struct qos_media *media_at(uint16_t port)
{
	struct qos_media_key key = {{{10, 9, 0, 1}}, 0, port, 4};

	return qos_media_find(rig.probe.medias, &key);
}

static inline void describe(char *sdp, size_t size, unsigned port, unsigned pt)
{
	snprintf(sdp, size,
		"v=0\r\no=- 1 1 IN IP4 10.9.0.1\r\ns=-\r\nc=IN IP4 10.9.0.1\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP %u\r\n",
		port, pt);
}

/* The stream goes to where the program's next call says that it gets media. */
static inline unsigned announce(struct stream *s)
{
	static const uint8_t address[] = {10, 9, 0, 1};
	const uint16_t port = 34000;
	char sdp[256];

	memcpy(s->frame.b + 30, address, sizeof(address));
	s->frame.b[36] = port >> 8;
	s->frame.b[37] = port & 0xff;
	describe(sdp, sizeof(sdp), port, 8);
	return add_invite(sdp);
}

static inline void add_noise(void)
{
	static const char noise[] = "\1noise that is nothing we know";

	add_datagram(noise, sizeof(noise));
}

static inline void flush_and_expect_conservation(void)
{
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(rig.worker[0].wholes.count, 0);
	expect_conservation();
}

#endif
