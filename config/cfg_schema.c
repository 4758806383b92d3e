/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of all keys, in the order an operator thinks: where packets come from, who works on
 * them, what is measured, where it goes, and last what hardly anybody touches. */
#include "cfg_schema.h"

#include "cfg_options.h"

#define KIB   1024ULL
#define MIB   (1024ULL * KIB)
#define GIB   (1024ULL * MIB)
#define MS    1000000ULL
#define SEC   (1000ULL * MS)
#define MIN   (60ULL * SEC)
#define HOURS (60ULL * MIN)

#define MEMBER(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member) /* NOLINT */
#define OPTION(member)	  MEMBER(struct cfg_options, member)
#define PORT(member)	  MEMBER(struct dp_port_options, member)
#define COLLECTOR(member) MEMBER(struct hep_collector_options, member)

static const char *const driver_words[] = {"auto", "af_packet", "af_xdp", "pci", "vdev", NULL};
/* As enum dp_timestamps has them. */
static const char *const timestamps_words[] = {"nic", "probe", NULL};
static const char *const xdp_mode_words[] = {"all", "voice", "listed", NULL};
static const char *const xdp_rest_words[] = {"pass", "drop", NULL};
static const char *const mode_words[] = {"auto", "fused", "pipeline", NULL};
static const char *const idle_words[] = {"adaptive", "spin", "sleep", NULL};
static const char *const hugepages_words[] = {"auto", "on", "off", NULL};
static const char *const final_type_words[] = {"FINAL", "HANGUP", NULL};
static const char *const buffer_words[] = {"small", "large", "adaptive", NULL};
static const char *const compat_words[] = {"none", "rtpagent", NULL};
static const char *const hops_words[] = {"merge", "separate", NULL};
static const char *const erspan_time_words[] = {"switch", "arrival", NULL};
/* As enum sig_kind has them. */
static const char *const also_words[] = {"mgcp", "megaco", "syslog", "diameter", "dns", NULL};
/* As enum pkt_tenants has them. */
static const char *const tenant_words[] = {"none", "vlan", "network", "both", NULL};
/* As enum sip_method has them. */
static const char *const method_words[] = {"OTHER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS",
	"REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE",
	NULL};
static const char *const level_words[] = {"error", "warning", "info", "debug", NULL};

static const struct cfg_key xdp_keys[] = {
	{"mode", CFG_WORD, PORT(xdp.mode), .words = xdp_mode_words, .default_text = "all",
		.help = "Take everything, what looks like voice, or what is listed and announced"},
	{"rest", CFG_WORD, PORT(xdp.rest), .words = xdp_rest_words, .default_text = "pass",
		.help = "Frames that are not taken go to the kernel, or are dropped"},
	{"take_over", CFG_BOOL, PORT(xdp.take_over), .default_text = "false",
		.help = "Open an interface that the host uses, and take its traffic away"},
	{"ports", CFG_PORTS, PORT(xdp.ports), .default_text = "5060-5061",
		.help = "UDP and TCP ports always taken in modes voice and listed"},
	{"networks", CFG_NETWORKS, PORT(xdp.networks), .default_text = "",
		.help = "Networks always taken in modes voice and listed"},
	{0},
};

static const struct cfg_key port_keys[] = {
	{"device", CFG_TEXT, PORT(device), .min = 1, .is_required = true,
		.help = "Kernel interface, PCI address or DPDK vdev string"},
	{"driver", CFG_WORD, PORT(driver), .words = driver_words, .default_text = "auto",
		.help = "How to open the device; auto goes by the look of its name"},
	{"mode", CFG_WORD, PORT(mode), .words = mode_words, .default_text = "auto",
		.help = "Workers receive (fused) or rx threads (pipeline); auto: fused when each "
			"worker gets a queue and cores.rx is empty"},
	{"queues", CFG_NUMBER, PORT(queues), .min = 1, .max = 64, .default_text = "1",
		.help = "Receive queues; more than one needs a NIC that spreads by RSS"},
	{"descriptors", CFG_NUMBER, PORT(descriptors), .min = 64, .max = 32768, .unit = "packets",
		.default_text = "1024",
		.help = "Room of each queue, for bursts; af_xdp takes at least 8192, of a page "
			"of memory each"},
	{"max_frame", CFG_NUMBER, PORT(max_frame), .min = 128, .max = 9728, .unit = "octets",
		.default_text = "2048", .help = "Largest frame taken; raise it for jumbo frames"},
	{"promiscuous", CFG_BOOL, PORT(promiscuous), .default_text = "true",
		.help = "Take frames for other MAC addresses too; a SPAN or TAP port needs it"},
	{"timestamps", CFG_WORD, PORT(timestamps), .words = timestamps_words, .default_text = "nic",
		.help = "Time of frames: what the NIC stamps, where it does and that fits the probe's clock, "
			"or when they were polled (probe)"},
	{"interrupts", CFG_BOOL, PORT(interrupts), .default_text = "false",
		.help = "Wake idle threads by the NIC's receive interrupts; without, they look by themselves"},
	{"filter", CFG_TEXT, PORT(filter), .default_text = "",
		.help = "Take only what this expression of pcap-filter(7) chooses; \"\" is capture.filter"},
	{"xdp", CFG_SECTION, .keys = xdp_keys, .help = "What a port with driver af_xdp takes"},
	{0},
};

