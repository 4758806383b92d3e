/* SPDX-License-Identifier: BSD-3-Clause */
/* Voice quality reports in the manner of RFC 6035 section 4.7. */
#include <math.h>

#include "sip_vq.h"
#include "unit.h"

#define HEAD                                                   \
	"VQSessionReport: CallTerm\r\n"                        \
	"CallID: 6dg37f1890463\r\n"                            \
	"LocalID: Alice <sip:alice@a.example>\r\n"             \
	"RemoteID: <sip:bob@b.example>\r\n"                    \
	"LocalGroup: phone\r\n"                                \
	"LocalAddr: IP=192.0.2.10 PORT=5000 SSRC=1a3b5c7d\r\n" \
	"LocalMAC: 00:1f:5b:cc:21:0f\r\n"                      \
	"RemoteAddr: IP=2001:db8::15 PORT=5002 SSRC=0x2468ABCD\r\n"

static const char whole[] = HEAD
	"LocalMetrics:\r\n"
	"Timestamps:START=2004-10-10T18:23:43Z STOP=2004-10-10T18:26:02Z\r\n"
	"SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FPP=2 PPS=50 FMTP=\"annexb=no JDR=9\" PLC=3 SSUP=on\r\n"
	"JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r\n"
	"PacketLoss:NLR=5.0 JDR=2.25\r\n"
	"BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16\r\n"
	"Delay:RTD=200 ESD=140 SOWD=100 IAJ=2 MAJ=10\r\n"
	"Signal:SL=-18 NL=-60 RERL=55\r\n"
	"QualityEst:RLQ=90 RCQ=85 EXTRI=90 MOSLQ=4.2 MOSCQ=4.1 QoEEstAlg=P.564\r\n"
	"RemoteMetrics:\r\n"
	"PacketLoss: NLR=1.5  NLR=7 JDR=x\r\n"
	"DialogID:1890463548@alice.example.org;to-tag=8472761\r\n";

static struct sip_vq vq;

static bool parse(const char *text)
{
	return sip_vq_parse(bytes_from_str(text), &vq);
}

static void assert_text(struct bytes got, const char *want)
{
	assert_true(bytes_eq(got, bytes_from_str(want)));
}

static void reads_a_session_report(void **state)
{
	static const double local[SIP_VQ_METRICS] = {3, 2, 40, 80, 120, 5, 2.25, 0, 0, 2, 500, 16,
		200, 140, NAN, 100, 2, 10, -18, -60, 55, 90, 85, 90, NAN, 4.2, 4.1};
	struct pkt_addr four = {{192, 0, 2, 10}};

	(void)state;
	assert_true(parse(whole));
	assert_string_equal(sip_vq_kind_name(vq.kind), "session");
	assert_text(vq.call_id, "6dg37f1890463");
	assert_text(vq.local.id, "Alice <sip:alice@a.example>");
	assert_text(vq.remote.id, "<sip:bob@b.example>");
	assert_int_equal(vq.local.family, 4);
	assert_true(pkt_addr_eq(&vq.local.addr, &four));
	assert_int_equal(vq.local.port, 5000);
	assert_true(vq.local.has_ssrc && vq.local.ssrc == 0x1a3b5c7d);
	assert_int_equal(vq.remote.family, 6);
	assert_int_equal(vq.remote.port, 5002);
	assert_true(vq.remote.has_ssrc && vq.remote.ssrc == 0x2468abcd);
	assert_true(vq.local_metrics.is_there && vq.remote_metrics.is_there);
	assert_text(vq.local_metrics.start, "2004-10-10T18:23:43Z");
	assert_text(vq.local_metrics.stop, "2004-10-10T18:26:02Z");
	assert_text(vq.local_metrics.codec, "G729");
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++) {
		double got = vq.local_metrics.value[i];

		if (isnan(local[i]) ? !isnan(got) : fabs(got - local[i]) > 1e-12)
			fail_msg("%s is %f", sip_vq_metric_name((enum sip_vq_metric)i), got);
	}
	assert_true(fabs(vq.remote_metrics.value[SIP_VQ_NLR] - 1.5) < 1e-12);
	assert_true(isnan(vq.remote_metrics.value[SIP_VQ_JDR]));
	assert_null(vq.remote_metrics.codec.p);
}

/* LF alone, any case, blanks, nothing but what must be there. */
static void is_lenient(void **state)
{
	(void)state;
	assert_true(parse(
		"\n vqalertreport : Type=NLR Severity=Critical\ncallid:  x y \nLOCALMETRICS:\n"
		"whatever: mosLQ=3. = =1 JBN= \"a\" nlr=-0.5"));
	assert_int_equal(vq.kind, SIP_VQ_ALERT);
	assert_text(vq.call_id, "x y");
	assert_int_equal(vq.local.family, 0);
	assert_true(fabs(vq.local_metrics.value[SIP_VQ_MOSLQ] - 3) < 1e-12);
	assert_true(fabs(vq.local_metrics.value[SIP_VQ_NLR] + 0.5) < 1e-12);
	assert_true(isnan(vq.local_metrics.value[SIP_VQ_JBN]));
	assert_false(vq.remote_metrics.is_there);
	assert_true(parse("VQIntervalReport\r\nCallID:1\r\nCallID:2\r\n"
			  "LocalAddr: IP=host PORT=99999 SSRC=123456789\r\n"));
	assert_int_equal(vq.kind, SIP_VQ_INTERVAL);
	assert_text(vq.call_id, "1");
	assert_false(vq.local.family || vq.local.port || vq.local.has_ssrc);
	assert_false(vq.local_metrics.is_there);
}

static void refuses_what_is_none(void **state)
{
	static const char *const texts[] = {"", "\r\n", "v=0\r\n",
		"CallID: x\r\nVQSessionReport: CallTerm\r\n", "VQSessionReport: CallTerm\r\n",
		"VQSessionReport: CallTerm\r\nCallID:\r\n", "VQSession: x\r\nCallID: x\r\n"};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(parse(texts[i]));
}

/* Numbers too long to be exact are none. */
static void numbers_are_short(void **state)
{
	(void)state;
	assert_true(parse(HEAD
		"LocalMetrics:\r\nx: NLR=123456789012345 JDR=1234567890123456 BLD=1.2.3 BD=. GLD=- GD=1e9"));
	assert_true(vq.local_metrics.value[SIP_VQ_NLR] == 123456789012345.0);
	for (unsigned i = SIP_VQ_JDR; i <= SIP_VQ_GD; i++)
		assert_true(isnan(vq.local_metrics.value[i]));
}

static void goes_by_the_content_type(void **state)
{
	static const struct {
		const char *type;
		bool is_request, is_report;
	} rows[] = {{"application/vq-rtcpxr", true, true},
		{"Application/VQ-RTCPXR ; x=y", true, true}, {"application/sdp", true, false},
		{"", true, false}, {"application/vq-rtcpxr", false, false}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_msg msg = {.is_request = rows[i].is_request,
			.content_type = bytes_from_str(rows[i].type)};

		assert_int_equal(sip_vq_is(&msg), rows[i].is_report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_session_report),
		cmocka_unit_test(is_lenient),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(goes_by_the_content_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
