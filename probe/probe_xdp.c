/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_xdp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_telemetry.h>

#include "cfg_net.h"
#include "cfg_value.h"
#include "dp_xdp.h"
#include "probe_command.h"
#include "sig_kind.h"

enum {
	VERB_MAX = 8,
	NETWORK_MAX = 64, /* an address with its prefix */
};

/* A qos_media_watch_fn; arg is the probe. Programs count what they cannot learn. */
static void learn(
	void *arg, uint8_t family, const struct pkt_addr *addr, uint16_t port, bool is_open)
{
	const struct probe *p = arg;

	for (unsigned i = 0; i < p->port_count; i++) {
		struct dp_xdp *xdp = dp_port_xdp(p->ports[i]);

		if (!xdp || dp_xdp_mode(xdp) != DP_XDP_LISTED)
			continue;
		if (is_open)
			(void)dp_xdp_learn(xdp, family, addr->b, port);
		else
			(void)dp_xdp_forget(xdp, family, addr->b, port);
	}
}

static int put_port(struct rte_tel_data *entry, const struct probe *probe, unsigned index)
{
	static const char *const modes[] = {"all", "voice", "listed"};
	const struct dp_xdp *xdp = dp_port_xdp(probe->ports[index]);
	uint64_t counts[DP_XDP_REASON_COUNT];
	int rc = dp_xdp_counts(xdp, counts);

	if (rc)
		return rc;
	rte_tel_data_add_dict_int(entry, "index", (int)index);
	rte_tel_data_add_dict_string(entry, "device", dp_port_name(probe->ports[index]));
	rte_tel_data_add_dict_string(entry, "mode", modes[dp_xdp_mode(xdp)]);
	rte_tel_data_add_dict_string(entry, "rest", dp_xdp_drops_rest(xdp) ? "drop" : "pass");
	rte_tel_data_add_dict_u64(entry, "learnt_now", dp_xdp_learnt(xdp));
	rte_tel_data_add_dict_u64(entry, "learn_refused", dp_xdp_refused(xdp));
	for (unsigned i = 0; i < DP_XDP_REASON_COUNT; i++)
		rte_tel_data_add_dict_u64(entry, dp_xdp_reason_name(i), counts[i]);
	return 0;
}

/* Rows are a dictionary, as in probe_telemetry.c. */
static int answer_xdp(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	unsigned row = 0;

	(void)params;
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < probe->port_count; i++) {
		struct rte_tel_data *entry;
		char name[16];
		int rc;

		if (!dp_port_xdp(probe->ports[i]))
			continue;
		entry = rte_tel_data_alloc();
		if (!entry)
			return -ENOMEM;
		rte_tel_data_start_dict(entry);
		snprintf(name, sizeof(name), "%u", row++);
		rc = put_port(entry, probe, i);
		if (!rc)
			rc = rte_tel_data_add_dict_container(d, name, entry, 0);
		if (rc) {
			rte_tel_data_free(entry);
			return rc;
		}
	}
	return 0;
}

/* A change of a list: the port's number, add or remove, and what. */
struct change {
	struct dp_xdp *xdp;
	bool is_added;
	const char *list;
};

/* The next item up to a comma, at most size - 1 characters; NULL: there is none, or it is too
 * long. */
static const char *take_item(const char *text, char *item, size_t size)
{
	size_t n = strcspn(text, ",");

	if (text[n] != ',' || n >= size)
		return NULL;
	memcpy(item, text, n);
	item[n] = '\0';
	return text + n + 1;
}

/* NULL, or what is wrong. */
static const char *parse_change(
	const struct probe *probe, const char *params, struct change *change)
{
	char number[VERB_MAX], verb[VERB_MAX];
	const char *rest = take_item(params, number, sizeof(number));
	uint64_t index;

	rest = rest ? take_item(rest, verb, sizeof(verb)) : NULL;
	if (!rest || *rest == '\0')
		return "parameters must be PORT,add|remove,LIST";
	if (cfg_value_number(number, &index) != 0 || index >= probe->port_count)
		return "there is no port of this number";
	change->xdp = dp_port_xdp(probe->ports[index]);
	if (!change->xdp)
		return "this port has no XDP program";
	change->is_added = strcmp(verb, "add") == 0;
	if (!change->is_added && strcmp(verb, "remove") != 0)
		return "the second parameter must be add or remove";
	change->list = rest;
	return NULL;
}

