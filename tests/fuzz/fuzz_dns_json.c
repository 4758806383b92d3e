/* SPDX-License-Identifier: BSD-3-Clause */
/* Every DNS message that is one becomes one valid JSON object with no key twice, the same each time, with as many
 * questions as it says; and what follows it in the same memory says nothing. */
#include <stdlib.h>

#include "../unit/json_check.h"
#include "hep_json.h"
#include "sig_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static size_t write_json(struct bytes in, char *text, size_t room)
{
	struct hep_json j;

	hep_json_init(&j, text, room);
	hep_json_open(&j, NULL, '{');
	hep_json_dns(&j, in);
	hep_json_close(&j, '}');
	return hep_json_finish(&j);
}

static unsigned count_words(struct bytes text, struct bytes word)
{
	unsigned count = 0;

	for (; text.n >= word.n; text = bytes_skip(text, 1))
		count += bytes_starts(text, word);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[1 << 20], again[1 << 20];
	struct bytes json, in = bytes_of(data, size);
	struct sig_dns dns;
	uint8_t *more;

	if (size > 4096 || !sig_dns_parse(in, &dns))
		return 0;
	json = bytes_of(text, write_json(in, text, sizeof(text)));
	check(json.n > 0 && json_is_valid(json));
	check(count_words(json_get(json, "questions"), BYTES_LIT("{\"name\":")) == dns.questions);
	check((json_get(json, "cut").n > 0) == dns.is_cut);
	if (dns.is_cut)
		return 0;
	more = malloc(size + 1);
	check(more != NULL);
	memcpy(more, data, size);
	more[size] = 0xc0;
	check(write_json(bytes_of(more, size + 1), again, sizeof(again)) == json.n);
	check(memcmp(text, again, json.n) == 0);
	free(more);
	/* Too little room is said, never overrun. */
	check(write_json(in, again, json.n - 1) == 0);
	return 0;
}
