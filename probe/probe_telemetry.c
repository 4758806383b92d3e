/* SPDX-License-Identifier: BSD-3-Clause */
/* Each command is one function; the table at the end says what it answers. */
#include "probe_telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_telemetry.h>
#include <urcu/urcu-qsbr.h>

#include "probe_command.h"
#include "probe_mem.h"
#include "probe_query.h"
#include "probe_rx.h"
#include "probe_text.h"
#include "probe_totals.h"
#include "probe_version.h"
#include "probe_worker.h"

enum {
	LIST_DEFAULT = 10,
	LIST_MAX = 20, /* a reply has room for 16 KiB */
};

static void put_u64(struct rte_tel_data *d, const char *name, uint64_t value)
{
	rte_tel_data_add_dict_u64(d, name, value);
}

/* Text from the network: rte_telemetry of DPDK 22.11 does not escape, so what would break JSON is
 * replaced. */
static void put_text(struct rte_tel_data *d, const char *name, const char *text)
{
	char clean[128];
	size_t n = 0;

	for (; text[n] && n < sizeof(clean) - 1; n++) {
		unsigned char c = (unsigned char)text[n];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			c = '?';
		clean[n] = (char)c;
	}
	clean[n] = '\0';
	rte_tel_data_add_dict_string(d, name, clean);
}

/* Milliseconds and scores travel as text, since a dictionary holds only integers. */
static void put_double(struct rte_tel_data *d, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", value);
	rte_tel_data_add_dict_string(d, name, text);
}

static int answer_info(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	(void)params;
	rte_tel_data_start_dict(d);
	put_text(d, "version", PROBE_VERSION);
	put_text(d, "mode", probe->is_offline ? "file" : "live");
	put_text(d, "shape", probe_shape(probe));
	put_u64(d, "start", probe->start_ns / 1000000000);
	put_u64(d, "rx", probe->lcores.rx_count);
	put_u64(d, "workers", probe->lcores.worker_count);
	put_u64(d, "ports", probe->port_count);
	put_u64(d, "node_id", probe->options->hep.node_id);
	put_text(d, "node_name", probe->options->hep.node_name);
	put_u64(d, "hugepages", dp_eal_has_hugepages());
	return 0;
}

static int answer_stats(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	struct probe_total totals[PROBE_TOTALS_MAX];
	unsigned n;

	(void)params;
	rte_tel_data_start_dict(d);
	put_u64(d, "frames", probe_totals_frames(probe));
	n = probe_totals_outcomes(probe, totals);
	for (unsigned i = 0; i < n; i++)
		put_u64(d, totals[i].name, totals[i].value);
	n = probe_totals_counters(probe, totals);
	for (unsigned i = 0; i < n; i++)
		put_u64(d, totals[i].name, totals[i].value);
	return 0;
}

static struct rte_tel_data *make_entry(void)
{
	struct rte_tel_data *entry = rte_tel_data_alloc();

	if (entry)
		rte_tel_data_start_dict(entry);
	return entry;
}

/* DPDK 22.11 takes no dictionary into an array, so the rows of a list are a dictionary too: "0",
 * "1" and so on. */
static int add_row(struct rte_tel_data *d, unsigned row, struct rte_tel_data *entry)
{
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "%u", row);
	rc = rte_tel_data_add_dict_container(d, name, entry, 0);
	if (rc)
		rte_tel_data_free(entry);
	return rc;
}

static int answer_ports(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < probe->port_count; i++) {
		struct rte_tel_data *entry = make_entry();
		struct dp_port_stats stats;

		if (!entry)
			return -ENOMEM;
		dp_port_stats(probe->ports[i], &stats);
		put_text(entry, "device", dp_port_name(probe->ports[i]));
		put_text(entry, "driver", dp_port_driver(probe->ports[i]));
		put_u64(entry, "queues", dp_port_queues(probe->ports[i]));
		put_u64(entry, "link_up", stats.is_up);
		put_u64(entry, "speed_mbps", stats.speed_mbps);
		put_u64(entry, "received", stats.received);
		put_u64(entry, "received_bytes", stats.received_bytes);
		put_u64(entry, "missed", stats.missed);
		put_u64(entry, "errors", stats.errors);
		put_u64(entry, "no_mbuf", stats.no_mbuf);
		put_u64(entry, "mbufs_free", stats.mbufs_free);
		put_u64(entry, "mbufs_total", stats.mbufs_total);
		put_text(entry, "time", stats.nic_time.is_in_use ? "nic" : "probe");
		put_u64(entry, "nic_time_used", stats.nic_time.used);
		put_u64(entry, "nic_time_refused", stats.nic_time.refused);
		add_row(d, i, entry);
	}
	return 0;
}

