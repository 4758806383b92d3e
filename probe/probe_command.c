/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_command.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include <rte_telemetry.h>

enum {
	COMMANDS_MAX = 16,
};

/* The mutex keeps the probe alive while a command runs, and changes of one thing apart. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct probe *current;
static const struct probe_command *known[COMMANDS_MAX];
static unsigned known_count;

static const struct probe_command *find(const char *path)
{
	for (unsigned i = 0; i < known_count; i++)
		if (strcmp(known[i]->path, path) == 0)
			return known[i];
	return NULL;
}

static int run(const char *path, const char *params, struct rte_tel_data *d)
{
	const struct probe_command *command;
	int rc = -ENODEV;

	params = params ? params : "";
	pthread_mutex_lock(&lock);
	command = find(path);
	if (current && command)
		rc = *params && !command->has_parameters ? -EINVAL
							 : command->answer(current, params, d);
	pthread_mutex_unlock(&lock);
	return rc;
}

int probe_commands_add(const struct probe_command *commands, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int rc;

		if (known_count == COMMANDS_MAX)
			return -ENOSPC;
		rc = rte_telemetry_register_cmd(commands[i].path, run, commands[i].help);
		if (rc)
			return rc;
		pthread_mutex_lock(&lock);
		known[known_count++] = &commands[i];
		pthread_mutex_unlock(&lock);
	}
	return 0;
}

void probe_commands_begin(struct probe *probe)
{
	pthread_mutex_lock(&lock);
	current = probe;
	pthread_mutex_unlock(&lock);
}

void probe_commands_end(void)
{
	pthread_mutex_lock(&lock);
	current = NULL;
	pthread_mutex_unlock(&lock);
}