static const struct cfg_key cores_keys[] = {
	{"control", CFG_CPUS, OPTION(dp.control), .max = 1, .default_text = "",
		.help = "CPU of the control thread: signals, telemetry, timers"},
	{"rx", CFG_CPUS, OPTION(dp.rx), .max = DP_CPUS_MAX, .default_text = "",
		.help = "CPUs of the receive threads, one each; empty is one thread on any CPU"},
	{"workers", CFG_CPUS, OPTION(dp.workers), .max = DP_CPUS_MAX, .default_text = "",
		.help = "CPUs of the worker threads, one each; empty is one thread on any CPU"},
	{"sender", CFG_CPUS, OPTION(dp.sender), .max = 1, .default_text = "",
		.help = "CPU of the thread that sends HEP"},
	{"share", CFG_BOOL, OPTION(dp.share_cpus), .default_text = "false",
		.help = "Allow one CPU several times in these lists, for small machines"},
	{"idle", CFG_WORD, OPTION(dp.idle), .words = idle_words, .default_text = "adaptive",
		.help = "Threads without work wait for a port's socket or up to 150 us, never (spin, "
			"a CPU each) or up to 1 ms (sleep, saves power)"},
	{0},
};

static const struct cfg_key memory_keys[] = {
	{"hugepages", CFG_WORD, OPTION(dp.hugepages), .words = hugepages_words,
		.default_text = "auto",
		.help = "Packet memory on huge pages; auto uses them when there are enough"},
	{"packet", CFG_SIZE, OPTION(dp.memory), .min = 16 * MIB, .max = 1024 * GIB, .or_zero = true,
		.unit = "octets", .default_text = "0",
		.help = "Packet memory in all; 0 computes it from the other settings"},
	{"mbufs", CFG_NUMBER, OPTION(dp.mbufs), .max = 16000000, .unit = "packets",
		.default_text = "0",
		.help = "Packet buffers per port; 0 computes it from queues and rings"},
	{0},
};

static const struct cfg_key capture_keys[] = {
	{"tcp", CFG_BOOL, OPTION(capture_tcp), .default_text = "true",
		.help = "Look for SIP in TCP segments"},
	{"filter", CFG_TEXT, OPTION(dp.filter), .default_text = "",
		.help = "The same for capture files, and ports without one; \"\" takes every frame"},
	{"copy_window", CFG_TIME, OPTION(copy_window_ns), .min = MS, .max = 400 * MS,
		.or_zero = true, .default_text = "50ms",
		.help = "SIP and RTCP that a mirror brings again within this time count as copies; 0 is off"},
	{"hops", CFG_WORD, OPTION(hops), .words = hops_words, .default_text = "merge",
		.help = "What came by another VLAN, tunnel or router is a copy (merge) or none (separate)"},
	{"erspan_time", CFG_WORD, OPTION(erspan_time), .words = erspan_time_words,
		.default_text = "switch",
		.help = "Time of frames in ERSPAN III: by the switch's time-stamps, once these have proved "
			"themselves, or when they arrived"},
	{"hep", CFG_BOOL, OPTION(reads_hep), .default_text = "false",
		.help = "Take SIP out of HEP that other agents send over UDP, a proxy's of TLS for one"},
	{"also", CFG_WORDS, OPTION(also), .words = also_words, .default_text = "",
		.help = "Other signalling for the collectors: text as it is, Diameter of Cx, Sh, Rx and DNS of voice as JSON"},
	{"tenants", CFG_WORD, OPTION(tenants), .words = tenant_words, .default_text = "none",
		.help = "Keep the same addresses apart by VLAN, by the network that VXLAN, Geneve or NVGRE "
			"names, or by both"},
	{"legs", CFG_BOOL, OPTION(has_legs), .default_text = "true",
		.help = "Find the other leg of a call by the media that a B2BUA relays: LEG_ID in reports"},
	{"files", CFG_WORD, OPTION(dp.file_mode), .words = mode_words, .default_text = "auto",
		.help = "Who reads capture files: a worker (fused) or an rx thread (pipeline)"},
	{0},
};

