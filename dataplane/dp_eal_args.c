/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks here what rte_eal_init would panic about or explain badly: CPUs and hugepages. */
#include "dp_eal_args.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_config.h>

#include "dp_hugepages.h"
#include "dp_log_pvt.h"
#include "dp_mode.h"
#include "dp_port_devargs.h"
#include "dp_topology.h"

enum {
	OFFLINE_MEMORY_MB = 512,
	LIVE_MEMORY_MB = 1024,
	CPUS_TEXT_MAX = 4096,
	LCORES_TEXT_MAX = 32768,
};

/* Text that grows at its end and notes when it could not. */
struct text {
	char *at;
	size_t room;
	bool is_full;
};

static __attribute__((format(printf, 2, 3))) void append(struct text *text, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(text->at, text->room, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= text->room) {
		text->is_full = true;
		return;
	}
	text->at += n;
	text->room -= (size_t)n;
}

static __attribute__((format(printf, 2, 3))) void add(
	struct dp_eal_args *args, const char *format, ...)
{
	size_t room = sizeof(args->text) - args->used;
	char *at = args->text + args->used;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(at, room, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= room || args->count >= DP_EAL_ARGS_MAX) {
		args->is_full = true;
		return;
	}
	args->used += (unsigned)n + 1;
	args->list[args->count++] = at;
}

static bool wants_pages(const struct dp_options *options, bool offline)
{
	return !offline && options->hugepages != DP_HUGEPAGES_OFF;
}

/* The CPUs of the process's affinity mask: "0-3,8". */
static int any_cpus(struct text *text)
{
	const char *comma = "";
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int first = cpu;

		if (!CPU_ISSET(cpu, &set))
			continue;
		while (cpu + 1 < CPU_SETSIZE && CPU_ISSET(cpu + 1, &set))
			cpu++;
		append(text, cpu > first ? "%s%d-%d" : "%s%d", comma, first, cpu);
		comma = ",";
	}
	return text->is_full ? -E2BIG : 0;
}

/* By trying, since an isolated CPU is not in the mask and yet can be used. EAL would panic. */
static int check_cpus(const struct dp_cpu_list *list, const cpu_set_t *own)
{
	int err = 0;

	for (unsigned i = 0; i < list->count && !err; i++) {
		cpu_set_t one;

		CPU_ZERO(&one);
		if (list->cpu[i] < CPU_SETSIZE)
			CPU_SET(list->cpu[i], &one);
		if (list->cpu[i] >= CPU_SETSIZE || sched_setaffinity(0, sizeof(one), &one))
			err = -EINVAL;
		if (err)
			DP_LOG(ERR, eal, "CPU %u cannot be used by this process", list->cpu[i]);
	}
	sched_setaffinity(0, sizeof(*own), own);
	return err;
}

/* n lcores of a role, from *next on; their numbers also go to ids. */
static void append_role(struct text *text, const struct dp_cpu_list *list, unsigned n,
	const char *any, unsigned *next, unsigned *ids)
{
	for (unsigned i = 0; i < n; i++) {
		const char *comma = *next ? "," : "";

		if (list->count)
			append(text, "%s%u@%u", comma, *next, list->cpu[i]);
		else
			append(text, "%s%u@(%s)", comma, *next, any);
		ids[i] = (*next)++;
	}
}

static cpu_set_t cpus_of(const struct dp_cpu_list *list, const cpu_set_t *any)
{
	cpu_set_t cpus = *any;

	if (list->count)
		CPU_ZERO(&cpus);
	for (unsigned i = 0; i < list->count; i++)
		CPU_SET(list->cpu[i], &cpus);
	return cpus;
}

/* Control opens the devices, for which DPDK takes memory of the node of the thread that does, and gives up where there is
 * none. A thread that may also run on a CPU of another node is of no node. */
static void append_control(struct text *text, const struct dp_cpu_list *list, const char *any,
	bool wants, struct dp_eal_args *args)
{
	int node = wants ? dp_topology_node("/sys", &args->control) : -1;
	int beyond = node >= 0 && !dp_topology_has_pages("/sys", node)
			     ? dp_topology_cpu_beyond("/sys", node)
			     : -1;

	args->left_node = beyond >= 0 ? node : -1;
	if (list->count)
		append(text, "0@(%u", list->cpu[0]);
	else
		append(text, "0@(%s", any);
	if (beyond >= 0)
		append(text, ",%d", beyond);
	append(text, ")");
}

static int add_lcores(const struct dp_options *options, bool offline, struct dp_eal_args *args,
	struct dp_lcores *lcores)
{
	unsigned rx = dp_rx_threads(options, offline), workers = dp_worker_threads(options);
	unsigned total = 2 + rx + workers, next = 1;
	char any[CPUS_TEXT_MAX] = "", list[LCORES_TEXT_MAX] = "";
	struct text text = {.at = list, .room = sizeof(list)};
	struct text any_text = {.at = any, .room = sizeof(any)};
	cpu_set_t own;
	int err;

