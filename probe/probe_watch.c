/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_watch.h"

#include <string.h>

#include "hep_sender.h"
#include "probe.h"
#include "probe_counters.h"
#include "probe_log.h"
#include "probe_results.h"
#include "probe_totals.h"

enum {
	QUIET_LOOKS = 10, /* hosts send one "port unreachable" a second at most, and some fewer */
};

/* What sockets are bound to is the interface, not its name: one that is made anew is another. The first look is always
 * said: of an interface that is down nothing will come, and nothing else says why. */
static void watch_port(const struct dp_port *port, struct probe_watch_port *was)
{
	const char *name = dp_port_name(port);
	struct dp_port_stats stats;

	dp_port_stats(port, &stats);
	if (stats.is_gone && !was->is_gone)
		PROBE_LOG(WARNING,
			"port \"%s\": its interface is gone; one of this name that comes back is another, which takes a restart\n",
			name);
	else if (!stats.is_gone && (!was->is_known || stats.is_up != was->is_up))
		PROBE_LOG(INFO, "port \"%s\" link is %s\n", name, stats.is_up ? "up" : "down");
	if (stats.nic_time.is_in_use != was->has_nic_time)
		PROBE_LOG(INFO, "port \"%s\" has the time of %s\n", name,
			stats.nic_time.is_in_use ? "its NIC" : "the probe");
	*was = (struct probe_watch_port){
		true, stats.is_up, stats.is_gone, stats.nic_time.is_in_use};
}

/* UDP never fails for the sender: ICMP alone tells of a collector that is not there. */
static void watch_refusals(const struct hep_sender_counters *counters, const char *name,
	struct probe_watch_collector *was)
{
	uint64_t refused = probe_read(&counters->unreachable) + probe_read(&counters->send_refused);
	uint64_t sent = probe_read(&counters->sent);

	if (refused != was->refused) {
		if (!was->is_refused)
			PROBE_LOG(WARNING,
				"collector \"%s\": nobody listens there (port unreachable)\n",
				name);
		was->is_refused = true;
		was->quiet = 0;
	} else if (was->is_refused && sent != was->sent && ++was->quiet == QUIET_LOOKS) {
		PROBE_LOG(INFO, "collector \"%s\" refuses nothing any more\n", name);
		was->is_refused = false;
	}
	was->refused = refused;
	was->sent = sent;
}

/* Names of collectors, when they have an address, and when they have another. */
static void watch_collector(
	const struct probe *probe, unsigned i, struct probe_watch_collector *was)
{
	const char *name = probe->options->hep.collectors[i].address;
	char address[HEP_ADDRESS_MAX];

	if (hep_sender_has_moved(probe->sender, i, &was->addresses, address, sizeof(address)))
		PROBE_LOG(INFO, "collector \"%s\" is at %s\n", name, address);
	watch_refusals(hep_sender_counters(probe->sender, i), name, was);
}

/* Said when they begin to be lost, and how many were once none is any more. */
static void watch_lost_lines(uint64_t lost, int error, struct probe_watch_json *was)
{
	if (lost != was->lost) {
		if (!was->is_losing)
			PROBE_LOG(WARNING, "JSON lines find no room and are lost: %s\n",
				error ? strerror(error) : "nobody reads them fast enough");
		was->is_losing = true;
		was->quiet = 0;
	} else if (was->is_losing && !error && ++was->quiet == QUIET_LOOKS) {
		PROBE_LOG(WARNING, "JSON lines are lost no more; lost were %llu\n",
			(unsigned long long)(lost - was->lost_before));
		was->is_losing = false;
		was->lost_before = lost;
	}
	was->lost = lost;
}

static void watch_json(struct probe_lines *lines, struct probe_watch_json *was)
{
	int error = atomic_load(&lines->error);

	if (error && error != was->error)
		PROBE_LOG(WARNING,
			"could not write JSON: %s; its lines wait, as long as there is room\n",
			strerror(error));
	else if (!error && was->error)
		PROBE_LOG(INFO, "JSON can be written again\n");
	was->error = error;
	watch_lost_lines(probe_lines_lost(lines), error, was);
}

void probe_watch(const struct probe *probe, struct probe_watch *was)
{
	unsigned collectors = probe->sender ? hep_sender_collectors(probe->sender) : 0;

	for (unsigned i = 0; i < probe->port_count; i++)
		watch_port(probe->ports[i], &was->ports[i]);
	for (unsigned i = 0; i < collectors; i++)
		watch_collector(probe, i, &was->collectors[i]);
	if (probe->results && probe->results->has_json)
		watch_json(&probe->results->lines, &was->json);
}
