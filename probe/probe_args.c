/* SPDX-License-Identifier: BSD-3-Clause */
/* getopt_long, then the rules between options, then the configuration. */
#include "probe_args.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cfg_check.h"
#include "cfg_load.h"
#include "cfg_print.h"
#include "dp_filter.h"
#include "dp_port.h"
#include "probe_bound.h"
#include "probe_rate.h"
#include "probe_version.h"

/* A file is read faster than a collector's socket buffer empties; live traffic has its own pace. */
#define FILE_HEP_RATE 10000

enum {
	OPT_HEP = 256,
	OPT_FILTER,
	OPT_JSON,
	OPT_CHECK_CONFIG,
	OPT_PRINT_CONFIG,
	OPT_PRINT_SCHEMA,
	OPT_LIST_PORTS,
	OPT_RATE,
	OPT_VERSION,
};

struct args {
	struct probe_run *run;
	const char *rate;
	bool bare_json; /* without a path */
	bool check_config, print_config, print_schema, list_ports, version, help;
};

static void print_help(void)
{
	puts("heptap: passive VoIP probe: SIP, RTP and RTCP from a mirror port or a capture file to HEP3\n"
	     "\n"
	     "  heptap -c FILE              run as configured until SIGINT, SIGTERM or SIGHUP\n"
	     "  heptap -r FILE [FILE]..     read capture files (pcap, pcapng; - is standard input); what\n"
	     "                              comes by a pipe is handed on as it comes\n"
	     "  heptap -i INTERFACE         capture on a kernel interface without a configuration\n"
	     "  heptap --rate codec=CODEC[/MODE][,loss=PERCENT][,burstr=RATIO][,delay=MS]\n"
	     "                              what the E-model makes of a codec, a loss and a one-way delay\n"
	     "\n"
	     "  -c FILE            configuration, YAML; may stand beside -r and -i\n"
	     "  --hep udp:HOST:PORT  send HEP3 to this collector; repeatable, replaces those of the\n"
	     "                     configuration\n"
	     "  --filter EXPRESSION  take only what this expression of pcap-filter(7) chooses;\n"
	     "                     replaces those of the configuration\n"
	     "  --json PATH        write streams, calls, RTCP and a summary as JSON, one object a line:\n"
	     "                     live and of a pipe as these end, of files sorted at the end;\n"
	     "                     - is standard output, and then no tables are printed; with --rate\n"
	     "                     it takes no PATH and prints one object\n"
	     "  --check-config     load the configuration of -c, say whether it is valid, and exit\n"
	     "  --print-config     print the effective configuration as YAML and exit\n"
	     "  --print-schema     print the reference of all configuration keys and exit\n"
	     "  --list-ports       print the interfaces and devices that can be captured on, and exit\n"
	     "  --version          print the versions of heptap and its libraries, and exit\n"
	     "  --help             print this help and exit\n"
	     "\n"
	     "Exit codes: 0 done, 1 could not start, write or read to the end, 2 wrong arguments or configuration,\n"
	     "3 a capture file was damaged or empty (everything before the damage was reported).");
}

static enum probe_action __attribute__((format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" (try \"heptap --help\")\n", stderr);
	return PROBE_USAGE;
}

static enum probe_action take_once(const char **to, const char *option, const char *arg)
{
	if (*to)
		return usage("heptap: option \"%s\" is given twice", option);
	*to = arg;
	return PROBE_RUN;
}

/* Two readers of standard input would each get parts of it. */
static enum probe_action take_file(struct probe_run *run, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;

	if (run->file_count == DP_FILES_MAX)
		return usage(
			"heptap: too many files at \"%s\": at most %d; \"mergecap\" (Wireshark) makes one of many",
			path, DP_FILES_MAX);
	for (unsigned i = 0; is_stdin && i < run->file_count; i++)
		if (strcmp(run->files[i], "-") == 0)
			return usage("heptap: standard input is given twice");
	run->files[run->file_count++] = path;
	return PROBE_RUN;
}