	if (options->control.count > 1 || options->sender.count > 1) {
		DP_LOG(ERR, eal, "control and sender are one thread each");
		return -EINVAL;
	}
	if (total > RTE_MAX_LCORE) {
		DP_LOG(ERR, eal, "%u threads are too many, at most %d are possible", total,
			RTE_MAX_LCORE);
		return -E2BIG;
	}
	err = sched_getaffinity(0, sizeof(own), &own) ? -errno : any_cpus(&any_text);
	if (err) {
		DP_LOG(ERR, eal, "could not get the CPUs of this process: %s", strerror(-err));
		return err;
	}
	if (check_cpus(&options->control, &own) || check_cpus(&options->rx, &own) ||
		check_cpus(&options->workers, &own) || check_cpus(&options->sender, &own))
		return -EINVAL;

	*lcores = (struct dp_lcores){
		.rx_count = rx,
		.worker_count = workers,
	};
	args->control = cpus_of(&options->control, &own);
	append_control(&text, &options->control, any, wants_pages(options, offline), args);
	append_role(&text, &options->rx, rx, any, &next, lcores->rx);
	append_role(&text, &options->workers, workers, any, &next, lcores->worker);
	append_role(&text, &options->sender, 1, any, &next, &lcores->sender);
	args->is_full |= text.is_full;
	add(args, "--lcores=%s", list);
	add(args, "--main-lcore=0");
	return 0;
}

/* What is left of hugepages is unlinked at once, so that even a killed process leaves nothing. */
static int add_memory(const struct dp_options *options, bool offline, struct dp_eal_args *args)
{
	uint64_t mb = options->memory ? (options->memory + (1 << 20) - 1) >> 20
		      : offline	      ? OFFLINE_MEMORY_MB
				      : LIVE_MEMORY_MB;
	uint64_t machine_mb =
		((uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE)) >> 20;
	bool wants = wants_pages(options, offline);
	uint64_t free_mb = wants ? dp_hugepages_free() >> 20 : 0;

	/* More makes EAL give up without a word, or crash. */
	if (mb > machine_mb) {
		DP_LOG(ERR, eal,
			"packet memory (memory.packet) is %" PRIu64
			" MB, but the machine has %" PRIu64 " MB",
			mb, machine_mb);
		return -ENOMEM;
	}
	if (wants && options->hugepages == DP_HUGEPAGES_ON && free_mb < mb) {
		DP_LOG(ERR, eal,
			"packet memory needs %" PRIu64 " MB of hugepages, but only %" PRIu64
			" MB are free and mounted",
			mb, free_mb);
		return -ENOMEM;
	}
	if (wants && free_mb >= mb)
		add(args, "--huge-unlink");
	else
		add(args, "--no-huge");
	add(args, "-m");
	add(args, "%" PRIu64, mb);
	return 0;
}

/* Only devices that were asked for: anything else bound to DPDK may be someone else's. */
static void add_devices(const struct dp_options *options, bool offline, struct dp_eal_args *args)
{
	bool has_pci = false;

	for (unsigned i = 0; i < options->port_count && !offline; i++) {
		if (dp_port_driver_of(&options->ports[i]) != DP_PCI)
			continue;
		has_pci = true;
		add(args, "-a");
		add(args, "%s", options->ports[i].device);
	}
	if (!has_pci)
		add(args, "--no-pci");
}

int dp_eal_args_make(const struct dp_options *options, bool offline, struct dp_eal_args *args,
	struct dp_lcores *lcores)
{
	const char *prefix = options->file_prefix[0] ? options->file_prefix : "heptap";
	int err;

	args->count = 0;
	args->used = 0;
	args->is_full = false;
	add(args, "heptap");
	err = add_lcores(options, offline, args, lcores);
	if (!err)
		err = add_memory(options, offline, args);
	if (err)
		return err;
	add_devices(options, offline, args);
	if (offline) {
		add(args, "--no-shconf");
		add(args, "--file-prefix=%s-%d", prefix, (int)getpid());
	} else {
		add(args, "--file-prefix=%s", prefix);
	}
	if (!options->telemetry)
		add(args, "--no-telemetry");
	/* It warns when no command of its old kind was registered. Before "*": for log types that come
	 * later, as this one does, the first match counts; for those that exist, the last. */
	add(args, "--log-level=lib.telemetry:error");
	add(args, "--log-level=*:warning");
	add(args, "--log-level=heptap.*:info");
	args->list[args->count] = NULL;
	if (args->is_full) {
		DP_LOG(ERR, eal, "the options make too long a command line for DPDK");
		return -E2BIG;
	}
	return 0;
}
