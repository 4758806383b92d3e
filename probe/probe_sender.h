/* SPDX-License-Identifier: BSD-3-Clause */
/* The sender thread: out of every worker's mailbox, to the collectors.
 * Owner: the probe. Threads: its own lcore; a slow collector slows nobody else. */
#ifndef PROBE_SENDER_H
#define PROBE_SENDER_H

/* The lcore's function; arg is the probe. Ends when stop_sender is set and all mailboxes are empty. */
int probe_sender_main(void *arg);

#endif
