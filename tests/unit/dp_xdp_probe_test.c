/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program beside the probe: voice takes what the probe would work on. */
#include <dirent.h>

#include "dp_xdp_case.h"

struct comparison {
	struct world *world;
	struct cls_db *db;
	struct cls_scratch *scratch;
	unsigned frames, voice;
};

/* Whatever the probe would make SIP or media of must get past the program in mode voice. */
static void compare(struct comparison *c, const uint8_t *frame, size_t n)
{
	struct pkt_view view;
	enum cls_kind kind = CLS_UNKNOWN;
	enum dp_xdp_reason reason;

	if (n < FRAME_MIN || n > 1500)
		return;
	reason = judge(c->world, frame, n);
	c->frames++;
	if (pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, n), &view) == PKT_OK)
		kind = cls_payload(c->db, c->scratch, view.payload);
	if (view.flow.proto == PKT_TCP && kind != CLS_SIP)
		return;
	if (kind == CLS_UNKNOWN)
		return;
	c->voice++;
	if (reason >= DP_XDP_other)
		fail_msg("a frame of %zu octets is %s to the probe, but \"%s\" to the program", n,
			cls_kind_name(kind), dp_xdp_reason_name(reason));
}

/* Mutations of good frames: one octet at a time, all of the headers. */
static void compare_mutations(struct comparison *c, struct frame f)
{
	for (size_t i = FRAME_MIN - 2; i < 80 && i < f.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			f.b[i] ^= (uint8_t)(1U << bit);
			compare(c, f.b, f.n);
			f.b[i] ^= (uint8_t)(1U << bit);
		}
}

static void compare_corpus(struct comparison *c)
{
	static const char folder[] = SOURCE_ROOT "/tests/fuzz/corpus/pkt_decode";
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512];
		uint8_t data[2048];
		FILE *file;
		size_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (!file)
			continue;
		n = fread(data, 1, sizeof(data), file);
		fclose(file);
		/* Seeds begin with the link type and where to cut. */
		if (n > 2 && data[0] == PKT_LINK_ETHERNET)
			compare(c, data + 2, n - 2);
	}
	closedir(dir);
}

static void voice_takes_what_the_probe_would_work_on(void **state)
{
	struct comparison c = {.world = *state};

	configure(c.world, DP_XDP_VOICE);
	assert_int_equal(cls_db_create(&c.db), 0);
	assert_int_equal(cls_scratch_create(c.db, &c.scratch), 0);
	compare_corpus(&c);
	compare_mutations(&c, udp4(4000, 4002, rtp, 64));
	compare_mutations(&c, udp6(4001, 4003, rtcp, sizeof(rtcp)));
	compare_mutations(&c, udp4(4000, 4002, stun, sizeof(stun)));
	compare_mutations(&c, udp4(4000, 3478, channel, sizeof(channel)));
	compare_mutations(&c, ip6_fragment(0));
	assert_true(c.frames > 1000 && c.voice > 500);
	cls_scratch_destroy(c.scratch);
	cls_db_destroy(c.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(voice_takes_what_the_probe_would_work_on),
	};

	return can_load() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
