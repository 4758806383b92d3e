/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator may set about HEP output. Plain data, filled by config/.
 * Owner: the running config; read-only after start. Threads: any. */
#ifndef HEP_OPTIONS_H
#define HEP_OPTIONS_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>
#include <strings.h>

enum {
	HEP_COLLECTORS_MAX = 8,
	HEP_NAME_MAX = 64, /* with the final NUL */
	/* "udp:", the longest name (RFC 1035 section 2.3.4), ":65535" and the final NUL */
	HEP_ADDRESS_MAX = 264,
};

struct hep_collector_options {
	char address[HEP_ADDRESS_MAX]; /* as configured: udp:HOST:PORT, HOST a literal or a name */
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len; /* 0: HOST is a name, whose address is not known yet */
	uint32_t rate; /* messages per second at most, 0: as fast as they come */
};

enum hep_final_type {
	HEP_FINAL = 0, /* "FINAL" */
	HEP_HANGUP, /* "HANGUP", as RTPAgents of 2015 wrote it */
};

struct hep_options {
	uint32_t node_id; /* chunk 0x0c, capture agent id */
	char node_name[HEP_NAME_MAX]; /* chunk 0x13; "": left out */
	char auth_key[HEP_NAME_MAX]; /* chunk 0x0e, plain text; "": left out */
	uint32_t final_type; /* enum hep_final_type */
	unsigned collector_count;
	struct hep_collector_options collectors[HEP_COLLECTORS_MAX];
};

/* What: parses "udp:HOST:PORT", "udp:[V6]:PORT". The address of a HOST that is a name is not asked for. Returns 0, or -1
 * with the reason in error (lower case, no full stop). */
int hep_collector_parse(
	const char *text, struct hep_collector_options *collector, char *error, size_t error_size);

/* Whether a collector before number i has its address, by the text: it would get everything twice. Inline, as whoever
 * puts a parser of its own in place of the one above has no hep_options.c. */
static inline bool hep_collector_is_twice(const struct hep_options *options, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (strcasecmp(options->collectors[j].address, options->collectors[i].address) == 0)
			return true;
	return false;
}

/* What: asks for the address of a collector that was parsed. One that has an address keeps it where it is among the
 * answers. 0 or -1 as above. Blocks for as long as name servers do, 10 seconds and more. */
int hep_collector_resolve(struct hep_collector_options *collector, char *error, size_t error_size);

#endif