/* DPDK answers an error with null; text tells more. */
static int conclude(struct rte_tel_data *d, const char *error, int rc)
{
	rte_tel_data_start_dict(d);
	if (!error && rc)
		error = strerror(-rc);
	rte_tel_data_add_dict_string(d, error ? "error" : "result", error ? error : "done");
	return 0;
}

static int answer_ports(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	struct dp_port_ranges ports;
	struct change change;
	const char *error = parse_change(probe, params, &change);
	int rc = 0;

	if (!error && cfg_net_ports(change.list, &ports) != 0)
		error = "invalid list of ports, written 5060-5061,5080";
	if (!error)
		rc = dp_xdp_set_ports(change.xdp, &ports, change.is_added);
	return conclude(d, error, rc);
}

/* One after the other, so that the answer can name the one that failed: error is written then. */
static int set_networks(const struct change *change, const struct dp_networks *networks,
	char *error, size_t error_size)
{
	for (unsigned i = 0; i < networks->count; i++) {
		struct dp_networks one = {.count = 1, .network = {networks->network[i]}};
		int rc = dp_xdp_set_networks(change->xdp, &one, change->is_added);
		char name[NETWORK_MAX];

		if (!rc)
			continue;
		cfg_net_format_networks(&one, name, sizeof(name));
		snprintf(error, error_size, "%s: %s%s", name,
			rc == -ENOENT ? "there is no such network in the list" : strerror(-rc),
			i ? "; those before it are done" : "");
		return rc;
	}
	return 0;
}

static int answer_networks(struct probe *probe, const char *params, struct rte_tel_data *d)
{
	char failure[RTE_TEL_MAX_STRING_LEN];
	struct dp_networks networks;
	struct change change;
	const char *error = parse_change(probe, params, &change);

	if (!error && cfg_net_networks(change.list, &networks) != 0)
		error = "invalid list of networks, written 192.0.2.0/24,2001:db8::/32";
	if (!error && set_networks(&change, &networks, failure, sizeof(failure)) != 0)
		error = failure;
	return conclude(d, error, 0);
}

static int register_commands(void)
{
	static const struct probe_command commands[] = {
		{"/heptap/xdp", answer_xdp, false,
			"XDP programs: mode, and frames by reason. Takes no parameters"},
		{"/heptap/xdp_ports", answer_ports, true,
			"Changes the ports that are always taken. Parameters: PORT,add|remove,LIST"},
		{"/heptap/xdp_networks", answer_networks, true,
			"Changes the networks that are always taken. Parameters: "
			"PORT,add|remove,LIST"},
	};

	return probe_commands_add(commands, RTE_DIM(commands));
}

/* Ports of what capture.also names are as good as listed. */
static int list_ports(struct dp_xdp *xdp, uint32_t also)
{
	struct dp_port_ranges ports = {0};

	for (unsigned kind = 0; kind < SIG_NONE; kind++)
		for (unsigned i = 0; i < SIG_PORTS_MAX && sig_has(also, kind); i++) {
			uint16_t port = sig_ports(kind)[i];

			if (!port)
				continue;
			ports.range[ports.count].first = port;
			ports.range[ports.count++].last = port;
		}
	return dp_xdp_set_ports(xdp, &ports, true);
}

static_assert(SIG_NONE * SIG_PORTS_MAX <= DP_PORT_RANGES_MAX, "room for all of them");

int probe_xdp_start(struct probe *p)
{
	bool is_listed = false;

	for (unsigned i = 0; i < p->port_count; i++) {
		struct dp_xdp *xdp = dp_port_xdp(p->ports[i]);
		int rc = xdp ? list_ports(xdp, p->options->also) : 0;

		if (rc)
			return rc;
		is_listed |= xdp && dp_xdp_mode(xdp) == DP_XDP_LISTED;
	}
	if (is_listed)
		qos_medias_watch(p->medias, learn, p);
	return p->options->dp.telemetry ? register_commands() : 0;
}