static enum probe_action take(struct args *a, int opt, char *arg)
{
	struct probe_run *run = a->run;

	switch (opt) {
	case 'c':
		return take_once(&run->config, "-c", arg);
	case 'r':
		return take_file(run, arg);
	case 'i':
		return take_once(&run->interface_, "-i", arg);
	case OPT_HEP:
		if (run->hep_count == HEP_COLLECTORS_MAX)
			return usage("heptap: too many collectors at \"%s\"", arg);
		run->hep[run->hep_count++] = arg;
		break;
	case OPT_FILTER:
		return take_once(&run->filter, "--filter", arg);
	case OPT_JSON:
		return take_once(&run->json, "--json", arg);
	case OPT_CHECK_CONFIG:
		a->check_config = true;
		break;
	case OPT_PRINT_CONFIG:
		a->print_config = true;
		break;
	case OPT_PRINT_SCHEMA:
		a->print_schema = true;
		break;
	case OPT_LIST_PORTS:
		a->list_ports = true;
		break;
	case OPT_RATE:
		return take_once(&a->rate, "--rate", arg);
	case OPT_VERSION:
		a->version = true;
		break;
	default:
		a->help = true;
		break;
	}
	return PROBE_RUN;
}

/* The path of --json, which --rate does without. */
static char *take_path(int argc, char **argv)
{
	bool is_path = optind < argc && (argv[optind][0] != '-' || argv[optind][1] == '\0');

	return is_path ? argv[optind++] : NULL;
}

static enum probe_action parse(int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{"hep", required_argument, NULL, OPT_HEP},
		{"filter", required_argument, NULL, OPT_FILTER},
		{"json", optional_argument, NULL, OPT_JSON},
		{"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
		{"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
		{"print-schema", no_argument, NULL, OPT_PRINT_SCHEMA},
		{"list-ports", no_argument, NULL, OPT_LIST_PORTS},
		{"rate", required_argument, NULL, OPT_RATE},
		{"version", no_argument, NULL, OPT_VERSION},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":c:r:i:h", options, NULL)) != -1) {
		if (opt == ':')
			return usage("heptap: option \"%s\" needs an argument", argv[optind - 1]);
		if (opt == '?')
			return usage("heptap: unrecognized option \"%s\"", argv[optind - 1]);
		if (opt == OPT_JSON && !optarg) {
			optarg = take_path(argc, argv);
			a->bare_json = !optarg;
		}
		if (take(a, opt, optarg) != PROBE_RUN)
			return PROBE_USAGE;
	}
	if (a->bare_json && !a->rate)
		return usage("heptap: option \"%s\" needs an argument", "--json");
	/* -r ring_*.pcap: a shell makes one file of -r and many behind it. */
	while (a->run->file_count && optind < argc)
		if (take_file(a->run, argv[optind++]) != PROBE_RUN)
			return PROBE_USAGE;
	if (optind < argc)
		return usage("heptap: unexpected argument \"%s\"%s", argv[optind],
			a->run->interface_ ? "" : ": -r goes before capture files");
	return PROBE_RUN;
}

static enum probe_action config_error(const struct cfg_error *error, const char *path)
{
	char line[512];

	cfg_error_format(error, path, line, sizeof(line));
	fprintf(stderr, "%s\n", line);
	return PROBE_USAGE;
}

static enum probe_action add_collectors(const struct probe_run *run, struct hep_options *hep)
{
	char reason[512];