static const struct cfg_key adaptive_keys[] = {
	{"shortest", CFG_TIME, OPTION(qos.report_interval_min_ns), .min = SEC, .max = HOURS,
		.or_zero = true, .default_text = "0",
		.help = "Time between reports of a suspect stream; 0: all have report_interval"},
	{"longest", CFG_TIME, OPTION(qos.report_interval_max_ns), .min = SEC, .max = HOURS,
		.default_text = "1m",
		.help = "A good stream's time doubles with each report up to this"},
	{"loss", CFG_NUMBER, OPTION(qos.suspect_loss_milli), .max = 100000,
		.unit = "thousandths of a percent", .default_text = "1000",
		.help = "Suspect with so much loss since the last report; 0: whatever the loss"},
	{"jitter", CFG_NUMBER, OPTION(qos.suspect_jitter_ms), .max = 1000, .unit = "milliseconds",
		.default_text = "30",
		.help = "Suspect with so much jitter; 0: whatever the jitter"},
	{"mos", CFG_NUMBER, OPTION(qos.suspect_mos_milli), .max = 4500,
		.unit = "thousandths of MOS", .default_text = "3600",
		.help = "Suspect while MOS of the last report is below this; 0: whatever it is"},
	{0},
};

static const struct cfg_key finding_keys[] = {
	{"one_way_audio", CFG_TIME, OPTION(qos.one_way_ns), .min = SEC, .max = HOURS,
		.or_zero = true, .default_text = "10s",
		.help = "One side is silent for so long while the other is heard; 0 is off"},
	{"signalling_without_rtp", CFG_TIME, OPTION(qos.no_media_ns), .min = SEC, .max = HOURS,
		.or_zero = true, .default_text = "5s",
		.help = "A call was answered for so long without media; 0 is off"},
	{"rtp_without_signalling", CFG_TIME, OPTION(qos.orphan_ns), .min = SEC, .max = HOURS,
		.or_zero = true, .default_text = "30s",
		.help = "Media runs for so long and no call announced it; 0 is off"},
	{"late_rtp", CFG_TIME, OPTION(qos.late_ns), .min = 100 * MS, .max = HOURS, .or_zero = true,
		.default_text = "3s",
		.help = "Media of a side begins so long after the answer; 0 is off"},
	{"codec_not_in_answer", CFG_BOOL, OPTION(qos.finds_codec), .default_text = "true",
		.help = "A side sends a payload type that the other did not announce"},
	{"rtp_timeout", CFG_BOOL, OPTION(qos.finds_timeout), .default_text = "true",
		.help = "A side falls silent for quality.stream_timeout and nobody hangs up"},
	{0},
};

