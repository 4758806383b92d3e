/* SPDX-License-Identifier: BSD-3-Clause */
/* The program runs from the moment it is attached, and does nothing until its configuration is written;
 * that comes last, so that ports and networks are there when it begins. */
#include "dp_xdp.h"

#include <linux/bpf.h>
#include <net/if.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dp_log_pvt.h"
#include "dp_xdp_running.h"

enum map {
	CONFIG,
	COUNTS,
	PORTS,
	NET4,
	NET6,
	MEDIA,
	MAP_COUNT,
};

static const char *const map_names[MAP_COUNT] = {
	[CONFIG] = "heptap_config",
	[COUNTS] = "heptap_counts",
	[PORTS] = "heptap_ports",
	[NET4] = "heptap_net4",
	[NET6] = "heptap_net6",
	[MEDIA] = "heptap_media",
};

struct dp_xdp {
	struct dp_xdp_config config; /* as the program has it */
	enum dp_xdp_mode mode;
	int fds[MAP_COUNT];
	unsigned ifindex; /* 0: not attached by a driver */
	uint32_t program_id;
	_Atomic uint64_t learnt;
	_Atomic uint64_t refused;
};

static int open_maps(struct dp_xdp *xdp, int program_fd)
{
	for (unsigned i = 0; i < MAP_COUNT; i++) {
		xdp->fds[i] = dp_xdp_map_open(program_fd, map_names[i]);
		if (xdp->fds[i] < 0)
			return xdp->fds[i];
	}
	return 0;
}

static int write_config(struct dp_xdp *xdp)
{
	uint32_t first = 0;

	return bpf_map_update_elem(xdp->fds[CONFIG], &first, &xdp->config, BPF_ANY) ? -errno : 0;
}

static void free_xdp(struct dp_xdp *xdp)
{
	for (unsigned i = 0; i < MAP_COUNT; i++)
		if (xdp->fds[i] >= 0)
			close(xdp->fds[i]);
	free(xdp);
}

int dp_xdp_open(int program_fd, const struct dp_xdp_options *options, struct dp_xdp **xdp)
{
	struct dp_xdp *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	memset(new->fds, 0xff, sizeof(new->fds));
	new->mode = (enum dp_xdp_mode)options->mode;
	new->config.rest = options->rest == DP_XDP_REST_DROP ? XDP_DROP : XDP_PASS;
	new->config.owner_pid = (uint32_t)getpid();
	new->config.owner_start = dp_xdp_process_start(new->config.owner_pid);
	err = open_maps(new, program_fd);
	if (!err)
		err = dp_xdp_set_ports(new, &options->ports, true);
	if (!err)
		err = dp_xdp_set_networks(new, &options->networks, true);
	if (!err) {
		new->config.filter = DP_XDP_FILTER_ALL + options->mode;
		err = write_config(new);
	}
	if (err)
		free_xdp(new);
	else
		*xdp = new;
	return err;
}

int dp_xdp_open_device(const struct dp_port_options *options, struct dp_xdp **xdp)
{
	struct dp_xdp_running running;
	unsigned ifindex = if_nametoindex(options->device);
	int err = dp_xdp_running_find(ifindex, &running);

	if (!err) {
		err = running.is_ours ? dp_xdp_open(running.fd, &options->xdp, xdp) : -EBUSY;
		dp_xdp_running_release(&running);
	}
	if (err) {
		DP_LOG(ERR, port, "could not configure the XDP program of \"%s\": %s",
			options->device, strerror(-err));
		return err;
	}
	(*xdp)->ifindex = ifindex;
	(*xdp)->program_id = running.id;
	return 0;
}

void dp_xdp_close(struct dp_xdp *xdp)
{
	struct dp_xdp_running running;

	if (!xdp)
		return;
	if (xdp->ifindex && dp_xdp_running_find(xdp->ifindex, &running) == 0) {
		if (running.id == xdp->program_id)
			(void)dp_xdp_running_detach(&running);
		dp_xdp_running_release(&running);
	}
	free_xdp(xdp);
}

static int set_port_word(struct dp_xdp *xdp, uint32_t word, uint64_t mask, bool is_added)
{
	uint64_t bits = 0;

	if (bpf_map_lookup_elem(xdp->fds[PORTS], &word, &bits))
		return -errno;
	bits = is_added ? bits | mask : bits & ~mask;
	return bpf_map_update_elem(xdp->fds[PORTS], &word, &bits, BPF_ANY) ? -errno : 0;
}

