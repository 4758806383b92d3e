/* SPDX-License-Identifier: BSD-3-Clause */
/* A HEP3 decoder for tests and fuzz targets, written from the specification and sharing nothing
 * with the encoder: a strict walk over the chunks, and look-ups by chunk number. */
#ifndef HEP_DECODE_H
#define HEP_DECODE_H

#include <stdbool.h>

#include "bytes.h"

enum {
	HEP_DECODE_CHUNKS = 64,
};

struct hep_decoded {
	unsigned count;
	unsigned types[HEP_DECODE_CHUNKS]; /* in their order on the wire */
	struct bytes data[HEP_DECODE_CHUNKS];
};

/* Exactly one message: magic, total length, and generic chunks to its end, none of them twice. */
static inline bool hep_decode(struct bytes message, struct hep_decoded *decoded)
{
	struct bytes rest = bytes_skip(message, 6);

	decoded->count = 0;
	if (message.n < 6 || memcmp(message.p, "HEP3", 4) != 0 || be16(message.p + 4) != message.n)
		return false;
	while (rest.n) {
		unsigned i = decoded->count;
		size_t size = rest.n < 6 ? 0 : be16(rest.p + 4);

		if (i == HEP_DECODE_CHUNKS || size < 6 || size > rest.n || be16(rest.p) != 0)
			return false;
		decoded->types[i] = be16(rest.p + 2);
		decoded->data[i] = bytes_of(rest.p + 6, size - 6);
		for (unsigned k = 0; k < i; k++)
			if (decoded->types[k] == decoded->types[i])
				return false;
		decoded->count++;
		rest = bytes_skip(rest, size);
	}
	return true;
}

static inline bool hep_has(const struct hep_decoded *decoded, unsigned type)
{
	for (unsigned i = 0; i < decoded->count; i++)
		if (decoded->types[i] == type)
			return true;
	return false;
}

static inline struct bytes hep_data(const struct hep_decoded *decoded, unsigned type)
{
	for (unsigned i = 0; i < decoded->count; i++)
		if (decoded->types[i] == type)
			return decoded->data[i];
	return BYTES_NONE;
}

/* The chunk's number when it has exactly size octets, else a value that no chunk can have. */
static inline uint64_t hep_number(const struct hep_decoded *decoded, unsigned type, size_t size)
{
	struct bytes data = hep_data(decoded, type);
	uint64_t v = 0;

	if (data.n != size)
		return UINT64_MAX;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | data.p[i];
	return v;
}

#endif
