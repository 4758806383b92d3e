/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that no single key can break. */
#include "cfg_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct role {
	const char *name; /* the key */
	const struct dp_cpu_list *cpus;
};

enum {
	ROLES = 4,
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

__attribute__((format(printf, 2, 3))) static int fail(
	struct cfg_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* clang-tidy 14 does not see the va_start. */
	vsnprintf(error->text, sizeof(error->text), format, args); /* NOLINT */
	va_end(args);
	return -1;
}

static bool has_cpu(const struct dp_cpu_list *cpus, uint16_t cpu)
{
	for (unsigned i = 0; i < cpus->count; i++)
		if (cpus->cpu[i] == cpu)
			return true;
	return false;
}

static int check_role(const struct role *role, unsigned cpus, struct cfg_error *error)
{
	if (role->cpus->count > DP_CPUS_MAX)
		return fail(error, "%s names %u CPUs, at most %d are possible", role->name,
			role->cpus->count, DP_CPUS_MAX);
	for (unsigned i = 0; i < role->cpus->count; i++)
		if (role->cpus->cpu[i] >= cpus)
			return fail(error,
				"%s names CPU %u, but the last of this machine is CPU %u",
				role->name, (unsigned)role->cpus->cpu[i], cpus - 1);
	return 0;
}

static int check_apart(const struct role *a, const struct role *b, struct cfg_error *error)
{
	for (unsigned i = 0; i < a->cpus->count; i++)
		if (has_cpu(b->cpus, a->cpus->cpu[i]))
			return fail(error,
				"CPU %u is in both %s and %s, which needs cores.share to be true",
				(unsigned)a->cpus->cpu[i], a->name, b->name);
	return 0;
}

/* One list may name a CPU more often, for more threads than CPUs. */
static int check_once(const struct role *role, struct cfg_error *error)
{
	for (unsigned i = 1; i < role->cpus->count; i++)
		for (unsigned j = 0; j < i; j++)
			if (role->cpus->cpu[i] == role->cpus->cpu[j])
				return fail(error,
					"CPU %u is in %s twice, which needs cores.share to be true",
					(unsigned)role->cpus->cpu[i], role->name);
	return 0;
}

static int check_cores(const struct dp_options *dp, unsigned cpus, struct cfg_error *error)
{
	const struct role roles[ROLES] = {
		{"cores.control", &dp->control},
		{"cores.rx", &dp->rx},
		{"cores.workers", &dp->workers},
		{"cores.sender", &dp->sender},
	};

	for (unsigned i = 0; i < ROLES; i++)
		if (check_role(&roles[i], cpus, error) != 0)
			return -1;
	if (dp->share_cpus)
		return 0;
	for (unsigned i = 0; i < ROLES; i++)
		if (check_once(&roles[i], error) != 0)
			return -1;
	for (unsigned i = 0; i < ROLES; i++)
		for (unsigned j = i + 1; j < ROLES; j++)
			if (check_apart(&roles[i], &roles[j], error) != 0)
				return -1;
	return 0;
}

/* What makes a device one device: not the arguments of a vdev, and not PCI domain 0. */
static size_t device_id(const char *device, const char **id)
{
	*id = strncmp(device, "0000:", 5) == 0 ? device + 5 : device;
	return strcspn(*id, ",");
}

static bool is_same_device(const char *a, const char *b)
{
	const char *id_a;
	const char *id_b;
	size_t n = device_id(a, &id_a);

	return n == device_id(b, &id_b) && strncmp(id_a, id_b, n) == 0;
}

/* Keys of xdp that ask for something. */
static bool has_xdp_keys(const struct dp_xdp_options *xdp)
{
	return xdp->mode != DP_XDP_ALL || xdp->rest != DP_XDP_REST_PASS || xdp->take_over ||
	       xdp->networks.count;
}

static int check_xdp(const struct dp_port_options *port, struct cfg_error *error)
{
	if (port->driver != DP_AF_XDP && has_xdp_keys(&port->xdp))
		return fail(error, "port \"%.60s\" has keys of xdp, which need driver af_xdp",
			port->device);
	if (port->xdp.mode == DP_XDP_ALL && port->xdp.networks.count)
		return fail(error,
			"port \"%.60s\" has xdp.networks, which need xdp.mode voice or listed",
			port->device);
	return 0;
}

static int check_ports(const struct dp_options *dp, struct cfg_error *error)
{
	for (unsigned i = 0; i < dp->port_count; i++) {
		const struct dp_port_options *port = &dp->ports[i];
		uint64_t descriptors = (uint64_t)port->queues * port->descriptors;

		for (unsigned j = 0; j < i; j++)
			if (is_same_device(dp->ports[j].device, port->device))
				return fail(error, "two ports have the same device, \"%.60s\"",
					port->device);
		/* Every descriptor holds a buffer from the start. */
		if (dp->mbufs && dp->mbufs <= descriptors)
			return fail(error,
				"memory.mbufs is %u, must be more than the %llu descriptors of "
				"port \"%.60s\"",
				dp->mbufs, (unsigned long long)descriptors, port->device);
		if (check_xdp(port, error) != 0)
			return -1;
	}
	return 0;
}

/* What a call announced is taken until it ends, whoever else has the address. */
static int check_tenants(const struct cfg_options *options, struct cfg_error *error)
{
	for (unsigned i = 0; options->tenants && i < options->dp.port_count; i++)
		if (options->dp.ports[i].xdp.mode == DP_XDP_LISTED)
			return fail(error,
				"port \"%.60s\" has xdp.mode listed, which knows no capture.tenants",
				options->dp.ports[i].device);
	return 0;
}

struct time_key {
	const char *name;
	uint64_t ns;
};

static int check_at_most(struct time_key key, struct time_key limit, struct cfg_error *error)
{
	bool is_in_s = key.ns % NS_PER_S == 0 && limit.ns % NS_PER_S == 0;
	uint64_t unit_ns = is_in_s ? NS_PER_S : NS_PER_MS;
	const char *unit = is_in_s ? "s" : "ms";

	if (key.ns <= limit.ns)
		return 0;
	return fail(error, "%s is %llu%s, must be at most %s, %llu%s", key.name,
		(unsigned long long)(key.ns / unit_ns), unit, limit.name,
		(unsigned long long)(limit.ns / unit_ns), unit);
}

static int check_intervals(const struct qos_options *qos, struct cfg_error *error)
{
	struct time_key shortest = {"quality.adaptive.shortest", qos->report_interval_min_ns};
	struct time_key longest = {"quality.adaptive.longest", qos->report_interval_max_ns};
	struct time_key usual = {"quality.report_interval", qos->report_interval_ns};

	if (!shortest.ns)
		return 0;
	if (check_at_most(shortest, longest, error) != 0)
		return -1;
	if (check_at_most(shortest, usual, error) != 0)
		return -1;
	return check_at_most(usual, longest, error);
}

/* What is larger than the large one would be called small in reports. */
static int check_buffers(const struct qos_options *qos, struct cfg_error *error)
{
	struct time_key small = {"quality.buffer_small", qos->buffer_small_ns};
	struct time_key large = {"quality.buffer_large", qos->buffer_large_ns};
	struct time_key most = {"quality.buffer_max", qos->buffer_max_ns};

	if (check_at_most(small, large, error) != 0)
		return -1;
	return check_at_most(small, most, error);
}

/* With rx CPUs named, auto is pipeline. */
static int check_rx(const struct dp_options *dp, struct cfg_error *error)
{
	if (!dp->rx.count || !dp->port_count)
		return 0;
	for (unsigned i = 0; i < dp->port_count; i++)
		if (dp->ports[i].mode != DP_FUSED)
			return 0;
	return fail(error, "cores.rx names CPUs, but ports[].mode fused has no receive threads");
}

/* HEADER=TEXT,...: an item without one of them would match no message ever. */
static int check_headers(const char *key, const char *list, struct cfg_error *error)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		size_t equals = strcspn(list, "=");
		size_t text = equals + 1;

