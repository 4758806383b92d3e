/* SPDX-License-Identifier: BSD-3-Clause */
/* Round trips seen from the middle of the path, without any clock but the probe's: an SR (or an RRTR) passes
 * with its NTP timestamp, and some time later the block that answers it passes the other way and says how
 * long the far end held it. What is left is the way from the probe to that end and back (RFC 3550 section
 * 6.4.1 with the probe's arrivals in place of the sender's clock; RFC 3611 section 4.5 the same).
 * Owner: the stream. Threads: its worker only. */
#ifndef QOS_RTT_H
#define QOS_RTT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QOS_RTT_MARKS = 8, /* timestamps that can still be answered */
	QOS_RTT_SAMPLES = 5, /* the least of so many counts: waiting time only adds */
};

/* Times apart from what is looked through: mostly one of them is needed, or none. */
struct qos_rtt_marks {
	uint64_t at_ns[QOS_RTT_MARKS]; /* when it passed; 0: free, or came more than once */
	uint32_t middle[QOS_RTT_MARKS]; /* 32 bits of the NTP timestamp */
	uint32_t last; /* the LSR answered last, and its DLSR */
	uint32_t last_delay;
	uint8_t next;
};

struct qos_rtt {
	uint32_t us[QOS_RTT_SAMPLES];
	uint32_t samples; /* ever */
};

enum qos_rtt_status {
	QOS_RTT_OK = 0,
	QOS_RTT_NOTHING, /* LSR or DLSR is 0: the far end has no timestamp to answer, or does not say */
	QOS_RTT_UNKNOWN, /* LSR of no SR that passed lately, perhaps one that a session border made */
	QOS_RTT_REPEATED, /* answered already: the same DLSR again, or less */
	QOS_RTT_RANGE, /* below zero, or above 10 s */
};

/* A timestamp passes. One that passes again while it is known (a mirrored copy) changes nothing; one that
 * still passes a second later stands still, and is good for nothing. */
void qos_rtt_pass(struct qos_rtt_marks *marks, uint32_t middle, uint64_t now_ns);

/* What: the answer to a timestamp passes. delay: DLSR or DLRR, 1/65536 s. *us is set on QOS_RTT_OK. */
enum qos_rtt_status qos_rtt_answer(struct qos_rtt_marks *marks, uint32_t middle, uint32_t delay,
	uint64_t now_ns, uint32_t *us);

void qos_rtt_add(struct qos_rtt *rtt, uint32_t us);

/* The least of the last samples; false when there is none. */
bool qos_rtt_ms(const struct qos_rtt *rtt, double *ms);

#endif
