/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever a string or a number holds, the text is valid JSON in valid UTF-8, as a checker of the
 * test's own sees it, and no text at all comes of a buffer that is one octet too small. */
#include <stdlib.h>

#include "../unit/json_check.h"
#include "hep_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert that is there in release builds too. */
static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* Data as members of every kind: the first octets choose, the rest is the values. */
static size_t write_json(struct bytes in, char *text, size_t room)
{
	static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	struct hep_json j;

	hep_json_init(&j, text, room);
	hep_json_open(&j, NULL, '{');
	for (size_t i = 0; i < 8 && in.n > 0; i++) {
		unsigned kind = in.p[0] & 3;
		size_t n = in.p[0] >> 2;
		struct bytes value = bytes_head(bytes_skip(in, 1), n);
		uint64_t bits = 0;
		double number;

		memcpy(&bits, value.p, value.n < 8 ? value.n : 8);
		memcpy(&number, &bits, sizeof(number));
		if (kind == 0)
			hep_json_double(&j, keys[i], number, (int)(n & 15));
		else if (kind == 1)
			hep_json_i64(&j, keys[i], (int64_t)bits);
		else
			hep_json_string(&j, keys[i], value);
		in = bytes_skip(in, 1 + n);
	}
	hep_json_string(&j, "rest", in);
	hep_json_close(&j, '}');
	return hep_json_finish(&j);
}

/* Plain ASCII comes out as it went in. */
static void check_plain(struct bytes in)
{
	static char text[70000];
	struct hep_json j;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] < 0x20 || in.p[i] > 0x7e || in.p[i] == '"' || in.p[i] == '\\')
			return;
	hep_json_init(&j, text, sizeof(text));
	hep_json_string(&j, NULL, in);
	check(hep_json_finish(&j) == in.n + 2);
	check(in.n == 0 || memcmp(text + 1, in.p, in.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[70000];
	char *exact;
	size_t n;

	if (size > 8192)
		return 0;
	n = write_json(bytes_of(data, size), text, sizeof(text));
	check(n > 0);
	check(json_is_valid(bytes_of(text, n)));
	check_plain(bytes_of(data, size));

	exact = malloc(n); /* so that the sanitizer sees the octet after the last */
	check(exact);
	check(write_json(bytes_of(data, size), exact, n) == n);
	check(memcmp(exact, text, n) == 0);
	check(write_json(bytes_of(data, size), exact, n - 1) == 0);
	free(exact);
	return 0;
}
