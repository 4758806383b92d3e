/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets and ports: what is some protocol's has an id, of the payload and printable in one line or one
 * of the few names that stand for none; and the direction means nothing. The first two octets are a port. */
#include <stdlib.h>

#include "sig_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes id = BYTES_NONE, back = BYTES_NONE, payload;
	enum sig_kind kind;
	uint16_t port;
	uint8_t *copy;

	if (size < 2)
		return 0;
	port = be16(data);
	size -= 2;
	copy = malloc(size ? size : 1);
	check(copy != NULL);
	memcpy(copy, data + 2, size);
	payload = bytes_of(copy, size);
	kind = sig_text_parse(payload, port, 1, &id);
	check(kind == sig_text_parse(payload, 1, port, &back));
	if (kind != SIG_NONE) {
		check(id.n > 0 && bytes_eq(id, back));
		for (size_t i = 0; i < id.n; i++)
			check(id.p[i] != '\r' && id.p[i] != '\n');
	}
	free(copy);
	return 0;
}
