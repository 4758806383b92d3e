/* SPDX-License-Identifier: BSD-3-Clause */
/* Signalling beside SIP that is handed on when capture.also names it, and its ports.
 * Owner: none. Threads: any; no state. */
#ifndef SIG_KIND_H
#define SIG_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "pkt_flow.h"

/* In the order of capture.also. */
enum sig_kind {
	SIG_MGCP = 0, /* RFC 3435 section 3 */
	SIG_MEGACO, /* H.248 text, RFC 3525 Annex B */
	SIG_SYSLOG, /* RFC 5424, RFC 3164 */
	SIG_DIAMETER, /* RFC 6733 */
	SIG_DNS, /* RFC 1035 */
	SIG_NONE,
};

enum {
	SIG_PORTS_MAX = 2,
	SIG_OVER_TCP = 1 << SIG_MEGACO | 1 << SIG_SYSLOG | 1 << SIG_DIAMETER, /* a bit each */
};

/* What: the registered ports of a kind, 0 behind the last; SIG_PORTS_MAX of them. */
static inline const uint16_t *sig_ports(enum sig_kind kind)
{
	static const uint16_t ports[SIG_NONE][SIG_PORTS_MAX] = {
		[SIG_MGCP] = {2427, 2727}, /* gateways, call agents */
		[SIG_MEGACO] = {2944},
		[SIG_SYSLOG] = {514, 601}, /* the second for TCP, RFC 6587 */
		[SIG_DIAMETER] = {3868},
		[SIG_DNS] = {53},
	};

	return ports[kind];
}

/* Whether one side of a flow has a port of that kind. */
static inline bool sig_is_port(enum sig_kind kind, uint16_t sport, uint16_t dport)
{
	const uint16_t *ports = sig_ports(kind);

	for (unsigned i = 0; i < SIG_PORTS_MAX; i++)
		if (ports[i] && (sport == ports[i] || dport == ports[i]))
			return true;
	return false;
}

/* Whether also, a bit for each kind, names kind. */
static inline bool sig_has(uint32_t also, enum sig_kind kind)
{
	return also >> kind & 1;
}

/* Whether one side has a port of a kind that also names. */
static inline bool sig_is_any_port(uint32_t also, uint16_t sport, uint16_t dport)
{
	for (unsigned kind = 0; kind < SIG_NONE; kind++)
		if (sig_has(also, kind) && sig_is_port(kind, sport, dport))
			return true;
	return false;
}

#endif
