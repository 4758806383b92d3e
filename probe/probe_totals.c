/* SPDX-License-Identifier: BSD-3-Clause */
/* Expands the .def tables into sums over threads. */
#include "probe_totals.h"

#include <assert.h>
#include <stddef.h>

#include "dp_file_clock.h"
#include "probe_rx.h"
#include "probe_worker.h"

/* A place for each line of the .def tables. */
enum {
#define X(name, help) OUTCOME_##name,
#include "pkt_outcomes.def"
#include "probe_outcomes.def"
#undef X
	OUTCOMES,
};

enum {
#define X(name, help) COUNTER_##name,
#include "dp_file_clock_counters.def"
#include "pkt_frag_counters.def"
#include "pkt_switch_time_counters.def"
#include "probe_counters.def"
#include "qos_call_counters.def"
#include "qos_counters.def"
#include "sip_sctp_counters.def"
#include "sip_tcp_counters.def"
#undef X
	COUNTER_fragments_no_buffer,
	COUNTER_file_drops,
	COUNTERS,
};

static_assert((int)OUTCOMES <= (int)PROBE_TOTALS_MAX && (int)COUNTERS <= (int)PROBE_TOTALS_MAX,
	"room for all of them");

static uint64_t decode_total(const struct probe *probe, enum pkt_status status)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read(&probe->rx[i].decode[status]);
	return sum;
}

uint64_t probe_totals_outcome(const struct probe *probe, unsigned outcome)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read(&probe->rx[i].outcome[outcome]);
	for (unsigned i = 0; i < probe->lcores.worker_count; i++) {
		sum += probe_read(&probe->workers[i].outcome[outcome]);
		if (outcome == PROBE_rtp_unconfirmed)
			sum += probe_read(&probe->workers[i].probation.unconfirmed);
	}
	return sum;
}

uint64_t probe_totals_frames(const struct probe *probe)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read(&probe->rx[i].rx.frames);
	return sum;
}

unsigned probe_totals_outcomes(const struct probe *probe, struct probe_total *totals)
{
	unsigned n = 0;

#define X(id, text) \
	totals[n++] = (struct probe_total){#id, text, probe_totals_outcome(probe, PROBE_##id)};
#include "probe_outcomes.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, decode_total(probe, PKT_##id)};
#include "pkt_outcomes.def"
#undef X
	return n;
}

/* Sums a counter that every worker has at this offset. */
static uint64_t sum_workers(const struct probe *probe, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->lcores.worker_count; i++)
		sum += probe_read(
			(const _Atomic uint64_t *)((const char *)&probe->workers[i] + offset));
	return sum;
}

/* The same for the counters of calls, which stand in the call table. */
static uint64_t sum_calls(const struct probe *probe, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->lcores.worker_count; i++)
		sum += probe_read(
			(const _Atomic uint64_t *)((const char *)probe->workers[i].call_counters +
						   offset));
	return sum;
}

/* The same for receivers. */
static uint64_t sum_rx(const struct probe *probe, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read((const _Atomic uint64_t *)((const char *)&probe->rx[i] + offset));
	return sum;
}

#define RX_SUM(member)	   sum_rx(probe, offsetof(struct probe_rx, member))
#define WORKER_SUM(member) sum_workers(probe, offsetof(struct probe_worker, member))

uint64_t probe_totals_sip(const struct probe *probe)
{
	return WORKER_SUM(counters.sip_requests) + WORKER_SUM(counters.sip_responses);
}

unsigned probe_totals_counters(const struct probe *probe, struct probe_total *totals)
{
	struct dp_file_clock_counters clock = {0};
	unsigned n = 0;

	if (probe->file)
		dp_file_clock_totals(probe->file, &clock);

#define X(id, text) totals[n++] = (struct probe_total){#id, text, WORKER_SUM(counters.id)};
#include "probe_counters.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, WORKER_SUM(table.counters.id)};
#include "qos_counters.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, WORKER_SUM(tcp.counters.id)};
#include "sip_tcp_counters.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, WORKER_SUM(sctp.counters.id)};
#include "sip_sctp_counters.def"
#undef X
#define X(id, text) \
	totals[n++] = (struct probe_total){#id, text, RX_SUM(fragments.frags.counters.id)};
#include "pkt_frag_counters.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, RX_SUM(switch_times.counters.id)};
#include "pkt_switch_time_counters.def"
#undef X
	totals[n++] = (struct probe_total){"fragments_no_buffer",
		"datagrams put together for which no buffer was free", RX_SUM(fragments.no_buffer)};
#define X(id, text)                         \
	totals[n++] = (struct probe_total){ \
		#id, text, sum_calls(probe, offsetof(struct qos_call_counters, id))};
#include "qos_call_counters.def"
#undef X
#define X(id, text) totals[n++] = (struct probe_total){#id, text, clock.id};
#include "dp_file_clock_counters.def"
#undef X
	totals[n++] = (struct probe_total){"file_drops",
		"packets that were dropped while capture files were made, as pcapng files say",
		probe->file ? dp_file_drops(probe->file) : 0};
	return n;
}

static void add_reason(
	struct probe_hep_totals *hep, const char *name, const char *help, uint64_t value)
{
	assert(hep->reason_count < PROBE_HEP_REASONS_MAX);
	hep->reasons[hep->reason_count] = name;
	hep->helps[hep->reason_count] = help;
	hep->dropped[hep->reason_count++] = value;
}

void probe_totals_hep(const struct probe *probe, struct probe_hep_totals *hep)
{
	unsigned copies = probe->sender ? hep_sender_collectors(probe->sender) : 0;
	uint64_t refused = 0;
	uint64_t blocked = 0;
	uint64_t failed = 0;

	*hep = (struct probe_hep_totals){.made = copies * WORKER_SUM(counters.hep_made)};
	add_reason(hep, "too_large", "larger than 65507 octets",
		copies * WORKER_SUM(counters.hep_too_large));
	add_reason(hep, "no_buffer", "no buffer free", copies * WORKER_SUM(counters.hep_no_buffer));
	add_reason(hep, "queue_full", "the sender's queue was full",
		copies * WORKER_SUM(counters.hep_queue_full));
	add_reason(hep, "interrupted", "a signal had ended the reading of files",
		copies * probe_read(&probe->hep_interrupted));
	for (unsigned i = 0; i < copies; i++) {
		const struct hep_sender_counters *c = hep_sender_counters(probe->sender, i);

		hep->sent += probe_read(&c->sent);
		refused += probe_read(&c->send_refused);
		blocked += probe_read(&c->send_would_block);
		failed += probe_read(&c->send_failed);
		hep->unreachable += probe_read(&c->unreachable);
	}
	add_reason(hep, "refused", "the collector's host refused", refused);
	add_reason(hep, "would_block", "the socket stayed full", blocked);
	add_reason(hep, "failed", "another socket error, no address or no route", failed);
}
