/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole configuration, side by side: each part belongs to the folder that uses it.
 * Owner: the probe; read-only once loaded. Threads: any. */
#ifndef CFG_OPTIONS_H
#define CFG_OPTIONS_H

#include "dp_options.h"
#include "hep_options.h"
#include "qos_options.h"

enum cfg_log_level {
	CFG_LOG_ERROR = 0,
	CFG_LOG_WARNING,
	CFG_LOG_INFO,
	CFG_LOG_DEBUG,
};

enum cfg_hops {
	CFG_HOPS_MERGE = 0,
	CFG_HOPS_SEPARATE,
};

enum cfg_erspan_time {
	CFG_ERSPAN_TIME_SWITCH = 0,
	CFG_ERSPAN_TIME_ARRIVAL,
};

struct cfg_options {
	struct dp_options dp;
	struct qos_options qos;
	struct hep_options hep;
	uint32_t log_level; /* enum cfg_log_level */

	/* capture */
	bool capture_tcp; /* look for SIP in TCP segments */
	uint64_t copy_window_ns; /* 0: copies are taken for new */
	uint32_t hops; /* enum cfg_hops */
	uint32_t erspan_time; /* enum cfg_erspan_time */
	bool reads_hep; /* SIP that other agents captured */
	uint32_t also; /* other signalling: bit n is enum sig_kind n */
	uint32_t tenants; /* enum pkt_tenants */
	bool has_legs; /* calls that relay each other's media are found */

	/* hep: what is sent */
	bool send_sip; /* SIP messages as HEP type 1 */
	uint32_t sip_except; /* SIP methods that are not sent: bit n is enum sip_method n */
	/* "NAME=TEXT,...": SIP without such a header is not sent; "": all is. */
	char only_headers[256];
	char except_headers[256]; /* the same: SIP with such a header is not sent */
	char correlation_headers[128]; /* SIP headers that name a leg, comma between them */
	bool send_rtcp; /* RTCP as type 5 */
	bool send_vq; /* reports of telephones as type 35 */
	bool send_reports; /* quality reports as type 34 */
	bool send_findings; /* what is wrong with calls as type 100 */

	/* limits */
	uint32_t fragments; /* datagrams being put together, per receiver */
	uint32_t tcp_flows; /* directions of TCP connections with SIP, per worker */
	uint32_t result_rows; /* heptap -r: calls and streams kept for the tables */
};

#endif
