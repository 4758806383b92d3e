/* SPDX-License-Identifier: BSD-3-Clause */
/* Every Diameter message that is one becomes one valid JSON object with no key twice, the same each time, with its AVPs
 * unless it says that some are left out; it fits a HEP message; and no key of a subscriber's is in it. The header is
 * made to fit. */
#include "../unit/json_object.h"
#include "fuzz_check.h"
#include "sig_diameter.h"

enum {
	SIZE_MAX_TAKEN = 8192,
};

static unsigned count_avps(struct bytes in)
{
	struct sig_avp avp;
	unsigned count = 0;

	while (sig_avp_next(&in, &avp))
		count++;
	return count;
}

static void check_message(struct bytes in, const struct sig_diameter *d)
{
	static char text[1 << 20], again[1 << 20];
	struct bytes json = bytes_of(text, json_write(hep_json_diameter, in, text, sizeof(text)));
	unsigned written;

	check(json.n > 0 && json.n <= HEP_JSON_MAX && json_is_valid(json));
	check(json_write(hep_json_diameter, in, again, sizeof(again)) == json.n);
	check(memcmp(text, again, json.n) == 0);
	check(json_write(hep_json_diameter, in, again, json.n - 1) == 0);
	written = json_count(json, BYTES_LIT("{\"code\":"));
	check(json_get(json, "cut").n || written >= count_avps(d->avps));
	check(!json_count(json, BYTES_LIT("\"Integrity-Key\",\"value\"")) &&
		!json_count(json, BYTES_LIT("\"Integrity-Key\",\"hex\"")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sig_diameter d;
	uint8_t *copy;

	if (size < SIG_DIAMETER_HEADER || size > SIZE_MAX_TAKEN)
		return 0;
	size &= ~(size_t)3;
	copy = malloc(size);
	check(copy != NULL);
	memcpy(copy, data, size);
	copy[0] = 1;
	copy[1] = 0;
	copy[2] = (uint8_t)(size >> 8);
	copy[3] = (uint8_t)size;
	if (sig_diameter_parse(bytes_of(copy, size), &d))
		check_message(bytes_of(copy, size), &d);
	check(!sig_diameter_parse(bytes_of(copy, size - 1), &d));
	free(copy);
	return 0;
}
