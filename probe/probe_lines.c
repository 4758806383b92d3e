/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "qos_mem.h"

enum {
	PATIENCE_MS = 2000, /* at the end of a live run, with who reads the JSON */
};

int probe_lines_init(struct probe_lines *l, const char *path, bool can_wait)
{
	int rc;

	*l = (struct probe_lines){.can_wait = can_wait, .fd = -1};
	pthread_mutex_init(&l->lock, NULL);
	l->filling = qos_mem_map(PROBE_LINES_ROOM);
	l->leaving = qos_mem_map(PROBE_LINES_ROOM);
	rc = -ENOMEM;
	if (l->filling && l->leaving) {
		l->fd = strcmp(path, "-") == 0
				? STDOUT_FILENO
				: open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		rc = l->fd < 0 ? -errno : 0;
	}
	if (rc)
		(void)probe_lines_fini(l);
	return rc;
}

/* The first reason that counts at the end. */
static int reason(const struct probe_lines *l)
{
	int error = atomic_load(&l->error);

	if (l->can_wait && l->lost_error)
		return -l->lost_error;
	if (error)
		return -error;
	return l->is_stalled ? -ETIMEDOUT : 0;
}

int probe_lines_fini(struct probe_lines *l)
{
	int rc = reason(l);

	/* Some file systems say only now that there is no room. */
	if (l->fd >= 0 && l->fd != STDOUT_FILENO && close(l->fd) != 0 && !rc)
		rc = -errno;
	pthread_mutex_destroy(&l->lock);
	qos_mem_unmap(l->filling, PROBE_LINES_ROOM);
	qos_mem_unmap(l->leaving, PROBE_LINES_ROOM);
	return rc;
}

/* How long the file may take nothing; -1: for ever. */
static int patience_ms(const struct probe_lines *l)
{
	if (l->can_wait)
		return -1;
	return atomic_load(&l->is_ending) ? PATIENCE_MS : 0;
}

static bool is_writable(const struct probe_lines *l)
{
	struct pollfd out = {.fd = l->fd, .events = POLLOUT};
	int n;

	do
		n = poll(&out, 1, patience_ms(l));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Live, control has more to do than to wait for who reads the JSON: a pipe that can be written takes PIPE_BUF octets.
 * False: not all was written. */
static bool write_rest(struct probe_lines *l)
{
	while (l->done < l->size && !l->is_stalled && is_writable(l)) {
		size_t left = l->size - l->done;
		ssize_t n = write(l->fd, l->leaving + l->done,
			l->can_wait || left < PIPE_BUF ? left : PIPE_BUF);

		if (n >= 0) {
			atomic_store(&l->error, 0);
			l->done += (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			atomic_store(&l->error, errno);
			break;
		}
	}
	return l->done == l->size;
}

static void swap(struct probe_lines *l)
{
	char *written = l->leaving;

	pthread_mutex_lock(&l->lock);
	l->leaving = l->filling;
	l->size = l->used;
	l->filling = written;
	l->used = 0;
	pthread_mutex_unlock(&l->lock);
	l->done = 0;
}

void probe_lines_write(struct probe_lines *l)
{
	bool is_whole = write_rest(l);

	if (is_whole) {
		swap(l);
		is_whole = write_rest(l);
	}
	if (!is_whole && (l->is_alone || (!l->can_wait && atomic_load(&l->is_ending))))
		atomic_store(&l->is_stalled, true);
}

void probe_lines_finish(struct probe_lines *l)
{
	atomic_store(&l->is_ending, true);
}

void probe_lines_alone(struct probe_lines *l)
{
	atomic_store(&l->is_ending, true);
	l->is_alone = true;
}

/* Where writing fails nobody waits: it may for hours. */
static bool may_wait(const struct probe_lines *l)
{
	return (l->can_wait || atomic_load(&l->is_ending)) && !atomic_load(&l->error) &&
	       !atomic_load(&l->is_stalled);
}

/* Called and returns with the lock. */
static bool has_room(struct probe_lines *l)
{
	while (PROBE_LINES_ROOM - l->used < PROBE_LINE_MAX) {
		if (l->is_alone ? l->is_stalled : !may_wait(l))
			return false;
		pthread_mutex_unlock(&l->lock);
		if (l->is_alone)
			probe_lines_write(l);
		else
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		pthread_mutex_lock(&l->lock);
	}
	return true;
}

char *probe_lines_begin(struct probe_lines *l)
{
	pthread_mutex_lock(&l->lock);
	return has_room(l) ? l->filling + l->used : NULL;
}

void probe_lines_end(struct probe_lines *l, size_t n)
{
	l->used += n;
	if (!n) {
		l->lost++;
		if (!l->lost_error)
			l->lost_error = atomic_load(&l->error);
	}
	pthread_mutex_unlock(&l->lock);
}

uint64_t probe_lines_lost(struct probe_lines *l)
{
	uint64_t lost;

	pthread_mutex_lock(&l->lock);
	lost = l->lost;
	pthread_mutex_unlock(&l->lock);
	return lost;
}