	/* Reading a file sends nothing unless the command line asks for it. */
	if (run->hep_count || run->file_count)
		hep->collector_count = 0;
	for (unsigned i = 0; i < run->hep_count; i++) {
		struct hep_collector_options *c = &hep->collectors[hep->collector_count];

		memset(c, 0, sizeof(*c));
		if (hep_collector_parse(run->hep[i], c, reason, sizeof(reason)) != 0) {
			fprintf(stderr, "heptap: %s\n", reason);
			return PROBE_USAGE;
		}
		if (hep_collector_is_twice(hep, hep->collector_count))
			return usage("heptap: collector \"%s\" is given twice", run->hep[i]);
		/* A live probe asks for addresses while it runs; a file's HEP has only now. */
		if (run->file_count && hep_collector_resolve(c, reason, sizeof(reason)) != 0) {
			fprintf(stderr, "heptap: invalid collector \"%s\": %s\n", run->hep[i],
				reason);
			return PROBE_USAGE;
		}
		if (run->file_count)
			c->rate = FILE_HEP_RATE;
		hep->collector_count++;
	}
	return PROBE_RUN;
}

/* -i: one port in place of those of the configuration. */
static enum probe_action apply_interface(const struct probe_run *run, struct dp_options *o)
{
	struct dp_port_options *port = &o->ports[0];

	if (strlen(run->interface_) >= sizeof(port->device))
		return usage("heptap: interface name \"%s\" is too long", run->interface_);
	*port = (struct dp_port_options){
		.driver = DP_AF_PACKET,
		.queues = 1,
		.descriptors = 1024,
		.max_frame = 2048,
		.promiscuous = true,
	};
	memcpy(port->device, run->interface_, strlen(run->interface_) + 1);
	o->port_count = 1;
	if (!run->config)
		o->hugepages = DP_HUGEPAGES_OFF;
	return PROBE_RUN;
}

/* -r: no port, and one thread that reads; workers as configured. */
static void apply_files(struct dp_options *o)
{
	o->port_count = 0;
	o->telemetry = false;
	o->rx.count = o->rx.count > 1 ? 1 : o->rx.count;
}

static enum probe_action apply_run(struct probe_run *run, struct cfg_options *o)
{
	bool is_json_on_stdout = run->json && strcmp(run->json, "-") == 0;

	if (run->interface_ && apply_interface(run, &o->dp) != PROBE_RUN)
		return PROBE_USAGE;
	if (run->file_count)
		apply_files(&o->dp);
	run->has_table = (run->file_count || run->interface_) && !is_json_on_stdout;
	return add_collectors(run, &o->hep);
}

/* One on the command line replaces all that are configured. */
static enum probe_action apply_filter(const struct probe_run *run, struct dp_options *o)
{
	for (unsigned i = 0; run->filter && i < o->port_count; i++)
		o->ports[i].filter[0] = '\0';
	if (run->filter && strlen(run->filter) >= sizeof(o->filter))
		return usage("heptap: filter \"%s\" is too long", run->filter);
	if (run->filter)
		memcpy(o->filter, run->filter, strlen(run->filter) + 1);
	for (unsigned i = 0; i < o->port_count; i++)
		if (!o->ports[i].filter[0])
			memcpy(o->ports[i].filter, o->filter, sizeof(o->filter));
	return PROBE_RUN;
}

/* of: its name, quoted. */
static enum probe_action check_filter(const char *path, const char *of, const char *filter)
{
	char error[256];

	if (!filter[0] || dp_filter_check(filter, error, sizeof(error)) == 0)
		return PROBE_RUN;
	fprintf(stderr, "%s: invalid filter for %s: \"%s\": %s\n", path, of, filter, error);
	return PROBE_USAGE;
}

/* Whether anything uses them or not. */
static enum probe_action check_filters(const struct probe_run *run, const struct dp_options *o)
{
	enum probe_action action = PROBE_RUN;
	char of[64 + DP_DEVICE_MAX];

	if (run->config)
		action = check_filter(run->config, "\"capture.filter\"", o->filter);
	for (unsigned i = 0; i < o->port_count && action == PROBE_RUN; i++) {
		snprintf(of, sizeof(of), "\"ports[%u].filter\" of port \"%s\"", i,
			o->ports[i].device);
		action = check_filter(run->config, of, o->ports[i].filter);
	}
	if (run->filter && action == PROBE_RUN)
		action = check_filter("heptap", "\"--filter\"", run->filter);
	return action;
}

