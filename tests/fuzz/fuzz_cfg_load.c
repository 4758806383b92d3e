/* SPDX-License-Identifier: BSD-3-Clause */
/* What loads must print as YAML that loads as the same options; what does not must say why, in one
 * printable line. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg_check.h"
#include "cfg_load.h"
#include "cfg_print.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of hep-out's: no name is looked up while fuzzing. */
int hep_collector_parse(
	const char *text, struct hep_collector_options *collector, char *error, size_t error_size)
{
	size_t n = strlen(text);

	if (strncmp(text, "udp:", 4) != 0 || n >= sizeof(collector->address)) {
		snprintf(error, error_size, "collector \"%s\" is refused", text);
		return -1;
	}
	memcpy(collector->address, text, n + 1);
	collector->sockaddr.ss_family = AF_INET;
	collector->sockaddr_len = (socklen_t)n;
	return 0;
}

static void check_error(const struct cfg_error *error)
{
	size_t n = strnlen(error->text, sizeof(error->text));

	CHECK(n > 0 && n < sizeof(error->text));
	CHECK((error->line == 0) == (error->column == 0));
	for (size_t i = 0; i < n; i++)
		CHECK(error->text[i] >= ' ' && error->text[i] <= '~');
}

/* Loading zeroes the padding too, so that octets can be compared. */
static bool is_same(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static void check_prints_back(const struct cfg_options *options)
{
	struct cfg_options again;
	struct cfg_error error;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	cfg_print(options, out);
	CHECK(fclose(out) == 0);
	CHECK(cfg_load_text(text, size, &again, &error) == 0);
	CHECK(is_same(&again, options, sizeof(again)));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg_options options;
	struct cfg_error error;

	if (cfg_load_text((const char *)data, size, &options, &error) != 0) {
		check_error(&error);
		return 0;
	}
	CHECK(error.text[0] == '\0');
	check_prints_back(&options);
	if (cfg_check(&options, 16, &error) != 0)
		check_error(&error);
	return 0;
}