		while (text < n && list[text] == ' ')
			text++;
		if (strspn(list, " ") >= equals || text >= n)
			return fail(error, "%s has \"%.*s\", must be HEADER=TEXT", key,
				(int)(n < 60 ? n : 60), list);
		list += n;
		if (*list == ',' && !*++list)
			return fail(error, "%s ends in a comma", key);
	}
	return 0;
}

static int check_collectors(const struct hep_options *hep, struct cfg_error *error)
{
	for (unsigned i = 1; i < hep->collector_count; i++)
		if (hep_collector_is_twice(hep, i))
			return fail(error, "two collectors have the same address, \"%s\"",
				hep->collectors[i].address);
	return 0;
}

int cfg_check(const struct cfg_options *options, unsigned cpus, struct cfg_error *error)
{
	memset(error, 0, sizeof(*error));
	if (check_cores(&options->dp, cpus, error) != 0)
		return -1;
	if (check_tenants(options, error) != 0)
		return -1;
	if (check_intervals(&options->qos, error) != 0)
		return -1;
	if (check_buffers(&options->qos, error) != 0)
		return -1;
	if (check_rx(&options->dp, error) != 0)
		return -1;
	if (check_headers("hep.sip_only_headers", options->only_headers, error) != 0)
		return -1;
	if (check_headers("hep.sip_except_headers", options->except_headers, error) != 0)
		return -1;
	if (check_collectors(&options->hep, error) != 0)
		return -1;
	return check_ports(&options->dp, error);
}
