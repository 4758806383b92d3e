/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done per message, not per packet: SIP, SDP, RTCP, reports and their encoding. The floor is
 * a walk over the lines of a text, or copying as many octets as come out. */
#include <stdlib.h>

#include "bench.h"
#include "hep_encode.h"
#include "hep_json.h"
#include "pkt_decode.h"
#include "qos_stream.h"
#include "sdp_media.h"
#include "sip_body.h"
#include "sip_msg.h"

#define START_NS ((uint64_t)1770000000 * 1000000000)

enum {
	MESSAGES = 64,
	RUNS = 20000,
};

struct messages {
	char invite[MESSAGES][2048];
	struct bytes sip[MESSAGES], sdp[MESSAGES], call_id[MESSAGES];
	uint8_t rtcp_bytes[MESSAGES][128];
	struct bytes rtcp[MESSAGES];
	struct qos_stream_env env;
	struct qos_stream_hot hot[MESSAGES];
	struct qos_stream_cold cold[MESSAGES];
	struct qos_report report[MESSAGES];
	struct pkt_view view;
	struct pkt_view rtcp_view;
	struct hep_options options;
	size_t copy_bytes; /* of the floor */
	uint64_t now_ns;
	uint8_t out[4096], from[4096];
};

static uint64_t run_lines(const struct bytes *texts)
{
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < RUNS; i++)
		for (struct bytes rest = texts[i % MESSAGES]; rest.n; sum++)
			rest = bytes_skip(rest, bytes_find(rest, '\n') + 1);
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_sip_lines(void *arg)
{
	return run_lines(((struct messages *)arg)->sip);
}

static uint64_t run_sdp_lines(void *arg)
{
	return run_lines(((struct messages *)arg)->sdp);
}

static uint64_t run_copy(void *arg)
{
	struct messages *m = arg;
	uint64_t ns = bench_cpu_ns();

	for (uint32_t i = 0; i < RUNS; i++) {
		memcpy(m->out, m->from, m->copy_bytes);
		bench_use(m->out[0]);
	}
	return bench_cpu_ns() - ns;
}