static int answer_workers(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < probe->lcores.worker_count; i++) {
		const struct probe_worker *w = &probe->workers[i];
		struct rte_tel_data *entry = make_entry();

		if (!entry)
			return -ENOMEM;
		put_u64(entry, "worker", i);
		put_u64(entry, "lcore", probe->lcores.worker[i]);
		put_u64(entry, "streams_open", qos_table_count(&w->table));
		put_u64(entry, "streams_max", w->table.max);
		put_u64(entry, "rtp_pending", probe_read(&w->probation.pending));
		put_u64(entry, "rtp", probe_read(&w->outcome[PROBE_rtp]));
		put_u64(entry, "sip", probe_read(&w->outcome[PROBE_sip]));
		put_u64(entry, "rtcp", probe_read(&w->outcome[PROBE_rtcp]));
		put_u64(entry, "loops", probe_read(&w->loops));
		put_u64(entry, "loops_busy", probe_read(&w->loops_busy));
		add_row(d, i, entry);
	}
	return 0;
}

static int add_ring(struct rte_tel_data *d, unsigned row, const struct dp_ring *ring)
{
	struct rte_tel_data *entry = make_entry();

	if (!entry)
		return -ENOMEM;
	put_text(entry, "ring", dp_ring_name(ring));
	put_u64(entry, "used", dp_ring_count(ring));
	put_u64(entry, "size", dp_ring_size(ring));
	return add_row(d, row, entry);
}

static int answer_rings(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	unsigned row = 0;

	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned r = 0; r < probe->rx_count; r++)
		for (unsigned w = 0; w < probe->lcores.worker_count; w++)
			if (!probe->rx[r].lanes[w].is_own &&
				(add_ring(d, row++, probe->rx[r].lanes[w].media) ||
					add_ring(d, row++, probe->rx[r].lanes[w].signalling)))
				return 0; /* as many as a reply holds */
	return 0;
}

struct call_list {
	struct qos_call *newest[LIST_MAX];
	unsigned count;
	unsigned wanted;
};

static bool consider_call(struct qos_call *call, void *arg)
{
	struct call_list *list = arg;
	unsigned at = list->count;

	while (at > 0 && call->start_ns > list->newest[at - 1]->start_ns)
		at--;
	if (at >= list->wanted)
		return true;
	if (list->count < list->wanted)
		list->count++;
	for (unsigned i = list->count - 1; i > at; i--)
		list->newest[i] = list->newest[i - 1];
	list->newest[at] = call;
	return true;
}

/* What changes under the call's lock, for which a worker may wait. */
struct call_state {
	char method[QOS_METHOD_MAX], from[QOS_PARTY_MAX], to[QOS_PARTY_MAX];
	enum qos_call_state state;
	uint16_t code;
};

static void read_call(struct qos_call *call, struct call_state *s)
{
	pthread_spin_lock(&call->lock);
	snprintf(s->method, sizeof(s->method), "%s", qos_call_method_name(call));
	memcpy(s->from, call->from, sizeof(s->from));
	memcpy(s->to, call->to, sizeof(s->to));
	s->state = call->state;
	s->code = call->code;
	pthread_spin_unlock(&call->lock);
}

static void put_call(struct rte_tel_data *entry, struct qos_call *call)
{
	struct call_state s;

	read_call(call, &s);
	put_text(entry, "call_id", call->call_id);
	put_u64(entry, "start", call->start_ns / 1000000000);
	put_u64(entry, "streams_open", atomic_load(&call->streams_open));
	put_u64(entry, "streams", atomic_load(&call->streams));
	put_text(entry, "method", s.method);
	put_text(entry, "from", s.from);
	put_text(entry, "to", s.to);
	put_text(entry, "state", qos_call_state_name(s.state));
	put_u64(entry, "code", s.code);
}

/* Nothing is the default; anything but 1 to LIST_MAX is refused. */
static int parse_count(const char *text, unsigned *count)
{
	char *end;
	unsigned long n;

	*count = LIST_DEFAULT;
	if (!text[0])
		return 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || n < 1 || n > LIST_MAX)
		return -EINVAL;
	*count = (unsigned)n;
	return 0;
}

static int answer_calls(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	struct call_list list = {0};
	int rc = parse_count(params, &list.wanted);

	if (rc)
		return rc;
	rte_tel_data_start_dict(d);
	urcu_qsbr_register_thread();
	urcu_qsbr_read_lock();
	qos_calls_each(probe->calls, consider_call, &list);
	for (unsigned i = 0; i < list.count; i++) {
		struct rte_tel_data *entry = make_entry();

		if (!entry)
			break;
		put_call(entry, list.newest[i]);
		add_row(d, i, entry);
	}
	urcu_qsbr_read_unlock();
	urcu_qsbr_unregister_thread();
	return 0;
}

static void put_stream(struct rte_tel_data *entry, const struct qos_report *r)
{
	char text[PROBE_ADDRESS_MAX];

	put_text(entry, "src", probe_text_address(text, r->flow.family, &r->flow.src));
	put_u64(entry, "src_port", r->flow.sport);
	put_text(entry, "dst", probe_text_address(text, r->flow.family, &r->flow.dst));
	put_u64(entry, "dst_port", r->flow.dport);
	put_u64(entry, "ssrc", r->ssrc);
	put_text(entry, "call_id", r->call_id);
	put_text(entry, "codec", r->payload.name);
	put_u64(entry, "packets", r->packets);
	put_u64(entry, "lost", r->lost);
	put_double(entry, "jitter_ms", r->jitter_ms);
	if (r->has_score) {
		put_double(entry, "r", r->mean_r);
		put_double(entry, "mos", r->mean_mos);
		put_text(entry, "mos_scale", qos_scale_name(r->scale));
	}
}