int dp_xdp_set_ports(struct dp_xdp *xdp, const struct dp_port_ranges *ports, bool is_added)
{
	for (unsigned i = 0; i < ports->count; i++) {
		uint32_t first = ports->range[i].first, last = ports->range[i].last;

		for (uint32_t word = first / 64; word <= last / 64; word++) {
			uint64_t mask = ~0ULL;
			int err;

			if (word == first / 64)
				mask &= ~0ULL << first % 64;
			if (word == last / 64)
				mask &= ~0ULL >> (63 - last % 64);
			err = set_port_word(xdp, word, mask, is_added);
			if (err)
				return err;
		}
	}
	return 0;
}

/* Octet and bit order of the tries' keys are the network's: a shorter address is the first octets. */
static int set_network(struct dp_xdp *xdp, const struct dp_network *network, bool is_added)
{
	struct dp_xdp_net6 key = {.bits = network->prefix};
	int fd = xdp->fds[network->family == 4 ? NET4 : NET6];
	uint32_t one = 1,
		 *count = network->family == 4 ? &xdp->config.networks4 : &xdp->config.networks6;

	memcpy(key.addr, network->address, sizeof(key.addr));
	if (is_added) {
		if (bpf_map_update_elem(fd, &key, &one, BPF_NOEXIST))
			return errno == EEXIST ? 0 : -errno;
		++*count;
	} else {
		if (bpf_map_delete_elem(fd, &key))
			return -errno;
		--*count;
	}
	return 0;
}

int dp_xdp_set_networks(struct dp_xdp *xdp, const struct dp_networks *networks, bool is_added)
{
	int err = 0, written;

	for (unsigned i = 0; i < networks->count && !err; i++)
		err = set_network(xdp, &networks->network[i], is_added);
	/* Before dp_xdp_open is done this writes a filter that takes nothing yet. */
	written = write_config(xdp);
	return err ? err : written;
}

static struct dp_xdp_media media_key(uint8_t family, const uint8_t address[16], uint16_t port)
{
	struct dp_xdp_media key = {.port = port, .family = family};

	memcpy(key.addr, address, family == 4 ? 4 : sizeof(key.addr));
	return key;
}

int dp_xdp_learn(struct dp_xdp *xdp, uint8_t family, const uint8_t address[16], uint16_t port)
{
	struct dp_xdp_media key = media_key(family, address, port);
	uint32_t one = 1;

	if (bpf_map_update_elem(xdp->fds[MEDIA], &key, &one, BPF_NOEXIST)) {
		if (errno == EEXIST)
			return 0;
		atomic_fetch_add_explicit(&xdp->refused, 1, memory_order_relaxed);
		return -errno;
	}
	atomic_fetch_add_explicit(&xdp->learnt, 1, memory_order_relaxed);
	return 0;
}

int dp_xdp_forget(struct dp_xdp *xdp, uint8_t family, const uint8_t address[16], uint16_t port)
{
	struct dp_xdp_media key = media_key(family, address, port);

	if (bpf_map_delete_elem(xdp->fds[MEDIA], &key))
		return errno == ENOENT ? 0 : -errno;
	atomic_fetch_sub_explicit(&xdp->learnt, 1, memory_order_relaxed);
	return 0;
}

uint64_t dp_xdp_learnt(const struct dp_xdp *xdp)
{
	return atomic_load_explicit(&xdp->learnt, memory_order_relaxed);
}

uint64_t dp_xdp_refused(const struct dp_xdp *xdp)
{
	return atomic_load_explicit(&xdp->refused, memory_order_relaxed);
}

enum dp_xdp_mode dp_xdp_mode(const struct dp_xdp *xdp)
{
	return xdp->mode;
}

bool dp_xdp_drops_rest(const struct dp_xdp *xdp)
{
	return xdp->config.rest == XDP_DROP;
}

int dp_xdp_counts(const struct dp_xdp *xdp, uint64_t counts[DP_XDP_REASON_COUNT])
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	uint64_t *values;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < DP_XDP_REASON_COUNT && !err; i++) {
		counts[i] = 0;
		err = bpf_map_lookup_elem(xdp->fds[COUNTS], &i, values) ? -errno : 0;
		for (int cpu = 0; cpu < cpus && !err; cpu++)
			counts[i] += values[cpu];
	}
	free(values);
	return err;
}

const char *dp_xdp_reason_name(unsigned reason)
{
	static const char *const names[] = {
#define X(name, is_taken, help) #name,
#include "dp_xdp_reasons.def"
#undef X
	};

	return reason < DP_XDP_REASON_COUNT ? names[reason] : "";
}
