/* SPDX-License-Identifier: BSD-3-Clause */
/* Every compound that passes rtcp_validate becomes one valid JSON object with no key twice and as
 * many report blocks as its packets announce. */
#include "../unit/json_object.h"
#include "fuzz_check.h"

static uint64_t number(struct bytes text)
{
	uint64_t v = 0;

	check(text.n > 0);
	for (size_t i = 0; i < text.n; i++)
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	return v;
}

/* The counts straight from the headers, without the parser: two words of type and length each. */
static void check_counts(struct bytes payload, struct bytes json)
{
	unsigned blocks = 0;
	unsigned chunks = 0;
	bool has_sr = false;
	bool has_bye = false;

	while (payload.n >= 4) {
		uint8_t type = payload.p[1];

		blocks += type == 200 || type == 201 ? payload.p[0] & 0x1f : 0;
		chunks += type == 202 ? payload.p[0] & 0x1f : 0;
		has_sr |= type == 200;
		has_bye |= type == 203;
		payload = bytes_skip(payload, 4 + be16(payload.p + 2) * (size_t)4);
	}
	check(number(json_get(json, "report_count")) == blocks);
	check(json_count(json_get(json, "report_blocks"), BYTES_LIT("\"source_ssrc\":")) == blocks);
	check((json_get(json, "sender_information").n > 0) == has_sr);
	check((json_get(json, "bye").n > 0) == has_bye);
	if (json_get(json, "sdes_report_count").n)
		check(number(json_get(json, "sdes_report_count")) == chunks);
	else
		check(chunks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[200000];
	struct bytes payload = bytes_of(data, size);
	size_t n;

	if (size > 4096 || rtcp_validate(payload, NULL) != RTCP_OK)
		return 0;
	n = json_write(hep_json_rtcp, payload, text, sizeof(text));
	check(n > 0);
	check(json_is_valid(bytes_of(text, n)));
	check_counts(payload, bytes_of(text, n));
	return 0;
}
