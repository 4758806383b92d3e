/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes bursts from the mailboxes in turn and hands them to hep_sender. */
#include "probe_sender.h"

#include <rte_cycles.h>

#include "dp_idle.h"
#include "probe_worker.h"

#define GRACE_S 1 /* for what is on its way when the reading of files is interrupted */

/* Whoever interrupts does not wait for the reports of all streams at their pace. end: in cycles of the timer, 0 at first. */
static bool is_out_of_time(const struct probe *probe, uint64_t *end)
{
	if (!atomic_load_explicit(&probe->is_interrupted, memory_order_relaxed))
		return false;
	if (!*end)
		*end = rte_get_timer_cycles() + GRACE_S * rte_get_timer_hz();
	return rte_get_timer_cycles() >= *end;
}

static unsigned drop_burst(struct probe *probe, struct dp_mailbox *mailbox)
{
	struct dp_message *msg[HEP_SEND_BURST];
	unsigned n = dp_mailbox_take(mailbox, msg, HEP_SEND_BURST);

	pkt_count(&probe->hep_interrupted, n);
	dp_mailbox_free(mailbox, msg, n);
	return n;
}

static unsigned send_burst(struct probe *probe, struct dp_mailbox *mailbox)
{
	struct dp_message *msg[HEP_SEND_BURST];
	struct bytes out[HEP_SEND_BURST];
	unsigned n = dp_mailbox_take(mailbox, msg, HEP_SEND_BURST);

	if (!n)
		return 0;
	for (unsigned i = 0; i < n; i++)
		out[i] = bytes_of(msg[i]->data, msg[i]->size);
	/* A file's HEP keeps its pace to its end; a live probe that stops does not. */
	hep_sender_send(probe->sender, out, n, probe->is_offline ? NULL : &probe->stop_sender);
	dp_mailbox_free(mailbox, msg, n);
	return n;
}

/* Nobody waits for HEP as packets are waited for: it carries its own time, and mailboxes have room. */
static uint32_t idle_mode(const struct probe *probe)
{
	uint32_t mode = probe_idle_mode(probe);
	bool is_long = !probe->is_offline || dp_file_has_pipe(probe->file);

	return mode == DP_IDLE_ADAPTIVE && is_long ? DP_IDLE_SLEEP : mode;
}

int probe_sender_main(void *arg)
{
	struct probe *probe = arg;
	struct dp_idle idle = dp_idle_begin(idle_mode(probe));
	uint64_t end = 0;

	for (;;) {
		bool is_last = atomic_load_explicit(&probe->stop_sender, memory_order_acquire);
		unsigned n = 0;

		for (unsigned i = 0; i < probe->lcores.worker_count; i++)
			n += is_out_of_time(probe, &end)
				     ? drop_burst(probe, probe->workers[i].mailbox)
				     : send_burst(probe, probe->workers[i].mailbox);
		if (!n && is_last)
			return 0;
		dp_idle_wait(&idle, n > 0);
	}
}
