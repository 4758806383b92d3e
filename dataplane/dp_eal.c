/* SPDX-License-Identifier: BSD-3-Clause */
/* Prepares what rte_eal_init needs (arguments, a runtime directory that this user may write to, a log
 * stream) and calls it. */
#include "dp_eal.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include "dp_eal_args.h"
#include "dp_log.h"
#include "dp_log_pvt.h"
#include "dp_meta.h"
#include "dp_node.h"

RTE_LOG_REGISTER(dp_log_eal, heptap.eal, INFO)

int dp_meta_offset = -1;

static bool is_writable(const char *path)
{
	return access(path, W_OK | X_OK) == 0;
}

/* EAL makes path/dpdk/<file prefix>; another user may have made path/dpdk. */
static bool is_runtime_dir(const char *path)
{
	char below[PATH_MAX];

	if (!path || !path[0])
		return false;
	snprintf(below, sizeof(below), "%s/dpdk", path);
	return access(below, F_OK) == 0 ? is_writable(below) : is_writable(path);
}

/* A directory in /tmp is believed only when it is ours and nobody else can write to it. */
static int make_private_dir(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (lstat(path, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 0077))
		return -EPERM;
	return 0;
}

/* EAL takes RUNTIME_DIRECTORY (systemd's) first, then /var/run for root or XDG_RUNTIME_DIR, then
 * /tmp, and gives up when it cannot write there. */
static int choose_runtime_dir(void)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");
	char own[PATH_MAX];
	int err;

	if (!dir)
		dir = geteuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	if (is_runtime_dir(dir))
		return 0;
	snprintf(own, sizeof(own), "/tmp/heptap-%u", (unsigned)geteuid());
	err = make_private_dir(own);
	if (err) {
		DP_LOG(ERR, eal, "could not use \"%s\" as the runtime directory: %s", own,
			strerror(-err));
		return err;
	}
	return setenv("RUNTIME_DIRECTORY", own, 1) ? -errno : 0;
}

/* Succeeds only when it is empty: after an offline run, which leaves no files. */
static void remove_runtime_dir(const char *dir)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", dir);
	unlink(path);
	rmdir(dir);
}

static int register_meta(void)
{
	const struct rte_mbuf_dynfield field = {
		.name = "heptap_meta",
		.size = sizeof(struct dp_meta),
		.align = _Alignof(struct dp_meta),
	};

	dp_meta_offset = rte_mbuf_dynfield_register(&field);
	return dp_meta_offset < 0 ? -rte_errno : 0;
}

/* EAL locks the file as long as it runs. */
static bool is_in_use(const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK};
	char path[PATH_MAX + 32];
	bool is_locked;
	int fd;

	snprintf(path, sizeof(path), "%s/config", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return is_locked;
}

static void log_failure(const struct dp_options *options, bool offline, int err)
{
	if (!offline && is_in_use(rte_eal_get_runtime_dir())) {
		if (dp_log_is_begun())
			dp_log_drop();
		DP_LOG(ERR, eal,
			"could not start DPDK: a probe with telemetry.prefix \"%s\" runs already; "
			"a second one needs another prefix",
			options->file_prefix);
	} else {
		DP_LOG(ERR, eal, "could not start DPDK: %s", rte_strerror(-err));
	}
}

/* For DPDK this thread is still of no node, so that its drivers take what memory there is. */
static void return_to_node(struct dp_eal_args *args)
{
	if (args->left_node < 0)
		return;
	sched_setaffinity(0, sizeof(args->control), &args->control);
	if (dp_eal_has_hugepages())
		(void)dp_node_is_left(&args->left_node, ENOMEM, DP_NODE_DRIVERS);
}

int dp_eal_start(const struct dp_options *options, bool offline, struct dp_lcores *lcores)
{
	struct dp_eal_args *args;
	int err;

	/* EAL would log to standard output, which is for results, and to syslog. */
	if (!dp_log_is_begun())
		rte_openlog_stream(stderr);
	err = choose_runtime_dir();
	if (err)
		return err;
	args = malloc(sizeof(*args));
	if (!args)
		return -ENOMEM;
	err = dp_eal_args_make(options, offline, args, lcores);
	if (err)
		goto out;
	if (rte_eal_init(args->count, args->list) < 0) {
		err = rte_errno ? -rte_errno : -EIO;
		log_failure(options, offline, err);
		/* A live one's may be that of a probe that runs already under this prefix. */
		if (offline)
			remove_runtime_dir(rte_eal_get_runtime_dir());
		goto out;
	}
	return_to_node(args);
	err = register_meta();
	if (err) {
		DP_LOG(ERR, eal, "could not reserve a field in packet buffers: %s",
			rte_strerror(-err));
		dp_eal_stop();
	}
out:
	free(args);
	return err;
}

void dp_eal_stop(void)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	remove_runtime_dir(dir);
}

bool dp_eal_has_hugepages(void)
{
	return rte_eal_has_hugepages() != 0;
}
