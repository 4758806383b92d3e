/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls by Call-ID: who, when, what became of it. Every Call-ID on the wire has an entry, also of
 * registrations and other transactions outside a call.
 * Owner: the table; a caller keeps a call beyond its RCU read section only with qos_call_hold.
 * Threads: every worker, each registered with liburcu QSBR. Look-ups take no lock; a call's state
 * changes under its lock, on SIP messages only, never on the media path. */
#ifndef QOS_CALL_H
#define QOS_CALL_H

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <urcu/list.h>
#include <urcu/urcu-qsbr.h>

#include "pkt_flow.h"
#include "pkt_hash.h"
#include "qos_call_media.h"
#include "qos_codec.h"
#include "qos_options.h"
#include "sip_msg.h"

struct qos_leg;
struct qos_media;
struct qos_pool;

enum {
	QOS_CALL_ID_MAX = 256, /* with the final NUL; longer Call-IDs are cut, but hashed whole */
	QOS_PARTY_MAX = 96, /* From and To user parts */
	QOS_TAG_MAX = 64,
	QOS_LEG_ID_MAX = 128,
	QOS_METHOD_MAX = 16, /* with the final NUL; longer names are cut */
	QOS_CALL_WORKERS_MAX = 64,
	QOS_CALL_AHEAD = 4, /* endpoints: of most calls all */
	QOS_CALL_ANSWERS = 4, /* branches of a fork; those beyond end the call */
	QOS_CALL_HOPS = 2, /* failures of one INVITE; those before them are forgotten */
};

enum qos_call_state {
	QOS_CALL_TRYING = 0, /* request seen, no final response */
	QOS_CALL_RINGING, /* 18x, or the PRACK of one */
	QOS_CALL_ANSWERED, /* 2xx to INVITE */
	QOS_CALL_COMPLETED, /* BYE after the answer; other methods: 2xx */
	QOS_CALL_CANCELLED, /* CANCEL, 487 */
	QOS_CALL_FAILED, /* other final response of 300-699 */
	QOS_CALL_TIMEOUT, /* no final response or no BYE within the limits */
	QOS_CALL_UNKNOWN, /* seen from amid it on, and answered or not as far as that shows */
};

/* Of 20,000 calls a second nearly every look at one misses the caches: what a look-up, a message
 * and a look for expiry need is in the first lines, then what a session description needs. Texts
 * come last: they are not cleared, so that of a new call only those lines are written that hold
 * something. */
struct qos_call {
	struct qos_call *_Atomic next; /* in its chain of the table */
	uint64_t hash; /* fixed, as are start_ns, pool, home and call_id */
	_Atomic uint64_t last_ns; /* last SIP message or report of one of its streams */
	_Atomic uint64_t end_ns; /* BYE, 487 or failure, at a time-out the last sign of life;
				   * 0 while it lasts. Streams poll it */
	_Atomic uint32_t refs;
	_Atomic uint32_t streams_open; /* attached now */
	_Atomic bool is_open; /* in the table; once false for ever. Goes under lock */
	_Atomic bool is_displaced; /* another call announced an endpoint of it. Streams poll it */
	_Atomic uint16_t described; /* times an endpoint was described anew. Streams poll it */
	/* Whose Call-ID this has: qos_call_tag_hash of that; 0: nobody's. Under lock. */
	uint32_t former;
	struct cds_list_head home_link; /* in the home worker's queue */

	/* Guards the rest of this paragraph, and the texts of the parties. */
	alignas(64) pthread_spinlock_t lock;
	enum qos_call_state state;
	/* That began it, seen or not: INVITE of a call (qos_call_is_call). */
	enum sip_method method;
	bool is_cancelling : 1; /* CANCEL seen, no final response yet */
	bool is_acked : 1; /* there was a final response to INVITE, seen or not */
	bool is_invite_seen : 1; /* the INVITE that began it, not a re-INVITE alone */
	bool is_answer_seen : 1; /* answer_ns is when it was answered; else it was by then */
	uint8_t answer_count : 4; /* of answers */
	uint8_t answers_left : 4; /* bit by index: somebody hung up there */
	uint16_t code; /* last final response to the method that began it, else last provisional */
	uint32_t messages;
	uint64_t answer_ns; /* 0: never, or not known to be */
	uint16_t answers[QOS_CALL_ANSWERS]; /* hashes of To tags of 2xx */
	/* Hashes of transactions that its last failures ended; 0: none. */
	uint16_t done[QOS_CALL_HOPS];
	_Atomic uint32_t leg_name_bytes; /* 0: not named */
	struct qos_leg *_Atomic leg; /* see qos_legs.h; held; NULL: no stream was offered yet */
	uint64_t start_ns; /* fixed; here is room for it */

