/* SPDX-License-Identifier: BSD-3-Clause */
/* Which RTCP ports a description publishes, and the media of RTCP. */
#include "qos_endpoint_case.h"

static void publishes_no_rtcp_port_with_rtcp_mux(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.has_rtcp_mux = true;
	m.rtcp_port = 4000;
	publish(w, w->a, 0, m);
	assert_false(find(w, 1, 4000)->is_rtcp);
	assert_int_equal(qos_medias_count(w->medias), 1);
}

static void rtcp_goes_where_it_is_said_to_go(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.rtcp_port = 4000; /* same port at another address */
	m.rtcp_addr = ip(9);
	publish(w, w->a, 0, m);
	assert_true(find(w, 9, 4000)->is_rtcp);
	assert_false(find(w, 1, 4000)->is_rtcp);
}

static void port_after_media_may_be_other_media(void **state)
{
	struct world *w = *state;
	struct sdp_session session = {.media_count = 2, .media = {audio(1, 4000), audio(1, 4001)}};

	qos_media_publish(w->medias, w->a, 0, &session, 0, w->counters);
	assert_false(find(w, 1, 4001)->is_rtcp);
	assert_true(find(w, 1, 4002)->is_rtcp);
	assert_int_equal(qos_medias_count(w->medias), 3);
}

static void rtcp_port_does_not_displace_media_of_a_call_that_lasts(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4001));
	publish(w, w->b, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4001)->call, w->a);
	assert_false(find(w, 1, 4001)->is_rtcp);
	atomic_store(&w->a->end_ns, 5 * S);
	publish(w, w->b, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4001)->call, w->b);
	assert_true(find(w, 1, 4001)->is_rtcp);
}

/* Ports of the media that RTCP from 1:sport to 2:dport tells of. */
static void assert_media_ports(
	struct world *w, uint16_t sport, uint16_t dport, uint16_t rtp_sport, uint16_t rtp_dport)
{
	struct pkt_flow flow = {
		.family = 4, .src = ip(1), .dst = ip(2), .sport = sport, .dport = dport};
	struct pkt_flow rtp = qos_media_flow_of_rtcp(w->medias, &flow);

	assert_int_equal(rtp.sport, rtp_sport);
	assert_int_equal(rtp.dport, rtp_dport);
	assert_true(pkt_addr_eq(&rtp.src, &flow.src) && pkt_addr_eq(&rtp.dst, &flow.dst));
}

/* Odd ports are those above, an announced one is what it was announced for, and only while it is. */
static void knows_the_media_of_rtcp(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	publish(w, w->b, 1, audio(2, 6000));
	assert_false(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 4001, 6001, 4000, 6000);
	assert_media_ports(w, 4000, 6001, 4000, 6001);
	assert_media_ports(w, 7000, 6001, 7000, 6001);
	m.rtcp_port = 7000;
	publish(w, w->a, 0, m);
	assert_true(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 7000, 6001, 4000, 6000);
	assert_media_ports(w, 7000, 6000, 4000, 6000);
	assert_media_ports(w, 4001, 6001, 4000, 6000);
	assert_media_ports(w, 9, 10, 9, 10);
	/* The same again, and elsewhere; then the call is over. */
	publish(w, w->a, 0, m);
	m.rtcp_port = 7002;
	publish(w, w->a, 0, m);
	assert_media_ports(w, 7002, 6001, 4000, 6000);
	/* On hold there is no media to point to, and what was known stays. */
	m.addr = (struct pkt_addr){0};
	publish(w, w->a, 0, m);
	assert_media_ports(w, 7002, 6001, 4000, 6000);
	qos_media_withdraw(w->medias, w->a, w->counters);
	publish(w, w->a, 0, m);
	assert_non_null(find(w, 1, 7002));
	assert_false(qos_medias_are_apart(w->medias));
	/* RTCP of a candidate is not that of the section's own address. */
	m = audio(1, 4000);
	m.candidate_count = 2;
	m.candidates[0] = (struct sdp_candidate){.family = 4, .port = 5000, .addr = ip(3)};
	m.candidates[1] =
		(struct sdp_candidate){.is_rtcp = true, .family = 4, .port = 5001, .addr = ip(3)};
	publish(w, w->a, 0, m);
	assert_non_null(find(w, 3, 5001));
	assert_false(qos_medias_are_apart(w->medias));
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_false(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 7002, 6001, 7002, 6001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(knows_the_media_of_rtcp),
		CASE(publishes_no_rtcp_port_with_rtcp_mux),
		CASE(rtcp_goes_where_it_is_said_to_go),
		CASE(port_after_media_may_be_other_media),
		CASE(rtcp_port_does_not_displace_media_of_a_call_that_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
