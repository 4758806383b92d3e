/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator may set about calls, streams and quality. Plain data, filled by config/.
 * Owner: the running config; read-only after start. Threads: any. */
#ifndef QOS_OPTIONS_H
#define QOS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The jitter buffers that are emulated (qos_buffer.h). */
enum qos_buffer_kind {
	QOS_BUFFER_SMALL = 0,
	QOS_BUFFER_LARGE,
	QOS_BUFFER_ADAPTIVE,
	QOS_BUFFERS,
};

enum qos_compat {
	QOS_COMPAT_NONE = 0,
	QOS_COMPAT_RTPAGENT,
};

struct qos_options {
	uint64_t report_interval_ns; /* PERIODIC reports; 0: only FINAL */
	uint64_t report_interval_min_ns; /* of suspect streams; 0: all have report_interval_ns */
	uint64_t report_interval_max_ns; /* of streams that are good for long */
	uint32_t suspect_loss_milli; /* thousandths of a percent; 0, as below: not looked at */
	uint32_t suspect_jitter_ms;
	uint32_t suspect_mos_milli;
	uint32_t reports_per_second; /* PERIODIC, per worker; 0: no bound */
	uint64_t stream_timeout_ns; /* silence after which a stream has ended */
	uint64_t bye_linger_ns; /* media this long after BYE still belongs to the stream */
	uint64_t call_timeout_ns; /* answered call without SIP or media */
	uint64_t setup_timeout_ns; /* call or transaction without a final response */
	uint32_t probation_packets; /* RTP that nothing announced: packets until it is believed */
	bool g711_plc; /* receivers conceal G.711 loss (G.711 Appendix I): Bpl 25.1, not 4.3 */
	enum qos_compat compat; /* whose formula MOS and RFACTOR of the reports are by */
	enum qos_buffer_kind buffer; /* whose discards count in MOS, bursts and gaps */
	uint64_t buffer_small_ns; /* depths */
	uint64_t buffer_large_ns;
	uint64_t buffer_max_ns; /* of the adaptive one */
	uint32_t delay_ms; /* mouth to ear where none can be measured; 0: none */
	uint32_t jitter_buffer_ms; /* of receivers that do not report theirs */
	/* What is looked for in calls; a time of 0: not. */
	uint64_t one_way_ns; /* one side heard, the other not, for so long */
	uint64_t no_media_ns; /* answered for so long without media */
	uint64_t orphan_ns; /* media for so long without a call */
	uint64_t late_ns; /* media so long after the answer */
	bool finds_codec;
	bool finds_timeout;
	uint32_t max_streams; /* per worker */
	uint32_t max_candidates; /* per worker: RTP under probation */
	uint32_t max_calls; /* all workers together */
	uint32_t max_media; /* SDP media endpoints, all workers together */
};

#endif