/* Pools and rings are made of it at once. */
static enum probe_action check_memory(const struct probe_run *run, const struct cfg_options *o)
{
	uint64_t least = probe_bound_least(o, run->file_count > 0);

	if (!o->dp.memory || o->dp.memory >= least)
		return PROBE_RUN;
	fprintf(stderr,
		"%s: memory.packet is %" PRIu64 "M, must be at least %" PRIu64
		"M for ports[].queues, ports[].descriptors, memory.mbufs and limits\n",
		run->config, o->dp.memory >> 20, (least >> 20) + 1);
	return PROBE_USAGE;
}

static enum probe_action check_rules(const struct args *a)
{
	const struct probe_run *run = a->run;

	if (run->file_count && run->interface_)
		return usage("heptap: %s cannot be combined", "-r and -i");
	if (a->check_config && !run->config)
		return usage("heptap: %s needs -c FILE", "--check-config");
	if (!run->file_count && !run->interface_ && !run->config && !a->print_config)
		return usage("heptap: nothing to do: give %s", "-c FILE, -r FILE or -i INTERFACE");
	return PROBE_RUN;
}

static enum probe_action load(const struct args *a, struct cfg_options *o)
{
	struct probe_run *run = a->run;
	struct cfg_error error;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	cfg_defaults(o);
	if (run->config && cfg_load_file(run->config, o, &error) != 0)
		return config_error(&error, run->config);
	if (cfg_check(o, cpus > 0 ? (unsigned)cpus : 1, &error) != 0)
		return config_error(&error, run->config ? run->config : "defaults");
	if (check_filters(run, &o->dp) != PROBE_RUN || apply_run(run, o) != PROBE_RUN ||
		apply_filter(run, &o->dp) != PROBE_RUN || check_memory(run, o) != PROBE_RUN)
		return PROBE_USAGE;
	if (a->check_config) {
		printf("%s: valid\n", run->config);
		return PROBE_DONE;
	}
	if (a->print_config) {
		cfg_print(o, stdout);
		return PROBE_DONE;
	}
	if (!run->file_count && !o->dp.port_count)
		return usage("heptap: no port in \"%s\"", run->config);
	return PROBE_RUN;
}

static enum probe_action print_rate(const struct args *a)
{
	const struct probe_run *run = a->run;
	struct probe_rate rate;

	if (run->config || run->file_count || run->interface_ || run->hep_count)
		return usage("heptap: --rate and %s cannot be combined", "-c, -r, -i or --hep");
	if (run->json && strcmp(run->json, "-") != 0)
		return usage("heptap: --rate prints to standard output, not to \"%s\"", run->json);
	if (probe_rate_parse(a->rate, &rate) != 0)
		return usage("heptap: --rate: %s", rate.reason);
	probe_rate_print(&rate, a->bare_json || run->json);
	return PROBE_DONE;
}

enum probe_action probe_args_read(
	int argc, char **argv, struct cfg_options *options, struct probe_run *run)
{
	struct args a = {.run = run};

	*run = (struct probe_run){0};
	if (parse(argc, argv, &a) != PROBE_RUN)
		return PROBE_USAGE;
	if (a.help) {
		print_help();
		return PROBE_DONE;
	}
	if (a.version) {
		probe_version_print();
		return PROBE_DONE;
	}
	if (a.print_schema) {
		cfg_print_schema(stdout);
		return PROBE_DONE;
	}
	if (a.list_ports) {
		dp_port_list();
		return PROBE_DONE;
	}
	if (a.rate)
		return print_rate(&a);
	if (check_rules(&a) != PROBE_RUN)
		return PROBE_USAGE;
	return load(&a, options);
}
