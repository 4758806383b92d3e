/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP messages from a worker to the sender: encoded straight into a mailbox buffer. Each message
 * made ends in the queue or in exactly one drop counter. */
#include "dp_idle.h"
#include "hep_encode.h"
#include "probe_worker.h"

enum {
	SMALL = 2000, /* fits a small buffer */
	LARGE = HEP_MESSAGE_MAX,
};

/* A file can wait for the sender; live, nothing waits. */
static struct dp_message *get_buffer(struct probe_worker *w, size_t need)
{
	struct dp_message *msg = dp_mailbox_alloc(w->mailbox, need);
	struct dp_idle idle = {0};

	while (!msg && w->probe->is_offline) {
		dp_idle_wait(&idle, false);
		msg = dp_mailbox_alloc(w->mailbox, need);
	}
	if (!msg)
		pkt_count(&w->counters.hep_no_buffer, 1);
	return msg;
}

static void post(struct probe_worker *w, struct dp_message *msg, size_t size)
{
	struct dp_idle idle = {0};

	if (!size) {
		pkt_count(&w->counters.hep_too_large, 1);
		dp_mailbox_free(w->mailbox, &msg, 1);
		return;
	}
	msg->size = (uint32_t)size;
	while (!dp_mailbox_send(w->mailbox, msg)) {
		if (!w->probe->is_offline) {
			pkt_count(&w->counters.hep_queue_full, 1);
			dp_mailbox_free(w->mailbox, &msg, 1);
			return;
		}
		dp_idle_wait(&idle, false);
	}
}

void probe_emit_octets(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum hep_type type, struct bytes octets, struct bytes id)
{
	struct dp_message *msg;
	size_t need = octets.n + HEP_OVERHEAD_MAX;

	if (!w->mailbox)
		return;
	pkt_count(&w->counters.hep_made, 1);
	msg = get_buffer(w, need < LARGE ? need : LARGE);
	if (!msg)
		return;
	post(w, msg,
		hep_encode_octets(&w->probe->options->hep, view, now_ns, type, octets, id,
			msg->data, msg->room));
}

/* Writes what into msg. Returns its length, 0 when it does not fit. */
typedef size_t (*write_fn)(const struct hep_options *o, const void *what, struct dp_message *msg);

/* What has a length that is known only once it is written. Nearly all fit a small buffer; the rest
 * is written again into a large one. */
static void emit(struct probe_worker *w, write_fn write, const void *what)
{
	const struct hep_options *o = &w->probe->options->hep;
	struct dp_message *msg;
	size_t size;

	if (!w->mailbox)
		return;
	pkt_count(&w->counters.hep_made, 1);
	msg = get_buffer(w, SMALL);
	if (!msg)
		return;
	size = write(o, what, msg);
	if (!size) {
		dp_mailbox_free(w->mailbox, &msg, 1);
		msg = get_buffer(w, LARGE);
		if (!msg)
			return;
		size = write(o, what, msg);
	}
	post(w, msg, size);
}

struct packet {
	probe_encode_fn encode;
	const struct pkt_view *view;
	uint64_t time_ns;
	struct bytes id;
};

static size_t write_packet(const struct hep_options *o, const void *what, struct dp_message *msg)
{
	const struct packet *p = what;

	return p->encode(o, p->view, p->time_ns, p->id, msg->data, msg->room);
}

static size_t write_report(const struct hep_options *o, const void *what, struct dp_message *msg)
{
	return hep_encode_report(o, what, msg->data, msg->room);
}

static size_t write_finding(const struct hep_options *o, const void *what, struct dp_message *msg)
{
	const struct probe_finding *finding = what;
	const struct hep_log log = {
		.flow = &finding->flow,
		.time_ns = finding->time_ns,
		.vlan = finding->vlan,
		.correlation_id = bytes_from_str(finding->correlation_id),
		.text = bytes_from_str(finding->text),
	};

	return hep_encode_log(o, &log, msg->data, msg->room);
}

void probe_emit_json(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	probe_encode_fn fn, struct bytes id)
{
	emit(w, write_packet, &(struct packet){fn, view, now_ns, id});
}

void probe_emit_report(struct probe_worker *w, const struct qos_report *report)
{
	emit(w, write_report, report);
}

void probe_emit_finding(struct probe_worker *w, const struct probe_finding *finding)
{
	emit(w, write_finding, finding);
}