static const struct cfg_key quality_keys[] = {
	{"report_interval", CFG_TIME, OPTION(qos.report_interval_ns), .min = SEC, .max = HOURS,
		.or_zero = true, .default_text = "10s",
		.help = "Time between reports of a running stream; 0 reports only at its end"},
	{"stream_timeout", CFG_TIME, OPTION(qos.stream_timeout_ns), .min = SEC, .max = HOURS,
		.default_text = "30s", .help = "Silence after which a stream has ended"},
	{"bye_linger", CFG_TIME, OPTION(qos.bye_linger_ns), .max = 10 * SEC,
		.default_text = "500ms", .help = "Media this long after BYE still counts"},
	{"call_timeout", CFG_TIME, OPTION(qos.call_timeout_ns), .min = MIN, .max = 48 * HOURS,
		.default_text = "4h",
		.help = "An answered call without SIP and media is forgotten after this time"},
	{"setup_timeout", CFG_TIME, OPTION(qos.setup_timeout_ns), .min = 10 * SEC, .max = HOURS,
		.default_text = "3m",
		.help = "A call without a final response is forgotten after this time"},
	{"probation_packets", CFG_NUMBER, OPTION(qos.probation_packets), .min = 4, .max = 32,
		.unit = "packets", .default_text = "25",
		.help = "RTP that no SDP announced is believed after this many in a row"},
	{"g711_plc", CFG_BOOL, OPTION(qos.g711_plc), .default_text = "true",
		.help = "Receivers conceal lost G.711 (G.711 Appendix I); false lowers MOS"},
	{"compat", CFG_WORD, OPTION(qos.compat), .words = compat_words, .default_text = "none",
		.help = "rtpagent: MOS and RFACTOR in reports by RTPAgent's formula, no E-model"},
	{"buffer", CFG_WORD, OPTION(qos.buffer), .words = buffer_words, .default_text = "adaptive",
		.help = "Jitter buffer whose discards count as loss in MOS, bursts and gaps"},
	{"buffer_small", CFG_TIME, OPTION(qos.buffer_small_ns), .min = 10 * MS, .max = SEC,
		.default_text = "50ms", .help = "Depth of the small jitter buffer"},
	{"buffer_large", CFG_TIME, OPTION(qos.buffer_large_ns), .min = 10 * MS, .max = SEC,
		.default_text = "200ms", .help = "Depth of the large jitter buffer"},
	{"buffer_max", CFG_TIME, OPTION(qos.buffer_max_ns), .min = 10 * MS, .max = SEC,
		.default_text = "500ms",
		.help = "Most the adaptive jitter buffer grows to, from the depth of the small one"},
	{"delay_ms", CFG_NUMBER, OPTION(qos.delay_ms), .max = 5000, .unit = "milliseconds",
		.default_text = "0",
		.help = "Delay from mouth to ear where RTCP gives none, for MOS_CQ; 0 is unknown"},
	{"jitter_buffer_ms", CFG_NUMBER, OPTION(qos.jitter_buffer_ms), .max = 1000,
		.unit = "milliseconds", .default_text = "40",
		.help = "Jitter buffer of receivers that do not report theirs, for MOS_CQ"},
	{"adaptive", CFG_SECTION, .keys = adaptive_keys,
		.help = "Suspect streams report more often, good ones less"},
	{"findings", CFG_SECTION, .keys = finding_keys,
		.help = "What is looked for in calls, and said once a call"},
	{0},
};

static const struct cfg_key collector_keys[] = {
	{"address", CFG_COLLECTOR, COLLECTOR(address), .is_required = true,
		.help = "Where HEP goes; an IPv6 address stands in brackets, a name is resolved while the probe runs"},
	{"rate", CFG_NUMBER, COLLECTOR(rate), .max = 10000000, .unit = "messages per second",
		.default_text = "0", .help = "Send at most this fast; 0 is unlimited"},
	{0},
};

static const struct cfg_key hep_keys[] = {
	{"node_id", CFG_NUMBER, OPTION(hep.node_id), .max = UINT32_MAX, .default_text = "2001",
		.help = "Capture agent ID that HOMER shows for this probe"},
	{"node_name", CFG_TEXT, OPTION(hep.node_name), .default_text = "heptap",
		.help = "Capture node name; \"\" leaves it out"},
	{"auth_key", CFG_TEXT, OPTION(hep.auth_key), .default_text = "",
		.help = "Key that the collector expects, sent as plain text; \"\" leaves it out"},
	{"final_type", CFG_WORD, OPTION(hep.final_type), .words = final_type_words,
		.default_text = "FINAL",
		.help = "Type of a stream's last report; HANGUP suits old dashboards"},
	{"sip", CFG_BOOL, OPTION(send_sip), .default_text = "true", .help = "Send SIP messages"},
	{"sip_except", CFG_WORDS, OPTION(sip_except), .words = method_words, .default_text = "",
		.help = "SIP methods that are not sent, nor the responses to them, such as OPTIONS,REGISTER"},
	{"sip_only_headers", CFG_TEXT, OPTION(only_headers), .default_text = "",
		.help = "Send only SIP with a header that holds a text, such as Route=sbc1,Route=sbc2"},
	{"sip_except_headers", CFG_TEXT, OPTION(except_headers), .default_text = "",
		.help = "Send no SIP with one of these, such as User-Agent=friendly-scanner"},
	{"correlation_headers", CFG_TEXT, OPTION(correlation_headers), .default_text = "",
		.help = "SIP headers that name the other leg, such as X-CID,Session-ID: chunk 0x11 of SIP "
			"is the first that a call begins with, else its Call-ID"},
	{"rtcp", CFG_BOOL, OPTION(send_rtcp), .default_text = "true", .help = "Send RTCP packets"},
	{"vq_rtcpxr", CFG_BOOL, OPTION(send_vq), .default_text = "false",
		.help = "Send the quality reports of telephones (RFC 6035), as text of type 35"},
	{"reports", CFG_BOOL, OPTION(send_reports), .default_text = "true",
		.help = "Send quality reports"},
	{"findings", CFG_BOOL, OPTION(send_findings), .default_text = "true",
		.help = "Send what is wrong with calls as log messages"},
	{"collectors", CFG_LIST, OPTION(hep.collectors), .max = HEP_COLLECTORS_MAX,
		.keys = collector_keys, .item_size = sizeof(struct hep_collector_options),
		.count_offset = offsetof(struct cfg_options, hep.collector_count),
		.help = "Each gets every message"},
	{0},
};

