/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks libyaml's events along the schema, so that nesting is as deep as the schema and no deeper.
 * What YAML offers beyond maps, lists and scalars (anchors, aliases, tags, several documents) is
 * refused: none of it helps to configure a probe. */
#include "cfg_load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "cfg_schema.h"
#include "cfg_value.h"

enum {
	CFG_FILE_MAX = 1024 * 1024
};

struct loader {
	yaml_parser_t yaml;
	yaml_event_t event; /* the current one */
	const char *text;
	size_t size;
	struct cfg_error *error;
};

static void set_defaults(const struct cfg_key *keys, void *base)
{
	struct cfg_error error;

	for (const struct cfg_key *key = keys; key->name; key++)
		if (key->type == CFG_SECTION)
			set_defaults(key->keys, base);
		else if (key->default_text)
			/* Cannot fail: a unit test loads every default. */
			(void)cfg_value_set(key, key->default_text, base, &error);
}

void cfg_defaults(struct cfg_options *options)
{
	memset(options, 0, sizeof(*options));
	set_defaults(cfg_schema, options);
}

/* An error is one line, whatever the file holds. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int fail_at(struct loader *l, yaml_mark_t at)
{
	l->error->line = (unsigned)at.line + 1;
	l->error->column = (unsigned)at.column + 1;
	make_printable(l->error->text);
	return -1;
}

__attribute__((format(printf, 3, 4))) static int fail(
	struct loader *l, yaml_mark_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* clang-tidy 14 does not see the va_start. */
	vsnprintf(l->error->text, sizeof(l->error->text), format, args); /* NOLINT */
	va_end(args);
	return fail_at(l, at);
}