static uint64_t run_sip(void *arg)
{
	struct messages *m = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();
	struct sip_msg msg;

	for (uint32_t i = 0; i < RUNS; i++) {
		sip_msg_parse(m->sip[i % MESSAGES], &msg);
		sum += msg.call_id.n;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t run_sdp(void *arg)
{
	struct messages *m = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();
	struct sdp_session session;

	for (uint32_t i = 0; i < RUNS; i++) {
		sdp_media_parse(m->sdp[i % MESSAGES], &session);
		sum += session.media_count;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static size_t rtcp_json(struct messages *m, uint32_t i)
{
	struct hep_json j;

	hep_json_init(&j, m->out, sizeof(m->out));
	hep_json_open(&j, NULL, '{');
	hep_json_rtcp(&j, m->rtcp[i % MESSAGES]);
	hep_json_close(&j, '}');
	return hep_json_finish(&j);
}

static size_t report_build(struct messages *m, uint32_t i)
{
	i %= MESSAGES;
	m->now_ns += 1000000;
	qos_report_build(&m->hot[i], &m->cold[i], QOS_PERIODIC, QOS_END_NONE, m->now_ns,
		&qos_buffer_usual, &m->report[i]);
	return sizeof(m->report[i]);
}

static size_t encode_report(struct messages *m, uint32_t i)
{
	return hep_encode_report(&m->options, &m->report[i % MESSAGES], m->out, sizeof(m->out));
}

static size_t encode_sip(struct messages *m, uint32_t i)
{
	i %= MESSAGES;
	return hep_encode_octets(&m->options, &m->view, START_NS, HEP_TYPE_SIP, m->sip[i],
		m->call_id[i], m->out, sizeof(m->out));
}

static size_t encode_rtcp(struct messages *m, uint32_t i)
{
	i %= MESSAGES;
	m->rtcp_view.payload = m->rtcp[i];
	return hep_encode_rtcp(
		&m->options, &m->rtcp_view, START_NS, m->call_id[i], m->out, sizeof(m->out));
}

static uint64_t run_makes(struct messages *m, size_t (*make)(struct messages *, uint32_t))
{
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t i = 0; i < RUNS; i++)
		sum += make(m, i);
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

#define RUN(name)                             \
	static uint64_t run_##name(void *arg) \
	{                                     \
		return run_makes(arg, name);  \
	}

RUN(rtcp_json)
RUN(report_build)
RUN(encode_report)
RUN(encode_sip)
RUN(encode_rtcp)

static void make_stream(struct messages *m, uint32_t i)
{
	struct qos_origin origin = {.flow = m->view.flow, .ssrc = 0x5eed0000 + i};
	struct pkt_media p = {.seq = 1, .payload_bytes = 160, .marker_pt = 8};
	struct qos_payload pcma;

	qos_stream_init(&m->hot[i], &m->cold[i], &p, &origin, START_NS);
	qos_payload_init(&pcma, 8, BYTES_NONE, 0);
	qos_stream_set_payload(&m->env, &m->hot[i], &m->cold[i], &pcma);
	for (unsigned n = 0; n < 500; n++, p.seq++, p.rtp_ts += 160)
		qos_stream_update(
			&m->env, &m->hot[i], &m->cold[i], &p, START_NS + (uint64_t)n * 20000000);
}

static void payload(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *p)
{
	(void)arg;
	(void)cold;
	qos_payload_init(p, pt, BYTES_NONE, 0);
}

static bool prepare(struct messages *m)
{
	uint8_t frame[BENCH_FRAME_STRIDE];
	unsigned n = bench_rtp_frame(frame, 4, 0, 1);
	struct sip_msg msg;

	pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, n), &m->view);
	m->rtcp_view = m->view;
	m->options.node_id = 2001;
	m->env.payload_fn = payload;
	qos_buffer_setup(&m->env.buffers, &qos_buffer_usual);
	m->now_ns = START_NS + (uint64_t)10 * 1000000000;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		m->sip[i] = bytes_of(
			m->invite[i], bench_invite(m->invite[i], sizeof(m->invite[i]), i * 977));
		m->rtcp[i] = bytes_of(m->rtcp_bytes[i], bench_rtcp(m->rtcp_bytes[i], i));
		if (sip_msg_parse(m->sip[i], &msg) != SIP_OK || !sip_body_sdp(&msg, &m->sdp[i]) ||
			rtcp_validate(m->rtcp[i], NULL) != RTCP_OK)
			return false;
		m->call_id[i] = msg.call_id;
		make_stream(m, i);
		report_build(m, i);
	}
	return true;
}

bool bench_message(void)
{
	struct messages *m = calloc(1, sizeof(*m));
	const struct bench_code sip = {"parse SIP, INVITE", run_sip, m, RUNS};
	const struct bench_code sip_lines = {"find its lines", run_sip_lines, m, RUNS};
	const struct bench_code sdp = {"parse SDP", run_sdp, m, RUNS};
	const struct bench_code sdp_lines = {"find its lines", run_sdp_lines, m, RUNS};
	const struct bench_code copy = {"copy as many octets", run_copy, m, RUNS};
	const struct {
		struct bench_code code;
		size_t (*make)(struct messages *, uint32_t);
	} makes[] = {
		{{"RTCP to JSON", run_rtcp_json, m, RUNS}, rtcp_json},
		{{"build a report", run_report_build, m, RUNS}, report_build},
		{{"encode a report", run_encode_report, m, RUNS}, encode_report},
		{{"encode SIP", run_encode_sip, m, RUNS}, encode_sip},
		{{"encode RTCP", run_encode_rtcp, m, RUNS}, encode_rtcp},
	};

	if (!m || !prepare(m)) {
		free(m);
		return false;
	}
	bench_compare(&sip, &sip_lines, 1);
	bench_compare(&sdp, &sdp_lines, 1);
	for (unsigned i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		m->copy_bytes = makes[i].make(m, 0);
		bench_compare(&makes[i].code, &copy, 1);
	}
	free(m);
	return true;
}