	/* Its endpoints, guarded by the publishing mutex of qos_media. */
	alignas(64) struct qos_media *media;
	uint32_t media_count;
	_Atomic uint32_t learnt_count; /* of them learnt (qos_ice.h) */
	/* Whose codec it has: twice the time of the stream's first packet, and its party; 0: nobody's. Changes under
	 * lock, as codec_ssrc. */
	_Atomic uint64_t codec_rank;
	struct qos_pool *pool; /* where its memory goes back to */
	unsigned home; /* the worker that expires it */
	_Atomic uint32_t streams; /* ever attached */
	_Atomic uint32_t worst; /* stream, see qos_worst_pack; 0: none scored */
	_Atomic uint32_t codec_ssrc;
	struct rcu_head rcu;
	struct qos_call_media talk; /* what its sides said of their audio, and when it was heard */
	/* Where the chains begin of endpoints that it got: to be fetched before they go. */
	struct qos_media *_Atomic *_Atomic ahead[QOS_CALL_AHEAD];

	char from_tag[QOS_TAG_MAX]; /* of the side that sent the first request: party 0 */
	char from[QOS_PARTY_MAX];
	char to[QOS_PARTY_MAX];
	char call_id[QOS_CALL_ID_MAX]; /* mostly one line */
	char leg_name[QOS_LEG_ID_MAX];
	char codec[QOS_CODEC_NAME_MAX]; /* under lock, once codec_rank is set */
	char method_name[QOS_METHOD_MAX]; /* of SIP_OTHER */
};

static_assert(sizeof(struct qos_call) <= 1024, "16 lines");
static_assert(offsetof(struct qos_call, talk) == 192, "a description's lines");
static_assert(offsetof(struct qos_call, from_tag) == 320, "a description's lines");
static_assert(offsetof(struct qos_call, call_id) == 576, "a message's lines");

struct qos_calls; /* the table */

/* Counters, one set per worker, written by that worker, read by control with relaxed loads. */
struct qos_call_counters {
#define X(name, help) _Atomic uint64_t name;
#include "qos_call_counters.def"
#undef X
};

enum qos_call_change {
	QOS_CALL_UPDATED = 0,
	QOS_CALL_OPENED, /* a new entry, also when this message ended it */
	QOS_CALL_ENDED, /* end_ns was set by this message */
	QOS_CALL_REFUSED, /* table full of calls that go on: *call is NULL */
	QOS_CALL_FORMER, /* late, of a call whose Call-ID another one has by now: *call is NULL */
};

/* Octets that so many calls take at most. */
uint64_t qos_calls_memory(uint32_t max);

/* workers: how many, at most QOS_CALL_WORKERS_MAX. 0 or -ENOMEM, -EINVAL. */
int qos_calls_create(const struct qos_options *options, const struct pkt_seed *seed,
	unsigned workers, struct qos_calls **calls);
/* Capture files can wait: an entry that is free but not yet through its grace period is waited for,
 * so that only the bound refuses. Before the workers start. */
void qos_calls_may_wait(struct qos_calls *calls);
/* Has memory ready for the next calls, see qos_pool_populate, at first for the heads of all
 * chains. */
void qos_calls_populate(struct qos_calls *calls);
/* After all workers stopped and everything that holds calls is gone (streams, qos_medias). Frees
 * what is left. A registered thread. */
void qos_calls_destroy(struct qos_calls *calls);

/* What: a look-up in two steps some time before it, each of which waits for no memory, by the hash
 * of the Call-ID. Where other work lies between them and before qos_call_on_sip, that waits for
 * little. with_media: the message has a description or ends the call, and needs what is known of its media. */
uint64_t qos_call_hash(const struct qos_calls *calls, struct bytes call_id);
void qos_call_prefetch_chain(const struct qos_calls *calls, uint64_t hash);
void qos_call_prefetch(const struct qos_calls *calls, uint64_t hash, bool with_media);