/* libyaml tells where octets are wrong only by their offset. */
static yaml_mark_t mark_of_offset(const struct loader *l, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < l->size; i++) {
		mark.column++;
		if (l->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int fail_syntax(struct loader *l)
{
	const yaml_parser_t *yaml = &l->yaml;

	if (yaml->error == YAML_READER_ERROR)
		return fail(l, mark_of_offset(l, yaml->problem_offset), "%s", yaml->problem);
	if (!yaml->problem)
		return fail(l, yaml->mark, "out of memory");
	return fail(l, yaml->problem_mark, "%s%s%s", yaml->context ? yaml->context : "",
		yaml->context ? ", " : "", yaml->problem);
}

static int refuse_extras(struct loader *l)
{
	const yaml_event_t *event = &l->event;
	const void *anchor = NULL;
	const void *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return fail(l, event->start_mark, "aliases are not supported");
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fail(l, event->start_mark, "anchors are not supported");
	if (tag)
		return fail(l, event->start_mark, "tags are not supported");
	return 0;
}

static int next_event(struct loader *l)
{
	yaml_event_delete(&l->event);
	if (!yaml_parser_parse(&l->yaml, &l->event))
		return fail_syntax(l);
	return refuse_extras(l);
}

/* The current event is what is there instead of key's kind of value. */
static int fail_kind(struct loader *l, const struct cfg_key *key)
{
	char range[CFG_RANGE_MAX];
	const char *found = "a single value";

	if (l->event.type == YAML_SEQUENCE_START_EVENT)
		found = "a list";
	else if (l->event.type == YAML_MAPPING_START_EVENT)
		found = "a section of keys";
	cfg_value_range(key, range, sizeof(range));
	return fail(l, l->event.start_mark, "\"%s\" must be %s, not %s", key->name, range, found);
}

/* The text of the current scalar, or NULL with the error set. */
static const char *take_text(struct loader *l, const struct cfg_key *key)
{
	const char *text = (const char *)l->event.data.scalar.value;
	bool is_plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (strlen(text) != l->event.data.scalar.length) {
		fail(l, l->event.start_mark, "\"%s\" holds a NUL character", key->name);
		return NULL;
	}
	/* What YAML takes for no value at all; quotes make an empty text. */
	if (is_plain && (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)) {
		fail(l, l->event.start_mark, "missing value for \"%s\"", key->name);
		return NULL;
	}
	if (!is_plain && (key->type == CFG_BOOL || key->type == CFG_NUMBER ||
				 key->type == CFG_POWER_OF_TWO)) {
		fail(l, l->event.start_mark, "\"%s\" must not be quoted", key->name);
		return NULL;
	}
	return text;
}

static int load_scalar(struct loader *l, const struct cfg_key *key, void *base)
{
	const char *text = take_text(l, key);

	if (!text)
		return -1;
	return cfg_value_set(key, text, base, l->error) == 0 ? 0 : fail_at(l, l->event.start_mark);
}

/* [2-5, 8] is 2-5,8: inside {} the comma would end a plain value. */
static int load_sequence(struct loader *l, const struct cfg_key *key, void *base)
{
	char joined[CFG_VALUE_MAX] = "";
	yaml_mark_t start = l->event.start_mark;
	size_t used = 0;

	for (;;) {
		const char *text;
		int n;

		if (next_event(l) != 0)
			return -1;
		if (l->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (l->event.type != YAML_SCALAR_EVENT)
			return fail_kind(l, key);
		text = take_text(l, key);
		if (!text)
			return -1;
		n = snprintf(joined + used, sizeof(joined) - used, "%s%s", used ? "," : "", text);
		if (n < 0 || (size_t)n >= sizeof(joined) - used)
			return fail(l, start, "\"%s\" is too long", key->name);
		used += (size_t)n;
	}
	return cfg_value_set(key, joined, base, l->error) == 0 ? 0 : fail_at(l, start);
}

/* Finds the current event among keys and marks it as seen; NULL with the error set. */
static const struct cfg_key *take_key(struct loader *l, const struct cfg_key *keys, uint32_t *seen)
{
	const char *name = (const char *)l->event.data.scalar.value;
	const struct cfg_key *key = keys;

	if (l->event.type != YAML_SCALAR_EVENT) {
		fail(l, l->event.start_mark, "expected the name of a key");
		return NULL;
	}
	while (key->name && (strlen(key->name) != l->event.data.scalar.length ||
				    memcmp(key->name, name, l->event.data.scalar.length) != 0))
		key++;
	if (!key->name) {
		fail(l, l->event.start_mark, "unrecognized key \"%.60s\"", name);
		return NULL;
	}
	if (*seen & 1U << (key - keys)) {
		fail(l, l->event.start_mark, "repeated key \"%s\"", key->name);
		return NULL;
	}
	*seen |= 1U << (key - keys);
	return key;
}

static int check_required(
	struct loader *l, yaml_mark_t start, const struct cfg_key *keys, uint32_t seen)
{
	for (const struct cfg_key *key = keys; key->name; key++)
		if (key->is_required && !(seen & 1U << (key - keys)))
			return fail(l, start, "missing required key \"%s\"", key->name);
	return 0;
}

static int load_value(struct loader *l, const struct cfg_key *key, void *base);

/* From the start of a map to its end. */
static int load_keys(struct loader *l, const struct cfg_key *keys, void *base)
{
	yaml_mark_t start = l->event.start_mark;
	uint32_t seen = 0;

	for (;;) {
		const struct cfg_key *key;

		if (next_event(l) != 0)
			return -1;
		if (l->event.type == YAML_MAPPING_END_EVENT)
			return check_required(l, start, keys, seen);
		key = take_key(l, keys, &seen);
		if (!key || next_event(l) != 0 || load_value(l, key, base) != 0)
			return -1;
	}
}

static int load_items(struct loader *l, const struct cfg_key *list, void *base)
{
	unsigned *count = (unsigned *)((char *)base + list->count_offset);

	for (;;) {
		char *item = (char *)base + list->offset + *count * list->item_size;

		if (next_event(l) != 0)
			return -1;
		if (l->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (l->event.type != YAML_MAPPING_START_EVENT)
			return fail(l, l->event.start_mark,
				"each entry of \"%s\" must be a section of keys", list->name);
		if (*count >= list->max)
			return fail(l, l->event.start_mark, "\"%s\" has more than %u entries",
				list->name, (unsigned)list->max);
		set_defaults(list->keys, item);
		if (load_keys(l, list->keys, item) != 0)
			return -1;
		(*count)++;
	}
}

static bool is_sequence(enum cfg_type type)
{
	return type == CFG_WORDS || type == CFG_CPUS || type == CFG_PORTS || type == CFG_NETWORKS;
}

static int load_value(struct loader *l, const struct cfg_key *key, void *base)
{
	yaml_event_type_t found = l->event.type;

	if (key->type == CFG_SECTION)
		return found == YAML_MAPPING_START_EVENT ? load_keys(l, key->keys, base)
							 : fail_kind(l, key);
	if (key->type == CFG_LIST)
		return found == YAML_SEQUENCE_START_EVENT ? load_items(l, key, base)
							  : fail_kind(l, key);
	if (found == YAML_SEQUENCE_START_EVENT && is_sequence(key->type))
		return load_sequence(l, key, base);
	return found == YAML_SCALAR_EVENT ? load_scalar(l, key, base) : fail_kind(l, key);
}

/* Some events say nothing that matters here. */
static int next_event_but(struct loader *l, yaml_event_type_t skipped)
{
	do
		if (next_event(l) != 0)
			return -1;
	while (l->event.type == skipped);
	return 0;
}

/* A file of comments only is no document at all: every key keeps its default. */
static int load_stream(struct loader *l, struct cfg_options *options)
{
	if (next_event_but(l, YAML_STREAM_START_EVENT) != 0)
		return -1;
	if (l->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next_event(l) != 0)
		return -1;
	if (l->event.type != YAML_MAPPING_START_EVENT)
		return fail(l, l->event.start_mark, "expected keys at the top level");
	if (load_keys(l, cfg_schema, options) != 0 ||
		next_event_but(l, YAML_DOCUMENT_END_EVENT) != 0)
		return -1;
	if (l->event.type != YAML_STREAM_END_EVENT)
		return fail(l, l->event.start_mark, "more than one document");
	return 0;
}

int cfg_load_text(
	const char *text, size_t size, struct cfg_options *options, struct cfg_error *error)
{
	struct loader l = {.text = text, .size = size, .error = error};
	int rc;

	memset(error, 0, sizeof(*error));
	cfg_defaults(options);
	if (size > CFG_FILE_MAX) {
		snprintf(error->text, sizeof(error->text), "file is larger than %d octets",
			CFG_FILE_MAX);
		return -1;
	}
	if (!yaml_parser_initialize(&l.yaml)) {
		snprintf(error->text, sizeof(error->text), "out of memory");
		return -1;
	}
	yaml_parser_set_encoding(&l.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.yaml, (const unsigned char *)text, size);
	rc = load_stream(&l, options);
	yaml_event_delete(&l.event);
	yaml_parser_delete(&l.yaml);
	return rc;
}

int cfg_load_file(const char *path, struct cfg_options *options, struct cfg_error *error)
{
	char *text = malloc(CFG_FILE_MAX + 1);
	FILE *file = fopen(path, "rb");
	size_t size;
	int rc = -1;

	memset(error, 0, sizeof(*error));
	if (!text || !file) {
		snprintf(error->text, sizeof(error->text), "could not open file: %s",
			strerror(errno));
		goto out;
	}
	/* One octet more than allowed, so that cfg_load_text sees that there is more. */
	size = fread(text, 1, CFG_FILE_MAX + 1, file);
	if (ferror(file)) {
		snprintf(error->text, sizeof(error->text), "could not read file: %s",
			strerror(errno));
		goto out;
	}
	rc = cfg_load_text(text, size, options, error);
out:
	if (file)
		fclose(file);
	free(text);
	return rc;
}

void cfg_error_format(const struct cfg_error *error, const char *path, char *buf, size_t size)
{
	if (error->line)
		snprintf(buf, size, "%s:%u:%u: %s", path, error->line, error->column, error->text);
	else
		snprintf(buf, size, "%s: %s", path, error->text);
}
