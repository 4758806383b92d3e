/* SPDX-License-Identifier: BSD-3-Clause */
/* What the probe sends, as HEP3. Chunk order is free by the specification except where a receiver in the field cares,
 * and then a comment says so. */
#include "hep_encode.h"

#include <math.h>

#include "hep_head.h"
#include "hep_json.h"

static struct hep_head head_of_view(const struct pkt_view *view, uint64_t time_ns,
	enum hep_type type, struct bytes correlation_id)
{
	return (struct hep_head){
		.flow = &view->flow,
		.time_ns = time_ns,
		.type = type,
		.vlan = view->vlan,
		.tos = view->tos,
		.correlation_id = correlation_id,
	};
}

static size_t put_octets(const struct hep_options *o, const struct hep_head *head,
	struct bytes octets, void *buf, size_t room)
{
	struct hep_writer w;

	hep_writer_init(&w, buf, room);
	hep_head_put(&w, o, head);
	hep_writer_put_bytes(&w, HEP_CHUNK_PAYLOAD, octets);
	return hep_writer_finish(&w);
}

size_t hep_encode_octets(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	enum hep_type type, struct bytes octets, struct bytes id, void *buf, size_t room)
{
	struct hep_head head = head_of_view(view, time_ns, type, id);

	return put_octets(o, &head, octets, buf, room);
}

/* The JSON is written where it is sent from: begin_json hands out the rest of the buffer. */
static bool begin_json(struct hep_writer *w, struct hep_json *j)
{
	size_t room;
	uint8_t *p = hep_writer_reserve(w, HEP_CHUNK_PAYLOAD, &room);

	if (!p)
		return false;
	hep_json_init(j, p, room);
	hep_json_open(j, NULL, '{');
	return true;
}

static size_t finish_json(struct hep_writer *w, struct hep_json *j)
{
	size_t n;

	hep_json_close(j, '}');
	n = hep_json_finish(j);
	if (n == 0)
		return 0;
	hep_writer_commit(w, n);
	return hep_writer_finish(w);
}

/* A packet as JSON, whose members write puts. */
static size_t put_json(const struct hep_options *o, const struct hep_head *head,
	void (*write)(struct hep_json *j, struct bytes payload), struct bytes payload, void *buf,
	size_t room)
{
	struct hep_writer w;
	struct hep_json j;

	hep_writer_init(&w, buf, room);
	hep_head_put(&w, o, head);
	if (!begin_json(&w, &j))
		return 0;
	write(&j, payload);
	return finish_json(&w, &j);
}

size_t hep_encode_rtcp(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	struct bytes correlation_id, void *buf, size_t room)
{
	struct hep_head head = head_of_view(view, time_ns, HEP_TYPE_RTCP_JSON, correlation_id);

	return put_json(o, &head, hep_json_rtcp, view->payload, buf, room);
}

size_t hep_encode_dns(const struct hep_options *o, const struct pkt_view *view, uint64_t time_ns,
	struct bytes correlation_id, void *buf, size_t room)
{
	struct hep_head head = head_of_view(view, time_ns, HEP_TYPE_DNS_JSON, correlation_id);

	return put_json(o, &head, hep_json_dns, view->payload, buf, room);
}

size_t hep_encode_diameter(const struct hep_options *o, const struct pkt_view *view,
	uint64_t time_ns, struct bytes correlation_id, void *buf, size_t room)
{
	struct hep_head head = head_of_view(view, time_ns, HEP_TYPE_DIAMETER_JSON, correlation_id);

	return put_json(o, &head, hep_json_diameter, view->payload, buf, room);
}

/* Rounded, and kept within what the chunk holds. Not a number becomes 0. */
static uint32_t scaled(double v, double factor, uint32_t max)
{
	double x = v * factor + 0.5;

	if (!(x > 0))
		return 0;
	return x < max ? (uint32_t)x : max;
}

/* The specification leaves the scales open. MOS times 100 is what is used in the field; R goes the
 * same way, and jitter in microseconds is the unit that loses nothing. */
static void put_quality(struct hep_writer *w, const struct qos_report *report)
{
	double mos = report->has_agent ? report->agent.mos : report->mos;
	double r = report->has_agent ? report->agent.r : report->r;

	if (report->has_agent || (report->has_score && !isnan(mos))) {
		hep_writer_put_u16(w, HEP_CHUNK_MOS, (uint16_t)scaled(mos, 100, UINT16_MAX));
		hep_writer_put_u16(w, HEP_CHUNK_R_FACTOR, (uint16_t)scaled(r, 100, UINT16_MAX));
	}
	hep_writer_put_u32(w, HEP_CHUNK_JITTER, scaled(report->jitter_ms, 1000, UINT32_MAX));
}

size_t hep_encode_report(
	const struct hep_options *o, const struct qos_report *report, void *buf, size_t room)
{
	struct hep_head head = {
		.flow = &report->flow,
		.time_ns = report->report_ns,
		.type = HEP_TYPE_QOS_JSON,
		.vlan = report->vlan,
		.tos = report->tos,
		.correlation_id = bytes_from_str(report->correlation_id),
	};
	struct hep_writer w;
	struct hep_json j;

	hep_writer_init(&w, buf, room);
	hep_head_put(&w, o, &head);
	put_quality(&w, report);
	if (!begin_json(&w, &j))
		return 0;
	hep_json_report(&j, report, o->final_type);
	return finish_json(&w, &j);
}

size_t hep_encode_log(
	const struct hep_options *o, const struct hep_log *log, void *buf, size_t room)
{
	struct hep_head head = {
		.flow = log->flow,
		.time_ns = log->time_ns,
		.type = HEP_TYPE_LOG,
		.vlan = log->vlan,
		.correlation_id = log->correlation_id,
	};

	return put_octets(o, &head, log->text, buf, room);
}
