/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages are made once with letters where dialogues differ; a dialogue's frames are copies with the
 * blanks filled in: # eight hexadecimal digits of its number, @ six digits of an address, % four of a
 * port, ~ one by which session descriptions differ. Each stands for a whole run of its kind. */
#include "bench_dialogue.h"

#include <stdio.h>
#include <string.h>

#include "bench.h"

#define SECOND_NS ((uint64_t)1000000000)

enum {
	NUMBER_DIGITS = 8,
	ADDRESSES = 1000000,
	ADDRESS_DIGITS = 6,
	PORTS = 10000,
	PORT_DIGITS = 4,
	KINDS = 8, /* of descriptions: telephones and trunks are not all the same */
};

#define NUMBER	     "########"
#define ADDRESS	     "10.1@@.1@@.1@@"
#define CALLER	     "From: \"Alice\" <sip:alice@192.0.2.10>;tag=a" NUMBER "\r\n"
#define CALLEE	     "To: <sip:+4930123456@198.51.100.7;user=phone>"
#define CALLEE_TAG   CALLEE ";tag=b" NUMBER "\r\n"
#define VIA(branch)  "Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK" branch NUMBER "\r\n"
#define CALL(method) "Call-ID: " NUMBER "-1f2e-3d4c-5b6a@192.0.2.10\r\nCSeq: " method "\r\n"
#define AGENT                                                                                       \
	"User-Agent: PBX 18.9\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO\r\n" \
	"Supported: replaces, timer\r\n"
#define CONTACT "Contact: <sip:peer@192.0.2.10:5060;transport=udp>\r\n"
#define EMPTY	"Content-Length: 0\r\n\r\n"
#define SDP                                                                                  \
	"v=0\r\no=- 1000 1 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 " ADDRESS "\r\nt=0 0\r\n" \
	"m=audio 1%%%% RTP/AVP 8 0 18 96 101\r\na=rtpmap:8 PCMA/8000\r\n"                    \
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"           \
	"a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"                  \
	"a=fmtp:101 0-1~\r\na=ptime:20\r\na=sendrecv\r\n"

static const struct {
	const char *head;
	bool has_sdp;
	unsigned delay_ms;
} messages[BENCH_DIALOGUE_MESSAGES] = {
	{"INVITE sip:+4930123456@198.51.100.7:5060;user=phone SIP/2.0\r\n" VIA(
		 "i") "Max-Forwards: 70\r\n" CALLER CALLEE "\r\n" CONTACT CALL("102 INVITE") AGENT,
		true, 0},
	{"SIP/2.0 100 Trying\r\n" VIA("i") CALLER CALLEE "\r\n" CALL("102 INVITE") EMPTY, false,
		10},
	{"SIP/2.0 180 Ringing\r\n" VIA("i") CALLER CALLEE_TAG CALL("102 INVITE") CONTACT EMPTY,
		false, 100},
	{"SIP/2.0 200 OK\r\n" VIA("i") CALLER CALLEE_TAG CALL("102 INVITE") CONTACT AGENT, true,
		1000},
	{"ACK sip:+4930123456@198.51.100.7:5060 SIP/2.0\r\n" VIA(
		 "a") "Max-Forwards: 70\r\n" CALLER CALLEE_TAG CALL("102 ACK") EMPTY,
		false, 1020},
	{"BYE sip:+4930123456@198.51.100.7:5060 SIP/2.0\r\n" VIA(
		 "b") "Max-Forwards: 70\r\n" CALLER CALLEE_TAG CALL("103 BYE") EMPTY,
		false, 3000},
	{"SIP/2.0 200 OK\r\n" VIA("b") CALLER CALLEE_TAG CALL("103 BYE") EMPTY, false, 3010},
};

/* RFC 894, RFC 791, RFC 768: responses go the other way. */
static void put_headers(uint8_t *p, size_t payload, bool is_response)
{
	static const uint8_t addresses[2][4] = {{192, 0, 2, 10}, {198, 51, 100, 7}};

	memset(p, 2, 12);
	bench_put16(p + 12, 0x0800);
	memset(p + 14, 0, 28);
	bench_put16(p + 14, 0x4560);
	p[22] = 63;
	p[23] = 17;
	memcpy(p + BENCH_SOURCE_AT, addresses[is_response], 4);
	memcpy(p + BENCH_SOURCE_AT + 4, addresses[!is_response], 4);
	bench_put16(bench_put16(p + BENCH_UDP_AT, 5060), 5060);
	bench_put_bytes(p, payload);
}

/* Each run of a letter. An @ alone is that of a URI. */
static bool find_blanks(const struct bench_template *t, char letter, struct bench_blanks *blanks)
{
	for (unsigned at = BENCH_PAYLOAD_AT; at < t->bytes; at++) {
		const uint8_t *p = t->frame + at;

		if (*p != letter || p[-1] == letter || (letter != '~' && p[1] != letter))
			continue;
		if (blanks->count == BENCH_DIALOGUE_BLANKS_MAX)
			return false;
		blanks->at[blanks->count++] = (uint16_t)at;
	}
	return true;
}