static const struct cfg_key telemetry_keys[] = {
	{"enabled", CFG_BOOL, OPTION(dp.telemetry), .default_text = "true",
		.help = "Offer counters on the DPDK telemetry socket"},
	{"prefix", CFG_NAME, OPTION(dp.file_prefix), .default_text = "heptap",
		.help = "DPDK file prefix, which names the socket; one per probe on a machine"},
	{0},
};

static const struct cfg_key log_keys[] = {
	{"level", CFG_WORD, OPTION(log_level), .words = level_words, .default_text = "info",
		.help = "Least severe message that is logged"},
	{0},
};

static const struct cfg_key limits_keys[] = {
	{"streams", CFG_NUMBER, OPTION(qos.max_streams), .min = 1000, .max = 16000000,
		.default_text = "100000",
		.help = "RTP streams at a time, per worker; the last eighth is for those of calls"},
	{"candidates", CFG_NUMBER, OPTION(qos.max_candidates), .min = 64, .max = 1000000,
		.default_text = "16384", .help = "Unannounced RTP under probation, per worker"},
	{"calls", CFG_NUMBER, OPTION(qos.max_calls), .min = 1000, .max = 10000000,
		.default_text = "100000", .help = "Calls at a time, all workers together"},
	{"media", CFG_NUMBER, OPTION(qos.max_media), .min = 1000, .max = 20000000,
		.default_text = "200000",
		.help = "Media addresses that SDP announced, all workers together"},
	{"fragments", CFG_NUMBER, OPTION(fragments), .min = 16, .max = 65536,
		.default_text = "1024",
		.help = "Datagrams being put together from IP fragments, per receive thread"},
	{"tcp_flows", CFG_NUMBER, OPTION(tcp_flows), .min = 16, .max = 65536,
		.default_text = "1024",
		.help = "Directions of TCP connections with SIP, per worker"},
	{"reports", CFG_NUMBER, OPTION(qos.reports_per_second), .max = 10000000,
		.unit = "reports per second", .default_text = "0",
		.help = "PERIODIC quality reports, per worker; 0 is unlimited"},
	{"media_ring", CFG_POWER_OF_TWO, OPTION(dp.media_ring), .min = 64, .max = MIB,
		.unit = "packets", .default_text = "16384",
		.help = "Media that waits between a receive thread and a worker"},
	{"signalling_ring", CFG_POWER_OF_TWO, OPTION(dp.signalling_ring), .min = 64, .max = MIB,
		.unit = "packets", .default_text = "4096",
		.help = "Signalling that waits between a receive thread and a worker"},
	{"hep_messages", CFG_POWER_OF_TWO, OPTION(dp.hep_messages), .min = 64, .max = MIB,
		.unit = "messages", .default_text = "8192",
		.help = "HEP that waits for the sender, per worker"},
	{"result_rows", CFG_NUMBER, OPTION(result_rows), .min = 1, .max = 10000000,
		.default_text = "200000",
		.help = "Calls and streams that heptap -r keeps for its tables"},
	{0},
};

const struct cfg_key cfg_schema[] = {
	{"ports", CFG_LIST, OPTION(dp.ports), .max = DP_PORTS_MAX, .keys = port_keys,
		.item_size = sizeof(struct dp_port_options),
		.count_offset = offsetof(struct cfg_options, dp.port_count),
		.help = "Where packets come from"},
	{"cores", CFG_SECTION, .keys = cores_keys, .help = "Which CPU does what"},
	{"memory", CFG_SECTION, .keys = memory_keys, .help = "Packet memory"},
	{"capture", CFG_SECTION, .keys = capture_keys, .help = "What to look for"},
	{"quality", CFG_SECTION, .keys = quality_keys, .help = "How quality is measured"},
	{"hep", CFG_SECTION, .keys = hep_keys, .help = "What is sent to HOMER, and where to"},
	{"telemetry", CFG_SECTION, .keys = telemetry_keys, .help = "Counters for operators"},
	{"log", CFG_SECTION, .keys = log_keys, .help = "Messages"},
	{"limits", CFG_SECTION, .keys = limits_keys,
		.help = "Bounds of all tables and queues; memory is taken for them at start"},
	{0},
};
