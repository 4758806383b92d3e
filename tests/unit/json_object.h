/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests and fuzz targets share that make JSON of packets: one object, and how often something stands in it.
 * Owner: text and room are the caller's. Threads: one; no state. */
#ifndef JSON_OBJECT_H
#define JSON_OBJECT_H

#include "hep_json.h"
#include "json_check.h"

/* The object with the members that write puts; 0: it does not fit. */
static inline size_t json_write(void (*write)(struct hep_json *j, struct bytes payload),
	struct bytes in, char *text, size_t room)
{
	struct hep_json j;

	hep_json_init(&j, text, room);
	hep_json_open(&j, NULL, '{');
	write(&j, in);
	hep_json_close(&j, '}');
	return hep_json_finish(&j);
}

/* Occurrences of word in text. */
static inline unsigned json_count(struct bytes text, struct bytes word)
{
	unsigned count = 0;

	for (; text.n >= word.n; text = bytes_skip(text, 1))
		count += bytes_starts(text, word);
	return count;
}

#endif