static bool make(struct bench_template *t, unsigned i, uint64_t rate)
{
	char *text = (char *)t->frame + BENCH_PAYLOAD_AT;
	size_t room = sizeof(t->frame) - BENCH_PAYLOAD_AT;
	const char *head = messages[i].head;
	int n;

	if (messages[i].has_sdp)
		n = snprintf(text, room,
			"%sContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", head,
			sizeof(SDP) - 1, SDP);
	else
		n = snprintf(text, room, "%s", head);
	if (n <= 0 || (size_t)n >= room)
		return false;
	put_headers(t->frame, (size_t)n, strncmp(head, "SIP/", 4) == 0);
	t->bytes = BENCH_PAYLOAD_AT + (unsigned)n;
	t->is_answer = messages[i].has_sdp && messages[i].delay_ms;
	t->ago = messages[i].delay_ms * rate / 1000;
	return find_blanks(t, '#', &t->numbers) && find_blanks(t, '@', &t->addresses) &&
	       find_blanks(t, '%', &t->ports) && find_blanks(t, '~', &t->kinds);
}

bool bench_dialogues_init(struct bench_dialogues *d, uint64_t rate, uint64_t start_ns)
{
	*d = (struct bench_dialogues){.rate = rate, .start_ns = start_ns};
	for (unsigned i = 0; i < BENCH_DIALOGUE_MESSAGES; i++)
		if (!make(&d->templates[i], i, rate))
			return false;
	return true;
}

static void put_digits(uint8_t *p, uint32_t v, unsigned n)
{
	for (; n; v /= 10)
		p[--n] = (uint8_t)('0' + v % 10);
}

/* What one dialogue has in its blanks. */
struct blanks {
	uint8_t number[NUMBER_DIGITS], address[ADDRESS_DIGITS], port[PORT_DIGITS];
	uint8_t kind; /* digit */
};

/* Neither numbers nor addresses come in an order that a table could profit from. The side that
 * answers has the same address with the next port but one. */
static void make_blanks(struct blanks *blanks, uint64_t dialogue, bool is_answer)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t number = (uint32_t)dialogue * 2654435761U;

	for (unsigned n = 0; n < NUMBER_DIGITS; n++)
		blanks->number[n] = (uint8_t)hex[number >> (28 - 4 * n) & 15];
	put_digits(blanks->address, (uint32_t)(dialogue * 48271 % ADDRESSES), ADDRESS_DIGITS);
	put_digits(
		blanks->port, (uint32_t)(dialogue * 4 % PORTS + (is_answer ? 2 : 0)), PORT_DIGITS);
	blanks->kind = (uint8_t)('0' + (number >> 8) % KINDS);
}

/* One kind after the other: a mixed row of them would be guessed wrong, which no NIC pays for. */
static void fill(const struct bench_template *t, uint8_t *frame, uint64_t dialogue)
{
	struct blanks blanks;

	make_blanks(&blanks, dialogue, t->is_answer);
	memcpy(frame, t->frame, t->bytes);
	for (unsigned i = 0; i < t->numbers.count; i++)
		memcpy(frame + t->numbers.at[i], blanks.number, NUMBER_DIGITS);
	for (unsigned i = 0; i < t->addresses.count; i++)
		memcpy(frame + t->addresses.at[i], blanks.address + 2 * i, 2);
	for (unsigned i = 0; i < t->ports.count; i++)
		memcpy(frame + t->ports.at[i], blanks.port, PORT_DIGITS);
	for (unsigned i = 0; i < t->kinds.count; i++)
		frame[t->kinds.at[i]] = blanks.kind;
}

/* Latest messages first: the time is the same for all. None of dialogues that began before the start. */
static const struct bench_template *next_message(struct bench_dialogues *d)
{
	while (d->left) {
		const struct bench_template *t = &d->templates[--d->left];

		if (t->ago < d->next)
			return t;
	}
	return NULL;
}

static void begin_one(struct bench_dialogues *d)
{
	d->next++;
	d->left = BENCH_DIALOGUE_MESSAGES;
}

static unsigned put(const struct bench_dialogues *d, const struct bench_template *t, uint8_t *frame)
{
	fill(t, frame, d->next - 1 - t->ago);
	return t->bytes;
}

uint64_t bench_dialogues_span(const struct bench_dialogues *d)
{
	return d->templates[BENCH_DIALOGUE_MESSAGES - 1].ago;
}

unsigned bench_dialogues_next(struct bench_dialogues *d, uint8_t *frame)
{
	const struct bench_template *t = next_message(d);

	if (!t) {
		begin_one(d);
		t = next_message(d); /* an INVITE at least */
	}
	return put(d, t, frame);
}

unsigned bench_dialogues_step(
	struct bench_dialogues *d, uint8_t *mem, uint32_t at, struct bench_frame *frames)
{
	const struct bench_template *t;
	unsigned n = 0;

	begin_one(d);
	while ((t = next_message(d))) {
		frames[n++] = (struct bench_frame){
			.time_ns = d->start_ns + (d->next - 1) * SECOND_NS / d->rate,
			.at = at,
			.bytes = t->bytes,
		};
		at += put(d, t, mem + at);
	}
	return n;
}
