/* SPDX-License-Identifier: BSD-3-Clause */
/* Every DNS message that is one becomes one valid JSON object with no key twice, the same each
 * time, with as many questions as it says and all records, or it says that it is cut; it fits a HEP
 * message; what follows it in the same memory says nothing; and its front, wherever the capture
 * cuts it, is one or may be one. */
#include "../unit/json_object.h"
#include "fuzz_check.h"
#include "sig_dns.h"

enum {
	CUTS = 300, /* a header and a longest question */
};

static unsigned count_records(struct bytes json)
{
	struct bytes word = BYTES_LIT("\"ttl\":");

	return json_count(json_get(json, "answers"), word) +
	       json_count(json_get(json, "authority"), word) +
	       json_count(json_get(json, "additional"), word);
}

static unsigned count_wanted(const struct sig_dns *dns)
{
	size_t at = sig_dns_records(dns);
	struct sig_dns_record record;
	unsigned count = 0;

	for (unsigned i = 0; i < SIG_DNS_SECTIONS; i++)
		for (unsigned k = 0; k < dns->records[i]; k++)
			if (sig_dns_record(dns, &at, &record))
				count += record.type != SIG_DNS_OPT;
	return count;
}

static void check_cut(struct bytes in)
{
	struct sig_dns dns;

	for (size_t n = 0; n < in.n && n < CUTS; n++)
		check(sig_dns_parse(bytes_head(in, n), &dns) ||
			sig_dns_ended_early(bytes_head(in, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[1 << 20], again[1 << 20];
	struct bytes json, in = bytes_of(data, size);
	struct sig_dns dns;
	uint8_t *more;
	bool is_cut;

	if (size > 4096 || !sig_dns_parse(in, &dns))
		return 0;
	check_cut(in);
	check(!sig_dns_is_voice(&dns) || dns.questions);
	json = bytes_of(text, json_write(hep_json_dns, in, text, sizeof(text)));
	check(json.n > 0 && json.n <= HEP_JSON_MAX && json_is_valid(json));
	check(json_count(json_get(json, "questions"), BYTES_LIT("{\"name\":")) == dns.questions);
	is_cut = json_get(json, "cut").n > 0;
	check(is_cut || !dns.is_cut);
	/* Every record but OPT, or it says that some are missing. */
	check(count_records(json) == count_wanted(&dns) || is_cut);
	if (is_cut)
		return 0;
	more = malloc(size + 1);
	check(more != NULL);
	memcpy(more, data, size);
	more[size] = 0xc0;
	check(json_write(hep_json_dns, bytes_of(more, size + 1), again, sizeof(again)) == json.n);
	check(memcmp(text, again, json.n) == 0);
	free(more);
	/* Too little room is said, never overrun. */
	check(json_write(hep_json_dns, in, again, json.n - 1) == 0);
	return 0;
}
