/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of the HEP3 wire format, "HEP3 Network Protocol Specification", revision 37. */
#ifndef HEP_CHUNK_H
#define HEP_CHUNK_H

enum hep_chunk {
	HEP_CHUNK_FAMILY = 0x0001, /* u8: 2 IPv4, 10 IPv6 */
	HEP_CHUNK_PROTOCOL = 0x0002, /* u8: IP protocol */
	HEP_CHUNK_SRC_IP4 = 0x0003,
	HEP_CHUNK_DST_IP4 = 0x0004,
	HEP_CHUNK_SRC_IP6 = 0x0005,
	HEP_CHUNK_DST_IP6 = 0x0006,
	HEP_CHUNK_SRC_PORT = 0x0007, /* u16 */
	HEP_CHUNK_DST_PORT = 0x0008, /* u16 */
	HEP_CHUNK_TIME_SEC = 0x0009, /* u32, Unix */
	HEP_CHUNK_TIME_USEC = 0x000a, /* u32, 0-999999 */
	HEP_CHUNK_TYPE = 0x000b, /* u8, enum hep_type */
	HEP_CHUNK_AGENT_ID = 0x000c, /* u32 */
	HEP_CHUNK_AUTH_KEY = 0x000e,
	HEP_CHUNK_PAYLOAD = 0x000f,
	HEP_CHUNK_CORRELATION_ID = 0x0011,
	HEP_CHUNK_VLAN = 0x0012, /* u16 */
	HEP_CHUNK_AGENT_NAME = 0x0013,
	HEP_CHUNK_TOS = 0x0018, /* u8 */
	HEP_CHUNK_MOS = 0x0020, /* u16, times 100 */
	HEP_CHUNK_R_FACTOR = 0x0021, /* u16, times 100 */
	HEP_CHUNK_JITTER = 0x0023, /* u32, microseconds */
};

enum hep_type {
	HEP_TYPE_SIP = 1,
	HEP_TYPE_RTCP_JSON = 5,
	HEP_TYPE_MGCP = 6,
	HEP_TYPE_MEGACO = 7,
	HEP_TYPE_QOS_JSON = 34, /* "MOS full report" */
	HEP_TYPE_VQ =
		35, /* "MOS short report" by the specification; collectors read vq-rtcpxr text in it */
	HEP_TYPE_DNS_JSON = 53,
	HEP_TYPE_DIAMETER_JSON = 56,
	HEP_TYPE_LOG = 100,
};

enum {
	HEP_HEADER_BYTES = 6, /* "HEP3" and the total length */
	HEP_MESSAGE_MAX = 65507, /* largest UDP payload, and what collectors accept */
	HEP_OVERHEAD_MAX = 768, /* header and every chunk but the payload, largest case */
};

#endif