/* Merges the workers' sorted answers. */
static int merge_streams(
	struct probe *probe, struct rte_tel_data *d, enum probe_query_order order, unsigned wanted)
{
	unsigned at[DP_CPUS_MAX] = {0};

	for (unsigned n = 0; n < wanted; n++) {
		const struct qos_report *best = NULL;
		struct rte_tel_data *entry;
		unsigned from = 0;

		for (unsigned i = 0; i < probe->lcores.worker_count; i++) {
			struct probe_query *q = &probe->workers[i].query;

			if (at[i] < q->count &&
				(!best || probe_query_is_before(order, &q->reports[at[i]], best))) {
				best = &q->reports[at[i]];
				from = i;
			}
		}
		if (!best)
			return 0;
		at[from]++;
		entry = make_entry();
		if (!entry)
			return -ENOMEM;
		put_stream(entry, best);
		add_row(d, n, entry);
	}
	return 0;
}

/* Takes word and the comma behind it off the front, if it is the first parameter. */
static bool take_word(const char **params, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*params, word, n) != 0 || ((*params)[n] && (*params)[n] != ','))
		return false;
	*params += (*params)[n] == ',' ? n + 1 : n;
	return true;
}

static int answer_streams(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	enum probe_query_order order = PROBE_QUERY_NEWEST;
	unsigned wanted;
	int rc;

	if (take_word(&params, "worst"))
		order = PROBE_QUERY_WORST;
	else
		take_word(&params, "newest");
	rc = parse_count(params, &wanted);
	if (rc)
		return rc;
	for (unsigned i = 0; i < probe->lcores.worker_count; i++) {
		rc = probe_query_ask(&probe->workers[i], order, wanted);
		if (rc < 0)
			return rc;
	}
	rte_tel_data_start_dict(d);
	return merge_streams(probe, d, order, wanted);
}

static int answer_hep(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	struct probe_hep_totals hep;
	uint64_t queued = 0;

	(void)params;
	probe_totals_hep(probe, &hep);
	rte_tel_data_start_dict(d);
	put_u64(d, "collectors", probe->options->hep.collector_count);
	put_u64(d, "made", hep.made);
	put_u64(d, "sent", hep.sent);
	for (unsigned i = 0; i < hep.reason_count; i++)
		put_u64(d, hep.reasons[i], hep.dropped[i]);
	for (unsigned i = 0; probe->sender && i < probe->lcores.worker_count; i++)
		queued += dp_mailbox_count(probe->workers[i].mailbox);
	put_u64(d, "queued", queued);
	put_u64(d, "unreachable", hep.unreachable);
	return 0;
}

static int answer_memory(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	struct probe_mem_stats m;

	(void)params;
	probe_mem_stats(&m);
	rte_tel_data_start_dict(d);
	put_u64(d, "jemalloc_allocated", m.allocated);
	put_u64(d, "jemalloc_active", m.active);
	put_u64(d, "jemalloc_resident", m.resident);
	put_u64(d, "jemalloc_retained", m.retained);
	put_u64(d, "jemalloc_mapped", m.mapped);
	put_u64(d, "hugepages_total", m.hugepages_total);
	put_u64(d, "hugepages_free", m.hugepages_free);
	put_u64(d, "process_resident", m.process_resident);
	put_u64(d, "stream_table_bound",
		probe->lcores.worker_count * qos_table_memory(probe->options->qos.max_streams));
	return 0;
}

int probe_telemetry_start(void)
{
	static const struct probe_command commands[] = {
		{"/heptap/info", answer_info, false, "What runs here. Takes no parameters"},
		{"/heptap/stats", answer_stats, false,
			"Every frame's fate and all counters, summed over threads. Takes no parameters"},
		{"/heptap/ports", answer_ports, false,
			"Ports: link, received, missed, whose time. Takes no parameters"},
		{"/heptap/workers", answer_workers, false,
			"Workers: streams, load. Takes no parameters"},
		{"/heptap/rings", answer_rings, false, "Fill of the rings. Takes no parameters"},
		{"/heptap/calls", answer_calls, true,
			"The newest calls. Parameters: how many, 1 to 20"},
		{"/heptap/streams", answer_streams, true,
			"Open streams. Parameters: [newest|worst,]how many, 1 to 20"},
		{"/heptap/hep", answer_hep, false, "HEP made, sent, dropped. Takes no parameters"},
		{"/heptap/memory", answer_memory, false,
			"jemalloc, hugepages, tables, in octets. Takes no parameters"},
	};

	return probe_commands_add(commands, RTE_DIM(commands));
}
