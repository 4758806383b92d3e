/* SPDX-License-Identifier: BSD-3-Clause */
/* The schema read backwards: options to YAML, and the schema itself to a page for people. */
#include "cfg_print.h"

#include "cfg_schema.h"
#include "cfg_value.h"

/* Text may look like anything, so it is always quoted. */
static bool is_quoted(const struct cfg_key *key)
{
	return key->type == CFG_TEXT || key->type == CFG_NAME || key->type == CFG_CPUS ||
	       key->type == CFG_WORDS || key->type == CFG_PORTS || key->type == CFG_NETWORKS ||
	       key->type == CFG_COLLECTOR;
}

/* YAML double quotes (YAML 1.1 section 5.6); the text is printable ASCII. */
static void print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_text(const struct cfg_key *key, const char *text, FILE *out)
{
	if (is_quoted(key))
		print_quoted(text, out);
	else
		fputs(text, out);
}

/* The first key of a list's item stands behind the dash, the others below it. */
static void print_indent(unsigned depth, bool is_after_dash, FILE *out)
{
	if (is_after_dash)
		fprintf(out, "%*s- ", (int)(2 * (depth - 1)), "");
	else
		fprintf(out, "%*s", (int)(2 * depth), "");
}

static void print_keys(
	const struct cfg_key *keys, const void *base, unsigned depth, bool is_item, FILE *out);

static void print_items(const struct cfg_key *list, const void *base, unsigned depth, FILE *out)
{
	unsigned count = *(const unsigned *)((const char *)base + list->count_offset);

	if (count == 0)
		fputs(" []", out);
	fputc('\n', out);
	for (unsigned i = 0; i < count; i++)
		print_keys(list->keys, (const char *)base + list->offset + i * list->item_size,
			depth + 2, true, out);
}

static void print_keys(
	const struct cfg_key *keys, const void *base, unsigned depth, bool is_item, FILE *out)
{
	for (const struct cfg_key *key = keys; key->name; key++) {
		char text[CFG_VALUE_MAX];

		print_indent(depth, is_item && key == keys, out);
		fprintf(out, "%s:", key->name);
		if (key->type == CFG_SECTION) {
			fputc('\n', out);
			print_keys(key->keys, base, depth + 1, false, out);
		} else if (key->type == CFG_LIST) {
			print_items(key, base, depth, out);
		} else {
			cfg_value_format(key, base, text, sizeof(text));
			fputc(' ', out);
			print_text(key, text, out);
			fputc('\n', out);
		}
	}
}

void cfg_print(const struct cfg_options *options, FILE *out)
{
	print_keys(cfg_schema, options, 0, false, out);
}

static const char *type_name(enum cfg_type type)
{
	switch (type) {
	case CFG_BOOL:
		return "boolean";
	case CFG_NUMBER:
	case CFG_POWER_OF_TWO:
		return "number";
	case CFG_SIZE:
		return "size";
	case CFG_TIME:
		return "time";
	case CFG_WORD:
		return "word";
	case CFG_TEXT:
	case CFG_NAME:
		return "text";
	case CFG_CPUS:
		return "CPU list";
	case CFG_WORDS:
		return "words";
	case CFG_PORTS:
		return "ports";
	case CFG_NETWORKS:
		return "networks";
	case CFG_COLLECTOR:
		return "address";
	case CFG_SECTION:
		return "section";
	case CFG_LIST:
		return "list";
	}
	return "";
}

static void print_row(const char *prefix, const struct cfg_key *key, FILE *out)
{
	char range[CFG_RANGE_MAX];

	cfg_value_range(key, range, sizeof(range));
	fprintf(out, "| `%s%s` | %s | ", prefix, key->name, type_name(key->type));
	if (key->type == CFG_LIST) {
		fputs("`[]`", out);
	} else if (key->is_required) {
		fputs("required", out);
	} else {
		fputc('`', out);
		print_text(key, key->default_text, out);
		fputc('`', out);
	}
	fprintf(out, " | %s | %s | %s |\n", range, key->unit ? key->unit : "", key->help);
}

static void print_rows(const char *prefix, const struct cfg_key *keys, FILE *out)
{
	for (const struct cfg_key *key = keys; key->name; key++) {
		char below[128];

		if (key->type != CFG_SECTION)
			print_row(prefix, key, out);
		if (!key->keys)
			continue;
		snprintf(below, sizeof(below), "%s%s%s.", prefix, key->name,
			key->type == CFG_LIST ? "[]" : "");
		print_rows(below, key->keys, out);
	}
}

void cfg_print_schema(FILE *out)
{
	fputs("| Key | Type | Default | Range | Unit | Meaning |\n"
	      "|---|---|---|---|---|---|\n",
		out);
	print_rows("", cfg_schema, out);
}