/* What: files one SIP message that arrived at now_ns (ns since the epoch) under its Call-ID and
 * moves the call's state: INVITE opens a call, 18x rings, 2xx to INVITE answers, BYE, CANCEL and
 * failures end it (RFC 3261 sections 13-15, and 9); retransmissions and authentication challenges
 * (401, 407 followed by a new INVITE with the same Call-ID) leave it open, and so does the BYE of
 * one branch of a fork while another that answered goes on (section 13.2.2.4). A call may be seen
 * from amid it on: who BYEs one was in it, by an INVITE that was not seen. An INVITE that begins a
 * dialog with another From tag a second after the BYE is another call's: the first one leaves the
 * table, and what still comes of it, by its tags (section 12), changes neither. In a full table the
 * oldest of the worker's own calls that is over or that nobody answered makes room, as a flood of
 * them leaves it. *call is valid until the worker's next quiescent state. The parties of msg are
 * taken apart when they are needed. hash: of its Call-ID, qos_call_hash. */
enum qos_call_change qos_call_on_sip(struct qos_calls *calls, unsigned worker, struct sip_msg *msg,
	uint64_t hash, uint64_t now_ns, struct qos_call **call);

/* The party that sent msg: 0 the caller's side (its From tag), 1 the other. */
unsigned qos_call_sender(struct qos_call *call, struct sip_msg *msg);

/* RCU read side. NULL when there is none. */
struct qos_call *qos_call_find(struct qos_calls *calls, struct bytes call_id);

/* False: it was taken out. Under its lock it stays so until that is given up. */
static inline bool qos_call_is_open(const struct qos_call *call)
{
	return atomic_load_explicit(&call->is_open, memory_order_acquire);
}

/* Not ended as far as is known. */
static inline bool qos_call_lasts(const struct qos_call *call)
{
	return atomic_load_explicit(&call->end_ns, memory_order_relaxed) == 0;
}

/* References: streams hold the call they belong to. A dead call (refs 0) cannot be held: false. */
bool qos_call_hold(struct qos_call *call);
void qos_call_put(struct qos_call *call);

/* What: takes the next call of this worker's own that made room, or has expired at now_ns, out of
 * the table (setup_timeout without a final response; call_timeout without SIP or media; ended for
 * longer than the linger and no stream open). Call once a tick until it returns NULL; with drain
 * set every call is taken, whatever its age. The caller reports it, withdraws its media
 * (qos_media_withdraw) and then calls qos_call_put. Looks at a bounded number of calls a tick,
 * which does for 80,000 a second. */
struct qos_call *qos_calls_expire(
	struct qos_calls *calls, unsigned worker, uint64_t now_ns, bool drain);

/* What: takes the next call that made room, which qos_calls_expire would do later; NULL: none
 * did. */
struct qos_call *qos_calls_take_evicted(struct qos_calls *calls, unsigned worker);

/* Entries that this worker opened and has to expire; that worker only. */
uint32_t qos_calls_own(const struct qos_calls *calls, unsigned worker);
/* Entries now in the table; safe from any thread. */
uint32_t qos_calls_count(const struct qos_calls *calls);
struct qos_call_counters *qos_calls_counters(struct qos_calls *calls, unsigned worker);

/* Calls fn for each entry until it returns false. Any registered thread, under rcu_read_lock. */
void qos_calls_each(
	struct qos_calls *calls, bool (*fn)(struct qos_call *call, void *arg), void *arg);

/* What: cuts text to fit; keeps printable ASCII and whole UTF-8 characters, all else becomes
 * '?'. */
void qos_call_copy_text(char *out, size_t size, struct bytes text);

/* What: name, with zeros behind it, is the codec of a stream of party in the call whose first packet came at first_ns.
 * The call's is that of the stream that was heard first, whichever says so first; of two at once the caller's, then that
 * of the lower SSRC. Any thread; takes the lock. */
void qos_call_note_codec(struct qos_call *call, unsigned party, uint64_t first_ns, uint32_t ssrc,
	const char name[QOS_CODEC_NAME_MAX]);
/* "": no stream said so far. The caller holds the lock. */
const char *qos_call_codec(const struct qos_call *call);

/* "INVITE" ..., or an extension method's own name. The caller holds the lock. */
const char *qos_call_method_name(const struct qos_call *call);

/* "trying", "ringing", ... */
const char *qos_call_state_name(enum qos_call_state state);

#endif
